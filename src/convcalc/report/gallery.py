"""The report of a gallery: one input through many kernels, as a contact sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from convcalc.geometry.arguments import given_padding, per_axis
from convcalc.geometry.boundary import boundary_of
from convcalc.picture.mapping import AUTO, CLIP, MINMAX, SIGNED
from convcalc.problem import Labels
from convcalc.report.blocks import (
    SCHEMA_VERSION,
    Block,
    HeatMap,
    Line,
    Report,
    Role,
    Sheet,
    Span,
    Table,
    Tile,
    note,
    say,
)
from convcalc.report.data import array_data, number_data
from convcalc.report.headline import settings_text
from convcalc.report.text import axis_names, number_text
from convcalc.report.views import View, cells_text, middle
from convcalc.wording import counted

_DIGITS = 4  # of the numbers at a scale
_NARROWEST, _BETWEEN = 24, 3  # columns of a tile, and of the gap between two
_COLUMNS = ("kernel", "weights", "range", "what it shows")


class Gallery(NamedTuple):
    """One input through many kernels."""

    labels: Labels
    shape: tuple[int, ...]
    """(channels, *spatial) of the input."""
    views: tuple[View, ...]
    """The input first."""
    settings: Mapping[str, Any]
    rule: str
    is_picture: bool
    """Whether the input is drawn as a picture."""
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it is."""
        return f"{self.labels.input} through {counted(len(self.views) - 1, 'kernel')}"

    @property
    def description(self) -> tuple[str, ...]:
        """What is computed, what is drawn of it, and how."""
        leading = middle(self.shape[1:])
        names = axis_names(len(self.shape) - 1)
        where = " and ".join(f"{name} {place}" for name, place in zip(names, leading, strict=False))
        slices = f"Of every array the slice in the middle is drawn (of the input {where})." if leading else ""
        return tuple(filter(None, (self._operation, slices, self.rule_text)))

    @property
    def is_diverging(self) -> bool:
        """Whether the scale of a map has two sides."""
        return any(thumbnail.is_diverging for view in self.views for thumbnail in view.thumbnails)

    @property
    def _operation(self) -> str:
        kind = (
            "Convolution (kernels turned by 180°)"
            if self.settings["flip"]
            else "Cross-correlation (kernels not flipped)"
        )
        rank = len(self.shape) - 1
        settings = settings_text(
            per_axis("stride", self.settings["stride"], rank, 1),
            given_padding(self.settings["padding"], rank),
            boundary_of(self.settings["boundary"]),
            per_axis("dilation", self.settings["dilation"], rank, 1),
        )
        return f"{kind} of {cells_text(self.shape)}, {settings}."

    @property
    def rule_text(self) -> str:
        """Which value is drawn how."""
        channels = self.shape[0]
        of_mean = f" of the mean of the {channels} channels" if channels > 1 else ""
        if not self.is_picture:
            return f"Each map{of_mean} has its own scale: {_MAPS[self.rule]}."
        apart = ", each colour apart" if channels > 1 else ""
        kept = f"values from 0 to 255 as they are{apart}, those beyond cut off"
        if self.rule == CLIP:
            return f"Drawn as pictures: {kept}."
        return (
            f"Kernels with the sum 1 keep the brightness and are drawn as pictures: {kept}. "
            f"All others are heat maps{of_mean}, each with its own scale: {_MAPS[AUTO]}."
        )


_AROUND = "0 in the middle"
_FROM = "from the least value (dark) to the largest (bright)"
_MAPS = {
    AUTO: f"{_AROUND}; without negative ones {_FROM}",
    CLIP: "from 0 (dark) to 255 (bright), values beyond cut off",
}
_MAPS |= {MINMAX: _FROM, SIGNED: _AROUND}


def tile_columns(columns: int) -> int:
    """The columns of each tile of a page: as many beside each other as are still legible."""
    beside = max(1, (columns + _BETWEEN) // (_NARROWEST + _BETWEEN))
    return (columns + _BETWEEN) // beside - _BETWEEN


def gallery_report(gallery: Gallery, columns: int = 0) -> Report:
    """All there is to say about a gallery; its tiles, which have a thumbnail then, are so many ``columns`` wide."""
    return Report(
        blocks=tuple(_blocks(gallery, columns)),
        data=lambda: _data(gallery),
        rows=lambda: _rows(gallery),
        notes=gallery.notes,
        handout=lambda: (*_head(gallery), _table(gallery)),
    )


def _head(gallery: Gallery) -> Iterator[Block]:
    yield say(gallery.title, Role.TITLE)
    yield from map(say, gallery.description)
    yield from map(note, gallery.notes)


def _blocks(gallery: Gallery, columns: int) -> Iterator[Block]:
    yield from _head(gallery)
    if columns:
        yield Sheet(tuple(map(_tile, gallery.views)), columns)


def _tile(view: View) -> Tile:
    thumbnail = view.thumbnails[0]
    is_grey = thumbnail.is_picture and thumbnail.levels.ndim == 2
    rows = [row.tobytes() for row in thumbnail.levels]
    pixels = tuple(_tripled(row) for row in rows) if is_grey else tuple(rows) if thumbnail.is_picture else ()
    levels = tuple(rows) if thumbnail.levels.ndim == 2 else tuple(_brightness(row) for row in rows)
    heat_map = HeatMap(
        caption=view.name,
        levels=levels,
        low=number_text(thumbnail.low, _DIGITS),
        high=number_text(thumbnail.high, _DIGITS),
        is_diverging=thumbnail.is_diverging,
        footer=view.drawn_text,
        pixels=pixels,
    )
    return Tile(heat_map, tuple(_weight_lines(view)), view.words)


def _tripled(row: bytes) -> bytes:
    """Greys as red, green and blue."""
    return bytes(level for level in row for _ in range(3))


def _brightness(row: bytes) -> bytes:
    """How bright red, green and blue bytes are, for where there are no colours (ITU-R BT.601)."""
    return bytes((299 * r + 587 * g + 114 * b) // 1000 for r, g, b in zip(row[::3], row[1::3], row[2::3], strict=True))


def _weight_lines(view: View) -> Iterator[Line]:
    if not view.weights:
        yield (Span(view.size_text),)
    for number, row in enumerate(view.weights):
        spans = [Span(" ".join(row))]
        if view.scale and number == (len(view.weights) - 1) // 2:
            spans.append(Span(f" {view.scale}", Role.LABEL))
        yield tuple(spans)


def _table(gallery: Gallery) -> Table:
    rows = (
        (Span(view.name, Role.TITLE), Span(_weights_text(view)), Span(view.range_text), Span(view.words))
        for view in gallery.views
    )
    return Table(_COLUMNS, tuple(rows))


def _weights_text(view: View) -> str:
    """The rows of a small kernel one after the other, a large one's size."""
    if not view.weights:
        return view.size_text
    rows = "; ".join(" ".join(each.strip() for each in row) for row in view.weights)
    return f"[{rows}] {view.scale}".rstrip()


def _data(gallery: Gallery) -> dict[str, Any]:
    first, *views = gallery.views
    return {
        "schema": f"convcalc.gallery/{SCHEMA_VERSION}",
        "input": {"source": gallery.labels.input, "shape": list(gallery.shape), "range": _range(first)},
        **gallery.settings,
        "map": gallery.rule,
        "drawn": gallery.description[-1],
        "notes": list(gallery.notes),
        "tiles": list(map(_tile_data, views)),
    }


def _tile_data(view: View) -> dict[str, Any]:
    kernel = view.kernel
    assert kernel is not None
    return {
        "name": kernel.name,
        "title": kernel.title,
        "family": kernel.family,
        "weights": array_data(kernel.weights),
        "scale": number_data(kernel.scale),
        "shows": kernel.shows,
        "shape": list(view.shape),
        "range": _range(view),
        "not_finite": view.not_finite,
    }


def _range(view: View) -> list[Any] | None:
    return None if view.range is None else [number_data(each) for each in view.range]


def _rows(gallery: Gallery) -> Iterator[Iterable[Any]]:
    yield ("name", "family", "weights", "low", "high", "shows")
    for view in gallery.views:
        low, high = view.range or ("", "")
        yield (view.name, view.kernel.family if view.kernel else "", _weights_text(view), low, high, view.words)


def left_out(ranks: Sequence[int], rank: int) -> str:
    """A note on kernels of other ranks; nothing if there are none."""
    counts = {other: ranks.count(other) for other in sorted(set(ranks))}
    parts = [f"{counted(count, 'kernel')} for {other}-D inputs" for other, count in counts.items()]
    verb = "is" if len(ranks) == 1 else "are"
    return (
        f"{' and '.join(parts)} {verb} left out: the input has {counted(rank, 'spatial axis', 'spatial axes')}"
        if ranks
        else ""
    )


def too_large(names: Sequence[str], why: str) -> str:
    """A note on kernels that do not fit the input; ``why``: the reason of the first."""
    verb = "is" if len(names) == 1 else "are"
    return f"{', '.join(names)} {verb} left out: {why}"
