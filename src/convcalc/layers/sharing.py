"""Weights that several layers share: a tensor that is stored once is counted once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from math import prod
from typing import NamedTuple, Protocol

from convcalc.layers.layer import Layer


class Weighted(Protocol):
    """A layer in a network, reduced to its weights."""

    @property
    def name(self) -> str:
        """Its own name."""

    @property
    def layer(self) -> Layer:
        """The layer itself."""

    @property
    def stored(self) -> Mapping[str, Hashable]:
        """The file and tensor of each of its weights that other layers may share."""


class Shared(NamedTuple):
    """A tensor that is several weights."""

    uses: tuple[str, ...]
    """The weights, such as ``conv1.weight``, in the order of the layers."""
    parameters: int


def repeated(stages: Sequence[Weighted]) -> Iterator[int]:
    """For each layer in order, those of its parameters already counted for an earlier weight."""
    known: set[Hashable] = set()
    for stage in stages:
        again = 0
        for _, tensor, count in _stored(stage):
            again += count if tensor in known else 0
            known.add(tensor)
        yield again


def shared(stages: Sequence[Weighted]) -> Iterator[Shared]:
    """Every tensor that is several weights, in the order of their first uses."""
    uses: dict[Hashable, list[str]] = {}
    counts: dict[Hashable, int] = {}
    for stage in stages:
        for name, tensor, counts[tensor] in _stored(stage):
            uses.setdefault(tensor, []).append(f"{stage.name}.{name}")
    yield from (Shared(tuple(names), counts[tensor]) for tensor, names in uses.items() if len(names) > 1)


def _stored(stage: Weighted) -> Iterator[tuple[str, Hashable, int]]:
    """The weights of a layer that others may share: the tensor of each, and how many numbers it has.

    A tensor that is spread over another number of channels elsewhere counts as another one.
    """
    for name, shape in stage.layer.weight_shapes.items():
        if name in stage.stored:
            yield name, (stage.stored[name], prod(shape)), prod(shape)
