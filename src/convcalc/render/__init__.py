"""Renderers: blocks as lines of text, framed and coloured or plain, as JSON and CSV; figures as SVG."""
