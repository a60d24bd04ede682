"""One input through many kernels."""
