"""Contact sheets as pages: where everything stands, and the page as SVG, PNG and HTML."""
