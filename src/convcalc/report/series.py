"""Several answers of one kind: how they are told together, one held at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from convcalc.report.blocks import Block

Told = TypeVar("Told")
"""What one answer is made of."""


@dataclass(frozen=True)
class Series(Generic[Told]):
    """How answers of one kind are told together."""

    schema: str
    """Of the JSON document that holds them all, such as "traces"."""
    setting: Callable[[], Iterable[Block]]
    """What a page that is read by itself says once, before the first answer."""
    header: Callable[[], Iterable[Any]]
    """The columns of :attr:`rows`."""
    blocks: Callable[[Told], Sequence[Block]]
    handout: Callable[[Told], Iterable[Block]]
    """The blocks of an answer on a page that is read by itself."""
    data: Callable[[Told], dict[str, Any]]
    rows: Callable[[Told], Iterable[Iterable[Any]]]
    name: str = "traces"
    """What the JSON document calls the answers."""
