"""WAV sounds: whole numbers of 8 to 64 bits and floats, read without trusting a length, and written.

The layout is that of RIFF WAVE (Microsoft & IBM, Multimedia Programming Interface and Data Specifications 1.0, 1991),
WAVEFORMATEXTENSIBLE (Microsoft, 2001), and RF64 (EBU Tech 3306) for more than 4 GiB.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple

import numpy as np

from convcalc.arrays import Array, has_fractions, in_floats, is_exact, value_range
from convcalc.errors import FormatError, OutputError, Place
from convcalc.limits import Limits
from convcalc.wording import counted

ByteOrder = Literal["<", ">"]
_BYTE_ORDER: dict[bytes, ByteOrder] = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">"}
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_CODECS = {2: "ADPCM", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 49: "GSM", 80: "MPEG", 85: "MP3"}
_SUBFORMATS = (b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", b"\0\0\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\0\0\0")
"""What follows the tag in an identifier of PCM or floats: the usual ones, and those of ambisonic sound."""
_MOST_CHUNKS = 1000
_UNKNOWN_LENGTHS = (range(0x7FFFF000, 0x80000000), range(0xFFFFF000, 0x100000000))
"""What programs write for a length that they do not know yet, as when their output is a pipe."""
_PACKED = "ffmpeg -i FILE -c:a pcm_s16le plain.wav unpacks it"
_REPAIR = "ffmpeg -i FILE fixed.wav writes what is there"
_LARGEST = (1 << 32) - 1 - 64

DEPTHS = {"uint8": 8, "int16": 16, "int24": 24, "int32": 32, "int64": 64, "float32": 32, "float64": 64}
"""The types of a sound's numbers, with their bits. Those of 8 bits are stored with 128 for silence."""


class Sound(NamedTuple):
    """A sound as it is stored."""

    samples: Array
    """(channels, samples), read-only: whole numbers as stored, those of 8 bits minus 128, or floats."""
    rate: int
    """Samples a second; 0 if the file does not tell."""
    depth: str
    """One of :data:`DEPTHS`."""
    notes: tuple[str, ...]


class _Format(NamedTuple):
    """The chunk ``fmt``."""

    depth: str
    channels: int
    rate: int
    valid_bits: int


def read_wav(stream: BinaryIO, size: int, source: str, limits: Limits) -> Sound:
    """The sound in a stream of ``size`` bytes.

    Raises:
        FormatError: it is damaged, cut off or packed.
        LimitError: it takes more memory than the limits allow.
    """
    try:
        return _read(stream, size, limits)
    except FormatError as error:
        error.place = Place(source)
        raise


def write_wav(stream: BinaryIO, samples: Array, rate: int, depth: str) -> None:
    """Write samples (channels, samples) that are of this depth already, as :func:`stored` gives them.

    Raises:
        OutputError: there are more than a WAV file holds.
    """
    channels, count = samples.shape
    width = DEPTHS[depth] // 8
    if channels * count * width > _LARGEST or channels > 0xFFFF or rate * channels * width >= 1 << 32:
        raise OutputError("a WAV file holds at most 4 GiB and 65,535 channels", hint="write .npy")
    tag = _FLOAT if depth.startswith("float") else _PCM
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * width, channels * width, 8 * width)
    form += struct.pack("<H", 0) * (tag == _FLOAT)
    fact = b"fact" + struct.pack("<II", 4, count) if tag == _FLOAT else b""
    data = _packed(samples, depth)
    head = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + fact + b"data" + struct.pack("<I", len(data))
    stream.write(b"RIFF" + struct.pack("<I", len(head) + len(data) + len(data) % 2) + head)
    stream.write(data)
    stream.write(b"\0" * (len(data) % 2))


def stored(samples: Array, depth: str) -> tuple[Array, str, tuple[str, ...]]:
    """Samples as a WAV file holds them, the depth, and notes on what was rounded or cut.

    ``depth``: that of the sound they were made from, which they keep; "" for the least that holds them.

    Raises:
        OutputError: they are whole numbers beyond 64 bits, or fractions.
    """
    depth = depth or _least_depth(samples)
    if depth.startswith("float"):
        floats = samples.astype(depth)
        span = value_range(floats)
        loud = span is not None and max(-span[0], span[1]) > 1
        return floats, depth, ("samples beyond 1 and -1, where players cut them off",) * bool(loud)
    lowest, highest = -(1 << DEPTHS[depth] - 1), (1 << DEPTHS[depth] - 1) - 1
    values = in_floats(samples) if has_fractions(samples) else samples
    notes = []
    beyond = int(((values < lowest) | (values > highest)).sum())
    if not is_exact(values):
        unknown = np.isnan(values)
        whole = np.rint(np.where(unknown, 0, values))
        notes += ["rounded to whole numbers"] * bool((whole != values)[np.isfinite(values)].any())
        notes += [f"{counted(int(unknown.sum()), 'sample')} nan written as 0"] * bool(unknown.any())
        values = whole
    if beyond:
        notes.append(f"{counted(beyond, 'sample')} beyond {DEPTHS[depth]} bits cut off at {lowest:,} and {highest:,}")
    return np.clip(values, lowest, highest).astype(np.int64), depth, tuple(notes)


def _least_depth(samples: Array) -> str:
    if samples.dtype.kind == "f":
        return "float32" if samples.dtype == np.float32 else "float64"
    if has_fractions(samples):
        raise OutputError("a WAV file holds no fractions", hint="--dtype float64")
    low, high = value_range(samples) or (0, 0)
    for depth in ("int16", "int24", "int32"):
        if -(1 << DEPTHS[depth] - 1) <= low and high < 1 << DEPTHS[depth] - 1:
            return depth
    raise OutputError("whole numbers beyond 32 bits, which no player takes", hint="--dtype float64, or write .npy")


def _packed(samples: Array, depth: str) -> bytes:
    """The samples one frame after the other."""
    frames = np.ascontiguousarray(samples.T)
    if depth == "uint8":
        return (frames + 128).astype(np.uint8).tobytes()
    if depth == "int24":
        return frames.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return frames.astype(np.dtype(depth).newbyteorder("<")).tobytes()


def _read(stream: BinaryIO, size: int, limits: Limits) -> Sound:
    order = _BYTE_ORDER.get(stream.read(4), "<")
    stream.seek(8, 1)
    form, long_length = None, 0
    for name, length in _chunks(stream, size, order):
        if name == b"ds64":
            long_length = int.from_bytes(stream.read(min(length, 16))[8:16], "little")
        elif name == b"fmt ":
            form = _format(stream.read(min(length, 40)), order)
        elif name == b"data":
            if form is None:
                raise FormatError("the WAV sound does not tell its format before its samples")
            return _sound(
                stream, size, form, order, long_length if long_length and length == 0xFFFFFFFF else length, limits
            )
    raise FormatError(f"the WAV sound has no {'samples' if form else 'format'}: it is cut off", hint=_REPAIR)


def _chunks(stream: BinaryIO, size: int, order: ByteOrder) -> Iterator[tuple[bytes, int]]:
    """The name and length of each chunk, the stream at its content."""
    place = stream.tell()
    for _ in range(_MOST_CHUNKS):
        if place + 8 > size:
            return
        stream.seek(place)
        name, length = struct.unpack(f"{order}4sI", stream.read(8))
        yield name, length
        place += 8 + length + length % 2
    raise FormatError(f"the WAV sound has more than {_MOST_CHUNKS:,} chunks before its samples")


def _format(data: bytes, order: ByteOrder) -> _Format:
    if len(data) < 16:
        raise FormatError("the format of the WAV sound is cut off", hint=_REPAIR)
    tag, channels, rate, _, block, bits = struct.unpack(f"{order}HHIIHH", data[:16])
    valid = bits
    if tag == _EXTENSIBLE:
        if len(data) < 40 or data[26:40] not in _SUBFORMATS:
            raise FormatError("a WAV sound of an unknown format (extensible)", hint=_PACKED)
        valid, tag = (*struct.unpack(f"{order}H", data[18:20]), *struct.unpack(f"{order}H", data[24:26]))
    if tag not in (_PCM, _FLOAT):
        raise FormatError(f"a WAV sound packed as {_CODECS.get(tag, f'format {tag}')}, which is not read", hint=_PACKED)
    width = block // channels if channels else 0
    if not channels or block % channels or not 0 < bits <= 8 * width:
        raise FormatError(f"a WAV sound of {counted(channels, 'channel')} and {bits} bits in {counted(block, 'byte')}")
    name = f"{'float' if tag == _FLOAT else 'uint' if width == 1 else 'int'}{8 * width}"
    if name not in DEPTHS:
        raise FormatError(
            f"a WAV sound of {'floats' if tag == _FLOAT else 'numbers'} of {8 * width} bits", hint=_PACKED
        )
    return _Format(name, channels, rate, valid if 0 < valid <= bits else bits)


def _sound(stream: BinaryIO, size: int, form: _Format, order: ByteOrder, length: int, limits: Limits) -> Sound:
    """The samples that follow in the stream; ``length``: as the file tells it."""
    notes, here = [], size - stream.tell()
    frame = form.channels * DEPTHS[form.depth] // 8
    if length > here:
        if not any(length in unknown for unknown in _UNKNOWN_LENGTHS):
            raise FormatError(
                f"the WAV sound is cut off: {length:,} bytes of samples promised, {here:,} are there", hint=_REPAIR
            )
        notes.append("the sound does not tell its length (it was piped): read to the end of the file")
        length = here - here % frame
    if not length:
        raise FormatError("the WAV sound has no samples")
    if length % frame:
        raise FormatError(f"the WAV sound has {length:,} bytes of samples, not a multiple of {frame}", hint=_REPAIR)
    limits.check_memory(3 * length, "the sound")
    samples = _numbers(stream.read(length), form, order)
    samples.setflags(write=False)
    return Sound(samples, form.rate, form.depth, (*notes, *_format_notes(form)))


def _format_notes(form: _Format) -> Iterator[str]:
    bits = DEPTHS[form.depth]
    kind = "floats" if form.depth.startswith("float") else "whole numbers"
    scale = "" if kind == "floats" else f", full scale {1 << bits - 1:,}"
    moved = ", 128 taken off so that silence is 0" if form.depth == "uint8" else ""
    used = f", {form.valid_bits} of them used" if form.valid_bits < bits else ""
    rate = f"{form.rate:,} samples a second" if form.rate else "the sampling rate is not told (0)"
    yield f"sound: {rate}, {kind} of {bits} bits{used}{scale}{moved}"


def _numbers(data: bytes, form: _Format, order: ByteOrder) -> Array:
    """The samples (channels, samples) of frames."""
    if form.depth == "int24":
        return _of_24_bits(np.frombuffer(data, np.uint8).reshape(-1, form.channels, 3), order)
    dtype = np.dtype(form.depth).newbyteorder(order)
    frames = np.frombuffer(data, dtype).reshape(-1, form.channels)
    if form.depth == "uint8":
        return np.ascontiguousarray((frames ^ 0x80).view(np.int8).T)
    return np.ascontiguousarray(frames.T, dtype=dtype.newbyteorder("="))


def _of_24_bits(parts: Array, order: str) -> Array:
    """The samples (channels, samples) of three bytes each: (samples, channels, byte)."""
    low, middle, high = (parts[..., byte] for byte in ((0, 1, 2) if order == "<" else (2, 1, 0)))
    numbers = high.view(np.int8).astype(np.int32).T << 8
    numbers |= middle.T
    numbers <<= 8
    numbers |= low.T
    return np.ascontiguousarray(numbers)
