"""Files of other programs that are not read: each is refused by what it is, with what to save instead."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import FormatError
from convcalc.files.tensor_file import open_file, read_tensor
from convcalc.files.unread_kinds import KINDS, foreign_archive, foreign_file
from convcalc.limits import Limits

LIMITS = Limits()
ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "formats" / "foreign"
# What each file is; they were written by the library that is usual for their kind.
WHAT = {
    "array.zarr": "a Zarr array",
    "dds.dds": "a DDS texture",
    "envi-hdr.hdr": "the header of an ENVI image",
    "jp2-signed16.jp2": "a JPEG 2000 image",
    "mat-v5.mat": "a MATLAB file",
    "model.pt": "a PyTorch file (a pickle)",
    "photo.avif": "an AVIF image",
    "qoi.qoi": "a QOI image",
    "radiance-hdr.hdr": "a Radiance HDR image",
    "tga-bottom-up.tga": "a TGA image",
}


def refusal(path):
    """The error of who reads the file."""
    with pytest.raises(FormatError) as caught:
        read_tensor(str(path), LIMITS)
    return caught.value


def test_every_file_is_named():
    """No file is left out of the table but the raw numbers beside their header, and the tables that are read."""
    assert {path.name for path in FOLDER.iterdir()} - {
        "envi-hdr.dat",
        "feather-columns.feather",
        "parquet-columns.parquet",
    } == set(WHAT)


@pytest.mark.parametrize(("name", "what"), WHAT.items(), ids=WHAT)
def test_a_file_of_another_program_is_refused_by_what_it_is(name, what):
    """The message names the kind, the hint says what to save instead, the place is the file."""
    error = refusal(FOLDER / name)
    assert error.message.startswith(f"this is {what}, which is not read")
    assert error.hint
    assert error.place.source == str(FOLDER / name)


@pytest.mark.parametrize("name", [name for name in WHAT if name not in ("array.zarr", "tga-bottom-up.tga")])
def test_the_content_tells_the_kind_whatever_the_name(tmp_path, name):
    """Under a name that promises an image the file is what it was; only TGA has no mark of its own."""
    for other in ("photo.jpg", "numbers.csv", "plain"):
        (tmp_path / other).write_bytes((FOLDER / name).read_bytes())
        assert refusal(tmp_path / other).message.startswith(f"this is {WHAT[name]}, which is not read")


def test_raw_numbers_are_told_to_have_no_shape():
    """What is neither text nor of a known kind is not called text with a fault."""
    error = refusal(FOLDER / "envi-hdr.dat")
    assert error.message == "bytes of an unknown kind"
    assert error.hint.endswith("numpy.save('a.npy', numpy.fromfile('FILE', dtype).reshape(shape))")


# Written by the standard library ------------------------------------------------------------------------------------


def _zip(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return stream.getvalue()


def _tar():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.npy"))
    return stream.getvalue()


def _sqlite(folder):
    path = folder / "made.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (x)")
    connection.commit()
    connection.close()
    return path.read_bytes()


MADE = {
    "bzip2": (lambda _: bz2.compress(b"1,2\n"), "a bzip2-packed file", "unpack it first: bunzip2 FILE"),
    "xz": (lambda _: lzma.compress(b"1,2\n"), "an xz-packed file", "unpack it first: unxz FILE"),
    "gzip": (lambda _: gzip.compress(b"1,2\n"), "a gzip-packed file", "unpack it first: gunzip FILE"),
    "gzip of gzip": (
        lambda _: gzip.compress(gzip.compress(b"1,2\n")),
        "a gzip-packed file",
        "unpack it first: gunzip FILE",
    ),
    "damaged gzip": (lambda _: b"\x1f\x8b\x08\0\xff", "a gzip-packed file", "unpack it first: gunzip FILE"),
    "tar": (lambda _: _tar(), "a tar archive", "unpack it first: tar -xf FILE"),
    "tar.gz": (
        lambda _: gzip.compress(_tar()),
        "a tar archive, packed with gzip",
        "unpack it first: gunzip FILE; then unpack it first: tar -xf FILE",
    ),
    "zip": (lambda _: _zip("a.png"), "a zip archive", "unpack it first: it holds no .npy file"),
    "docx": (
        lambda _: _zip("[Content_Types].xml", "word/document.xml"),
        "a Word document",
        "save its figure as PNG, its table as CSV",
    ),
    "ods": (lambda _: _zip("mimetype", "content.xml"), "an OpenDocument file", "save the sheet as CSV"),
    "sqlite": (_sqlite, "an SQLite database", "save the table as CSV"),
    "html": (lambda _: b"\n<!DOCTYPE html>\n<p>404</p>", "an HTML page", "a download may have brought a page"),
    "git lfs": (
        lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "a Git LFS pointer",
        "git lfs pull fetches the file that it stands for",
    ),
    "mnist": (lambda _: b"\0\0\x08\3\0\0\0\1\0\0\0\x1c", "an IDX file of images", "in Python: numpy.save('a.npy', "),
    "tflite": (lambda _: b"\x1c\0\0\0TFL3", "a TensorFlow Lite model", "python -m tf2onnx.convert makes an ONNX"),
    "pickled array": (
        lambda _: pickle.dumps(np.ones(2), 0),
        "a pickle",
        "where it was made: numpy.save('a.npy', array)",
    ),
    "gguf": (lambda _: b"GGUF\3\0\0\0", "a GGUF model", "in Python: numpy.savez('weights.npz', **{t.name: gguf.deq"),
    **{
        f"pickle {protocol}": (
            lambda _, protocol=protocol: pickle.dumps(np.ones(2) if protocol else [1], protocol),
            "a pickle",
            "where it was made: numpy.save('a.npy', array), or numpy.savez('weights.npz', **arrays)",
        )
        for protocol in (0, 2, 3, 4, 5)
    },
}


@pytest.mark.parametrize("name", MADE)
def test_what_the_standard_library_writes_is_named(tmp_path, name):
    """Packed files, archives by what is in them, pickles, and pages and pointers in place of the file."""
    make, what, hint = MADE[name]
    (tmp_path / "f").write_bytes(make(tmp_path))
    error = refusal(tmp_path / "f")
    assert error.message.startswith(f"this is {what}")
    assert error.hint.startswith(hint)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("AVIF", "an AVIF image"),
        ("JPEG2000", "a JPEG 2000 image"),
        ("ICO", "an icon"),
        ("ICNS", "an Apple icon"),
        ("DDS", "a DDS texture"),
        ("PDF", "a PDF document"),
        ("EPS", "a PostScript document"),
    ],
)
def test_images_that_pillow_writes_are_named(tmp_path, kind, what):
    """Kinds that are told by their content and not read."""
    image = pytest.importorskip("PIL.Image")
    stream = io.BytesIO()
    try:
        image.new("RGB", (32, 32), (10, 200, 30)).save(stream, kind)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow writes no {kind}")
    (tmp_path / "f").write_bytes(stream.getvalue())
    assert refusal(tmp_path / "f").message.startswith(f"this is {what}, which is not read")


@pytest.mark.parametrize(
    ("data", "name", "what"),
    [
        (b"\x80\2]q\0.", "a.PTH", "a PyTorch file (a pickle)"),
        (b"\x80\2]q\0.", "a.pkl", "a pickle"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xls", "an Excel workbook"),
        (b"\0\0\2\0\0\0", "a.tga", "a TGA image"),
        (b"\x0a\1\2\3", "a.pb", "a TensorFlow graph"),
        (b"\xff\xfb\x90\x44\0", "a.mp3", "an MP3 sound"),
    ],
)
def test_the_name_tells_what_the_content_leaves_open(tmp_path, data, name, what):
    """A mark that several kinds have, or none at all."""
    (tmp_path / name).write_bytes(data)
    assert refusal(tmp_path / name).message.startswith(f"this is {what}, which is not read")


def test_folders_are_named_by_what_is_in_them(tmp_path):
    """A Zarr store or a TensorFlow model; another folder is a folder."""
    for inside, what in (("zarr.json", "a Zarr array or group"), ("saved_model.pb", "a TensorFlow model")):
        folder = tmp_path / f"with-{inside}"
        folder.mkdir()
        (folder / inside).write_bytes(b"{}")
        assert refusal(folder).message == f"this is {what}, which is not read"
    assert refusal(tmp_path).message == f"not a regular file, but a folder: {tmp_path}"


# The table itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(KINDS)), ids=[f"{n}-{row.name}" for n, row in enumerate(KINDS)])
def test_no_row_stands_behind_another_that_takes_its_files(number):
    """A file of nothing but the marks and the name of a row is of that row's kind."""
    row = KINDS[number]
    assert row.name.startswith(("a ", "an ", "the "))
    assert row.remedy
    if row.inside:
        data = _zip(f"folder/{row.inside}")
        assert foreign_archive(data, io.BytesIO(data)) is row
        return
    head = bytearray(b"\n" * 400 if row.is_text else b"\1" * 400)
    for offset, mark in row.marks:
        head[offset : offset + len(mark)] = mark
    found = foreign_file(bytes(head), f"file{row.suffixes[0] if row.suffixes else ''}")
    assert (found.name, found.remedy) == (row.name, row.remedy)


WORDS = [mark.decode("latin-1") for row in KINDS for _, mark in row.marks if mark.isascii() and not row.is_text]


@given(st.sampled_from(WORDS), st.sampled_from([",", ";", "\t", " "]), st.integers(0, 2), st.sampled_from(["", ".h5"]))
def test_no_table_with_a_mark_as_a_word_is_claimed(word, delimiter, before, suffix):
    """Text whose first words are the letters that a binary kind begins with stays text."""
    text = "".join(letter for letter in word if letter.isprintable())
    table = delimiter.join([*"ab"[:before], text, "c"]) + "\n1,2,3\n"
    assert foreign_file(table.encode(), f"table{suffix}") is None


def test_no_text_of_this_project_is_claimed():
    """Examples, kernels, documents and the sources themselves."""
    paths = [path for kind in ("*.yaml", "*.md", "*.csv", "*.py", "*.json") for path in (ROOT / "src").rglob(kind)]
    paths += [*(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.md")]
    assert len(paths) > 100
    assert [str(path) for path in paths if foreign_file(path.read_bytes()[:4096], path.name)] == []


@given(st.binary(max_size=600))
def test_any_first_bytes_are_looked_at_without_a_fault(head):
    """Whatever a file begins with, gzip included, there is an answer."""
    for data in (head, b"\x1f\x8b\x08" + head, gzip.compress(head)):
        foreign_file(data, "file.gz")


# Every command ------------------------------------------------------------------------------------------------------

REFUSED = (
    "error: {}: this is a PyTorch file (a pickle), which is not read, since reading it could run code\n"
    "hint: in Python: safetensors.torch.save_file(torch.load('FILE', weights_only=True), 'weights.safetensors'); "
    "of a whole model torch.onnx.export(model, (input,), 'model.onnx')\n"
)
NETWORK = "input: {shape: [1, 5, 5]}\nlayers:\n- conv: {out_channels: 1, kernel_size: 3}\n"
COMMANDS = [
    ["run", "m.pt"],
    ["trace", "m.pt", "--pos", "0,0"],
    ["uses", "m.pt", "--pos", "0,0"],
    ["summary", "m.pt"],
    ["check", "m.pt"],
    ["gallery", "m.pt"],
    ["plan", "m.pt"],
    ["matrix", "m.pt"],
    ["run", "--kernel", "./m.pt"],
    ["run", "--kernel", "m.pt"],
    ["run", "net.yaml", "--input", "m.pt"],
    ["summary", "net.yaml", "--input", "m.pt"],
    ["run", "weights.yaml"],
    ["run", "input.yaml"],
    ["run", "kernel.yaml"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_in_the_same_words(cli, command):
    """Wherever a file is named, the refusal is one sentence and one hint, and nothing is written."""
    cli.write(
        {
            "m.pt": (FOLDER / "model.pt").read_bytes(),
            "net.yaml": NETWORK,
            "weights.yaml": NETWORK.replace("{shape: [1, 5, 5]}", json.dumps(np.ones((5, 5), int).tolist()))
            + "weights: {file: m.pt}\n",
            "input.yaml": "input: {file: m.pt}\nkernel: [1]\n",
            "kernel.yaml": "input: [1, 2]\nkernel: {file: m.pt}\n",
        }
    )
    done = cli.run(*command)
    assert done.code in (1, 2)
    told = " ".join((done.err + done.out).split())
    assert "this is a PyTorch file (a pickle), which is not read, since reading it could run code" in told
    assert "UTF-8" not in told
    assert "\\x00" not in told
    if command[:2] == ["run", "m.pt"]:
        assert (done.code, done.out, done.err) == (1, "", REFUSED.format("m.pt"))


def test_a_file_of_kernels_is_told_by_its_content_too(cli):
    """What lint and a folder of kernels read is no request, and is refused in the same words."""
    cli.write({"kernels/photo.yaml": (FOLDER / "photo.avif").read_bytes()})
    for command in (["kernels", "lint", "kernels/photo.yaml"], ["run", "--kernels", "kernels", "--kernel", "photo"]):
        done = cli.run(*command)
        assert done.code == 1
        told = " ".join((done.err + done.out).split())
        assert "kernels/photo.yaml: this is an AVIF image, which is not read" in told
        assert "save it as PNG" in told
    cli.write({"kernels/photo.yaml": (FOLDER / "model.pt").read_bytes()})
    assert "this is a PyTorch file (a pickle)" in cli.run("kernels", "lint", "kernels/photo.yaml").err
    np.save(cli.folder / "kernels" / "a.npy", np.ones(3))
    done = cli.run("kernels", "lint", "kernels/a.npy")
    assert done.err == "error: kernels/a.npy: a kernel file is text, this is a .npy file\n"


def test_standard_input_is_told_by_its_content(cli, monkeypatch):
    """Without a name only the content speaks."""

    class Standard:
        buffer = io.BytesIO((FOLDER / "photo.avif").read_bytes())

    monkeypatch.setattr("sys.stdin", Standard)
    done = cli.run("run", "-")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: standard input: this is an AVIF image, which is not read\nhint: save it as PNG\n"


def test_a_file_that_is_read_stays_read(tmp_path):
    """The marks of the kinds that are read come first."""
    np.save(tmp_path / "a.npy", np.arange(4.0))
    (tmp_path / "a.npy").rename(tmp_path / "a.tga")
    assert open_file(str(tmp_path / "a.tga"), LIMITS).kind == "npy"
    data = _zip("xl/workbook.xml", "a.npy")
    assert foreign_archive(data, io.BytesIO(data)) is None
    np.savez(tmp_path / "content.xml.npz", **{"xl/workbook": np.arange(4.0)})
    assert read_tensor(str(tmp_path / "content.xml.npz"), LIMITS).array.tolist() == [0, 1, 2, 3]
