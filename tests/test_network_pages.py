"""The pages of networks that people read, shown whole in ``golden_networks/``, and trees laid out at any width."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from convcalc.render.boxes import ASCII, ROUNDED
from convcalc.render.layout import lines_of
from convcalc.render.markdown import markdown_lines
from convcalc.report.blocks import Role, Span, Tree
from test_network_trace import MANY, TWO

GOLDEN = Path(__file__).parent / "golden_networks"
CUT = """
input: [[[1, -2, 3, 0], [-1, 2, 5, 1], [0, 4, -3, 2], [1, 1, 0, -6]]]
layers:
  - conv: {name: edges, weight: [[[-1, 1], [0, 1]]], bias: [-1], padding: 1}
  - relu
  - max-pool: 2
"""
UP = """
title: Up and up again
input: {shape: [8, 20, 20]}
layers:
  - conv: {name: first, out_channels: 16, kernel_size: 3, padding: 1}
  - transposed-conv: {name: up, out_channels: 12, kernel_size: 3, stride: 2, padding: 1, output_padding: 1}
  - transposed-conv: {name: small, out_channels: 2, kernel_size: 2, groups: 2}
weights: {random: 1}
"""
PADS = "input: [[[1, 2], [3, 4]]]\nlayers: [{avg-pool: {kernel_size: 2, stride: 1, padding: 1}}]\n"
TWICE = """
title: Twice the size
input: [[[1, 2], [3, 4]]]
layers:
  - transposed-conv: {name: up, weight: [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]], bias: [-1], stride: 2, padding: 1}
"""
CUBE = """
input: {arange: [2, 2, 1, 2]}
dims: 3
layers: [{transposed-conv: {name: up, weight: {arange: [2, 1, 2, 1, 2]}, stride: 2, output_padding: [0, 1, 0]}}]
"""
# the last digits of a float32 are those of the processor: float64 has six more than a page shows
FILES = {
    "two.yaml": TWO,
    "many.yaml": f"{MANY}dtype: float64\n",
    "cut.yaml": CUT,
    "pads.yaml": PADS,
    "up.yaml": UP,
    "twice.yaml": TWICE,
    "cube.yaml": CUBE,
}
PAGES = [
    ("run", 80, "run two.yaml"),
    ("run-keep", 80, "run two.yaml --keep"),
    ("run-many", 80, "run many.yaml --explain"),
    ("run-many-60", 60, "run many.yaml"),
    ("run-layer", 100, "run many.yaml --layer max-pool1 --show"),
    ("run-plain", 80, "run many.yaml --layer flatten1 --format plain"),
    ("run-csv", 80, "run two.yaml --format csv"),
    ("trace-conv", 80, "trace two.yaml --pos 0,0"),
    ("trace-tree", 80, "trace two.yaml --pos 0,0 --depth 9"),
    ("trace-tree-60", 60, "trace many.yaml --layer linear1 --channel 1 --depth 4"),
    ("trace-tree-120", 120, "trace many.yaml --layer avg-pool1 --pos 0,1 --depth 99"),
    ("trace-tree-200", 200, "trace cut.yaml --pos 0,1 --depth 9"),
    ("trace-tree-plain", 80, "trace cut.yaml --pos 0,1 --depth 9 --format plain"),
    ("trace-tree-markdown", 80, "trace cut.yaml --pos 0,1 --depth 9 --format markdown"),
    ("trace-relu", 80, "trace cut.yaml --layer relu1 --pos 2,2"),
    ("trace-max-pool", 80, "trace cut.yaml --pos 1,0"),
    ("trace-avg-pool", 80, "trace many.yaml --layer avg-pool1 --pos 0,1"),
    ("trace-linear", 80, "trace many.yaml --layer linear1 --pos 3"),
    ("trace-softmax", 80, "trace many.yaml --channel 0"),
    ("trace-csv", 120, "trace cut.yaml --pos 0,1 --depth 2 --format csv"),
    ("animate-conv", 80, "animate cut.yaml --layer edges --pos 4,4"),
    ("animate-relu", 80, "animate cut.yaml --layer relu1 --pos 4,4"),
    ("animate-max-pool", 80, "animate cut.yaml"),
    ("animate-avg-pool", 80, "animate pads.yaml --count 2"),
    ("animate-add", 80, "animate many.yaml --layer add1 --channel 1 --count 1"),
    ("animate-linear", 80, "animate many.yaml --layer linear1 --pos 1 --count 1"),
    ("animate-softmax", 80, "animate many.yaml --pos 2"),
    ("animate-transposed", 100, "animate twice.yaml"),
    ("animate-transposed-60", 60, "animate twice.yaml --count 1"),
    ("animate-transposed-cube", 100, "animate cube.yaml --pos 1,0,1 --count 1"),
    ("animate-transposed-csv", 80, "animate twice.yaml --format csv"),
    ("animate-transposed-markdown", 80, "animate twice.yaml --pos 1,1 --format markdown"),
    ("uses", 80, "uses two.yaml --pos 1,1"),
    ("gradient", 100, "gradient two.yaml --loss mean"),
    ("uses-many", 80, "uses many.yaml --pos 4,4 --layer add1"),
    ("uses-60", 60, "uses cut.yaml --pos 1,1"),
    ("uses-adjoint", 80, "uses two.yaml --adjoint"),
    ("uses-adjoint-cell", 80, "uses two.yaml --pos 1,1 --adjoint"),
    ("uses-adjoint-slopes", 80, "uses cut.yaml --pos 1,1 --adjoint --seed 1"),
    ("matrix", 80, "matrix two.yaml"),
    ("matrix-60", 60, "matrix many.yaml --layer avg-pool1"),
    ("plan", 100, "plan many.yaml --threads 2"),
    ("plan-60", 60, "plan two.yaml --threads 2"),
    ("plan-transposed", 110, "plan up.yaml --threads 2"),
    ("plan-phases", 110, "plan up.yaml --threads 2 --layer up"),
    ("plan-scatter", 80, "plan up.yaml --threads 2 --layer small"),
]


@pytest.mark.parametrize(("name", "columns", "command"), PAGES, ids=[page[0] for page in PAGES])
def test_a_page_is_as_shown(cli, monkeypatch, request, name, columns, command):
    """Each page is, to the letter, the one in the folder ``golden_networks``, and none is wider than asked."""
    cli.write(FILES)
    monkeypatch.setenv("COLUMNS", str(columns))
    done = cli.run(*command.split())
    page = f"$ COLUMNS={columns} convcalc {command}\n{done.out}{done.err}"
    path = GOLDEN / f"{name}.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(page, encoding="utf-8")
    assert page == path.read_text(encoding="utf-8")
    assert done.code == 0
    if not name.endswith(("markdown", "csv")):
        assert max(map(cell_len, done.out.splitlines())) <= columns


def test_every_golden_page_has_its_test():
    """No page is left over from a test that went away."""
    assert sorted(path.stem for path in GOLDEN.glob("*")) == sorted(page[0] for page in PAGES)


SPANS = st.lists(
    st.builds(Span, st.text("abc 0123 畳×", max_size=40), st.sampled_from(Role)), min_size=1, max_size=3
).map(tuple)
TREES = st.recursive(
    st.builds(Tree, SPANS, st.just(())),
    lambda below: st.builds(Tree, SPANS, st.lists(below, max_size=4).map(tuple)),
    max_leaves=20,
)


def _deep(levels):
    tree = Tree((Span("x" * 30 + " 12345"),))
    for number in range(levels):
        tree = Tree((Span(f"level {number} " * 4),), (tree,))
    return tree


@given(st.one_of(TREES, st.integers(20, 100).map(_deep)), st.integers(30, 200), st.sampled_from([ASCII, ROUNDED]))
@settings(max_examples=120, deadline=None)
def test_no_line_of_a_tree_is_wider_than_the_page(tree, width, frame):
    """Any tree at any width gives lines that fit and lose no digit."""
    lines = ["".join(span.text for span in line) for line in lines_of([tree], width, frame)]
    assert all(cell_len(line) <= width for line in lines)
    shown = "".join(lines)
    told = "".join(_text(tree))
    assert all(shown.count(digit) == told.count(digit) for digit in "0123456789")


def _text(tree):
    yield from (span.text for span in tree.spans)
    for branch in tree.branches:
        yield from _text(branch)


def test_a_tree_is_a_nested_list_in_markdown():
    """Each level is moved in by two spaces."""
    tree = Tree((Span("a"),), (Tree((Span("b*"),), (Tree((Span("c"),)),)), Tree((Span("d"),))))
    assert list(markdown_lines([tree])) == ["- a", "  - b\\*", "    - c", "  - d"]


def test_rules_join_what_hangs_below():
    """Corners and sides of a tree with two levels, and where a line is broken."""
    tree = Tree((Span("a " * 20),), (Tree((Span("b"),), (Tree((Span("c"),)),)), Tree((Span("d " * 20),))))
    assert ["".join(span.text for span in line) for line in lines_of([tree], 34, ROUNDED)] == [
        "a a a a a a a a a a a a a a a a a",
        "│ a a a",
        "├─ b",
        "│  ╰─ c",
        "╰─ d d d d d d d d d d d d d d d",
        "     d d d d d",
    ]
