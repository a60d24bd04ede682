"""Whole numbers about sliding a kernel over an axis: standard library only, everything written for one axis."""
