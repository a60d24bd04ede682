"""The loops of the engine ``fused``, compiled by Numba; loaded when they are needed."""
