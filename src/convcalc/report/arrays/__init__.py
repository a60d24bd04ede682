"""Arrays as tables, heat maps and panels of figures."""
