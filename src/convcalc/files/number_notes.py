"""What is found in the numbers of weights as they are read: nan is refused, inf and what was converted noted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True, eq=False)
class NumberNotes:
    """Of all layers of a network that were read so far."""

    strict_finite: bool = False
    """Whether inf is refused too."""
    notes: list[str] = field(default_factory=list)
    """What is worth a warning, each once; it grows as layers are read."""
    _known: set[str] = field(default_factory=set)

    def look_through(self, layer: str, name: str, values: Array, notes: Iterable[str]) -> None:
        """Note what is known of the tensor ``name`` of a layer.

        Raises:
            FieldError: something is nan, or not finite where that is refused.
        """
        from convcalc.files.numbers import check_weights

        check_weights(name, values, strict_finite=self.strict_finite)
        for note in notes:
            self._add(f"{layer}: {name}: {note.removeprefix('kernel: ').removeprefix(f'{name}: ')}")

    def _add(self, note: str) -> None:
        if note not in self._known:
            self._known.add(note)
            self.notes.append(note)
