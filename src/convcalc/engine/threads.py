"""Threads that take tiles one after the other, each with memory of its own that is used again."""

from __future__ import annotations

import sys
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import prod
from threading import Lock, RLock
from typing import Any, TypeVar

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.blas import single_products, single_products_here

_PAGE, _APART = 4096, 1536
"""Bytes: loads wait for a store that only seems to be to the same place, because the addresses agree modulo 4 KiB.

A copy between such arrays takes ten times as long. So buffers begin at different places of a page, and none of them
where a large array of the system's begins.
"""


class Scratch:
    """Buffers by name; asking again for a name gives the same memory, so its former contents are gone."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[str, np.dtype[Any]], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """A C-contiguous array of any contents; ``shape`` in elements."""
        size, key = prod(shape), (name, dtype)
        buffer = self._buffers.setdefault(key, np.empty(0, dtype))
        if buffer.size < size:
            del buffer
            self._buffers[key] = np.empty(0, dtype)  # what was there is given back before more is taken
            buffer = self._buffers[key] = _empty(size, dtype, _APART * ([*self._buffers].index(key) + 1))
        return buffer[:size].reshape(shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers."""
        return sum(buffer.nbytes for buffer in self._buffers.values())


def _empty(size: int, dtype: np.dtype[Any], place: int) -> Array:
    """An array that begins at a place of a page, in bytes."""
    if dtype.hasobject:
        return np.empty(size, dtype)
    memory = np.empty(size * dtype.itemsize + _PAGE, np.uint8)
    first = (place - memory.ctypes.data) % _PAGE
    return memory[first : first + size * dtype.itemsize].view(dtype)


_KEPT: list[Scratch] = []
_MOST_KEPT, _LARGEST_KEPT = 4, 16 << 20


@contextmanager
def borrowed() -> Iterator[Scratch]:
    """A scratch for one thread; at most four of at most 16 MiB are kept for the next convolution."""
    try:
        scratch = _KEPT.pop()
    except IndexError:
        scratch = Scratch()
    yield scratch
    if len(_KEPT) < _MOST_KEPT and scratch.nbytes <= _LARGEST_KEPT:
        _KEPT.append(scratch)


Item = TypeVar("Item")

_SHARED_FROM = 9000
"""Multiplications that BLAS may share."""
_LONG = 10_000_000
"""Multiplications of matrix products that are worth a second thread."""


def share(job: Callable[[Item, Scratch], None], items: Iterable[Item], threads: int) -> None:
    """The job done once for every item, by so many threads; the caller's is one of them.

    Raises:
        BaseException: what a job raised, after the other threads have ended.
    """
    queue = _Queue(items)

    def work() -> None:
        # Rows shorter than a ufunc's buffer (8192 numbers) would be copied into it, which takes twice as long.
        size = np.setbufsize(512)
        try:
            # inf and nan stand in the output, where a report finds them
            with borrowed() as scratch, np.errstate(all="ignore"), single_products_here():
                for item in queue:
                    job(item, scratch)
        except BaseException as error:
            queue.stop(error)
        finally:
            np.setbufsize(size)

    ends = []
    for _ in range(threads - 1):
        try:
            ends.append(_started(work))
        except RuntimeError:  # the system gives no more threads
            break
    work()
    while ends:
        try:
            ends[-1].acquire()
            ends.pop()
        except BaseException as error:  # an interrupt, after which the others still end their tiles
            queue.stop(error)
    if queue.error:
        raise queue.error


def share_products(
    job: Callable[[Item, Scratch], None], items: Sequence[Item], threads: int, multiplications: int
) -> None:
    """The job done once for every item, each made of matrix products, by so many threads where that pays."""
    used = product_threads(len(items), threads, multiplications)
    if multiplications > _LONG:
        with long_work():
            share(job, items, used)
        return
    with products_of(multiplications), borrowed() as scratch, np.errstate(all="ignore"):
        for item in items:
            job(item, scratch)


def product_threads(items: int, threads: int, multiplications: int) -> int:
    """The threads that :func:`share_products` takes for so many items."""
    return min(threads, items) if multiplications > _LONG else 1


def products_of(multiplications: int) -> AbstractContextManager[None]:
    """Products of one thread, unless they are too small to be shared: OpenBLAS shares none below 9216."""
    return single_products() if multiplications > _SHARED_FROM else nullcontext()


def _started(work: Callable[[], None]) -> Any:
    """A lock that is free when the work has ended; a ``threading.Thread`` takes 60 µs longer to start."""
    end = allocate_lock()
    end.acquire()
    start_new_thread(_ended, ([work], end))
    return end


def _ended(work: list[Callable[[], None]], end: Any) -> None:
    """Does the work and lets go of it, and of the arrays that it holds, before it says that it has ended."""
    try:
        work.pop()()
    finally:
        end.release()


class _Queue(Iterator[Item]):
    """Items that several threads take, one at a time."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._lock = Lock()
        self.error: BaseException | None = None

    def __next__(self) -> Item:
        with self._lock:
            if self.error:
                raise StopIteration
            return next(self._items)

    def stop(self, error: BaseException) -> None:
        """No more items for anybody."""
        with self._lock:
            self.error = self.error or error


_TURN = RLock()
_SWITCH_SECONDS = 2e-5


@contextmanager
def long_work() -> Iterator[None]:
    """While it lasts, the process is set for threads of ours; those of several callers take turns.

    Matrix products keep to one thread: the threads are ours. Python asks a thread for its lock after 20 µs instead of
    5 ms: many calls into NumPy are shorter than it takes to wake up, and the other thread would starve.
    """
    with _TURN, single_products():
        interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            yield
        finally:
            sys.setswitchinterval(interval)
