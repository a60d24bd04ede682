"""Models of other programs as networks: their nodes become convcalc's layers."""
