"""A requested transformation; apart from its function, so that this module loads without NumPy."""

from __future__ import annotations

from typing import Any, NamedTuple


class Transformation(NamedTuple):
    """One transformation, ``rotate:45``; ``kernels/transform.py`` has the table of them."""

    name: str
    argument: Any = None
    """A number or a word; None where none was written."""

    def __str__(self) -> str:
        return self.name if self.argument is None else f"{self.name} {self.argument}"
