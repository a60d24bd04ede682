"""``convcalc summary`` of a file of tensors: every name, type and shape, and totals that are the sums of the rows."""

from __future__ import annotations

import csv
import io
import json
import struct
import sys

import numpy as np
import pytest

TENSORS = {
    "conv.weight": ("BF16", [8, 3, 3, 3], 2),
    "q": ("F4", [4, 2], 0.5),
    "scales": ("F8_E8M0", [4], 1),
    "e": ("F8_E4M3", [2, 2], 1),
    "count": ("I64", [], 8),
    "empty": ("F32", [0, 5], 4),
}


def safetensors(tensors):
    """A file of zeros with this header, as the format lays it out."""
    header, end = {}, 0
    for name, (dtype, shape, size) in tensors.items():
        start, end = end, end + int(np.prod(shape, dtype=int) * size)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


def npz(**arrays):
    """An archive of arrays."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_every_tensor_is_listed_and_the_totals_are_the_sums(cli):
    """Of types that are not computed with too, which a note names."""
    cli.write({"m.safetensors": safetensors(TENSORS)})
    done = cli.run("summary", "m.safetensors", "--format", "json")
    document = json.loads(done.out)
    assert done.code == 0
    assert document["schema"] == "convcalc.tensors/1"
    for each, (name, (dtype, shape, size)) in zip(document["tensors"], TENSORS.items(), strict=True):
        count = int(np.prod(shape, dtype=int))
        assert each == {
            "name": name,
            "dtype": dtype,
            "shape": shape,
            "values": count,
            "bytes": int(count * size),
            "is_read": not dtype.startswith(("F4", "F8")),
        }
    for total in ("values", "bytes"):
        assert document["totals"][total] == sum(each[total] for each in document["tensors"])
    assert document["notes"] == ["3 tensors of F4, F8_E4M3, F8_E8M0: named here, but not computed with"]


PAGE = """\
m.npz: 2 tensors

─────────────────────────────────────────────────
tensor         dtype         shape  values  bytes
─────────────────────────────────────────────────
conv/kernel:0  float16       3×3×1       9     18
y              int8     one number       1      1
─────────────────────────────────────────────────
total                                   10     19
─────────────────────────────────────────────────

The tensors take 19 B; FILE:NAME is one of them, such as conv/kernel:0.
"""


def test_an_archive_is_listed_in_the_same_way(cli):
    """Names with slashes and colons, and an array without axes."""
    cli.write({"m.npz": npz(**{"conv/kernel:0": np.ones((3, 3, 1), "f2"), "y": np.int8(3)})})
    done = cli.run("summary", "m.npz")
    assert (done.code, done.err, done.out) == (0, "", PAGE)


def test_rows_for_a_table_calculator(cli):
    """One row a tensor, its shape as convcalc reads shapes; a name that would be a formula is none."""
    cli.write({"m.safetensors": safetensors({"=1+1": ("F32", [2, 3], 4), "q": ("F4", [2], 0.5)})})
    done = cli.run("summary", "m.safetensors", "--format", "csv")
    assert list(csv.reader(io.StringIO(done.out))) == [
        ["name", "dtype", "shape", "values", "bytes", "is_read"],
        ["'=1+1", "F32", "2x3", "6", "24", "yes"],
        ["q", "F4", "2", "2", "1", "no"],
    ]
    assert done.err == "note: 1 tensor of F4: named here, but not computed with\n"


def test_documents_escape_names(cli):
    """In Markdown and LaTeX as in every report."""
    cli.write({"m.safetensors": safetensors({"a|b_c": ("F32", [2, 3], 4)})})
    assert "| a\\|b\\_c   | F32   |   2×3 |" in cli.run("summary", "m.safetensors", "--format", "markdown").out
    assert (
        "a\\textbar{}b\\_c & F32 & 2$\\times$3 & 6 & 24" in cli.run("summary", "m.safetensors", "--format", "latex").out
    )


@pytest.mark.parametrize("tensors", [{}, {"only": ("F32", [1], 4)}])
def test_a_file_of_one_tensor_or_none(cli, tensors):
    """It is listed too, and not taken for an input."""
    cli.write({"m.safetensors": safetensors(tensors)})
    done = cli.run("summary", "m.safetensors")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"m.safetensors: {len(tensors)} tensor")


def test_standard_input_is_listed(cli, monkeypatch):
    """It is read once."""

    class Standard:
        buffer = io.BytesIO(npz(x=np.zeros(3)))

    monkeypatch.setattr(sys, "stdin", Standard)
    done = cli.run("summary", "-", "--format", "csv")
    assert (done.code, done.out.splitlines()[1]) == (0, "x,float64,3,3,24,yes")


def test_an_input_beside_tensors_is_refused(cli):
    """There are no layers that it could go through."""
    cli.write({"m.npz": npz(x=np.zeros(3))})
    done = cli.run("summary", "m.npz", "--input", "3x8x8")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --input goes with a file of layers, not with a file of tensors, which has no layers\n"
        "hint: leave it out\n"
    )
