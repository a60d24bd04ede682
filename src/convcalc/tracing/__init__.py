"""Why one number is what it is: source cells, weights, products, subtotals, total."""
