"""What a network is made of: one frozen record and one file for each kind of layer, and the network of them."""
