"""The pages that people read: shown whole in ``golden/``, and laid out by rules that hold for any page."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from convcalc.render.boxes import ASCII, ROUNDED
from convcalc.render.layout import lines_of
from convcalc.render.lines import folded, stripped
from convcalc.render.terminal import print_blocks
from convcalc.report.blocks import Flow, Grid, Role, Sentence, Span, Table

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = Path(__file__).parents[1] / "examples"
WIDEST = 100

FILES = {
    "depthwise.yaml": "dims: 2\ninput: {arange: [3, 4, 4]}\nkernel: box\ndepthwise: true\n",
    "groups.yaml": "dims: 2\ninput: {arange: [4, 3, 3]}\nkernel: {arange: [2, 2, 2, 2]}\ngroups: 2\nbias: [1, -2]\n",
    "line.yaml": "title: A row of cells\ninput: [3, 1, 4, 1, 5, 9, 2, 6]\nkernel: [1, 0, -1]\npadding: same\n",
    "cube.yaml": (
        "title: A cube\ninput: {arange: [3, 4, 4]}\ndims: 3\nkernel: {ones: [2, 2, 2], scale: 1/8}\n"
        "stride: [1, 2, 1]\nbias: -1/2\n"
    ),
    "deep.yaml": "dims: 3\ninput: {arange: [6, 3, 3]}\nkernel: {arange: [5, 2, 2]}\n",
    "misfit.yaml": "input: [1, 2, -1, 1, -3, 4, 1, 5]\nkernel: [1, 0, -1]\nstride: 4\npadding: 1\n",
    "exact.yaml": "input: [[1, 1/2, 1/3], [1/4, 1/5, 1/6], [1/7, 1/8, 1/9]]\nkernel: box:2\ndims: 2\ndtype: exact\n",
    "large.yaml": "input: {arange: [40, 60]}\nkernel: {ones: [3, 3]}\npadding: same\nboundary: replicate\ndims: 2\n",
    "long.yaml": "input: {random: [300], seed: 2, low: -9}\nkernel: box:5\ndims: 1\npadding: same\n",
    "signal.yaml": (
        "title: A signal of two channels\ninput: {random: [2, 200], seed: 5, low: -9}\nrate: 1kHz\n"
        "kernel: 'lowpass:100,taps=21,rate=1000'\ndims: 1\ndepthwise: true\npadding: same\nboundary: reflect\n"
    ),
    "volume.yaml": "input: {arange: [9, 20, 30]}\nkernel: {ones: [3, 3, 3], scale: 1/27}\ndims: 3\n",
    "batch.yaml": "dims: 2\ninput: {arange: [3, 2, 3, 3]}\nkernel: [[1, 0], [0, -1]]\nbias: 5\n",
    "many.yaml": (
        "dims: 2\ninput: {random: [12, 4, 4], seed: 3}\nkernel: {random: [2, 12, 2, 2], low: -5, high: 5, seed: 1}\n"
    ),
    "floats.yaml": "dims: 2\ninput: [[0.5, 1.25, 2], [3, -0.125, 1], [2, 2, 2.5]]\nkernel: [[0.5, 1], [-1, 0.25]]\n",
    "infinite.yaml": "dims: 2\ninput: [[1, .inf], [nan, 4]]\nkernel: [[1, 1]]\n",
    "layer.yaml": (
        "title: A layer\ndims: 2\ninput: {random: [32, 64, 64]}\nkernel: {random: [64, 32, 3, 3], seed: 1}\n"
        "padding: same\ndtype: float32\n"
    ),
    "huge.yaml": (
        "dims: 2\ninput: {ones: [3, 100, 100]}\nkernel: {random: [64, 3, 5, 5], seed: 1}\npadding: 20000\n"
        "dtype: float64\n"
    ),
    "mine.yaml": "name: mine-too\nweights: [[0.25, 0.25], [0.25, 0.25]]\n",
    "ridge.yaml": "weights: [-1, 2, 5, 2, -1]\nscale: 1/7\nsource: A quadratic through five points.\n",
    "turned.yaml": "weights: [[3, 6, 3], [0, 0, 0], [-3, -6, -3]]\nscale: 0\n",
    "answers.csv": (
        "# problem: built-in\n# count: 4\nstudent,1 slice,2 cell,3 uses,4 macs\n"
        'Ada,"2:5, 1:4",240,"0:3, 0:1",81\nBob,"1:4, 2:5",-240,"0:2, 0:1",9\n'
        'Cy,"2:4, 1:3",160,x,\nDee,"rows 2 to 4, columns 1 to 3",240.5,"[0:3, 0]",81\n'
    ),
    "differs.yaml": "input: [1, 2, 3, 4]\nkernel: [1, 0, -1]\nexpect: [-2, 3]\n",
    "unchecked.yaml": "input: [1, 2, 3, 4]\nkernel: [1, 0, -1]\n",
    "bad.yaml": "input: [1, 2, 3, 4]\nkernel: [1, 0, -1]\nexpect: [1, 2, 3]\n",
}
PAGES = [
    ("run", 80, "run"),
    ("run-plain", 80, "run --format plain"),
    ("gallery", 80, "gallery --kernel sobel-x --kernel laplacian --kernel box --kernel gaussian:9 --kernel derivative"),
    ("gallery-60", 60, "gallery line.yaml --kernel derivative --kernel haar-difference --kernel sobel-x"),
    ("gallery-cube", 80, "gallery cube.yaml --dims 3 --family volume"),
    ("code", 80, "code"),
    ("code-torch", 80, "code --for torch"),
    ("code-explain", 80, "code --explain"),
    ("code-explain-60", 60, "code groups.yaml --explain"),
    ("code-explain-plain", 80, "code line.yaml --explain --format plain"),
    ("gradient", 80, "gradient --output-gradient [[1,0,0],[0,2,0],[0,0,-3]]"),
    ("trace-gradient", 80, "trace --gradient weight --pos 0,0 --loss mean --padding 1"),
    ("trace-gradient-input", 80, "trace --gradient input --pos 0,1 --output-gradient [[1,0,0],[0,2,0],[0,0,-3]]"),
    ("learn", 80, "learn --target-kernel prewitt-x --rate 0.000001 --steps 3 --method momentum --pos 1,2"),
    ("gradient-groups", 60, "gradient groups.yaml --of weight --loss mean"),
    ("run-60", 60, "run"),
    ("run-40", 40, "run"),
    ("run-100", 100, "run"),
    ("run-channels", 80, "run rgb-edges.yaml"),
    ("run-channels-plain", 80, "run rgb-edges.yaml --format plain"),
    ("run-gallery", 80, "run kernel-gallery.yaml"),
    ("run-depthwise", 80, "run depthwise.yaml"),
    ("run-groups", 80, "run groups.yaml"),
    ("run-line", 80, "run line.yaml"),
    ("run-curve", 80, "run line.yaml --curve"),
    ("run-curve-plain", 60, "run line.yaml --curve --rate 4 --format plain"),
    ("run-signal", 80, "run signal.yaml"),
    ("run-signal-40", 40, "run signal.yaml --stride 2"),
    ("trace-signal", 80, "trace signal.yaml --pos 3 --channel 1"),
    ("kernel-lowpass", 80, "kernels lowpass:3000,rate=44100 --rate 44.1kHz"),
    ("run-cube", 80, "run cube.yaml"),
    ("run-deep", 80, "run deep.yaml"),
    ("run-flip", 80, "run --convolve --padding same --boundary reflect"),
    ("run-scale-and-bias", 80, "run --kernel gaussian --bias=-1/2 --stride 2"),
    ("run-dilation", 80, "run --kernel laplacian --dilation 2 --padding 2,1"),
    ("run-misfit", 80, "run misfit.yaml"),
    ("run-exact", 80, "run exact.yaml"),
    ("run-floats", 80, "run floats.yaml"),
    ("run-infinite", 80, "run infinite.yaml"),
    ("run-large", 80, "run large.yaml"),
    ("run-large-60", 60, "run large.yaml"),
    ("run-large-100", 100, "run large.yaml --kernel sobel-x"),
    ("run-large-plain", 80, "run large.yaml --format plain"),
    ("run-long", 80, "run long.yaml"),
    ("run-volume", 80, "run volume.yaml"),
    ("run-show", 80, "run --show"),
    ("run-show-plain", 80, "run --show --format plain"),
    ("run-show-line", 80, "run line.yaml --show"),
    ("run-show-cube", 80, "run cube.yaml --show"),
    ("run-show-channels", 80, "run rgb-edges.yaml --show"),
    ("run-show-signed", 80, "run --show --map signed"),
    ("run-show-clip", 80, "run --show --map clip --kernel laplacian"),
    ("run-show-infinite", 80, "run infinite.yaml --show"),
    ("run-batch", 80, "run batch.yaml"),
    ("run-many", 80, "run many.yaml"),
    ("run-json", 100, "run one-dimension.yaml --format json"),
    ("run-csv", 80, "run two-to-three.yaml --format csv"),
    ("trace", 80, "trace --pos 1,1"),
    ("trace-plain", 80, "trace --pos 1,1 --format plain"),
    ("trace-zeros", 80, "trace --pos 0,0 --padding same"),
    ("trace-reflect", 80, "trace --pos 0,4 --padding same --boundary reflect"),
    ("trace-constant", 80, "trace --pos 4,4 --padding same --boundary 7"),
    ("trace-flip", 80, "trace --pos 1,1 --convolve"),
    ("trace-scale", 80, "trace --pos 0,0 --kernel gaussian --bias=-1/2"),
    ("trace-dilation", 80, "trace --pos 0,0 --kernel laplacian --dilation 2"),
    ("trace-channels", 80, "trace rgb-edges.yaml --pos 0,0"),
    ("trace-groups", 80, "trace groups.yaml --pos 1,0 --channel 1"),
    ("trace-line", 80, "trace line.yaml --pos 0"),
    ("trace-cube", 80, "trace cube.yaml --pos 0,1,1"),
    ("trace-deep", 80, "trace deep.yaml --pos 0,0,0"),
    ("trace-many", 80, "trace many.yaml --pos 1,1 --channel 1"),
    ("trace-batch", 80, "trace batch.yaml --pos 1,1 --batch 2"),
    ("trace-floats", 80, "trace floats.yaml --pos 0,0"),
    ("trace-exact", 80, "trace exact.yaml --pos 0,0"),
    ("trace-two", 80, "trace --pos 0,0 --pos 2,2"),
    ("trace-all", 80, "trace one-dimension.yaml --all"),
    ("trace-40", 40, "trace --pos 1,1"),
    ("trace-csv", 100, "trace one-dimension.yaml --pos 1 --format csv"),
    ("trace-blank", 80, "trace --pos 1,1 --blank --convolve"),
    ("trace-blank-channels", 100, "trace two-channels-one-filter.yaml --pos 0,1 --blank"),
    ("run-blank", 80, "run two-to-three.yaml --blank --key none"),
    ("quiz", 80, "quiz --count 12"),
    ("quiz-60", 60, "quiz rgb-edges.yaml --seed 1"),
    ("quiz-network", 100, "quiz two-layers.yaml --count 14 --seed 2"),
    ("quiz-csv", 80, "quiz depthwise.yaml --count 4 --format csv"),
    ("check-answers", 80, "check --answers answers.csv"),
    ("animate", 80, "animate"),
    ("animate-plain", 80, "animate --format plain --pos 2,1 --count 2"),
    ("animate-60", 60, "animate --count 1"),
    ("animate-stride", 80, "animate --padding 1 --stride 2 --boundary reflect"),
    ("animate-dilation", 80, "animate --kernel laplacian --dilation 2 --padding 1 --pos 1,2 --count 2"),
    ("animate-channels", 100, "animate rgb-edges.yaml --count 2"),
    ("animate-filters", 100, "animate two-channels-three-filters.yaml --count 1"),
    ("animate-two", 100, "animate --kernel sobel-x --kernel sobel-y --pos 1,1 --count 1"),
    ("animate-groups", 80, "animate groups.yaml --pos 1,1"),
    ("animate-line", 80, "animate line.yaml --convolve"),
    ("animate-cube", 80, "animate cube.yaml --pos 1,0,1 --count 2"),
    ("animate-deep", 80, "animate deep.yaml --count 1"),
    ("animate-many", 80, "animate many.yaml --channel 1 --pos 2,2"),
    ("animate-batch", 80, "animate batch.yaml --batch 2 --pos 1,0 --channel 0"),
    ("animate-large", 80, "animate large.yaml --pos 20,29 --count 2"),
    ("animate-csv", 80, "animate one-dimension.yaml --format csv"),
    ("animate-exact", 80, "animate exact.yaml --count 1"),
    ("uses", 80, "uses --pos 2,3"),
    ("uses-plain", 80, "uses --pos 2,3 --format plain"),
    ("uses-reflect", 80, "uses --pos 1,1 --padding 2 --boundary reflect"),
    ("uses-groups", 80, "uses groups.yaml --pos 1,1 --channel 2 --adjoint"),
    ("uses-filters", 80, "uses two-channels-three-filters.yaml --pos 2,2 --channel 1"),
    ("uses-scale", 80, "uses --pos 0,0 --kernel gaussian --stride 2 --padding 1 --boundary replicate"),
    ("uses-line", 80, "uses line.yaml --pos 7"),
    ("uses-cube", 60, "uses cube.yaml --pos 1,2,1"),
    ("uses-nothing", 80, "uses --kernel [[1]] --stride 3 --pos 1,0"),
    ("uses-adjoint", 80, "uses floats.yaml --adjoint"),
    ("uses-csv", 80, "uses one-dimension.yaml --pos 2 --format csv"),
    ("uses-json", 80, "uses one-dimension.yaml --pos 2 --adjoint --format json"),
    ("matrix", 80, "matrix --padding 1 --boundary 7 --bias 3"),
    ("matrix-60", 60, "matrix --padding 1"),
    ("matrix-plain", 80, "matrix two-channels-one-filter.yaml --format plain"),
    ("matrix-groups", 100, "matrix groups.yaml"),
    ("matrix-line", 80, "matrix line.yaml"),
    ("matrix-cube", 80, "matrix cube.yaml"),
    ("matrix-im2col", 80, "matrix --kernel gaussian --stride 2 --im2col"),
    ("matrix-im2col-cube", 80, "matrix cube.yaml --im2col"),
    ("matrix-json", 100, "matrix one-dimension.yaml --format json"),
    ("matrix-csv", 80, "matrix line.yaml --format csv"),
    ("plan", 80, "plan"),
    ("plan-plain", 80, "plan --format plain"),
    ("plan-60", 60, "plan layer.yaml --threads 2"),
    ("plan-100", 100, "plan layer.yaml --threads 2"),
    ("plan-layer", 80, "plan layer.yaml --threads 2"),
    ("plan-fast", 80, "plan layer.yaml --threads 1 --precision fast"),
    ("plan-asked", 80, "plan layer.yaml --threads 1 --engine direct"),
    ("plan-exact", 80, "plan exact.yaml"),
    ("plan-huge", 80, "plan huge.yaml --threads 2 --limit memory=1GiB"),
    ("plan-json", 80, "plan layer.yaml --threads 2 --format json"),
    ("run-explain", 80, "run line.yaml --explain"),
    ("params", 80, "params --cin 64 --cout 128 -k 3"),
    ("params-plain", 80, "params --cin 64 --cout 128 -k 3 --format plain"),
    ("params-groups", 80, "params --cin 64 --cout 128 -k 3x5 --groups 4 --no-bias"),
    ("params-depthwise", 80, "params --cin 32 --cout 32 -k 3 --groups 32 --size 112 --stride 2 --padding same"),
    ("params-size", 80, "params --cin 3 --cout 96 -k 11 --size 227 --stride 4"),
    ("params-size-plain", 80, "params --cin 3 --cout 96 -k 11 --size 227 --stride 4 --format plain"),
    ("params-json", 80, "params --cin 1 --cout 6 -k 5 --size 28x28 --format json"),
    ("summary", 80, "summary vgg-16.yaml"),
    ("summary-60", 60, "summary vgg-16.yaml"),
    ("summary-100", 100, "summary lenet-5.yaml --batch 8 --count-bias"),
    ("summary-wide", 100, "summary keras-table.yaml"),
    ("summary-groups", 80, "summary mobilenet-block.yaml"),
    ("summary-plain", 80, "summary lenet-5.yaml --format plain"),
    ("summary-40", 40, "summary two-layers.yaml"),
    ("summary-single", 80, "summary groups.yaml"),
    ("summary-json", 100, "summary two-layers.yaml --format json"),
    ("solve", 80, "solve 224 112"),
    ("solve-plain", 80, "solve 224 112 -k 3 --format plain"),
    ("solve-transposed", 80, "solve 7 14 --transposed"),
    ("solve-axes", 100, "solve 4x64x32 4x32x16 -k 3 --most 3"),
    ("solve-none", 80, "solve 224 300"),
    ("solve-60", 60, "solve 7 14 --transposed -k 4"),
    ("solve-json", 80, "solve 12 4 -k 5 --dilation 1 --format json"),
    ("kernels", 80, "kernels"),
    ("kernels-plain", 80, "kernels --format plain"),
    ("kernels-csv", 80, "kernels --format csv"),
    ("kernel-sobel-x", 80, "kernels sobel-x"),
    ("kernel-gaussian", 80, "kernels gaussian:5,1.2"),
    ("kernels-family", 80, "kernels --family edge"),
    ("kernels-search", 80, "kernels --search blur"),
    ("kernels-rank-1", 60, "kernels --rank 1 --format plain"),
    ("kernel-sobel-x-60", 60, "kernels sobel-x"),
    ("kernel-sobel-x-100", 100, "kernels sobel-x"),
    ("kernel-laplacian-plain", 80, "kernels laplacian --format plain"),
    ("kernel-emboss", 80, "kernels emboss"),
    ("kernel-line", 80, "kernels box:size=4,rank=1"),
    ("kernel-cube", 80, "kernels gaussian:size=3,rank=3"),
    ("lint", 80, "kernels lint mine.yaml"),
    ("lint-several", 80, "kernels lint ridge.yaml turned.yaml"),
    ("examples", 80, "examples"),
    ("check-ok", 80, "check gradient.yaml rgb-edges.yaml"),
    ("check-differs", 80, "check gradient.yaml differs.yaml unchecked.yaml bad.yaml nothing.yaml"),
    ("check-plain", 80, "check gradient.yaml differs.yaml --format plain"),
]


@pytest.fixture
def desk(cli):
    """The command line in a folder with the examples and the files of this module."""
    cli.write(FILES)
    cli.write({path.name: path.read_bytes() for path in EXAMPLES.glob("*.yaml")})
    return cli


@pytest.mark.parametrize(("name", "columns", "command"), PAGES, ids=[page[0] for page in PAGES])
def test_a_page_is_as_shown(desk, monkeypatch, request, name, columns, command):
    """Each page is, to the letter, the one in the folder ``golden``, and none is wider than asked."""
    monkeypatch.setenv("COLUMNS", str(columns))
    done = desk.run(*command.split())
    page = f"$ COLUMNS={columns} convcalc {command}\n{done.out}{done.err}"
    path = GOLDEN / f"{name}.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(page, encoding="utf-8")
    assert page == path.read_text(encoding="utf-8")
    assert done.code == int(name in {"check-differs", "check-plain"})
    assert max(map(cell_len, done.out.splitlines())) <= max(columns, WIDEST if "json" in name else columns)


def test_every_golden_page_has_its_test():
    """No page is left over from a test that went away."""
    assert sorted(path.stem for path in GOLDEN.glob("*")) == sorted(page[0] for page in PAGES)


@pytest.mark.parametrize("form", ["table", "plain"])
@pytest.mark.parametrize("columns", [50, 80])
def test_a_table_never_cuts_a_count(cli, monkeypatch, columns, form):
    """Where a table is wider than the page its words are broken, its numbers are not."""
    monkeypatch.setenv("COLUMNS", str(columns))
    layer = "--cin 8 --cout 16 -k 3x5 --groups 4 --size 20x30 --stride 2 --padding same"
    page = cli.run("params", *layer.split(), "--format", form).out
    assert [count for count in ("480", "16", "496", "2,400", "72,000", "18.8 KiB") if count not in page] == []


def test_a_turned_kernel_is_called_so(cli):
    """The weights of a convolution are shown as they lie on the input, and their caption says that they are turned."""
    assert "kernel sobel-x turned" in cli.run("run", "--convolve").out


def test_slices_of_a_kernel_that_are_not_shown_are_counted(desk):
    """Of a kernel of five slices four are shown, and the fifth is mentioned."""
    assert "1 more slice" in desk.run("run", "deep.yaml").out.partition("kernel, depth")[2]


# --- rules of layout, for any page

NUMBERS = st.one_of(
    st.integers(-999, 999).map(str),
    st.integers(-(10**60), 10**60).map(str),
    st.fractions().map(str),
    st.floats(allow_nan=True).map(repr),
)
WORDS = st.one_of(NUMBERS, st.text(max_size=12), st.text("畳み込み計算 abc", max_size=40), st.just("x" * 90))
SPANS = st.builds(Span, WORDS, st.sampled_from(Role))
SENTENCES = st.builds(Sentence, st.lists(SPANS, min_size=1, max_size=5).map(tuple), st.integers(0, 12), st.booleans())


@st.composite
def grids(draw, most=30):
    """A grid of numbers, with or without labels."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, most))
    cells = [[Span(draw(NUMBERS), Role.NUMBER) for _ in range(columns)] for _ in range(rows)]
    labelled = draw(st.booleans())
    return Grid(
        caption=tuple(draw(st.lists(SPANS, max_size=2))),
        cells=tuple(map(tuple, cells)),
        row_labels=tuple(map(str, range(rows))) if labelled and draw(st.booleans()) else (),
        column_labels=tuple(map(str, range(columns))) if labelled else (),
        footer=draw(st.sampled_from(["", "0 to 255, mean 7", "畳" * 50])),
    )


FLOWS = st.lists(st.one_of(grids(), st.just(Span("×"))), min_size=1, max_size=5).map(tuple).map(Flow)


@st.composite
def tables(draw):
    """A table with some rows."""
    columns = draw(st.integers(1, 5))
    names = tuple(f"column {number}" for number in range(columns))
    rows = draw(st.lists(st.tuples(*[SPANS] * columns), max_size=4))
    return Table(names, tuple(rows), names[1::2])


BLOCKS = st.lists(st.one_of(SENTENCES, FLOWS, tables()), min_size=1, max_size=4)
WIDTHS = st.integers(30, 200)
FRAMES = st.sampled_from([ASCII, ROUNDED])


def _texts(blocks, width, frame):
    return ["".join(span.text for span in line) for line in lines_of(blocks, width, frame)]


@given(BLOCKS, WIDTHS, FRAMES)
@settings(max_examples=150, deadline=None)
def test_no_line_is_wider_than_the_page(blocks, width, frame):
    """Any blocks at any width from 30 to 200 give lines that fit, wide characters counted as two columns."""
    for text in _texts(blocks, width, frame):
        assert cell_len(text) <= width
        assert "\n" not in text
        assert "\x1b" not in text


@given(BLOCKS, WIDTHS)
@settings(max_examples=60, deadline=None)
def test_no_line_is_wider_than_the_terminal(blocks, width):
    """The same holds for a terminal, where tables have frames."""
    stream = io.StringIO()
    print_blocks(Console(file=stream, width=width, highlight=False, markup=False, emoji=False), blocks)
    assert all(cell_len(line) <= width for line in stream.getvalue().splitlines())


def test_a_character_wider_than_the_page_stands_alone():
    """Nothing is lost where not even one character fits; a line is full to its last column."""
    assert list(folded((Span("畳x"), Span("yz")), 1)) == [(Span("畳"),), (Span("x"),), (Span("y"),), (Span("z"),)]
    assert list(folded((Span("ab畳畳"), Span("cd")), 5)) == [(Span("ab畳"),), (Span("畳"), Span("cd"))]
    assert list(folded((Span("ab畳畳"),), 4)) == [(Span("ab畳"),), (Span("畳"),)]


def test_a_line_ends_with_its_last_sign():
    """Spaces are taken off the last span that has more than spaces, and those after it are gone."""
    line = (Span(" a "), Span(" b  ", Role.LABEL), Span("  "), Span(""))
    assert stripped(line) == (Span(" a "), Span(" b", Role.LABEL))
    assert stripped((Span("  "),)) == ()


def _digits(text):
    return Counter(character for character in text if character in "0123456789")


@given(st.lists(NUMBERS, min_size=1, max_size=8), WIDTHS)
def test_a_sentence_loses_no_digit(numbers, width):
    """All digits of a sentence are there, in order."""
    [*lines] = _texts([Sentence((Span(" + ".join(numbers)),), 6)], width, ASCII)
    assert "".join(lines).replace(" ", "") == "+".join(numbers).replace(" ", "")


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=5), st.integers(5, 200))
def test_a_table_loses_no_digit(rows, width):
    """All digits of a table are there, however narrow the page."""
    spans = tuple(tuple(Span(text) for text in row) for row in rows)
    shown = "".join(_texts([Table(("a", "b"), spans, ("b",))], width, ASCII))
    assert _digits(shown) == _digits("".join(text for row in rows for text in row))


@given(grids(most=3), st.integers(20, 200), FRAMES)
def test_a_grid_of_three_columns_loses_no_digit(grid, width, frame):
    """Columns are left out of the middle of wide grids only; what is shown of a number is all of it."""
    bare = grid._replace(caption=(), footer="", row_labels=(), column_labels=())
    shown = "".join(_texts([Flow((bare,))], width, frame))
    assert _digits(shown) == _digits("".join(span.text for row in grid.cells for span in row))


@given(grids(), WIDTHS, FRAMES)
def test_a_grid_never_cuts_a_number(grid, width, frame):
    """Where whole columns fit, every number that is shown is shown on one line."""
    bare = grid._replace(caption=(), footer="", column_labels=(), row_labels=())
    longest = max(len(span.text) for row in grid.cells for span in row)
    if 3 * longest + 9 > width:
        return
    edges = "│╭╮╰╯─|+" if frame is ROUNDED else "|"
    cells = {span.text for row in grid.cells for span in row} | {"…"}
    for text in _texts([Flow((bare,))], width, frame):
        if not set(text.strip()) <= set("│╭╮╰╯─|+-"):
            assert set(text.strip(f"{edges} ").split()) <= cells


# --- documents for other programs

PROBLEMS = {
    "whole": "input: [[10, -20, 30], [40, 50, 60]]\nkernel: [[1, 0], [0, -1]]\ndims: 2\n",
    "beyond 64 bits": f"input: [[{10**30}, 1], [2, 3]]\nkernel: [[1, -7]]\ndims: 2\n",
    "floats": "input: [[0.1, 0.7, 1e-9], [3e8, 5, 1e300]]\nkernel: [[0.1, 0.2]]\ndims: 2\n",
    "not finite": "input: [[.inf, 1, 2], [nan, -.inf, 3]]\nkernel: [[1]]\ndims: 2\n",
    "float32": "input: [[0.1, 0.7], [0.3, 5]]\nkernel: [[0.1, 0.2]]\ndims: 2\ndtype: float32\n",
    "rounded fractions": "input: [[1, 2], [3, 5]]\nkernel: {weights: [[1, 1]], scale: 1/7}\ndims: 2\n",
    "channels": "input: {arange: [2, 4, 4]}\nkernel: {arange: [3, 2, 2, 2]}\ndims: 2\n",
    "fractions": "input: [[1, 2], [3, 5]]\nkernel: {weights: [[1, 1]], scale: 1/7}\ndims: 2\ndtype: exact\n",
}


def _exact(value):
    return [_exact(each) for each in value] if isinstance(value, list) else _number(value)


def _number(value):
    if isinstance(value, str):
        return Fraction(value) if "/" in value else repr(float(value))
    return value


@pytest.mark.parametrize("text", PROBLEMS.values(), ids=PROBLEMS)
def test_json_has_the_very_numbers(cli, text):
    """The JSON of a run parses, has a schema, and equals the arrays, digit by digit."""
    import convcalc

    cli.write({"f.yaml": text})
    done = cli.run("run", "f.yaml", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert done.out.isascii()
    document = json.loads(done.out, parse_constant=pytest.fail)
    assert document["schema"] == "convcalc.run/1"
    output = convcalc.load(str(cli.folder / "f.yaml")).run().output
    assert document["output_shape"] == list(output.shape)
    expected = [repr(value) if isinstance(value, float) and not np.isfinite(value) else value for value in output.flat]
    found = np.array(_exact(document["output"]), dtype=object).ravel().tolist()
    expected = [value.item() if isinstance(value, np.generic) else value for value in output.ravel().tolist()]
    assert found == [
        repr(value) if isinstance(value, float) and not np.isfinite(value) else value for value in expected
    ]


SCHEMAS = [
    ("run", "convcalc.run/1"),
    ("trace --pos 1,1", "convcalc.trace/1"),
    ("trace --pos 1,1 --pos 0,0", "convcalc.traces/1"),
    ("trace --all", "convcalc.traces/1"),
    ("uses --pos 1,1", "convcalc.uses/1"),
    ("uses --adjoint", "convcalc.uses/1"),
    ("matrix", "convcalc.matrix/1"),
    ("matrix --im2col", "convcalc.matrix/1"),
    ("plan", "convcalc.plan/1"),
    ("params --cin 1 --cout 2 -k 3", "convcalc.params/1"),
    ("summary", "convcalc.summary/1"),
    ("solve 224 112", "convcalc.solve/1"),
    ("kernels", "convcalc.kernels/1"),
    ("gallery --family edge", "convcalc.gallery/1"),
    ("kernels box", "convcalc.kernel/1"),
    ("kernels lint ridge.yaml mine.yaml", "convcalc.lint/1"),
    ("check gradient.yaml", "convcalc.check/1"),
    ("code", "convcalc.program/1"),
    ("code --explain", "convcalc.program/1"),
    ("examples", "convcalc.examples/1"),
]


@pytest.mark.parametrize(("command", "schema"), SCHEMAS, ids=[row[0] for row in SCHEMAS])
def test_every_command_has_a_schema(desk, command, schema):
    """The JSON of every command parses and says what it is, and saved it is the same."""
    done = desk.run(*command.split(), "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out, parse_constant=pytest.fail)["schema"] == schema
    assert desk.run(*command.split(), "-q", "-o", "out.json") == (0, "", "")
    assert (desk.folder / "out.json").read_text() == done.out


@pytest.mark.parametrize("command", [row[0] for row in SCHEMAS])
def test_text_and_csv_are_saved_as_they_are_printed(desk, command):
    """What -o writes as .txt and .csv is what --format plain and csv print."""
    for suffix, form in ((".txt", "plain"), (".csv", "csv")):
        printed = desk.run(*command.split(), "--format", form)
        assert desk.run(*command.split(), "-q", "-o", f"out{suffix}") == (0, "", "")
        assert (desk.folder / f"out{suffix}").read_text(encoding="utf-8") == printed.out


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".json", ".yaml"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_saved_is_read_again(cli, name, suffix):
    """A saved result is an input like any other, and comes back to the last digit; .npy says what it cannot hold."""
    cli.write({"f.yaml": PROBLEMS[name]})
    first = cli.run("run", "f.yaml", "--format", "csv")
    saved = cli.run("run", "f.yaml", "-q", "-o", f"out{suffix}")
    if suffix in (".npy", ".npz") and name in ("fractions", "beyond 64 bits"):
        assert (saved.code, (cli.folder / f"out{suffix}").exists()) == (1, False)
        return
    assert saved == (0, "", "")
    path = f"out{suffix}:output" if suffix == ".npz" else f"out{suffix}"
    exact = ("--dtype", "exact") if name == "fractions" else ()
    depthwise = ("--depthwise",) if name == "channels" else ()
    again = cli.run("run", path, "--kernel", "[[1]]", "--dims", "2", "--format", "csv", *exact, *depthwise)
    assert again.code == 0, again.err
    assert again.out == first.out


def test_an_archive_has_input_and_weight_too(cli):
    """The .npz of a run holds the output and the numbers that it was made from."""
    assert cli.run("run", "-q", "-o", "out.npz").code == 0
    with np.load(cli.folder / "out.npz") as archive:
        assert sorted(archive) == ["bias", "input", "output", "scale", "weight"]
        assert archive["output"].tolist() == [[160] * 3, [240] * 3, [320] * 3]


PICTURES = [
    ("values of a picture", "[[0, 17], [254, 255]]", "values 0–255 kept, rounded", [[0, 17], [254, 255]]),
    ("signs", "[[-10, 0], [5, 10]]", "-10…10 from blue to orange, 0 is white", [[0, 128], [191, 255]]),
    ("large", "[[100, 200], [300, 300]]", "100…300 mapped to 0…255", [[0, 128], [255, 255]]),
]


@pytest.mark.parametrize(("values", "rule", "pixels"), [row[1:] for row in PICTURES], ids=[row[0] for row in PICTURES])
def test_a_picture_follows_the_rule_that_is_told(cli, values, rule, pixels):
    """The pixels of a saved PNG are those of the rule on standard error."""
    image = pytest.importorskip("PIL.Image")
    cli.write({"f.yaml": f"input: {values}\nkernel: [[1]]\ndims: 2\n"})
    done = cli.run("run", "f.yaml", "-o", "out.png")
    assert (done.code, done.err) == (0, f"wrote out.png: {rule}\n")
    with image.open(cli.folder / "out.png") as picture:
        assert picture.mode == ("P" if "orange" in rule else "L")
        assert np.asarray(picture).tolist() == pixels


# --- the books balance

TRACED = [
    ("trace --pos 1,1", 1),
    ("trace --pos 0,0 --padding same --boundary reflect --convolve", 1),
    ("trace rgb-edges.yaml --all", 3),
    ("trace many.yaml --all", 5),
    ("trace groups.yaml --all", 2),
    ("trace deep.yaml --all", 1),
    ("trace batch.yaml --all", 2),
]


def _value(text):
    """The value of a sum as it is printed."""
    return sum(Fraction(sign + number) for sign, number in re.findall(r"(-?) ?([0-9./]+)", text.replace("(", "")))


@pytest.mark.parametrize(("command", "channels"), TRACED, ids=[row[0] for row in TRACED])
def test_printed_sums_are_what_they_say(desk, monkeypatch, command, channels):
    """In every trace the printed products add up to the subtotal, and the subtotals to the total and the output."""
    monkeypatch.setenv("COLUMNS", "9999")
    lines = desk.run(*command.split(), "--format", "plain").out.splitlines()
    sums = [re.fullmatch(r"channel \d+   (.*) = (\S+)", line) for line in lines]
    subtotals = [_value(found[2]) for found in sums if found]
    assert subtotals == [_value(found[1]) for found in sums if found]
    rests = [_value(line.rpartition(" give ")[2]) for line in lines if line.startswith("the other")]
    totals = [re.fullmatch(r"total   (.*) \+ bias (\S+) = (\S+)", line) for line in lines]
    heads = [re.match(r"output\[.*\] = (\S+) ", line) for line in lines]
    outputs = [line.removeprefix("equals the engine's output ") for line in lines if line.startswith("equals")]
    found = [row for row in totals if row]
    assert len(subtotals) == channels * len(found)
    for number, row in enumerate(found):
        told = subtotals[channels * number :][:channels] + rests[number : number + 1]
        assert _value(row[1]) == sum(told)
        assert _value(row[3]) == sum(told) + _value(row[2])
    assert [row[3] for row in found] == outputs == [head[1] for head in heads if head]


def test_printed_decimals_add_up_to_what_is_printed(desk, monkeypatch):
    """The products of a trace of floats add up to the subtotal within half a unit of each last decimal."""
    monkeypatch.setenv("COLUMNS", "9999")
    desk.write({"f.yaml": "input: [0.1, 0.25, 1234567.125, 3.1415926535]\nkernel: [1, 0.5, 0.25, 0.3333]\n"})
    text = desk.run("trace", "f.yaml", "--pos", "0", "--format", "plain").out
    found = re.search(r"^channel 0   (.*) = (\S+)$", text, re.MULTILINE)
    numbers = [*re.findall(r"[0-9.]+", found[1]), found[2]]
    rounding = sum(Fraction(1, 2 * 10 ** len(number.partition(".")[2])) for number in numbers)
    assert abs(_value(found[1]) - _value(found[2])) <= rounding


LAYERS = [
    "--cin 64 --cout 128 -k 3",
    "--cin 8 --cout 16 -k 3x5 --groups 4 --size 20x30 --padding same",
    "--cin 4 --cout 4 -k 1 --groups 4 --no-bias --size 9 --dims 1",
    "--cin 3 --cout 96 -k 11 --size 227 --stride 4",
]


@pytest.mark.parametrize("layer", LAYERS)
def test_printed_counts_are_what_their_formulas_say(cli, monkeypatch, layer):
    """On a page of parameters every formula with numbers put in comes to the number beside it."""
    monkeypatch.setenv("COLUMNS", "9999")
    lines = cli.run("params", *layer.split(), "--format", "plain").out.splitlines()
    rows = [re.split(r" +\| +", line.strip("| ")) for line in lines if line.startswith("|")][1:]
    counts = {name: int(count.replace(",", "")) for name, _, count in rows if not count.endswith("B")}
    checked = 0
    for name, how, _ in rows:
        formula = how.rpartition(" = ")[2].replace("×", "*").replace(",", "").replace("/", "//")
        if name in counts and re.fullmatch(r"[0-9+*/() ]+", formula):
            assert eval(formula) == counts[name], name
            checked += 1
    assert checked >= 4
    assert counts["weights"] + counts["biases"] == counts["parameters"]


def test_the_verdicts_are_counted(desk):
    """The last line of a check counts the rows that are ok."""
    lines = desk.run("check", "gradient.yaml", "differs.yaml", "bad.yaml", "--format", "plain").out.splitlines()
    rows = [line.replace("|", " ").split() for line in lines if line.startswith("|")][1:]
    assert lines[-1] == f"{sum(row[1] == 'ok' for row in rows)} of {len(rows)} files ok"
    differing = sum(int(row[3]) for row in rows)
    assert differing == sum(" expected " in line for line in lines)
