"""Each command on one layer and on many, in every format: it is answered, and other programs can read the answer."""

from __future__ import annotations

import csv
import io
import json
from itertools import product
from xml.etree import ElementTree

import pytest

from conftest import CommandLine

FILES = {
    "one.yaml": "input: {arange: [4, 4]}\nkernel: [[1, 2], [0, -1]]\ntitle: One\n",
    "many.yaml": """
title: Many
input: {arange: [1, 4, 4]}
layers:
  - conv: {weight: [[[[1, 2], [0, -1]]]], bias: [3], name: edges}
  - avg-pool: {kernel_size: 2, stride: 1, name: mean}
  - relu
  - conv: {weight: [[[[1/2]]]], bias: [0], name: half}
  - add: relu1
""",
}
FORMATS = ("table", "plain", "markdown", "latex", "html", "json", "csv")
SAVED = (".json", ".yaml", ".csv", ".txt", ".md", ".tex", ".html", ".pdf")
COMMANDS = {
    "matrix one.yaml": "output = matrix (9×16)",
    "matrix many.yaml --layer edges": "output = matrix (9×16)",
    "matrix many.yaml --layer mean": "output = matrix (4×9)",
    "matrix many.yaml --layer edges..mean": "output = matrix (4×16)",
    "matrix many.yaml --layer ..mean": "output = matrix (4×16)",
    "matrix many.yaml --layer half..": "output = matrix (4×4)",
    "matrix one.yaml --im2col": "im2col",
    "matrix many.yaml --layer half --im2col": "im2col",
    "uses one.yaml --pos 1,1 --adjoint": "equal",
    "uses many.yaml --pos 1,1": "path weights",
    "uses many.yaml --pos 1,1 --adjoint": "path weights equals input",
    "uses many.yaml --pos 1,1 --adjoint --layer half": "relu1 weights contributions equal",
    "uses many.yaml --pos 1,1 --adjoint --layer ..mean": "path weights equals input",
    "uses many.yaml --pos 1,1 --adjoint --layer mean..": "not linear equals edges",
    "uses many.yaml --adjoint": "not linear",
    "uses many.yaml --adjoint --layer half": "equal",
    "uses many.yaml --adjoint --layer mean": "equal",
    "uses many.yaml --adjoint --layer ..mean": "equal",
    "uses many.yaml --adjoint --layer mean..": "not linear",
    "gradient one.yaml": "loss gradient of weight",
    "gradient many.yaml": "loss norm edges",
    "learn many.yaml --loss mean --steps 2": "loss step edges",
    "trace many.yaml --gradient weight --layer edges --pos 0,0 --depth 2": "gradient sum equals",
    "plan one.yaml": "memory",
    "plan many.yaml": "memory",
    "plan many.yaml --layer half": "memory",
    "summary one.yaml": "total",
    "summary many.yaml": "total",
}
"""A command, and words that are on its page."""
DRAWN = ("summary one.yaml", "summary many.yaml", "run one.yaml", "run many.yaml")


@pytest.mark.parametrize(("command", "form"), [*product(COMMANDS, FORMATS)])
def test_every_format_is_printed(cli: CommandLine, command: str, form: str) -> None:
    """What is said is in each of them; JSON is one document with a schema, CSV has rows of one length."""
    cli.write(FILES)
    done = cli.run(*command.split(), "--format", form)
    assert done.code == 0, done.err
    if form == "json":
        assert json.loads(done.out)["schema"].startswith("convcalc.")
    elif form == "csv":
        rows = list(csv.reader(io.StringIO(done.out)))
        assert rows
        assert len(set(map(len, rows))) == 1
    else:
        words = COMMANDS[command].partition("(")[0].strip()
        assert all(word in done.out for word in words.split()), done.out
        assert ("\\begin{document}" in done.out) == (form == "latex")


@pytest.mark.parametrize(("command", "suffix"), [*product(COMMANDS, SAVED)])
def test_every_format_is_saved(cli: CommandLine, command: str, suffix: str) -> None:
    """With nothing printed where that is asked for, and never over a file that is there."""
    cli.write(FILES)
    argv = (*command.split(), "-o", f"out{suffix}", "-q")
    assert cli.run(*argv) == (0, "", "")
    assert (cli.folder / f"out{suffix}").stat().st_size > 2
    assert cli.run(*argv).code == 1


@pytest.mark.parametrize("command", DRAWN)
def test_pictures_are_drawn(cli: CommandLine, command: str) -> None:
    """A run of one convolution with its numbers, a network with its layers."""
    cli.write(FILES)
    assert cli.run(*command.split(), "-o", "out.svg", "-q") == (0, "", "")
    assert ElementTree.parse(cli.folder / "out.svg").getroot().tag.endswith("svg")
