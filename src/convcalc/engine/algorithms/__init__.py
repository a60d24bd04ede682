"""The algorithms of the engines, one per file."""
