"""``run`` of a file whose field ``expect`` is not what comes out: the numbers all the same, and a line that says so."""

from __future__ import annotations

import json

import pytest

PROBLEM = "input: [1, 2, 3]\nkernel: [1, 1]\nexpect: {}\n"
NETWORK = "input: [[0, 1, 2, 3]]\ndims: 1\nlayers:\n  - max-pool: 2\n  - relu\nexpect: {}\n"
CASES = [
    (PROBLEM.format("[3, 5]"), ""),
    (PROBLEM.format("[3, 6]"), "not what the field expect says: output[1] expected 6, got 5"),
    (PROBLEM.format("[4, 6]"),
     "not what the field expect says: output[0] expected 4, got 3 and 1 more difference; convcalc check shows all"),
    (PROBLEM.format('{"1": 6}'), "not what the field expect says: output[1] expected 6, got 5"),
    (PROBLEM.format("[3, 5, 7]"), "cannot be compared with the field expect: expect has shape 3, the output has 2"),
    (PROBLEM.format('{"7": 6}'), "cannot be compared with the field expect: "),
    (NETWORK.format("[1, 3]"), ""),
    (NETWORK.format("[1, 4]"), "not what the field expect says: output[1] expected 4, got 3"),
    (NETWORK.format("{parameters: 3}"), "not what the field expect says: parameters expected 3, got 0"),
    ("input: [1, 2, 3]\nkernel: [1, 1]\n", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), CASES)
def test_a_page_says_what_was_expected(cli, monkeypatch, text, words):
    """In its last line, in the notes of JSON, and beside CSV; the exit code is that of a run, which was done."""
    monkeypatch.setenv("COLUMNS", "200")
    cli.write({"f.yaml": text})
    done = cli.run("run", "f.yaml")
    assert (done.code, done.err) == (0, "")
    if words:
        assert done.out.splitlines()[-1].startswith(words)
    else:
        assert "expect" not in done.out
    notes = json.loads(cli.run("run", "f.yaml", "--format", "json").out)["notes"]
    assert [note.startswith(words) for note in notes] == [True] * bool(words)
    beside = cli.run("run", "f.yaml", "--format", "csv")
    assert beside.err.startswith(f"note: {words}") if words else beside.err == ""


@pytest.mark.parametrize(
    "flags", [["--stride", "2"], ["--kernel", "[1, 1, 1]"], ["--convolve"], ["--input", "[[1, 2]]"]]
)
def test_what_flags_change_is_another_problem(cli, flags):
    """Its output is not the one that the file expects."""
    cli.write({"f.yaml": PROBLEM.format("[9, 9]"), "n.yaml": NETWORK.format("[9, 9]")})
    name = "n.yaml" if "--input" in flags else "f.yaml"
    assert "expect" in cli.run("run", name).out
    done = cli.run("run", name, *flags)
    assert (done.code, "expect" in done.out) == (0, False), done.err


def test_a_layer_on_the_way_is_not_the_output(cli):
    """With --layer nothing is compared."""
    cli.write({"n.yaml": NETWORK.format("[9, 9]")})
    done = cli.run("run", "n.yaml", "--layer", "max-pool1")
    assert (done.code, "expect" in done.out) == (0, False)


def test_another_dtype_is_compared(cli):
    """It is the same problem with other digits."""
    cli.write({"f.yaml": PROBLEM.format("[3, 6]")})
    assert "expected 6, got 5" in cli.run("run", "f.yaml", "--dtype", "float32").out
