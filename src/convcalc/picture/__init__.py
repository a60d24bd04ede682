"""From values to pictures: which value becomes which level, which level which colour, and many cells few."""
