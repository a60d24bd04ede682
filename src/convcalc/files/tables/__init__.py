"""Tables as people have them: dialects, headers, columns of times, gaps; from text, workbooks and Arrow."""
