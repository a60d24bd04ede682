"""Reports: sentences, grids and tables with roles; the only place where numbers, shapes and bytes become text."""
