"""What a layer tells of its arguments, and that a summary hands all of it on."""

from __future__ import annotations

import csv
import io
import json

import pytest

from convcalc.layers.table import KINDS
from layer_cases import Case, small_cases

SETTINGS = ("kernel_size", "stride", "padding", "dilation", "output_padding", "groups", "scale_factor")
CASES = small_cases("conv", "pointwise", "depthwise", "transposed-conv", "max-pool", "avg-pool", "upsample")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_is_made_again_of_its_settings(case: Case) -> None:
    """Given back as arguments they make the same layer: padding in pairs too, and groups where the kind takes them."""
    layer = case.layer()
    taken = KINDS[case.kind].defaults
    told = {name: value for name, value in layer.settings.items() if name in taken}
    assert {*told} == {*SETTINGS} & {*taken}
    assert KINDS[case.kind].make(*case.shapes, **{**case.arguments, **told}) == layer


def test_words_of_padding_are_told_as_numbers() -> None:
    """The cells before and after each axis; of an even kernel they differ."""
    layer = KINDS["conv"].make((1, 8, 9), out_channels=1, kernel_size=[2, 3], padding="same-lower")
    assert layer.settings["padding"] == ((1, 0), (1, 1))


def test_kinds_without_arguments_tell_none() -> None:
    """No layer tells what it does not have."""
    assert KINDS["relu"].make((1, 8)).settings == {}
    assert set(KINDS["upsample"].make((1, 8), scale_factor=2).settings) == {"scale_factor"}
    assert "output_padding" not in KINDS["conv"].make((1, 8), out_channels=1, kernel_size=2).settings


TEXT = """\
input: {shape: [2, 9, 8]}
layers:
  - conv: {out_channels: 4, kernel_size: [3, 2], stride: [2, 1], padding: same, groups: 2}
  - max-pool: {kernel_size: 3, stride: 2, padding: 1, dilation: [1, 2], ceil_mode: true}
  - transposed-conv: {out_channels: 2, kernel_size: 3, stride: [2, 3], padding: 1, output_padding: [1, 2]}
  - upsample: 2x3
  - relu
"""
NONE = [[], [], [], [], [], 1, []]
RECORDS = [
    [[3, 2], [2, 1], [[1, 1], [0, 1]], [1, 1], [], 2, []],
    [[3, 3], [2, 2], [[1, 1], [1, 1]], [1, 2], [], 1, []],
    [[3, 3], [2, 3], [[1, 1], [1, 1]], [1, 1], [1, 2], 1, []],
    [*NONE[:-1], [2, 3]],
    NONE,
]
CELLS = [
    ["3x2", "2x1", "1+1x0+1", "1x1", "", "2", ""],
    ["3x3", "2x2", "1+1x1+1", "1x2", "", "1", ""],
    ["3x3", "2x3", "1+1x1+1", "1x1", "1x2", "1", ""],
    ["", "", "", "", "", "1", "2x3"],
    ["", "", "", "", "", "1", ""],
]


def test_a_summary_has_all_settings(cli) -> None:
    """JSON has lists, padding as (before, after) for each axis; CSV has them in one cell."""
    cli.write({"f.yaml": TEXT})
    layers = json.loads(cli.run("summary", "f.yaml", "--format", "json").out)["layers"]
    assert [[layer[name] for name in SETTINGS] for layer in layers] == RECORDS
    rows = list(csv.DictReader(io.StringIO(cli.run("summary", "f.yaml", "--format", "csv").out)))
    assert [[row[name] for name in SETTINGS] for row in rows] == CELLS
