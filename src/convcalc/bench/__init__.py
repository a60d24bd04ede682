"""Benchmarks: the same problem by convcalc, by each of its engines and by other libraries, in turns."""
