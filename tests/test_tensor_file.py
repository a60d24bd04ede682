"""Arrays from files of any kind, told by their content."""

import io
import json
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, DataError, FieldError, FormatError, LimitError
from convcalc.files.file_kind import sniff
from convcalc.files.npy import write_npy
from convcalc.files.npz import write_npz
from convcalc.files.tensor_file import node, open_file, read_tensor, tensor_at
from convcalc.limits import Limits

LIMITS = Limits()
VALUES = np.array([[1, 2], [3, 4]])


def npy(values=VALUES):
    stream = io.BytesIO()
    write_npy(stream, values)
    return stream.getvalue()


def npz(**arrays):
    stream = io.BytesIO()
    write_npz(stream, arrays)
    return stream.getvalue()


def png(values=VALUES):
    image = pytest.importorskip("PIL.Image")
    stream = io.BytesIO()
    image.fromarray(values.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


KINDS = [
    (b"[[1, 2]]", "yaml"),
    (b'{"a": 1}', "yaml"),
    (b"\n# note\n- 1\n- 2", "yaml"),
    (b"-\n  - 1", "yaml"),
    (b"---\n[1]", "yaml"),
    (b"kernel: [1]", "yaml"),
    (b"kernel:[1]", "yaml"),
    (b'"kernel" : [1]', "yaml"),
    (b"\tkernel: 1", "yaml"),
    (b"&a [1]", "yaml"),
    (b"!!set {a}", "yaml"),
    (b"# " + b"x" * 10_000 + b"\n[1]", "yaml"),
    (b"1,2\n3,4", "csv"),
    (b"-1,2", "csv"),
    (b"-.5 2", "csv"),
    (b'"1","2"\n3,4', "csv"),
    (b'"1"\t"2"', "csv"),
    (b"width,height\n1,2", "csv"),
    (b"5", "csv"),
    ("[1]".encode("utf-16"), "yaml"),
    (npy(), "npy"),
    (npz(a=VALUES), "npz"),
    (b"GIF89a", "image"),
    (b"\xff\xd8\xff\xe0", "image"),
    (b"II*\0", "image"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "image"),
    (b"P5\n4 3\n255\n", "image"),
    (b"BM\x36\0\0\0\0\0\0\0", "image"),
]


@pytest.mark.parametrize(("data", "kind"), KINDS, ids=[repr(data[:15]) for data, _ in KINDS])
def test_the_content_tells_the_kind(data, kind):
    """Magic bytes tell binary files; the first line that means something tells YAML and JSON from tables."""
    assert sniff(data) == kind


CONTENTS = {
    "a.yaml": b"- [1, 2]\n- [3, 4]\n",
    "a.json": b"[[1, 2], [3, 4]]",
    "a.csv": b"1,2\r\n3,4\r\n",
    "a.txt": b"1 2\n3 4\n",
    "a.npy": npy(),
    "a.npz": npz(a=VALUES),
}


@pytest.mark.parametrize(("name", "data"), CONTENTS.items(), ids=CONTENTS)
def test_the_same_array_comes_from_every_kind_of_file(tmp_path, monkeypatch, name, data):
    """By path, relative to a folder, and from standard input, without notes."""
    (tmp_path / name).write_bytes(data)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    for read in (
        read_tensor(str(tmp_path / name), LIMITS),
        read_tensor(name, LIMITS, base=tmp_path),
        read_tensor("-", LIMITS),
    ):
        np.testing.assert_array_equal(read.array, VALUES, strict=True)
        assert (read.dims, read.notes) == (None, ())
        assert not read.array.flags.writeable
        assert read.source in {str(tmp_path / name), "standard input"}


def test_an_image_has_two_spatial_axes(tmp_path):
    """Its array is channels first, and dims says how many axes are spatial."""
    (tmp_path / "a.png").write_bytes(png())
    read = read_tensor(str(tmp_path / "a.png"), LIMITS)
    np.testing.assert_array_equal(read.array, VALUES[np.newaxis].astype(np.uint8), strict=True)
    assert read.dims == 2


def test_a_member_of_an_archive_is_named_after_a_colon(tmp_path):
    """Only the archive is looked up in the file system, and a file of the whole name wins."""
    (tmp_path / "a.npz").write_bytes(npz(x=VALUES, y=VALUES + 1))
    assert read_tensor("a.npz:y", LIMITS, base=tmp_path).array.tolist() == [[2, 3], [4, 5]]
    with pytest.raises(FormatError, match=r"holds 2 arrays: 'x', 'y'"):
        read_tensor("a.npz", LIMITS, base=tmp_path)
    (tmp_path / "a.npz:y").write_bytes(b"7")
    assert read_tensor("a.npz:y", LIMITS, base=tmp_path).array.tolist() == [[7]]


def test_only_archives_have_members(tmp_path):
    """A colon after another file is said to be the mistake."""
    (tmp_path / "a.npy").write_bytes(npy())
    with pytest.raises(FormatError, match=r"only .npz, .safetensors, HDF5, .keras and .xlsx files hold named arrays"):
        read_tensor("a.npy:x", LIMITS, base=tmp_path)


def test_what_convcalc_saved_is_read_as_its_output(tmp_path):
    """A result document gives the array under its output."""
    document = {"schema": "convcalc/result-1", "shape": [2, 2], "output": VALUES.tolist()}
    (tmp_path / "a.json").write_text(json.dumps(document, indent=1))
    np.testing.assert_array_equal(read_tensor("a.json", LIMITS, base=tmp_path).array, VALUES, strict=True)
    (tmp_path / "a.json").write_text('{"schema": "convcalc/result-1",\n "output": [1, "x"]}')
    with pytest.raises(FieldError) as caught:
        read_tensor("a.json", LIMITS, base=tmp_path)
    assert (caught.value.field, caught.value.place.line, caught.value.place.column) == (("output", 1), 2, 16)


MISMATCHED = [
    ("a.png", b"1,2\n3,4", "named .png, but its content is text"),
    ("a.npy", b"[[1, 2], [3, 4]]", "named .npy, but its content is text"),
    ("a.csv", b"[[1, 2], [3, 4]]", "named .csv, but its content is YAML or JSON"),
    ("a.yaml", b"1,2\n3,4", "named .yaml, but its content is a table"),
    ("a.CSV", npy(), "named .csv, but its content is a .npy file"),
    ("a.npy", npz(a=VALUES), "named .npy, but its content is a .npz archive"),
]


@pytest.mark.parametrize(("name", "data", "note"), MISMATCHED)
def test_a_wrong_name_is_told(tmp_path, name, data, note):
    """The content is read, and a note names both."""
    (tmp_path / name).write_bytes(data)
    read = read_tensor(name, LIMITS, base=tmp_path)
    np.testing.assert_array_equal(read.array, VALUES, strict=True)
    assert read.notes == (note,)


BROKEN = [
    ("a.png", b"hello", "named .png, but its content is text: row 1, column 1: expected a number, got 'hello'"),
    ("a.npy", b"", "file is empty"),
    ("a.npy", b"\x93", "not a .npy file, nor text: not UTF-8: byte 0x93 at offset 0"),
    ("a.npy", b"GIF89a", "named .npy, but its content is an image: the GIF image has no header"),
    ("a.csv", b"\x93NUMPY", "named .csv, but its content is a .npy file: not a .npy file"),
    ("a.yaml", b"caf\xe9: 1", "not UTF-8: byte 0xe9 at offset 3"),
    ("a.yaml", b"stride: 1", "this file holds named fields, not an array"),
    ("a.json", b"[[1, 2], [3]]", "row 2 has 1 value, row 1 has 2"),
    ("a.npy", npy()[:-1], "the .npy file is truncated"),
]


@pytest.mark.parametrize(("name", "data", "message"), BROKEN)
def test_a_file_that_cannot_be_read_is_called_by_its_content(tmp_path, name, data, message):
    """Where name and content disagree, both are named; the place always has the file."""
    pytest.importorskip("PIL.Image")
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ConvcalcError) as caught:
        read_tensor(name, LIMITS, base=tmp_path)
    assert caught.value.message.startswith(message)
    assert caught.value.place.source == str(tmp_path / name)


def test_notes_of_all_readers_are_passed_on(tmp_path):
    """Values that are not finite and conversions are told."""
    (tmp_path / "a.yaml").write_text("[1, nan]")
    (tmp_path / "a.npy").write_bytes(npy(np.array([True])))
    (tmp_path / "b.yaml").write_text("[9007199254740993, .5]")
    assert read_tensor("a.yaml", LIMITS, base=tmp_path).notes == ("1 value is not finite, the first (nan) at [1]",)
    assert read_tensor("a.npy", LIMITS, base=tmp_path).notes == ("true and false are read as 1 and 0",)
    assert "is rounded" in read_tensor("b.yaml", LIMITS, base=tmp_path).notes[0]


def test_a_problem_file_is_opened_once_and_read_in_parts(tmp_path):
    """The source gives its document, and arrays in it with their place."""
    path = tmp_path / "p.yaml"
    path.write_text("input: [1, 2]\nkernel: [[1], [x]]\n")
    source = open_file(str(path), LIMITS)
    path.unlink()
    document = node(source, LIMITS)
    assert (source.kind, document["kernel"]) == ("yaml", [["1"], ["x"]])
    assert tensor_at(source, document, LIMITS, ("input",)).array.tolist() == [1, 2]
    with pytest.raises(FieldError, match=r"p.yaml:2:16: expected a number, got 'x'") as caught:
        tensor_at(source, document, LIMITS, ("kernel",))
    assert caught.value.field == ("kernel", 1, 0)


def test_a_table_has_no_document(tmp_path):
    """Who asks another kind for its document is told what it is."""
    (tmp_path / "p.csv").write_text("1,2")
    with pytest.raises(FormatError, match=r"expected YAML or JSON, got a table"):
        node(open_file("p.csv", LIMITS, base=tmp_path), LIMITS)


def test_text_is_capped_and_binary_files_are_not(tmp_path, monkeypatch):
    """The limit on files holds for text, whether by path or on standard input; arrays have that on memory."""
    limits = Limits(file=5000)
    big = np.zeros(1000)
    (tmp_path / "a.csv").write_text("1," * 3000 + "1")
    (tmp_path / "a.npy").write_bytes(npy(big))
    assert read_tensor("a.npy", limits, base=tmp_path).array.size == 1000
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(npy(big))))
    assert read_tensor("-", limits).array.size == 1000
    with pytest.raises(LimitError, match=r"holds more than 4.9 KiB"):
        read_tensor("a.csv", limits, base=tmp_path)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"1," * 3000)))
    with pytest.raises(LimitError, match=r"standard input holds more than 4.9 KiB"):
        read_tensor("-", limits)


LONG = "x" * 300
UNOPENED = [
    ("absent.npy", "no such file: absent.npy"),
    ("absent.npz:x", "no such file: absent.npz"),
    ("", "no such file, since its name is empty"),
    ("a\0b", "no such file, since its name holds a NUL: a\0b"),
    ("loop", "a loop of symbolic links: loop"),
    ("loop/a.npy", "a loop of symbolic links: loop/a.npy"),
    ("a.csv/b.csv", "no such file, since a part of its path is no folder: a.csv/b.csv"),
    (LONG, f"no such file, since none has so long a name: {LONG}"),
    (LONG + ":y", f"no such file, since none has so long a name: {LONG}:y"),
    ("x/" * 3000, f"no such file, since none has so long a name: {'x/' * 3000}"),
    ("folder", "not a regular file, but a folder: folder"),
    ("socket", "not a regular file: socket"),
    ("/dev/null", "not a regular file: /dev/null"),
    pytest.param(
        "/proc/self/mem",
        "the disk or the network failed: /proc/self/mem",
        marks=pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux that fails to be read"),
    ),
]


@pytest.mark.parametrize(("path", "message"), UNOPENED, ids=lambda text: text[:20])
def test_what_cannot_be_opened_is_told_in_words_of_our_own(tmp_path, monkeypatch, path, message):
    """Whatever the path is, the message is a sentence and holds none of the system's numbers and texts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a.csv").write_text("1,2")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(DataError) as caught:
            read_tensor(path, LIMITS)
    assert caught.value.message == message


def test_a_file_that_may_not_be_read_is_told(bound_folder):
    """The user whom permissions bind is told that they do."""
    path = bound_folder / "a.npy"
    path.write_bytes(npy())
    path.chmod(0)
    with pytest.raises(DataError) as caught:
        read_tensor(str(path), LIMITS)
    assert caught.value.message == f"no permission to read: {path}"
