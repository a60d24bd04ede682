"""The explanation of one output value: source cells, weights, products, subtotals, total."""
