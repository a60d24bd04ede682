"""Arrays in files that are read and written block by block, without ever holding them whole."""
