"""The explorer: what is looked at and changed, plain Python; and its screen, by Textual."""
