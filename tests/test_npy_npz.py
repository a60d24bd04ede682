"""NumPy files: what is read, what is refused from the header alone, and round trips."""

import io
import struct
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convcalc.errors import ConvcalcError, FormatError, LimitError, OutputError, UnknownNameError
from convcalc.files.npy import read_npy, write_npy
from convcalc.files.npz import read_npz, write_npz
from convcalc.limits import Limits

LIMITS = Limits()


def read(data, limits=LIMITS):
    return read_npy(io.BytesIO(data), len(data), "f.npy", limits)


def npy(values, version=None, *, allow_pickle=False):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(stream, np.asanyarray(values), version=version, allow_pickle=allow_pickle)
    return stream.getvalue()


def with_header(header, body=b"", version=1):
    text = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + body


def header(descr="'<f8'", shape="(2,)", fortran="False"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


REAL = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.float32, np.float64]
ARRAYS = hnp.arrays(st.sampled_from(REAL), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))


@given(ARRAYS, st.booleans(), st.booleans(), st.sampled_from([(1, 0), (2, 0)]))
def test_any_layout_is_read_as_little_endian_rows(values, swapped, fortran, version):
    """Byte order, memory order and header version change nothing of what is read."""
    stored = values.astype(values.dtype.newbyteorder()) if swapped else values
    stored = np.asarray(stored, order="F") if fortran else stored
    array, notes = read(npy(stored, version))
    np.testing.assert_array_equal(array, values, strict=True)
    assert array.flags.c_contiguous
    assert not array.flags.writeable
    assert array.dtype.isnative
    assert notes == ()


@given(ARRAYS)
def test_written_arrays_are_what_numpy_reads(values):
    """NumPy reads back what is written, and so do we."""
    stream = io.BytesIO()
    write_npy(stream, values)
    stream.seek(0)
    np.testing.assert_array_equal(np.load(stream), values, strict=True)
    np.testing.assert_array_equal(read(stream.getvalue())[0], values, strict=True)


def test_booleans_are_zero_and_one_whatever_byte_they_have():
    """Any byte but zero counts as true."""
    array, notes = read(with_header(header("'|b1'", "(4,)"), bytes([0, 1, 2, 255])))
    np.testing.assert_array_equal(array, np.array([0, 1, 1, 1], np.uint8), strict=True)
    assert notes == ("true and false are read as 1 and 0",)


def test_float16_is_widened_with_a_note():
    """The values are the same in float32."""
    array, notes = read(npy(np.array([1.5, np.inf], ">f2")))
    np.testing.assert_array_equal(array, np.array([1.5, np.inf], np.float32), strict=True)
    assert notes == ("float16 is read as float32",)


SPELLINGS = [
    "bool",
    "?",
    "|?",
    "half",
    "single",
    "double",
    "<d",
    ">d",
    "=f",
    "e",
    "b",
    "B",
    "<h",
    ">H",
    "i",
    "I",
    "q",
    "Q",
]
SPELLINGS += [f"{kind}{bits}" for kind in ("int", "uint", "float") for bits in (16, 32, 64)] + ["int8", "uint8"]


@pytest.mark.parametrize("descr", SPELLINGS)
@pytest.mark.parametrize("shape", ["(3,)", "(3L,)", "(1L, 3L)", "(3L, 1)"])
def test_what_numpy_reads_of_old_and_odd_writers_is_read(tmp_path, descr, shape):
    """Types by any of their names, and the large integers of Python 2, as NumPy's own reader takes them."""
    dtype = np.dtype(descr)
    path = tmp_path / "a.npy"
    path.write_bytes(with_header(header(repr(descr), shape), np.array([1, 0, 1]).astype(dtype).tobytes()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy advises to save the file of Python 2 again
        expected = np.load(path)
    array, _ = read(path.read_bytes())
    assert array.shape == expected.shape
    np.testing.assert_array_equal(array, expected)


PICKLE = "the .npy file holds Python objects (a pickle), not read, since reading them could run code"
REFUSED = {
    "empty": (b"", "not a .npy file"),
    "one byte": (b"\x93", "not a .npy file"),
    "text": (b"1,2\n3,4\n", "not a .npy file"),
    "magic alone": (b"\x93NUMPY", "not a .npy file"),
    "version": (b"\x93NUMPY\x09\x00" + b"x" * 50, "a .npy file of unknown version 9"),
    "no length": (b"\x93NUMPY\x01\x00", "the .npy header is truncated"),
    "short header": (b"\x93NUMPY\x01\x00\xff\x00{", "the .npy header is truncated"),
    "long header": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "a .npy header of 4.0 GiB"),
    "objects": (npy(np.array([{}, 1], dtype=object), allow_pickle=True), PICKLE),
    "records": (npy(np.zeros(2, "i4,f4")), "the .npy file holds raw bytes or records"),
    "dates": (npy(np.zeros(2, "M8[s]")), "the .npy file holds dates"),
    "spans": (npy(np.zeros(2, "m8[s]")), "the .npy file holds time spans"),
    "bytes": (npy(np.zeros(2, "S3")), "the .npy file holds text"),
    "text type": (npy(np.zeros(2, "U3")), "the .npy file holds text"),
    "void": (with_header(header("'|V0'", str((2**40,)))), "the .npy file holds raw bytes or records"),
    "bfloat16": (
        with_header(header("'<V2'")),
        "the .npy file holds raw bytes, as bfloat16 is saved, which NumPy does not have",
    ),
    "float8": (
        with_header(header("'|V1'")),
        "the .npy file holds raw bytes, as float8 is saved, which NumPy does not have",
    ),
    "a platform's own type": (with_header(header("'l'")), "the .npy file holds an unknown type 'l'"),
    "long in a type": (with_header(header("'3L'")), "the .npy file holds an unknown type '3L'"),
    "complex": (npy(np.zeros(2, "c16")), "the .npy file holds complex numbers"),
    "long double": (with_header(header("'<f16'"), b"\0" * 32), "the .npy file holds floats wider than 64 bits"),
    "unknown type": (with_header(header("'<q9'")), "the .npy file holds an unknown type '<q9'"),
    "negative": (with_header(header(shape="(-1, 4)")), "the .npy header has the shape '(-1, 4)'"),
    "booleans": (with_header(header(shape="(True, True)")), "the .npy header has the shape '(True, True)'"),
    "floats": (with_header(header(shape="(2.0,)")), "the .npy header has the shape '(2.0,)'"),
    "no tuple": (with_header(header(shape="2")), "the .npy header is damaged"),
    "fortran": (with_header(header(fortran="1")), "the .npy header is damaged"),
    "extra key": (with_header("{'x': 1, " + header()[1:]), "the .npy header is damaged"),
    "no dict": (with_header("[1]"), "the .npy header is damaged"),
    "code": (with_header("__import__('os').system('x')"), "the .npy header is damaged"),
    "token": (with_header("{'descr': '''"), "the .npy header is damaged"),
    "unhashable": (with_header("{{}: 1}"), "the .npy header is damaged"),
    "nested": (with_header("(" * 65 + ")" * 65), "the .npy header is damaged"),
    "minuses": (with_header("-" * 65 + "1"), "the .npy header is damaged"),
    "nul": (with_header("{'a\0': 1}"), "the .npy header is damaged"),
    "truncated": (npy(np.zeros(2))[:-1], "the .npy file is truncated: 2 values of float64 are 16 B, it holds 15 B"),
    "trailing": (
        npy(np.zeros(2)) + b"x",
        "the .npy file has bytes after its end: 2 values of float64 are 16 B, it holds 17 B",
    ),
    "huge": (
        with_header(header(shape=str((10**6, 10**6)))),
        "the .npy file is truncated: 1000000 × 1000000 values of float64 are 7.3 TiB, it holds 0 B",
    ),
    "wrapping": (
        with_header(header(shape=str((2**32, 2**32)))),
        "the .npy file is truncated: 4294967296 × 4294967296 values of float64 are 134,217,728.0 TiB, it holds 0 B",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_is_refused_from_the_header(data, message):
    """The message says what the file holds, never how to read it unsafely; nothing is allocated for it."""
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(FormatError) as caught:
        read(data)
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.message == message
    assert caught.value.place.source == "f.npy"
    assert seconds < 1
    assert peak < 5_000_000


def test_axes_and_memory_are_limited():
    """A file with too many axes, and one that fills the memory that may be used, are refused."""
    with pytest.raises(LimitError, match=r"9 axes, at most 8"):
        read(npy(np.zeros((1,) * 9)))
    with pytest.raises(LimitError, match=r"f.npy: the array needs 7.8 KiB of memory, 1.0 KiB may be used"):
        read(npy(np.zeros(500)), Limits(memory=1024))


@settings(max_examples=300)
@given(st.data())
def test_no_mutated_file_raises_anything_but_our_errors(data):
    """Bytes of the header replaced at random are refused or read, in our words."""
    content = bytearray(npy(np.arange(4.0)))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, 127))] = data.draw(st.integers(0, 255))
    try:
        array, _ = read(bytes(content))
    except ConvcalcError as error:
        assert "pickle=" not in str(error)
        return
    assert array.nbytes <= 64


@pytest.mark.parametrize("values", [np.array([2**70]), np.array([1, None]), np.array([1j])], ids=str)
def test_exact_integers_are_not_written_as_binary(values):
    """An array of Python objects has no binary form; the hint names one that keeps it."""
    with pytest.raises(OutputError) as caught:
        write_npy(io.BytesIO(), values)
    assert ".json" in caught.value.hint


def archive(*members, compression=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of duplicates
        with zipfile.ZipFile(stream, "w", compression) as file:
            for name, content in members:
                file.writestr(name, content)
    return stream.getvalue()


def unzip(data, member=None, limits=LIMITS):
    return read_npz(io.BytesIO(data), member, "f.npz", limits)


ONE = npy(np.arange(3))


def test_the_only_array_of_an_archive_is_read():
    """Other members do not count, and stored and compressed members are the same."""
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        array, notes = unzip(archive(("readme.txt", b"x"), ("a.npy", ONE), compression=compression))
        np.testing.assert_array_equal(array, np.arange(3), strict=True)
        assert notes == ()


def test_an_array_is_chosen_by_its_name():
    """With or without its suffix, whatever characters the name has."""
    data = archive(("a.npy", ONE), ("../../x.npy", npy(np.zeros(2))), ("/etc/\x1bz.npy", npy(np.ones(1))))
    assert unzip(data, "a")[0].tolist() == [0, 1, 2]
    assert unzip(data, "a.npy")[0].tolist() == [0, 1, 2]
    assert unzip(data, "../../x")[0].tolist() == [0, 0]
    assert unzip(data, "/etc/\x1bz")[0].tolist() == [1]


def test_an_unknown_name_has_a_suggestion():
    """The nearest name is the hint."""
    with pytest.raises(UnknownNameError) as caught:
        unzip(archive(("weight.npy", ONE), ("bias.npy", ONE)), "wieght")
    assert caught.value.hint == "did you mean weight?"


REFUSED_ARCHIVES = {
    "several": (archive(("a.npy", ONE), ("b\x1b.npy", ONE)), r"the .npz archive holds 2 arrays: 'a', 'b\x1b'"),
    "none": (archive(("readme.txt", b"x")), "the .npz archive holds no arrays: 'readme.txt'"),
    "empty": (archive(), "the .npz archive holds no arrays"),
    "duplicates": (archive(("a.npy", ONE), ("a.npy", ONE)), "the .npz archive holds two members of one name"),
    "no array": (archive(("a.npy", b"hello")), "not a .npy file"),
    "pickle": (archive(("a.npy", npy(np.array([{}]), allow_pickle=True))), PICKLE),
    "lzma": (archive(("a.npy", ONE), compression=zipfile.ZIP_LZMA), "an unknown compression"),
    "no archive": (
        b"PK\x03\x04hello",
        "the .npz archive is damaged: its list of arrays, at the end of the file, is missing or wrong",
    ),
    "short lie": (archive(("a.npy", ONE + b"x")), None),
}


@pytest.mark.parametrize(("data", "message"), REFUSED_ARCHIVES.values(), ids=REFUSED_ARCHIVES)
def test_archives_that_are_not_read_are_refused(data, message):
    """The message names what the archive holds, with control characters escaped."""
    with pytest.raises(FormatError) as caught:
        unzip(data)
    assert message is None or caught.value.message == message


def test_several_arrays_are_asked_for_by_name():
    """The hint shows how to name one."""
    with pytest.raises(FormatError) as caught:
        unzip(archive(("a.npy", ONE), ("b.npy", ONE)))
    assert caught.value.hint == "name one: f.npz:a"


def patched(data, offset, value, form="<I"):
    """The archive with a field of its first central directory entry replaced."""
    at = data.index(b"PK\x01\x02") + offset
    return data[:at] + struct.pack(form, value) + data[at + struct.calcsize(form) :]


def test_an_encrypted_array_is_refused():
    """It is said, not asked for a password."""
    with pytest.raises(FormatError, match=r"the array is encrypted"):
        unzip(patched(archive(("a.npy", ONE)), 8, 1, "<H"))


def test_bombs_are_refused_before_they_are_read():
    """A real bomb and one that only claims its size are refused by the directory of the archive."""
    bomb = archive(("a.npy", npy(np.zeros(25_000_000, np.int8))))
    liar = patched(archive(("a.npy", ONE)), 24, 10**9)
    for data in (bomb, liar):
        tracemalloc.start()
        with pytest.raises(LimitError, match=r"stored in") as caught:
            unzip(data, limits=Limits(member=1 << 20))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_000_000
        assert "--limit member=" in caught.value.hint


def test_a_claimed_stored_size_is_not_believed():
    """A member that claims to be stored in more bytes than the file has is refused."""
    data = patched(patched(archive(("a.npy", ONE)), 24, 10**9), 20, 10**9)
    with pytest.raises(FormatError, match=r"larger than the file"):
        unzip(data)


def test_a_wrong_check_sum_is_noticed():
    """Content that is not what was stored is refused."""
    with pytest.raises(FormatError, match=r"damaged"):
        unzip(patched(archive(("a.npy", ONE)), 16, 12345))


@settings(max_examples=300)
@given(st.data())
def test_no_mutated_archive_raises_anything_but_our_errors(data):
    """Bytes replaced at random and cut ends are refused or read, in our words."""
    content = bytearray(archive(("a.npy", ONE)))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 30))
    try:
        unzip(bytes(content[: len(content) - cut]))
    except ConvcalcError as error:
        assert "pickle=" not in str(error)


@given(st.dictionaries(st.text("abc_1", min_size=1), ARRAYS, min_size=1, max_size=3))
def test_saved_archives_are_read_back_and_have_no_clock(arrays):
    """Every array comes back under its name, and the same arrays give the same bytes."""
    stream, again = io.BytesIO(), io.BytesIO()
    write_npz(stream, arrays)
    write_npz(again, arrays)
    assert stream.getvalue() == again.getvalue()
    for name, values in arrays.items():
        np.testing.assert_array_equal(unzip(stream.getvalue(), name)[0], values, strict=True)


def test_a_file_that_shrinks_while_it_is_read_is_refused():
    """Its header was true when it was looked at."""

    class Short(io.BytesIO):
        def readinto(self, buffer):
            return super().readinto(memoryview(buffer)[:-1])

    stream = io.BytesIO()
    np.save(stream, np.arange(4.0))
    with pytest.raises(FormatError, match=r"the \.npy file is truncated"):
        read_npy(Short(stream.getvalue()), len(stream.getvalue()), "f.npy", LIMITS)
