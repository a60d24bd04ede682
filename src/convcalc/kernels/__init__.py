"""Kernels as records, and parametric kernels; how they are stored is known in ``request``."""
