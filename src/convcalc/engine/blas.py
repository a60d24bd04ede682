"""The library that makes NumPy's matrix products, held to one thread a product while convcalc needs it.

What each library calls its functions, and whose products they mean, is in its own documentation: OpenBLAS, `cblas.h`
(those of the process; built with OpenMP, those of the calling thread, by OpenMP's functions); oneMKL,
`mkl_set_num_threads_local`; BLIS, `docs/Multithreading.md`; Accelerate, `BLASSetThreading`, of macOS 15 and later (of
these three those of the calling thread; of the process before BLIS 1.0).
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
    """With its version and the processor that it computes for, as far as it tells them."""
    get: Callable[[], int]
    """The threads of a product; Accelerate gives 0 for as many as it likes."""
    set: Callable[[int], int]
    """So many threads a product; oneMKL gives what sets back what was before."""
    is_of_thread: bool = True
    """Whether these are the products of the calling thread alone, not all of the process."""

    @contextmanager
    def single(self) -> Iterator[None]:
        """While it lasts, one thread makes each product that is meant."""
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
    """While it lasts, one thread makes each matrix product, for every caller in the process.

    How a product is shared changes its last bits: they would depend on the machine, on the environment and on what
    other threads compute meanwhile. The first to come sets it, the last to go sets back what it was. Where a library
    means the products of the calling thread alone, so does this.
    """
    found = blas()
    if found is None:
        return nullcontext()
    return found.single() if found.is_of_thread else _HOLD.shared(found)


def single_products_here() -> AbstractContextManager[None]:
    """The same for a thread that works for a caller who has it already: where that is his own thread's alone."""
    found = blas()
    return found.single() if found and found.is_of_thread else nullcontext()


class _Hold:
    """How many callers need products of one thread, and what sets back what was before."""

    def __init__(self) -> None:
        self._lock, self._holders, self._held = Lock(), 0, ExitStack()

    @contextmanager
    def shared(self, found: Blas) -> Iterator[None]:
        """One more while it lasts."""
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
    """A loaded library, or a module that is linked with one, by the functions that it has."""
    for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):  # the wheels' own OpenBLAS has others
        named = f"{prefix}openblas_{{}}{suffix}".format
        if found := _functions(library, named("get_num_threads"), named("set_num_threads")):
            name = _told(library, "OpenBLAS", named("get_config"), named("get_corename"))
            is_openmp = getattr(library, named("get_parallel"), int)() == 2
            openmp = _functions(library, "omp_get_max_threads", "omp_set_num_threads") if is_openmp else None
            return Blas(name, *(openmp or found), is_of_thread=openmp is not None)
    if found := _functions(library, "MKL_Get_Max_Threads", "MKL_Set_Num_Threads_Local"):
        return Blas("MKL", *found)
    if found := _functions(library, "bli_thread_get_num_threads", "bli_thread_set_num_threads"):
        name = _told(library, "BLIS", "bli_info_get_version_str")
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


def _told(library: Any, name: str, version: str, processor: str = "") -> str:
    """The name with what these functions tell, if they are there."""
    words = [name]
    for function in (getattr(library, each, None) for each in (version, processor) if each):
        if function is not None:
            function.restype = ctypes.c_char_p
            text = function().decode(errors="replace")
            words += [text] if len(words) > 1 else re.findall(r"\d[\w.]*", text)[:1]
    return " ".join(words)
