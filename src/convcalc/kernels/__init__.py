"""Kernels as records, and those that are made to measure; where they are stored is no matter here."""
