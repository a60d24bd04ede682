"""Images, kind by kind: their numbers as they stand in the file, and notes on what was done to them."""
