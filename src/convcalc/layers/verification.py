"""A layer's output looked at again: a convolution's by another engine, and some cells of any kind by their traces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from time import perf_counter
from typing import TYPE_CHECKING

from convcalc.context import STANDARD, Context
from convcalc.errors import DisagreementError
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.layer import Layer, Values
from convcalc.tracing.explanation import Cell, Explanation

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.engine.plan import Plan
    from convcalc.tracing.verification import Verification


def verify_layer(
    layer: Layer,
    inputs: Sequence[Array],
    values: Values,
    output: Array,
    context: Context = STANDARD,
    plan: Plan | None = None,
) -> Verification:
    """What was compared of a layer's output, (batch, *output_shape), which agrees; ``plan``: of a convolution.

    Raises:
        DisagreementError: a cell differs by more than rounding from what another engine or its trace makes of it.
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
