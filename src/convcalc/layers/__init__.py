"""Layers, one frozen record and one file for each kind, and networks of them."""
