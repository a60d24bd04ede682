"""A changed convention, and a set of them that explains a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Aspect(StrEnum):
    """What a convention is about; a cause has at most one change of each, but of the finish several."""

    INPUT = "input"
    CHANNELS = "channels"
    KERNEL = "kernel"
    PLACE = "place"
    BORDER = "border"
    OUTPUT = "output"
    FACTOR = "factor"
    OFFSET = "offset"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Change:
    """One convention that differs from the plain meaning of a problem."""

    aspect: Aspect
    words: str
    """Such as "the kernel is turned by 180°": what was done elsewhere."""
    flags: tuple[str, ...] = ()
    """What makes convcalc do it; empty where no flag does."""
    cost: int = 1
    """Changes that it counts as: 1, or more where it is no convention that anybody is known to have."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Changes that together give a matrix, or come near it."""

    changes: tuple[Change, ...]

    @property
    def cost(self) -> int:
        """How many changes it counts as."""
        return sum(change.cost for change in self.changes)

    @property
    def words(self) -> str:
        """The changes in a sentence's order."""
        return ", ".join(change.words for change in self.changes) or "nothing differs"

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of all changes, in order."""
        return tuple(flag for change in self.changes for flag in change.flags)

    @property
    def is_reachable(self) -> bool:
        """Whether flags make convcalc compute it."""
        return all(change.flags for change in self.changes)
