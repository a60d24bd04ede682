"""Reports of the uses of an input cell, and of the adjoint."""
