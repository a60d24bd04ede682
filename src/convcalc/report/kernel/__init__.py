"""Reports of kernels: of one, of the library, and of linted files."""
