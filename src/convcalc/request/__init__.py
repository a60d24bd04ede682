"""Requests: the fields of files and flags, and their resolution into a network."""
