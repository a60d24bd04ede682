"""Which cells of a network depend on which: counts, regions and remarks beside what the terms of traces say."""

from __future__ import annotations

import csv
import io
import json
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import CommandLine
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import kind_of
from convcalc.layers.uses import Uses, uses_of_network
from test_network_trace import CHAINS, network_of, network_that_fits, outputs_of

DILATED = ("conv", {"out_channels": 1, "kernel_size": 3, "dilation": 2, "padding": 2})


def terms_of(network: Network, cells: np.ndarray) -> list[dict[tuple[int, ...], Any]]:
    """The trace of every cell of every layer."""
    outputs = outputs_of(network, cells)
    return [
        {
            cell: stage.layer.trace([outputs[each] for each in stage.inputs], stage.values(), cell)
            for cell in np.ndindex(*stage.layer.output_shape)
        }
        for stage in network.stages
    ]


def led_to(network: Network, steps: list[dict[tuple[int, ...], Any]], place: tuple[int, ...]) -> dict[int, Any]:
    """The cells of every layer to which the terms of traces lead from an input cell."""
    found = {INPUT: {place}}
    for number, stage in enumerate(network.stages):
        sources = [found[each] for each in stage.inputs]
        found[number] = {
            cell
            for cell, step in steps[number].items()
            if any(term.cell in sources[term.source] for term in step.terms)
        }
    return found


def cells_of(row: Uses) -> set[tuple[int, ...]]:
    """The cells that a row marks."""
    every = product(*row.places)
    return {cell for cell, marked in zip(every, row.marks.flat, strict=True) if marked}


ENDS = st.sampled_from(
    [
        [],
        [("flatten", {})],
        [("flatten", {}), ("relu", {}), ("linear", {"out_features": 3}), ("softmax", {})],
        [("conv", {"out_channels": 2, "kernel_size": 2, "dilation": 2, "bias": False}), ("flatten", {})],
        [("softmax", {}), ("global-max-pool", {})],
    ]
)


@settings(max_examples=60, deadline=None)
@given(chain=CHAINS, end=ENDS, seed=st.integers(0, 99))
def test_reached_cells_are_those_that_terms_lead_to(chain: list[Any], end: list[Any], seed: int) -> None:
    """Of every layer exactly these are counted, and the region is the smallest block that holds them."""
    network = network_that_fits([*chain, *end], 5, seed)
    draw = np.random.default_rng(seed)
    cells = draw.normal(size=(1, 2, 5, 5))
    place = tuple(int(draw.integers(size)) for size in (2, 5, 5))
    wanted = led_to(network, terms_of(network, cells), place)
    rows = {row.number: row for row in uses_of_network(network, cells, place, len(network.stages) - 1).steps}
    assert set(rows) == {number for number in range(len(network.stages)) if wanted[number]}
    for number, row in rows.items():
        assert cells_of(row) == wanted[number]
        assert row.count == len(wanted[number])
        ends = [(min(axis), max(axis)) for axis in zip(*wanted[number], strict=True)]
        assert [(each[0], each[-1]) for each in row.places] == ends


def test_paths_that_meet_reach_what_either_does() -> None:
    """The sum of a causal and an anti-causal convolution, groups of channels apart."""
    shape = (4, 9)
    told = {"out_channels": 4, "kernel_size": 3, "groups": 2}
    back, ahead = (kind_of("conv").make(shape, **told, padding=padding) for padding in ([[2, 0]], [[0, 2]]))
    both = kind_of("add").make(shape, shape)
    values = {"weight": np.ones((4, 2, 3)), "bias": np.zeros(4)}
    stages = (
        Stage("back", back, (INPUT,), lambda: values), Stage("ahead", ahead, (INPUT,), lambda: values),
        Stage("both", both, (0, 1)),
    )  # fmt: skip
    *_, row = uses_of_network(Network(shape, stages), np.ones((1, *shape)), (2, 4), 2).steps
    assert cells_of(row) == {(channel, position) for channel in (2, 3) for position in range(2, 7)}


def test_a_weight_of_zero_is_a_path() -> None:
    """What is reached does not depend on the numbers: neither on weights nor on what a ReLU cuts."""
    bare = network_of((1, 5), [("conv", {"out_channels": 1, "kernel_size": 3, "bias": False}), ("relu", {})])
    idle = Stage("conv", bare.stages[0].layer, (INPUT,), lambda: {"weight": np.zeros((1, 1, 3))})
    rows = list(uses_of_network(Network(bare.input_shape, (idle, bare.stages[1])), np.ones((1, 1, 5)), (0, 2), 1).steps)
    assert [row.count for row in rows] == [3, 3]
    assert [int((row.weights != 0).sum()) for row in rows] == [0, 0]
    assert [(row.ahead, row.stopped) for row in rows] == [(0, 0), (0, 0)]


def test_a_cell_between_taps_reaches_nothing() -> None:
    """Taps 2 apart, at every second cell, never lie upon the odd ones."""
    network = network_of(
        (1, 7), [("conv", {"out_channels": 1, "kernel_size": 2, "dilation": 2, "stride": 2}), ("relu", {})]
    )
    assert list(uses_of_network(network, np.ones((1, 1, 7)), (0, 3), 1).steps) == []
    assert [row.count for row in uses_of_network(network, np.ones((1, 1, 7)), (0, 2), 1).steps] == [2, 2]


# What stops --------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(chain=CHAINS, seed=st.integers(0, 99))
def test_what_stops_is_what_changes_below_and_not_here(chain: list[Any], seed: int) -> None:
    """Cells of a layer that is not linear, one of whose terms changes: counted are all, and those that stay."""
    network = network_that_fits([*chain, ("relu", {}), ("max-pool", {"kernel_size": 2, "stride": 1})], 5, seed)
    draw = np.random.default_rng(seed)
    cells = draw.normal(size=(1, 2, 5, 5))
    place = tuple(int(draw.integers(size)) for size in (2, 5, 5))
    steps, changed = terms_of(network, cells), {INPUT: {place}}
    rows = {row.number: row for row in uses_of_network(network, cells, place, len(network.stages) - 1).steps}
    for number, stage in enumerate(network.stages):
        below = changed[number - 1]
        ahead = {cell for cell, step in steps[number].items() if any(term.cell in below for term in step.terms)}
        row = rows.get(number)
        starts = [each[0] for each in row.places] if row else []
        moved = np.argwhere(row.weights != 0) if row else ()
        changed[number] = {tuple(np.add(each, starts).tolist()) for each in moved}
        if row and not stage.layer.is_linear:
            assert row.ahead == len(ahead)
            assert row.stopped == len(ahead - changed[number])


GAPS = """
input: [[1, 1, 1, 1, 1, 1, 1]]
dims: 1
layers:
  - conv: {weight: [1, 1, 1], dilation: 2, padding: 2}
  - relu
"""
STOPS = """
input: [[-3, 2, 5, 1]]
dims: 1
layers:
  - relu
  - relu: {name: again}
  - max-pool: {kernel_size: 2, stride: 1}
"""


def test_gaps_between_taps_are_no_remark(cli: CommandLine) -> None:
    """Of the block of five cells three depend on the cell, and all of them change."""
    cli.write({"gaps.yaml": GAPS})
    page = cli.run("uses", "gaps.yaml", "--pos", "3").out
    assert "can reach 3 of 7 cells of relu1\n" in page
    assert "do not change" not in page
    rows = list(csv.DictReader(io.StringIO(cli.run("uses", "gaps.yaml", "--pos", "3", "--format", "csv").out)))
    assert [row["position"] for row in rows] == ["1", "3", "5"]
    document = json.loads(cli.run("uses", "gaps.yaml", "--pos", "3", "--format", "json").out)
    assert [(each["region"], each["cells"]) for each in document["layers"]] == [([[0, 0], [1, 5]], 3)] * 2


@pytest.mark.parametrize(
    ("position", "notes"),
    [
        ("0", ["1 of 1 cells of relu1 (relu) whose input changes do not change"]),
        ("1", ["1 of 2 cells of max-pool1 (max-pool) whose input changes do not change"]),
        ("2", []),
        ("3", ["1 of 1 cells of max-pool1 (max-pool) whose input changes do not change"]),
    ],
)
def test_a_path_stops_once(cli: CommandLine, position: str, notes: list[str]) -> None:
    """Cut by the first ReLU it is no news of the second; a maximum stops what it holds and another cell wins."""
    cli.write({"stops.yaml": STOPS})
    lines = cli.run("uses", "stops.yaml", "--pos", position, "--format", "plain").out.splitlines()
    assert [line.removeprefix("note: ") for line in lines if "do not change" in line] == notes


@pytest.mark.parametrize(
    ("shape", "layers", "place", "wanted"),
    [
        ((1, 8, 8), [("conv", {"out_channels": 8, "kernel_size": 3, "padding": 1}), ("relu", {}), ("flatten", {})],
         (0, 4, 4), 72),
        ((1, 9), [DILATED, DILATED], (0, 4), 5),
    ],
)  # fmt: skip
def test_blocks_are_not_counted(shape: Any, layers: Any, place: Any, wanted: int) -> None:
    """Nine cells in each of eight channels of 64, and every second of nine cells."""
    network = network_of(shape, layers)
    *_, row = uses_of_network(network, np.ones((1, *shape)), place, len(layers) - 1).steps
    assert row.count == wanted
    assert np.prod([len(each) for each in row.places]) > wanted


# Regions of traces -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("padding", "boundary", "position", "words"),
    [
        ("1", "zeros", "0,0", "rows 0 to 1, columns 0 to 1 (2×2 of 4×4)"),
        ("1", "circular", "0,0", "rows 0 to 3, columns 0 to 3 (4×4 of 4×4)"),
        ("1", "circular", "1,0", "rows 0 to 2, columns 0 to 3 (3×4 of 4×4)"),
        ("1", "reflect", "0,0", "rows 0 to 1, columns 0 to 1 (2×2 of 4×4)"),
        ("[[3, 0], [3, 0]]", "reflect", "0,1", "rows 1 to 3, columns 0 to 2 (3×3 of 4×4)"),
        ("[[3, 0], [3, 0]]", "symmetric", "0,1", "rows 0 to 2, columns 0 to 1 (3×2 of 4×4)"),
        ("[[3, 0], [3, 0]]", "replicate", "0,1", "row 0, column 0 (1×1 of 4×4)"),
        ("[[3, 0], [3, 0]]", "zeros", "0,1", "no cell: it sees the padding alone"),
    ],
)
def test_a_trace_names_what_the_boundary_copies(
    cli: CommandLine, padding: str, boundary: str, position: str, words: str
) -> None:
    """The block of input cells that a cell depends on holds those that stand for the padding, wherever they lie."""
    weight = "[[1, 2, 3], [4, 5, 6], [7, 8, 9]]"
    layer = f"conv: {{weight: {weight}, padding: {padding}, boundary: {boundary}}}"
    cli.write({"edge.yaml": f"input: {{arange: [1, 4, 4]}}\nlayers:\n  - {layer}\n  - relu\n"})
    page = cli.run("trace", "edge.yaml", "--pos", position, "--depth", "2", "--format", "plain").out
    assert f"depends on input {words}\n" in page
