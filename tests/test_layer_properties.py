"""Every kind of layer beside itself: traces, derivatives, counts and windows tell one story, in exact numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise, product
from math import fsum
from typing import Any

import numpy as np
import pytest

from convcalc.context import STANDARD, Context
from convcalc.errors import ConvcalcError, LimitError
from convcalc.layers.layer import Layer
from convcalc.layers.table import KINDS, NEEDED
from convcalc.limits import Limits
from convcalc.tracing.explanation import Explanation, Rule
from layer_cases import LINEAR, NUMBERS, REAL, WHOLE, Case, Numbers, drawn, gaps, small_cases

CASES = small_cases(*KINDS)
WITH_PRODUCTS = ("conv", "pointwise", "depthwise", "transposed-conv", "linear")


def steps(
    layer: Layer, inputs: list[Any], values: Any, context: Context = STANDARD
) -> dict[tuple[int, ...], Explanation]:
    """The trace of every cell, by (sample, *cell)."""
    places = np.ndindex(len(inputs[0]), *layer.output_shape)
    return {place: layer.trace(inputs, values, place[1:], place[0], context) for place in places}


def made(case: Case, numbers: Numbers) -> tuple[Layer, list[Any], Any, Context]:
    """The layer of a case with its numbers, and how it is computed."""
    layer = case.layer()
    return (layer, *drawn(layer, numbers.draw, len(case.shapes)), Context(dtype=numbers.dtype))


def close(one: Any, other: Any, tolerance: float) -> None:
    """The same numbers; with a tolerance, relative to the largest."""
    if not tolerance:
        assert one.shape == other.shape
        assert one.tolist() == other.tolist()
    else:
        size = max(1.0, float(np.abs(one.astype(float)).max(initial=0)))
        np.testing.assert_allclose(one.astype(float), other.astype(float), rtol=0, atol=tolerance * size)


# Traces ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_trace_ends_in_the_output(case: Case, kind: str) -> None:
    """The total of every cell's trace is the number that was computed, in every kind of numbers."""
    numbers = NUMBERS[kind]
    if kind == "exact" and case.kind in REAL:
        pytest.skip("it makes no fractions")
    layer, inputs, values, context = made(case, numbers)
    output = layer.compute(inputs, values, context)
    assert output.shape == (2, *layer.output_shape)
    totals = np.empty(output.shape, dtype=object)
    for place, step in steps(layer, inputs, values, context).items():
        assert step.cell == place[1:]
        totals[place] = step.total
    close(output, totals, numbers.tolerance or (1e-14 if case.kind in REAL else 0))


@pytest.mark.parametrize("kind", ["exact", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_term_is_a_cell_of_the_input(case: Case, kind: str) -> None:
    """A term's value is what stands at its cell; of sums and maxima the terms alone make the total."""
    if kind == "exact" and case.kind in REAL:
        pytest.skip("it makes no fractions")
    layer, inputs, values, context = made(case, NUMBERS[kind])
    for (sample, *_), step in steps(layer, inputs, values, context).items():
        for term in step.terms:
            assert term.value == (0 if term.cell is None else inputs[term.source][(sample, *term.cell)])
        products = [Fraction(term.product) for term in step.terms]
        if step.rule is Rule.SUM and kind == "exact":
            assert step.total == sum(products) * step.scale + step.bias
        elif step.rule is Rule.SUM:
            assert step.total == pytest.approx(fsum(products) * float(step.scale) + float(step.bias), abs=1e-12)
        elif step.rule is Rule.MAXIMUM:
            assert step.total == max(term.value for term in step.terms)
            assert step.terms[step.winner].value == step.total
            assert all(term.value != step.total for term in step.terms[: step.winner])
            assert None not in {term.cell for term in step.terms}
        else:
            assert step.formula


@pytest.mark.parametrize("case", small_cases("max-pool", "avg-pool"), ids=str)
def test_places_of_a_pool_are_terms_or_absent(case: Case) -> None:
    """A window has as many places as the kernel has taps: cells, zeros that count, and what was never there."""
    layer, inputs, values, _ = made(case, NUMBERS["whole"])
    taps = int(np.prod(layer.settings["kernel_size"]))
    found = steps(layer, inputs, values)
    assert {len(step.terms) + step.zeros + step.absent for step in found.values()} == {taps}
    if case.arguments.get("padding"):
        hidden = (step.absent + step.zeros for step in found.values())
        assert any(hidden)


# Derivatives -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["exact", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_slopes_of_traces_make_the_derivative(case: Case, kind: str) -> None:
    """What a tangent becomes is, cell by cell, the slopes of the trace times the tangent's cells."""
    if kind == "exact" and case.kind in REAL:
        pytest.skip("it makes no fractions")
    layer, inputs, values, context = made(case, NUMBERS[kind])
    tangents = [np.random.default_rng(number).integers(-9, 10, each.shape) for number, each in enumerate(inputs)]
    wanted = np.zeros((2, *layer.output_shape), dtype=object)
    for place, step in steps(layer, inputs, values, context).items():
        for term, slope in zip(step.terms, step.slopes, strict=True):
            if term.cell is not None:
                wanted[place] += slope * tangents[term.source][(place[0], *term.cell)].item()
    pushed = layer.push(inputs, values, tangents)
    np.testing.assert_allclose(pushed.astype(float), wanted.astype(float), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", small_cases(*LINEAR), ids=str)
def test_adjoint_of_linear_layers(case: Case) -> None:
    """⟨L(x), z⟩ = ⟨x, Lᵀ(z)⟩ exactly, where Lᵀ writes z times the slopes of the traces to the terms' cells."""
    layer, inputs, values, context = made(case, NUMBERS["exact"])
    idle = [np.zeros(each.shape, dtype=np.int64) for each in inputs]
    linear = layer.compute(inputs, values, context) - layer.compute(idle, values, context)
    drawn_z = np.random.default_rng(5).integers(-9, 10, linear.shape)
    spread = [np.zeros(each.shape, dtype=object) for each in inputs]
    for place, step in steps(layer, inputs, values, context).items():
        for term, slope in zip(step.terms, step.slopes, strict=True):
            if term.cell is not None:
                spread[term.source][(place[0], *term.cell)] += slope * drawn_z[place].item()
    forward = (linear.astype(object) * drawn_z).sum()
    backward = sum((x.astype(object) * written).sum() for x, written in zip(inputs, spread, strict=True))
    assert forward == backward
    assert forward != 0


# Counts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_macs_are_the_terms_with_weights(case: Case) -> None:
    """Products that all traces of a sample count are the MACs; of a transposed one less those that are cut off."""
    layer, inputs, values, _ = made(case, NUMBERS["whole"])
    counted = sum(len(step.terms) for (sample, *_), step in steps(layer, inputs, values).items() if not sample)
    if case.kind not in WITH_PRODUCTS:
        assert layer.work.macs == 0
        return
    lost = cut_off(layer, inputs, values) if case.kind == "transposed-conv" else 0
    assert layer.work.macs == counted + lost
    assert layer.work.biases == (np.prod(layer.output_shape) if "bias" in layer.weight_shapes else 0)
    assert (layer.work.by_output is not None) == (case.kind == "transposed-conv")


def cut_off(layer: Any, inputs: list[Any], values: Any) -> int:
    """The products of a transposed convolution that land outside its output, found one by one."""
    channels, filters, *taps = layer.weight_shapes["weight"]
    count = 0
    for _, _, *place in product(range(channels), range(filters), *map(range, [*taps, *layer.input_shape[1:]])):
        half = len(taps)
        where = [
            cell * axis.stride + tap * axis.dilation - axis.before
            for axis, tap, cell in zip(layer.axes, place[:half], place[half:], strict=True)
        ]
        sizes = layer.output_shape[1:]
        count += not all(0 <= index < size for index, size in zip(where, sizes, strict=True))
    return count


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parameters_are_the_numbers_that_are_learned(case: Case) -> None:
    """Running statistics, scales and zero points are not among them."""
    layer, _, values, _ = made(case, NUMBERS["whole"])
    learned = [value.size for name, value in values.items() if name in ("weight", "bias")]
    assert layer.parameters == sum(learned)


def test_macs_of_a_transposed_layer_by_input_and_by_output() -> None:
    """By input 4 cells × 4 taps, by output 16 cells × 4 taps of which stride 2 leaves one in four a cell to read."""
    layer = KINDS["transposed-conv"].make((1, 2, 2), out_channels=1, kernel_size=2, stride=2)
    assert layer.work == (16, 16, 64)


# Windows -----------------------------------------------------------------------------------------------------------


def hull(cells: list[tuple[int, ...]]) -> tuple[range, ...]:
    """The smallest block that holds some cells."""
    return tuple(range(min(axis), max(axis) + 1) for axis in zip(*cells, strict=True))


def holds(box: tuple[range, ...], inner: tuple[range, ...]) -> bool:
    """Whether a block holds another one."""
    return all(each.start <= part.start and part.stop <= each.stop for each, part in zip(box, inner, strict=True))


def clipped(box: tuple[range, ...], shape: tuple[int, ...]) -> tuple[range, ...]:
    """The part of a block that lies in an array."""
    return tuple(range(max(each.start, 0), min(each.stop, size)) for each, size in zip(box, shape, strict=True))


def blocks(shape: tuple[int, ...]) -> list[tuple[range, ...]]:
    """Blocks of one cell, of two on every axis, and all of it."""
    singles = [tuple(range(place, place + 1) for place in cell) for cell in np.ndindex(*shape)]
    pairs = [
        tuple(range(place, min(place + 2, size)) for place, size in zip(cell, shape, strict=True))
        for cell in np.ndindex(*shape)
    ]
    return [*singles, *pairs, tuple(map(range, shape))]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_windows_are_what_traces_read(case: Case) -> None:
    """The window of a block holds the cells of all its traces, and without gaps between taps no other axis cell."""
    layer, inputs, values, _ = made(case, NUMBERS["whole"])
    found = {place[1:]: step for place, step in steps(layer, inputs, values).items() if not place[0]}
    for box in blocks(layer.output_shape):
        terms = [term for cell in product(*box) for term in found[cell].terms if term.cell is not None]
        for source, shape in enumerate(case.shapes):
            cells = [term.cell for term in terms if term.source == source and term.cell is not None]
            window = clipped(layer.window(box, source), shape)
            if cells:
                assert holds(window, hull(cells)), box
                if "dilation" not in case.arguments:
                    assert window == hull(cells), box
            elif case.kind in ("conv", "concat"):
                assert not all(window), box


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cells_that_are_reached_are_those_whose_traces_read(case: Case) -> None:
    """Of marked cells, blocks and scattered ones, exactly the cells that have one of them among their terms."""
    layer, inputs, values, _ = made(case, NUMBERS["whole"])
    found = {place[1:]: step for place, step in steps(layer, inputs, values).items() if not place[0]}
    rng = np.random.default_rng(7)
    marked = [[rng.random(shape) < 0.1 for shape in case.shapes] for _ in range(6)]
    for source, shape in enumerate(case.shapes):
        for box in blocks(shape):
            marked.append([np.zeros(each, bool) for each in case.shapes])
            marked[-1][source][tuple(slice(each.start, each.stop) for each in box)] = True
    for marks in marked:
        wanted = np.zeros(layer.output_shape, bool)
        for cell, step in found.items():
            wanted[cell] = any(term.cell is not None and marks[term.source][term.cell] for term in step.terms)
        reached = layer.reaches(marks)
        assert reached.dtype == bool
        np.testing.assert_array_equal(reached, wanted)


# Exactness ---------------------------------------------------------------------------------------------------------

BIG = {
    "uint8": np.array([255, 0, 200, 255, 128, 255, 1, 254], dtype=np.uint8),
    "int8": np.array([-128, 127, -128, -128, 127, 127, 1, 0], dtype=np.int8),
    "int64": np.array([2**63 - 1, -(2**63), 2**62, 2**63 - 1, 2**63 - 2, -(2**63), 5, 2**62]),
    "uint64": np.array([2**64 - 1, 2**63, 1, 2**64 - 1, 2**64 - 2, 0, 2**63 + 1, 7], dtype=np.uint64),
    "python": np.array([10**30, -(10**30), 1, 10**30 + 1, 3, 10**29, -5, 0], dtype=object),
    "float-edge": np.array([2**53 + 1, 2**53 - 1, -(2**53) - 1, 2**54 + 2, 3, 1, 2**53, 2**53 + 3]),
}
EXACT: dict[str, dict[str, Any]] = {
    "conv": {"out_channels": 2, "kernel_size": 2},
    "pointwise": {"out_channels": 2},
    "depthwise": {"kernel_size": 2},
    "transposed-conv": {"out_channels": 2, "kernel_size": 2, "stride": 2, "padding": 1},
    "bias": {},
    "relu": {},
    "leaky-relu": {"negative_slope": 3},
    "max-pool": {"kernel_size": 3, "padding": 1, "stride": 1},
    "avg-pool": {"kernel_size": 3, "padding": 1, "stride": 1},
    "global-max-pool": {},
    "global-avg-pool": {},
    "adaptive-avg-pool": {"output_size": 2},
    "upsample": {"scale_factor": 2},
    "reduce-mean": {"axes": 1},
    "reduce-sum": {},
    "reduce-max": {"axes": 0},
    "flatten": {},
    "linear": {"out_features": 2},
    "scale": {},
    "prelu": {},
    "clip": {"min": -7, "max": 200},
    "relu6": {},
    "hard-sigmoid": {},
    "hard-swish": {},
    "reshape": {"shape": [4, 2]},
    "permute": {"axes": [1, 0]},
    "slice": {"axis": 1, "start": 1, "step": 2},
    "pad": {"padding": 1, "boundary": -1},
    "resize": {"size": 2},
    "channel-shuffle": {"groups": 2},
    "pixel-shuffle": {"upscale_factor": 2},
    "pixel-unshuffle": {"downscale_factor": 2},
    "add": {},
    "sub": {},
    "mul": {},
    "div": {},
    "adaptive-max-pool": {"output_size": 3},
    "abs": {},
    "sign": {},
    "take": {"axis": 1, "indices": [3, 0]},
    "expand": {"shape": [-1, -1]},
    "matmul": {},
    "constant": {"shape": [2, 4]},
    "concat": {},
}


Rows = list[Any]


def rows_of(array: Any) -> Rows:
    """The cells of the first sample as Python's numbers."""
    return [[int(cell) for cell in row] for row in array[0]]


def conv_loops(x: list[Rows], w: dict[str, Any]) -> Rows:
    """Every tap of every filter on every channel of 4 cells."""
    taps = len(w["weight"][0][0])
    sums = lambda f, p: sum(w["weight"][f][c][t] * x[0][c][p + t] for c in range(2) for t in range(taps))  # noqa: E731
    return [[sums(f, p) + w["bias"][f] for p in range(5 - taps)] for f in range(2)]


def depthwise_loops(x: list[Rows], w: dict[str, Any]) -> Rows:
    """Two taps on each channel by itself."""
    sums = lambda c, p: sum(w["weight"][c][0][t] * x[0][c][p + t] for t in range(2))  # noqa: E731
    return [[sums(c, p) + w["bias"][c] for p in range(3)] for c in range(2)]


def transposed_loops(x: list[Rows], w: dict[str, Any]) -> Rows:
    """Two taps written at every second cell, one cell cut off at both ends."""
    written = [[0] * 8 for _ in range(2)]
    for c, f, p, t in product(range(2), range(2), range(4), range(2)):
        written[f][2 * p + t] += x[0][c][p] * w["weight"][c][f][t]
    return [[cell + bias for cell in row[1:-1]] for row, bias in zip(written, w["bias"], strict=True)]


def linear_loops(x: list[Rows], w: dict[str, Any]) -> Rows:
    """Every feature times its weight."""
    rows = zip(w["weight"], w["bias"], strict=True)
    return [sum(a * b for a, b in zip(row, x[0][0], strict=True)) + bias for row, bias in rows]


def around(row: Rows, place: int) -> Rows:
    """A cell and its neighbours, where there are any."""
    return [row[each] for each in (place - 1, place, place + 1) if 0 <= each < len(row)]


REFERENCE: dict[str, Callable[[list[Rows], dict[str, Any]], Rows]] = {
    "conv": conv_loops,
    "pointwise": conv_loops,
    "depthwise": depthwise_loops,
    "transposed-conv": transposed_loops,
    "linear": linear_loops,
    "bias": lambda x, w: [[cell + bias for cell in row] for row, bias in zip(x[0], w["bias"], strict=True)],
    "scale": lambda x, w: [[cell * f for cell in row] for row, f in zip(x[0], w["weight"], strict=True)],
    "relu": lambda x, _: [[max(0, cell) for cell in row] for row in x[0]],
    "leaky-relu": lambda x, _: [[cell if cell > 0 else 3 * cell for cell in row] for row in x[0]],
    "max-pool": lambda x, _: [[max(around(row, place)) for place in range(4)] for row in x[0]],
    "avg-pool": lambda x, _: [[Fraction(sum(around(row, place)), 3) for place in range(4)] for row in x[0]],
    "global-max-pool": lambda x, _: [[max(row)] for row in x[0]],
    "global-avg-pool": lambda x, _: [[Fraction(sum(row), 4)] for row in x[0]],
    "adaptive-avg-pool": lambda x, _: [[Fraction(sum(part), 2) for part in (row[:2], row[2:])] for row in x[0]],
    "reduce-mean": lambda x, _: [[Fraction(sum(row), 4)] for row in x[0]],
    "reduce-sum": lambda x, _: [[sum(map(sum, x[0]))]],
    "reduce-max": lambda x, _: [[max(pair) for pair in zip(*x[0], strict=True)]],
    "upsample": lambda x, _: [[cell for cell in row for _ in range(2)] for row in x[0]],
    "flatten": lambda x, _: [cell for row in x[0] for cell in row],
    "prelu": lambda x, w: [
        [cell if cell > 0 else cell * f for cell in row] for row, f in zip(x[0], w["weight"], strict=True)
    ],
    "clip": lambda x, _: [[min(max(cell, -7), 200) for cell in row] for row in x[0]],
    "relu6": lambda x, _: [[min(max(cell, 0), 6) for cell in row] for row in x[0]],
    "hard-sigmoid": lambda x, _: [[Fraction(min(max(cell + 3, 0), 6), 6) for cell in row] for row in x[0]],
    "hard-swish": lambda x, _: [[Fraction(cell * min(max(cell + 3, 0), 6), 6) for cell in row] for row in x[0]],
    "reshape": lambda x, _: [x[0][0][:2], x[0][0][2:], x[0][1][:2], x[0][1][2:]],
    "permute": lambda x, _: [[row[place] for row in x[0]] for place in range(4)],
    "slice": lambda x, _: [[row[1], row[3]] for row in x[0]],
    "pad": lambda x, _: [[-1, *row, -1] for row in x[0]],
    "resize": lambda x, _: [[Fraction(a + b, 2) for a, b in (row[:2], row[2:])] for row in x[0]],
    "channel-shuffle": lambda x, _: x[0],
    "pixel-shuffle": lambda x, _: [[cell for pair in zip(*x[0], strict=True) for cell in pair]],
    "pixel-unshuffle": lambda x, _: [row[place::2] for row in x[0] for place in range(2)],
    "add": lambda x, _: [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(*x, strict=True)],
    "sub": lambda x, _: [[a - b for a, b in zip(*rows, strict=True)] for rows in zip(*x, strict=True)],
    "mul": lambda x, _: [[a * b for a, b in zip(*rows, strict=True)] for rows in zip(*x, strict=True)],
    "div": lambda x, _: [[Fraction(a, b) for a, b in zip(*rows, strict=True)] for rows in zip(*x, strict=True)],
    "adaptive-max-pool": lambda x, _: [[max(row[place : place + 2]) for place in range(3)] for row in x[0]],
    "abs": lambda x, _: [[abs(cell) for cell in row] for row in x[0]],
    "sign": lambda x, _: [[(cell > 0) - (cell < 0) for cell in row] for row in x[0]],
    "take": lambda x, _: [[row[3], row[0]] for row in x[0]],
    "expand": lambda x, _: x[0],
    "matmul": lambda x, _: [[sum(a * b for a, b in zip(row, column, strict=True)) for column in x[1]] for row in x[0]],
    "constant": lambda _, w: w["weight"],
    "concat": lambda x, _: [*x[0], *x[1]],
}
"""Loops over Python's numbers, 2 channels of 4 cells or 8 features, that know nothing of the types of arrays."""


def exact_made(kind: str, name: str) -> tuple[Layer, list[Any], dict[str, Any]]:
    """A layer with numbers near the ends of a type; weights and bias are of it too."""
    count = 2 if KINDS[kind].joins else 1
    shapes = [(2, 4), (4, 2)] if kind == "matmul" else [(8,) if kind == "linear" else (2, 4)] * count
    layer = KINDS[kind].make(*shapes, **EXACT[kind])
    numbers = BIG[name]
    if kind == "div":
        numbers = np.where(numbers == 0, 3, numbers)
    inputs = [np.roll(numbers, number).reshape(1, *layer.input_shape) for number in range(count)]
    if kind == "matmul":
        inputs[1] = inputs[1].swapaxes(1, 2)
    values = {
        key: np.resize(np.roll(numbers, place + 1), shape)
        for place, (key, shape) in enumerate(layer.weight_shapes.items())
    }
    return layer, inputs, values


@pytest.mark.parametrize("name", BIG)
@pytest.mark.parametrize("kind", EXACT)
def test_whole_numbers_never_wrap_around(kind: str, name: str) -> None:
    """Near the ends of every type the numbers are those of loops over Python's; with dtype exact, fractions too."""
    layer, inputs, values = exact_made(kind, name)
    cells = [rows_of(each if each.ndim > 2 else each[None]) for each in inputs]
    if kind == "matmul":
        cells[1] = [list(column) for column in zip(*cells[1], strict=True)]
    wanted = REFERENCE[kind](cells, {key: value.tolist() for key, value in values.items()})
    output = layer.compute(inputs, values, Context(dtype="exact"))
    assert output[0].tolist() == wanted
    auto = layer.compute(inputs, values)[0]
    flat = [cell for row in wanted for cell in (row if isinstance(row, list) else [row])]
    if all(Fraction(cell).denominator == 1 for cell in flat):
        assert auto.tolist() == wanted
        assert all(isinstance(cell, int) for cell in auto.reshape(-1).tolist())
    else:
        assert auto.dtype == np.float64
        assert auto.reshape(-1).tolist() == [float(cell) for cell in flat]  # each rounded once
    for place in np.ndindex(*layer.output_shape):
        assert layer.trace(inputs, values, place, context=Context(dtype="exact")).total == output[(0, *place)]


@pytest.mark.parametrize(("cell", "weight"), [(2**27 + 1, 2**26 + 1), (2**32 + 1, 2**31 + 1)])
def test_transposed_sums_just_beyond_a_type(cell: int, weight: int) -> None:
    """Products that float64 or int64 just do not hold."""
    layer = KINDS["transposed-conv"].make((1, 2), out_channels=1, kernel_size=1, bias=False)
    output = layer.compute([np.array([[[cell, -cell]]])], {"weight": np.array([[[weight]]])})
    assert output.tolist() == [[[cell * weight, -cell * weight]]]


def test_every_kind_is_tried_for_exactness() -> None:
    """All but those whose results are no fractions."""
    assert gaps(set(KINDS) - set(REAL), EXACT=EXACT, REFERENCE=REFERENCE) == []


@pytest.mark.parametrize("kind", REAL)
def test_kinds_that_make_no_fractions_refuse_exact(kind: str) -> None:
    """Dtype exact has no place for them; auto makes float64 of whole numbers."""
    layer = small_cases(kind)[-1].layer()
    inputs, values = drawn(layer, NUMBERS["whole"].draw)
    assert layer.compute(inputs, values).dtype == (np.int64 if kind in WHOLE else np.float64)
    with pytest.raises(ConvcalcError) as caught:
        layer.compute(inputs, values, Context(dtype="exact"))
    assert caught.value.message == f"{kind} makes numbers that are no fractions, which dtype exact cannot hold"
    assert caught.value.hint == "choose dtype auto or float64"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_dtypes_asked_for_are_those_of_the_output(kind: str, dtype: str) -> None:
    """Whole numbers become the floats that are asked for, in every kind."""
    for case in small_cases(kind):
        layer, inputs, values, _ = made(case, NUMBERS["whole"])
        assert layer.compute(inputs, values, Context(dtype=dtype)).dtype == dtype, str(case)
        own = np.int64 if kind in WHOLE else np.float32
        assert layer.compute([each.astype(np.float32) for each in inputs], values).dtype == own, str(case)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_to_what_comes_in(kind: str) -> None:
    """Inputs and weights may be read-only and stay as they are."""
    for case in small_cases(kind):
        layer, inputs, values, _ = made(case, NUMBERS["float32"])
        arrays = [*inputs, *values.values()]
        for each in arrays:
            each.flags.writeable = False
        before = [each.copy() for each in arrays]
        layer.compute(inputs, values)
        layer.push(inputs, values, inputs)
        for each, copy in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(each, copy)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("kind", ["max-pool", "avg-pool", "relu", "linear"])
def test_threads_change_nothing(kind: str, threads: int) -> None:
    """Large inputs, which threads share, give the numbers of one thread."""
    shape = (3000,) if kind == "linear" else (20, 130, 120)
    told = {"out_features": 100} if kind == "linear" else {"kernel_size": 2} if "pool" in kind else {}
    layer = KINDS[kind].make(shape, **told)
    inputs, values = drawn(layer, NUMBERS["float32"].draw)
    one, several = (layer.compute(inputs, values, Context(threads=count)) for count in (1, threads))
    np.testing.assert_allclose(several, one, rtol=1e-4 if kind == "linear" else 0, atol=1e-4 if kind == "linear" else 0)


# Refusals ----------------------------------------------------------------------------------------------------------

REFUSED = [
    (
        "linear",
        [(3, 4, 5)],
        {"out_features": 2},
        "linear needs a flat input, its input is 3×4×5",
        "put flatten before it",
    ),
    ("linear", [(3,)], {"out_features": 0}, "out_features must be a whole number >= 1, got 0", ""),
    ("linear", [(3,)], {"out_features": 2, "bias": 1}, "bias must be true or false, got 1", ""),
    (
        "max-pool",
        [(3,)],
        {"kernel_size": 2},
        "max-pool needs spatial axes, its input has 3 features",
        "put it before flatten",
    ),
    (
        "max-pool",
        [(3, 9)],
        {"kernel_size": 3, "padding": 3},
        "window 0 on axis 0 holds padding alone: it reaches over 3 cells, the padding is 3 before and 3 after",
        "pad with at most 2",
    ),
    (
        "avg-pool",
        [(3, 9, 2)],
        {"kernel_size": (2, 3)},
        "the kernel does not fit on axis 1: it reaches over 3 cells, the padded input has 2",
        "pad with at least 1 more, or take a smaller kernel",
    ),
    (
        "max-pool",
        [(1, 5)],
        {"kernel_size": 2, "padding": 1, "dilation": 6, "stride": 1},
        "window 0 on axis 0 holds padding alone: its taps lie 6 cells apart around an input of 5",
        "take a smaller dilation",
    ),
    ("max-pool", [(1, 5)], {"kernel_size": 2, "ceil_mode": "yes"}, "ceil_mode must be true or false, got 'yes'", ""),
    (
        "avg-pool",
        [(1, 5)],
        {"kernel_size": 2, "divisor_override": 0},
        "divisor_override must be a whole number >= 1, got 0",
        "",
    ),
    (
        "adaptive-avg-pool",
        [(1, 5)],
        {"output_size": 0},
        "output_size must be a whole number >= 1, got 0",
        "",
    ),
    (
        "adaptive-max-pool",
        [(1, 5)],
        {"output_size": 1 << 40},
        "output_size must be at most 65,536, got 1,099,511,627,776",
        "",
    ),
    (
        "matmul",
        [(2, 3), (2, 3)],
        {},
        "matmul needs as many columns as the other has rows: 2×3 and 2×3",
        "the last axis of the first is summed with the last but one of the second; permute turns them",
    ),
    ("take", [(2, 3)], {"indices": [2]}, "indices must be whole numbers from -2 to 1, got 2", ""),
    (
        "expand",
        [(2, 3)],
        {"shape": [4, 3]},
        "2×3 cannot be expanded to 4×3",
        "only axes of one cell are repeated; -1 leaves a size as it is",
    ),
    ("constant", [(2, 3)], {"shape": [0]}, "shape must be a whole number >= 1, got 0", ""),
    ("celu", [(2, 3)], {"alpha": 0}, "alpha must not be 0", ""),
    ("lp-pool", [(1, 5)], {"kernel_size": 2, "norm_type": 0}, "norm_type must be a whole number >= 1, got 0", ""),
    ("upsample", [(1, 5)], {"scale_factor": 1.5}, "scale_factor must be a whole number >= 1, got 1.5", ""),
    ("upsample", [(1, 5, 5)], {"scale_factor": [2]}, "scale_factor has 1 entries for 2 spatial axes", ""),
    (
        "transposed-conv",
        [(4, 5)],
        {"out_channels": 6, "kernel_size": 2, "groups": 4},
        "groups 4 does not divide out_channels 6",
        "groups must divide both in_channels 4 and out_channels 6",
    ),
    (
        "transposed-conv",
        [(4, 5)],
        {"out_channels": 6, "kernel_size": 2, "stride": 2, "output_padding": 2},
        "output_padding 2 is not smaller than stride 2 or dilation 1 on axis 0",
        "",
    ),
    (
        "transposed-conv",
        [(4, 2)],
        {"out_channels": 6, "kernel_size": 2, "padding": 2},
        "the padding cuts off all of axis 0: 3 cells are written, 2 + 2 cut off",
        "",
    ),
    (
        "transposed-conv",
        [(4, 2)],
        {"out_channels": 6, "kernel_size": 2, "padding": "same"},
        "transposed-conv takes padding as numbers, got 'same'",
        "padding is what is cut off: kernel_size 4, stride 2, padding 1 doubles the size",
    ),
    (
        "depthwise",
        [(4, 5)],
        {"kernel_size": 2, "channel_multiplier": 0},
        "channel_multiplier must be a whole number >= 1, got 0",
        "",
    ),
    ("conv", [(4, 5, 0)], {"out_channels": 1, "kernel_size": 1}, "the input has no cells on axis 1", ""),
    ("leaky-relu", [(4,)], {"negative_slope": "steep"}, "negative_slope must be a number, got 'steep'", ""),
    ("leaky-relu", [(4,)], {"negative_slope": float("nan")}, "negative_slope must be a number, got nan", ""),
    ("batch-norm", [(4,)], {"eps": -1}, "eps must be a number >= 0, got -1", ""),
    ("batch-norm", [(4,)], {"affine": None}, "affine must be true or false, got None", ""),
    (
        "add",
        [(64, 56, 56), (128, 28, 28)],
        {},
        "add takes inputs of one shape: 64×56×56 and 128×28×28 differ in channels, 64 and 128",
        "a pointwise layer with a stride gives one the channels and the size of the other",
    ),
    (
        "add",
        [(64, 56, 56), (64, 56, 28)],
        {},
        "add takes inputs of one shape: 64×56×56 and 64×56×28 differ on axis 1, 56 and 28",
        "a pointwise layer with a stride gives one the channels and the size of the other",
    ),
    (
        "add",
        [(64, 56, 56), (64, 56, 56), (64,)],
        {},
        "add takes inputs of one shape: 64×56×56 and 64 have 2 and 0 spatial axes",
        "a pointwise layer with a stride gives one the channels and the size of the other",
    ),
]


@pytest.mark.parametrize(("kind", "shapes", "told", "message", "hint"), REFUSED, ids=[row[3][:50] for row in REFUSED])
def test_messages(kind: str, shapes: list[Any], told: dict[str, Any], message: str, hint: str) -> None:
    """What is refused, in these words, before there are any numbers."""
    with pytest.raises(ConvcalcError) as caught:
        KINDS[kind].make(*shapes, **told)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_negative_variance_has_no_root() -> None:
    """Named with its channel."""
    layer = KINDS["batch-norm"].make((2, 3))
    inputs, values = drawn(layer, NUMBERS["float64"].draw)
    values["running_var"][1] = -2
    with pytest.raises(ConvcalcError, match=r"running_var of channel 1 is -2\.0, a variance is >= 0"):
        layer.compute(inputs, values)


@pytest.mark.parametrize(
    ("kind", "told", "what"),
    [
        ("transposed-conv", {"out_channels": 1, "kernel_size": 1, "stride": 2**40}, "this transposed convolution"),
        ("upsample", {"scale_factor": 2**40}, "this upsample"),
    ],
)
def test_huge_outputs_are_refused_before_they_are_made(kind: str, told: dict[str, Any], what: str) -> None:
    """Shapes and counts still come; the memory is asked for in words."""
    layer = KINDS[kind].make((1, 8), **told)
    assert layer.output_shape[1] > 2**42
    inputs, values = drawn(layer, NUMBERS["whole"].draw, batch=1)
    with pytest.raises(LimitError, match=what):
        layer.compute(inputs, values, Context(own_limits=Limits()))


# The table ---------------------------------------------------------------------------------------------------------


def test_depthwise_is_a_convolution_in_groups() -> None:
    """The same record as of a conv with groups, whatever the multiplier."""
    shape = (4, 9, 9)
    conv = KINDS["conv"].make(shape, out_channels=8, kernel_size=3, groups=4, padding=1)
    assert KINDS["depthwise"].make(shape, kernel_size=3, channel_multiplier=2, padding=1) == conv


def test_global_pools_are_pools_over_everything() -> None:
    """With one cell left on every axis."""
    for name, other in (("global-max-pool", "max-pool"), ("global-avg-pool", "avg-pool")):
        layer = KINDS[name].make((3, 5, 4))
        assert layer.kind == name
        assert layer.output_shape == (3, 1, 1)
        cells = np.arange(60).reshape(1, 3, 5, 4)
        wanted = KINDS[other].make((3, 5, 4), kernel_size=(5, 4)).compute([cells], {})
        np.testing.assert_array_equal(layer.compute([cells], {}), wanted)


def test_main_arguments_are_arguments() -> None:
    """The argument of a shorthand is one that the kind takes, and none that its spelling settles."""
    for name, kind in KINDS.items():
        assert not kind.main or kind.main in kind.defaults, name
        assert not set(kind.defaults) & set(dict(kind.fixed)), name
        needed = [argument for argument, default in kind.defaults.items() if default is NEEDED]
        assert not needed or kind.main in needed, name


def test_small_cases_have_names_of_their_own() -> None:
    """No case stands twice in the table."""
    assert max(Counter(map(str, CASES)).values()) == 1
    assert all(one != other for one, other in pairwise(CASES))
