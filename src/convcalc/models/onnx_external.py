"""Tensors of an ONNX model that are kept in another file, as PyTorch's exporter does by default.

Only regular files in the model's own folder are opened, and only where a layer's numbers are needed. They are mapped:
of a file no more is loaded than what is read (onnx.ai, "External Data").
"""

from __future__ import annotations

import mmap
import os
import stat
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from convcalc.errors import FormatError
from convcalc.limits import bytes_text
from convcalc.models.onnx_names import quoted

EXTERNAL = 1
"""``TensorProto.DataLocation`` of a tensor in another file."""
_KEYS = ("location", "offset", "length", "checksum", "basepath")
_LONGEST_NUMBER = 19  # digits of what a signed 64-bit number holds
_LONGEST_PATH = 4096
_MISSING = "copy it there, or "
_HINT = (
    "export it with its data inside: torch.onnx.export(…, external_data=False), or onnx.save(onnx.load(path), new_path)"
)


class ExternalData(NamedTuple):
    """The bytes of one tensor in another file; the file has not been looked at."""

    tensor: str
    """The tensor's name in quotes."""
    model: str
    """The model's path."""
    location: str
    """Relative to the model's folder."""
    offset: int
    length: int

    def bytes(self) -> memoryview:
        """The bytes, mapped; the file must not be truncated while they are used.

        Raises:
            FormatError: the file is missing, no regular file in the model's folder, or too short.
        """
        where = self._opened()
        with where:
            size = os.fstat(where.fileno()).st_size
            if self.offset + self.length > size:
                raise self._refused(
                    f"at bytes {self.offset:,} to {self.offset + self.length:,} of {quoted(self.location)}, "
                    f"which has {size:,}"
                )
            if not self.length:
                return memoryview(b"")
            start = self.offset - self.offset % mmap.ALLOCATIONGRANULARITY
            mapped = mmap.mmap(where.fileno(), self.offset + self.length - start, access=mmap.ACCESS_READ, offset=start)
        return memoryview(mapped)[self.offset - start :]

    def _opened(self) -> Any:
        """The open file, which is regular, has one name, and is in the model's folder without a link out of it."""
        folder = Path(self.model).parent
        try:
            wanted, home = (folder / self.location).resolve(strict=True), folder.resolve(strict=True)
            if not wanted.is_relative_to(home):
                raise self._refused(f"in {quoted(self.location)}, a link out of the model's folder")
            # The path is resolved: a link that comes into being meanwhile is not followed, a pipe not waited for.
            found = os.open(wanted, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except FileNotFoundError:
            raise self._refused(f"in {quoted(self.location)}, which is not beside the model", _MISSING) from None
        except (OSError, ValueError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "its path is not one"
            raise self._refused(f"in {quoted(self.location)}, which cannot be opened: {reason}") from None
        told = os.fstat(found)
        if not stat.S_ISREG(told.st_mode) or told.st_nlink > 1:
            os.close(found)
            what = "has several names (a hard link)" if stat.S_ISREG(told.st_mode) else "is no regular file"
            raise self._refused(f"in {quoted(self.location)}, which {what}")
        return os.fdopen(found, "rb", buffering=0)

    def _refused(self, where: str, hint: str = "") -> FormatError:
        return _refusal(self.tensor, where, hint)


def external_data(tensor: Any, model: str, item_bits: int) -> ExternalData:
    """Where a ``TensorProto`` is kept, checked without a look at that file.

    ``model``: the path of the model; empty where it has none. ``item_bits``: of one of its values.

    Raises:
        FormatError: it names a file elsewhere, or a range of bytes that is none or not what its shape needs.
    """
    name = quoted(tensor.name)
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    if unknown := next((key for key in entries if key not in _KEYS), None):
        raise _refusal(name, f"in another file, with an entry {quoted(unknown)} that is not known")
    if not model:
        raise _refusal(name, f"in {quoted(location)}, and the model itself comes from no file")
    if not _is_inside(location):
        raise _refusal(name, f"in {quoted(location)}, which is no path within the model's folder")
    needed = -(-prod(tensor.dims) * item_bits // 8)
    offset, length = (_size(name, key, entries.get(key, default)) for key, default in _defaults(needed))
    if length != needed:
        sizes = " × ".join(map(str, tensor.dims)) or "one"
        raise _refusal(name, f"in {quoted(location)}, as {bytes_text(length)}: {sizes} values are {bytes_text(needed)}")
    return ExternalData(name, model, location, offset, length)


def _defaults(needed: int) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("offset", "0"), ("length", str(needed))


def _is_inside(location: str) -> bool:
    """Whether a path is relative and has no ``..``, by the rules of every system."""
    if not location or len(location) > _LONGEST_PATH or "\0" in location:
        return False
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    is_rooted = posix.is_absolute() or windows.drive or windows.root
    return not is_rooted and ".." not in windows.parts and "\\" not in location and bool(posix.name)


def _size(tensor: str, key: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise _refusal(tensor, f"in another file, at the {key} {quoted(text)}, which is no number of bytes")
    return int(text)


def _refusal(tensor: str, where: str, hint: str = "") -> FormatError:
    return FormatError(f"the model keeps tensor {tensor} {where}", hint=hint + _HINT)
