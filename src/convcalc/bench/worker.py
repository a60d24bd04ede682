"""The process of one contender: it prepares its call, then times it whenever its turn comes.

It reads lines of JSON and answers each with one: an order, ``{"contender": …, "folder": …, "threads": …}``, with what
the first call gave; then, for every further line, the seconds of the best call of a turn.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.bench.contender import Call
from convcalc.bench.process import unpack
from convcalc.bench.table import CONTENDERS

PROBLEM, REFERENCE = "problem.npz", "reference.npy"
"""Files in the folder of a benchmark: what is computed, and the output of the first contender."""

_SLOW = 0.2  # seconds, from which a turn is one call
_LEAST_CALLS, _LEAST_SECONDS, _MOST_CALLS = 3, 0.02, 50

Say = Callable[[dict[str, Any]], None]


def serve(lines: Iterable[str], say: Say) -> None:
    """Carry out the order in the first line, then a turn for every line."""
    lines = iter(lines)
    order = json.loads(next(lines))
    folder, contender = Path(order["folder"]), CONTENDERS[order["contender"]]
    problem = unpack(folder / PROBLEM)
    call = contender.prepare(problem, order["threads"])
    is_compared = not (problem.is_exact or contender.is_ceiling)
    say(
        {
            "difference": _difference(call, folder / REFERENCE) if is_compared else None,
            "version": _version(contender.package),
        }
    )
    seconds = 0.0
    for _ in lines:
        seconds = turn(call, warm_up=seconds <= _SLOW)
        say({"seconds": seconds})


def turn(call: Call, *, warm_up: bool = True) -> float:
    """Seconds of the best of several calls, or of the only one where it takes long."""
    if warm_up:
        call()
    best, total = float("inf"), 0.0
    for number in range(1, _MOST_CALLS + 1):
        start = perf_counter()
        call()
        seconds = perf_counter() - start
        best, total = min(best, seconds), total + seconds
        if seconds > _SLOW or (number >= _LEAST_CALLS and total >= _LEAST_SECONDS):
            break
    return best


def _difference(call: Call, path: Path) -> float:
    """The largest from the reference, as a share of its largest value; who finds no reference makes it."""
    output: Array = np.asarray(call())
    if not path.exists():
        np.save(path, output)
        return 0.0
    reference = np.load(path)
    if output.shape != reference.shape:
        return float("inf")
    finite = np.isfinite(reference)
    largest = np.abs(reference[finite]).max(initial=0)
    worst = np.abs(output[finite] - reference[finite]).max(initial=0)
    return float(worst / largest) if largest else float(worst)


def _version(package: str) -> str:
    return str(getattr(sys.modules.get(package), "__version__", ""))


def main() -> None:
    """Talk on the standard streams; what a library prints goes to standard error."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.stdin, lambda answer: print(json.dumps(answer), file=channel, flush=True))


if __name__ == "__main__":
    main()
