"""Reports of explanations: window, products and sum of a cell, or a tree of layers."""
