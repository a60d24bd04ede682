"""Bad inputs and bad surroundings, row by row: where each is tested, and the rows that are tested nowhere else.

A row is what goes wrong, in a few words. Inputs are small and harmless: a guard is tried one step beyond our own limit.
"""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import CommandLine, Done
from convcalc.limits import Limits

HERE = Path(__file__).parent
ROWS = {
    "a number that begins with a point": ("test_messages", "a leading point"),
    "a number with an exponent": ("test_messages", "exponents"),
    "a number with leading zeros": ("test_messages", "leading zeros are decimal"),
    "a time of day among numbers": ("test_messages", "a time of day is no number"),
    "the word no as a title": ("test_messages", '("no", "no", "no")'),
    "a missing comma": ("test_messages", "a missing comma"),
    "no space after a colon": ("test_messages", "no space after the colon, in braces"),
    "a decimal comma": ("test_messages", "a decimal comma"),
    "fractions and roots": ("test_messages", "fractions and roots"),
    "an expression that would take for ever": ("test_messages", "a power"),
    "a call of Python": ("test_messages", "a call of Python"),
    "the same key twice": ("test_messages", "the same key twice"),
    "a misspelt field": ("test_messages", "a misspelt field"),
    "a tag": ("test_messages", "a tag"),
    "an anchor to itself": ("test_messages", "an anchor to itself"),
    "an alias bomb": ("test_messages", "aliases of aliases"),
    "lists nested too deeply": ("test_hardening", "test_one_level_too_many_is_refused_at_once"),
    "mappings nested too deeply": ("test_hardening", "test_one_level_too_many_is_refused_at_once"),
    "a merge key": ("test_messages", "a merge key"),
    "a second document": ("test_messages", "a second document"),
    "an empty file": ("test_messages", "an empty file"),
    "a tab as indentation": ("test_messages", "a tab as indentation"),
    "a byte order mark and CRLF": ("test_messages", "a byte order mark and CRLF"),
    "UTF-16": ("test_messages", '"UTF-16"'),
    "Latin-1": ("test_messages", '"Latin-1"'),
    "a NUL and an ESC in a text": ("test_messages", '"an ESC"'),
    "a terminal code in a title": ("test_messages", "a terminal code"),
    "markup in a title": ("test_messages", '"markup"'),
    "a reversed direction in a title": ("test_messages", "a reversed direction"),
    "half a surrogate pair": ("test_messages", "half a surrogate pair"),
    "a script in a page": ("test_gallery", "</script>"),
    "a formula in a table": ("test_messages", "test_a_formula_in_csv_is_text"),
    "commands in LaTeX and Markdown": ("test_latex", r"\input{/etc/passwd}"),
    "five thousand digits": ("test_messages", "five thousand digits"),
    "inf and nan in a kernel": ("test_messages", "test_strict_finite_names_the_first_place"),
    "beyond the range of floats": ("test_messages", "beyond the range of floats"),
    "an integer beyond 2^53": ("test_messages", "beyond floats, whole"),
    "a date, bytes and a set among numbers": ("test_hardening", "test_what_yaml_makes_of_tags_is_no_number"),
    "rows of different lengths": ("test_messages", "rows of different lengths"),
    "no cells": ("test_messages", "no cells"),
    "a bad stride": ("test_messages", "stride 1.5"),
    "a bad dilation, padding or group": ("test_messages", "groups that do not divide the input"),
    "a kernel that does not fit": ("test_messages", "a kernel that does not fit"),
    "padding beyond memory": ("test_messages", "padding beyond memory"),
    "a stride beyond 64 bits": ("test_messages", "a stride beyond every axis"),
    "a reflection wider than the input": ("test_messages", "a wide reflection"),
    "int8 sums": ("test_messages", "int8 does not wrap"),
    "bytes and a negative kernel": ("test_messages", "a picture with a negative kernel"),
    "sums beyond int64": ("test_messages", "a sum beyond int64 stays exact"),
    "half precision": ("test_safetensors", "test_every_bfloat16_is_read_exactly_as_float32"),
    "a minus zero": ("test_messages", "test_a_minus_zero_is_kept_in_json"),
    "text, a byte or nothing named .npy": ("test_messages", "a byte named .npy"),
    "Python objects in .npy and .npz": ("test_messages", "Python objects"),
    "a .npy file that is cut or goes on": ("test_messages", "a .npy file that goes on"),
    "a .npy file that promises too much": ("test_messages", "a .npy file whose size wraps"),
    "a header that is none": ("test_npy_npz", "test_no_mutated_file_raises_anything_but_our_errors"),
    "records, dates, text and complex numbers": ("test_messages", "records"),
    "another byte order and layout": ("test_npy_npz", "test_any_layout_is_read_as_little_endian_rows"),
    "an archive that unpacks to too much": ("test_npy_npz", "test_bombs_are_refused_before_they_are_read"),
    "several arrays, none, and names that leave": ("test_messages", "names that would leave the folder or obey"),
    "tables in every dialect": ("test_messages", "test_tables_are_read_in_every_dialect"),
    "a bad cell of a table": ("test_messages", "full-width digits"),
    "a line without end, a device, a pipe, a folder": ("test_hardening", "test_a_line_without_end_is_not_read"),
    "an image of too many pixels": ("test_messages", "an image of 400 megapixels in 65 bytes"),
    "pictures that are converted": ("test_image", "test_an_image_is_turned_as_its_camera_says"),
    "a name that promises another content": ("test_messages", "text named .png"),
    "sounds": ("test_hardening", "test_sounds_are_called_sounds_whatever_they_promise"),
    "a damaged header of safetensors": ("test_safetensors", "test_what_a_header_must_not_say_is_refused"),
    "data of a model in other files": ("test_onnx_external", "test_other_files_are_not_read"),
    "an output that cannot be written": ("test_save", "test_a_failure_leaves_the_old_file_and_nothing_else"),
    "pipes, full disks, signals and terminals": ("faults/test_faults", "test_nothing_ends_otherwise_than_it_should"),
    "arguments that are none": ("test_hardening", "test_an_argument_of_ten_megabytes_is_refused_in_a_line"),
}
"""Every row with the file and a text in it that is its test."""


def test_every_row_has_its_test() -> None:
    """There are 72, and each names a test that is there."""
    assert len(ROWS) == 72
    texts = {file: (HERE / f"{file}.py").read_text(encoding="utf-8") for file, _ in ROWS.values()}
    assert [row for row, (file, text) in ROWS.items() if text not in texts[file]] == []


def refused(done: Done, code: int, seconds: float) -> None:
    """Exit code, one error and at most one hint, nothing printed, and soon."""
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err
    assert seconds < 2


def timed(cli: CommandLine, *argv: str) -> tuple[Done, float]:
    """A run, and how long it took."""
    start = time.process_time()
    return cli.run(*argv), time.process_time() - start


# Depth -------------------------------------------------------------------------------------------------------------

DEPTH = Limits().depth
NESTED = {
    "lists": lambda levels: "[" * levels + "1" + "]" * levels,
    "mappings": lambda levels: "{a: " * levels + "1" + "}" * levels,
    "dashes": lambda levels: "- " * levels + "1",
    "indented mappings": lambda levels: "".join(f"\n{' ' * (level + 1)}a:" for level in range(levels)) + " 1",
}


@pytest.mark.parametrize("kind", NESTED)
def test_one_level_too_many_is_refused_at_once(cli: CommandLine, kind: str) -> None:
    """Our own limit answers, before anything is built that another reader would stumble over."""
    before = "input:\n  " if kind == "dashes" else "input: "
    for levels in (DEPTH, DEPTH + 1):
        cli.write({"deep.yaml": f"{before}{NESTED[kind](levels)}\nkernel: [1]\n"})
        done, seconds = timed(cli, "run", "deep.yaml")
        refused(done, 3, seconds)
        assert f"{DEPTH} levels" in done.err
    cli.write({"deep.yaml": f"{before}{NESTED[kind](DEPTH - 1)}\nkernel: [1]\n"})
    assert "levels" not in cli.run("run", "deep.yaml").err  # read, and then refused for what it is


@pytest.mark.parametrize(
    "text", ["[" * (DEPTH + 1) + "]" * (DEPTH + 1), '{"a":' * (DEPTH + 1) + "1" + "}" * (DEPTH + 1)]
)
def test_json_has_the_same_limit(cli: CommandLine, text: str) -> None:
    """Lists and objects."""
    cli.write({"deep.json": text})
    refused(*_after(timed(cli, "run", "deep.json"), 3))


def _after(timed_run: tuple[Done, float], code: int) -> tuple[Done, int, float]:
    return timed_run[0], code, timed_run[1]


# Tags --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["!!binary aGk=", "!!set {1, 2}", "!!timestamp 2024-01-01", "!!omap [a: 1]", "!!float 1"]
)
def test_what_yaml_makes_of_tags_is_no_number(cli: CommandLine, value: str) -> None:
    """Tags are not accepted, whatever they would make."""
    cli.write({"f.yaml": f"input: [{value}]\nkernel: [1]\n"})
    done, seconds = timed(cli, "run", "f.yaml")
    refused(done, 1, seconds)
    assert done.err.startswith("error: f.yaml:1:9: ")
    assert "tag" in done.err


# Size --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["line.csv", "line.yaml", "line"])
def test_a_line_without_end_is_not_read(cli: CommandLine, name: str) -> None:
    """Two gigabytes in one line are refused by their size: nothing is read, whatever they are called."""
    with (cli.folder / name).open("wb") as stream:
        stream.write(b"1")
        stream.truncate(2 << 30)  # takes no room on a disk
    done, seconds = timed(cli, "run", name)
    refused(done, done.code, seconds)
    assert done.code in (1, 3)


def test_an_archive_that_claims_a_gigabyte_is_refused(cli: CommandLine) -> None:
    """By its directory, in a line, though it has but a few hundred bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        array = io.BytesIO()
        np.save(array, np.ones((2, 2)))
        archive.writestr("a.npy", array.getvalue())
    data = bytearray(stream.getvalue())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 1 << 30)
    cli.write({"a.npz": bytes(data)})
    refused(*_after(timed(cli, "run", "a.npz"), 3))


def test_an_argument_of_ten_megabytes_is_refused_in_a_line(cli: CommandLine) -> None:
    """As a kernel, a file and a position; the message is short."""
    long = "x" * 10_000_000
    for argv in (("run", "--kernel", long), ("run", long), ("trace", "--pos", long), ("run", "--padding", long)):
        done, seconds = timed(cli, *argv)
        refused(done, done.code, seconds)
        assert done.code in (1, 2)
        assert len(done.err) < 2000


# Sounds ------------------------------------------------------------------------------------------------------------


def wav(form: bytes, length: int = 8, data: bytes = b"\0" * 8) -> bytes:
    """A RIFF file of one sound, whose data promise a length."""
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", length) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def form(tag: int, channels: int, rate: int, bits: int) -> bytes:
    """The format of a sound."""
    return struct.pack("<HHIIHH", tag, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)


SOUNDS = {
    "extensible": wav(form(0xFFFE, 2, 8000, 16) + struct.pack("<HHI", 22, 16, 3) + b"\1\0" + b"\0" * 14),
    "mu-law": wav(form(7, 1, 8000, 8)),
    "no channels": wav(form(1, 0, 8000, 16)),
    "a length of four gigabytes": wav(form(1, 1, 8000, 16), 0xFFFFEFF0),
    "32,767 channels": wav(form(1, 0x7FFF, 8000, 16)),
    "12 bits": wav(form(1, 1, 8000, 12)),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds_that_promise_what_they_do_not_hold_are_refused(cli: CommandLine, name: str) -> None:
    """Nothing is made room for by what the header says."""
    cli.write({"a.wav": SOUNDS[name]})
    done, seconds = timed(cli, "run", "a.wav")
    refused(done, 1, seconds)
    assert "WAV" in done.err


# The system --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("lib.so: failed to map segment from shared object"),
        OSError(12, "Cannot allocate memory"),
    ],
    ids=["numbers", "module", "system"],
)
def test_no_memory_is_said_without_loading_anything(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whoever notices first, it is a limit."""
    from convcalc.cli import app

    def fail() -> int:
        raise error

    monkeypatch.setattr(app, "run_app", fail)
    monkeypatch.setattr("convcalc.cli.message.tell", None)
    assert cli.run("run") == Done(
        3, "", "error: the memory ran out\nhint: --limit memory=… refuses such problems before they begin\n"
    )


def test_a_module_that_is_missing_is_no_lack_of_memory(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """That would be a fault of ours, and is not hidden."""
    from convcalc.cli import app

    def fail() -> int:
        raise ImportError("No module named 'nonesuch'")

    monkeypatch.setattr(app, "run_app", fail)
    with pytest.raises(ImportError, match="nonesuch"):
        cli.run("run")


def test_names_of_files_are_data_too(cli: CommandLine) -> None:
    """A name with markup, a line end and a terminal code is shown in one line, and JSON has it whole."""
    name = "[/red]\n\x1b[2J:smile:.yaml"
    cli.write({name: "input: [1]\nkernel: [1]\nfoo: 1\n"})
    done = cli.run("run", name)
    assert done.code == 1
    assert done.err.startswith("error: [/red]\\x0a\\x1b[2J:smile:.yaml:3:1: unknown field 'foo'")
    cli.write({name: "input: [1]\nkernel: [1]\nexpect: [1]\n"})
    checked: dict[str, Any] = json.loads(cli.run("check", name, "--format", "json").out)
    assert checked["files"][0]["file"] == name
