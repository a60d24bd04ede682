"""The command line: commands, options, the error boundary, exit codes and the two consoles."""
