"""Animations: every step shows what is read and makes the numbers of the run; files open again step by step."""

from __future__ import annotations

import io
import json
import re
from itertools import pairwise, product
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.context import STANDARD
from convcalc.geometry.axis import Axis
from convcalc.layers.explainer import Explainer
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS
from convcalc.render.svg.layout import pages_of
from convcalc.report.animation.frame import Animation
from convcalc.report.animation.report import animation_of, frame_blocks, frame_figure
from convcalc.report.arrays.figure import Panel, PanelKind, hyphenated, page, page_of_cells
from layer_cases import NUMBERS, Case, drawn, small_cases

SVG = "{http://www.w3.org/2000/svg}"


class Made:
    """A layer of a case with its animation, and what the layer makes of the same numbers."""

    def __init__(self, case: Case, numbers: str = "whole", start: int = 0) -> None:
        self.layer = case.layer()
        inputs, self.values = drawn(self.layer, NUMBERS[numbers].draw, 1)
        self.cells = inputs[0]
        stage = Stage("it", self.layer, (INPUT,) * len(case.shapes), lambda: self.values)
        network = Network(self.layer.input_shape, (stage,))
        self.output = network.stages[0].compute([self.cells] * len(case.shapes))[1]
        explainer = Explainer(network, self.cells, 0, STANDARD, sample=1)
        self.animation = animation_of(explainer, 1, range(self.layer.output_shape[0]), start)


def panels(frame: Any, *kinds: PanelKind) -> list[Panel]:
    """The panels of some kinds in their order."""
    return [item for row in frame.rows for item in row if isinstance(item, Panel) and item.kind in kinds]


def texts(panel: Panel) -> dict[tuple[int, ...], str]:
    """What stands in every cell of a panel that has a place."""
    return {cell.place: hyphenated(cell.text) for row in panel.cells for cell in row if cell}


def marked(panel: Panel) -> set[tuple[int, ...]]:
    """The places of a panel that are marked."""
    return {cell.place for row in panel.cells for cell in row if cell and cell.is_marked}


SLIDING = [
    case
    for case in small_cases(*KINDS)
    if case.kind not in ("transposed-conv", "div") and len(set(case.shapes)) == 1  # all inputs are the same one
]
STAMPED = small_cases("transposed-conv")


@pytest.mark.parametrize("case", SLIDING, ids=str)
def test_every_step_makes_the_cells_of_the_run(case: Case) -> None:
    """Each output cell comes once, in its place, with the number that the layer makes of it."""
    made = Made(case, "float64")
    found = {}
    for number in range(made.animation.count):
        frame = made.animation.frame(number)
        for change in frame.changes:
            assert change.cell not in found
            assert change.is_complete
            found[change.cell] = change.value
    assert found.keys() == set(np.ndindex(made.output.shape))
    assert all(value == made.output[cell] for cell, value in found.items())


@pytest.mark.parametrize("case", SLIDING, ids=str)
def test_the_output_fills_row_by_row(case: Case) -> None:
    """Numbers stand where steps have been, the newest is marked, and all other cells are empty."""
    made = Made(case)
    spatial = made.output.ndim > 1
    for number in sorted({0, made.animation.count // 2, made.animation.count - 1}):
        for later in range(number + 1):
            frame = made.animation.frame(later)
        for channel, panel in enumerate(panels(frame, PanelKind.OUTPUT)):
            assert marked(panel) == {frame.place}
            for place, text in texts(panel).items():
                value = made.output[(channel, *place) if spatial else place].item()
                assert bool(text) == (place <= frame.place)
                assert not text or float(text) == pytest.approx(float(value), rel=1e-5)


WINDOWS = [case for case in SLIDING if isinstance(case.layer(), Convolution | Pool)]


@pytest.mark.parametrize("case", WINDOWS, ids=str)
def test_the_window_lies_where_the_taps_are(case: Case) -> None:
    """The marked cells are those of nested loops: position × stride − before + tap × dilation, padding included."""
    made = Made(case)
    axes: list[Axis] = list(made.layer.axes)
    for number in range(made.animation.count):
        frame = made.animation.frame(number)
        read = [
            {at * axis.stride - axis.before + tap * axis.dilation for tap in range(axis.kernel_size)}
            for axis, at in zip(axes, frame.place, strict=True)
        ]
        inside = [{index for index in each if 0 <= index < axis.size} for each, axis in zip(read, axes, strict=True)]
        for panel in panels(frame, PanelKind.INPUT):
            rank = len(axes)
            across = [each[-rank:] for each in marked(panel)]
            leading = {place[: rank - 2] for place in across} if rank > 2 else {()}
            assert len(leading) == 1
            last = read[-2:]
            assert {place[-2:] for place in across} == set(product(*last))
            if isinstance(made.layer, Pool) and rank > 2:
                assert next(iter(leading))[0] in inside[0]


def test_cells_outside_the_input_are_padded() -> None:
    """They have the boundary's numbers, and are marked as padding in the panel and in the text."""
    made = Made(Case("conv", ((1, 4, 3),), {"out_channels": 1, "kernel_size": 3, "padding": 1, "boundary": "circular"}))
    frame = made.animation.frame(0)
    (panel,) = panels(frame, PanelKind.INPUT)
    for row in panel.cells:
        for cell in row:
            assert cell
            down, across = cell.place
            assert hyphenated(cell.text) == str(made.cells[1, 0, down % 4, across % 3])
            assert cell.is_padded == (not (0 <= down < 4 and 0 <= across < 3))
    (flow,) = [block for block in frame_blocks(frame) if hasattr(block, "items")]
    assert flow.items[0].cells[0][0].text == f"[({made.cells[1, 0, 3, 2]})]"


def stamped(made: Made, number: int) -> Any:
    """The output after some steps of a transposed convolution: loops over taps, on NumPy's whole numbers."""
    layer = made.layer
    assert isinstance(layer, TransposedConvolution)
    bias = made.values.get("bias", np.zeros(layer.output_shape[0], int))
    output = np.zeros(layer.output_shape, int) + bias.reshape(-1, *(1,) * layer.rank)
    weight, groups = made.values["weight"], layer.counts.groups
    per_group = [layer.input_shape[0] // groups, layer.output_shape[0] // groups]
    for place in [*np.ndindex(layer.spatial_size)][: number + 1]:
        for source, out, taps in product(
            range(layer.input_shape[0]), range(per_group[1]), np.ndindex(weight.shape[2:])
        ):
            target = tuple(
                at * axis.stride + tap * axis.dilation - axis.before
                for at, tap, axis in zip(place, taps, layer.axes, strict=True)
            )
            if all(0 <= at < axis.output_size for at, axis in zip(target, layer.axes, strict=True)):
                channel = source // per_group[0] * per_group[1] + out
                output[(channel, *target)] += made.cells[(1, source, *place)] * weight[(source, out, *taps)]
    return output


@pytest.mark.parametrize("case", STAMPED, ids=str)
def test_stamps_add_up(case: Case) -> None:
    """After each step the output holds what the input cells so far have written; at the end it is the run's."""
    made = Made(case)
    before = stamped(made, -1)
    for number in range(made.animation.count):
        frame, now = made.animation.frame(number), stamped(made, number)
        changed = {change.cell: change for change in frame.changes}
        assert {tuple(map(int, cell)) for cell in np.argwhere(now != before)} <= changed.keys()
        for cell, change in changed.items():
            assert (change.value, change.added) == (now[cell], now[cell] - before[cell])
            assert change.is_complete == (change.value == made.output[cell]) or change.value == made.output[cell]
        for panel in panels(frame, PanelKind.OUTPUT):
            assert all(not text or int(text) in now for text in texts(panel).values())
        before = now
    np.testing.assert_array_equal(before, made.output)


@pytest.mark.parametrize("case", STAMPED[:3], ids=str)
def test_a_stamp_is_the_kernel_times_a_cell(case: Case) -> None:
    """Of each input channel; what would be written outside the output is left empty."""
    made = Made(case)
    for number in range(made.animation.count):
        frame = made.animation.frame(number)
        rows = [[item for item in row if isinstance(item, Panel)] for row in frame.rows]
        for source, kernel, stamp, *_ in rows:
            (cell,) = [each for row in source.cells for each in row if each and each.is_marked]
            weights = texts(kernel)
            for place, text in texts(stamp).items():
                assert not text or int(text) == int(hyphenated(cell.text)) * int(weights[place])


def test_going_back_shows_the_same_steps() -> None:
    """Whatever was asked for before, a step is the same; those of a later start leave the cells before it empty."""
    case = SLIDING[0]
    forward, other = Made(case), Made(case)
    steps = range(forward.animation.count)
    shown = [tuple(frame_blocks(forward.animation.frame(number))) for number in steps]
    assert [tuple(frame_blocks(other.animation.frame(number))) for number in reversed(steps)] == shown[::-1]
    late = Made(case, start=1).animation.frame(1)
    assert sum(bool(text) for text in texts(panels(late, PanelKind.OUTPUT)[0]).values()) == 1


def test_nothing_is_computed_that_is_not_shown(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps of a million cells explain two cells, and a page without --count says how many steps there are."""
    asked: list[Any] = []
    explain = Animation.explain
    monkeypatch.setattr(Animation, "explain", lambda self, cell: asked.append(cell) or explain(self, cell))
    cli.write({"f.yaml": "input: {arange: [1000, 1000]}\nkernel: box\ndims: 2\npadding: same\n"})
    assert cli.run("animate", "f.yaml", "--pos", "500,500", "--count", "2").code == 0
    assert asked == [(0, 500, 500), (0, 500, 501)]
    done = cli.run("animate", "f.yaml", "--format", "csv")
    assert len(asked) == 102
    assert done.err == "note: 100 of 1,000,000 steps; --pos and --count choose others\n"


@pytest.mark.parametrize("kernel", [1, 3, 8, 12, 20])
@pytest.mark.parametrize(("size", "dilation"), [(5, 1), (30, 1), (100, 3)])
def test_the_shown_cells_stay_while_the_window_moves(kernel: int, size: int, dilation: int) -> None:
    """Every tap is shown where there is room, and the cells change rarely: not with every step."""
    reach = (kernel - 1) * dilation + 1
    axis = Axis(size=size, kernel_size=kernel, dilation=dilation, before=reach, after=reach)
    shown = [page_of_cells(axis, axis.reads(at)) for at in range(axis.output_size)]
    for at, cells in enumerate(shown):
        assert cells[0] in (None, -axis.before)
        assert reach > 12 or set(axis.reads(at)) <= set(cells)
        assert len(cells) <= 60
    if reach < 8:
        assert sum(one != other for one, other in pairwise(shown)) <= len(shown) // 2


def test_pages_of_an_axis() -> None:
    """A short axis is whole; of a long one with many marks the first and the last are shown."""
    assert page(range(12), [3]) == tuple(range(12))
    assert page(range(40), [0]) == (*range(9), None)
    assert page(range(40), [39]) == (None, *range(31, 40))
    assert page(range(40), range(40)) == (0, 1, 2, 3, None, 36, 37, 38, 39)


# Data --------------------------------------------------------------------------------------------------------------


def test_json_has_every_step(cli: CommandLine) -> None:
    """Each with the cells that it changes and all their terms, which add up."""
    done = cli.run("animate", "--format", "json")
    document = json.loads(done.out)
    assert document["schema"] == "convcalc.frames/1"
    places = [list(each) for each in product(range(3), range(3))]
    assert [each["position"] for each in document["frames"]] == places
    for frame in document["frames"]:
        (cell,) = frame["cells"]
        assert sum(term["value"] * term["weight"] for term in cell["terms"]) == cell["value"] == cell["added"]


@pytest.mark.parametrize("suffix", ["txt", "md", "tex", "json", "yaml", "csv"])
def test_steps_are_saved_as_documents(cli: CommandLine, suffix: str) -> None:
    """As any report, by the suffix; nothing is printed."""
    done = cli.run("animate", "--count", "2", "-o", f"f.{suffix}")
    assert (done.code, done.out, done.err) == (0, "", f"wrote f.{suffix}\n")
    assert b"160" in cli.files()[f"f.{suffix}"]


# Files -------------------------------------------------------------------------------------------------------------

PADDED = ("--padding", "1", "--stride", "2", "--speed", "4")


def test_a_gif_opens_step_by_step(cli: CommandLine) -> None:
    """As many frames as steps, for as long as they are seen, without end; the window is where it should be."""
    images = pytest.importorskip("PIL.Image")
    assert cli.run("animate", *PADDED, "-o", "f.gif").code == 0
    with images.open(io.BytesIO(cli.files()["f.gif"])) as image:
        assert (image.n_frames, image.info["loop"]) == (9, 0)
        durations, windows = [], []
        for number in range(image.n_frames):
            image.seek(number)
            durations.append(image.info["duration"])
            pixels = np.asarray(image.convert("RGB")).astype(int)
            frame = np.argwhere((pixels == (0xC2, 0x41, 0x0C)).all(axis=2))
            windows.append(tuple(frame.min(axis=0)))
    assert durations == [250] * 8 + [2000]
    steps = sorted({row for row, _ in windows}), sorted({column for _, column in windows})
    assert windows == list(product(*steps))
    assert all(np.ptp(np.diff(each)) <= 1 for each in steps)  # two cells on, each time


def test_a_gif_holds_every_page_whole(cli: CommandLine) -> None:
    """What is left out of a frame since it does not change is there when it is opened: each is the page as drawn."""
    images = pytest.importorskip("PIL.Image")
    from convcalc.render.raster import gif_bytes, page_image

    made = Made(SLIDING[0])
    frames = [made.animation.frame(number) for number in range(made.animation.count)]
    pages = pages_of([frame_figure(made.animation, frame) for frame in frames])
    with images.open(io.BytesIO(gif_bytes(pages, [0.001] * len(pages)))) as image:
        assert image.n_frames == len(pages)
        for number, each in enumerate(pages):
            image.seek(number)
            assert image.info["duration"] == 20
            drawn_page = np.asarray(page_image(each, "", 1.0)).astype(int)
            shown = np.asarray(image.convert("RGB")).astype(int)
            assert abs(shown - drawn_page).max() < 90  # the edges of letters have the nearest of few colours
            assert (shown == drawn_page).all(axis=2).mean() > 0.94
            assert (shown[0, 0] == 255).all()
            assert not (shown == (255, 0, 255)).all(axis=2).any()


def test_a_gif_needs_pillow(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it there is a sentence that says what to install, and no file."""
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    done = cli.run("animate", "-o", "f.gif")
    assert (done.code, cli.files()) == (1, {})
    assert "drawing a GIF needs" in done.err
    assert "image" in done.err


LARGEST = {"svg": 4000, "gif": 6000}
"""Bytes of each step of a small problem, such as a teacher shows."""


@pytest.mark.parametrize("suffix", LARGEST)
def test_files_are_small(cli: CommandLine, suffix: str) -> None:
    """A step takes few thousand bytes; of a large input, whose cells move on, 12,000."""
    pytest.importorskip("PIL")
    cli.write({"f.yaml": "input: {arange: [40, 60]}\nkernel: {ones: [3, 3]}\ndims: 2\npadding: same\n"})
    assert cli.run("animate", "-o", f"small.{suffix}").code == 0
    assert cli.run("animate", "f.yaml", "--count", "60", "-o", f"large.{suffix}").code == 0
    files = cli.files()
    assert len(files[f"small.{suffix}"]) <= 9 * LARGEST[suffix]
    assert len(files[f"large.{suffix}"]) <= 60 * 12_000


def _svg(cli: CommandLine, *options: str) -> str:
    assert cli.run("animate", *options, "-o", "f.svg", "--force").code == 0
    return cli.files()["f.svg"].decode()


def test_an_svg_is_inert(cli: CommandLine) -> None:
    """Valid XML with a style sheet that reaches no other element: no script, no reference, every selector its own."""
    text = _svg(cli, *PADDED)
    root = ElementTree.fromstring(text.encode())
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "desc", "style", "rect", "g", "text"}
    assert not re.search(r"\bon\w+=|href|url\(|@import|javascript", text)
    sheet = root.find(f"{SVG}style")
    assert sheet is not None
    assert sheet.text
    name = root.get("class")
    assert re.fullmatch("c[0-9a-f]{8}", str(name))
    assert sheet.text.strip().startswith("@media (prefers-reduced-motion:no-preference){")
    for selector in re.findall(r"^([^@{}\n]+)\{", sheet.text, re.MULTILINE):
        assert selector.startswith(f".{name}")
    assert all(each.startswith(f"{name}-") for each in re.findall(r"@keyframes (\S+?)\{", sheet.text))
    assert name not in _svg(cli, "--kernel", "box")  # that of another file is another


def test_an_svg_draws_once_what_does_not_change(cli: CommandLine) -> None:
    """The kernel stands there once; of the nine output cells each number twice, as the newest and as an older one."""
    root = ElementTree.fromstring(_svg(cli, "--kernel", "[[7000]]", "--stride", "2").encode())
    written = [element.text for element in root.iter(f"{SVG}text")]
    assert written.count("7000") == 1
    assert written.count("630000") == 2  # 90 × 7000


def test_an_svg_without_style_sheets_shows_the_last_step(cli: CommandLine) -> None:
    """What other steps show is hidden by an attribute."""
    root = ElementTree.fromstring(_svg(cli).encode())
    seen: list[str] = []

    def look(element: Any) -> None:
        if element.get("visibility") != "hidden":
            seen.extend([element.text or ""] if element.tag == f"{SVG}text" else [])
            for each in element:
                look(each)

    look(root)
    assert "9 of 9: output row 2, column 2" in seen
    assert "1 of 9: output row 0, column 0" not in seen
    assert [seen.count(number) for number in ("240", "320")] == [3, 3]


def test_steps_with_more_and_fewer_panels_are_drawn() -> None:
    """Of a pool in three dimensions a window reads as many slices as are not padding: each is on its page."""
    made = Made(Case("max-pool", ((1, 5, 3, 3),), {"kernel_size": 3, "stride": 2, "padding": 1}))
    figures = [frame_figure(made.animation, made.animation.frame(number)) for number in range(made.animation.count)]
    drawn_on = [[group.kind for group in page.groups if group.kind] for page in pages_of(figures)]
    inputs = [2] * 4 + [3] * 4 + [2] * 4
    assert drawn_on == [[*[PanelKind.INPUT] * count, PanelKind.OUTPUT] for count in inputs]


def test_many_products_are_counted(cli: CommandLine) -> None:
    """Thirty are written out, so that a step fits on a screen."""
    cli.write({"f.yaml": "input: {ones: [8, 8]}\nkernel: {ones: [6, 6]}\ndims: 2\n"})
    page = " ".join(cli.run("animate", "f.yaml", "--count", "1").out.split())
    assert f"{' + '.join('1' * 30)} + … (36 products that are not 0) = 36" in page


def test_one_step_needs_no_style_sheet(cli: CommandLine) -> None:
    """It stands still."""
    assert "<style>" not in _svg(cli, "--count", "1")


def test_text_from_a_file_is_inert(cli: CommandLine) -> None:
    """Markup, codes of terminals and of Rich are shown as they are written, in every kind of output."""
    title = json.dumps('</text><script>alert(1)</script>[red]\x1b[31m\u202e"&')
    layer = '{relu: {name: "a[b]\\e[2J<i>"}}'
    cli.write({"f.yaml": f"title: {title}\ninput: [[[1, 2], [3, 4]]]\nlayers: [{layer}]\n"})
    text = _svg(cli, "f.yaml")
    ElementTree.fromstring(text.encode())
    assert "<script" not in text
    assert "<i>" not in text
    for form in ("table", "plain", "markdown", "json"):
        done = cli.run("animate", "f.yaml", "--format", form)
        assert done.code == 0
        assert "\x1b" not in done.out
    assert "a[b]\\x1b[2J<i>" in cli.run("animate", "f.yaml").out


# A browser ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Any:
    """Chromium, if there is one and something that drives it."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    import shutil

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("there is no Chromium")
    with driver.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


LOOK = """(time) => {
  for (const each of document.getAnimations()) { each.pause(); each.currentTime = time; }
  return [...document.querySelectorAll("text")].filter(e => getComputedStyle(e).visibility == "visible")
    .map(e => e.textContent);
}"""


@pytest.mark.slow
def test_an_svg_plays_in_a_browser(cli: CommandLine, browser: Any) -> None:
    """At every moment there is one step, the output as full as it should be; with less motion the last one stands."""
    text = _svg(cli, "--speed", "2")
    for motion in ("no-preference", "reduce"):
        view = browser.new_page(reduced_motion=motion)
        problems: list[Any] = []
        view.on("console", lambda message, found=problems: found.append(message.text))
        view.on("request", lambda request, found=problems: found.append(request.url))
        view.set_content(f"<body>{text[text.index('<svg') :]}<p class=t>outside</p></body>")
        for step in range(9):
            seen = view.evaluate(LOOK, 500 * step + 250)
            titles = [each for each in seen if " of 9: " in each]
            shown = step if motion == "no-preference" else 8
            assert titles == [f"{shown + 1} of 9: output row {shown // 3}, column {shown % 3}"]
            output = ["160"] * 3 + ["240"] * 3 + ["320"] * 3
            numbers = [each for each in seen if each in output]
            assert sorted(numbers) == sorted(["160", *output[: shown + 1]])  # one is a cell of the input
        assert view.evaluate("getComputedStyle(document.querySelector('p')).visibility") == "visible"
        assert problems == []
        view.close()
