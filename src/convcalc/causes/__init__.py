"""Why a matrix from elsewhere differs: the fewest conventions whose change gives it, found by measuring."""
