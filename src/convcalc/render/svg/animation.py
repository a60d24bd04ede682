"""Pages that follow each other as one SVG document, played by CSS: no script, and nothing moves where that is unwanted.

What does not change is drawn once. Everything else has the times at which it is seen; where motion is to be reduced,
and where style sheets are not read, the last page stands still.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from zlib import crc32

from convcalc.render.svg.document import head_lines, mark_lines
from convcalc.render.svg.marks import Group, Mark, Page, Tile

Pages = tuple[int, ...]
"""Which pages something is on, by their number."""
Slot = tuple[int, int, int]
"""The order in which things are drawn: by the number of the group, the mark in it and the element in that."""


class Piece(NamedTuple):
    """An element, and the pages on which it stands in just this way."""

    text: str
    pages: Pages


def animated_svg(pages: Sequence[Page], seconds: Sequence[float], title: str, description: str) -> str:
    """The document; ``seconds``: how long each page is seen, before it begins again."""
    pieces = _pieces(pages)
    name = f"c{crc32(''.join(piece.text for piece in pieces).encode()):08x}"  # of several in one page each has its own
    every = tuple(range(len(pages)))
    changing = list(dict.fromkeys(piece.pages for piece in pieces if piece.pages != every))
    numbers = {each: number for number, each in enumerate(changing)}
    lines = [*head_lines(pages[0].width, pages[0].height, title, description, f'class="{name}"')]
    if changing:
        lines += ["<style>", *_rules(name, changing, seconds), "</style>"]
    for shown_on, found in groupby(pieces, lambda piece: piece.pages):
        texts = [piece.text for piece in found]
        lines += texts if shown_on == every else _changing(f"{name}-{numbers[shown_on]}", name, shown_on, every, texts)
    return "".join(f"{line}\n" for line in (*lines, "</svg>"))


def _pieces(pages: Sequence[Page]) -> list[Piece]:
    """The elements of all pages in the order in which they are drawn, equal ones in the same place as one."""
    found: dict[Slot, dict[str, list[int]]] = {}
    for number, page in enumerate(pages):
        for slot, text in _elements(page):
            found.setdefault(slot, {}).setdefault(text, []).append(number)
    return [Piece(text, tuple(numbers)) for _, slot in sorted(found.items()) for text, numbers in slot.items()]


def _elements(page: Page) -> Iterator[tuple[Slot, str]]:
    for place, group in enumerate(page.groups):
        for order, mark in enumerate(group.marks):
            for number, text in enumerate(_texts(mark, group)):
                yield (place, order, number), text


def _texts(mark: Mark, group: Group) -> list[str]:
    """The elements of a mark; a tile's colour may change without its number."""
    lines = list(mark_lines(mark, group))
    return lines if isinstance(mark, Tile) else ["".join(lines)]


def _changing(own: str, name: str, shown_on: Pages, every: Pages, texts: Sequence[str]) -> list[str]:
    """Elements that are seen at times; without style sheets, if they are on the last page."""
    hidden = "" if shown_on[-1] == every[-1] else ' visibility="hidden"'
    return [f'<g class="{name}-t {own}"{hidden}>', *texts, "</g>"]


def _rules(name: str, changing: Sequence[Pages], seconds: Sequence[float]) -> Iterator[str]:
    """The style sheet: a rhythm for all, and the times of each; it reaches nothing outside of the document."""
    whole = sum(seconds)
    starts = [f"{100 * sum(seconds[:number]) / whole:.3f}".rstrip("0").rstrip(".") for number in range(len(seconds))]
    yield "@media (prefers-reduced-motion:no-preference){"
    yield f".{name}-t{{animation:{whole:.2f}s step-end infinite}}"
    yield f".{name}:hover .{name}-t{{animation-play-state:paused}}"
    for number, shown_on in enumerate(changing):
        yield f".{name}-{number}{{animation-name:{name}-{number}}}"
        yield f"@keyframes {name}-{number}{{{''.join(_times(set(shown_on), starts))}}}"
    yield "}"


def _times(shown_on: set[int], starts: Sequence[str]) -> Iterator[str]:
    """When it comes and goes."""
    for number, start in enumerate(starts):
        is_seen = number in shown_on
        if not number or is_seen != (number - 1 in shown_on):
            yield f"{start}%{{visibility:{'visible' if is_seen else 'hidden'}}}"
