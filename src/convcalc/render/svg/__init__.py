"""Figures as SVG: the widths of texts, boxes for everything, colours, and the XML."""
