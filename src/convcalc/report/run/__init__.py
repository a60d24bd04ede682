"""Reports of a run: of a convolution its numbers, of several layers the result of each."""
