"""The computation of a problem: one algorithm per file, a table of them, and a planner that chooses with reasons."""
