"""Animations of a layer's output, cell by cell: a frame for each step, as blocks and as a figure."""
