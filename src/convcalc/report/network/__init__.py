"""Reports of a network: its layers, its cost and its plan."""
