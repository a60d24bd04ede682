"""The explorer's session without a screen: what is lit, what a change makes of the numbers, undo, and what is saved."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import convcalc
from convcalc.arrays import unwarned
from convcalc.context import Context
from convcalc.errors import ConvcalcError, FieldError, OutputError, UsageError
from convcalc.explore import shown as shown_module
from convcalc.explore.grid import GridView, Zoom
from convcalc.explore.kernel_offers import offers
from convcalc.explore.look import Pane
from convcalc.explore.picture_view import canvas_of
from convcalc.explore.plane import Plane
from convcalc.explore.planes import planes
from convcalc.explore.session import Session, open_session
from convcalc.explore.settings import SETTINGS
from convcalc.explore.story import copied_text, story_lines, subtitle
from convcalc.layers.run import run_network
from convcalc.limits import Limits
from convcalc.request.edited import with_input_text
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve

FILES = {
    "gradient": """
input: [[10, 20, 30], [20, 40, 60], [30, 60, 90], [5, 1, 7]]
kernel: sobel-x
padding: 1
""",
    "turned": """
input: [[1, 2, 3, 4], [5, 6, 7, 8], [9, 8, 7, 6]]
kernel: [[1, 2], [3, 5]]
flip: true
stride: [1, 2]
boundary: reflect
padding: 1
""",
    "channels": """
input: {random: [4, 5, 6], seed: 1, low: 0, high: 9}
kernel: {random: [6, 2, 3, 3], seed: 2, low: -3, high: 3}
groups: 2
bias: [1, 2, 3, 4, 5, 6]
""",
    "apart": """
input: {random: [3, 4, 4], seed: 1, low: 0, high: 9}
kernel: box
depthwise: true
boundary: circular
padding: same
""",
    "line": """
input: [[1, 2, 3, 2, 4], [2, 3, 4, 1, 2], [3, 4, 5, 1, 2]]
kernel: [1, 0, -1]
""",
    "cube": """
input: {random: [2, 4, 5, 6], seed: 3, low: 0, high: 9}
dims: 3
kernel: {random: [3, 2, 2, 2, 3], seed: 3, low: -2, high: 3}
stride: [1, 2, 1]
padding: [[1, 0], [0, 1], [1, 1]]
boundary: replicate
""",
    "batch": """
input: [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[1, 0, 3], [4, -5, 6], [7, 8, 1/9]]]]
kernel: {name: box, scale: 1/3}
dtype: exact
boundary: {constant: 7}
padding: 1
""",
    "odd": """
input: [[1, inf, 2.5], [nan, 1e300, 3], [0.1, 2, 3]]
kernel: [[1, 0.5], [0, -1]]
""",
    "network": """
title: several layers
input: {random: [2, 8, 8], seed: 1, low: 0, high: 9}
layers:
  - conv: {weight: [sobel-x, sobel-y, box], padding: 1, name: edges}
  - relu
  - max-pool: 2
  - depthwise-separable: {out_channels: 2, kernel_size: 3, padding: 1}
  - relu
  - add: depthwise-separable1
  - flatten
  - linear: 3
weights: {random: 0}
""",
}
ALONE = [name for name in FILES if name != "network"]
EXACT = [name for name in ALONE if name != "odd"]
"""Where no infinity hides what a cell depends on."""


def opened(folder: Path, text: str, number: int = 0, **flags: str) -> Session:
    """The session of a problem file."""
    path = folder / "problem.yaml"
    path.write_text(text, encoding="utf-8")
    words = read_request(str(path)).override(**flags)
    network = resolve(words)
    return open_session(words, network, Context(network.dtype), number)


def whole(session: Session) -> np.ndarray:
    """The output of the layer that is looked at, as run computes it."""
    network = session.scene.network
    context = session.scene.context
    with unwarned():
        return run_network(network, network.input(), session.look.number, context).output


def plane_of(session: Session, pane: Pane) -> Plane:
    """One of the grids."""
    return next(each for each in planes(session) if each.pane is pane)


def texts(plane: Plane) -> dict[tuple[int, int], str]:
    """All texts of a grid by row and column."""
    spans = plane.spans(plane.rows, plane.columns)
    places = product(plane.rows, plane.columns)
    return dict(zip(places, (span.text for row in spans for span in row), strict=True))


def same(one: Any, other: Any) -> bool:
    """Whether two arrays hold the same numbers, nan included."""
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape:
        return False
    return all(a == b or (a != a and b != b) for a, b in zip(one.flat, other.flat, strict=True))  # noqa: PLR0124


# What is seen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALONE)
def test_the_output_that_is_shown_is_that_of_run(tmp_path: Path, name: str) -> None:
    """Every cell of every plane, and the cell that is explained is lit."""
    session = opened(tmp_path, FILES[name])
    output = whole(session)
    for place in np.ndindex(output.shape[1:]):
        picked = session.picked(Pane.OUTPUT, tuple(map(int, place)))
        assert same(picked.scene.output_value(picked.look.output), output[(0, *place)])
        assert same(picked.explained.explanation.total, output[(0, *place)]) or output.dtype.kind == "f"
        lit = plane_of(picked, Pane.OUTPUT).lit
        assert list(lit) == [((0, 0, *place)[-2:] if len(place) == 2 else place[-2:])]


@pytest.mark.parametrize("name", EXACT)
def test_what_is_lit_in_the_input_is_what_changes_the_cell(tmp_path: Path, name: str) -> None:
    """An input cell inside the input is lit, or is the source of one that is, where the output depends on it."""
    session = opened(tmp_path, FILES[name])
    scene = session.scene
    assert scene.problem is not None
    for cell in [(0,) * len(scene.output_shape), tuple(size - 1 for size in scene.output_shape)]:
        picked = session.picked(Pane.OUTPUT, cell)
        channel = scene.problem.group_channels(cell[0]).start
        picked = picked.looking(picked.look.at(Pane.INPUT, (channel, *picked.look.input[1:])).at(Pane.OUTPUT, cell))
        plane = plane_of(picked, Pane.INPUT)
        reads = picked.explained.explanation.reads
        assert set(plane.lit) == set(product(*((range(1), *reads)[-2:])))
        assert len(plane.lit) == np.prod(scene.problem.kernel_size[-2:])
        assert set(plane.lit) <= set(product(plane.rows, plane.columns))


@pytest.mark.parametrize("name", [*EXACT, "network"])
def test_the_weights_of_an_input_cell_are_what_its_growth_adds(tmp_path: Path, name: str) -> None:
    """Picked in the input: every output cell that changes is lit, and its text ends with by how much it changes."""
    session = opened(tmp_path, FILES[name])
    cells = [(0,) * len(session.scene.input_shape), tuple(size - 1 for size in session.scene.input_shape)]
    for cell in cells:
        picked = session.picked(Pane.INPUT, cell)
        grown = picked.with_value(picked.value + 1)
        change = {
            place: b - a for (place, a), b in zip(np.ndenumerate(whole(picked)[0]), whole(grown)[0].flat, strict=True)
        }
        for channel, *leading in {place[:-2] if len(place) > 2 else place[:-1] for place in change}:
            there = (channel, *leading, *picked.look.output[1 + len(leading) :])
            seen = plane_of(picked.looking(picked.look.at(Pane.OUTPUT, there).at(Pane.INPUT, cell)), Pane.OUTPUT)
            for (row, column), text in texts(seen).items():
                by = change[(channel, *leading, row, column) if len(picked.look.output) > 2 else (channel, column)]
                assert by == 0 or (row, column) in seen.lit
                if (row, column) in seen.lit and not isinstance(by, float):
                    assert Fraction(text.partition("×")[2]) == by


def test_padding_has_its_values_and_stands_in_parentheses(tmp_path: Path) -> None:
    """Around the input lie the cells that the boundary gives, with negative numbers before it."""
    plane = plane_of(opened(tmp_path, FILES["turned"]), Pane.INPUT)
    assert (plane.rows, plane.columns) == (range(-1, 4), range(-1, 5))
    expected = np.pad([[1, 2, 3, 4], [5, 6, 7, 8], [9, 8, 7, 6]], 1, mode="reflect")
    shown = texts(plane)
    assert shown[(0, 0)] == "1"
    assert shown[(-1, -1)] == "(6)"
    assert [int(text.strip("()")) for text in shown.values()] == expected.reshape(-1).tolist()


def test_the_tap_under_the_cursor_points_at_its_cell(tmp_path: Path) -> None:
    """With the cursor in the kernel the cell of the window that it multiplies is marked."""
    session = opened(tmp_path, FILES["turned"]).picked(Pane.OUTPUT, (0, 1, 1)).picked(Pane.KERNEL, (1, 0))
    trace = session.explained.explanation
    plane = plane_of(session, Pane.INPUT)
    assert plane.has_cursor
    assert plane.cursor == (trace.reads[0][1], trace.reads[1][0])


def test_the_story_is_that_of_the_commands(tmp_path: Path) -> None:
    """Of an output cell what trace prints, of an input cell what uses prints."""
    session = opened(tmp_path, FILES["gradient"]).picked(Pane.OUTPUT, (0, 1, 1))
    assert "output[0, 1, 1] = " in copied_text(session)
    assert "equals the engine's output" in copied_text(session)
    lines = ["".join(span.text for span in line) for line in story_lines(session, 80, 9)]
    assert lines[0].startswith("output[0, 1, 1]")
    assert any("products" in line for line in lines)
    assert "reaches 9 of 12 output cells" in copied_text(session.picked(Pane.INPUT, (0, 1, 1)))


def test_a_large_output_is_computed_where_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No whole output is made; the cells are those of a run."""
    text = (
        "input: {random: [16, 96, 96], seed: 1, low: 0, high: 9}\nkernel: {random: [16, 16, 3, 3], seed: 2, high: 3}\n"
    )
    expected = whole(opened(tmp_path, text))
    monkeypatch.setattr(shown_module, "_AT_ONCE", 0.0)
    monkeypatch.setattr(shown_module, "compute", None)
    session = opened(tmp_path, text).picked(Pane.OUTPUT, (3, 40, 50))
    assert not session.scene.shown.is_whole
    lines = list(GridView().lines(plane_of(session, Pane.OUTPUT), 40, 12, is_focused=True))
    assert len(lines) == 12
    assert session.scene.output_value((3, 40, 50)) == expected[0, 3, 40, 50]
    block = session.scene.shown.block((0, 3), range(38, 48), range(47, 52))
    assert same(block, expected[0, 3, 38:48, 47:52])
    assert same(session.scene.shown.plane((0, 3)), expected[0, 3])
    assert session.scene.shown.dtype == object or np.dtype(session.scene.shown.dtype).kind == "i"


# What is changed ---------------------------------------------------------------------------------------------------


def test_an_edited_weight_and_an_edited_cell_change_the_output(tmp_path: Path) -> None:
    """At once, as if the file had said so."""
    session = opened(tmp_path, FILES["gradient"])
    image, weight = session.scene.problem.input.copy(), session.scene.problem.weight.copy()
    session = session.picked(Pane.INPUT, (0, 2, 1)).with_value(-7)
    image[0, 0, 2, 1] = -7
    assert same(whole(session), convcalc.conv(image, weight, padding=1))
    session = session.picked(Pane.KERNEL, (1, 2)).with_value(100)
    weight[0, 0, 1, 2] = 100
    assert same(whole(session), convcalc.conv(image, weight, padding=1))
    assert texts(plane_of(session, Pane.KERNEL))[(1, 2)] == "100"


def test_a_weight_of_a_turned_kernel_is_edited_where_it_is_seen(tmp_path: Path) -> None:
    """The kernel is shown as it lies on the input; what is written is turned back."""
    session = opened(tmp_path, FILES["turned"]).picked(Pane.KERNEL, (0, 1))
    assert session.value == 3
    session = session.with_value(50)
    assert session.scene.problem.weight[0, 0].tolist() == [[1, 2], [50, 5]]
    assert texts(plane_of(session, Pane.KERNEL))[(0, 1)] == "50"


@pytest.mark.parametrize("number", [Fraction(1, 7), 0.25, 10**30, 300, -1])
def test_any_number_may_take_the_place_of_another(tmp_path: Path, number: Any) -> None:
    """The numbers around it stay what they are."""
    session = opened(tmp_path, FILES["gradient"]).picked(Pane.INPUT, (0, 0, 0)).with_value(number)
    assert session.value == number
    assert session.scene.input_value((0, 3, 2)) == 7
    assert session.undone().value == 10


SETTING_CASES = [
    ("stride", 1, {"stride": 2}),
    ("padding", 1, {"padding": 2}),
    ("padding", -1, {"padding": 0}),
    ("dilation", 1, {"dilation": 2, "padding": 2}),
    ("boundary", 1, {"boundary": "reflect"}),
    ("boundary", -1, {"boundary": "circular"}),
    ("flip", 1, {"flip": True}),
]


@pytest.mark.parametrize(("name", "step", "arguments"), SETTING_CASES)
def test_a_setting_is_what_it_is_everywhere(tmp_path: Path, name: str, step: int, arguments: dict[str, Any]) -> None:
    """One step of a key gives what conv gives with that argument."""
    session = opened(tmp_path, FILES["gradient"])
    if name == "dilation":
        session = session.stepped("padding", 1)
    problem = session.scene.problem
    session = session.stepped(name, step)
    assert same(whole(session), convcalc.conv(problem.input, problem.weight, **{"padding": 1, **arguments}))


def test_groups_go_round_those_that_fit(tmp_path: Path) -> None:
    """Filters of 2 channels on 4 fit 2 groups alone; kernels by name fit any number that divides the channels."""
    session = opened(tmp_path, FILES["channels"])
    with pytest.raises(ConvcalcError):
        session.stepped("groups", 1)
    box = "{random: [6, 2, 3, 3], seed: 2, low: -3, high: 3}"
    session = opened(
        tmp_path,
        FILES["channels"].replace(box, "[box, sobel-x, box, sobel-y]").replace("1, 2, 3, 4, 5, 6", "1, 2, 3, 4"),
    )
    assert [session.stepped("groups", step).scene.problem.groups for step in (1, -1)] == [4, 1]
    apart = opened(tmp_path, FILES["apart"])
    assert apart.scene.problem.groups == 3
    assert apart.stepped("depthwise", 1).scene.problem.groups == 1
    assert apart.stepped("depthwise", 1).stepped("depthwise", 1).scene.problem.groups == 3


def test_a_kernel_by_its_name(tmp_path: Path) -> None:
    """Another size changes the output's; a name that is none changes nothing."""
    session = opened(tmp_path, FILES["gradient"])
    assert subtitle(session.with_kernel("box:5")) == "4×3 → 2×1, stride 1, padding 1 (zeros)"
    with pytest.raises(ConvcalcError, match="unknown kernel 'nothing'"):
        session.with_kernel("nothing")
    with pytest.raises(ConvcalcError):
        session.with_kernel("box:9")
    found = offers(session)
    assert {"sobel-x", "prewitt-x"} <= {offer.name for offer in found("edge")}
    assert found("sobel-x")[0].name == "sobel-x"
    assert found("no such words") == []


@pytest.mark.parametrize("name", [*FILES])
def test_every_setting_either_changes_or_says_why_not(tmp_path: Path, name: str) -> None:
    """Each of them, both ways, on every kind of problem; the session before is untouched."""
    session = opened(tmp_path, FILES[name])
    before = whole(session)
    for setting, step in product(SETTINGS, (1, -1)):
        try:
            after = session.stepped(setting, step)
        except ConvcalcError as error:
            assert error.message
            continue
        assert len(after.past) == len(session.past) + 1
        assert same(whole(after.undone()), before)
    assert same(whole(session), before)


def test_what_is_computed_cannot_be_edited(tmp_path: Path) -> None:
    """An output, and what a layer gets from another."""
    session = opened(tmp_path, FILES["network"])
    with pytest.raises(UsageError, match="computed"):
        session.picked(Pane.OUTPUT, (0, 0, 0)).with_value(1)
    with pytest.raises(UsageError, match="computed"):
        session.at_layer(2).picked(Pane.INPUT, (0, 0, 0)).with_value(1)
    with pytest.raises(UsageError, match="nothing was changed"):
        session.undone()


def test_what_there_is_not_is_refused(tmp_path: Path) -> None:
    """A sample beyond the last, a cell of an addition."""
    session = opened(tmp_path, FILES["batch"])
    with pytest.raises(FieldError, match="there is no sample 2"):
        session.looking(replace(session.look, sample=2))
    assert session.at_sample(9).look.sample == 1
    added = opened(tmp_path, FILES["network"]).at_layer(6).picked(Pane.INPUT, (0, 0, 0))
    assert added.scene.stage.layer.kind == "add"
    assert "takes several layers" in copied_text(added)
    assert plane_of(added, Pane.OUTPUT).lit == {}
    bounded = opened(tmp_path, "input: [[1, 2], [3, 4]]\nkernel: [[1]]\nboundary: reflect\n")
    assert subtitle(bounded) == "2×2 → 2×2, stride 1, no padding, boundary reflect"


def test_undo_goes_back_step_by_step(tmp_path: Path) -> None:
    """To the very first, with the cursor where it was."""
    first = opened(tmp_path, FILES["gradient"])
    session, kept = first, []
    for change in (
        lambda each: each.stepped("padding", 1),
        lambda each: each.picked(Pane.INPUT, (0, 3, 2)).with_value(4),
        lambda each: each.with_kernel("box"),
        lambda each: each.picked(Pane.KERNEL, (0, 0)).with_value(9),
    ):
        kept.append((whole(session), session.look.output))
        session = change(session)
    for output, cell in reversed(kept):
        session = session.undone()
        assert same(whole(session), output)
        assert session.look.output == cell
    assert session.past == ()


# Networks ----------------------------------------------------------------------------------------------------------


def test_every_layer_shows_what_it_gets_and_gives(tmp_path: Path) -> None:
    """Each layer's numbers are those of a run that keeps all; each picked cell has its explanation."""
    session = opened(tmp_path, FILES["network"])
    network = session.scene.network
    kept = run_network(network, network.input(), len(network.stages) - 1, session.scene.context, keep=True).kept
    for number, output in kept.items():
        there = session.at_layer(number)
        assert there.look.number == number
        assert there.scene.output_value(there.look.output) == output[(0, *there.look.output)]
        assert there.explained.explanation.agrees(there.scene.output_value(there.look.output), output.dtype)
        assert planes(there)
        planes(there.picked(Pane.INPUT, (0,) * len(there.scene.input_shape)))
        assert story_lines(there.picked(Pane.INPUT, (0,) * len(there.scene.input_shape)), 80, 9)


def test_a_layer_is_changed_by_itself(tmp_path: Path) -> None:
    """Stride of a pool, weight of a convolution; what follows from them does."""
    session = opened(tmp_path, FILES["network"])
    with pytest.raises(ConvcalcError, match="has no flip"):
        session.at_layer(2).stepped("flip", 1)
    edited = session.picked(Pane.KERNEL, (1, 1)).with_value(5)
    assert edited.scene.problem.weight[0, 0, 1, 1] == 5
    last = edited.at_layer(len(edited.layers) - 1)
    assert not same(whole(last), whole(session.at_layer(len(session.layers) - 1)))
    two = session.at_layer(3)
    with pytest.raises(FieldError, match="written as two"):
        two.stepped("padding", 1)


def test_a_model_is_explored_too(tmp_path: Path) -> None:
    """Its input, the settings and the weights of one layer are changed; saving it is refused in a sentence."""
    models = pytest.importorskip("onnx_models")
    nodes = [models.node("Conv", "x", "w", "b", to="c", name="edges"), models.node("Relu", "c", to="y")]
    model = models.model_of(nodes, (1, 2, 6, 6), {"w": models.numbers(3, 2, 3, 3), "b": models.numbers(3)})
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    context = Context()
    words = read_request(str(tmp_path / "m.onnx"), context)
    text = "{arange: [2, 6, 6]}"
    network = resolve(words, context, input_text=text)
    session = open_session(with_input_text(words, text, 2), network, context, 0)
    assert same(session.stepped("stride", 1).undone().explained.output, session.explained.output)
    strided = session.stepped("padding", 1).stepped("stride", 1)
    assert strided.scene.output_shape == (3, 3, 3)
    assert strided.at_layer(1).scene.output_shape == (3, 3, 3)
    edited = session.picked(Pane.INPUT, (1, 2, 2)).with_value(100)
    assert edited.scene.input_value((1, 2, 2)) == 100
    with pytest.raises(UsageError, match="model"):
        session.saved(str(tmp_path / "m.yaml"))


def test_weights_of_a_model_are_edited(tmp_path: Path) -> None:
    """One number changes and nothing else, also of groups and beside a bias, in the type of the model; back by undo."""
    models = pytest.importorskip("onnx_models")
    weights = {"w": models.numbers(4, 2, 3, 3), "b": models.numbers(4), "v": models.numbers(4, 2, 2, 2)}
    nodes = [models.node("Conv", "x", "w", "b", to="c", name="one"), models.node("Conv", "c", "v", to="y", group=2)]
    (tmp_path / "m.onnx").write_bytes(models.model_of(nodes, (1, 2, 6, 6), weights).SerializeToString())
    context, text = Context(), "{arange: [2, 6, 6]}"
    words = read_request(str(tmp_path / "m.onnx"), context)
    network = resolve(words, context, input_text=text)
    session = open_session(with_input_text(words, text, 2), network, context, 0)
    for number, name in ((0, "w"), (1, "v")):
        there = session.at_layer(number).picked(Pane.OUTPUT, (1, 0, 1)).picked(Pane.KERNEL, (1, 0))
        assert same(whole(there.with_value(there.value)), whole(there))
        edited = there.with_value(0.25)
        wanted = weights[name].copy()
        wanted[1, there.weight_cell[1], 1, 0] = 0.25
        assert same(edited.scene.problem.weight, wanted)
        assert edited.scene.shown.dtype == there.scene.shown.dtype == "float32"
        assert edited.scene.problem.bias == there.scene.problem.bias
        assert not same(whole(edited), whole(there))
        assert same(whole(edited.undone()), whole(there))
    with pytest.raises(UsageError, match="one layer is changed at a time"):
        edited.at_layer(0).picked(Pane.KERNEL, (0, 0)).with_value(1)


def test_a_model_of_one_convolution_has_settings_too(tmp_path: Path) -> None:
    """One layer of a model is changed at a time; a setting and the same setting back give the numbers from before."""
    models = pytest.importorskip("onnx_models")
    weight = {"w": models.numbers(3, 2, 3, 3), "v": models.numbers(1, 3, 1, 1)}
    one = models.node("Conv", "x", "w", to="c", name="first")
    two = models.node("Conv", "c", "v", to="y", name="second")
    context = Context()
    for nodes in ([one], [one, two]):
        (tmp_path / "m.onnx").write_bytes(models.model_of(nodes, (1, 2, 6, 6), weight).SerializeToString())
        words = read_request(str(tmp_path / "m.onnx"), context)
        network = resolve(words, context, input_text="{arange: [2, 6, 6]}")
        session = open_session(with_input_text(words, "{arange: [2, 6, 6]}", 2), network, context, 0)
        changed = session.stepped("padding", 1)
        assert changed.scene.output_shape == (3, 6, 6)
        assert same(whole(changed.stepped("padding", -1)), whole(session))
    with pytest.raises(UsageError, match="one layer is changed at a time, here first"):
        changed.at_layer(1).stepped("padding", 1)


def test_an_edit_below_reaches_the_layers_above(tmp_path: Path) -> None:
    """Also those that were looked at before, and back again by undo."""
    session = opened(tmp_path, FILES["network"])
    last = len(session.layers) - 1
    edited = session.at_layer(last).at_layer(0).picked(Pane.KERNEL, (1, 1)).with_value(5)
    there, back = edited.at_layer(last), edited.at_layer(last).undone().at_layer(last)
    for each in (there, back):
        cells = [each.scene.output_value((place,)) for place in range(3)]
        assert same(cells, whole(each)[0])
    assert not same(whole(there), whole(back))


def test_a_grid_scrolls_no_further_than_it_must(tmp_path: Path) -> None:
    """One row beyond its end it goes on by one; what is lit is seen from its beginning."""
    session = opened(tmp_path, "input: {random: [40, 40], seed: 1, low: 0, high: 9}\nkernel: box\n")
    view = GridView()
    places = []
    for row in (0, 6, 7, 8, 30, 29, 23):
        plane = plane_of(session.picked(Pane.OUTPUT, (0, row, 0)), Pane.OUTPUT)
        view.follow(plane, 10, 30, is_focused=True)
        places.append(view.first[0])
    assert places == [0, 0, 1, 2, 24, 24, 23]
    session = session.picked(Pane.OUTPUT, (0, 20, 20))
    seen = GridView()
    seen.follow(plane_of(session, Pane.INPUT), 10, 30, is_focused=False)
    assert seen.first[0] == 16
    list(seen.lines(plane_of(session, Pane.INPUT), 30, 10, is_focused=False))
    assert set(product(range(20, 23), range(20, 23))) <= set(
        product(range(seen.first[0], sum_of(seen, 0)), range(seen.first[1], sum_of(seen, 1)))
    )


def sum_of(view: GridView, axis: int) -> int:
    """The first row, or column, behind those that are seen."""
    return view.first[axis] + view.size[axis]


def test_a_frame_in_a_picture_is_where_its_cells_are(tmp_path: Path) -> None:
    """What is drawn in its middle is the cell that is lit."""
    session = opened(tmp_path, "input: {random: [300, 200], seed: 1, low: 0, high: 9}\nkernel: box\n")
    for cell in ((0, 0, 0), (0, 150, 100), (0, 297, 197)):
        plane = plane_of(session.picked(Pane.OUTPUT, cell), Pane.OUTPUT)
        for zoom in (Zoom.WHOLE, Zoom.PIXELS):
            canvas = canvas_of(plane, zoom, (max(0, cell[1] - 5), max(0, cell[2] - 5)), 40, 20)
            assert plane.box
            frame = canvas.frame(*plane.box)
            assert frame
            top, bottom, left, right = frame
            place = canvas.place_at((left + right) // 2, (top + bottom) // 2)
            down, across = canvas.step
            assert place
            assert abs(place[0] - cell[1]) <= 3 * down + 1
            assert abs(place[1] - cell[2]) <= 3 * across


# What is kept ------------------------------------------------------------------------------------------------------


def saved_again(session: Session, folder: Path) -> Session:
    """What is read of the file that a session saves."""
    path = folder / "saved.yaml"
    session.saved(str(path), force=True)
    words = read_request(str(path))
    network = resolve(words)
    return open_session(words, network, Context(network.dtype), session.look.number)


def changed_at_random(session: Session, chosen: random.Random) -> Session:
    """One change of a number, a setting or the kernel; raises if it is refused."""
    way, pane = chosen.choice(["numbers", "settings", "kernel"]), chosen.choice([Pane.INPUT, Pane.KERNEL])
    if way == "numbers":
        shape = session.scene.input_shape if pane is Pane.INPUT else session.scene.taps
        cell = tuple(chosen.randrange(size) for size in shape)
        return session.picked(pane, cell).with_value(chosen.choice([3, 0.5, Fraction(1, 3)]))
    if way == "settings":
        return session.stepped(chosen.choice(SETTINGS), chosen.choice([1, -1]))
    return session.with_kernel(chosen.choice(["box", "sharpen", "roberts-x"]))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*FILES])
def test_what_is_saved_gives_the_same_numbers(tmp_path: Path, name: str, seed: int) -> None:
    """After any changes: the same output in the same type, read from another folder."""
    chosen = random.Random(f"{name} {seed}")
    session = opened(tmp_path, FILES[name])
    for _ in range(8):
        try:
            session = changed_at_random(session, chosen)
        except ConvcalcError:
            continue
    (tmp_path / "elsewhere").mkdir()
    again = saved_again(session, tmp_path / "elsewhere")
    assert same(whole(again), whole(session))
    assert whole(again).dtype == whole(session).dtype


def test_names_stay_names_and_paths_lead_to_the_same_files(tmp_path: Path) -> None:
    """A kernel by name, an input by file, from another folder; a kernel that was edited is written out."""
    np.save(tmp_path / "cells.npy", np.arange(12, dtype="float32").reshape(3, 4))
    session = opened(tmp_path, "title: yes\ninput: {file: cells.npy}\nkernel: sobel-x+rotate:45\nexpect: [[1]]\n")
    (tmp_path / "sub").mkdir()
    session.stepped("padding", 1).saved(str(tmp_path / "sub" / "a.yaml"))
    text = (tmp_path / "sub" / "a.yaml").read_text(encoding="utf-8")
    assert "input: {file: ../cells.npy}" in text
    assert "kernel: sobel-x+rotate:45" in text
    assert "expect" not in text
    assert "title: 'yes'" in text
    edited = session.picked(Pane.KERNEL, (0, 0)).with_value(4)
    again = saved_again(edited, tmp_path / "sub")
    assert same(whole(again), whole(edited))
    assert whole(again).dtype == np.float32


def test_an_unchanged_session_is_saved_as_it_was_read(tmp_path: Path) -> None:
    """With what is expected of it."""
    session = opened(
        tmp_path,
        "input: [[1, 2], [3, 4]]\ndims: 2\nkernel: [[1/2, 0], [0, sqrt(2)/2]]\nexpect: [[3.3284271247461903]]\n",
    )
    session.saved(str(tmp_path / "b.yaml"))
    text = (tmp_path / "b.yaml").read_text(encoding="utf-8")
    assert "expect" in text
    assert "[1/2, 0]" in text


def test_words_and_paths_of_all_kinds_are_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Truths in any spelling, texts in quotes, kernels in files by themselves and beside a scale, numbers of a file."""
    np.save(tmp_path / "k.npy", np.ones((2, 2), int))
    np.save(tmp_path / "x.npy", np.arange(12).reshape(3, 4))
    (tmp_path / "sub").mkdir()
    for text in (
        "input: {file: x.npy}\nkernel: ./k.npy\nflip: Yes\ndims: 2\n",
        "input: {file: x.npy}\nkernel: {file: k.npy, scale: '1/4'}\nflip: off\ndims: 2\ntitle: 'true'\n",
    ):
        session = opened(tmp_path, text)
        assert same(whole(saved_again(session, tmp_path / "sub")), whole(session))
    monkeypatch.chdir(tmp_path)
    np.savez("many.npz", one=np.eye(4), other=np.ones((4, 4)))
    for name in ("x.npy", "many.npz:other"):
        words = read_request(name)
        session = open_session(words, resolve(words), Context(), 0)
        assert same(whole(saved_again(session, tmp_path / "sub")), whole(session))
        assert f"../{name}" in (tmp_path / "sub" / "saved.yaml").read_text(encoding="utf-8")


def test_numbers_from_standard_input_are_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no file that a path could lead to."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"1,2,3\n4,5,6\n7,8,9\n")))
    words = read_request("-")
    session = open_session(words, resolve(words), Context(), 0)
    assert same(whole(saved_again(session, tmp_path)), whole(session))
    assert "[4, 5, 6]" in (tmp_path / "saved.yaml").read_text(encoding="utf-8")


def test_float32_stays_float32(tmp_path: Path) -> None:
    """Also where its numbers are written out: of an input and of a weight, alone and in a network."""
    np.save(tmp_path / "x.npy", np.arange(16, dtype="float32").reshape(1, 4, 4) / 7)
    for text in (
        "input: {file: x.npy}\nkernel: box\n",
        "input: {file: x.npy}\nlayers: [conv: {weight: box}, relu]\n",
    ):
        session = opened(tmp_path, text)
        for edited in (
            session.picked(Pane.INPUT, (0, 1, 1)).with_value(0.1),
            session.picked(Pane.KERNEL, (1, 1)).with_value(0.3),
        ):
            again = saved_again(edited, tmp_path)
            assert whole(again).dtype == whole(edited).dtype == np.float32
            assert same(whole(again), whole(edited))


def test_a_file_is_replaced_only_if_asked(tmp_path: Path) -> None:
    """And a folder that is not there is told."""
    session = opened(tmp_path, FILES["gradient"])
    session.saved(str(tmp_path / "c.yaml"))
    with pytest.raises(OutputError, match="exists already"):
        session.saved(str(tmp_path / "c.yaml"))
    with pytest.raises(OutputError, match="no folder"):
        session.saved(str(tmp_path / "none" / "c.yaml"))


def test_flags_that_change_a_layer_are_part_of_what_is_saved(tmp_path: Path) -> None:
    """And can be changed on."""
    path = tmp_path / "net.yaml"
    path.write_text(FILES["network"], encoding="utf-8")
    words = read_request(str(path)).override("edges", stride="2", depthwise=True, kernel=["sobel-x", "box"])
    network = resolve(words)
    session = open_session(words, network, Context(network.dtype), 0)
    assert session.scene.stage.layer.settings["groups"] == 2
    assert session.scene.stage.layer.settings["stride"] == (2, 2)
    assert session.stepped("padding", 1).scene.stage.layer.settings["stride"] == (2, 2)
    assert saved_again(session, tmp_path).scene.stage.layer.settings["stride"] == (2, 2)


def test_a_limit_refuses_a_change_before_it_is_made(tmp_path: Path) -> None:
    """The session before stays."""
    path = tmp_path / "problem.yaml"
    path.write_text("input: {random: [64, 64], seed: 1}\nkernel: box\n", encoding="utf-8")
    context = Context(own_limits=Limits().override("memory=1GiB"))
    words = read_request(str(path), context)
    session = open_session(words, resolve(words, context), context, 0)
    with pytest.raises(ConvcalcError):
        session.changed({"padding": 100_000_000})
    assert session.past == ()
