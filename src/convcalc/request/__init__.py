"""What is asked for, from words to numbers: the fields of a file and the flags, and the network that they mean."""
