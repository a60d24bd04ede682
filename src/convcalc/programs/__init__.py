"""Programs that compute a network with its numbers in other libraries."""
