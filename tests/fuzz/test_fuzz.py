"""Ten thousand inputs for each reader, every way to show and save, and proof that the oracle sees what is wrong."""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections import Counter
from functools import partial
from itertools import product

import numpy as np
import pytest

from convcalc.cli.app import COMMANDS

from . import oracle, processes, runner, through_main
from .oracle import answered, judged
from .process import Done, Meter
from .processes import attack_apart
from .readers import READERS, input_of
from .runner import Fault, Tally, attack
from .through_main import FORMATS, SUFFIXES, Command
from .trees import unmarked

INPUTS = 10_000
_ASKED = 1_000  # inputs whose answers are looked at


@pytest.mark.parametrize("reader", READERS)
def test_inputs_are_answered_or_refused(reader):
    """Whatever a file says, there is an answer or an error of ours, in our words, within two seconds and 200 MB."""
    inputs = INPUTS // READERS[reader].share
    tally = attack(reader, 0, range(inputs))
    assert tally.inputs == inputs
    assert not tally.faults, "\n".join(str(faults[0]) for faults in tally.faults.values())


@pytest.mark.parametrize("reader", READERS)
def test_the_valid_inputs_are_read(reader):
    """The attacks begin with what is read without a word."""
    row = READERS[reader]
    valid = [unmarked(data) for data in row.seeds()]
    assert [answered(row.read, data) for data in valid] == [""] * len(valid)
    assert [input_of(reader, 0, number) for number in range(len(valid))] == valid


@pytest.mark.parametrize("reader", [name for name, row in READERS.items() if row.share < 100])
def test_the_attacks_reach_what_is_behind_the_first_check(reader):
    """Some inputs are read and others refused, for many different reasons; hardly one is made twice."""
    row = READERS[reader]
    inputs = [input_of(reader, 1, number) for number in range(_ASKED)]
    answers = Counter(re.sub(r"\d+|'[^']*'", "…", answered(row.read, data)[:60]) for data in inputs)
    assert len(set(inputs)) > 0.7 * _ASKED
    assert answers[""] > 0.02 * _ASKED
    assert len(answers) > 10
    assert max(map(len, inputs)) <= 100_000


def test_an_input_is_made_again_from_its_name():
    """The same reader, seed and number make the same input in any order; another seed makes another."""
    numbers = [500, 40, 41, 500]
    made = [input_of("yaml", 3, number) for number in numbers]
    assert made[0] == made[3] == input_of("yaml", 3, 500)
    assert len(set(made)) == 3
    assert input_of("yaml", 4, 500) != made[0]


# --- every command, format and suffix

_HOSTILE = "\\e]0;t\\a\\e[2J\\x9b2J\\u202e=1+1</script>|$x$`%s[/red]\\0"
_PROBLEM = f'title: "{_HOSTILE}"\ninput: [[1, 2, 3], [4, 5, 6], [7, 8, 9]]\nkernel: [[0, 1], [-1, 0.5]]\ndims: 2\n'
_NETWORK = (
    f'title: "{_HOSTILE}"\ninput: {{ones: [1, 6, 6]}}\nlayers:\n'
    f'  - conv: {{weight: [[1, 2], [3, 4]], name: "{_HOSTILE}"}}\n  - relu\n'
)
_ANSWERS = "# seed: 1\nstudent,1,2,3\n" + "=1+1,\u202e9,\\input{x},<b>\n" + "a\u200bb,yes,1x1,[[\n"
_ARGUMENTS = {
    "run": ["p.yaml"],
    "trace": ["p.yaml", "--pos", "0,0"],
    "uses": ["p.yaml", "--pos", "0,0"],
    "gradient": ["p.yaml"],
    "learn": ["p.yaml", "--loss", "sum", "--steps", "2"],
    "explain": ["p.yaml", "--got", "[[1, 2], [3, 4]]"],
    "like": ["cv2.filter2D"],
    "matrix": ["p.yaml"],
    "plan": ["p.yaml"],
    "params": ["--cin", "3", "--cout", "4", "-k", "3", "--size", "9"],
    "summary": ["n.yaml"],
    "solve": ["9", "5", "-k", "3"],
    "kernels": ["box"],
    "gallery": ["p.yaml", "--kernel", "box"],
    "check": ["p.yaml"],
    "code": ["p.yaml"],
    "quiz": ["p.yaml", "--count", "4"],
    "animate": ["p.yaml"],
    "page": ["p.yaml"],
    "explore": ["p.yaml"],
    "bench": ["p.yaml", "--rounds", "0"],
}
_WAYS = [
    *((command, arguments) for command, arguments in _ARGUMENTS.items()),
    ("run", ["n.yaml"]),
    ("trace", ["n.yaml", "--pos", "0,0"]),
    ("trace", ["n.yaml", "--gradient", "weight", "--pos", "0,0", "--depth", "2"]),
    ("run", ["p.yaml", "--like", "scipy.ndimage.convolve"]),
    ("code", ["p.yaml", "--explain"]),
    ("trace", ["p.yaml", "--pos", "0,0", "--blank"]),
    ("run", ["p.yaml", "--blank"]),
    ("check", ["p.yaml", "--answers", "a.csv"]),
    ("run", ["p.yaml", "--kernel", "sobel-x", "--kernel", "sobel-y", "--magnitude", "--zoom", "2", "--figure"]),
]


@pytest.mark.parametrize(("command", "arguments"), _WAYS, ids=[" ".join((name, *rest)) for name, rest in _WAYS])
def test_every_format_and_suffix_of_every_command(command, arguments, tmp_path, monkeypatch):
    """A hostile title is printed and saved in every way without a control character, or the way is refused."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.yaml").write_text(_PROBLEM)
    (tmp_path / "n.yaml").write_text(_NETWORK)
    (tmp_path / "a.csv").write_text(_ANSWERS)
    meter, folder = Meter(), tmp_path / "saved"
    folder.mkdir()
    for form, suffix in product(FORMATS, (None, *SUFFIXES)):
        for path in folder.iterdir():
            path.unlink()
        target = folder / f"out{suffix}"
        argv = [command, *arguments, "--format", form, *(["-o", str(target)] if suffix is not None else [])]
        assert not judged(partial(through_main.through_main, Command(argv, target)), meter), argv


def test_every_command_is_tried():
    """A new command needs arguments here; doctor, which names others' packages, schema and examples read nothing."""
    assert set(_ARGUMENTS) == set(COMMANDS) - {"doctor", "schema", "examples"}


# --- the oracle sees what is wrong


def _raises(error):
    raise error


def _warns():
    warnings.warn("divide by zero", RuntimeWarning, stacklevel=1)
    return ""


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (lambda: _raises(ValueError("bad")), "ValueError at nowhere of ours: bad"),
        (lambda: _raises(SystemExit(1)), "SystemExit at"),
        (lambda: _raises(MemoryError()), "MemoryError at"),
        (_warns, "RuntimeWarning at"),
        (lambda: "error: [Errno 22] x", "foreign words '[Errno'"),
        (lambda: "error: invalid literal for int()", "foreign words 'invalid literal'"),
        (lambda: "a\x1b[2J", r"a control character '\x1b'"),
        (lambda: "a\u202eb", r"a control character '\u202e'"),
        (lambda: "error: " + "x" * 5000, "long"),
        (lambda: "error: expected a number, got 'x'\n", ""),
    ],
)
def test_the_oracle_tells(action, told):
    """Exceptions, warnings, foreign words, control characters and endless messages are faults; an error is not."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        what = judged(action, Meter())
    assert what.startswith(told)
    assert bool(what) == bool(told)


def test_the_oracle_measures(monkeypatch):
    """More time and more memory than allowed are faults, each told with what it was."""
    monkeypatch.setattr(oracle, "SECONDS", 0.0)
    assert judged(lambda: str(sum(range(10_000))), Meter()).startswith("slow")
    monkeypatch.setattr(oracle, "SECONDS", 100.0)
    monkeypatch.setattr(oracle, "MEGABYTES", 20)
    meter = Meter()
    assert judged(lambda: str(np.ones(8_000_000).sum()), meter).startswith("large")
    assert not judged(str, meter)


@pytest.mark.parametrize(
    ("content", "beside", "code", "text", "wrong"),
    [
        (b"old", None, 1, "error: no", ""),
        (b"new", None, 0, "wrote it", ""),
        (b"ne", None, 1, "error: no", "no longer what it was"),
        (None, None, 1, "error: no", "no longer what it was"),
        (b"old", b"new", 0, "", "files left behind"),
        (b"new\x1b", None, 0, "", "a control character"),
        (b"old", None, 120, "", "exit code 120"),
    ],
)
def test_half_a_file_is_seen(content, beside, code, text, wrong, tmp_path, monkeypatch):
    """After an error the old file stands, after success the new one; nothing else is left, and codes are ours."""
    target = tmp_path / "out.txt"
    target.write_bytes(b"old")

    def convcalc(*argv):
        target.unlink() if content is None else target.write_bytes(content)
        if beside:
            (tmp_path / ".out.txt.tmp").write_bytes(beside)
        return Done(code, text)

    monkeypatch.setattr(through_main, "convcalc", convcalc)
    what = judged(lambda: through_main.through_main(Command(["run"], target)), Meter())
    assert wrong in what
    assert bool(what) == bool(wrong)


def test_what_a_library_writes_to_standard_error_is_seen(capfd, monkeypatch):
    """Text that goes past Python's streams is a fault too."""
    row = READERS["csv"]._replace(read=lambda _: os.write(2, b"libx: Warning"))
    monkeypatch.setitem(READERS, "csv", row)
    tally = attack("csv", 0, range(1, 3))
    assert [str(each) for faults in tally.faults.values() for each in faults] == [
        f"(csv, 0, {number}) a library wrote 13 bytes to standard error" for number in (1, 2)
    ]


# --- runs of any size


def _planted(reader, seed, numbers, seconds, at):
    """In a process of its own: one input ends it, one stops it, one is a fault."""
    tally = Tally()
    for number in numbers:
        at.value = number
        tally.inputs += 1
        if number == 3:
            os._exit(9)
        if number == 5:
            threading.Event().wait()
        if number == 7:
            tally.add(Fault(reader, seed, number, "ValueError at x.py:1 f: bad"))
    return tally


def test_no_input_ends_or_stops_a_run(monkeypatch):
    """Inputs that end or stop a process are told and left out, and all others are still counted."""
    monkeypatch.setattr(processes, "_PATIENCE", 0.5)
    monkeypatch.setattr(processes, "_LOOK", 0.1)
    monkeypatch.setattr(processes, "_BLOCK", 6)
    tally = attack_apart("csv", 0, range(10), attack=_planted)
    assert tally.inputs == 8
    assert sorted((faults[0].number, kind) for kind, faults in tally.faults.items()) == [
        (3, "ends the process"),
        (5, "hangs"),
        (7, "ValueError at x.py:1 f"),
    ]


def test_a_run_ends_when_its_time_is_over():
    """With no time at all there is one input."""
    assert attack("csv", 0, range(100), seconds=0).inputs == 1
    assert runner.EVERY > 1
