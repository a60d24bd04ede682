"""The algorithms of the engines, one a file."""
