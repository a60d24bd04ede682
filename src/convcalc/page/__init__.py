"""The interactive page: a network's numbers and a small script that computes with them in a browser."""
