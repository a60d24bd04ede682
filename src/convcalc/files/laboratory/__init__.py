"""Readers of what laboratories keep, a file each: headers to stored arrays, of which the selected part is read."""
