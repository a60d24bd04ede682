"""All contenders in turns: a round is one turn of each, so that a machine that slows down slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from convcalc.bench.contender import Contender, bytes_moved, float_type
from convcalc.bench.machine import COPY, COPY_BYTES, PRODUCT, PRODUCT_OPERATIONS, this_machine
from convcalc.bench.process import Worker, pack
from convcalc.bench.records import Absent, Benchmark, Measurement
from convcalc.bench.worker import PROBLEM
from convcalc.engine.plan import make_plan
from convcalc.limits import Limits
from convcalc.problem import Problem

Narrate = Callable[[str], None]
"""Gets a few words on what is being done."""
_TOLERANCES = {4: 1e-4, 8: 1e-10}


class Conditions(NamedTuple):
    """How it is measured."""

    threads: int
    """That each contender may use."""
    rounds: int = 11
    limits: Limits = Limits()


def measure(
    problem: Problem,
    contenders: Sequence[Contender],
    conditions: Conditions,
    narrate: Narrate | None = None,
) -> Benchmark:
    """The times of the contenders that can take the problem; the first is the one that all are compared with.

    Raises:
        DataError: the process of a contender died.
        LimitError: all of them together need more memory than may be used; none has been started then.
    """
    reasons = {each.name: _reason(each, problem, conditions.threads) for each in contenders}
    names = [*(name for name, reason in reasons.items() if not reason), PRODUCT.name, COPY.name]
    inputs = (problem.input.nbytes + problem.weight.nbytes) * (len(names) - 1)
    conditions.limits.check_memory(make_plan(problem).memory_bytes + inputs, "this benchmark")
    *measurements, product, copy = _in_turns(problem, names, conditions, narrate or (lambda _: None))
    dtype = float_type(problem)
    return Benchmark(
        numbers="exact numbers" if problem.is_exact else dtype.name,
        macs=problem.macs,
        bytes_moved=bytes_moved(problem),
        machine=this_machine(conditions.threads),
        measurements=tuple(measurements),
        absent=tuple(Absent(name, reason) for name, reason in reasons.items() if reason),
        product_gflops=1e-9 * PRODUCT_OPERATIONS / product.minimum,
        copy_gigabytes=1e-9 * COPY_BYTES / copy.minimum,
        tolerance=_TOLERANCES[dtype.itemsize],
    )


def _reason(contender: Contender, problem: Problem, threads: int) -> str | None:
    """Why a contender does not take part, or None."""
    if obstacle := contender.obstacle(problem, threads):
        return obstacle
    if contender.package and find_spec(contender.package) is None:
        return "not installed: pip install 'convcalc[bench]'"
    return None


def _in_turns(problem: Problem, names: list[str], conditions: Conditions, narrate: Narrate) -> list[Measurement]:
    """The times of the contenders of these names."""
    with TemporaryDirectory(prefix="convcalc-") as folder, ExitStack() as stack:
        pack(problem, Path(folder) / PROBLEM)
        said, workers = [], []
        for name in names:
            narrate(f"preparing {name}")
            worker = Worker(name, Path(folder), conditions.threads, conditions.limits.memory)
            workers.append(stack.enter_context(worker))
            said.append(worker.prepare())
        seconds: list[list[float]] = [[] for _ in names]
        for number in range(1, conditions.rounds + 1):
            for worker, times in zip(workers, seconds, strict=True):
                narrate(f"round {number} of {conditions.rounds}: {worker.contender}")
                times.append(worker.turn())
    return [Measurement(name, tuple(times), **first) for name, times, first in zip(names, seconds, said, strict=True)]
