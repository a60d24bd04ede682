"""Figures as SVG: every number in its place and inside its box, nothing over anything else, nothing foreign alive."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise, product
from math import isfinite, isnan, prod
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import CASES, KINDS, Case, Kind, kinds_of, problem_of
from conftest import CommandLine
from convcalc import Problem, build_problem, compute, trace_at
from convcalc.errors import OutputError
from convcalc.geometry.axis import Axis
from convcalc.picture.colours import DIVERGING_ON_WHITE, SEQUENTIAL
from convcalc.problem import Labels
from convcalc.render.svg.document import svg_lines, svg_text
from convcalc.render.svg.layout import page_of
from convcalc.render.svg.marks import Bar, Box, Dots, Group, Page, Raster, Tile, Words
from convcalc.render.svg.measure import broken, text_width
from convcalc.render.svg.palette import FRAMES, PAPER, WORDS, fill, ink
from convcalc.render.svg.panel import style_of
from convcalc.report.arrays.figure import Cell, Figure, Panel, PanelKind, Sign, shown, shown_cells, shown_taps
from convcalc.report.run.figure import check_run_figure, run_figure
from convcalc.report.trace.figure import trace_figure
from test_properties import ALL, Drawn, drawn, few

SVG = "{http://www.w3.org/2000/svg}"
CLOSE = 0.02
"""Pixels: coordinates are written to two decimals."""


# Figures made, drawn and read back -----------------------------------------------------------------------------------


def kind_of(case: Case) -> Kind:
    """One kind of numbers for each case, so that all kinds have their turn."""
    kinds = kinds_of(case)
    return kinds[CASES.index(case) % len(kinds)]


class Told(NamedTuple):
    """A problem with the trace of one cell, and its figure."""

    problem: Problem
    trace: Any
    output: Any
    figure: Figure


def told(problem: Problem, seed: int = 0) -> Told:
    """The figure of a cell that a seed picks."""
    rng = np.random.default_rng(seed)
    sample, channel, *position = (int(rng.integers(0, size)) for size in problem.output_shape)
    trace = trace_at(problem, position, channel, sample)
    output = compute(problem).output[(sample, channel, *position)]
    output = output.item() if isinstance(output, np.generic) else output
    return Told(problem, trace, output, trace_figure(trace, output))


@dataclass
class Drawing:
    """What a parser finds in a panel of a document."""

    kind: str
    captions: list[str]
    texts: dict[tuple[int, ...], str]
    """The number in each cell that has a place."""
    numbers: list[str]
    """All that is written in cells, in lines put together."""


def parsed(figure: Figure) -> ElementTree.Element:
    """The document, read by an XML parser."""
    return ElementTree.fromstring(svg_text(figure).encode())


def panels(root: ElementTree.Element) -> list[Drawing]:
    """The panels of a document in their order."""
    return [_drawing(group) for group in root.iter(f"{SVG}g") if group.get("data-panel")]


def _drawing(group: ElementTree.Element) -> Drawing:
    found = Drawing(group.get("data-panel") or "", [], {}, [])
    cell: ElementTree.Element | None = None
    for element in group:
        if element.tag == f"{SVG}rect":
            is_cell = "data-outline" not in element.attrib
            cell = element if is_cell else None
            if is_cell:
                found.numbers.append("")
                place = element.get("data-cell")
                if place:
                    found.texts[tuple(map(int, place.split(",")))] = ""
        elif element.tag == f"{SVG}text" and cell is None:
            found.captions.append(element.text or "")
        elif element.tag == f"{SVG}text":
            found.numbers[-1] += element.text or ""
            if cell.get("data-cell"):
                found.texts[list(found.texts)[-1]] += element.text or ""
        else:
            cell = None
    return found


def number(text: str) -> Any:
    """The number that a text shows."""
    assert "-" not in text, "a hyphen instead of a minus sign"
    text = text.replace("−", "-")
    return Fraction(text) if re.fullmatch(r"-?\d+(/\d+)?", text) else float(text)


def assert_shows(text: str, value: Any, digits: int = 6) -> None:
    """The text is the number: exactly if that is exact, otherwise to so many digits."""
    shown = number(text)
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and isfinite(value):
        np.testing.assert_allclose(float(shown), value, rtol=0.51 * 10.0 ** (1 - digits), atol=0)
    elif isinstance(value, float):
        assert isnan(float(shown)) if isnan(value) else float(shown) == value
    else:
        assert shown == value


# Every number ------------------------------------------------------------------------------------------------------

TRACED = [case for case in CASES if case.input[0]]
MOST_SLICES, MOST_CHANNELS, LARGEST, END_TAPS, MOST_TAPS = 4, 8, 5, 4, 9


def taps_shown(size: int) -> list[int]:
    """The taps of an axis that a figure has to show."""
    return [tap for tap in range(size) if size <= MOST_TAPS or tap < END_TAPS or tap >= size - END_TAPS]


def assert_tells(made: Told) -> None:
    """The document has every number of the trace where it should be, and adds up to the output."""
    trace, sizes = made.trace, made.problem.kernel_size
    channels = list(trace.channels)
    if len(channels) > MOST_CHANNELS:
        channels = sorted(channels, key=lambda each: abs(each.subtotal), reverse=True)[:LARGEST]
    drawings = iter(panels(parsed(made.figure)))
    slices = list(product(*map(range, sizes[:-2])))[:MOST_SLICES]
    shown = list(product(*map(taps_shown, sizes[-2:])))
    for channel in channels:
        for leading in slices:
            window, kernel, products = (next(drawings) for _ in range(3))
            assert (window.kind, kernel.kind, products.kind) == ("input", "kernel", "products")
            places = [(*leading, *tap) for tap in shown]
            assert list(kernel.texts) == list(products.texts) == places
            for tap in places:
                read = tuple(reads[index] for reads, index in zip(trace.reads, tap, strict=True))
                assert_shows(window.texts[read], channel.window[tap])
                assert_shows(kernel.texts[tap], channel.weight[tap])
                assert_shows(products.texts[tap], channel.products[tap])
        subtotal = next(drawings)
        assert subtotal.captions == ["subtotal"]
        assert_shows(subtotal.numbers[0], channel.subtotal, 10)
    assert_adds_up(made, channels, list(drawings))


def assert_adds_up(made: Told, channels: list[Any], row: list[Drawing]) -> None:
    """The last row has the subtotals, the scale, the bias and the total, which are the output, and its place."""
    trace = made.trace
    *terms, total, output = row
    assert (total.kind, output.kind) == ("total", "output")
    assert_shows(total.numbers[0], trace.total, 10)
    assert {place: text for place, text in output.texts.items() if text} == {trace.position: total.numbers[0]}
    values = {" ".join(term.captions).replace("\xa0", " "): number(term.numbers[0]) for term in terms}
    bias, scale, together = values.pop("bias"), values.pop("scale", Fraction(1)), values.pop("sum", None)
    assert len(values) == len(channels) + (len(channels) < len(trace.channels))
    np.testing.assert_allclose(float(bias), float(trace.bias), rtol=1e-9)
    assert scale == trace.scale
    if all(isinstance(value, Fraction) for value in values.values()):
        assert together in (None, sum(values.values()))
        exact = sum(values.values()) * scale + bias
        assert exact == number(total.numbers[0]) or float(exact) == pytest.approx(float(made.output), rel=1e-9)


@pytest.mark.parametrize("case", TRACED, ids=str)
def test_every_number_of_a_trace_is_in_its_place(case: Case) -> None:
    """Window, kernel, products, subtotals, scale, bias and total of a parsed document are those of the trace."""
    assert_tells(told(problem_of(case, kind_of(case)), CASES.index(case)))


@few
@given(drawn(ALL), st.integers(0, 99))
def test_every_number_of_a_made_up_trace_is_in_its_place(made_up: Drawn, seed: int) -> None:
    """The same with problems made up by Hypothesis; and each text in its box."""
    made = told(made_up.problem(), seed)
    assert_tells(made)
    assert_in_order(page_of(made.figure))


SMALL = [case for case in CASES if sum(map(prod, (case.input, case.weight))) < 400 and case.input[-1] < 25]


@pytest.mark.parametrize("case", SMALL, ids=str)
def test_every_number_of_a_run_is_in_its_place(case: Case) -> None:
    """Input, kernel as it is applied, and output of a parsed document are those of the run, all channels of them."""
    problem = problem_of(case, KINDS[CASES.index(case) % 5])
    output = compute(problem).output
    root = parsed(run_figure(problem, output))
    arrays = {"input": problem.input, "kernel": problem.applied_weight, "output": output}
    found: dict[str, list[Drawing]] = {name: [] for name in arrays}
    for drawing in panels(root):
        found[drawing.kind].append(drawing)
    # the output's rows go by channel, then by sample
    arrays["output"] = output.swapaxes(0, 1)
    for name, values in arrays.items():
        matrices = values.reshape(-1, *values.shape[max(2, values.ndim - 2) :])
        assert len(found[name]) == len(matrices)
        for drawing, matrix in zip(found[name], matrices, strict=True):
            assert len(drawing.texts) == matrix.size
            for place, text in drawing.texts.items():
                assert_shows(text, matrix[place[max(0, len(place) - 2) :]])


@pytest.mark.parametrize("boundary", ["zeros", "reflect", 7])
def test_the_cells_under_the_taps_are_marked(boundary: Any) -> None:
    """With dilation 2 the window's frame holds 25 cells, the 9 under the taps are filled; padding is dashed."""
    problem = build_problem(
        np.arange(25).reshape(1, 1, 5, 5), np.ones((1, 1, 3, 3), int), dilation=2, padding=2, boundary=boundary
    )
    trace = trace_at(problem, (0, 1))
    page = page_of(trace_figure(trace, 0))
    tiles = [mark for mark in page.groups[2].marks if isinstance(mark, Tile)]
    marked = {tile.cell.place for tile in tiles if tile.cell.is_marked}
    assert marked == set(product((-2, 0, 2), (-1, 1, 3)))
    assert len(tiles) == 81
    assert {tile.cell.place for tile in tiles if not tile.cell.is_padded} == set(product(range(5), range(5)))
    root = parsed(trace_figure(trace, 0))
    frames = {each.get("data-outline"): each for each in root.iter(f"{SVG}rect") if each.get("data-outline")}
    assert set(frames) == {"window", "border"}
    corners = [tile.box for tile in tiles if tile.cell.place in ((-2, -1), (2, 3))]
    wanted = (corners[0].x, corners[0].y, corners[1].right - corners[0].x, corners[1].bottom - corners[0].y)
    frame = [float(frames["window"].get(name) or 0) for name in ("x", "y", "width", "height")]
    np.testing.assert_allclose(frame, wanted, atol=CLOSE)
    dashed = [each for each in root.iter(f"{SVG}rect") if each.get("stroke-dasharray") and each.get("data-cell")]
    assert len(dashed) == 81 - 25 + int(trace.padded.sum())


@pytest.mark.parametrize(
    ("stride", "position", "words", "columns"),
    [
        (1, (0, 0), None, None),
        (2, (0, 0), "dashed: the next window, 2 columns on", (2, 4)),
        ((1, 2), (1, 2), "dashed: the window before, 2 columns back", (2, 4)),
        ((3, 1), (0, 0), "dashed: the next window, 3 rows on", (0, 2)),
    ],
)
def test_the_stride_is_shown(stride: Any, position: Any, words: str | None, columns: Any) -> None:
    """Where the stride is not 1 a dashed frame shows the next window, or the one before, and words say which."""
    problem = build_problem(np.zeros((1, 1, 7, 7), int), np.ones((1, 1, 3, 3), int), stride=stride)
    panel = next(item for item in trace_figure(trace_at(problem, position), 0).rows[0] if isinstance(item, Panel))
    assert panel.footer == (words or "")
    assert [outline.columns for outline in panel.outlines if outline.kind == "next"] == [columns] * bool(columns)


@pytest.mark.parametrize("flip", [False, True])
def test_a_turned_kernel_is_said_to_be_turned(flip: bool) -> None:
    """The kernel is drawn as it lies on the window; its caption and the description say whether it is turned."""
    problem = build_problem(np.arange(4).reshape(1, 1, 4), np.array([[[1, 2]]]), flip=flip)
    root = parsed(told(problem).figure)
    kernel = panels(root)[1]
    assert list(kernel.texts.values()) == (["2", "1"] if flip else ["1", "2"])
    assert ("turned by 180°" in " ".join(kernel.captions).replace("\xa0", " ")) is flip
    assert ("kernel turned by 180°" in (root.findtext(f"{SVG}desc") or "")) is flip


# Boxes -------------------------------------------------------------------------------------------------------------


def inside(inner: Box, outer: Box) -> bool:
    """Whether one box lies in another."""
    return (
        inner.x >= outer.x - CLOSE
        and inner.y >= outer.y - CLOSE
        and inner.right <= outer.right + CLOSE
        and inner.bottom <= outer.bottom + CLOSE
    )


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share more than an edge."""
    return (
        min(one.right, other.right) - max(one.x, other.x) > CLOSE
        and min(one.bottom, other.bottom) - max(one.y, other.y) > CLOSE
    )


def extent(words: Words) -> Box:
    """What a text takes at most, where it is drawn."""
    x = words.box.middle[0] - words.width / 2 if words.is_centred else words.box.x
    return words.box._replace(x=x, width=words.width)


def assert_in_order(page: Page) -> None:
    """Groups lie on the page and apart, their marks in them and apart, numbers in their cells."""
    whole = Box(0, 0, page.width, page.height)
    for group in page.groups:
        assert inside(group.box, whole)
    for one, other in combinations(page.groups, 2):
        assert not overlap(one.box, other.box), (one.kind, other.kind)
    for group in page.groups:
        _assert_group_in_order(group)


def _assert_group_in_order(group: Group) -> None:
    words = [extent(mark) for mark in group.marks if isinstance(mark, Words)]
    tiles = [mark.box for mark in group.marks if isinstance(mark, Tile | Dots | Raster)]
    for box in (*words, *tiles):
        assert inside(box, group.box), (box, group.box)
    for one, other in combinations(words, 2):
        assert not overlap(one, other)
    edges = sorted({(box.x, box.right) for box in tiles}), sorted({(box.y, box.bottom) for box in tiles})
    for spans in edges:  # columns and rows one after the other: cells of different ones are apart
        assert all(before[1] <= after[0] + CLOSE for before, after in pairwise(spans))
    assert len(set(tiles)) == len(tiles)
    if tiles:
        grid = Box(edges[0][0][0], edges[1][0][0], edges[0][-1][1] - edges[0][0][0], edges[1][-1][1] - edges[1][0][0])
        assert not any(overlap(box, grid) for box in words)
    for tile in group.marks:
        lines = [extent(line) for line in tile.lines] if isinstance(tile, Tile) else []
        assert all(inside(line, tile.box) for line in lines)
        assert not any(overlap(one, other) for one, other in combinations(lines, 2))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_overlaps(case: Case) -> None:
    """In the figures of every case all groups, captions, labels and cells are apart, and each number in its cell."""
    problem = problem_of(case, kind_of(case))
    if problem.batch:
        assert_in_order(page_of(told(problem, CASES.index(case)).figure))
    assert_in_order(page_of(run_figure(problem, compute(problem).output)))


LONG = [
    np.array([[10**40 + 1, -(10**99), 3]], dtype=object),
    np.array([[Fraction(10**30, 10**31 - 1), Fraction(-1, 3), 5]], dtype=object),
    np.array([[1.23456789e-300, -9.87654321e299, 0.1]]),
    np.array([[np.nan, np.inf, -np.inf]]),
    np.array([[-0.0, 123456.789, 1e-7]]),
]


@pytest.mark.parametrize("values", LONG, ids=["integers", "fractions", "magnitudes", "not-finite", "floats"])
def test_long_numbers_stay_in_their_boxes(values: Any) -> None:
    """Numbers of a hundred digits, fractions, extreme floats, inf and nan: whole, inside their cells, on a page."""
    problem = build_problem(values[None], np.array([[[1, 7]]]))
    made = told(problem)
    assert_in_order(page_of(made.figure))
    assert page_of(made.figure).width < 1200
    assert_tells(made)
    output = compute(problem).output
    assert_in_order(page_of(run_figure(problem, output)))
    shown = [text for drawing in panels(parsed(run_figure(problem, output))) for text in drawing.texts.values()]
    for text, value in zip(shown, [*problem.input.flat, 1, 7, *output.flat], strict=True):
        assert_shows(text, value)


# The advance widths of Helvetica, in thousandths of an em, from the space to the tilde (Adobe's font metrics).
HELVETICA = [
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556,) * 10,
    *(278, 278, 584, 584, 584, 556, 1015),
    *(667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833),
    *(722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611),
    *(278, 278, 278, 469, 556, 333),
    *(556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833),
    *(556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500),
    *(334, 260, 334, 584),
]
# Those of DejaVu Sans, which are Verdana's too, for what numbers are made of.
DEJAVU = dict.fromkeys("0123456789", 636) | {".": 318, "/": 337, "−": 838, "e": 615, "+": 838, "×": 838, "i": 278}


def test_widths_are_those_of_no_narrow_font() -> None:
    """The table of widths is not less than what Helvetica, Arial and DejaVu Sans take."""
    for code, width in enumerate(HELVETICA, start=32):
        assert text_width(chr(code), 1000) >= width, chr(code)
    for character, width in DEJAVU.items():
        assert text_width(character, 1000) >= width, character
    assert text_width("ab", 10, bold=True) > text_width("ab", 10) == text_width("a", 10) + text_width("b", 10)


@given(st.text(), st.floats(1, 300), st.floats(1, 30))
def test_broken_lines_fit_and_lose_nothing(text: str, width: float, size: float) -> None:
    """Text is broken into lines that fit, unless one character is wider, and only spaces are lost."""
    lines = broken(text, width, size)
    assert all(text_width(line, size) <= width or len(line) == 1 for line in lines)
    spaced = text.isascii() and text.isprintable()
    assert not spaced or "".join(lines).replace(" ", "") == text.replace(" ", "")


# Cuts --------------------------------------------------------------------------------------------------------------


@few
@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 9), st.integers(1, 9), st.integers(0, 40), st.data())
def test_cut_axes_show_every_cell_that_matters(
    size: int, taps: int, stride: int, dilation: int, padding: int, data: st.DataObject
) -> None:
    """Shown cells ascend inside the padded axis, every shown tap has its cell, marks stand for two cells or more."""
    after = padding + max(0, dilation * (taps - 1) + 1 - size - 2 * padding)
    axis = Axis(size, taps, stride, dilation, padding, after)
    reads = axis.reads(data.draw(st.integers(0, axis.output_size - 1)))
    cells = shown_cells(axis, reads)
    known = [cell for cell in cells if cell is not None]
    assert known == sorted(set(known))
    assert set(known) <= set(range(-padding, size + after))
    assert {reads[tap] for tap in shown_taps(taps) if tap is not None} <= set(known)
    assert len(cells) <= 60
    padded = [-padding - 1, *cells, size + after]
    for before, cell, behind in zip(padded, padded[1:], padded[2:], strict=False):
        if cell is None:
            assert None not in (before, behind)
            assert behind - before > 2
        elif before is not None:
            assert cell == before + 1


def test_cuts_are_marked_where_two_cells_or_more_are_left_out() -> None:
    """A lone cell between others is shown, since it takes no more room than a mark."""
    assert shown(range(-2, 9), [0, 1, 3, 6]) == (None, 0, 1, 2, 3, None, 6, None)
    assert shown(range(-2, 9), [-1, 7]) == (-2, -1, None, 7, 8)


@cache
def photograph() -> Problem:
    """A problem too large to be shown whole."""
    return build_problem(np.arange(400 * 300).reshape(1, 1, 400, 300) % 251, np.ones((1, 1, 15, 3), int))


def test_a_large_input_is_cut_around_the_window() -> None:
    """Of 400×300 cells those around the window are drawn, with dots for the rest, and its frame spans the cut."""
    figure = trace_figure(trace_at(photograph(), (100, 200)), 0)
    page = page_of(figure)
    window = page.groups[2]
    places = [mark.cell.place for mark in window.marks if isinstance(mark, Tile)]
    rows = [98, 99, 100, 101, 102, 103, 111, 112, 113, 114, 115, 116]
    assert places == list(product(rows, range(198, 205)))
    dots = [mark for mark in window.marks if isinstance(mark, Dots)]
    assert len(dots) == 3 * 9 + 2 * 12
    assert {(mark.is_across, mark.is_down) for mark in dots} == {(True, False), (False, True), (True, True)}
    assert_in_order(page)
    assert "45 products in all" in svg_text(figure)


# The document ------------------------------------------------------------------------------------------------------

ATTRIBUTES = {
    "svg": {"viewBox", "width", "height", "role", "font-family", "font-size"},
    "title": set(),
    "desc": set(),
    "g": {"data-panel", "shape-rendering"},
    "rect": {"x", "y", "width", "height", "fill", "stroke", "stroke-width", "stroke-dasharray", "data-cell",
             "data-outline"},
    "text": {"x", "y", "font-size", "fill", "text-anchor", "font-weight", "font-style", "textLength", "lengthAdjust"},
    "path": {"fill", "d"},
    "circle": {"cx", "cy", "r", "fill"},
}  # fmt: skip


def assert_inert(root: ElementTree.Element) -> None:
    """Only shapes and texts with attributes that name colours and numbers: no script, style, link or reference."""
    for element in root.iter():
        name = element.tag.removeprefix(SVG)
        assert set(element.attrib) <= ATTRIBUTES[name], name
        assert all(re.fullmatch(r"[\w ,.#−MhvzM-]*", value) for value in element.attrib.values()), element.attrib


@cache
def small_photograph() -> Problem:
    """A problem too large for numbers and small enough for colours."""
    return build_problem(np.arange(60 * 50).reshape(1, 1, 60, 50) // 3 % 7, np.array([[[[-1, 2]]]]))


def figures() -> Iterator[Figure]:
    """A figure of each sort."""
    for name in ("everything", "3d", "2d", "flip-2d", "1d", "constant-fraction"):
        case = next(case for case in CASES if case.name == name)
        problem = problem_of(case, kind_of(case))
        yield told(problem).figure
        yield run_figure(problem, compute(problem).output)
    yield run_figure(small_photograph(), compute(small_photograph()).output)


@pytest.mark.parametrize("figure", list(figures()))
def test_documents_are_plain_svg(figure: Figure) -> None:
    """Title, description, a viewBox and a white page come first; then shapes and texts alone."""
    root = parsed(figure)
    assert root.tag == f"{SVG}svg"
    assert_inert(root)
    assert [child.tag for child in root][:3] == [f"{SVG}title", f"{SVG}desc", f"{SVG}rect"]
    assert root.findtext(f"{SVG}title") == figure.title
    assert root.findtext(f"{SVG}desc") == figure.description
    assert root.get("role") == "img"
    left, top, width, height = map(float, (root.get("viewBox") or "").split())
    paper = root[2].attrib
    assert (left, top, paper["fill"]) == (0, 0, "#ffffff")
    assert (float(paper["width"]), float(paper["height"])) == (width, height)
    text = svg_text(figure)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert text == svg_text(figure)


FOREIGN = [
    "</text></svg><script>alert(1)</script>",
    "\x1b]0;pwned\x07\x1b[2J",
    "\u202eabc",
    "a&b<c>\"d'e &amp; ]]> <!-- -->",
    "\ufffe\uffff\x00\x0b\x7f\x85\ud800",
    "W" * 200,
    "漢字" * 40,
    "![x](http://x) $\\input{x}$ =cmd|'/c calc'!A1",
]


@pytest.mark.parametrize("name", FOREIGN, ids=range(len(FOREIGN)))
def test_foreign_names_are_inert(name: str) -> None:
    """Whatever a title or a kernel is called, the document is valid, shows it as text, and keeps it in its box."""
    labels = Labels(title=name, kernels=(name, name))
    problem = build_problem(np.arange(4).reshape(1, 1, 4), np.array([[[1, 2]], [[3, 4]]]), labels=labels)
    shown = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in name)
    for figure in (told(problem).figure, run_figure(problem, compute(problem).output)):
        root = parsed(figure)
        assert_inert(root)
        page = page_of(figure)
        assert_in_order(page)
        texts = "".join(element.text or "" for element in root.iter(f"{SVG}text"))
        wanted, found = (re.sub(r"[\s\xa0]", "", text) for text in (shown, texts))
        assert wanted in found
        for group in page.groups:
            for words in (mark for mark in group.marks if isinstance(mark, Words)):
                assert group.box.x - CLOSE <= words.box.x
                assert words.box.x + words.width <= group.box.right + CLOSE


def test_letters_of_unknown_width_are_made_to_fit() -> None:
    """A text in letters that the table lacks is drawn as wide as the layout takes it to be; others as they are."""
    figure = Figure("漢字", "plain", ((Sign("+"),),))
    title, description, _ = (element for element in parsed(figure).iter(f"{SVG}text"))
    width = text_width("漢字", float(title.get("font-size") or 0), bold=True)
    assert float(title.get("textLength") or 0) == pytest.approx(width, abs=CLOSE)
    assert description.get("textLength") is None


# Colours -----------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.1 of a colour such as #ff0000."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    ]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(one: str, other: str) -> float:
    """The contrast of WCAG 2.1 of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_numbers_stand_out_from_every_colour() -> None:
    """On all 256 levels of both scales, and on the colours of all cells without a level, the contrast is 4.5 to 1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for is_diverging, level in product((False, True), range(256)):
        cell = Cell("1", level=level)
        background = fill(PanelKind.INPUT, cell, is_diverging=is_diverging)
        scale = DIVERGING_ON_WHITE if is_diverging else SEQUENTIAL
        assert background == "#{:02x}{:02x}{:02x}".format(*scale[level])
        for style in WORDS:
            assert contrast(ink(cell, style, is_diverging=is_diverging), background) >= 4.5
    assert all(contrast(colour, PAPER) >= 4.5 for colour in WORDS.values())
    assert all(contrast(stroke.colour, PAPER) >= 3 for stroke in FRAMES.values())  # WCAG 1.4.11
    for kind, is_padded in product(PanelKind, (False, True)):
        for is_marked in {False, kind in (PanelKind.INPUT, PanelKind.TOTAL, PanelKind.OUTPUT)}:
            cell = Cell("1", (), is_marked, is_padded)
            style = style_of(kind, cell)
            background = fill(kind, cell, is_diverging=False)
            assert contrast(ink(cell, style, is_diverging=False), background) >= 4.5


def test_zero_is_all_but_white_on_the_diverging_scale() -> None:
    """Negative values are blue, positive ones orange, the darker the larger; 0 in between is nearly the paper."""
    low, middle, high = (DIVERGING_ON_WHITE[level] for level in (0, 127, 255))
    assert low[2] > low[0]
    assert high[0] > high[2]
    assert min(middle) > 240
    bright = [luminance("#" + bytes(colour).hex()) for colour in DIVERGING_ON_WHITE[::15]]
    assert bright[:9] == sorted(bright[:9])
    assert bright[9:] == sorted(bright[9:], reverse=True)


def test_every_cell_has_the_colour_of_its_value() -> None:
    """In a document of colours alone the rectangles put together again are the levels of the values."""
    problem = small_photograph()
    output = compute(problem).output
    root = parsed(run_figure(problem, output))
    for kind, values, scale in (("input", problem.input, SEQUENTIAL), ("output", output, DIVERGING_ON_WHITE)):
        plane = values[0, 0]
        group = next(each for each in root.iter(f"{SVG}g") if each.get("data-panel") == kind)
        colours = np.full(plane.shape, "", dtype=object)
        frame = list(group.iter(f"{SVG}rect"))[-1]
        left, top, width, height = (float(frame.get(name) or 0) for name in ("x", "y", "width", "height"))
        side = width / plane.shape[1]
        assert height / plane.shape[0] == pytest.approx(side)
        for path in group.iter(f"{SVG}path"):
            for x, y, across, down in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z", path.get("d") or ""):
                row, column = round((float(y) - top) / side), round((float(x) - left) / side)
                assert float(down) == pytest.approx(side, abs=CLOSE)
                assert not colours[row, column : column + round(float(across) / side)].any()
                colours[row, column : column + round(float(across) / side)] = path.get("fill")
        reach = max(abs(int(plane.min())), int(plane.max()))
        low = -reach if plane.min() < 0 else plane.min()
        levels = np.rint((plane - low) / (plane.max() if low >= 0 else 2 * reach) * 255).astype(int)
        if low >= 0:
            levels = np.rint((plane - low) / (plane.max() - low) * 255).astype(int)
        exact = np.array([["#" + bytes(scale[level]).hex() for level in row] for row in levels])
        np.testing.assert_array_equal(colours, exact)


# The commands ------------------------------------------------------------------------------------------------------

FILE = "input: [[1, 2, 3], [4, 5, 6]]\ndims: 2\nkernel: [[1, -1]]\n"


def test_figures_are_saved_by_run_trace_and_kernels(cli: CommandLine) -> None:
    """Each command writes its figure whole, says so, and says what the colours stand for."""
    cli.write({"f.yaml": FILE})
    for argv, message in {
        ("run", "f.yaml", "-o", "run.svg"): "wrote run.svg: colours: input 1 to 6, kernel -1 to 1, output -1 to 1\n",
        ("trace", "f.yaml", "--pos", "1,0", "-o", "trace.SVG"): "wrote trace.SVG\n",
        ("kernels", "sobel-x", "-o", "kernel.svg"): "wrote kernel.svg: colours: kernel -2 to 2\n",
    }.items():
        done = cli.run(*argv)
        assert (done.code, done.err) == (0, message)
        assert done.out
        assert_inert(ElementTree.fromstring(cli.files()[argv[-1]]))
    assert sorted(cli.files()) == ["f.yaml", "kernel.svg", "run.svg", "trace.SVG"]
    assert cli.run("run", "f.yaml", "-o", "quiet.svg", "-q") == (0, "", "")


def test_an_existing_file_stays_whole(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure replaces a file only with --force, and not when drawing or writing it fails."""
    cli.write({"f.yaml": FILE, "old.svg": "old"})
    done = cli.run("trace", "f.yaml", "--pos", "0,0", "-o", "old.svg")
    assert (done.code, done.err) == (1, "error: old.svg exists already\nhint: --force replaces it\n")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("convcalc.files.whole_file.os.fsync", full)
        done = cli.run("trace", "f.yaml", "--pos", "0,0", "-o", "old.svg", "--force")
    assert (done.code, done.err) == (1, "error: cannot write old.svg: No space left on device\n")
    assert cli.files() == {"f.yaml": FILE.encode(), "old.svg": b"old"}
    assert cli.run("trace", "f.yaml", "--pos", "0,0", "-o", "old.svg", "--force", "-q").code == 0
    assert cli.files()["old.svg"].startswith(b"<?xml")


REFUSED = [
    (
        ("run", "--padding", "200", "-o", "f.svg"),
        1,
        "error: an SVG draws at most 100,000 cells; input, kernel and output have 162,443\nhint: save it as .png\n",
    ),
    (
        ("run", "wide.yaml", "-o", "f.svg"),
        1,
        "error: an SVG draws at most 400 channels and slices; input, kernel and output have 450\n"
        "hint: save it as .npy\n",
    ),
    (
        ("trace", "--all", "-o", "f.svg"),
        2,
        "error: a figure shows one output cell\n"
        "hint: one --pos; save many traces as .pdf, .html, .md, .tex, .txt, .json or .csv\n",
    ),
    (
        ("trace", "--pos", "0,0", "--pos", "1,1", "-o", "f.svg"),
        2,
        "error: a figure shows one output cell\n"
        "hint: one --pos; save many traces as .pdf, .html, .md, .tex, .txt, .json or .csv\n",
    ),
    (
        ("kernels", "-o", "f.svg"),
        1,
        "error: nothing is saved here as '.svg'\nhint: one of: .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf\n",
    ),
    (
        ("kernels", "box:400", "-o", "f.svg"),
        1,
        "error: an SVG draws at most 100,000 cells; the kernel has 160,000\nhint: save it as .json\n",
    ),
    (
        ("run", "huge.yaml", "-o", "f.svg"),
        1,
        "error: values beyond the range of floats make no image\nhint: save it as .json\n",
    ),
]


@pytest.mark.parametrize(("argv", "code", "message"), REFUSED, ids=range(len(REFUSED)))
def test_refusals(cli: CommandLine, argv: tuple[str, ...], code: int, message: str) -> None:
    """What no figure can show is refused with what is needed, and nothing is written."""
    files = {
        "wide.yaml": "input: {zeros: [150, 2]}\ndims: 1\nkernel: [1]\ndepthwise: true\n",
        "huge.yaml": f"input: [{10**400}, 1]\nkernel: [1]\n",
    }
    cli.write(files)
    done = cli.run(*argv)
    assert (done.code, done.err) == (code, message)
    assert sorted(cli.files()) == sorted(files)


def test_the_size_is_refused_before_anything_is_computed(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure that would be too large costs no convolution."""
    monkeypatch.setattr("convcalc.cli.progress.run_shown", lambda *_, **__: pytest.fail("it was computed"))
    assert cli.run("run", "--padding", "200", "-o", "f.svg").code == 1


def test_limits_are_the_stated_ones() -> None:
    """100,000 cells are drawn, one more is not."""
    largest = build_problem(np.zeros((1, 1, 50_000), np.uint8), np.ones((1, 1, 1), int))
    with pytest.raises(OutputError, match="100,001"):
        check_run_figure(largest)
    check_run_figure(build_problem(np.zeros((1, 1, 49_999), np.uint8), np.ones((1, 1, 1), int), padding=((0, 1),)))


@pytest.mark.slow
def test_only_figures_load_what_draws_them() -> None:
    """A run that draws nothing loads neither the room of SVG nor the colours."""
    program = (
        "import sys\nfrom convcalc.cli.app import run_app\n"
        "sys.argv = ['convcalc', 'run', '-q']\nrun_app()\n"
        "print(*[name for name in sys.modules if 'svg' in name or 'figure' in name.removeprefix('convcalc.cli.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "convcalc.cli.output.figures"


def test_lines_are_written_one_element_each() -> None:
    """The document can be read and compared line by line: every line is one tag, or opens or closes one."""
    lines = list(svg_lines(page_of(told(small_photograph()).figure)))
    assert all(line.count("<") <= 2 for line in lines)


def test_a_constant_array_has_no_scale_of_colours() -> None:
    """Its number is said instead."""
    cells = np.ones((1, 1, 3, 3), np.int64)
    problem = build_problem(cells, np.array([[[[1, 2]]]]))
    page = page_of(run_figure(problem, compute(problem).output))
    bars = [mark for group in page.groups for mark in group.marks if isinstance(mark, Bar)]
    words = [mark.text for group in page.groups for mark in group.marks if isinstance(mark, Words)]
    assert len(bars) == 1
    assert {"input: all 1", "output: all 3"} <= set(words)
