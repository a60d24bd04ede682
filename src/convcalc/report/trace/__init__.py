"""Why a cell is what it is: window, products and sum, or a tree of layers."""
