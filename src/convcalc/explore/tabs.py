"""Layers, channels and samples as names side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcalc.explore.grid import Lit, Pieces
from convcalc.render.lines import text_width
from convcalc.report.blocks import Role, Span
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from convcalc.explore.session import Session


class Tab(NamedTuple):
    """A name that can be chosen, or a word before such names."""

    text: str
    group: str = ""
    number: int | None = None
    """Which of its group it is; None: it is a word."""
    is_chosen: bool = False

    @property
    def width(self) -> int:
        """Its columns, with a space on both sides."""
        return text_width(self.text) + 2


LAYER, IN_CHANNEL, OUT_CHANNEL, SAMPLE = "layer", "input channel", "output channel", "sample"


def layer_tabs(session: Session, width: int) -> tuple[Tab, ...]:
    """The layers of a network of several."""
    names = session.layers
    return tuple(_around("layer", LAYER, names, session.look.number, width)) if len(names) > 1 else ()


def channel_tabs(session: Session, width: int) -> tuple[Tab, ...]:
    """The channels of what the layer gets and gives, and the samples, where there are several."""
    scene, look = session.scene, session.look
    groups = [
        (IN_CHANNEL, scene.input_shape[0] if len(scene.input_shape) > 1 else 1, look.input[0]),
        (OUT_CHANNEL, scene.output_shape[0] if len(scene.output_shape) > 1 else 1, look.output[0]),
        (SAMPLE, session.samples, look.sample),
    ]
    several = [each for each in groups if each[1] > 1]
    tabs: list[Tab] = []
    for name, count, chosen in several:
        tabs += _around(name, name, list(map(str, range(count))), chosen, width // len(several))
    return tuple(tabs)


def _around(word: str, group: str, names: Sequence[str], chosen: int, width: int) -> Iterator[Tab]:
    """The names around the chosen one that fit."""
    tabs = [Tab(safe_text(name), group, number, number == chosen) for number, name in enumerate(names)]
    room = width - text_width(word) - 6
    first = last = chosen
    used = tabs[chosen].width
    while True:
        ahead = tabs[last + 1].width if last + 1 < len(tabs) else None
        back = tabs[first - 1].width if first > 0 else None
        if ahead is not None and used + ahead <= room:
            last, used = last + 1, used + ahead
        elif back is not None and used + back <= room:
            first, used = first - 1, used + back
        else:
            break
    yield Tab(word)
    if first:
        yield Tab("…", group, first - 1)
    yield from tabs[first : last + 1]
    if last + 1 < len(tabs):
        yield Tab("…", group, last + 1)


def tab_pieces(tabs: Sequence[Tab]) -> Pieces:
    """The line of some tabs; the chosen one is lit, and in brackets."""
    return tuple(
        Lit(f"[{tab.text}]", Role.TITLE)
        if tab.is_chosen
        else Span(f" {tab.text} ", Role.LABEL if tab.number is None else Role.PLAIN)
        for tab in tabs
    )


def tab_at(tabs: Sequence[Tab], x: int) -> Tab | None:
    """The tab at a column."""
    for tab in tabs:
        if x < tab.width:
            return tab if x >= 0 else None
        x -= tab.width
    return None
