"""Images, kind by kind: their numbers as stored in the file, and notes on their conversion."""
