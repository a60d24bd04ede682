"""The report of a network's work as another tool counts it, beside our count, with what makes the difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from convcalc.layers.costs import Convention, Tally, tallies
from convcalc.layers.counters import Counter, counter_of
from convcalc.layers.network import Network
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, note, say
from convcalc.report.network.data import cut_notes
from convcalc.report.text import listed
from convcalc.wording import counted, safe_text, shape_text

_MOST_NAMES = 3  # layers that a sentence calls by their names


class _Row(NamedTuple):
    tally: Tally
    theirs: int


def counted_report(network: Network, convention: Convention, name: str) -> Report:
    """The layers with our MACs and another tool's figure, and a sentence for each kind that it counts otherwise.

    Raises:
        UnknownNameError: the tool is not known.
    """
    counter = counter_of(name)
    rows = [_Row(tally, counted_of(counter, tally, convention.batch)) for tally in tallies(network, convention)]
    said = tuple(_sentences(rows, convention, counter, name))
    return Report(
        blocks=tuple(_blocks(network, rows, convention, counter, name, said)),
        data=lambda: _data(network, rows, convention, counter, name, said),
        rows=lambda: _csv(rows, name),
        notes=tuple(cut_notes(network)),
    )


def counted_of(counter: Counter, tally: Tally, batch: int) -> int:
    """What a tool counts of a layer; parameters that are an earlier layer's too count once."""
    return counter.counted(tally.layer, batch) - (tally.repeated if counter.figure == "parameters" else 0)


def _totals(rows: Iterable[_Row]) -> tuple[int, int]:
    figures = [(row.tally.macs, row.theirs) for row in rows]
    return sum(ours for ours, _ in figures), sum(theirs for _, theirs in figures)


def _blocks(
    network: Network, rows: Sequence[_Row], convention: Convention, counter: Counter, name: str, said: Sequence[str]
) -> Iterator[Block]:
    yield say(network.title or f"a network of {counted(len(rows), 'layer')}", Role.TITLE)
    batch = f"{counted(convention.batch, 'sample')} of " if convention.batch > 1 else ""
    yield say(f"{batch}{shape_text(network.input_shape)}, counted as {name} {counter.version} does", Role.LABEL)
    yield from map(note, cut_notes(network))
    theirs = f"{name} {counter.figure}"
    totals = [f"{total:,}" for total in _totals(rows)]
    yield Table(
        ("layer", "kind", "output", "MACs", theirs),
        (*map(_cells, rows), tuple(Span(text, Role.TOTAL) for text in ("total", "", "", *totals))),
        numeric=("MACs", theirs),
        spare=("output", "kind"),
        has_total=True,
    )
    for sentence in said:
        yield say(sentence)


def _cells(row: _Row) -> tuple[Span, ...]:
    tally = row.tally
    shape = shape_text(tally.output_shape[1:]) if tally.is_shape_known else "?"
    role = Role.DIFFERENT if tally.macs != row.theirs else Role.PLAIN
    return (
        *map(Span, (tally.name, tally.layer.kind, shape, f"{tally.macs:,}")),
        Span(f"{row.theirs:,}", role),
    )


def _sentences(rows: Sequence[_Row], convention: Convention, counter: Counter, name: str) -> Iterator[str]:
    """What makes each difference, a sentence for all layers that are counted alike."""
    alike: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        if row.tally.macs != row.theirs:
            layer = row.tally.layer
            alike.setdefault((layer.kind, _costs_text(counter, row)), []).append(row)
    for (kind, costs), group in alike.items():
        ours, theirs = _totals(group)
        names = listed([row.tally.name for row in group[:_MOST_NAMES]])
        more = f" and {len(group) - _MOST_NAMES} more" if len(group) > _MOST_NAMES else ""
        yield f"{names}{more} ({kind}): {name} counts {costs}, which is {theirs:,} instead of {ours:,}."
    if convention.batch > 1 and not counter.counts_batch:
        yield f"{name} counts one sample of a batch."
    unknown = dict.fromkeys(row.tally.layer.kind for row in rows if row.tally.layer.kind in counter.unknown)
    for kind in unknown:
        yield f"{kind}: by which rule {name} counts it is not known here; it is left out."
    if not alike and not unknown:
        yield f"{name} counts this network as convcalc does."


def _costs_text(counter: Counter, row: _Row) -> str:
    """A layer's costs in words, such as ``1 for each product and 1 for each bias addition``."""
    costs = counter.costs_of(row.tally.layer)
    if not costs or not row.theirs:
        return "nothing" + (f" but {_words(costs)}" if costs else "")
    return _words(costs)


def _words(costs: Any) -> str:
    return listed([f"{factor} for each {quantity}" for quantity, factor in costs.items()])


def _data(
    network: Network, rows: Sequence[_Row], convention: Convention, counter: Counter, name: str, said: Sequence[str]
) -> dict[str, Any]:
    ours, theirs = _totals(rows)
    return {
        "schema": f"convcalc.counted/{SCHEMA_VERSION}",
        "title": network.title,
        "input_shape": [convention.batch, *network.input_shape],
        "counter": {"name": name, "version": counter.version, "figure": counter.figure},
        "layers": [
            {"name": row.tally.name, "kind": row.tally.layer.kind, "macs": row.tally.macs, "counted": row.theirs}
            for row in rows
        ],
        "totals": {"macs": ours, "counted": theirs},
        "differences": list(said),
        "notes": list(cut_notes(network)),
    }


def _csv(rows: Sequence[_Row], name: str) -> Iterator[Iterable[Any]]:
    yield ("name", "kind", "macs", name)
    for row in rows:
        yield (safe_text(row.tally.name), row.tally.layer.kind, row.tally.macs, row.theirs)
