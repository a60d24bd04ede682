"""The BLAS library of NumPy's matrix products, limited to one thread per product while convcalc needs it.

The functions that set threads, and whether they apply to the process or the calling thread, are in each library's
documentation: OpenBLAS, `cblas.h` (the process; built with OpenMP, the calling thread, by OpenMP's functions); oneMKL,
`mkl_set_num_threads_local`; BLIS, `docs/Multithreading.md`; Accelerate, `BLASSetThreading`, of macOS 15 and later (for
these three the calling thread; before BLIS 1.0 the process).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np


class Blas(NamedTuple):
    """A library of matrix products whose threads can be set."""

    name: str
    """With its version and target processor, as far as it reports them."""
    get: Callable[[], int]
    """The threads of a product; 0 is Accelerate's own choice."""
    set: Callable[[int], int]
    """Sets the threads of a product; oneMKL returns the value that restores the former setting."""
    is_of_thread: bool = True
    """Whether the setting applies to the calling thread alone, not to the process."""

    @contextmanager
    def single(self) -> Iterator[None]:
        """A context in which each product that the setting applies to runs in one thread."""
        before = self.get()
        if before == 1:
            yield
            return
        given = self.set(1)
        try:
            yield
        finally:
            self.set(given if self.name == "MKL" else before)


def single_products() -> AbstractContextManager[None]:
    """A context in which each matrix product runs in one thread, for every caller in the process.

    The division of a product among threads changes its last bits: they would depend on the machine, the environment and
    what other threads compute. The first caller sets it, the last one restores the former setting. Where a library's
    setting applies to the calling thread alone, so does this.
    """
    found = blas()
    if found is None:
        return nullcontext()
    return found.single() if found.is_of_thread else _HOLD.shared(found)


def single_products_here() -> AbstractContextManager[None]:
    """The same in a worker thread of a caller that has it already, if the setting applies to one thread alone."""
    found = blas()
    return found.single() if found and found.is_of_thread else nullcontext()


class _Hold:
    """How many callers need products of one thread, and the value that restores the former setting."""

    def __init__(self) -> None:
        self._lock, self._holders, self._held = Lock(), 0, ExitStack()

    @contextmanager
    def shared(self, found: Blas) -> Iterator[None]:
        """A context that counts one more caller."""
        with self._lock:
            if not self._holders:
                self._held.enter_context(found.single())
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if not self._holders:
                    self._held.close()


_HOLD = _Hold()


@cache
def blas() -> Blas | None:
    """The library that NumPy's products come from, or nothing if it has none whose threads can be set."""
    module = import_module("numpy._core._multiarray_umath").__file__
    # A name is looked up in all that a module is linked with; on Windows in the file alone, the wheel's own here.
    beside = Path(np.__file__).parent.with_name("numpy.libs").glob("*openblas*.dll")
    for path in (module, *beside):
        try:
            if found := known(ctypes.CDLL(str(path))):
                return found
        except OSError:
            continue
    return None


def known(library: Any) -> Blas | None:
    """A loaded library, or a module that is linked with one, recognised by its functions."""
    for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):  # the wheels' own OpenBLAS has others
        named = f"{prefix}openblas_{{}}{suffix}".format
        if found := _functions(library, named("get_num_threads"), named("set_num_threads")):
            name = _full_name(library, "OpenBLAS", named("get_config"), named("get_corename"))
            is_openmp = getattr(library, named("get_parallel"), int)() == 2
            openmp = _functions(library, "omp_get_max_threads", "omp_set_num_threads") if is_openmp else None
            return Blas(name, *(openmp or found), is_of_thread=openmp is not None)
    if found := _functions(library, "MKL_Get_Max_Threads", "MKL_Set_Num_Threads_Local"):
        return Blas("MKL", *found)
    if found := _functions(library, "bli_thread_get_num_threads", "bli_thread_set_num_threads"):
        name = _full_name(library, "BLIS", "bli_info_get_version_str")
        return Blas(name, *found, is_of_thread=not name.startswith("BLIS 0."))
    if found := _functions(library, "BLASGetThreading", "BLASSetThreading"):
        return Blas("Accelerate", *found)
    return None


def _functions(library: Any, get: str, put: str) -> tuple[Callable[[], int], Callable[[int], int]] | None:
    try:
        getter, setter = getattr(library, get), getattr(library, put)
    except AttributeError:
        return None
    getter.restype = setter.restype = ctypes.c_int
    setter.argtypes = [ctypes.c_ssize_t]  # BLIS reads 64 bits, the others the lower 32 of them
    return getter, setter


def _full_name(library: Any, name: str, version: str, processor: str = "") -> str:
    """The name with what these functions report, if they exist."""
    words = [name]
    for function in (getattr(library, each, None) for each in (version, processor) if each):
        if function is not None:
            function.restype = ctypes.c_char_p
            text = function().decode(errors="replace")
            words += [text] if len(words) > 1 else re.findall(r"\d[\w.]*", text)[:1]
    return " ".join(words)
