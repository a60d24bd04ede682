"""A kind of question as a record, and the words that questions share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from convcalc.quiz.forms import Form
from convcalc.quiz.subject import Asked, Spot
from convcalc.wording import axis_names

LAYER = "layer-"
"""What names of questions about other layers than convolutions begin with."""


class Slip(NamedTuple):
    """A wrong answer that is made of the right one, with the mistake in words."""

    words: str
    value: Any


class Kind(NamedTuple):
    """A row of the table of questions."""

    name: str
    level: int
    """1: read off, 2: computed, 3: solved backwards or through several layers."""
    form: Form
    draw: Callable[[Any, Random], Spot | None]
    """A place to ask about in a subject; None: there is none in it."""
    asks: Callable[[Any], str]
    """Of an :class:`Asked`, or of a :class:`LayerAsked`, as the row's ``of_layers`` says."""
    answer: Callable[[Any], Any]
    """Raises GeometryError where a mistake leaves nothing to answer."""
    mistakes: tuple[str, ...]
    """By their names in the table of mistakes."""
    slips: Callable[[Any, Any], Iterator[Slip]] = lambda *_: iter(())
    """Mistakes with the answer itself."""
    slack: Callable[[Any], float] = lambda _: 0
    """How far a float may be off."""
    of_layers: bool = False
    """Whether it is about layers that are no convolutions."""

    @property
    def asked_for(self) -> tuple[str, str]:
        """The names by which it is chosen: its own, and that of the same question about convolutions."""
        return self.name, self.name.removeprefix(LAYER)


def place_words(asked: Asked) -> str:
    """The asked place with the names of its axes."""
    return ", ".join(f"{name} {at}" for name, at in zip(axis_names(asked.subject.rank), asked.spot.place, strict=True))


def layer_words(asked: Asked) -> str:
    """The layer at the beginning of a question, where there are several."""
    return f"{asked.subject.name}: " if asked.subject.name else ""


def output_words(asked: Asked) -> str:
    """The asked output cell with its channel."""
    geometry = asked.subject.geometry
    channel = f"channel {asked.spot.channel}, " if geometry.counts.out_channels > 1 else ""
    sample = f"sample {asked.spot.sample}, " if asked.spot.sample else ""
    return f"{sample}{channel}{place_words(asked)}"
