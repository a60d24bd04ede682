"""Worksheets of traces and runs: what is blank, what the key says, and that both have the same layout."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from math import prod

import pytest

from test_latex import compiled, needs_latex
from test_pages import EXAMPLES, FILES

TRACES = [
    "trace --pos 1,1",
    "trace --pos 0,0 --padding 1 --boundary reflect --convolve --kernel gaussian --bias=-1/2",
    "trace two-channels-three-filters.yaml --pos 0,1 --channel 2",
    "trace one-dimension.yaml --pos 0",
    "trace deep.yaml --pos 0,0,0",
    "trace many.yaml --pos 1,1 --channel 1",
    "trace floats.yaml --pos 0,0",
    "trace exact.yaml --pos 0,0 --padding 1",
    "trace batch.yaml --pos 1,1 --batch 2",
    "trace two-layers.yaml --pos 0,0",
    "trace two-layers.yaml --pos 1,1 --layer relu1",
    "trace --pos 0,0 --pos 2,2",
]
RUNS = [
    "run",
    "run two-to-three.yaml",
    "run rgb-edges.yaml",
    "run line.yaml",
    "run cube.yaml",
    "run exact.yaml",
    "run large.yaml",
    "run two-layers.yaml",
    "run kinds.yaml",
]
NETWORK = """title: Two layers
input: [[[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3], [4, 5, 6, 7]]]
layers:
  - conv: {weight: [[[[1, 0], [0, -1]]]], bias: [2]}
  - relu
  - conv: {weight: [[[[1, 1], [1, 1]]]]}
"""
KINDS = """input: [[[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3], [4, 5, 6, 7]]]
layers:
  - conv: {name: first, weight: [[[[1, 0], [0, -1]]], [[[0, 1], [1, 0]]]], padding: 1, stride: 1, boundary: reflect}
  - leaky-relu: {negative_slope: 0.1}
  - avg-pool: {kernel_size: 2, stride: 2, padding: 1, count_include_pad: false}
  - transposed-conv: {weight: {ones: [2, 2, 2, 2]}, groups: 1, stride: 2}
  - batch-norm: {weight: [1, 2], bias: [0, 1], running_mean: [0, 1], running_var: [1, 4]}
  - resize: {size: 4}
  - clip: {min: -1, max: 2}
  - slice: {start: 1, stop: 3, axis: 1}
  - pad: {padding: 1}
  - permute: [1, 2, 0]
  - flatten
  - linear: {weight: {ones: [2, 48]}}
  - softmax
"""


@pytest.fixture
def desk(cli):
    """A folder with all files."""
    cli.write(FILES)
    cli.write({path.name: path.read_bytes() for path in EXAMPLES.glob("*.yaml")})
    cli.write({"two-layers.yaml": NETWORK, "kinds.yaml": KINDS})
    return cli


def pages(done, rule):
    """The blank page and its key, without the heading of the key."""
    assert done.code == 0, done.err
    blank, key = re.split(rule, done.out)
    _, _, key = key.strip("\n").partition("\n")
    return blank.strip("\n").split("\n"), key.strip("\n").split("\n")


def is_filled_in(blank: str, key: str) -> bool:
    """Whether a line is the other with its places filled in, every other character in its place."""
    return len(blank) == len(key) and all(one in (other, "_") for one, other in zip(blank, key, strict=True))


@pytest.mark.parametrize("columns", [40, 80, 140])
@pytest.mark.parametrize("form", ["table", "plain"])
@pytest.mark.parametrize("command", TRACES + RUNS)
def test_the_key_is_the_blank_page_filled_in(desk, monkeypatch, command, form, columns):
    """As text: the same lines of the same length, which differ in the places to fill in alone."""
    monkeypatch.setenv("COLUMNS", str(columns))
    done = desk.run(*command.split(), "--blank", "--format", form)
    blank, key = pages(done, rf"(?m)^[─-]{{{columns}}}$")
    assert len(blank) == len(key)
    assert [pair for pair in zip(blank, key, strict=True) if not is_filled_in(*pair)] == []
    assert "____" in "\n".join(blank)
    assert "____" not in "\n".join(key)


@pytest.mark.parametrize("command", TRACES + RUNS)
def test_the_key_of_a_latex_page_has_the_same_boxes(desk, command):
    """The source of the key without what is in its boxes is that of the blank page, on a page of its own."""
    done = desk.run(*command.split(), "--blank", "--format", "latex")
    _, _, page = done.out.partition("\\begin{document}\n\\raggedright")
    blank, key = page.replace(r"\end{document}", "").replace("subsection*", "section*").split("\\clearpage")
    key = key.replace("\\section*{Key}", "")
    emptied = re.sub(r"(\\(?:place|filled)\{\d+\})\{\$.*?\$\}", r"\1{}", key)
    assert emptied.split() == blank.split()
    assert re.search(r"\\(?:place|filled)\{\d+\}\{\}", blank)
    assert not re.search(r"\\(?:place|filled)\{\d+\}\{\}", key)


@pytest.mark.parametrize("command", TRACES + RUNS)
def test_the_key_of_a_markdown_page_has_the_same_tables(desk, command):
    """The bars of all tables are in the same columns, and the sentences differ in their places alone."""
    blank, key = pages(desk.run(*command.split(), "--blank", "--format", "markdown"), r"(?m)^---$")
    blank = [line.replace("#", "") for line in blank]
    key = [line.replace("#", "") for line in key]
    assert len(blank) == len(key)
    for one, other in zip(blank, key, strict=True):
        if one.startswith("|"):
            assert is_filled_in(one, other), (one, other)
        else:
            assert re.fullmatch(re.sub(r"_{4,}", r"\\S+", re.escape(one)), other), (one, other)


def boxes(svg: str):
    """The rectangles of a drawing, and its texts."""
    names = ("x", "y", "width", "height")
    found = [each for each in ET.fromstring(svg).iter() if each.tag.endswith("rect")]
    texts = [each.text for each in ET.fromstring(svg).iter() if each.tag.endswith("}text")]
    return {tuple(each.get(name) for name in names) for each in found}, texts


@pytest.mark.parametrize("command", [*TRACES[:-1], *RUNS[:-3]])
def test_the_key_of_a_figure_has_the_same_boxes(desk, command):
    """Each box of the blank figure is in the same place of its key, which has more texts; one figure has both."""
    for key in ("none", "only", "after"):
        assert desk.run(*command.split(), "--blank", "--key", key, "-o", f"{key}.svg", "-q").code == 0
    drawn = {name: boxes(content.decode()) for name, content in desk.files().items() if name.endswith(".svg")}
    assert drawn["none.svg"][0] <= drawn["only.svg"][0]
    assert len(drawn["none.svg"][1]) < len(drawn["only.svg"][1])
    none, only, after = (Counter(filter(NUMBER.fullmatch, drawn[f"{key}.svg"][1])) for key in ("none", "only", "after"))
    assert none + only == after
    assert "Key" in drawn["after.svg"][1]


NUMBER = re.compile(r"[−0-9./]+")


def test_a_blank_page_does_not_tell_the_answer(desk):
    """The products and the sum of 240 are in the key alone, in every format."""
    for form in ("table", "plain", "markdown", "latex"):
        blank = desk.run("trace", "--pos", "1,1", "--blank", "--key", "none", "--format", form).out
        only = desk.run("trace", "--pos", "1,1", "--blank", "--key", "only", "--format", form).out
        for number in ("240", "-120"):
            assert number not in blank
            assert number in only
        assert "Key" in only
        assert "Key" not in blank
    desk.run("trace", "--pos", "1,1", "--blank", "--key", "none", "-o", "b.svg", "-q")
    assert "240" not in desk.files()["b.svg"].decode()


def test_a_network_can_be_computed_from_its_blank_page(desk):
    """The page has the input, and of each layer what it is told, its weights and a place for every cell."""
    page = desk.run("run", "kinds.yaml", "--blank", "--key", "none", "--format", "plain").out
    words = " ".join(page.split())
    for said in (
        "first: conv of input, kernel 2×2, stride 1, padding 1 (reflect).",
        "leaky-relu1: leaky-relu of first, slope 0.1.",
        "avg-pool1: avg-pool of leaky-relu1, window 2×2, stride 2, padding 1 (not counted).",
        "transposed-conv1: transposed-conv of avg-pool1, kernel 2×2, stride 2, no padding.",
        "batch-norm1: batch-norm of transposed-conv1, eps 1e-05.",
        "resize1: resize of batch-norm1, rows 0: 3/4 of 0 and 1/4 of 1, 1: 1/4 of 1 and 3/4 of 2, 2: 3/4 of 3 and",
        "clip1: clip of resize1, at least -1, at most 2.",
        "slice1: slice of clip1, places 1, 2, axis 1.",
        "pad1: pad of slice1, padding 1 (zeros).",
        "permute1: permute of pad1, axes in the order 1, 2, 0.",
        "flatten1: flatten of permute1.",
        "softmax1: softmax of linear1, axis 0.",
    ):
        assert said in words
    for name in ("input", "weight, output 1, input 0", "running_mean 2", "running_var 2", "weight 2×48"):
        assert re.search(rf"(?m)^(.*  )?{name}", page)
    layers = json.loads(desk.run("run", "kinds.yaml", "--format", "json").out)["layers"]
    cells = {layer["name"]: prod(layer["output_shape"]) for layer in layers}
    ranges = 4 * len(layers)
    assert len(re.findall("_{4,}", page)) == sum(cells.values()) - cells["flatten1"] + FLAT + ranges


TOLD = """input: [[[1, 2, 3], [4, 5, 6]]]
layers:
  - conv: {weight: [[[[1, 2, 3]]]], flip: true, boundary: 7, padding: [0, 1]}
  - hard-sigmoid
  - reduce-max: {axes: [0, 2]}
  - quantise: {scale: 0.5, zero_point: 3, dtype: int4, rounding: add-then-round}
  - dequantise: {scale: 0.5, zero_point: 3}
"""


def test_a_blank_page_tells_what_changes_the_answers(desk):
    """A kernel that is turned, axes, a type and the order of rounding; and nothing that a kind uses inside."""
    desk.write({"told.yaml": TOLD})
    page = " ".join(desk.run("run", "told.yaml", "--blank", "--key", "none", "--format", "plain").out.split())
    for said in (
        "(before+after, constant 7), the kernel turned by 180°.",
        "hard-sigmoid1: hard-sigmoid of conv1.",
        "reduce-max1: reduce-max of hard-sigmoid1, over axes 0, 2.",
        "quantise1: quantise of reduce-max1, int4, -8 to 7, add-then-round, half to even.",
        "dequantise1: dequantise of quantise1.",
    ):
        assert said in page, said
    cell = desk.run(
        *["trace", "told.yaml", "--layer", "quantise1", "--pos", "0,0", "--blank", "--key", "none", "--format", "plain"]
    ).out
    said = "quantise with int4, -8 to 7, add-then-round, half to even, scale 0.5, zero_point 3 = ____"
    assert said in " ".join(cell.split())


FLAT = 8
"""Of the 48 features of a flattened layer a row shows so many."""


def test_the_key_is_the_trace(desk):
    """As JSON a worksheet is its key: the data of the trace, or the output of the run."""
    worksheet = json.loads(desk.run("trace", "--pos", "1,1", "--blank", "--format", "json").out)
    trace = json.loads(desk.run("trace", "--pos", "1,1", "--format", "json").out)
    assert worksheet["schema"] == "convcalc.trace-worksheet/1"
    assert [worksheet["key"][0][name] for name in ("total", "channels")] == [trace["total"], trace["channels"]]
    run = json.loads(desk.run("run", "--blank", "--format", "json").out)
    assert run["key"][0][0] == [[160, 160, 160], [240, 240, 240], [320, 320, 320]]


def test_a_kernel_that_is_to_be_turned_is_shown_as_it_is_written(desk):
    """The turned one is to be filled in."""
    blank, _ = pages(desk.run("trace", "--pos", "1,1", "--blank", "--convolve"), "(?m)^─{80}$")
    page = "\n".join(blank)
    assert "│ -2  0  2 │" in page
    assert "kernel, turned" in page
    assert page.count("____  ____  ____") == 9


@needs_latex
@pytest.mark.parametrize(
    "command",
    [
        "trace --pos 0,0 --padding 1 --kernel gaussian --convolve --blank",
        "trace many.yaml --pos 1,1 --channel 1 --blank",
        "run exact.yaml --blank",
        "run two-layers.yaml --blank",
        "quiz rgb-edges.yaml --count 12",
        "quiz two-layers.yaml",
        "check --answers answers.csv",
    ],
)
def test_latex_compiles(desk, tmp_path, command):
    """By pdflatex, without a box that is too wide; blank and key are on different pages."""
    desk.write({"answers.csv": "# problem: built-in\n# count: 3\nstudent,1,2,3\nAda & Bob_,1,2,\\input{x}\n"})
    done = desk.run(*command.split(), "--format", "latex")
    log = compiled(tmp_path, done.out)
    assert "Overfull" not in log
    pages_in_all = int(re.search(r"\((\d+) pages?", log)[1])
    assert pages_in_all == 1 if command.startswith("check") else pages_in_all > 1
