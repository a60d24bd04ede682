"""Checks of the numbers of weights as they are read: nan is refused; inf and conversions are noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True, eq=False)
class NumberNotes:
    """Notes on the weights of all layers of a network read so far."""

    strict_finite: bool = False
    """Whether inf is refused too."""
    notes: list[str] = field(default_factory=list)
    """Warnings, each once; more are added as layers are read."""
    _known: set[str] = field(default_factory=set)

    def look_through(self, layer: str, name: str, values: Array, notes: Iterable[str]) -> None:
        """Check the tensor ``name`` of a layer, and add its notes.

        Raises:
            FieldError: a number is nan, or not finite where that is refused.
        """
        from convcalc.files.numbers import check_weights

        check_weights(name, values, strict_finite=self.strict_finite)
        for note in notes:
            self._add(f"{layer}: {name}: {note.removeprefix('kernel: ').removeprefix(f'{name}: ')}")

    def _add(self, note: str) -> None:
        if note not in self._known:
            self._known.add(note)
            self.notes.append(note)
