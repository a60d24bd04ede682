"""A layer in its place in a network: its name, its inputs, and where its numbers come from.

Also the verification of a layer's output: a convolution's by another engine, some cells of any kind by their traces.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from math import prod
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.errors import ConvcalcError, DisagreementError, FieldError, FieldPath, Place
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.layer import Layer, Values
from convcalc.layers.method import output_of
from convcalc.tracing.explanation import Cell, Explanation
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.engine.plan import Plan
    from convcalc.problem import Labels, Problem
    from convcalc.tracing.verification import Verification


_COPIES = 3  # of an output while it is computed
_WEIGHT_BYTES = 4  # of a number in float32


@dataclass(frozen=True, eq=False, slots=True)
class Stage:
    """A layer in its place in a network."""

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    """The layers whose outputs are its inputs, by number; :data:`INPUT` is the input of the network."""
    read: Callable[[], Values] | None = None
    """Reads the numbers of its weights, checked; None: the file has none."""
    place: Callable[[FieldPath, bool], Place] | None = None
    """Finds where a file has a field of it, or the field's key; only errors need it."""
    stored: Mapping[str, Hashable] = field(default_factory=dict)
    """The file and tensor of each of its weights that other layers may share."""
    problem: Problem | None = None
    """The convolution with its numbers, where the request has it with its input."""

    def values(self) -> Values:
        """The numbers of its weights.

        Raises:
            FieldError: it needs weights and has none.
            ConvcalcError: they cannot be read, or are of another shape.
        """
        with self.placing():
            if self.read is not None:
                return self.read()
            if needed := {**self.layer.weight_shapes, **self.layer.buffer_shapes}:
                raise FieldError(
                    f"{self.layer.kind} has no weights, only shapes",
                    hint=f"give its {next(iter(needed))}, a file of weights, or weights: {{random: 0}}",
                )
            return {}

    def compute(self, inputs: Sequence[Array], context: Context = STANDARD) -> Array:
        """The output of the layer with the numbers of its weights, (batch, *output_shape).

        Raises:
            ConvcalcError: it has no weights, or the numbers are incompatible.
            LimitError: its output needs more memory than may be used.
        """
        if isinstance(self.layer, Convolution):
            problem = self.convolution(inputs, context)
            with self.placing():
                return output_of(problem, context)
        with self.placing():
            self._check_memory(inputs, context)
            self._check_weights(context)
        values = self.values()
        with self.placing():
            return self.layer.compute(inputs, values, context)

    def convolution(
        self, inputs: Sequence[Array], context: Context = STANDARD, labels: Labels | None = None
    ) -> Problem:
        """A layer that is a convolution as a problem on its input, (batch, *shape); raises as compute."""
        assert isinstance(self.layer, Convolution)
        if self.problem is not None and inputs[0] is self.problem.input:
            return self.problem
        with self.placing():
            self._check_weights(context)
        values = self.values()
        with self.placing():
            return self.layer.problem(inputs, values, context, labels)

    def _check_memory(self, inputs: Sequence[Array], context: Context) -> None:
        if not self.layer.plans_memory:
            numbers = _COPIES * len(inputs[0]) * prod(self.layer.output_shape)
            context.limits.check_large(numbers * max(each.itemsize for each in inputs), "its output")

    def _check_weights(self, context: Context) -> None:
        """Refuse weights before they are created or read; an engine needs another copy, in its own order."""
        copies = 2 if self.layer.plans_memory else 1
        numbers = sum(map(prod, (*self.layer.weight_shapes.values(), *self.layer.buffer_shapes.values())))
        context.limits.check_large(copies * _WEIGHT_BYTES * numbers, "its weight")

    def push(self, inputs: Sequence[Array], tangents: Sequence[Array], context: Context = STANDARD) -> Array:
        """The derivative of its output along tangents of its inputs, see :meth:`Layer.push`; raises as compute does."""
        values = self.values()
        with self.placing():
            return self.layer.push(inputs, values, tangents, context)

    def verify(
        self, inputs: Sequence[Array], output: Array, context: Context, plan: Plan | None = None
    ) -> Verification:
        """The verification of its output; raises as :func:`verify_layer` does."""
        values = self.values()
        with self.placing():
            return verify_layer(self.layer, inputs, values, output, context, plan)

    def keeping(self) -> Stage:
        """The same layer, which reads its weights at most once and keeps them."""
        return self if self.read is None else replace(self, read=cache(self.read))

    @contextmanager
    def placing(self) -> Iterator[None]:
        """A context that adds the layer and its place in the file to errors."""
        try:
            yield
        except ConvcalcError as error:
            if self.problem is None or self.place is not None:  # a single convolution needs no name
                error.message = f"{self.name}: {error.message}"
            if error.place is None and self.place is not None:
                error.place = self.place(error.field, error.at_key)
            raise


class Cut(NamedTuple):
    """Where a network's numbers stop before its output: at the first node on the way that no kind computes."""

    node: int
    """Counted from 1 in the file; 0 for an input of the model."""
    name: str
    operator: str
    reason: str
    done: int
    """Nodes on the way to the output whose numbers can be computed."""
    nodes: int
    """Nodes that the output needs."""
    computed: int = 0
    """Layers whose numbers can be computed."""
    layers: int = 0
    """Layers of the whole network."""

    def __str__(self) -> str:
        if not self.node:
            return f"stops at the input {self.name!r}: {self.reason}"
        called = f" {self.name!r}" if self.name else ""
        return f"stops at node {self.node}{called} ({self.operator}): {self.reason}"

    @property
    def sentence(self) -> str:
        """Where the numbers stop, and how far they go."""
        return f"the network {self}; computed {self.computed:,} of {counted(self.layers, 'layer')}"


def verify_layer(
    layer: Layer,
    inputs: Sequence[Array],
    values: Values,
    output: Array,
    context: Context = STANDARD,
    plan: Plan | None = None,
) -> Verification:
    """The verification of a layer's output, (batch, *output_shape); ``plan``: of a convolution.

    Raises:
        DisagreementError: a cell differs by more than rounding from that of another engine, or from its trace.
        LimitError: computing it again needs more memory than may be used.
    """
    from convcalc.tracing.verification import Verification, sampled, verify

    if plan and isinstance(layer, Convolution):
        return verify(layer.problem(inputs, values, context), output, plan, context)
    start, traced = perf_counter(), 0

    @cache
    def tracer(sample: int) -> Callable[[Cell], Explanation]:
        return layer.tracer(inputs, values, sample, context)

    for place in sampled(output.shape, prod(layer.input_shape)):
        _compare(layer, tracer(place[0])(place[1:]), output, place)
        traced += 1
    return Verification("", 0, traced, perf_counter() - start)


def _compare(layer: Layer, reason: Explanation, output: Array, place: tuple[int, ...]) -> None:
    from convcalc.arrays import plain

    value = plain(output[place])
    if not reason.agrees(value, output.dtype):
        raise DisagreementError(place, layer.kind, value, "its trace", reason.total)
