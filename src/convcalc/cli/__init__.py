"""The edge: commands, options, the one error boundary, exit codes and the two consoles."""
