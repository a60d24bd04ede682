"""A layer's output made cell by cell: a frame for each step, as blocks to read and as a figure."""
