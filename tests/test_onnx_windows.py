"""Operators of ONNX that slide a window, against the reference evaluator."""

import numpy as np
import pytest

from onnx_models import agree, grid, kinds, model_of, named, node, numbers, onnx, output_of, read, reference

CONV = [
    *grid(strides=[None, [2, 1]], pads=[None, [1, 0, 2, 1]], dilations=[None, [2, 1]], group=[None, 3]),
    *grid(auto_pad=["VALID", "SAME_UPPER", "SAME_LOWER"], strides=[None, [2, 2], [3, 2]]),
]


@pytest.mark.parametrize("attributes", CONV, ids=named)
@pytest.mark.parametrize("bias", [True, False])
def test_convolutions(attributes, bias):
    """Padding of each side by itself, auto_pad, and groups."""
    weight = numbers(6, 3 // attributes.get("group", 1), 3, 2)
    constants = {"w": weight} | ({"b": numbers(6)} if bias else {})
    network = agree(model_of([node("Conv", "x", "w", *(["b"] if bias else []), **attributes)], constants=constants))
    assert kinds(network) == ["conv"]
    assert network.parameters == weight.size + 6 * bias


@pytest.mark.parametrize("shape", [(1, 2, 9), (1, 2, 5, 6, 7)])
def test_rank_is_data(shape):
    """One axis and three."""
    rank = len(shape) - 2
    weight = numbers(4, 2, *(3,) * rank)
    nodes = [
        node("Conv", "x", "w", to="a", pads=[1] * rank + [0] * rank),
        node("MaxPool", "a", to="b", kernel_shape=[2] * rank),
        node("GlobalAveragePool", "b", to="c"),
        node("Flatten", "c"),
    ]
    assert kinds(agree(model_of(nodes, shape, {"w": weight}))) == ["conv", "max-pool", "global-avg-pool", "flatten"]


TRANSPOSED = [
    *grid(strides=[None, [2, 3]], pads=[None, [1, 0, 1, 1]], dilations=[None, [2, 1]], group=[None, 3]),
    *grid(strides=[[2, 3]], output_padding=[[1, 0], [1, 2]], pads=[None, [1, 1, 1, 1]]),
]


@pytest.mark.parametrize("attributes", TRANSPOSED, ids=named)
def test_transposed_convolutions(attributes):
    """Padding of each side by itself, output padding and groups."""
    groups = attributes.get("group", 1)
    constants = {"w": numbers(3, 2, 3, 3), "b": numbers(2 * groups)}
    made = model_of([node("ConvTranspose", "x", "w", "b", **attributes)], (1, 3, 4, 5), constants)
    if groups == 1:
        agree(made)
        return
    # The evaluator reshapes groups wrongly, so it is asked for each channel by itself.
    cells, plain = numbers(2, 3, 4, 5), {name: each for name, each in attributes.items() if name != "group"}
    apart = [
        reference(
            model_of(
                [node("ConvTranspose", "x", "w", "b", **plain)],
                (1, 1, 4, 5),
                {"w": constants["w"][each : each + 1], "b": constants["b"][2 * each : 2 * each + 2]},
            ),
            cells[:, each : each + 1],
        )
        for each in range(groups)
    ]
    wanted = np.concatenate(apart, axis=1)
    np.testing.assert_allclose(output_of(read(made), cells), wanted, rtol=2e-5, atol=2e-5)


TRANSPOSED_WORDS = [
    *grid(auto_pad=["SAME_UPPER", "SAME_LOWER"], strides=[None, [2, 3]], dilations=[None, [2, 2]]),
    *grid(output_shape=[[9, 14], [8, 13]], strides=[[2, 3]], auto_pad=[None, "SAME_UPPER"]),
]


@pytest.mark.parametrize("attributes", TRANSPOSED_WORDS, ids=named)
def test_transposed_convolutions_whose_output_is_given(attributes):
    """The padding follows from output_shape or auto_pad, by the formula of ONNX' description.

    total = stride × (size − 1) + output_padding + reach − output; SAME_UPPER cuts the smaller half off before.
    """
    constants = {"w": numbers(3, 2, 3, 3)}
    size, strides = (4, 5), attributes.get("strides", [1, 1])
    wanted = attributes.get("output_shape", [cells * stride for cells, stride in zip(size, strides, strict=True)])
    reach = [2 * each + 1 for each in attributes.get("dilations", [1, 1])]
    totals = [s * (n - 1) + r - out for n, s, r, out in zip(size, strides, reach, wanted, strict=True)]
    less, more = [each // 2 for each in totals], [each - each // 2 for each in totals]
    pads = [*less, *more] if attributes.get("auto_pad") == "SAME_UPPER" else [*more, *less]
    plain = {name: each for name, each in attributes.items() if name not in ("auto_pad", "output_shape")}
    network = read(model_of([node("ConvTranspose", "x", "w", **attributes)], (1, 3, *size), constants))
    explicit = model_of([node("ConvTranspose", "x", "w", pads=pads, **plain)], (1, 3, *size), constants)
    cells = numbers(1, 3, *size)
    assert network.shape_of(0) == (2, *wanted)
    np.testing.assert_allclose(output_of(network, cells), reference(explicit, cells), rtol=2e-5, atol=2e-5)


def test_an_output_shape_of_more_than_the_windows_reach():
    """The cells behind are empty, as those of output_padding are: ONNX' own example, by hand."""
    weight = np.ones((1, 2, 3, 3), np.float32)
    made = node("ConvTranspose", "x", "w", strides=[3, 2], output_shape=[10, 8])
    network = read(model_of([made], (1, 1, 3, 3), {"w": weight}))
    cells = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    output = output_of(network, cells)
    assert output.shape == (1, 2, 10, 8)
    assert not output[:, :, 9].any()
    assert not output[..., 7].any()
    np.testing.assert_array_equal(output[0, 1, 0], [0, 0, 1, 1, 3, 2, 2, 0])


POOLS = [
    *grid(kernel_shape=[[3, 2]], strides=[None, [2, 2], [3, 2]], pads=[None, [1, 0, 1, 1]], ceil_mode=[None, 1]),
    *grid(kernel_shape=[[3, 4]], strides=[[2, 2]], pads=[[0, 0, 2, 2], [2, 3, 1, 0]]),  # more than half a kernel
    *grid(kernel_shape=[[3, 3]], auto_pad=["VALID", "SAME_UPPER", "SAME_LOWER"], strides=[None, [2, 2]]),
]


def largest_of_windows(cells, kernel, strides, dilations, before, size):
    """The maxima by the definition, cell by cell; what stands outside of the input is never the largest."""
    found = np.full((*cells.shape[:2], *size), -np.inf, cells.dtype)
    for place in np.ndindex(*size):
        for tap in np.ndindex(*kernel):
            axes = zip(place, strides, tap, dilations, before, strict=True)
            cell = tuple(each * stride + step * spread - pad for each, stride, step, spread, pad in axes)
            if all(0 <= each < end for each, end in zip(cell, cells.shape[2:], strict=True)):
                here = (slice(None), slice(None), *place)
                found[here] = np.maximum(found[here], cells[(slice(None), slice(None), *cell)])
    return found


@pytest.mark.parametrize("attributes", [*POOLS, {"kernel_shape": [3, 2], "dilations": [2, 3]}], ids=named)
def test_max_pools(attributes):
    """The stride is 1 where none is given, unlike PyTorch's; in ceil mode no window begins behind the input.

    Shapes are those of ONNX' inference as of opset 22, which says so; the evaluator pads wrongly if not evenly.
    """
    made = model_of([node("MaxPool", "x", **attributes)], opset=22)
    network, cells = read(made), numbers(2, 3, 8, 9)
    inferred = onnx.shape_inference.infer_shapes(made).graph.output[0].type.tensor_type.shape.dim
    assert network.shape_of(0) == tuple(axis.dim_value for axis in inferred)[1:]
    kernel, size = attributes["kernel_shape"], network.shape_of(0)[1:]
    strides, dilations = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
    before = attributes.get("pads", [0, 0])[:2]
    if "SAME" in attributes.get("auto_pad", ""):
        axes = zip(size, strides, kernel, (8, 9), strict=True)
        totals = [max(0, (out - 1) * stride + taps - cells) for out, stride, taps, cells in axes]
        before = [(total + (attributes["auto_pad"] == "SAME_LOWER")) // 2 for total in totals]
    wanted = largest_of_windows(cells, kernel, strides, dilations, before, size)
    np.testing.assert_array_equal(output_of(network, cells), wanted, strict=True)
    if "pads" not in attributes and attributes.get("auto_pad") != "SAME_LOWER":
        agree(made)


@pytest.mark.parametrize("attributes", POOLS, ids=named)
@pytest.mark.parametrize("counted", [None, 1])
def test_average_pools(attributes, counted):
    """The padding is not counted unless count_include_pad says so."""
    more = {} if counted is None else {"count_include_pad": counted}
    agree(model_of([node("AveragePool", "x", **attributes, **more)], opset=22))
