"""The library of matrix products: found as others find it, held to one thread, and set back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from convcalc.engine import blas as room
from convcalc.engine.blas import Blas, blas, known, single_products, single_products_here
from convcalc.engine.threads import share


class Function:
    """A function of a library: it takes what ctypes tells it of its types."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call, self.restype, self.argtypes = call, None, None

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)


class Library:
    """A library with a number of threads, for the process or for each thread of it, and what it was told."""

    def __init__(self, get: str, put: str, *, own: bool = False, first: int = 4, **texts: Any) -> None:
        self.first, self.told, self._own = first, [], threading.local() if own else self
        for name, call in {get: self._get, put: self._set, **texts}.items():
            setattr(self, name, Function(call))

    def _get(self) -> int:
        return getattr(self._own, "count", self.first)

    def _set(self, count: int) -> int:
        """OneMKL gives what it was, 0 if nothing was set; the others give nothing of meaning."""
        before = getattr(self._own, "count", 0)
        self.told.append(count)
        if count:
            self._own.count = count
        else:
            del self._own.count
        return before


def openblas(prefix: str = "", suffix: str = "", *, layer: int = 1, **own: Any) -> Library:
    """OpenBLAS by the names that a build gives its functions; ``layer``: 2 is OpenMP."""
    named = f"{prefix}openblas_{{}}{suffix}".format
    texts = {
        named("get_config"): lambda: b"OpenBLAS 0.3.31.188.0  USE64BITINT SkylakeX MAX_THREADS=64",
        named("get_corename"): lambda: b"SkylakeX",
        named("get_parallel"): lambda: layer,
    }
    return Library(named("get_num_threads"), named("set_num_threads"), **texts, **own)


def with_openmp() -> Library:
    """OpenBLAS whose threads are OpenMP's: what it is told itself changes nothing."""
    library = openblas(layer=2)
    openmp = Library("omp_get_max_threads", "omp_set_num_threads", own=True)
    library.omp_get_max_threads, library.omp_set_num_threads = openmp.omp_get_max_threads, openmp.omp_set_num_threads
    return library


LIBRARIES: dict[str, tuple[Callable[[], Any], str, bool]] = {
    "plain": (openblas, "OpenBLAS 0.3.31.188.0 SkylakeX", False),
    "wheel": (lambda: openblas("scipy_", "64_"), "OpenBLAS 0.3.31.188.0 SkylakeX", False),
    "conda": (lambda: openblas("", "_64"), "OpenBLAS 0.3.31.188.0 SkylakeX", False),
    "old": (lambda: Library("openblas_get_num_threads", "openblas_set_num_threads"), "OpenBLAS", False),
    "openmp": (with_openmp, "OpenBLAS 0.3.31.188.0 SkylakeX", True),
    "mkl": (lambda: Library("MKL_Get_Max_Threads", "MKL_Set_Num_Threads_Local", own=True), "MKL", True),
    "blis": (
        lambda: Library(
            "bli_thread_get_num_threads",
            "bli_thread_set_num_threads",
            own=True,
            bli_info_get_version_str=lambda: b"AOCL-BLIS 4.2.1 Build 20240303",
        ),
        "BLIS 4.2.1",
        True,
    ),
    "old-blis": (
        lambda: Library(
            "bli_thread_get_num_threads",
            "bli_thread_set_num_threads",
            first=-1,
            bli_info_get_version_str=lambda: b"0.9.0",
        ),
        "BLIS 0.9.0",
        False,
    ),
    "accelerate": (lambda: Library("BLASGetThreading", "BLASSetThreading", own=True, first=0), "Accelerate", True),
}


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Blas:
    """Each library, as the one that NumPy's products come from."""
    make, name, is_of_thread = LIBRARIES[request.param]
    found = known(make())
    assert found is not None
    assert (found.name, found.is_of_thread) == (name, is_of_thread)
    monkeypatch.setattr(room, "blas", lambda: found)
    return found


def test_a_library_is_held_to_one_thread_and_set_back(library: Blas) -> None:
    """However often it is asked for within, and after an error; nothing is told to one that has one thread already."""
    before = library.get()
    with single_products():
        assert library.get() == 1
        with pytest.raises(KeyError), single_products(), single_products_here():
            raise KeyError
        assert library.get() == 1
    assert library.get() == before != 1


def test_every_thread_of_ours_makes_products_of_one(library: Blas) -> None:
    """Also where a thread sets its own alone; the threads' own are set back before they end."""
    seen: list[int] = []
    meeting = threading.Barrier(3)

    def job(_: int, __: Any) -> None:
        meeting.wait(10)
        seen.append(library.get())

    with single_products():
        share(job, range(3), 3)
    assert seen == [1, 1, 1]


def test_the_last_of_several_callers_sets_it_back(library: Blas) -> None:
    """While one of them computes its products are made by one thread, whoever has ended meanwhile."""
    begun, ended = threading.Event(), threading.Event()

    def caller() -> int:
        with single_products():
            begun.set()
            ended.wait(10)
            return library.get()

    before = library.get()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(caller)
        begun.wait(10)
        with single_products():
            assert library.get() == 1
        ended.set()
        assert other.result() == 1
    assert library.get() == before


def test_mkl_goes_on_with_its_own_number() -> None:
    """Where a thread had none of its own, as oneMKL tells, it has none afterwards: a number would stay."""
    library = Library("MKL_Get_Max_Threads", "MKL_Set_Num_Threads_Local", own=True)
    found = known(library)
    assert found is not None
    with found.single():
        pass
    assert library.told == [1, 0]


def test_a_single_thread_is_left_alone() -> None:
    """Nothing is set, so that nothing has to be set back."""
    library = openblas(first=1)
    found = known(library)
    assert found is not None
    with found.single():
        pass
    assert library.told == []


@pytest.mark.parametrize("names", [(), ("openblas_get_num_threads",), ("MKL_Get_Max_Threads",), ("BLASSetThreading",)])
def test_what_cannot_be_set_is_no_library(names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the functions are none; products are then made as they are, and the numbers are right."""
    assert known(type("Library", (), {name: Function(int) for name in names})()) is None
    monkeypatch.setattr(room, "blas", lambda: None)
    with single_products(), single_products_here():
        assert (np.ones((3, 3)) @ np.ones(3)).tolist() == [3, 3, 3]


def test_a_library_that_cannot_be_loaded_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where NumPy is part of the interpreter itself."""

    def refuse(path: str) -> Any:
        raise OSError(f"{path}: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", refuse)
    assert blas.__wrapped__() is None


def test_it_is_found_and_set_as_threadpoolctl_does() -> None:
    """The same library tells both the same number, whoever has set it."""
    other = pytest.importorskip("threadpoolctl")
    found = blas()
    numpys = [pool for pool in other.threadpool_info() if "numpy" in pool["filepath"] and pool["user_api"] == "blas"]
    if not numpys or found is None:
        pytest.skip("threadpoolctl knows no matrix library of NumPy's own")
    assert found.name.split()[0].lower() == numpys[0]["internal_api"]
    assert found.name.split()[1].startswith(numpys[0]["version"])
    assert found.name.split()[2] == numpys[0]["architecture"]

    def count() -> int:
        pools = {pool["filepath"]: pool["num_threads"] for pool in other.threadpool_info()}
        return int(pools[numpys[0]["filepath"]])

    before = found.get()
    with other.threadpool_limits(3, user_api="blas"):
        assert found.get() == 3
        with single_products():
            assert (found.get(), count()) == (1, 1)
        assert (found.get(), count()) == (3, 3)
    assert (found.get(), count()) == (before, before)
