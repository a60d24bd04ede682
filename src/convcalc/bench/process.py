"""A worker as its parent sees it: started with an order, stopped whenever it is not its turn.

A problem in a file, for the processes that compute it: numbers as arrays or as text, nothing that runs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from convcalc.arrays import Array, plain
from convcalc.build import build_problem
from convcalc.errors import DataError
from convcalc.geometry.boundary import Boundary, BoundaryMode
from convcalc.limits import ENVIRONMENT_VARIABLE
from convcalc.problem import Problem


def pack(problem: Problem, path: Path) -> None:
    """Write a problem as .npz; its labels stay behind."""
    words = {
        "scale": list(map(str, problem.scale)),
        "bias": list(map(str, problem.bias)) if problem.has_bias else None,
        "stride": problem.axes.strides,
        "padding": problem.axes.pads,
        "dilation": problem.axes.dilations,
        "groups": problem.groups,
        "boundary": [problem.boundary.mode, str(problem.boundary.value)],
        "flip": problem.flip,
        "dtype": problem.dtype,
    }
    np.savez(path, words=json.dumps(words), input=_as_text(problem.input), weight=_as_text(problem.weight))


def unpack(path: Path) -> Problem:
    """The problem of a file that :func:`pack` wrote."""
    with np.load(path) as arrays:
        words: dict[str, Any] = json.loads(str(arrays["words"]))
        cells, weight = _from_text(arrays["input"]), _from_text(arrays["weight"])
    mode, value = words.pop("boundary")
    bias = words.pop("bias")
    return build_problem(
        cells,
        weight,
        None if bias is None else np.array(list(map(_number, bias)), dtype=object),
        scale=list(map(Fraction, words.pop("scale"))),
        boundary=Boundary(BoundaryMode(mode), _number(value)),
        **words,
    )


def _as_text(values: Array) -> Array:
    """Python's own numbers as text; others as they are."""
    return values.astype(str) if values.dtype == object else values


def _from_text(values: Array) -> Array:
    return np.frompyfunc(_number, 1, 1)(values) if values.dtype.kind == "U" else values


def _number(text: str) -> Any:
    """A number from what ``str`` wrote of it: floats have a point, an exponent or a word."""
    return float(text) if set(text) & set(".ena") else plain(Fraction(text))


_SETTLING = 0.05  # seconds until idle threads sleep, where a process cannot be stopped
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Worker:
    """The process of one contender; leaving its context ends it.

    Raises:
        DataError: it died; the message has its last line.
    """

    def __init__(self, contender: str, folder: Path, threads: int, memory: int = 0) -> None:
        self.contender = contender
        self._log = folder / f"{contender}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # -P: nothing is imported from the folder that the user happens to be in
                [sys.executable, "-P", "-m", "convcalc.bench.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **_settings(threads, memory)},
                text=True,
            )
        self._order = {"contender": contender, "folder": str(folder), "threads": threads}

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def prepare(self) -> dict[str, Any]:
        """What the worker says of its first call."""
        return self._ask(self._order)

    def turn(self) -> float:
        """Seconds of the best call."""
        return float(self._ask({})["seconds"])

    def _ask(self, line: dict[str, Any]) -> dict[str, Any]:
        """The answer to a line; before and after it the worker stands still, since idle threads would spin."""
        self._signal("SIGCONT")
        assert self._process.stdin and self._process.stdout  # they are pipes
        try:
            print(json.dumps(line), file=self._process.stdin, flush=True)
        except OSError:
            raise self._died() from None
        answer = self._process.stdout.readline()
        if not answer:
            raise self._died()
        self._signal("SIGSTOP")
        found: dict[str, Any] = json.loads(answer)
        return found

    def _signal(self, name: str) -> None:
        if hasattr(signal, name):
            self._process.send_signal(getattr(signal, name))
        else:
            time.sleep(_SETTLING)

    def _died(self) -> DataError:
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next(filter(None, map(str.strip, reversed(lines))), f"exit code {self._process.wait()}")
        return DataError(f"the process of {self.contender} died: {last}")


def _settings(threads: int, memory: int) -> dict[str, str]:
    """The environment of a worker: it finds the modules that its parent finds, and uses so much and no more."""
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        ENVIRONMENT_VARIABLE: f"memory={memory}",
        **dict.fromkeys(_THREAD_VARIABLES, str(threads)),
    }
