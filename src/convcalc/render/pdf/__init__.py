"""Reports as PDF: blocks as rows of words and cells, rows on pages; text is selectable, and the fonts are embedded."""
