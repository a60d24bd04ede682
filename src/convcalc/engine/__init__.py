"""How to compute a problem: one algorithm a file, a table of them, and a planner that chooses with reasons."""
