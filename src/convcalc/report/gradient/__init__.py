"""Reports of gradients: norms by layer, arrays, one gradient written out, the convolution that it is."""
