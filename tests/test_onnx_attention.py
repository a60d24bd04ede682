"""Products of branches, tables of a model, elementary functions, and a batch that is an axis like any other."""

import numpy as np
import pytest

from onnx_models import agree, kinds, model_of, node, numbers, output_of, read, reference

SIZE = (1, 4, 6)


def sizes(**each):
    """Lists of whole numbers as constants."""
    return {name: np.array(value, np.int64) for name, value in each.items()}


POSITIVE = node("Abs", "x", to="p")
FUNCTIONS = {
    "abs": ([node("Abs", "x")], {}, "abs"),
    "sign": ([node("Sign", "x")], {}, "sign"),
    "sqrt": ([POSITIVE, node("Sqrt", "p")], {}, "abs sqrt"),
    "exp": ([node("Exp", "x")], {}, "exp"),
    "log": ([POSITIVE, node("Log", "p")], {}, "abs log"),
    "erf": ([node("Erf", "x")], {}, "erf"),
    "neg": ([node("Neg", "x")], {}, "scale"),
    "reciprocal": ([node("Reciprocal", "x")], {}, "pow"),
    "power": ([node("Pow", "x", "e")], {"e": np.float32(3)}, "pow"),
    "root": ([POSITIVE, node("Pow", "p", "e")], {"e": np.float32(0.5)}, "abs sqrt"),
    "selu": ([node("Selu", "x")], {}, "selu"),
    "celu": ([node("Celu", "x", alpha=2.0)], {}, "celu"),
    "at least": ([node("Max", "x", "e")], {"e": np.float32(0.1)}, "clip"),
    "at most": ([node("Min", "e", "x")], {"e": np.float32(0.1)}, "clip"),
    "sum of magnitudes": ([node("ReduceL1", "x", axes=[2])], {}, "abs reduce-sum"),
    "norm": ([node("ReduceL2", "x", axes=[1], keepdims=0)], {}, "pow reduce-sum sqrt flatten"),
    "sum of squares": ([node("ReduceSumSquare", "x", axes=[1, 2])], {}, "pow reduce-sum"),
    "number less": ([node("Sub", "e", "x")], {"e": np.float32(1)}, "scale bias"),
    "number by": ([POSITIVE, node("Div", "e", "p")], {"e": np.float32(2)}, "abs constant div"),
    "one place": ([node("Gather", "x", "i", axis=1)], {"i": np.int64(-1)}, "slice flatten"),
    "some places": ([node("Gather", "x", "i", axis=2)], sizes(i=[4, 0, 4]), "take"),
    "a table": ([node("Gather", "x", "i", axis=2)], sizes(i=[[4, 0], [1, 2]]), "take reshape"),
    "every other": ([node("Gather", "x", "i", axis=2)], sizes(i=[1, 3, 5]), "slice"),
    "expand": (
        [node("ReduceMax", "x", axes=[1], to="m"), node("Expand", "m", "s")],
        sizes(s=[1, 5, 6]),
        "reduce-max expand",
    ),
    "positions": ([node("Add", "x", "w")], {"w": numbers(1, 4, 6)}, "constant add"),
    "a table less": ([node("Sub", "w", "x")], {"w": numbers(4, 6)}, "constant sub"),
    "a token": ([node("Concat", "w", "x", axis=1)], {"w": numbers(1, 1, 6)}, "constant concat"),
    "a matrix before": ([node("MatMul", "w", "x")], {"w": numbers(3, 4)}, "constant matmul"),
    "norms of windows": ([node("LpPool", "x", kernel_shape=[2], strides=[2], p=3)], {}, "lp-pool"),
    "by itself": ([node("Transpose", "x", perm=[0, 2, 1], to="t"), node("MatMul", "x", "t")], {}, "permute matmul"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_operator_is_its_kinds(name):
    """Shape and numbers of the reference evaluator, in the kinds named."""
    nodes, constants, wanted = FUNCTIONS[name]
    assert " ".join(kinds(agree(model_of(nodes, SIZE, constants), 1))) == wanted


def attention(batch=1):
    """Queries, keys and values in two heads, as multi-head attention is exported: its batch is an axis among others."""
    nodes = [
        node("Transpose", "x", perm=[1, 0, 2], to="t"),
        *(node("MatMul", "t", each, to=f"{each}t") for each in "qkv"),
        *(node("Reshape", f"{each}t", "h", to=f"{each}h") for each in "qkv"),
        *(node("Transpose", f"{each}h", perm=order, to=f"{each}s") for each, order in zip("qkv", ORDERS, strict=True)),
        node("MatMul", "qs", "ks", to="a"),
        node("Softmax", "a", axis=-1, to="w"),
        node("MatMul", "w", "vs", to="o"),
        node("Transpose", "o", perm=[1, 0, 2], to="u"),
        node("Reshape", "u", "b", to="r"),
        node("Transpose", "r", perm=[1, 0, 2]),
    ]
    constants = {each: numbers(6, 6) for each in "qkv"} | sizes(h=[4, 2, 3], b=[4, 1, 6])
    return model_of(nodes, (batch, 4, 6), constants)


ORDERS = ([1, 0, 2], [1, 2, 0], [1, 0, 2])


def test_attention_whose_batch_is_an_axis_among_others():
    """A model of one sample is computed for each sample by itself; one of any number of samples is not."""
    model = attention()
    network = agree(model, 1)
    assert kinds(network).count("matmul") == 2
    both = numbers(2, 4, 6)
    wanted = np.concatenate([reference(model, each[None]) for each in both])
    np.testing.assert_allclose(output_of(network, both), wanted, rtol=2e-5, atol=2e-5)
    assert "opaque" in kinds(read(attention("N"), (4, 6)))


def test_macs_and_parameters_of_products():
    """A matrix of the model counts, that of another branch does not; a table is a parameter, a lone factor is none."""
    weighted = read(model_of([node("MatMul", "w", "x")], SIZE, {"w": numbers(3, 4)}))
    assert [stage.layer.parameters for stage in weighted.stages] == [12, 0]
    assert weighted.stages[-1].layer.work.macs == 3 * 4 * 6
    turned = [node("Transpose", "x", perm=[0, 2, 1], to="t"), node("MatMul", "x", "t")]
    assert read(model_of(turned, SIZE)).stages[-1].layer.work.macs == 0
    assert read(model_of([node("Mul", "x", "e")], SIZE, {"e": np.float32(0.1)})).parameters == 0


def test_channels_last_are_turned_where_a_layer_needs_it():
    """A convolution of what the model has as rows, as in ECA-Net."""
    nodes = [
        node("Relu", "x", to="r"),
        node("Transpose", "r", perm=[0, 2, 1], to="t"),
        node("Conv", "t", "w", pads=[1, 1]),
    ]
    assert kinds(agree(model_of(nodes, SIZE, {"w": numbers(2, 6, 3)}), 1)) == ["relu", "permute", "conv"]


def test_a_weight_that_is_computed_of_constants():
    """Weight standardisation: less its mean, by its deviation, all in the model."""
    nodes = [
        node("ReduceMean", "w", axes=[1, 2], to="m"),
        node("Sub", "w", "m", to="c"),
        node("Conv", "x", "c"),
    ]
    assert kinds(agree(model_of(nodes, SIZE, {"w": numbers(3, 4, 2)}), 1)) == ["conv"]
