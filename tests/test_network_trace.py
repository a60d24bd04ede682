"""``trace`` and ``uses`` on networks: trees that add up, paths that are derivatives, regions that hold them all."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import fsum
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conftest import CommandLine
from convcalc.errors import FieldError, GeometryError, LimitError
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import kind_of
from convcalc.layers.unfold import DEEPEST, Node, unfold, within
from convcalc.layers.uses import uses_of_network
from convcalc.tracing.explanation import Rule

TWO = """
title: Two layers of 2×2
input: {arange: [2, 3, 3]}
layers:
  - conv: {name: first, weight: &w}
  - conv: {name: second, weight: &w}
""".replace("&w", "[[[[1/4, 1/4], [1/4, 1/4]], [[1/2, 1/2], [1/2, 1/2]]], [[[1, 1], [1, 1]], [[2, 2], [2, 2]]]]")

MANY = """
title: One of every kind
input: {random: [2, 9, 9], low: -3, high: 3, seed: 1}
weights: {random: 3}
layers:
  - conv: {out_channels: 4, kernel_size: 3, padding: 1}
  - batch-norm
  - relu
  - max-pool: {kernel_size: 3, stride: 2, padding: 1}
  - conv: {name: conv2, out_channels: 4, kernel_size: 3, padding: same}
  - add: max-pool1
  - avg-pool: {kernel_size: 2, padding: 1}
  - flatten
  - linear: 5
  - softmax
"""


def network_of(
    shape: tuple[int, ...], layers: list[tuple[str, dict[str, Any]]], seed: int = 0, *, whole: bool = False
) -> Network:
    """Layers one upon the other with random weights: floats, or small whole numbers."""
    draw, stages = np.random.default_rng(seed), []
    for number, (kind, arguments) in enumerate(layers):
        made = kind_of(kind)
        layer = made.make(shape, **dict(made.fixed), **arguments)
        weights = {
            name: draw.integers(-3, 3, size) if whole else draw.normal(size=size)
            for name, size in layer.weight_shapes.items()
        } | {name: np.abs(draw.normal(size=size)) + 0.5 for name, size in layer.buffer_shapes.items()}
        stages.append(Stage(f"{kind}{number}", layer, (number - 1,), lambda weights=weights: weights))
        shape = layer.output_shape
    return Network(stages[0].layer.input_shape, tuple(stages))


def network_that_fits(chain: list[tuple[str, dict[str, Any]]], size: int, seed: int, *, whole: bool = False) -> Network:
    """The layers of a drawn chain on an input of this size, if it stays large enough for all of them."""
    try:
        return network_of((2, size, size), chain, seed, whole=whole)
    except GeometryError:
        assume(False)
        raise


def outputs_of(network: Network, cells: np.ndarray) -> dict[int, np.ndarray]:
    """Every layer's output, and the input."""
    return {INPUT: cells} | dict(network.outputs(cells, wanted=range(len(network.stages))))


def nodes_of(node: Node) -> Iterator[Node]:
    """Every cell of a tree."""
    yield node
    for branch in node.branches:
        if branch.node:
            yield from nodes_of(branch.node)


def leaves_of(node: Node) -> dict[tuple[int, ...], float]:
    """The input cells of a tree with the weights of all their paths."""
    found: Counter[tuple[int, ...]] = Counter()
    for each in nodes_of(node):
        if each.number == INPUT:
            found[each.cell] += each.weight
    return dict(found)


def whole_tree(network: Network, outputs: dict[int, np.ndarray], cell: tuple[int, ...], monkeypatch: Any) -> Node:
    """The tree of a cell of the last layer with all its branches."""
    for name in ("ALL_SHOWN", "MOST_SHOWN"):
        monkeypatch.setattr(f"convcalc.layers.unfold.{name}", 10**9)
    return unfold(network, outputs, len(network.stages) - 1, cell, 99, widest=10**12)


CHAINS = st.lists(
    st.sampled_from(
        [
            ("conv", {"out_channels": 2, "kernel_size": 2}),
            ("conv", {"out_channels": 3, "kernel_size": 3, "padding": 1, "stride": 2}),
            ("conv", {"out_channels": 2, "kernel_size": 3, "padding": 1, "boundary": "reflect"}),
            ("conv", {"out_channels": 2, "kernel_size": 3, "padding": 1, "boundary": "circular"}),
            ("conv", {"out_channels": 1, "kernel_size": 2, "padding": [[2, 0], [2, 0]], "boundary": "reflect"}),
            ("relu", {}),
            ("leaky-relu", {}),
            ("tanh", {}),
            ("max-pool", {"kernel_size": 2, "stride": 1}),
            ("max-pool", {"kernel_size": 3, "stride": 2, "padding": 1}),
            ("avg-pool", {"kernel_size": 2, "stride": 1, "padding": 1}),
            ("transposed-conv", {"out_channels": 2, "kernel_size": 2, "stride": 2}),
            ("batch-norm", {}),
            ("upsample", {"scale_factor": 2}),
        ]
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


# Trees ---------------------------------------------------------------------------------------------------------------


def test_the_tree_of_two_layers_by_hand() -> None:
    """270 is 72 + 66 + 54 + 48 + 9 + 8.25 + 6.75 + 6, and 144 below it 34 + 32 + 28 + 26 + 8 + 7 + 5 + 4."""
    weight = np.array([[np.full((2, 2), 0.25), np.full((2, 2), 0.5)], [np.full((2, 2), 1.0), np.full((2, 2), 2.0)]])
    conv = ("conv", {"out_channels": 2, "kernel_size": 2, "bias": False})
    bare = network_of((2, 3, 3), [conv, conv])
    network = Network(
        bare.input_shape,
        tuple(Stage(each.name, each.layer, each.inputs, lambda: {"weight": weight}) for each in bare.stages),
    )
    outputs = outputs_of(network, np.arange(18).reshape(1, 2, 3, 3))
    np.testing.assert_array_equal(outputs[0], [[[[24, 27], [33, 36]], [[96, 108], [132, 144]]]])
    root = unfold(network, outputs, 1, (0, 0, 0), 2)
    assert root.value == 270
    assert [branch.part for branch in root.branches] == [72, 66, 54, 48, 9, 8.25, 6.75, 6]
    assert [branch.node.cell for branch in root.branches if branch.node][:2] == [(1, 1, 1), (1, 1, 0)]
    first = root.branches[0].node
    assert first is not None
    assert (first.value, first.weight) == (144, 0.5)
    assert [branch.part for branch in first.branches] == [34, 32, 28, 26, 8, 7, 5, 4]
    assert [branch.node.value for branch in first.branches if branch.node] == [17, 16, 14, 13, 8, 7, 5, 4]
    assert unfold(network, outputs, 1, (1, 0, 0)).value == 1080


@settings(max_examples=60, deadline=None)
@given(chain=CHAINS, seed=st.integers(0, 99), whole=st.booleans())
def test_every_cell_of_a_tree_adds_up(chain: list[tuple[str, dict[str, Any]]], seed: int, whole: bool) -> None:
    """Of every sum the parts of the branches, the rest and the bias make the total; every total is the output's."""
    network = network_that_fits(chain, 6, seed, whole=whole)
    draw = np.random.default_rng(seed)
    cells = draw.integers(-4, 5, (1, 2, 6, 6)) if whole else draw.normal(size=(1, 2, 6, 6))
    outputs = outputs_of(network, cells)
    cell = tuple(int(draw.integers(size)) for size in network.shape_of(len(chain) - 1))
    root = unfold(network, outputs, len(chain) - 1, cell, 9)
    assert root.value == outputs[len(chain) - 1][(0, *cell)]
    for node in nodes_of(root):
        assert node.value == outputs[node.number][(0, *node.cell)]
        assert node.agrees
        if node.explanation is None:
            assert node.number == INPUT
            continue
        assert len(node.branches) + node.rest.terms == len(node.explanation.terms)
        if node.explanation.rule is Rule.SUM:
            parts = fsum(
                [*(float(branch.part) for branch in node.branches), float(node.rest.part), float(node.explanation.bias)]
            )
            np.testing.assert_allclose(parts, float(node.value), rtol=1e-12, atol=1e-12)
        if node.explanation.rule is Rule.MAXIMUM:
            assert [branch.part for branch in node.branches] == [node.value]


def test_a_wrong_output_is_noticed() -> None:
    """A cell whose output is not what its step gives does not agree."""
    network = network_of((2, 6, 6), [("conv", {"out_channels": 2, "kernel_size": 3}), ("relu", {})])
    outputs = outputs_of(network, np.random.default_rng(1).normal(size=(1, 2, 6, 6)))
    outputs[0] = outputs[0].copy()
    outputs[0][0, 1, 2, 2] = 7
    assert not unfold(network, outputs, 1, (1, 2, 2), 2).agrees
    below = unfold(network, outputs, 1, (1, 2, 2), 2).branches[0].node
    assert below is not None
    assert not below.agrees
    assert unfold(network, outputs, 1, (0, 2, 2), 2).agrees


def test_levels_share_their_cells_evenly() -> None:
    """No level of a tree is wider than allowed, and what is left out is counted."""
    conv = ("conv", {"out_channels": 4, "kernel_size": 3})
    network = network_of((4, 9, 9), [conv, conv, conv, conv])
    outputs = outputs_of(network, np.random.default_rng(1).normal(size=(1, 4, 9, 9)))
    root = unfold(network, outputs, 3, (0, 0, 0), 4, widest=10)
    levels = Counter(node.number for node in nodes_of(root))
    assert levels == {3: 1, 2: 5, 1: 10, 0: 10, INPUT: 10}
    assert (len(root.branches), root.rest.terms) == (5, 31)


def test_the_largest_parts_come_first() -> None:
    """The branches of a sum are its largest parts, put in order by their magnitude."""
    network = network_of((40,), [("linear", {"out_features": 2})])
    outputs = outputs_of(network, np.random.default_rng(1).normal(size=(1, 40)))
    root = unfold(network, outputs, 0, (1,))
    assert root.explanation is not None
    every = sorted((abs(term.product) for term in root.explanation.terms), reverse=True)
    np.testing.assert_array_equal([abs(branch.part) for branch in root.branches], every[:5])


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_is_at_least_one(depth: int) -> None:
    """A tree has at least the cell and its terms."""
    network = network_of((2, 3, 3), [("relu", {})])
    with pytest.raises(FieldError, match=f"^depth must be a whole number >= 1, got {depth}$"):
        unfold(network, outputs_of(network, np.ones((1, 2, 3, 3))), 0, (0, 0, 0), depth)


def test_a_tree_has_a_limit_on_its_levels() -> None:
    """A network of many layers is unfolded to the deepest level that is allowed, not beyond."""
    network = network_of((1, 2), [("relu", {})] * (DEEPEST + 1))
    outputs = outputs_of(network, np.ones((1, 1, 2)))
    root = unfold(network, outputs, DEEPEST, (0, 1), DEEPEST)
    assert len(list(nodes_of(root))) == DEEPEST + 1
    with pytest.raises(LimitError, match=f"^a tree of {DEEPEST + 1} levels is too deep, {DEEPEST} is the most"):
        unfold(network, outputs, DEEPEST, (0, 1), 10**9)


def test_only_the_outputs_within_the_depth_are_needed() -> None:
    """The layers that a tree has cells of, the input where it goes down to it."""
    network = network_of((1, 4, 4), [("relu", {})] * 4)
    assert within(network, 3, 1) == {3, 2}
    assert within(network, 3, 2) == {3, 2, 1}
    assert within(network, 3, 9) == {3, 2, 1, 0, INPUT}


# Paths ---------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(chain=CHAINS, seed=st.integers(0, 99))
def test_leaves_and_pushed_tangents_are_the_same_paths(chain: list[tuple[str, dict[str, Any]]], seed: int) -> None:
    """From the output down (the leaves of a tree) or from the input up (a pushed tangent), a path weighs the same."""
    network = network_that_fits(chain, 4, seed)
    draw = np.random.default_rng(seed)
    cells = draw.normal(size=(1, 2, 4, 4))
    last = len(chain) - 1
    cell = tuple(int(draw.integers(size)) for size in network.shape_of(last))
    with pytest.MonkeyPatch.context() as patch:
        leaves = leaves_of(whole_tree(network, outputs_of(network, cells), cell, patch))
    assert leaves
    for place in [*leaves][:6]:
        found = {row.number: row for row in uses_of_network(network, cells, place, last).steps}[last]
        inside = tuple(cut.index(each) for each, cut in zip(cell, found.places, strict=True))
        assert all(each in cut for each, cut in zip(cell, found.places, strict=True))
        np.testing.assert_allclose(found.weights[inside], float(leaves[place]), rtol=1e-9, atol=1e-12)


def test_path_weights_are_the_derivatives_of_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of convolution, ReLU, max-pool, flatten and linear: path weights are torch.func.jacrev's."""
    torch = pytest.importorskip("torch")
    chain: list[tuple[str, dict[str, Any]]] = [
        ("conv", {"out_channels": 3, "kernel_size": 3, "padding": 1}),
        ("relu", {}),
        ("max-pool", {"kernel_size": 2}),
        ("conv", {"out_channels": 2, "kernel_size": 2, "stride": 1}),
        ("leaky-relu", {}),
        ("flatten", {}),
        ("linear", {"out_features": 4}),
    ]
    ours = network_of((2, 8, 8), chain, 5)
    cells = np.random.default_rng(4).normal(size=(1, 2, 8, 8))
    first, second, line = (
        {name: torch.from_numpy(each) for name, each in ours.stages[number].values().items()} for number in (0, 3, 6)
    )

    def network(x: Any) -> Any:
        functional = torch.nn.functional
        x = functional.conv2d(x, first["weight"], first["bias"], padding=1)
        x = functional.max_pool2d(functional.relu(x), 2)
        x = functional.leaky_relu(functional.conv2d(x, second["weight"], second["bias"]))
        return functional.linear(x.flatten(1), line["weight"], line["bias"])

    given_cells = torch.from_numpy(cells)
    outputs = outputs_of(ours, cells)
    np.testing.assert_allclose(outputs[6], network(given_cells).numpy(), rtol=1e-12)
    jacobian = torch.func.jacrev(network)(given_cells)[0, :, 0].numpy()  # (feature, channel, row, column)
    for place in [(0, 0, 0), (1, 3, 4), (0, 7, 7), (1, 2, 2)]:
        *_, found = uses_of_network(ours, cells, place, 6).steps
        np.testing.assert_allclose(found.weights, jacobian[(slice(None), *place)], rtol=1e-9, atol=1e-12)
    leaves = leaves_of(whole_tree(ours, outputs, (2,), monkeypatch))
    dense = np.zeros((2, 8, 8))
    for place, weight in leaves.items():
        dense[place] = weight
    np.testing.assert_allclose(dense, jacobian[2], rtol=1e-9, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(chain=CHAINS, seed=st.integers(0, 99))
def test_regions_hold_all_that_changes(chain: list[tuple[str, dict[str, Any]]], seed: int) -> None:
    """Cells that change with an input cell lie in the region that it reaches, and see it in their windows."""
    network = network_that_fits(chain, 6, seed)
    draw = np.random.default_rng(seed)
    cells = draw.normal(size=(1, 2, 6, 6))
    place = (int(draw.integers(2)), int(draw.integers(6)), int(draw.integers(6)))
    changed = cells.copy()
    changed[(0, *place)] += 50
    rows = {row.number: row for row in uses_of_network(network, cells, place, len(chain) - 1).steps}
    before, after = outputs_of(network, cells), outputs_of(network, changed)
    for number in range(len(chain)):
        moved = np.argwhere(np.abs(before[number][0] - after[number][0]) > 1e-9)
        for cell in moved.tolist():
            row = rows[number]
            assert all(each in cut for each, cut in zip(cell, row.places, strict=True))
            assert row.marks[tuple(cut.index(each) for each, cut in zip(cell, row.places, strict=True))]
            window = network.windows(number, tuple(range(each, each + 1) for each in cell))[INPUT]
            assert all(each in cut for each, cut in zip(place, window, strict=True))
    for row in rows.values():
        assert row.weights.shape == row.marks.shape == tuple(map(len, row.places))


def test_a_cell_that_nothing_reads_reaches_nothing() -> None:
    """With stride 3 and one tap most cells are skipped, and the layers above know nothing of them."""
    network = network_of((1, 7), [("conv", {"out_channels": 1, "kernel_size": 1, "stride": 3}), ("relu", {})])
    assert list(uses_of_network(network, np.ones((1, 1, 7)), (0, 1), 1).steps) == []
    assert [row.number for row in uses_of_network(network, np.ones((1, 1, 7)), (0, 3), 1).steps] == [0, 1]


# The command line ----------------------------------------------------------------------------------------------------


def test_a_cell_is_told_with_the_outputs_of_the_layer_below(cli: CommandLine) -> None:
    """The page of a convolution is that of `trace`, on what the layer below made."""
    cli.write({"two.yaml": TWO})
    page = cli.run("trace", "two.yaml", "--pos", "0,0").out
    assert "second[0; 0,0] = 270   channel 0, row 0, column 0 of second (conv)" in page
    assert "depends on input rows 0 to 2, columns 0 to 2 (3×3 of 3×3)" in page
    assert "reads output of first rows 0 to 1 of 0 to 1, columns 0 to 1 of 0 to 1" in page
    assert page.endswith("equals the engine's output 270\n")


def test_json_and_csv_of_a_tree(cli: CommandLine) -> None:
    """The tree nests in JSON; CSV has a row for each term with the cells above it."""
    cli.write({"two.yaml": TWO})
    document = json.loads(cli.run("trace", "two.yaml", "--pos", "0,0", "--depth", "9", "--format", "json").out)
    assert (document["schema"], document["layer"], document["cell"]) == (
        "convcalc.network-trace/1",
        "second",
        [0, 0, 0],
    )
    assert document["window"] == [[0, 1], [0, 2], [0, 2]]
    part = document["tree"]["parts"][0]
    assert (part["part"], part["from"]["value"], part["from"]["path_weight"]) == (72, 144, "1/2")
    assert part["from"]["parts"][0]["from"] == {"layer": "input", "cell": [1, 2, 2], "value": 17, "path_weight": 1}
    text = cli.run("trace", "two.yaml", "--pos", "0,0", "--depth", "9", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 8 + 8 * 8
    assert [row["path"] for row in rows[:9:8]] == ["second[0; 0,0]", "second[0; 0,0] < first[1; 1,1]"]
    assert sum(Fraction(row["part"]) for row in rows if row["layer"] == "second") == 270


@pytest.mark.parametrize(
    ("layer", "cell", "words"),
    [
        ("relu1", ["--pos", "1,1"], "max(0, "),
        ("max-pool1", ["--pos", "0,0"], "5 cells of the window lie outside the input: never there, not even as 0"),
        ("max-pool1", ["--pos", "1,1"], "│ won │"),
        ("avg-pool1", ["--pos", "0,1"], "× 1/4 ="),
        ("flatten1", ["--pos", "3"], "avg-pool1[0; 1,0]"),
        ("linear1", ["--channel", "3"], "more cells, none with a larger product, together"),
        ("softmax1", ["--channel", "3"], "/ Σ exp = "),
        ("add1", ["--pos", "1,1"], "│ max-pool1[0; 1,1] │"),
        ("batch-norm1", ["--pos", "1,1"], ") × 1 + 0"),
    ],
)
def test_every_kind_has_a_page(cli: CommandLine, layer: str, cell: list[str], words: str) -> None:
    """The cells that a step is made of, what they come to, and that the engine gave the same."""
    cli.write({"many.yaml": MANY})
    done = cli.run("trace", "many.yaml", "--layer", layer, *cell)
    assert done.code == 0, done.err
    assert words in done.out
    assert " the engine's output " in done.out.splitlines()[-1]


def test_relu_says_what_it_cuts(cli: CommandLine) -> None:
    """A negative number is cut, and no path goes through."""
    cli.write({"cut.yaml": "input: [[-3, 2]]\ndims: 1\nlayers: [relu]\n"})
    assert "max(0, -3): cut = 0" in cli.run("trace", "cut.yaml", "--pos", "0").out
    assert "cut" not in cli.run("trace", "cut.yaml", "--pos", "1").out
    told = cli.run("uses", "cut.yaml", "--pos", "0").out
    assert "note: 1 of 1 cells of relu1 (relu) whose input changes do not change" in told


def test_uses_tells_every_layer(cli: CommandLine) -> None:
    """Each layer's region with its path weights: 2.25 and 9 for the middle cell of the two layers."""
    cli.write({"two.yaml": TWO})
    document = json.loads(cli.run("uses", "two.yaml", "--pos", "1,1", "--format", "json").out)
    assert document["schema"] == "convcalc.network-uses/1"
    assert [(each["name"], each["cells"], each["total_weight"]) for each in document["layers"]] == [
        ("first", 8, 5),
        ("second", 2, 11.25),
    ]
    assert document["weights"] == [[[2.25]], [[9]]]
    page = cli.run("uses", "two.yaml", "--pos", "1,1").out
    assert "can reach 2 of 2 cells of second" in page
    assert "a cell larger by 1 adds 11.25 to second as a whole\n" in page
    rows = list(csv.DictReader(io.StringIO(cli.run("uses", "two.yaml", "--pos", "1,1", "--format", "csv").out)))
    assert [(row["layer"], row["channel"], row["position"], row["weight"]) for row in rows] == [
        ("second", "0", "0,0", "2.25"),
        ("second", "1", "0,0", "9.0"),
    ]


def test_uses_tells_a_cell_that_no_window_reads(cli: CommandLine) -> None:
    """The page ends there, and CSV has its header alone."""
    cli.write(
        {"f.yaml": "input: {arange: [1, 4, 4]}\nlayers:\n  - conv: {weight: [[[[1]]]], stride: 2}\n  - max-pool: 2\n"}
    )
    told = cli.run("uses", "f.yaml", "--pos", "1,1").out.splitlines()
    assert told == [
        "input[0; 1,1] = 5   channel 0, row 1, column 1 of 1×4×4",
        "reaches no cell of max-pool1: no window reads it",
    ]
    rows = cli.run("uses", "f.yaml", "--pos", "1,1", "--format", "csv").out
    assert rows == "batch,cell,layer,channel,position,weight\n"
    assert json.loads(cli.run("uses", "f.yaml", "--pos", "1,1", "--format", "json").out)["weights"] is None


def test_uses_counts_what_it_does_not_show(cli: CommandLine) -> None:
    """Four channels are shown and four slices of each; features are a row, whole."""
    taps = ", ".join(f"[[[{tap}]]]" for tap in range(1, 7))
    weights = "weight: {ones: [1, 1, 12, 1, 1]}, padding: [11, 0, 0]"
    layers = f"layers:\n  - conv: {{weight: [{taps}], name: six}}\n  - flatten\n"
    cli.write({"six.yaml": f"input: {{ones: [1, 1, 2]}}\n{layers}"})
    cli.write({"deep.yaml": f"input: {{ones: [1, 12, 1, 1]}}\ndims: 3\nlayers:\n  - conv: {{{weights}}}\n  - relu\n"})
    six = cli.run("uses", "six.yaml", "--pos", "0,1", "--layer", "six").out
    assert six.count("path weights, six channel") == 4
    assert "\n2 more channels not shown; --format csv has all\n" in six
    features = cli.run("uses", "six.yaml", "--pos", "0,1", "--format", "plain").out
    assert "path weights, flatten1\n" in features
    assert features.count("path weights") == 1
    assert re.search(r"\| 1 +0 +2 +0 +3 +0 +4 +0 +5 +0 +6 \|", features)
    deep = cli.run("uses", "deep.yaml", "--pos", "1,0,0").out
    assert deep.count("path weights, relu1 channel 0, depth") == 4
    assert "\n8 more slices of each channel not shown\n" in deep


def test_uses_stops_at_a_layer(cli: CommandLine) -> None:
    """With --layer the path weights are those of that layer."""
    cli.write({"two.yaml": TWO})
    page = cli.run("uses", "two.yaml", "--pos", "1,1", "--layer", "first").out
    assert "can reach 8 of 8 cells of first" in page
    assert "path weights, first channel 1" in page


MESSAGES = [
    ("trace two.yaml", 2, "a cell of the output of second needs a position", "--pos 0,0; it is 1×1"),
    ("trace two.yaml --pos 0,5", 2, "--pos: position (0, 5) lies outside the output of second, which is 1×1",
     "positions count from 0: the last one is (0, 0)"),
    ("trace two.yaml --pos 0,0 --channel 2", 2,
     "--channel: there is no channel 2: the output of second has 2, counted from 0", ""),
    ("trace two.yaml --pos 0,0 --depth 0", 2, "--depth: depth must be a whole number >= 1, got 0", ""),
    ("trace two.yaml --pos 0,0 --depth=-2", 2, "--depth: depth must be a whole number >= 1, got -2", ""),
    ("trace two.yaml --pos 0,0 --layer secnd", 2, "--layer: unknown layer 'secnd'", "did you mean second?"),
    ("trace two.yaml --pos 0,0 --batch 3", 2, "there is no sample 3: the input has 1 sample, counted from 0",
     "--batch 0"),
    ("trace two.yaml --all --pos 0,0", 2, "--pos and --all exclude each other", "leave one of them out"),
    ("trace two.yaml --pos 0,0 --pos 0,1", 2,
     "--pos: position (0, 1) lies outside the output of second, which is 1×1",
     "positions count from 0: the last one is (0, 0)"),
    ("trace two.yaml --pos 0,0 --pos 0,0 --batch 3 --format json", 2,
     "there is no sample 3: the input has 1 sample, counted from 0", "--batch 0"),
    ("trace two.yaml --pos 0,0 --stride 2", 2, "--stride says what a single convolution is, two.yaml has layers",
     "name the layer that it is about with --layer"),
    ("trace one.yaml --pos 0 --depth 0", 2, "--depth: depth must be a whole number >= 1, got 0", ""),
    ("trace one.yaml --pos 0 --layer a", 2, "--layer: unknown layer 'a'", "one of: conv"),
    ("trace many.yaml", 2, "the output of softmax1 has features, which have no position", "--channel 0 to --channel 4"),
    ("trace many.yaml --channel 5", 2, "there is no feature 5: the output of softmax1 has 5 features",
     "--channel 0 to --channel 4"),
    ("trace many.yaml --pos 1 --channel 1", 2, "the output of softmax1 has features, which have no position",
     "--channel 0 to --channel 4"),
    ("trace many.yaml --pos 1,1", 2, "there is no feature 1,1: the output of softmax1 has 5 features",
     "--channel 0 to --channel 4"),
    ("uses two.yaml", 2, "a cell of the input needs a position", "--pos 1,1; it is 3×3"),
    ("uses two.yaml --pos 3,0", 2, "--pos: position (3, 0) lies outside the input, which is 3×3",
     "positions count from 0: the last one is (2, 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "code", "message", "hint"), MESSAGES)
def test_messages(cli: CommandLine, command: str, code: int, message: str, hint: str) -> None:
    """One error, and at most one hint."""
    cli.write({"two.yaml": TWO, "many.yaml": MANY, "one.yaml": "input: [1, 2, 3]\nkernel: [1, -1]\n"})
    done = cli.run(*command.split())
    assert (done.code, done.out) == (code, "")
    assert done.err == f"error: {message}\n" + (f"hint: {hint}\n" if hint else "")


def test_names_are_never_obeyed(cli: CommandLine) -> None:
    """A layer's name from a file is shown escaped in every format."""
    cli.write({"evil.yaml": 'input: [[1, 2]]\ndims: 1\nlayers: [relu: {name: "=a\\e[2J|[red]</b>"}]\n'})
    for form in ("table", "plain", "markdown", "latex", "csv", "json"):
        for command in (["trace", "--pos", "0", "--depth", "2"], ["uses", "--pos", "0"], ["run"]):
            done = cli.run(command[0], "evil.yaml", *command[1:], "--format", form)
            assert done.code == 0, done.err
            assert "\x1b" not in done.out
            assert not any(line.startswith("=") or ",=" in line for line in done.out.splitlines() if form == "csv")


def test_a_sample_and_exact_numbers(cli: CommandLine) -> None:
    """--batch takes a sample, and with dtype exact fractions stay fractions down the tree."""
    cli.write(
        {
            "batch.yaml": "input: {arange: [3, 1, 3]}\ndims: 1\ndtype: exact\nlayers:\n"
            "  - conv: {name: thirds, weight: [1/3, 1]}\n  - conv: {name: sevenths, weight: [-1, 1/7]}\n"
        }
    )
    done = cli.run("trace", "batch.yaml", "--pos", "0", "--batch", "1", "--depth", "2")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "sevenths[0; 0] = -86/21   sample 1, channel 0, cell 0 of sevenths (conv)"
    assert "├─ -5 = -7×5×1/7   thirds[0; 0] = (3×4 + 1×3) × 1/3" in lines
    assert "╰─ 19/21 = 1×19/3×1/7   thirds[0; 1] = (3×5 + 1×4) × 1/3" in lines
    assert lines[-1] == "the steps of all 3 cells equal the engines' outputs"


def test_nan_wins_a_maximum(cli: CommandLine) -> None:
    """As in PyTorch nan wins, which is said; both nan are the same."""
    cli.write({"nan.yaml": "input: [[1, .nan, 3]]\ndims: 1\nlayers:\n  - max-pool: 3\n  - relu\n"})
    page = cli.run("trace", "nan.yaml", "--pos", "0", "--depth", "2").out
    assert "nan (won)   input[0; 1]" in page
    assert "… and 2 more\n" in page
    assert page.endswith("the steps of all 2 cells equal the engines' outputs\n")
