"""Several cells of a network in one command: each as by itself, in every format, computed and read once."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from conftest import CommandLine
from convcalc.request import weights
from test_network_trace import MANY, TWO

RANDOM = """
input: {arange: [2, 4, 4]}
weights: {random: 1}
layers:
  - conv: {out_channels: 2, kernel_size: 2}
  - conv: {out_channels: 1, kernel_size: 2}
"""
SEVERAL = ("--layer", "first", "--pos", "0,0", "--pos", "1,1", "--pos", "0,1")
SINGLY = [SEVERAL[:4], (*SEVERAL[:2], *SEVERAL[4:6]), (*SEVERAL[:2], *SEVERAL[6:])]


@pytest.mark.parametrize("depth", ["1", "2"])
@pytest.mark.parametrize("form", ["table", "plain"])
def test_pages_follow_each_other(cli: CommandLine, form: str, depth: str) -> None:
    """The pages of single cells with an empty line between them."""
    cli.write({"two.yaml": TWO})
    rest = ("--format", form, "--depth", depth)
    pages = [cli.run("trace", "two.yaml", *each, *rest).out for each in SINGLY]
    done = cli.run("trace", "two.yaml", *SEVERAL, *rest)
    assert (done.code, done.err) == (0, "")
    assert done.out == "\n".join(pages)


def test_json_holds_all_in_a_list(cli: CommandLine) -> None:
    """Each as in its own document, whose schema stands once."""
    cli.write({"two.yaml": TWO})
    found = json.loads(cli.run("trace", "two.yaml", *SEVERAL, "--format", "json").out)
    assert found.pop("schema") == "convcalc.network-traces/1"
    single = [json.loads(cli.run("trace", "two.yaml", *each, "--format", "json").out) for each in SINGLY]
    assert {each.pop("schema") for each in single} == {"convcalc.network-trace/1"}
    assert found == {"traces": single}


def test_csv_has_one_header(cli: CommandLine) -> None:
    """The rows of all cells under it."""
    cli.write({"two.yaml": TWO})
    rows = list(csv.reader(io.StringIO(cli.run("trace", "two.yaml", *SEVERAL, "--format", "csv").out)))
    wanted: list[list[str]] = []
    for each in SINGLY:
        header, *body = csv.reader(io.StringIO(cli.run("trace", "two.yaml", *each, "--format", "csv").out))
        wanted += body if wanted else [header, *body]
    assert rows == wanted


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_handouts_are_one_document(cli: CommandLine, form: str) -> None:
    """With one title, and all cells."""
    cli.write({"two.yaml": TWO})
    page = cli.run("trace", "two.yaml", *SEVERAL, "--format", form).out
    single = cli.run("trace", "two.yaml", *SINGLY[0], "--format", form).out
    assert page.count("Two layers of 2") == single.count("Two layers of 2") > 0
    assert page.count("depends on input") == 3
    assert page.count(r"\begin{document}") == single.count(r"\begin{document}")


def test_features_are_told_too(cli: CommandLine) -> None:
    """Of a layer without axes by their numbers."""
    cli.write({"many.yaml": MANY})
    page = cli.run("trace", "many.yaml", "--layer", "linear1", "--pos", "3", "--pos", "1").out
    assert page.index("linear1[3] = ") < page.index("linear1[1] = ")


def test_several_are_saved(cli: CommandLine) -> None:
    """As a single one is, and said so."""
    cli.write({"two.yaml": TWO})
    done = cli.run("trace", "two.yaml", *SEVERAL, "-o", "all.json")
    assert (done.code, done.out, done.err) == (0, "", "wrote all.json\n")
    assert len(json.loads(Path("all.json").read_text(encoding="utf-8"))["traces"]) == 3


@pytest.mark.parametrize("depth", ["1", "9"])
def test_weights_are_read_once(cli: CommandLine, monkeypatch: pytest.MonkeyPatch, depth: str) -> None:
    """For the output, the tree and the trace of a convolution together, however many cells are told."""
    reads: list[Any] = []
    read = weights.Random.read

    def counting(self: Any, name: str, shapes: Any) -> Any:
        reads.append((self.number, name))
        return read(self, name, shapes)

    monkeypatch.setattr(weights.Random, "read", counting)
    cli.write({"random.yaml": RANDOM})
    done = cli.run("trace", "random.yaml", "--pos", "0,0", "--pos", "1,1", "--depth", depth)
    assert done.code == 0, done.err
    assert sorted(reads) == [(0, "bias"), (0, "weight"), (1, "bias"), (1, "weight")]
