"""The Netpbm images PBM, PGM, PPM and PAM, and PFM, with their numbers as stored (netpbm.sourceforge.net)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError, LimitError
from convcalc.files.images.raster import ALPHA_DROPPED, ALPHA_KEPT, BLACK_AND_WHITE, check_size, depth_notes, unpacked
from convcalc.files.text import shown
from convcalc.limits import Limits
from convcalc.wording import counted

_BITS, _PLAIN = "14", "123"
_CHANNELS = {"1": 1, "2": 1, "3": 3, "4": 1, "5": 1, "6": 3, "f": 1, "F": 3}
_GAP = rb"(?:\s|\#[^\n]*\n)+"
_SIZES = re.compile(rb"P[1-6]" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})", re.VERBOSE)
_HIGHEST = re.compile(_GAP + rb"(\d{1,9})", re.VERBOSE)
_FLOATS = re.compile(rb"P[fF]\s+(\d{1,9})\s+(\d{1,9})\s+([-+.\deE]{1,40})\s")
_PAM = re.compile(rb"P7\n((?:[^\n]{0,1000}\n){1,1000}?)ENDHDR[^\n]{0,100}\n")
_DIGITS_AND_GAPS = b"0123456789 \t\n\r\v\f"
_PAM_ALPHA = "_ALPHA"
_TOO_HIGH = 65536
_COPIES = 3  # of the numbers, at most: as stored, in the order of this machine, and channels first
_TEXT_BYTES = 24  # of a plain number: as text, as int64, and as it is compared with the highest


@dataclass(frozen=True)
class _Header:
    """The header, before the numbers."""

    kind: str
    """The character behind the P."""
    width: int
    height: int
    channels: int
    start: int
    """Of the numbers, in bytes."""
    highest: int = 1
    """The value of white (maxval)."""
    scale: float = 1.0
    """Of a PFM, whose sign gives the byte order."""
    tuple_type: str = field(default="")
    """The type of a PAM's channels."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the numbers, in the byte order of the file."""
        if self.kind in "fF":
            return np.dtype("<f4" if self.scale < 0 else ">f4")
        return np.dtype(np.uint8 if self.highest < 256 else ">u2")

    @property
    def row_bytes(self) -> int:
        """Bytes of a row that is not text."""
        return -(-self.width // 8) if self.kind == "4" else self.width * self.channels * self.dtype.itemsize

    @property
    def is_black_and_white(self) -> bool:
        """Whether the only numbers are those of black and white."""
        return self.kind in _BITS or self.tuple_type.startswith("BLACKANDWHITE")


def read_pnm(data: bytes, limits: Limits, *, keeps_alpha: bool = False) -> tuple[Array, list[str]]:
    """The numbers (channels, height, width), the uppermost row first, and notes on their conversion.

    ``keeps_alpha``: alpha is the last channel; otherwise it is dropped.

    Raises:
        FormatError: the image is damaged.
        LimitError: it has more pixels or takes more memory than the limits allow.
    """
    header = _header(data)
    count = header.width * header.height * header.channels
    planned = _COPIES * count * header.dtype.itemsize + (_TEXT_BYTES * count if header.kind in _PLAIN else 0)
    check_size(header.width, header.height, count * header.dtype.itemsize, planned, len(data), limits)
    cells, end = _plain(data, header, limits) if header.kind in _PLAIN else _binary(data, header)
    if cells.dtype.kind == "u" and int(cells.max()) > header.highest:
        raise FormatError(f"the image has the number {cells.max()}, and {header.highest} as its highest one")
    notes = ["first of several images"] * _is_followed(data, end)
    cells, done = _meant(cells.astype(header.dtype.newbyteorder("="), copy=False), header, keeps_alpha=keeps_alpha)
    return cells.transpose(2, 0, 1), [*notes, *done, *depth_notes(cells)]


def _header(data: bytes) -> _Header:
    kind = data[1:2].decode("latin-1")
    if kind == "7":
        return _pam_header(data)
    if kind in "fF":
        found = _FLOATS.match(data)
        scale = _scale(found[3]) if found else 0
        if found and scale:
            return _Header(kind, int(found[1]), int(found[2]), _CHANNELS[kind], found.end(), scale=scale)
        raise FormatError("the header of the PFM image is damaged")
    sizes = _SIZES.match(data)
    highest = _HIGHEST.match(data, sizes.end()) if sizes and kind not in _BITS else sizes
    if not sizes or not highest:
        raise FormatError("the header of the Netpbm image is damaged")
    largest = 1 if kind in _BITS else _checked_highest(int(highest[1]))
    end = highest.end() if kind in _PLAIN else _after_gap(data, highest.end())
    return _Header(kind, int(sizes[1]), int(sizes[2]), _CHANNELS[kind], end, largest)


def _pam_header(data: bytes) -> _Header:
    found = _PAM.match(data)
    lines = found[1].decode("latin-1").splitlines() if found else []
    words = dict((*line.split(None, 1), "")[:2] for line in lines if line.strip() and not line.startswith("#"))
    sizes = [words.get(name, "").strip() for name in ("WIDTH", "HEIGHT", "DEPTH", "MAXVAL")]
    if not found or not all(re.fullmatch(r"[0-9]{1,9}", size) for size in sizes):
        raise FormatError("the header of the PAM image is damaged", hint="it needs WIDTH, HEIGHT, DEPTH and MAXVAL")
    width, height, depth, highest = map(int, sizes)
    if not depth:
        raise FormatError("a PAM image without channels")
    kind = words.get("TUPLTYPE", "").strip()
    return _Header("7", width, height, depth, found.end(), _checked_highest(highest), tuple_type=kind)


def _checked_highest(found: int) -> int:
    if not 0 < found < _TOO_HIGH:
        raise FormatError(f"the highest number (maxval) is {found}, and must be from 1 to 65535")
    return found


def _scale(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _after_gap(data: bytes, end: int) -> int:
    """Where numbers begin: after one blank, before which there may be comments."""
    found = re.compile(rb"(?:[ \t]*\#[^\n]*\n)?").match(data, end)
    if found and found.end() > end:
        return found.end()
    if not data[end : end + 1].isspace():
        raise FormatError("the header of the Netpbm image is damaged")
    return end + 1


def _binary(data: bytes, header: _Header) -> tuple[Array, int]:
    """The numbers (height, width, channels), and where they end."""
    end = header.start + header.height * header.row_bytes
    if end > len(data):
        raise FormatError(
            f"the image is truncated: {header.height * header.row_bytes:,} bytes of numbers are needed, "
            f"it has {len(data) - header.start:,}"
        )
    raw = np.frombuffer(data, np.uint8, end - header.start, header.start)
    if header.kind == "4":
        rows = unpacked(raw.reshape(header.height, -1), header.width, 1)
        return rows[..., np.newaxis], end
    return raw.view(header.dtype).reshape(header.height, header.width, header.channels), end


def _plain(data: bytes, header: _Header, limits: Limits) -> tuple[Array, int]:
    """The numbers (height, width, channels) of digits, and where they end: all of the file is one image."""
    count = header.width * header.height * header.channels
    if count > limits.values:
        raise LimitError(
            f"{count:,} values as text, at most {limits.values:,}", hint=f"raise it with --limit values={count}"
        )
    text = data[header.start :]
    text = re.sub(rb"#[^\n]*", b"", text) if b"#" in text else text
    wrong = text.translate(None, _DIGITS_AND_GAPS)
    if wrong:
        raise FormatError(f"the image holds {shown(wrong[:10].decode('latin-1'))} where numbers are needed")
    if header.kind == "1":
        digits = np.frombuffer(b"".join(text.split()), np.uint8) - np.uint8(ord("0"))
    else:
        digits = np.fromstring(text, np.int64, sep=" ") if text.strip() else np.empty(0, np.int64)
    if digits.size != count:
        raise FormatError(f"the image has {counted(digits.size, 'number')}, {count:,} are needed")
    if digits.max() > header.highest:
        raise FormatError(f"the image has the number {digits.max()}, and {header.highest} as its highest one")
    return digits.astype(header.dtype).reshape(header.height, header.width, header.channels), len(data)


def _is_followed(data: bytes, end: int) -> bool:
    """Whether a further image follows the first.

    Raises:
        FormatError: something else follows.
    """
    rest = data[end : end + 100].strip()
    if rest and not rest.startswith(b"P"):
        raise FormatError("the image has bytes after its end")
    return bool(rest)


def _meant(cells: Array, header: _Header, *, keeps_alpha: bool) -> tuple[Array, list[str]]:
    """The numbers of what is no alpha unless that is kept, black as 0 and white as 255, the uppermost row first."""
    if header.kind in "fF":
        is_scaled = not math.isclose(abs(header.scale), 1)
        return cells[::-1], [f"the scale {abs(header.scale):g} of the file is not applied"] * is_scaled
    notes: list[str] = []
    if header.tuple_type.endswith(_PAM_ALPHA) and header.channels > 1:
        cells, notes = (cells, [ALPHA_KEPT]) if keeps_alpha else (cells[..., :-1], [ALPHA_DROPPED])
    if header.is_black_and_white:
        white = cells ^ 1 if header.kind in _BITS else cells  # 1 is black in a PBM, and white in a PAM
        return white * np.uint8(255), [BLACK_AND_WHITE, *notes]
    return cells, notes
