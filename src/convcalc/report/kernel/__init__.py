"""Kernels: one, the library, and what looks like a mistake in own ones."""
