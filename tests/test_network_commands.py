"""Files with layers on the command line: who takes them, and how they are checked."""

from __future__ import annotations

import pytest

from network_files import ONES, SHAPE


@pytest.mark.parametrize("command", ["bench"])
def test_commands_of_one_convolution_refuse_networks(cli, command):
    """They say what the file holds, and which commands take it."""
    cli.write({"f.yaml": ONES + "layers:\n  - relu\n"})
    done = cli.run(command, "f.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "error: f.yaml is a network of layers, this command takes a single convolution",
        "hint: summary, run, trace, uses, matrix and plan take networks",
    ]


CHECKED = [
    ("facts",
     SHAPE + "layers: [conv: {out_channels: 2, kernel_size: 3}]\nexpect: {parameters: 56, output_shape: [2, 6, 6]}\n",
     0,
     ["f.yaml: compared 56 parameters and output shape 2×6×6", "1 of 1 file ok"]),
    ("wrong facts",
     SHAPE + "layers: [conv: {out_channels: 2, kernel_size: 3}]\nexpect: {parameters: 57, output_shape: 2x6}\n", 1,
     ["f.yaml: compared 57 parameters and output shape 2×6", "f.yaml: parameters expected 57, got 56",
      "f.yaml: output_shape expected 2×6, got 2×6×6", "0 of 1 file ok"]),
    ("numbers", "input: [[1, -2], [3, -4]]\nlayers: [relu]\nexpect: [[1, 0], [3, 0]]\n", 0, ["1 of 1 file ok"]),
    ("wrong numbers", "input: [[1, -2], [3, -4]]\nlayers: [relu]\nexpect: [[1, 0], [2, 0]]\n", 1,
     ["f.yaml: output[1, 0] expected 2, got 3", "0 of 1 file ok"]),
    ("positions and facts",
     "input: [[1, -2], [3, -4]]\nlayers: [relu]\nexpect: {'0, 0': 1, ':, 1': 1, parameters: 0}\n", 1,
     ["f.yaml: compared 0 parameters", "f.yaml: output[0, 1] expected 1, got 0",
      "f.yaml: output[1, 1] expected 1, got 0",
      "0 of 1 file ok"]),
    ("numbers of a shape", SHAPE + "layers: [relu]\nexpect: {'0, 0, 0': 1}\n", 1,
     ["f.yaml:1:8: there are no numbers to put in, only their shape 3×8×8 "
      "(name a file with --input, or write input: [[1, 2], [3, 4]])",
      "0 of 1 file ok"]),
    ("nothing", SHAPE + "layers: [relu]\n", 1,
     ["f.yaml: there is nothing to compare with (add the field expect to the file)", "0 of 1 file ok"]),
    ("a bad fact", SHAPE + "layers: [relu]\nexpect: {parameters: many}\n", 1,
     ["f.yaml:3:22: parameters must be a whole number >= 0, got 'many'", "0 of 1 file ok"]),
    ("a bad shape", SHAPE + "layers: [relu]\nexpect: {output_shape: [3, x]}\n", 1,
     ["f.yaml:3:28: a size of output_shape must be a whole number >= 1, got 'x'", "0 of 1 file ok"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "lines"), [row[1:] for row in CHECKED], ids=[row[0] for row in CHECKED])
def test_networks_are_checked(cli, monkeypatch, text, code, lines):
    """Properties of a network need no weights; numbers are computed and compared as those of one convolution."""
    monkeypatch.setenv("COLUMNS", "200")
    cli.write({"f.yaml": text})
    done = cli.run("check", "f.yaml")
    said = [line.strip() for line in done.out.splitlines() if line[:1] not in "╭│├╰"]
    assert ([line for line in said if line], done.code, done.err) == (lines, code, "")


def test_checked_facts_are_data_too(cli):
    """JSON and CSV name what differs: a cell of the output, or a fact."""
    import csv
    import io
    import json

    cli.write({"f.yaml": "input: [1, -2]\nlayers: [relu]\nexpect: {parameters: 3, '1': 5}\n"})
    document = json.loads(cli.run("check", "f.yaml", "--format", "json").out)["files"][0]
    assert document["facts"] == ["3 parameters"]
    assert document["differences"] == [
        {"what": "parameters", "place": [], "expected": 3, "actual": 0},
        {"what": "output", "place": [1], "expected": 5, "actual": 0},
    ]
    rows = list(csv.reader(io.StringIO(cli.run("check", "f.yaml", "--format", "csv").out)))
    assert rows[0] == ["file", "verdict", "cells", "what", "place", "expected", "actual"]
    assert [row[3:] for row in rows[1:]] == [["parameters", "", "3", "0"], ["output", "1", "5", "0"]]


def test_a_row_of_classes_is_not_cut(cli):
    """The ten numbers of a softmax stand on 80 columns, in lines of as many each."""
    cli.write({"n.yaml": "input: [1, 2, 3]\nlayers:\n  - linear: 10\n  - softmax\nweights: {random: 1}\n"})
    done = cli.run("run", "n.yaml")
    rows = done.out[done.out.index("softmax1 output") :].splitlines()[1:9]
    assert "…" not in done.out
    assert [each for row in rows[::4] for each in row.split()] == list(map(str, range(10)))
    numbers = [each for row in rows[2::4] for each in row.strip("│").split()]
    assert len(numbers) == 10
    assert sum(map(float, numbers)) == pytest.approx(1, abs=1e-6)
    assert max(map(len, rows)) <= 80
