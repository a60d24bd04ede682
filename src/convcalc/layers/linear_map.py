"""A network of linear layers as one matrix and an offset: output = matrix × flattened input + offset."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, TypeVar

from convcalc.context import STANDARD, Context
from convcalc.errors import DataError, UsageError
from convcalc.layers.network import Network
from convcalc.layers.stage import Stage
from convcalc.layers.subnetwork import longest_linear

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.tracing.matrix import MatrixForm

Made = TypeVar("Made")
_PIECE = 1 << 20  # numbers of the largest array while some columns are made


def matrix_of_network(network: Network, cells: Array, context: Context = STANDARD) -> MatrixForm:
    """The matrix that does to the flattened input what the layers do, exact where all numbers of the layers are.

    ``cells``: what it is multiplied with, (1, *input_shape). Column by column it is what the layers make of a 1 in one
    cell; the offset is what they make of zeros.

    Raises:
        UsageError: a layer is not linear.
        LimitError: the matrix has more numbers than ``limits.values``, or needs more memory than may be used.
        DataError: it holds inf or nan.
        ConvcalcError: a layer has no weights, or the numbers do not go with each other.
    """
    from convcalc.tracing.matrix import MatrixForm, check_size, labels, packed

    need_linear(network)
    shape = network.shape_of(len(network.stages) - 1)
    check_size(prod(shape), prod(network.input_shape), context)
    network = network.keeping(range(len(network.stages)))
    matrix, offset = in_lossless_numbers(lambda each: (_columns(network, each), offset_of(network, each)), context)
    return MatrixForm(
        matrix=packed(_checked(matrix)),
        rows=labels(shape[0], shape[1:]),
        columns=labels(network.input_shape[0], network.input_shape[1:]),
        other=cells.reshape(-1, 1),
        offset=packed(_checked(offset)),
        is_im2col=False,
    )


def need_linear(network: Network) -> None:
    """Refuse a network that is no linear map.

    Raises:
        UsageError: a layer is not linear.
    """
    bent = next((stage for stage in network.stages if not stage.layer.is_linear), None)
    if bent is None:
        return
    longest = longest_linear(network)
    raise UsageError(
        f"{bent.name} ({bent.layer.kind}) is not linear, so no matrix does what the layers do",
        hint=f"--layer {longest} is linear" if longest else "uses --pos shows what it does at one input",
    )


def offset_of(network: Network, context: Context = STANDARD) -> Array:
    """What the layers make of zeros, in a row: biases, and what a constant boundary adds."""
    import numpy as np

    zeros = np.zeros((1, *network.input_shape), np.int64)
    return [*network.outputs(zeros, context)][-1][1].reshape(-1)


def in_lossless_numbers(make: Callable[[Context], Made], context: Context) -> Made:
    """What is made in whole numbers and fractions, or in float64 where floats take part.

    Floats by an engine that adds products alone: others add what cancels, which leaves traces where the matrix is 0.
    """
    if context.dtype in ("auto", "exact"):
        try:
            return make(context._replace(engine="auto", dtype="exact"))
        except DataError as error:
            if error.field != ("dtype",) or context.dtype == "exact":
                raise
    return make(context._replace(engine="gemm", dtype="float64"))


def _columns(network: Network, context: Context) -> Array:
    """The matrix, some columns at a time: each is a sample of a batch of inputs."""
    import numpy as np

    inputs = prod(network.input_shape)
    largest = max(map(prod, (network.input_shape, *(stage.layer.output_shape for stage in network.stages))))
    step = max(1, _PIECE // max(1, largest))
    pieces = []
    for start in range(0, inputs, step):
        units = np.eye(min(step, inputs - start), inputs, start, dtype=np.int64)
        pieces.append(_pushed(network, units.reshape(-1, *network.input_shape), context).reshape(len(units), -1))
    return np.concatenate(pieces).T


def _pushed(network: Network, tangents: Array, context: Context) -> Array:
    """What a change makes of the output, (batch, *output_shape); the layers are linear, so it is the same anywhere."""

    def push(stage: Stage, below: list[Array]) -> Array:
        return stage.push(below, below, context)

    return [*network.carried(tangents, push)][-1][1]


def _checked(values: Array) -> Array:
    from convcalc.arrays import count_not_finite

    if count_not_finite(values):
        raise DataError(
            "the matrix would hold inf or nan, which no product keeps apart from the other numbers",
            hint="a weight is inf or nan, or products of weights are too large for floats",
        )
    return values
