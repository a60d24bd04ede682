"""WAV sounds: every depth against the standard library's and SciPy's readers, damaged ones by their messages.

What is written is read again by SciPy.
"""

from __future__ import annotations

import struct
import wave
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError, FormatError, LimitError, OutputError
from convcalc.files.tensor_file import read_tensor
from convcalc.files.wav import DEPTHS, read_wav, stored, write_wav
from convcalc.limits import Limits

GUID_TAIL = b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
RANDOM = np.random.default_rng(7)


def sound(data, *, tag=1, channels=1, rate=8000, bits=16, extensible=0, order="<", length=None, before=b"", block=None):
    """A RIFF file; ``extensible``: its valid bits, with the tag in the identifier."""
    block = channels * -(-bits // 8) if block is None else block
    head = (0xFFFE if extensible else tag, channels, rate, rate * block, block, bits)
    form = struct.pack(f"{order}HHIIHH", *head)
    if extensible:
        form += struct.pack(f"{order}HHIH", 22, extensible, 0, tag) + GUID_TAIL
    size = len(data) if length is None else length
    chunks = b"WAVE" + before + b"fmt " + struct.pack(f"{order}I", len(form)) + form
    chunks += b"data" + struct.pack(f"{order}I", size) + data
    return (b"RIFF" if order == "<" else b"RIFX") + struct.pack(f"{order}I", len(chunks)) + chunks


def read(data, limits=None):
    return read_wav(BytesIO(data), len(data), "a.wav", limits or Limits())


def bytes_of(samples, depth, order="<"):
    """The frames of samples (channels, samples), one number after the other, by Python's own integers."""
    if depth.startswith("float"):
        return samples.T.astype(np.dtype(depth).newbyteorder(order)).tobytes()
    width, name = DEPTHS[depth] // 8, {"<": "little", ">": "big"}[order]
    numbers = (int(each) + 128 * (depth == "uint8") for each in samples.T.flat)
    return b"".join(each.to_bytes(width, name, signed=depth != "uint8") for each in numbers)


def samples_of(depth, channels=2, count=50):
    """Random samples, the extremes among them."""
    if depth.startswith("float"):
        return RANDOM.normal(size=(channels, count)).astype(depth)
    half = 1 << DEPTHS[depth] - 1
    samples = RANDOM.integers(-half, half, (channels, count), dtype=np.int64)
    samples[0, :4] = -half, half - 1, 0, -1
    return samples


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("channels", [1, 2, 64])
@pytest.mark.parametrize("depth", DEPTHS)
def test_every_depth_is_read_as_it_is_stored(depth, channels, order):
    """Whole numbers of 8 to 64 bits and floats, of up to 64 channels, in both byte orders, plain and extensible."""
    samples = samples_of(depth, channels)
    tag = 3 if depth.startswith("float") else 1
    for extensible in (0, DEPTHS[depth]):
        data = sound(
            bytes_of(samples, depth, order),
            tag=tag,
            channels=channels,
            bits=DEPTHS[depth],
            extensible=extensible,
            order=order,
        )
        found = read(data)
        assert (found.depth, found.rate, found.samples.shape) == (depth, 8000, samples.shape)
        np.testing.assert_array_equal(found.samples, samples)
        assert not found.samples.flags.writeable


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_what_the_standard_library_writes_is_read(tmp_path, width):
    """A file of the module ``wave``, with the numbers that went in, its rate and its only axis known."""
    depth = {1: "uint8", 2: "int16", 3: "int24", 4: "int32"}[width]
    samples = samples_of(depth, 3)
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(3)
        file.setsampwidth(width)
        file.setframerate(44100)
        file.writeframes(bytes_of(samples, depth))
    found = read_tensor(str(path), Limits())
    np.testing.assert_array_equal(found.array, samples)
    assert (found.dims, found.channels.axis.hertz, found.channels.depth) == (1, pytest.approx(44100), depth)


@pytest.mark.oracle
@pytest.mark.parametrize("depth", DEPTHS)
def test_scipy_reads_the_same(tmp_path, depth):
    """SciPy keeps 8 bits without a sign and shifts 24 bits to the top of 32, else the numbers are equal."""
    wavfile = pytest.importorskip("scipy.io.wavfile")
    samples = samples_of(depth)
    tag = 3 if depth.startswith("float") else 1
    path = tmp_path / "a.wav"
    path.write_bytes(sound(bytes_of(samples, depth), tag=tag, channels=2, bits=DEPTHS[depth]))
    rate, theirs = wavfile.read(path)
    moved = {"uint8": lambda each: each.astype(int) - 128, "int24": lambda each: each >> 8}
    found = read_tensor(str(path), Limits())
    np.testing.assert_array_equal(found.array, moved.get(depth, lambda each: each)(theirs).T)
    assert found.channels.axis.hertz == pytest.approx(rate)


@pytest.mark.oracle
@pytest.mark.parametrize("depth", DEPTHS)
def test_scipy_reads_what_is_written(tmp_path, depth):
    """A written sound is read by SciPy without a warning, and by our reader, with the same numbers."""
    wavfile = pytest.importorskip("scipy.io.wavfile")
    samples = samples_of(depth, 3, 7)
    written = BytesIO()
    write_wav(written, samples, 22050, depth)
    rate, theirs = wavfile.read(BytesIO(written.getvalue()))
    moved = {"uint8": lambda each: each.astype(int) - 128, "int24": lambda each: each >> 8}
    assert rate == 22050
    np.testing.assert_array_equal(moved.get(depth, lambda each: each)(theirs).T, samples)
    np.testing.assert_array_equal(read(written.getvalue()).samples, samples)


def test_20_bits_in_24_are_kept_and_said():
    """Bits that are not used do not change the numbers, which are those of the container."""
    samples = samples_of("int24", 1) // 16 * 16
    found = read(sound(bytes_of(samples, "int24"), bits=24, extensible=20))
    np.testing.assert_array_equal(found.samples, samples)
    assert found.notes == ("sound: 8,000 samples a second, whole numbers of 24 bits, 20 of them used, "
                           "full scale 8,388,608",)  # fmt: skip


def test_12_bits_are_read_from_their_two_bytes():
    assert read(sound(struct.pack("<2h", -2048, 16), bits=12)).samples.tolist() == [[-2048, 16]]


def test_other_chunks_are_passed_over():
    """Also those of an odd length, which a byte follows."""
    before = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"JUNK" + struct.pack("<I", 0)
    assert read(sound(b"\1\0", before=before)).samples.tolist() == [[1]]


def test_a_sound_of_more_than_4_gib_tells_its_length_elsewhere():
    """RF64: the length stands in a chunk of its own."""
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, 100, 4, 2, 0)
    data = sound(b"\1\0\2\0", before=ds64, length=0xFFFFFFFF).replace(b"RIFF", b"RF64", 1)
    assert read(data).samples.tolist() == [[1, 2]]
    assert len(read(data).notes) == 1


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF000])
def test_a_piped_sound_is_read_to_its_end(length):
    """A length that only means that it was not known; half a frame at the end is left out."""
    found = read(sound(b"\1\0\2\0\3", length=length))
    assert found.samples.tolist() == [[1, 2]]
    assert found.notes[0] == "the sound does not tell its length (it was piped): read to the end of the file"


DAMAGED = {
    "promises more": (
        sound(b"\0\0", length=100),
        "the WAV sound is cut off: 100 bytes of samples promised, 2 are there",
    ),
    "half a frame": (sound(b"\0\0\0", channels=1), "the WAV sound has 3 bytes of samples, not a multiple of 2"),
    "nothing": (sound(b""), "the WAV sound has no samples"),
    "no data": (sound(b"")[:36], "the WAV sound has no samples: it is cut off"),
    "no format": (b"RIFF\0\0\0\0WAVE", "the WAV sound has no format: it is cut off"),
    "data first": (b"RIFF\0\0\0\0WAVEdata\2\0\0\0\1\0", "the WAV sound does not tell its format before its samples"),
    "short format": (b"RIFF\0\0\0\0WAVEfmt \2\0\0\0\1\0", "the format of the WAV sound is cut off"),
    "no channels": (sound(b"\0\0", channels=0), "a WAV sound of 0 channels and 16 bits in 0 bytes"),
    "no bits": (sound(b"\0\0", bits=0, block=2), "a WAV sound of 1 channel and 0 bits in 2 bytes"),
    "more bits than bytes": (sound(b"\0\0", bits=24, block=2), "a WAV sound of 1 channel and 24 bits in 2 bytes"),
    "uneven frames": (sound(b"\0\0\0", channels=2, block=3), "a WAV sound of 2 channels and 16 bits in 3 bytes"),
    "half floats": (sound(b"\0\0", tag=3), "a WAV sound of floats of 16 bits"),
    "mu-law": (sound(b"\0", tag=7, bits=8), "a WAV sound packed as mu-law, which is not read"),
    "unknown": (sound(b"\0", tag=999, bits=8), "a WAV sound packed as format 999, which is not read"),
    "unknown extensible": (
        sound(b"\0\0", extensible=16).replace(GUID_TAIL, b"\7" * 14),
        "a WAV sound of an unknown format (extensible)",
    ),
    "chunks without end": (
        b"RIFF\0\0\0\0WAVE" + b"JUNK\0\0\0\0" * 1001,
        "the WAV sound has more than 1,000 chunks before its samples",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_sounds_are_refused(name):
    data, message = DAMAGED[name]
    with pytest.raises(FormatError) as caught:
        read(data)
    assert str(caught.value.message) == message
    assert caught.value.place.source == "a.wav"


def test_a_sound_beyond_memory_is_refused():
    with pytest.raises(LimitError, match="the sound needs"):
        read(sound(bytes(3000)), Limits(memory=2000))


@given(st.binary(max_size=60), st.integers(0, 43), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data, place, byte):
    """A valid head with any byte changed, before any samples."""
    head = bytearray(sound(data)[:44])
    head[place] = byte
    try:
        found = read(bytes(head) + data)
    except ConvcalcError:
        return
    assert found.samples.ndim == 2
    assert found.samples.nbytes <= 2 * len(data) + 8


# --- what is written


def test_floats_become_the_depth_they_came_from():
    """Rounded to the nearest, cut off at the ends, and both said."""
    samples, depth, notes = stored(np.array([[0.5, 1.5, -40000.0, 40000.0, np.inf, np.nan]]), "int16")
    assert (samples.tolist(), depth) == ([[0, 2, -32768, 32767, 32767, 0]], "int16")
    assert notes == (
        "rounded to whole numbers",
        "1 sample nan written as 0",
        "3 samples beyond 16 bits cut off at -32,768 and 32,767",
    )


@pytest.mark.parametrize(
    ("most", "depth"), [(32767, "int16"), (32768, "int24"), ((1 << 23) - 1, "int24"), (1 << 23, "int32")]
)
def test_whole_numbers_take_the_least_depth(most, depth):
    assert stored(np.array([[most, 1]]), "")[1] == depth


def test_what_no_sound_holds_is_refused():
    with pytest.raises(OutputError, match="beyond 32 bits"):
        stored(np.array([[1 << 31]]), "")
    with pytest.raises(OutputError, match="no fractions"):
        stored(np.array([[Fraction(1, 2)]], dtype=object), "")
    with pytest.raises(OutputError, match="at most 4 GiB"):
        write_wav(BytesIO(), np.zeros((70000, 1)), 8000, "float32")


def test_loud_floats_are_said():
    assert stored(np.array([[2.0, 0.5]]), "")[1:] == (
        "float64",
        ("samples beyond 1 and -1, where players cut them off",),
    )
    assert stored(np.array([[1.0, 0.5]], np.float32), "")[1:] == ("float32", ())


def test_a_filtered_sound_is_a_sound(cli):
    """From WAV to WAV: the same depth, the rate by the stride, and each channel apart."""
    samples = samples_of("int16", 2, 100) // 4
    cli.write({"a.wav": sound(bytes_of(samples, "int16"), channels=2, rate=44100)})
    done = cli.run("run", "a.wav", "--kernel", "[1,2,1]", "--stride", "2", "-o", "b.wav")
    assert (done.code, done.err) == (0, "wrote b.wav: 22,050 samples a second, int16\n")
    expected = samples[:, :-2] + 2 * samples[:, 1:-1] + samples[:, 2:]
    found = read(cli.files()["b.wav"])
    np.testing.assert_array_equal(found.samples, np.clip(expected, -32768, 32767)[:, ::2])


def test_channels_are_added_where_that_is_said(cli):
    """Groups, or weights for each channel, say so; a sum of whole numbers has the depth of the sound."""
    samples = samples_of("int16", 2, 100) // 4
    cli.write({"a.wav": sound(bytes_of(samples, "int16"), channels=2)})
    for more in (["--kernel", "[1,2,1]", "--groups", "1"], ["--kernel", "[[[1,2,1],[1,2,1]]]"]):
        assert cli.run("run", "a.wav", *more, "-o", "b.wav", "--force", "-q").code == 0
        expected = (samples[:, :-2] + 2 * samples[:, 1:-1] + samples[:, 2:]).sum(axis=0)
        np.testing.assert_array_equal(read(cli.files()["b.wav"]).samples, [np.clip(expected, -32768, 32767)])


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["a.yaml", "-o", "b.wav"], "error: a sound has a sampling rate, that of the output is not known\n"
         "hint: --rate 44100\n"),
        (["-o", "b.wav"], "error: a sound has one axis, the output has 2 spatial axes\n"
         "hint: --dims 1 if the last axis is time; .npy holds any array\n"),
        (["a.yaml", "--rate", "0"], "error: --rate: rate must be a number above 0, got '0'\n"
         "hint: samples a second, such as 44100, 100Hz or 44.1kHz\n"),
        (["--rate", "5"], "error: --rate: a rate is of a signal, which has one axis; the input has 2 spatial axes\n"
         "hint: --dims 1 if its last axis is time, or leave rate out\n"),
    ],
)  # fmt: skip
def test_what_is_no_sound_is_said(cli, argv, message):
    cli.write({"a.yaml": "input: [1, 2, 3, 4]\nkernel: [1, 1]\ndims: 1\n"})
    done = cli.run("run", *argv, "-q")
    assert (done.code in (1, 2), done.err) == (True, message)


SOUNDS = Path(__file__).parent / "formats" / "sounds"


@pytest.mark.parametrize(
    ("name", "expected", "depth"),
    [
        ("wav-16-stereo.wav", [[1, 3, 5], [-2, 4, 6]], "int16"),
        ("wav-extensible-float.wav", [[0.5, -2.0, 1.0]], "float32"),
    ],
)
def test_sounds_of_other_programs(name, expected, depth):
    found = read_tensor(str(SOUNDS / name), Limits())
    assert (found.array.tolist(), found.channels.depth) == (expected, depth)
