"""Each trial does one thing wrong at every step of a job, and says where the job did not end as it should."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from faults.child import Ended, address_space, file_size, run, signalled, warm

OLD = b"the old file"
ERROR = re.compile(rb"error: [^\n]+\n(hint: [^\n]+\n)?")
SUFFIXES = (".npy", ".npz", ".csv", ".json", ".yaml", ".txt", ".md", ".tex", ".svg", ".png")


def spread(size: int, most: int) -> list[int]:
    """Numbers from 0 to below ``size``, all of them or as many as may be, the ends among them.

    >>> spread(5, 9), spread(101, 3)
    ([0, 1, 2, 3, 4], [0, 50, 100])
    """
    return list(range(size)) if size <= most else sorted({round(each) for each in np.linspace(0, size - 1, most)})


def _clean(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def full_disk(folder: Path, most: int) -> Iterator[str]:
    """A file that may have so many bytes and no more: the old one stays, nothing else is left, the reason is told."""
    for suffix in SUFFIXES:
        argv = ("run", "-q", "--force", "-o", str(folder / f"out{suffix}"))
        warm(*argv)
        assert run(*argv) == Ended(0, b"", b"")
        new = _files(folder)
        size = len(new[f"out{suffix}"])
        for limit in [*spread(size, most), size]:
            _clean(folder)
            (folder / f"out{suffix}").write_bytes(OLD)
            ended = run(*argv, before=file_size(limit))
            wanted = new if limit == size else {f"out{suffix}": OLD}
            told = ended.err == b"" if limit == size else ERROR.fullmatch(ended.err) and b"File too large" in ended.err
            if ended.code != int(limit < size) or not told or _files(folder) != wanted:
                yield f"{suffix} of {limit} of {size} bytes: {ended}, files {list(_files(folder))}"
        _clean(folder)


def signals(folder: Path, most: int) -> Iterator[str]:
    """A signal at every call of a save: the old file or the new one, whole, and no temporary one but after SIGKILL."""
    for suffix, number, code in (
        (suffix, number, code)
        for suffix in (".npy", ".csv", ".png")
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9))
    ):
        target = folder / f"out{suffix}"
        argv = ("run", "-q", "--force", "-o", str(target))
        warm(*argv)
        assert run(*argv).code == 0
        new = target.read_bytes()
        for call in spread(_calls(argv, target), most):
            ended = _signalled(argv, target, number, call)
            others = set(_files(folder)) - {target.name}
            is_clean = not others or (number == signal.SIGKILL and all(name.endswith(".tmp") for name in others))
            if ended.code != code or ended.err or target.read_bytes() not in (OLD, new) or not is_clean:
                yield f"{suffix}, signal {number} at call {call}: {ended}, files {list(_files(folder))}"
        _clean(folder)


def _signalled(argv: tuple[str, ...], target: Path, number: int, call: int) -> Ended:
    """What becomes of a save over an old file, alone in its folder, with a signal at such a call."""
    _clean(target.parent)
    target.write_bytes(OLD)
    return run(*argv, before=signalled(number, call, [0]))


def _calls(argv: tuple[str, ...], target: Path) -> int:
    """How many calls into C a save makes: the first number at which no signal comes."""
    low, high = 0, 4096
    while low < high:
        middle = (low + high) // 2
        if _signalled(argv, target, signal.SIGKILL, middle).code == 0:
            high = middle
        else:
            low = middle + 1
    return low


PIPED = (
    ("run",), ("run", "--format", "json"), ("trace", "--all"), ("trace", "--all", "--format", "json"), ("kernels",),
    ("kernels", "sobel-x"), ("kernels", "--format", "csv"), ("plan",), ("matrix",), ("-h",), ("run", "-h"),
)  # fmt: skip


def closed_pipes(_folder: Path, most: int) -> Iterator[str]:
    """A reader that leaves after so many lines has these lines, and nobody says a word."""
    for argv in PIPED:
        warm(*argv)
        whole = run(*argv).out.splitlines(keepends=True)
        for count in spread(len(whole) + 1, most):
            ended = run(*argv, read=lambda end, count=count: _lines(end, count))
            if ended.code not in (0, 141) or ended.err or ended.out != b"".join(whole[:count]):
                yield f"{' '.join(argv)}, {count} lines read: {ended}"


def _lines(end: int, count: int) -> bytes:
    found = b""
    while found.count(b"\n") < count and (data := os.read(end, 1)):
        found += data
    return found


JOBS = (
    ("run", "noise.npy", "--kernel", "gaussian:9", "--padding", "same", "-q", "-o", "out.npy"),
    ("run", "noise.npy", "--kernel", "[[1,2],[3,5]]", "--format", "csv"),
    ("run", "big.csv", "--kernel", "box", "-q"),
    ("matrix", "--format", "json"),
)


BLAS = b"OpenBLAS error: Memory allocation still failed after 10 retries, giving up.\n"
"""What the library of matrix products says where there is no room for its own buffers; it ends the process itself."""


def little_memory(folder: Path, steps: int) -> Iterator[str]:
    """So many bytes more and no more: done, or a refusal in a line, and never half a file."""
    os.chdir(folder)
    np.save("noise.npy", np.random.default_rng(1).normal(size=(900, 800)).astype(np.float32))
    np.savetxt("big.csv", np.arange(90_000).reshape(300, 300), fmt="%d", delimiter=",")
    given = _files(folder)
    for argv in JOBS:
        whole = run(*argv)
        assert whole.code == 0, whole
        made = _files(folder)
        for more in np.geomspace(4096, 1 << 29, steps).astype(int).tolist():
            _only(folder, given)
            ended = run(*argv, before=address_space(more))
            is_told = ended.err == BLAS or (ended.code == 3 and ERROR.fullmatch(ended.err))
            is_done = (ended.code, ended.out, _files(folder)) == (0, whole.out, made)
            if not is_done and not (ended.code in (1, 3) and is_told and _files(folder) == given):
                files = list(_files(folder))
                yield f"{' '.join(argv)}, {more:,} bytes more: {ended.code} {ended.err[-300:]!r}, {files}"
        _only(folder, given)
    _clean(folder)


def _only(folder: Path, kept: dict[str, bytes]) -> None:
    for name in set(_files(folder)) - set(kept):
        (folder / name).unlink()


def _problems(count: int) -> list[Any]:
    from convcalc import build_problem

    found = []
    for number in range(count):
        rng = np.random.default_rng([5, number])
        taps, channels = int(rng.integers(1, 6)), int(rng.integers(1, 9))
        cells = rng.normal(size=(1, channels, *rng.integers(taps, 90, 2))).astype(rng.choice(["f4", "f8"]))
        found.append(build_problem(cells, rng.normal(size=(4, channels, taps, taps)).astype(cells.dtype)))
    return found


def threads(_folder: Path, count: int) -> Iterator[str]:
    """The same bits whoever else computes, by threads of ours and of the caller's."""
    from convcalc import compute

    problems = _problems(count)
    alone = [compute(problem).output for problem in problems]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda problem: compute(problem).output, problems * 2)
        for number, output in enumerate(together):
            if not np.array_equal(output, alone[number % count]):
                yield f"problem {number % count}: {np.argwhere(output != alone[number % count])[:1].tolist()}"


def forks(_folder: Path, count: int) -> Iterator[str]:
    """A child that is forked after threads have computed computes the same bits, and ends."""
    from convcalc import compute

    problems = _problems(8)
    alone = [compute(problem).output.tobytes() for problem in problems]
    for number in range(count):

        def again(number: int = number) -> None:
            same = compute(problems[number % 8]).output.tobytes() == alone[number % 8]
            os._exit(0 if same else 9)

        ended = run("--version", before=again)
        if ended.code:
            yield f"child {number}: {ended}"


TRIALS: dict[str, Callable[[Path, int], Iterator[str]]] = {
    "full-disk": full_disk,
    "signals": signals,
    "closed-pipes": closed_pipes,
    "little-memory": little_memory,
    "threads": threads,
    "forks": forks,
}
