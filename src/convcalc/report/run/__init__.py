"""What was computed: of a convolution its numbers, of more layers what each gave."""
