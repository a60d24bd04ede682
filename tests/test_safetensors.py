"""Safetensors files: the library's own as an oracle, every lie of a header, mutated bytes, and what is loaded."""

import io
import json
import random
import struct
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convcalc.errors import ConvcalcError, FormatError, LimitError, UnknownNameError
from convcalc.files.file_kind import OpenedFile, open_file
from convcalc.files.safetensors import open_safetensors
from convcalc.files.tensor_file import read_tensor
from convcalc.limits import Limits

LIMITS = Limits()


def opened(data, limits=LIMITS):
    return open_safetensors(OpenedFile("f.safetensors", "safetensors", data=data), limits)


def file_of(header, body=b"", length=None):
    """A file with this header, a mapping or the very bytes, and this data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


# The library as an oracle ------------------------------------------------------------------------------------------

REAL = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.float32, np.float64]
ARRAYS = hnp.arrays(st.sampled_from(REAL), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))


@given(st.dictionaries(st.text(max_size=8).filter(lambda name: name != "__metadata__"), ARRAYS, max_size=4))
def test_what_the_library_saves_is_read(arrays):
    """Every name, shape and value, whatever the dtype; nothing can be written through, and nothing is noted."""
    save = pytest.importorskip("safetensors.numpy").save
    found = opened(save(arrays, metadata={"format": "np"}))
    assert sorted(found.names) == sorted(arrays)
    for name, values in arrays.items():
        array, notes = found.read(name)
        np.testing.assert_array_equal(array, values, strict=True)
        assert found.shape(name) == values.shape
        assert not array.flags.writeable
        assert array.flags.aligned
        assert array.dtype.isnative
        assert notes == ()


def test_every_bfloat16_is_read_exactly_as_float32():
    """All 65,536 of them, as PyTorch widens them, bit by bit; nan keeps its bits."""
    torch = pytest.importorskip("torch")
    save = pytest.importorskip("safetensors.torch").save
    stored = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    found = opened(save({"a": stored}))
    array, notes = found.read("a")
    np.testing.assert_array_equal(array.view(np.uint32), stored.float().numpy().view(np.uint32), strict=True)
    assert found.entry("a").dtype == "BF16"
    assert notes == ("bfloat16 is read as float32",)


def test_float16_and_booleans_are_widened_with_a_note():
    """The values are the same; any byte but zero is true."""
    save = pytest.importorskip("safetensors.numpy").save
    found = opened(save({"a": np.array([1.5, -np.inf, 6e-8], np.float16)}))
    array, notes = found.read("a")
    np.testing.assert_array_equal(array, np.array([1.5, -np.inf, 6e-8], np.float16).astype(np.float32), strict=True)
    assert notes == ("float16 is read as float32",)
    array, notes = opened(file_of({"b": entry("BOOL", (4,), (0, 4))}, bytes([0, 1, 2, 255]))).read("b")
    np.testing.assert_array_equal(array, np.array([0, 1, 1, 1], np.uint8), strict=True)
    assert notes == ("true and false are read as 1 and 0",)


def test_data_that_begins_anywhere_is_read():
    """A header of odd length puts the values at addresses that are no multiples of their size."""
    for spaces in range(9):
        text = json.dumps({"a": entry("F64", (2,), (0, 16))}).encode() + b" " * spaces
        array, _ = opened(file_of(text, np.array([1.5, -2.0]).tobytes())).read("a")
        np.testing.assert_array_equal(array, np.array([1.5, -2.0]), strict=True)
        assert array.flags.aligned


def test_the_library_refuses_what_we_refuse():
    """Where the format's own reader is strict, so are we; it lets pass what its description does not."""
    library = pytest.importorskip("safetensors")
    load = pytest.importorskip("safetensors.numpy").load
    lenient = set()
    for name, (data, _) in REFUSED.items():
        try:
            load(data)
            lenient.add(name)
        except (library.SafetensorError, TypeError, AttributeError, KeyError, ValueError):
            pass
    assert lenient == {"space", "unknown key"}


# Lies --------------------------------------------------------------------------------------------------------------

TWO = {"a": entry(offsets=(0, 8)), "b": entry(offsets=(8, 16))}
REFUSED = {
    "empty": (b"", "f.safetensors: not a .safetensors file: 0 B have no room for a header"),
    "seven bytes": (b"\0" * 7, "f.safetensors: not a .safetensors file: 7 B have no room for a header"),
    "longest header": (
        file_of(b"{}", length=2**64 - 1),
        "f.safetensors: not a .safetensors file: a header of 16,777,216.0 TiB, at most 95.4 MiB",
    ),
    "long header": (
        file_of(b"{}", length=100_000_001),
        "f.safetensors: not a .safetensors file: a header of 95.4 MiB, at most 95.4 MiB",
    ),
    "header beyond the end": (
        file_of(b"{}", length=3),
        "f.safetensors: the .safetensors file is truncated: a header of 3 B, 2 B are there",
    ),
    "no header": (file_of(b""), "f.safetensors: not a .safetensors file: its header does not begin with {"),
    "list": (file_of(b"[]"), "f.safetensors: not a .safetensors file: its header does not begin with {"),
    "space": (file_of(b" {}"), "f.safetensors: not a .safetensors file: its header does not begin with {"),
    "latin": (file_of(b'{"\xe9": 1}'), "f.safetensors: the .safetensors header is not UTF-8: offset 2"),
    "no json": (
        file_of(b'{"a"}'),
        "f.safetensors: the .safetensors header is not JSON: character 5",
    ),
    "two documents": (
        file_of(b"{}{}"),
        "f.safetensors: the .safetensors header is not JSON: character 3",
    ),
    "deep": (
        file_of(b'{"a":' + b"[" * 65 + b"]" * 65 + b"}"),
        "f.safetensors:a: the .safetensors header must give dtype, shape and data_offsets, nothing else",
    ),
    "long number": (
        file_of(b'{"a":' + b"9" * 5000 + b"}"),
        "f.safetensors: the .safetensors header is not JSON: a number or a nesting out of bounds",
    ),
    "odd constant": (
        file_of(b'{"__metadata__": {"a": NaN}}'),
        "f.safetensors: the .safetensors header is not JSON: a number or a nesting out of bounds",
    ),
    "duplicate": (
        file_of(b'{"a": 1, "b": 2, "b": 3}'),
        "f.safetensors: the .safetensors header has 'b' twice",
    ),
    "nested duplicate": (
        file_of(b'{"a": {"dtype": "F32", "dtype": "F16"}}'),
        "f.safetensors: the .safetensors header has 'dtype' twice",
    ),
    "metadata list": (
        file_of({"__metadata__": []}),
        "f.safetensors: __metadata__ of the .safetensors header must be a mapping of texts",
    ),
    "metadata number": (
        file_of({"__metadata__": {"a": 1}}),
        "f.safetensors: __metadata__ of the .safetensors header must be a mapping of texts",
    ),
    "no mapping": (
        file_of({"a": 1}),
        "f.safetensors:a: the .safetensors header must give dtype, shape and data_offsets, nothing else",
    ),
    "missing key": (
        file_of({"a": {"dtype": "F32", "shape": [2]}}, b"\0" * 8),
        "f.safetensors:a: the .safetensors header must give dtype, shape and data_offsets, nothing else",
    ),
    "unknown key": (
        file_of({"a": entry(order="F")}, b"\0" * 8),
        "f.safetensors:a: the .safetensors header must give dtype, shape and data_offsets, nothing else",
    ),
    "dtype": (
        file_of({"a": entry("F99")}, b"\0" * 8),
        "f.safetensors:a: an unknown dtype 'F99' (one of: BOOL, U8, I8, F8_E4M3, F8_E4M3FNUZ, F8_E5M2, F8_E5M2FNUZ, "
        "F8_E8M0, U16, I16, F16, BF16, U32, I32, F32, U64, I64, F64, C64, F4, F6_E2M3, F6_E3M2)",
    ),
    "dtype list": (
        file_of({"a": entry(["F32"])}, b"\0" * 8),
        "f.safetensors:a: an unknown dtype \"['F32']\" (one of: BOOL, U8, I8, F8_E4M3, F8_E4M3FNUZ, F8_E5M2, "
        "F8_E5M2FNUZ, F8_E8M0, U16, I16, F16, BF16, U32, I32, F32, U64, I64, F64, C64, F4, F6_E2M3, F6_E3M2)",
    ),
    "negative": (
        file_of({"a": entry(shape=(-1, -2))}, b"\0" * 8),
        "f.safetensors:a: shape must be whole numbers, got '[-1, -2]'",
    ),
    "boolean": (
        file_of({"a": entry(shape=(True, 2))}, b"\0" * 8),
        "f.safetensors:a: shape must be whole numbers, got '[True, 2]'",
    ),
    "float": (
        file_of({"a": entry(shape=(2.0,))}, b"\0" * 8),
        "f.safetensors:a: shape must be whole numbers, got '[2.0]'",
    ),
    "beyond 64 bits": (
        file_of({"a": entry(shape=(2**64,))}, b"\0" * 8),
        "f.safetensors:a: shape must be whole numbers, got '[18446744073709551616]'",
    ),
    "wrapping": (
        file_of({"a": entry(shape=(2**32, 2**32))}),
        "f.safetensors:a: 4294967296 × 4294967296 values of F32 are 67,108,864.0 TiB, data_offsets give 8 B",
    ),
    "wrapping to nothing": (
        file_of({"a": entry(shape=(2**63, 2), offsets=(0, 0))}),
        "f.safetensors:a: 9223372036854775808 × 2 values of F32 are 67,108,864.0 TiB, data_offsets give 0 B",
    ),
    "size": (
        file_of({"a": entry(shape=(3,))}, b"\0" * 8),
        "f.safetensors:a: 3 values of F32 are 12 B, data_offsets give 8 B",
    ),
    "half a byte": (
        file_of({"a": entry("F4", (3,), (0, 1))}, b"\0"),
        "f.safetensors:a: 3 values of F4 are 2 B, data_offsets give 1 B",
    ),
    "one offset": (
        file_of({"a": entry(offsets=(8,))}, b"\0" * 8),
        "f.safetensors:a: data_offsets must be two rising whole numbers, got '[8]'",
    ),
    "falling": (
        file_of({"a": entry(offsets=(8, 0))}, b"\0" * 8),
        "f.safetensors:a: data_offsets must be two rising whole numbers, got '[8, 0]'",
    ),
    "overlap": (
        file_of({**TWO, "b": entry(offsets=(4, 12))}, b"\0" * 12),
        "f.safetensors:b: the tensor overlaps the tensor before it: it begins at byte 4, not 8",
    ),
    "the same bytes": (
        file_of({**TWO, "b": entry()}, b"\0" * 8),
        "f.safetensors:b: the tensor overlaps the tensor before it: it begins at byte 0, not 8",
    ),
    "hole": (
        file_of({**TWO, "b": entry(offsets=(12, 20))}, b"\0" * 20),
        "f.safetensors:b: the tensor leaves a hole before it: it begins at byte 12, not 8",
    ),
    "hole at the start": (
        file_of({"a": entry(offsets=(4, 12))}, b"\0" * 12),
        "f.safetensors:a: the tensor leaves a hole before it: it begins at byte 4, not 0",
    ),
    "truncated": (
        file_of(TWO, b"\0" * 15),
        "f.safetensors: the .safetensors file is truncated: its tensors are 16 B, it holds 15 B",
    ),
    "trailing": (
        file_of(TWO, b"\0" * 17),
        "f.safetensors: the .safetensors file has bytes after its end: its tensors are 16 B, it holds 17 B",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_what_a_header_must_not_say_is_refused(data, message):
    """At once, from the header alone, with the tensor concerned; nothing is allocated on the word of the file."""
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(FormatError) as caught:
        opened(data)
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value) == message
    assert seconds < 1
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("dtype", "size"), [("F8_E4M3", 8), ("F8_E5M2", 8), ("F8_E8M0", 8), ("F4", 4), ("F6_E2M3", 6), ("C64", 64)]
)
def test_numbers_that_are_not_computed_with_are_refused_by_name(dtype, size):
    """The other tensors of the file are read all the same."""
    found = opened(file_of({"a": entry(dtype, (8,), (0, size)), "b": entry(offsets=(size, size + 8))}, bytes(size + 8)))
    with pytest.raises(FormatError) as caught:
        found.read("a")
    assert str(caught.value) == (
        f"f.safetensors:a: a tensor of {dtype} values, which convcalc does not compute with "
        "(save it as F32, BF16 or F16)"
    )
    np.testing.assert_array_equal(found.read("b")[0], np.zeros(2, np.float32), strict=True)


def test_axes_and_memory_are_limited():
    """Each limit says how to raise it."""
    nine = file_of({"a": entry(shape=(1,) * 8 + (2,))}, b"\0" * 8)
    with pytest.raises(LimitError) as caught:
        opened(nine)
    assert str(caught.value) == "f.safetensors:a: 9 axes, at most 8 (raise it with --limit axes=9)"
    large = opened(
        file_of({"a": entry(shape=(1 << 12,), offsets=(0, 1 << 14))}, bytes(1 << 14)), Limits(memory=1 << 13)
    )
    with pytest.raises(LimitError, match=r"f\.safetensors:a: the array needs 16\.0 KiB of memory, 8\.0 KiB may be"):
        large.read("a")
    with pytest.raises(LimitError, match=r"f\.safetensors: the header needs 29\.3 KiB of memory, 8\.0 KiB may be used"):
        opened(file_of(b"{}" + b" " * 998), Limits(memory=1 << 13))


def test_unknown_names_get_the_nearest():
    """For the values, the shape and the entry of the header alike."""
    found = opened(file_of({"conv1.weight": entry()}, b"\0" * 8))
    for ask in (found.read, found.shape, found.entry):
        with pytest.raises(UnknownNameError) as caught:
            ask("conv1.wieght")
        assert str(caught.value) == ("unknown tensor in f.safetensors 'conv1.wieght' (did you mean conv1.weight?)")


def test_of_thousands_of_names_a_hundred_are_listed():
    """Where none is near."""
    found = opened(file_of({f"t{number:04}": entry(shape=(0,), offsets=(0, 0)) for number in range(2000)}))
    with pytest.raises(UnknownNameError) as caught:
        found.read("weight")
    assert caught.value.hint == f"one of: {', '.join(f't{number:04}' for number in range(100))}, …"


@pytest.mark.parametrize("seed", range(400))
def test_mutated_files_are_read_or_refused(seed):
    """Bytes that are changed, cut off or put in make an ordinary error or another file, never another exception."""
    chance = random.Random(seed)
    data = bytearray(file_of({"__metadata__": {"format": "pt"}, **TWO, "c": entry("BF16", (0,), (16, 16))}, b"\1" * 16))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                data[place] ^= 1 << chance.randrange(8)
            case 2:
                del data[place : place + chance.randint(1, 9)]
            case 3:
                data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 9)))
        if not data:
            break
    started = time.process_time()
    try:
        found = opened(bytes(data))
        for name in found.names:
            array, _ = found.read(name)
            assert array.shape == found.shape(name)
    except ConvcalcError as error:
        assert "\n" not in error.message
    assert time.process_time() - started < 2


# As a kind of file -------------------------------------------------------------------------------------------------


@pytest.fixture
def model(tmp_path):
    """A file of two tensors."""
    path = tmp_path / "model.safetensors"
    body = np.arange(4, dtype="<f4").tobytes()
    path.write_bytes(file_of({"conv.weight": entry(offsets=(0, 8)), "conv/bias:0": entry(offsets=(8, 16))}, body))
    return path


def test_a_tensor_is_chosen_by_its_name(model):
    """After a colon; the name may hold colons itself."""
    np.testing.assert_array_equal(read_tensor(f"{model}:conv.weight", LIMITS).array, np.array([0, 1], np.float32))
    np.testing.assert_array_equal(read_tensor(f"{model}:conv/bias:0", LIMITS).array, np.array([2, 3], np.float32))
    with pytest.raises(UnknownNameError, match=r"\(did you mean conv\.weight\?\)"):
        read_tensor(f"{model}:conv.weigth", LIMITS)


def test_several_tensors_are_listed_and_a_single_one_needs_no_name(model, tmp_path):
    """As with an archive of arrays."""
    with pytest.raises(FormatError) as caught:
        read_tensor(str(model), LIMITS)
    assert str(caught.value) == (
        f"{model}: the .safetensors file holds 2 tensors: 'conv.weight', 'conv/bias:0' (name one: {model}:conv.weight)"
    )
    model.write_bytes(file_of({"a": entry()}, np.array([1, np.nan], "<f4").tobytes()))
    found = read_tensor(str(model), LIMITS)
    assert found.array.shape == (2,)
    assert found.notes == ("1 value is not finite, the first (nan) at [1]",)
    model.write_bytes(file_of({}))
    with pytest.raises(FormatError) as caught:
        read_tensor(str(model), LIMITS)
    assert str(caught.value) == f"{model}: the .safetensors file holds no tensors"


def test_the_kind_is_told_by_the_content(model, tmp_path):
    """Whatever the file is called; text called so is text, and what is neither is refused as what it is called."""
    other = model.rename(tmp_path / "model.bin")
    assert open_file(str(other), LIMITS).kind == "safetensors"
    text = tmp_path / "text.safetensors"
    text.write_text("1,2\n3,4\n")
    assert read_tensor(str(text), LIMITS).notes == ("named .safetensors, but its content is text",)
    text.write_bytes(file_of(b"{}", length=2**64 - 1))
    with pytest.raises(FormatError, match=r"a header of 16,777,216\.0 TiB, at most 95\.4 MiB"):
        read_tensor(str(text), LIMITS)
    (tmp_path / "model.npy").write_bytes(file_of({"a": entry()}, bytes(8)))
    assert read_tensor(str(tmp_path / "model.npy"), LIMITS).notes == (
        "named .npy, but its content is a .safetensors file",
    )


def test_names_are_shown_and_not_obeyed(model, cli):
    """Escape codes and markup in a name are printed as text."""
    name = "\x1b]0;pwned\x07[red]"
    model.write_bytes(file_of({name: entry("F8_E5M2", (8,))}, bytes(8)))
    done = cli.run("run", str(model))
    assert done.code == 1
    assert "\x1b" not in done.err
    assert "\\x1b]0;pwned\\x07[red]: a tensor of F8_E5M2 values" in done.err.replace("\n", "")


def test_standard_input_is_read(model, monkeypatch):
    """Its bytes are in memory already."""

    class Standard:
        buffer = io.BytesIO(file_of({"a": entry()}, np.array([1, 2], "<f4").tobytes()))

    monkeypatch.setattr(sys, "stdin", Standard)
    np.testing.assert_array_equal(read_tensor("-", LIMITS).array, np.array([1, 2], np.float32), strict=True)


# What is loaded ----------------------------------------------------------------------------------------------------

PROGRAM = """
import resource, sys, time
from convcalc.files.safetensors import open_safetensors
from convcalc.files.file_kind import open_file
from convcalc.limits import Limits
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
found = open_safetensors(open_file(sys.argv[1], Limits()), Limits())
array, _ = found.read("small")
seconds = time.process_time() - started
size = found.read("large")[0].size
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, array.sum(), size)
"""


@pytest.mark.slow
def test_one_tensor_of_a_large_file_loads_that_one_alone(tmp_path):
    """Of 100 MB, opening and reading the small tensor takes milliseconds and next to no memory."""
    pytest.importorskip("resource")
    path = tmp_path / "model.safetensors"
    large = 25_000_000
    header = {
        "large": entry(shape=(large,), offsets=(0, 4 * large)),
        "small": entry(offsets=(4 * large, 4 * large + 8)),
    }
    with path.open("wb") as stream:
        stream.write(file_of(header))
        stream.seek(4 * large, io.SEEK_CUR)
        stream.write(np.array([1, 2], "<f4").tobytes())
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    seconds, kibibytes, total, count = map(float, done.stdout.split())
    assert (total, count) == (3, large)
    assert seconds < 0.5
    assert kibibytes < 10_000


def test_the_values_are_the_mapped_bytes(tmp_path):
    """Nothing is copied: what is changed in the file afterwards shows in the array, which cannot be written."""
    path = tmp_path / "model.safetensors"
    text = json.dumps({"a": entry()}).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(file_of(text, bytes(8)))
    array, _ = open_safetensors(open_file(str(path), LIMITS), LIMITS).read("a")
    with path.open("r+b") as stream:
        stream.seek(8 + len(text))
        stream.write(np.array([1.5, 2], "<f4").tobytes())
    np.testing.assert_array_equal(array, np.array([1.5, 2], np.float32), strict=True)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


@pytest.mark.parametrize("error", [OSError, ValueError])
def test_a_system_that_maps_no_files_is_named(tmp_path, monkeypatch, error):
    """Some file systems do not, and some files have no size."""

    def refuse(*_, **__):
        raise error

    path = tmp_path / "f.safetensors"
    path.write_bytes(struct.pack("<Q", 2) + b"{}")
    monkeypatch.setattr("mmap.mmap", refuse)
    source = open_file(str(path), LIMITS)
    with pytest.raises(FormatError, match=r"the system refuses to map the file"):
        open_safetensors(source, LIMITS)
