"""``convcalc examples``, and ``check`` of the shipped ones and of folders."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from convcalc.request import examples, shipped

ROOT = Path(__file__).parents[1]
SHIPPED = sorted(path.stem for path in (ROOT / "examples").glob("*.yaml"))


def test_every_example_has_its_line(cli):
    """One each on 80 columns, with its title."""
    lines = cli.run("examples").out.splitlines()
    for name in SHIPPED:
        [line] = [line for line in lines if line.startswith(f"│ {name} ")]
        assert line.count("│") == 3
    assert "│ two-layers                 │ Two layers of 2×2 (2 layers)" in "\n".join(lines)


def test_the_list_as_data(cli):
    """The same names as JSON and CSV, with the files that belong to each."""
    document = json.loads(cli.run("examples", "--format", "json").out)
    assert document["schema"] == "convcalc.examples/1"
    assert [each["name"] for each in document["examples"]] == SHIPPED
    files = {each["name"]: each["files"] for each in document["examples"]}
    assert files["photograph"] == ["photograph.yaml", "camera.png"]
    assert files["gradient"] == ["gradient.yaml"]
    rows = list(csv.reader(io.StringIO(cli.run("examples", "--format", "csv").out)))
    assert rows[0] == ["name", "title", "layers"]
    assert [row[0] for row in rows[1:]] == SHIPPED


@pytest.mark.parametrize("name", ["two-layers", "two-layers.yaml"])
def test_one_is_shown_as_it_is(cli, name):
    """To the letter, so that it can go into a file."""
    assert cli.run("examples", name) == (0, (ROOT / "examples/two-layers.yaml").read_text(encoding="utf-8"), "")


def test_some_are_copied_with_what_they_read(cli):
    """And run where they are."""
    done = cli.run("examples", "copy", "two-layers", "photograph")
    assert done == (0, "", "wrote two-layers.yaml\nwrote photograph.yaml\nwrote camera.png\n")
    assert cli.files() == {
        name: (ROOT / "examples" / name).read_bytes() for name in ("two-layers.yaml", "photograph.yaml", "camera.png")
    }
    assert cli.run("check", ".").out.splitlines()[-1] == "2 of 2 files ok"


def test_nothing_is_copied_over_a_file(cli):
    """Unless that is asked for; and if one file is there, no other is written either."""
    cli.write({"camera.png": b"mine"})
    done = cli.run("examples", "copy", "gradient", "photograph")
    assert done == (1, "", "error: camera.png exists already\nhint: --force replaces it\n")
    assert cli.files() == {"camera.png": b"mine"}
    assert cli.run("examples", "copy", "gradient", "photograph", "--force", "-q") == (0, "", "")
    assert set(cli.files()) == {"camera.png", "gradient.yaml", "photograph.yaml"}


REFUSED = [
    (["two-layer"], "unknown example 'two-layer'", "did you mean two-layers?"),
    (["copy", "gradient", "nothing"], "unknown example 'nothing'", ""),
    (["copy"], "copy needs the names of examples", "convcalc examples copy two-layers"),
    (["gradient", "digit"], "one example is shown at a time, got 'gradient' and 'digit'",
     "convcalc examples copy gradient digit"),
    (["gradient", "-o", "a.yaml"], "-o is for the list of examples", "an example is shown and copied as it is"),
    (["copy", "gradient", "--format", "json"], "--format is for the list of examples", ""),
    (["../gradient"], "unknown example '../gradient'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "message", "hint"), REFUSED)
def test_what_is_refused(cli, words, message, hint):
    """Words that do not go together, and names that are none; nothing is written."""
    done = cli.run("examples", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {message}\nhint: {hint}")
    assert cli.files() == {}


def test_check_without_files_checks_the_examples(cli):
    """All of them come out, by their names."""
    done = cli.run("check")
    assert done.code == 0
    assert f"{len(SHIPPED)} of {len(SHIPPED)} files ok" in done.out
    assert all(f"│ {name}.yaml " in done.out for name in SHIPPED)


def test_the_examples_of_an_installed_package(cli, monkeypatch):
    """They are found wherever the package keeps them."""
    cli.write({"data/examples/mine.yaml": "title: Mine\ninput: [1, 2]\nkernel: [1]\nexpect: [1, 2]\n"})
    monkeypatch.setattr(examples, "shipped", lambda name: cli.folder / "data" / name)
    assert shipped.shipped("examples") != cli.folder / "data/examples"
    assert "│ mine │ Mine" in cli.run("examples").out
    assert "1 of 1 file ok" in cli.run("check").out


FOLDER = {
    "d/good.yaml": "input: [1, 2]\nkernel: [1]\nexpect: [1, 2]\n",
    "d/bad.yml": "input: [1, 2]\nkernel: [1]\nexpect: [1, 3]\n",
    "d/more.json": '{"input": [1, 2], "kernel": [1], "expect": [1, 2]}',
    "d/silent.yaml": "input: [1, 2]\n",
    "d/notes.txt": "expect nothing",
    "d/below/deeper.yaml": "input: [1, 2]\nkernel: [1]\nexpect: [9, 9]\n",
}


def test_check_takes_folders(cli):
    """Their problem files that expect something, by name, beside files; how many do not is said."""
    cli.write(FOLDER)
    done = cli.run("check", "d", "d/good.yaml", "--format", "csv")
    rows = list(csv.reader(io.StringIO(done.out)))[1:]
    assert [(row[0], row[1]) for row in rows] == [
        ("d/bad.yml", "differs"), ("d/good.yaml", "ok"), ("d/more.json", "ok"), ("d/good.yaml", "ok"),
    ]  # fmt: skip
    assert done.code == 1
    assert done.err == "note: 1 file of d without expect left out\n"
    assert "note: 1 file of d without expect left out" in cli.run("check", "d").out


def test_a_folder_without_any_is_refused(cli):
    """It is not said that all of nothing is well."""
    cli.write({"d/silent.yaml": "input: [1, 2]\n"})
    done = cli.run("check", "d")
    assert done == (
        2, "", "error: no file of the folder d has the field expect\nhint: name the files themselves\n",
    )  # fmt: skip
