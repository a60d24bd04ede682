"""How a report looks: the same blocks as lines of text, framed and coloured or plain, and as JSON and CSV."""
