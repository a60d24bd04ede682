"""From values to pictures: levels, colours, and reduction to fewer cells."""
