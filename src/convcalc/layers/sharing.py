"""Weights that several layers share: a tensor that is stored once is counted once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from math import prod
from typing import NamedTuple, Protocol

from convcalc.layers.layer import Layer


class Weighted(Protocol):
    """A layer in a network, as far as its weights go."""

    @property
    def name(self) -> str:
        """Its own."""

    @property
    def layer(self) -> Layer:
        """What has the weights."""

    @property
    def stored(self) -> Mapping[str, Hashable]:
        """Which tensor of which file each of its weights is, where that may be another layer's too."""


class Shared(NamedTuple):
    """A tensor that is a weight more than once."""

    uses: tuple[str, ...]
    """What it is, such as ``conv1.weight``, the layers in turn."""
    parameters: int


def repeated(stages: Sequence[Weighted]) -> Iterator[int]:
    """For each layer in turn, those of its parameters that an earlier weight has already counted."""
    known: set[Hashable] = set()
    for stage in stages:
        again = 0
        for _, tensor, count in _stored(stage):
            again += count if tensor in known else 0
            known.add(tensor)
        yield again


def shared(stages: Sequence[Weighted]) -> Iterator[Shared]:
    """Every tensor that is a weight more than once, in the order of their first uses."""
    uses: dict[Hashable, list[str]] = {}
    counts: dict[Hashable, int] = {}
    for stage in stages:
        for name, tensor, counts[tensor] in _stored(stage):
            uses.setdefault(tensor, []).append(f"{stage.name}.{name}")
    yield from (Shared(tuple(names), counts[tensor]) for tensor, names in uses.items() if len(names) > 1)


def _stored(stage: Weighted) -> Iterator[tuple[str, Hashable, int]]:
    """The weights of a layer that may be another's too, the tensor that each is, and how many numbers it holds.

    One that is spread over another number of channels elsewhere counts as another tensor.
    """
    for name, shape in stage.layer.weight_shapes.items():
        if name in stage.stored:
            yield name, (stage.stored[name], prod(shape)), prod(shape)
