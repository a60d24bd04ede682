"""Some layers of a network as a network, whose input is the one output that all of them start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from convcalc.errors import UsageError
from convcalc.layers.kinds.opaque import Opaque
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage

TO = ".."
"""Between the names of the first and of the last layer; without one it starts at the input, or ends at the output."""


_TRIED = 50  # the most layers of a run; for each of them all before it are examined


class Subnetwork(NamedTuple):
    """Layers of a network that follow from one output."""

    network: Network
    source: int
    """The layer of the whole network whose output is the input, or :data:`~convcalc.layers.network.INPUT`."""


def subnetwork(network: Network, span: str | None = None) -> Subnetwork:
    """The layers that a text such as ``conv1``, ``conv1..pool2``, ``..pool2`` or ``conv1..`` names; None: all.

    Of those between the two, the ones that the last one needs.

    Raises:
        UnknownNameError: there is no layer of that name.
        UsageError: the last layer does not follow from the first, or needs more than one output of those before it.
    """
    first, last = _ends(network, span or TO)
    numbers = _between(network, first, last)
    if first not in numbers:
        names = [network.stages[each].name for each in (last, first)]
        raise UsageError(f"{names[0]} does not depend on {names[1]}", hint="name the first layer, then the last")
    source, *others = _sources(network, numbers)
    if others:
        raise _several(network, first, last, [source, *others])
    stages = renumbered(network.stages, numbers, source)
    return Subnetwork(Network(network.shape_of(source), stages, network.title), source)


def renumbered(stages: Sequence[Stage], kept: Sequence[int], source: int = INPUT) -> tuple[Stage, ...]:
    """Some layers as a network's own; ``source``: the layer whose output is the input of that network."""
    places = {source: INPUT} | {number: place for place, number in enumerate(kept)}
    return tuple(
        replace(stages[number], inputs=tuple(places[each] for each in stages[number].inputs)) for number in kept
    )


def computable(stages: Sequence[Stage]) -> set[int]:
    """The layers that need no output of an opaque layer."""
    found = {INPUT}
    for number, stage in enumerate(stages):
        if not isinstance(stage.layer, Opaque) and found.issuperset(stage.inputs):
            found.add(number)
    return found - {INPUT}


def computed_part(network: Network) -> Network:
    """The layers of a network whose numbers can be computed; the same network where nothing stops it."""
    kept = sorted(computable(network.stages))
    if len(kept) == len(network.stages):
        return network
    return replace(network, stages=renumbered(network.stages, kept))


def longest_linear(network: Network) -> str:
    """The longest run of linear layers that follow from one output, as for ``--layer``; empty: there is none."""
    runs = groupby(range(len(network.stages)), lambda number: network.stages[number].layer.is_linear)
    ends = [_shortened(network, [*run]) for is_linear, run in runs if is_linear]
    first, last = max(ends, key=lambda each: each[1] - each[0], default=(0, -1))
    return span_text(network.stages[first : last + 1]) if first <= last else ""


def _shortened(network: Network, run: Sequence[int]) -> tuple[int, int]:
    """The first and the last of some layers, without those at the end that need outputs from before the first."""
    first = run[0]
    last = next((each for each in reversed(run[:_TRIED]) if _is_single(network, first, each)), first - 1)
    return first, last


def span_text(stages: Sequence[Stage]) -> str:
    """Layers by the name of the first and the last one."""
    return TO.join(dict.fromkeys((stages[0].name, stages[-1].name)))


def _ends(network: Network, span: str) -> tuple[int, int]:
    """The first and the last layer; a name that has dots itself is a name."""
    if TO not in span or span in (stage.name for stage in network.stages):
        number = network.number(span)
        return number, number
    first, _, last = span.partition(TO)
    end = network.number(last) if last else len(network.stages) - 1
    return network.number(first) if first else network.needed(end)[0], end


def _between(network: Network, first: int, last: int) -> list[int]:
    return [number for number in network.needed(last) if number >= first]


def _sources(network: Network, numbers: Sequence[int]) -> list[int]:
    """The outside outputs that some layers need, the lowest first."""
    return sorted({each for number in numbers for each in network.stages[number].inputs} - set(numbers))


def _several(network: Network, first: int, last: int, sources: Sequence[int]) -> UsageError:
    """The error that layers start from several outputs; names the nearest earlier layer with a single output."""
    start = next(each for each in reversed(range(first)) if _is_single(network, each, last))
    names = ["the input" if each == INPUT else network.stages[each].name for each in sources]
    end = network.stages[last].name
    what = end if first == last else f"{network.stages[first].name}{TO}{end}"
    return UsageError(
        f"{what} starts from several outputs: {', '.join(names)}",
        hint=f"--layer {network.stages[start].name}{TO}{end} starts from one",
    )


def _is_single(network: Network, first: int, last: int) -> bool:
    numbers = _between(network, first, last)
    return first in numbers and len(_sources(network, numbers)) == 1
