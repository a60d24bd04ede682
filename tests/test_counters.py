"""``summary --count-as`` and ``--explain-macs``: the figures of other tools, and which convention gives a figure.

``counter_figures.json`` holds what the tools printed for single layers in inference (PyTorch 2.13.0, Python 3.11).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convcalc.errors import FieldError
from convcalc.layers.counters import COUNTERS, QUANTITIES
from convcalc.layers.table import KINDS, kind_of
from convcalc.report.network.explained_macs import figure_of

FIGURES = json.loads((Path(__file__).parent / "counter_figures.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("tool", sorted(set(COUNTERS) - {"keras"}))
@pytest.mark.parametrize("name", FIGURES)
def test_a_layer_counts_as_the_tool_counted_it(name, tool):
    """To the last operation, for every layer that the tool took."""
    measured = FIGURES[name]
    if measured["kind"] in COUNTERS[tool].unknown:
        assert tool not in measured["figures"]
        return
    batch, *shape = measured["input"]
    inputs = 2 if KINDS[measured["kind"]].joins else 1
    layer = kind_of(measured["kind"]).make(*[tuple(shape)] * inputs, **measured["arguments"])
    assert COUNTERS[tool].counted(layer, batch) == measured["figures"][tool]


def test_every_factor_is_of_a_known_quantity_and_kind():
    """A word that is written wrong would count as nothing."""
    for counter in COUNTERS.values():
        assert {name.partition(" ")[0] for name in counter.costs} <= {*KINDS, ""}
        assert {quantity for costs in counter.costs.values() for quantity in costs} <= set(QUANTITIES)


def test_keras_counts_the_moving_statistics():
    """Four parameters a channel of a batch norm, two of which are not trained."""
    assert COUNTERS["keras"].counted(kind_of("batch-norm").make((8, 16, 16)), 4) == 32


NETWORK = """input: {random: [3, 16, 16]}
layers:
  - conv: {out_channels: 8, kernel_size: 3, padding: same, bias: false}
  - batch-norm
  - relu
  - conv: {out_channels: 4, kernel_size: 3, padding: same}
"""


def test_the_page_says_what_makes_the_difference(cli):
    """A sentence for all layers that are counted alike, and the totals of both."""
    cli.write({"f.yaml": NETWORK})
    done = cli.run("summary", "f.yaml", "--count-as", "fvcore", "--format", "plain")
    assert done.code == 0
    words = " ".join(done.out.split())
    assert (
        "conv1 and conv2 (conv): fvcore counts nothing but 1 for each product unless the padding is same, "
        "which is 0 instead of 129,024." in words
    )
    assert (
        "batch-norm1 (batch-norm): fvcore counts 1 for each input value and 1 for each input value that is scaled, "
        "which is 4,096 instead of 0." in words
    )
    data = json.loads(cli.run("summary", "f.yaml", "--count-as", "fvcore", "--format", "json").out)
    assert data["totals"] == {"macs": 129024, "counted": 4096}
    assert data["counter"] == {"name": "fvcore", "version": "0.1.5.post20221221", "figure": "flops"}
    rows = cli.run("summary", "f.yaml", "--count-as", "fvcore", "--format", "csv").out.splitlines()
    assert rows[:2] == ["name,kind,macs,fvcore", "conv1,conv,55296,0"]


def test_a_shared_tensor_and_what_is_not_known(cli):
    """Keras counts a layer once; of a kind that follows no known rule nothing is claimed."""
    cli.write({"n.yaml": "input: {shape: [3, 8, 8]}\nlayers:\n  - layer-norm\n"})
    page = cli.run("summary", "n.yaml", "--count-as", "onnx-tool").out
    assert "is not known here; it is left out." in " ".join(page.split())
    assert "counts this network as convcalc does" not in page
    assert "onnx-tool" not in cli.run("summary", "n.yaml", "--explain-macs", "0").out
    assert cli.run("summary", "--explain-macs", "").code == 2
    assert cli.run("summary", "--count-as", "").code == 2


@pytest.mark.parametrize(
    ("tool", "mode", "size", "each"),
    [
        ("thop", "cubic", 16, 259),
        ("thop", "nearest-exact", 16, 0),
        ("fvcore", "cubic", 16, 0),
        ("fvcore", "linear", 16, 4),
    ],
)
def test_a_resize_counts_by_its_mode(tool, mode, size, each):
    """As the tools counted 4 channels of 8×8."""
    layer = kind_of("resize").make((4, 8, 8), size=size, mode=mode)
    assert COUNTERS[tool].counted(layer, 1) == each * 4 * size * size


def test_a_batch_counts_as_one_sample_where_the_tool_takes_one(cli):
    """And the page says so; a network that is counted alike is said to be."""
    cli.write({"f.yaml": NETWORK})
    page = cli.run("summary", "f.yaml", "--count-as", "ptflops-aten", "--batch", "4").out
    assert "ptflops-aten counts one sample of a batch." in page
    alike = cli.run("summary", "--count-as", "calflops-macs").out
    assert "calflops-macs counts this network as convcalc does." in alike


def test_a_figure_is_explained(cli):
    """By every convention that gives it; a rounded one by its digits; another by the nearest."""
    cli.write({"f.yaml": NETWORK})
    found = json.loads(cli.run("summary", "f.yaml", "--explain-macs", "133121", "--format", "json").out)
    assert found["found"] is False
    exact = json.loads(cli.run("summary", "f.yaml", "--explain-macs", "130,048", "--format", "json").out)
    assert [way["words"] for way in exact["conventions"]] == [
        "a product is one, the bias counted",
        "ptflops-aten 0.7.5, its MACs",
    ]
    rounded = cli.run("summary", "f.yaml", "--explain-macs", "0.129M").out
    assert "0.129M is what these conventions give:" in rounded
    assert "thop" not in rounded
    nothing = cli.run("summary", "f.yaml", "--explain-macs", "1").out
    assert "no known convention gives 1; the nearest:" in nothing
    assert "keras" not in nothing  # its figure is one of parameters


@pytest.mark.parametrize(("text", "inside", "outside"), [("4.1G", 4_089_184_256, 4_040_000_000), ("7", 7, 8)])
def test_a_figure_is_met_by_its_digits(text, inside, outside):
    """Half a unit of the last digit is what rounding may change."""
    assert figure_of(text).is_met_by(inside)
    assert not figure_of(text).is_met_by(outside)


@pytest.mark.parametrize("text", ["", "many", "-3", "1e9", "4.1 Gigs", "1" * 50 + "x"])
def test_what_is_no_figure_is_refused(text):
    """With what one looks like."""
    with pytest.raises(FieldError, match=r"a count is a number such as 4089184256 or 4.1G"):
        figure_of(text)


def test_wrong_questions_are_refused(cli):
    """An unknown tool names the known ones; both questions at once are one too many."""
    done = cli.run("summary", "--count-as", "fvcor")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: --count-as: unknown counter 'fvcor'")
    assert "fvcore" in done.err
    done = cli.run("summary", "--count-as", "thop", "--explain-macs", "3")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: --count-as and --explain-macs are two questions")
    assert cli.run("summary", "--explain-macs", "few").code == 2
    assert cli.run("summary", "--count-as", "thop", "-o", "net.svg").code != 0
