"""The report of a count of operations from elsewhere: the conventions by which this network has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from convcalc.errors import FieldError
from convcalc.layers.costs import SIDES, Convention, tallies
from convcalc.layers.counters import COUNTERS
from convcalc.layers.network import Network
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, note, say
from convcalc.report.network.counted_as import counted_of
from convcalc.report.network.data import cut_notes
from convcalc.wording import counted, shape_text

_NUMBER = re.compile(r"([0-9][0-9,_]*)(?:\.([0-9]+))?\s*([kKMGTB]?)(?:MACs?|FLOPs?|flops|macs)?")
_FACTORS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
_MOST_NEAR = 5


class Figure(NamedTuple):
    """A count as it is written: ``15.5G`` is any from 15.45 to 15.55 thousand millions."""

    text: str
    value: Fraction
    half: Fraction
    """Half a unit of the last digit that is written."""

    def is_met_by(self, count: int) -> bool:
        """Whether a count is written so, or is it."""
        return abs(count - self.value) <= self.half


class Way(NamedTuple):
    """A way of counting, and what it gives for a network."""

    words: str
    total: int


def figure_of(text: str) -> Figure:
    """The figure that a text writes, with k, M, G or T behind it or without.

    Raises:
        FieldError: it is none.

    >>> figure_of("4.1G").is_met_by(4_089_184_256), figure_of("4_089_184_256").half
    (True, Fraction(0, 1))
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise FieldError(
            f"a count is a number such as 4089184256 or 4.1G, got {text[:40]!r}", hint="4.1G", field="explain-macs"
        )
    digits, decimals, suffix = found[1].replace(",", "").replace("_", ""), found[2] or "", found[3]
    unit = Fraction(_FACTORS[suffix], 10 ** len(decimals))
    value = int(digits + decimals) * unit
    return Figure(text.strip(), value, unit / 2 if suffix or decimals else Fraction(0))


def explained_report(network: Network, convention: Convention, text: str) -> Report:
    """The conventions that give a count, or the nearest where none does.

    Raises:
        FieldError: the text is no count.
    """
    figure = figure_of(text)
    ways = sorted(_ways(network, convention), key=lambda way: abs(way.total - figure.value))
    exact = [way for way in ways if figure.is_met_by(way.total)]
    shown = exact or ways[:_MOST_NEAR]
    return Report(
        blocks=tuple(_blocks(network, convention, figure, shown, is_exact=bool(exact))),
        data=lambda: _data(network, convention, figure, shown, is_exact=bool(exact)),
        notes=tuple(cut_notes(network)),
        rows=lambda: [("convention", "count", "difference"), *((*way, _off(way, figure)) for way in shown)],
    )


def _ways(network: Network, convention: Convention) -> Iterator[Way]:
    """Ours with every setting, and those of the tools that are known."""
    rows = list(tallies(network, convention))
    known: set[tuple[int, int, int]] = set()
    batches = dict.fromkeys((convention.batch, 1))
    for batch, factor, side, bias in product(batches, (1, 2), SIDES, (False, True)):
        total = factor * sum(Convention(batch, bias, side).macs(row.layer) for row in rows)
        if (batch, factor, total) not in known:
            known.add((batch, factor, total))
            yield Way(_our_words(factor, side, batch if len(batches) > 1 else 0, bias=bias), total)
    for name, counter in COUNTERS.items():
        if counter.figure == "parameters" or any(row.layer.kind in counter.unknown for row in rows):
            continue
        total = sum(counted_of(counter, row, convention.batch) for row in rows)
        yield Way(f"{name} {counter.version}, its {counter.figure}", total)


def _our_words(factor: int, side: str, batch: int, *, bias: bool) -> str:
    each = "a product is one" if factor == 1 else "a product and its addition are two"
    if bias:
        each += ", the bias counted" if factor == 1 else ", the bias counted as two"
    if side == "output":
        each += ", transposed convolutions by output cells"
    return f"{each}, {counted(batch, 'sample')}" if batch else each


def _off(way: Way, figure: Figure) -> int:
    return int(way.total - figure.value)


def _blocks(
    network: Network, convention: Convention, figure: Figure, ways: Sequence[Way], *, is_exact: bool
) -> Iterator[Block]:
    yield say(network.title or "a network", Role.TITLE)
    batch = f"{counted(convention.batch, 'sample')} of " if convention.batch > 1 else ""
    yield say(f"{batch}{shape_text(network.input_shape)}", Role.LABEL)
    yield from map(note, cut_notes(network))
    if is_exact:
        yield say(f"{figure.text} is what these conventions give:")
    else:
        yield say(f"no known convention gives {figure.text}; the nearest:")
    rows = [
        (
            Span(way.words),
            Span(f"{way.total:,}", Role.NUMBER),
            *([] if is_exact else [Span(f"{_off(way, figure):+,}".replace("-", "−"))]),
        )
        for way in ways
    ]
    columns = ("convention", "count", *([] if is_exact else ["off by"]))
    yield Table(columns, tuple(rows), numeric=columns[1:])
    yield say("--count-as TOOL shows a tool's count layer by layer.", Role.LABEL)


def _data(
    network: Network, convention: Convention, figure: Figure, ways: Sequence[Way], *, is_exact: bool
) -> dict[str, Any]:
    return {
        "schema": f"convcalc.explained-macs/{SCHEMA_VERSION}",
        "title": network.title,
        "input_shape": [convention.batch, *network.input_shape],
        "given": figure.text,
        "found": is_exact,
        "notes": list(cut_notes(network)),
        "conventions": [way._asdict() | {"difference": _off(way, figure)} for way in ways],
    }
