"""What goes wrong outside: full disks, signals, closed pipes, too little memory, threads and forks."""
