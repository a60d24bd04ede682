"""What an input cell does to the output, and the adjoint."""
