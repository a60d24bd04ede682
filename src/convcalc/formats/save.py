"""Files that are either written whole or not at all, and what an array becomes in each kind of file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.compute import Result
from convcalc.errors import MissingExtraError, OutputError
from convcalc.formats.text import STANDARD_INPUT
from convcalc.problem import Problem
from convcalc.wording import counted

OUTPUT = "output"
ARRAY_SUFFIXES = (".npy", ".npz", ".csv", ".png")
_COLOURS = 3
_PICTURE_AXES = 4  # batch, channels, height, width
_ALL_MAY_READ_AND_WRITE, _OWNER_READS_AND_WRITES = 0o666, 0o600


def write_atomically(path: str, write: Callable[[BinaryIO], None], *, force: bool) -> None:
    """Write a file through a temporary one beside it, so that the old file stays whole until the new one is.

    An existing file, and the file that a symbolic link leads to, is replaced only with ``force``; it keeps its
    permissions.

    Raises:
        OutputError: the file exists, is no file, or cannot be written; with the reason of the system.
    """
    target = _target(path, force)
    temporary = target.parent / f".{target.name[:100]}.{os.urandom(8).hex()}.tmp"
    try:  # the name is known before the file is there, so that an interruption on the way to it is covered too
        permissions = _permissions(target)
        _fill(temporary, write)
        temporary.chmod(permissions)
        temporary.replace(target)
    except BaseException as error:  # an interrupted run leaves nothing behind either
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise _not_written(path, error) from None
        raise


def write_bytes(path: str, data: bytes, *, force: bool) -> None:
    """Write a file that is at hand as a whole.

    Raises:
        OutputError: as :func:`write_atomically`.
    """
    write_atomically(path, lambda stream: stream.writelines([data]), force=force)


def write_lines(path: str, lines: Iterable[str], *, force: bool) -> None:
    """Write a text as it comes, in UTF-8; what is no character (half of a surrogate pair) as its escape.

    Raises:
        OutputError: as :func:`write_atomically`.
    """
    data = (line.encode("utf-8", "backslashreplace") for line in lines)
    write_atomically(path, lambda stream: stream.writelines(data), force=force)


def save_array(
    path: str, arrays: Mapping[str, Array], *, force: bool, rgb: bool = False, rule: str = "auto"
) -> tuple[str, ...]:
    """Write ``arrays["output"]`` as .npy, .csv or .png, or all of them as .npz; what a reader should know of the file.

    ``rgb`` and ``rule`` are those of :func:`to_pixels`.

    Raises:
        OutputError: the suffix is none of these, the file cannot hold the array, or it cannot be written.
        MissingExtraError: a .png needs Pillow, which is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in ARRAY_SUFFIXES:
        raise OutputError(f"no array is saved as {suffix or path}", hint=f"one of: {', '.join(ARRAY_SUFFIXES)}")
    if suffix == ".png":
        return _save_png(path, arrays[OUTPUT], force, rgb, rule)
    writer = {".npy": _npy_writer, ".npz": _npz_writer, ".csv": _csv_writer}[suffix]
    write_atomically(path, writer(arrays), force=force)
    return ()


def save_result(path: str, problem: Problem, result: Result, *, force: bool, rule: str = "auto") -> tuple[str, ...]:
    """Write the output; .npz gets input, weight (as written), scale and bias too: output = sums × scale + bias.

    ``rule`` is that of :func:`to_pixels`, for .png.

    Raises:
        OutputError: the file cannot hold the output, or cannot be written.
    """
    if Path(path).suffix.lower() == ".png":
        colours = problem.in_channels == problem.out_channels == _COLOURS
        return save_array(path, {OUTPUT: picture_of(result.output)}, force=force, rgb=colours, rule=rule)
    arrays = {
        OUTPUT: result.squeezed,
        "input": problem.input,
        "weight": problem.weight,
        "scale": np.array([float(scale) for scale in problem.scale]),
        "bias": np.array([float(bias) for bias in problem.bias]),
    }
    return save_array(path, arrays, force=force)


def check_target(path: str, *, force: bool) -> None:
    """Refuse a file that could not be written, before the work is done whose result it is for.

    Raises:
        OutputError: as :func:`write_atomically`.
        MissingExtraError: a .png needs Pillow, which is not installed.
    """
    _target(path, force)
    if Path(path).suffix.lower() == ".png" and find_spec("PIL") is None:
        raise MissingExtraError("reading and writing images", "image")


def picture_of(output: Array) -> Array:
    """(channels, height, width) of the only sample of an output, (batch, channels, *spatial).

    Raises:
        OutputError: there are more samples, or not two spatial axes.
    """
    if output.ndim != _PICTURE_AXES:
        axes = output.ndim - 2
        raise OutputError(f"a picture has two spatial axes, the output has {axes}", hint="save it as .npy")
    if len(output) != 1:
        raise OutputError(f"a picture is of one sample, the output has {len(output)}", hint="save it as .npy")
    sample: Array = output[0]
    return sample


def to_pixels(output: Array, *, rgb: bool = False, rule: str = "auto") -> tuple[Array, str]:
    """Bytes ``(height, width)``, or with ``rgb`` ``(height, width, 3)``, of ``(channels, height, width)`` and the rule.

    ``rule`` is one of those of :func:`~convcalc.picture.mapping.map_values`. Channels stand side by side unless three
    of them are colours.

    Raises:
        OutputError: the array is no picture.
        UnknownNameError: there is no such rule.
    """
    from convcalc.picture.mapping import map_values

    if output.ndim != 3 or not output.size:
        raise OutputError(
            f"an image needs channels × height × width, got {counted(output.ndim, 'axis').replace('axiss', 'axes')}",
            hint="save it as .npy",
        )
    if rgb and output.shape[0] != 3:
        raise OutputError(f"colours need 3 channels, got {output.shape[0]}", hint="leave out the colours")
    mapped = map_values(output, rule)
    picture = mapped.levels.transpose(1, 2, 0) if rgb else np.concatenate(list(mapped.levels), axis=1)
    return picture, mapped.note


def _target(path: str, force: bool) -> Path:
    """The file to be replaced or made."""
    if path == STANDARD_INPUT:
        raise OutputError("a file name is needed, got '-'", hint="leave it out to print to standard output")
    target = Path(path)
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return _in_a_folder(target)
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from None
    if not force and not stat.S_ISDIR(mode):
        what = "is a symbolic link" if stat.S_ISLNK(mode) else "exists already"
        raise OutputError(f"{path} {what}", hint="--force replaces it")
    if not stat.S_ISLNK(mode):
        return _regular(target, mode)
    return _linked(target)


def _linked(link: Path) -> Path:
    """The file that a symbolic link leads to; it may not exist yet."""
    try:
        target = link.resolve()
        return _regular(target, target.stat().st_mode) if target.exists() else _in_a_folder(target)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise _not_written(str(link), error) from None


def _regular(target: Path, mode: int) -> Path:
    if not stat.S_ISREG(mode):
        raise OutputError(f"{target} is {'a folder' if stat.S_ISDIR(mode) else 'not a regular file'}")
    return target


def _in_a_folder(target: Path) -> Path:
    if not target.parent.is_dir():
        raise OutputError(f"there is no folder {target.parent}", hint="make it first")
    return target


def _permissions(target: Path) -> int:
    """Those of the old file, otherwise what the process gives to a new one."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)  # there is no other way to read it
    os.umask(mask)
    return _ALL_MAY_READ_AND_WRITE & ~mask


def _fill(temporary: Path, write: Callable[[BinaryIO], None]) -> None:
    with open(temporary, "xb", opener=_private) as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _OWNER_READS_AND_WRITES)


def _not_written(path: str, error: Exception) -> OutputError:
    return OutputError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")


def _npy_writer(arrays: Mapping[str, Array]) -> Callable[[BinaryIO], None]:
    from convcalc.formats.npy import write_npy

    return lambda stream: write_npy(stream, arrays[OUTPUT])


def _npz_writer(arrays: Mapping[str, Array]) -> Callable[[BinaryIO], None]:
    from convcalc.formats.npz import write_npz

    return lambda stream: write_npz(stream, arrays)


def _csv_writer(arrays: Mapping[str, Array]) -> Callable[[BinaryIO], None]:
    from convcalc.formats.csv_reader import csv_text

    data = csv_text(arrays[OUTPUT]).encode("ascii")
    return lambda stream: stream.writelines([data])


def _save_png(path: str, output: Array, force: bool, rgb: bool, rule: str) -> tuple[str, ...]:
    from convcalc.formats.image import write_png

    pixels, stated = to_pixels(output, rgb=rgb, rule=rule)
    write_atomically(path, lambda stream: write_png(stream, pixels), force=force)
    return (stated,)
