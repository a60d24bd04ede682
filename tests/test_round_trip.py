"""What one command prints or saves, every other reads: the same numbers, in every format."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import os
import pty
import subprocess
import sys
import unicodedata
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convcalc.files.csv_writer import csv_lines
from convcalc.files.tensor_file import read_tensor
from convcalc.files.yaml_writer import yaml_text
from convcalc.limits import Limits
from convcalc.render.documents import json_lines
from convcalc.report.kernel.report import kernel_report
from convcalc.request.kernel_file import read_kernel_file
from convcalc.request.kernel_library import Library

FORMATS = ("json", "yaml", "csv", "npy", "npz")
ARRAYS = {
    "whole numbers": ([[1, -2, 3], [0, 2**53 + 1, -(2**63)]], FORMATS),
    "long numbers": ([[2**70, -1], [10**40, 10**400]], ("json", "yaml", "csv")),
    "fractions": ([[Fraction(1, 3), Fraction(-7, 2)], [5, Fraction(1, 10**30)]], ("json", "yaml", "csv")),
    "long fractions": ([[Fraction(1, 3**900), 0], [Fraction(-(10**200), 7**300), 1]], ("json", "yaml", "csv")),
    "floats": ([[0.1, 0.25, 1e-320], [1.7976931348623157e308, 2.5, -1e16]], FORMATS),
    "numbers that are not finite": ([[math.nan, math.inf], [-math.inf, 0.5]], FORMATS),
    "one row": ([[0.5, 1.0, 2.0]], FORMATS),
}


def written(values):
    """Rows of numbers as a problem file has them."""
    return "[" + ", ".join("[" + ", ".join(map(str, row)) + "]" for row in values) + "]"


def squeezed(array):
    """Without the axes of samples and channels, which documents have and tables have not."""
    return array.reshape(array.shape[-2:])


def same(found, expected):
    """Whether two arrays hold the same numbers, nan and the sign of 0 included."""
    told = [[*map(repr, np.asarray(each, dtype=object).ravel().tolist())] for each in (found, expected)]
    return np.shape(found) == np.shape(expected) and told[0] == told[1]


@pytest.mark.parametrize("name", ARRAYS)
def test_a_saved_output_is_read_as_it_was(cli, name):
    """``run -o`` in each format that holds the numbers: ``run`` and ``check`` read the numbers that were computed."""
    values, forms = ARRAYS[name]
    cli.write({"f.yaml": f"input: {written(values)}\nkernel: [[1]]\ndims: 2\n"})
    dtype = ["--dtype", "exact"] if any(isinstance(each, Fraction) for row in values for each in row) else []
    for form in forms:
        assert cli.run("run", "f.yaml", *dtype, "-q", "-o", f"o.{form}").code == 0
        assert same(squeezed(read_tensor(str(cli.folder / f"o.{form}"), Limits()).array), values), form
        cli.write({"c.yaml": f"input: {{file: o.{form}}}\nkernel: [[1]]\ndims: 2\nexpect: {{file: o.{form}}}\n"})
        assert cli.run("check", "c.yaml").code == 0
        again = cli.run("run", f"o.{form}", "--kernel", "[[1]]", "--dims", "2", *dtype, "--format", "json")
        assert again.out == cli.run("run", "c.yaml", *dtype, "--format", "json").out


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("name", ARRAYS)
def test_a_printed_output_is_read_as_it_was(cli, name, form):
    """``run --format`` into a file is the same as ``-o``."""
    values, _ = ARRAYS[name]
    cli.write({"f.yaml": f"input: {written(values)}\nkernel: [[1]]\ndims: 2\n"})
    dtype = ["--dtype", "exact"] if any(isinstance(each, Fraction) for row in values for each in row) else []
    cli.write({f"o.{form}": cli.run("run", "f.yaml", *dtype, "--format", form).out})
    assert same(squeezed(read_tensor(str(cli.folder / f"o.{form}"), Limits()).array), values)


@pytest.mark.parametrize("form", FORMATS)
def test_channels_are_read_as_they_were(cli, form):
    """Three axes keep their order in every format."""
    cli.write({"f.yaml": "input: {arange: [2, 3, 4]}\nkernel: [[1]]\ndims: 2\ndepthwise: true\n"})
    assert cli.run("run", "f.yaml", "-q", "-o", f"o.{form}").code == 0
    found = read_tensor(str(cli.folder / f"o.{form}"), Limits()).array
    assert same(found.reshape(found.shape[-3:]), np.arange(24).reshape(2, 3, 4))


@pytest.mark.parametrize("form", FORMATS)
def test_a_matrix_is_an_input_and_a_kernel(cli, form):
    """What ``matrix`` saves is read as the matrix that it is."""
    cli.write({"f.yaml": "input: [[1, 2], [3, 4]]\nkernel: [[1, 2], [0, 5]]\ndims: 2\n"})
    assert cli.run("matrix", "f.yaml", "-q", "-o", f"m.{form}").code == 0
    assert same(read_tensor(str(cli.folder / f"m.{form}"), Limits()).array, [[1, 2, 0, 5]])
    done = cli.run("run", f"m.{form}", "--kernel", f"m.{form}", "--dims", "2", "--format", "csv")
    assert (done.code, done.out) == (0, "30\n")


NAMES = Library.standard().names()
CALLS = [*NAMES, "gaussian:5,1.2", "sobel-x+rotate:45", "unsharp:5,1.5,2", "gaussian:5@opencv"]


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_every_kernel_is_read_as_it_was_printed(tmp_path, form):
    """``kernels NAME`` as JSON and as YAML is a kernel file: weights, scale and words are those of the kernel."""
    library = Library.standard()
    for number, name in enumerate(CALLS):
        kernel = library.find(name)
        document = kernel_report(kernel).data()
        path = tmp_path / f"{number}.{form}"
        path.write_text("".join(json_lines(document)) if form == "json" else yaml_text(document), encoding="utf-8")
        again = read_kernel_file(path, Limits())
        assert same(again.values, kernel.values), name
        assert (again.name, again.title, again.scale * 1) == (kernel.name, kernel.title, kernel.scale), name


def test_a_printed_kernel_is_spatial(cli):
    """As the named kernel is, so that its axes are not taken for channels."""
    assert cli.run("kernels", "gaussian:5,1.2", "-q", "-o", "k.yaml").code == 0
    assert cli.run("run", "--kernel", "k.yaml", "--format", "csv") == cli.run(
        "run", "--kernel", "gaussian:5,1.2", "--format", "csv"
    )


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_both_documents_say_the_same(cli, form):
    """YAML and JSON of one report hold the same values."""
    import yaml

    assert cli.run("kernels", "box", "-q", "-o", f"k.{form}").code == 0
    text = (cli.folder / f"k.{form}").read_text()
    found = json.loads(text) if form == "json" else yaml.safe_load(text)
    assert found["scale"] == "1/9"
    assert found["symmetry"]["flips"] == ["even", "even"]


def test_json_writes_fractions_in_quotes_and_reads_them(cli):
    """``"1/4"`` is a number where a number is meant, as JSON has no other way to write it."""
    kernel = '{"weights": [["1/2"]], "scale": "1/4"}'
    cli.write({"f.json": f'{{"input": [[8, 4]], "kernel": {kernel}, "bias": "1/2", "dims": 2}}'})
    assert cli.run("run", "f.json", "--dtype", "exact", "--format", "csv").out == "3/2,1\n"


# --- texts in CSV


def controls(text):
    """The characters that steer a terminal or a reader instead of being shown."""
    return [each for each in text if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]


HOSTILE = "=1+1\r\n=cmd|'/c calc'!A1\x1b]0;owned\x07\x9b2J\x00\u202e\u2028,\"\ttail\ud800"


CELL = st.one_of(st.text(max_size=9), st.integers(), st.floats())


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=4))
def test_every_row_is_one_line_of_printable_cells(rows):
    """Readers find the same rows and cells, none of which a spreadsheet runs or a terminal obeys."""
    lines = list(csv_lines(rows))
    assert len(lines) == len(rows)
    assert all(line.endswith("\n") and not controls(line[:-1]) for line in lines)
    found = list(csv.reader(io.StringIO("".join(lines), newline=""), strict=True))
    assert [*map(len, found)] == [*map(len, rows)]
    for cell, value in zip(itertools.chain(*found), itertools.chain(*rows), strict=True):
        if isinstance(value, str):
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))
            assert cell.removeprefix("'") == value.removeprefix("'") or controls(value)
        else:
            assert cell == str(value)


def test_a_spreadsheet_reads_texts_as_texts():
    """pandas, a reader that is independent of Python's own, finds the rows and cells too."""
    pandas = pytest.importorskip("pandas")
    found = pandas.read_csv(io.StringIO("".join(csv_lines([["name", "value"], [HOSTILE, 1], ["a", -2]]))))
    assert found.shape == (2, 2)
    assert found["value"].tolist() == [1, -2]
    assert found["name"][0].startswith("'=1+1\\x0d\\x0a=cmd")


@pytest.mark.parametrize("argv", ["kernels my", "kernels --search my", "gallery --kernel my"])
def test_a_terminal_obeys_no_text_of_a_table(tmp_path, argv):
    """On a real terminal ``--format csv`` of a kernel with a hostile title shows its signs and sends no control."""
    title = json.dumps(HOSTILE.replace("\ud800", ""))
    (tmp_path / "my.yaml").write_text(f"name: my\ntitle: {title}\nfamily: edge\nweights: [[1, -1]]\n", encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "convcalc", *argv.split(), "--kernels", ".", "--format", "csv"]
    master, slave = pty.openpty()
    with subprocess.Popen(command, cwd=tmp_path, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while chunk := _read(master):
            shown += chunk
    os.close(master)
    text = shown.decode().replace("\r\n", "\n")
    assert process.returncode == 0, text
    assert r"'=1+1\x0d\x0a=cmd" in text
    assert not controls(text.replace("\n", ""))
    assert not any(line.startswith("=") for line in text.splitlines())


def _read(terminal):
    """What a terminal has to show, or nothing at its end."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux's word for the end
        return b""
