"""What a network is made of, what it costs and how it would be computed."""
