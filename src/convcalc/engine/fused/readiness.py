"""Whether the compiled loops can be used, what that would cost now, and where they are kept.

Numba's own cache lies beside the code or in a folder for all programs, and knows a function by its own file alone. Ours
lies in the user's cache folder, under our version and Numba's. A mark beside it tells the planner, which must not load
Numba to ask, what has been compiled there.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

SWITCH = "CONVCALC_FUSED"
"""The environment variable that switches the engine off."""
_LEAST = (0, 60)
_LOADING, _READING, _COMPILING = 0.7, 0.02, 1.2
"""Seconds to load Numba, to read a compiled loop from the cache, and to compile one."""


class Kind(NamedTuple):
    """The number types of cells and of sums, by NumPy's names, for which a loop is compiled."""

    cells: str
    sums: str

    @property
    def name(self) -> str:
        """Of the mark."""
        return f"{self.cells}-{self.sums}"


KINDS = tuple(
    Kind(cells, sums)
    for sums in ("float32", "float64", "int16", "int32", "int64")
    for cells in ((sums, "uint8") if sums in ("int16", "int32") else (sums,))
)
"""All that there are."""
_READY: dict[Kind, Any] = {}
_FAILED: list[str] = []
"""Why compiling failed in this process, if it did."""
_TURN = RLock()


def trouble() -> str | None:
    """Why there are no compiled loops here, or None."""
    if os.environ.get(SWITCH, "").lower() in ("0", "off", "no"):
        return f"it is switched off by {SWITCH}"
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return "it needs Numba, which is switched off by NUMBA_DISABLE_JIT"
    return _FAILED[0] if _FAILED else _trouble()


@cache
def _trouble() -> str | None:
    if find_spec("numba") is None:
        return "it needs the optional extra 'fast': pip install 'convcalc[fast]'"
    version = numba_version()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers and numbers < _LEAST:
        return f"it needs Numba {'.'.join(map(str, _LEAST))} or later, not {version}: pip install -U 'convcalc[fast]'"
    below = _below()
    numpy = tuple(map(int, np.__version__.split(".")[:2]))
    if below and numpy >= below:
        return f"Numba {version} works with NumPy before {'.'.join(map(str, below))}, not {np.__version__}"
    return None


def _below() -> tuple[int, ...] | None:
    """The version of NumPy that the installed Numba does not work with any more, as it says itself."""
    from importlib import metadata

    wanted = [each for each in metadata.requires("numba") or () if re.match(r"numpy\b", each)]
    found = re.search(r"<\s*(\d+)\.(\d+)", wanted[0]) if wanted else None
    return (int(found[1]), int(found[2])) if found else None


@cache
def numba_version() -> str:
    """Of the installed Numba, without loading it; empty if there is none."""
    from importlib import metadata

    try:
        return metadata.version("numba")
    except metadata.PackageNotFoundError:
        return ""


def folder() -> Path:
    """Where compiled loops are kept: in the user's cache folder, under the versions of convcalc, Python and Numba."""
    from convcalc import __version__

    names = (f"convcalc-{__version__}", f"python-{sys.version_info[0]}.{sys.version_info[1]}-numba-{numba_version()}")
    return _user_cache().joinpath("convcalc", *names)


def _user_cache() -> Path:
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is no home
    usual = Path(home, "Library", "Caches") if sys.platform == "darwin" else Path(home, ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or usual)


def delay(kind: Kind) -> float:
    """Seconds until the loop of these types can begin: 0 where this process has it."""
    if kind in _READY:
        return 0.0
    loading = 0.0 if "numba" in sys.modules else _LOADING
    return loading + (_READING if is_kept(kind) else _COMPILING)


def is_kept(kind: Kind) -> bool:
    """Whether the cache folder should have the loop compiled."""
    try:
        return (folder() / kind.name).exists()
    except OSError:
        return False


def compiled(kind: Kind) -> Any:
    """The loop of these types, read from the cache or compiled now; None where this Numba cannot do it.

    Then :func:`trouble` says so from now on.
    """
    found = _READY.get(kind)
    if found is None and not _FAILED:
        with _TURN:
            try:
                found = _READY[kind] = _READY.get(kind) or _compile(kind)
            except Exception as error:  # a compiler that is broken may raise whatever it likes
                first = str(error).strip().partition("\n")[0]
                _FAILED.append(
                    f"the installed Numba {numba_version()} does not work here: {first or type(error).__name__}"
                )
    return found


def _compile(kind: Kind) -> Any:
    kept = kept_in()
    planes = import_module("convcalc.engine.fused.kept").compiled_for(kind.cells, kind.sums, kept)
    with suppress(OSError):
        if kept:
            (kept / kind.name).touch()
    return planes


def kept_in() -> Path | None:
    """The folder of compiled loops, made if need be; None where this user cannot write to it, or somebody else can."""
    path = folder()
    probe = path / f"probe-{os.getpid()}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # what lies there is run: nobody else may write it
        probe.write_bytes(b"convcalc")
        probe.unlink()
        return path if _is_private(path) else None
    except OSError:
        return None


def _is_private(path: Path) -> bool:
    """Whether nobody else may write there; systems without such permissions keep a user's folder to the user."""
    if not hasattr(os, "geteuid"):
        return True
    found = path.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def not_kept() -> str:
    """What to do where nothing can be kept."""
    return f"{folder()} cannot be written to by this user alone: set XDG_CACHE_HOME to a folder that can"


class Warmed(NamedTuple):
    """One loop, ready."""

    kind: Kind
    seconds: float


def warm(kinds: tuple[Kind, ...] = KINDS) -> list[Warmed]:
    """Compile the loops of all types, or read them, and keep them for later processes."""
    done = []
    for kind in kinds:
        start = perf_counter()
        if compiled(kind) is not None:
            done.append(Warmed(kind, perf_counter() - start))
    return done
