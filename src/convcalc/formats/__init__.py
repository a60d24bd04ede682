"""From and to files: bounded readers for text, arrays and images, and writers that leave no half-written file."""
