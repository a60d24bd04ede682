"""Problems larger than memory: tile by tile from a file into a file."""
