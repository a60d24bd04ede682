"""Output: reports in every format, and files of arrays, pictures and figures."""
