"""Two long jobs, not many short ones: every thread takes tiles until none is left, and BLAS keeps to one of them."""

from __future__ import annotations

import sys
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock, RLock
from typing import Any, TypeVar

import numpy as np

from convcalc.engine.blas import single_products, single_products_here
from convcalc.engine.scratch import Scratch, borrowed

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
