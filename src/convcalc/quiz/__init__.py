"""Questions about a network, drawn with a seed; answers read, marked, and mistakes diagnosed by computing them."""
