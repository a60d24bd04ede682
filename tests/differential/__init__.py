"""Random and adversarial problems and networks, each from a seed and a number, against exact arithmetic and peers."""
