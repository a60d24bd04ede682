"""Atomic writing of files: whole or not at all."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from convcalc.errors import OutputError
from convcalc.files.text import STANDARD_INPUT

_DAY = 86_400  # seconds
_ALL_MAY_READ_AND_WRITE, _OWNER_READS_AND_WRITES = 0o666, 0o600


def write_atomically(path: str, write: Callable[[BinaryIO], None], *, force: bool) -> None:
    """Write a file through a temporary one in the same folder; the old file stays until the new one is complete.

    An existing file, and the file that a symbolic link leads to, is replaced only with ``force``; it keeps its
    permissions.

    Raises:
        OutputError: the file exists, is no file, or cannot be written; with the reason of the system.
    """
    target = real_target(path, force=force)
    _remove_left_over(target)
    temporary = target.parent / f"{_hidden(target)}{os.urandom(8).hex()}.tmp"
    try:  # the name is known before the file exists, so that an interruption before that is handled too
        permissions = permissions_of(target)
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
    """Write a file from its complete content.

    Raises:
        OutputError: as :func:`write_atomically`.
    """
    write_atomically(path, lambda stream: stream.writelines([data]), force=force)


def write_lines(path: str, lines: Iterable[str | bytes], *, force: bool) -> None:
    """Write pieces of a text, in UTF-8 with lone surrogates as their escapes, or of bytes as they are.

    Raises:
        OutputError: as :func:`write_atomically`.
    """
    data = (line if isinstance(line, bytes) else line.encode("utf-8", "backslashreplace") for line in lines)
    write_atomically(path, lambda stream: stream.writelines(data), force=force)


def check_target(path: str, *, force: bool) -> None:
    """Refuse a file that cannot be written, before its content is computed.

    Raises:
        OutputError: as :func:`write_atomically`.
    """
    real_target(path, force=force)


def _hidden(target: Path) -> str:
    """How the names of temporary files for a target begin."""
    return f".{target.name[:100]}."


def _remove_left_over(target: Path) -> None:
    """Delete temporary files of the same target that a killed process left a day ago or more."""
    name = re.compile(re.escape(_hidden(target)) + "[0-9a-f]{16}[.]tmp")
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if name.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < time.time() - _DAY:
                Path(entry.path).unlink()


def real_target(path: str, *, force: bool) -> Path:
    """The file to replace or create; raises as :func:`write_atomically` does."""
    if path == STANDARD_INPUT:
        raise OutputError("a file name is needed, got '-'", hint="leave it out to print to standard output")
    target = Path(path)
    if path.endswith(("/", "/.", "/..")):
        raise OutputError(f"a file name is needed, got a folder's: {path}", hint="leave out what follows its suffix")
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
    target = Path(os.path.realpath(link))
    try:
        return _regular(target, target.stat().st_mode)
    except FileNotFoundError:
        return _in_a_folder(target)
    except OSError as error:  # circular links
        raise _not_written(str(link), error) from None


def _regular(target: Path, mode: int) -> Path:
    if not stat.S_ISREG(mode):
        raise OutputError(f"{target} is {'a folder' if stat.S_ISDIR(mode) else 'not a regular file'}")
    return target


def _in_a_folder(target: Path) -> Path:
    if not target.parent.is_dir():
        raise OutputError(f"there is no folder {target.parent}", hint="make it first")
    return target


def permissions_of(target: Path) -> int:
    """The permissions of the old file, otherwise those of the process for new files."""
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
    reason = "a loop of symbolic links" if isinstance(error, RuntimeError) else "no name holds a NUL"
    return OutputError(f"cannot write {path}: {getattr(error, 'strerror', None) or reason}")
