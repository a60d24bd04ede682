"""Models of other programs as networks: what their nodes say becomes layers of ours."""
