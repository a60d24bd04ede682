"""Questions as worksheets with keys, and marked answers."""
