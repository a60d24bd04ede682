"""How fast convcalc is beside PyTorch, OpenCV and SciPy: `python tests/benchmarks/suite.py`.

Every case runs through the same turns as `convcalc bench`; the best times of the rounds are printed with their ratios
and whether each goal is met. Nothing is asserted, and nothing is written without `--write`, which keeps the times in
`measured.json` and draws the tables of both READMEs, or `--json FILE`. The peers come with `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from math import isnan, nan
from pathlib import Path
from timeit import repeat
from typing import Any, NamedTuple

import numpy as np
from table import COLUMNS, Times, mean, store

from convcalc import conv, make_plan
from convcalc.bench.cases import CASES, NAMED, Case, find_case
from convcalc.bench.machine import this_machine
from convcalc.bench.ours import CONV
from convcalc.bench.peers import PEERS
from convcalc.bench.records import Benchmark, Machine
from convcalc.bench.runner import Conditions, measure
from convcalc.engine.candidate import Precision

FULL, FAST = (CONV[precision].name for precision in (Precision.FULL, Precision.FAST))
DTYPES = ("float32", "float64")
SIZES = (256, 512, 1024, 2048, 4096, 8192)


class Row(NamedTuple):
    """One case in one dtype."""

    case: str
    dtype: str
    seconds: dict[str, float]
    """The best of each contender."""
    differing: tuple[str, ...]
    """Contenders whose numbers are others than ours."""

    def of(self, *names: str) -> float:
        """Seconds of the fastest of these contenders; nan where none took part."""
        return min((self.seconds[name] for name in names if name in self.seconds), default=nan)

    def ratio(self, ours: str, *peers: str) -> float:
        """How many times as long the best of the peers takes."""
        return self.of(*peers) / self.of(ours)

    @property
    def times(self) -> Times:
        """The row of the table."""
        best = (1e3 * self.of(*names) for names in ((FULL,), (FAST,), ("torch",), OTHERS))
        return Times(self.case, self.dtype, *best, self.differing)


class Goal(NamedTuple):
    """What is wanted, and what was measured."""

    text: str
    wanted: float
    measured: float
    at_most: bool = False

    @property
    def line(self) -> str:
        """The goal in words."""
        is_met = self.measured <= self.wanted if self.at_most else self.measured >= self.wanted
        sign = "≤" if self.at_most else "≥"
        return f"{self.text}: {self.measured:.2f}, wanted {sign} {self.wanted:g}: {'met' if is_met else 'NOT MET'}"


ALL = tuple(each.name for each in PEERS)
OTHERS = tuple(name for name in ALL if name != "torch")


def run(case: Case, dtype: str, precisions: Sequence[str], conditions: Conditions) -> tuple[Row, Benchmark]:
    """The times of a case; where both precisions have the same plan, it is measured once."""
    problem = case.problem(dtype)
    engines = {each: make_plan(problem, precision=each, threads=conditions.threads).engine for each in precisions}
    ours = [CONV[Precision(each)] for each in precisions]
    is_same = len(set(engines.values())) < len(ours)
    bench = measure(problem, [*(ours[:1] if is_same else ours), *PEERS], conditions)
    seconds = {each.contender: each.minimum for each in bench.measurements}
    if is_same:
        seconds |= {each.name: seconds[ours[0].name] for each in ours}
    return Row(case.name, dtype, seconds, tuple(m.contender for m in bench.measurements if bench.differs(m))), bench


def ratio_goals(rows: Sequence[Row]) -> Iterator[Goal]:
    """The goals against PyTorch, and against the best of all peers."""
    for dtype, ours, wanted in (("float32", FAST, 1.5), ("float32", FULL, 1.2), ("float64", FULL, 2.5)):
        for title, peers, average, least in (("torch", ("torch",), wanted, 0.7), ("best", ALL, 1.0, 0.4)):
            ratios = [row.ratio(ours, *peers) for row in rows if row.dtype == dtype]
            ratios = [ratio for ratio in ratios if not isnan(ratio)]
            yield Goal(f"{title}/{ours}, {dtype}, geometric mean of {len(ratios)}", average, mean(ratios))
            yield Goal(f"{title}/{ours}, {dtype}, minimum", least, min(ratios, default=nan))
    names = {case.name for case in NAMED}
    ratios = [row.ratio(FULL, "opencv") for row in rows if row.case in names and row.dtype == "float32"]
    yield Goal("opencv/convcalc, named kernels in float32, minimum", 1, min(ratios, default=nan))


def growth_goals(conditions: Conditions) -> Iterator[Goal]:
    """How time grows with the image and with the kernel, and what a small call costs."""

    def seconds(size: int, taps: int) -> float:
        problem = Case("", 1, 1, (size, size), (taps, taps)).problem("float32")
        return measure(problem, [CONV[Precision.FULL]], conditions).measurements[0].minimum

    each = {size: seconds(size, 3) / size**2 for size in SIZES}
    print(f"3×3 float32, ns a cell: {', '.join(f'{size}²: {1e9 * s:.2f}' for size, s in each.items())}")
    yield Goal("time of a cell from 256² to 8192², most/least", 1.5, max(each.values()) / min(each.values()), True)
    yield Goal("31×31/3×3 on 1024²", 8, seconds(1024, 31) / (each[1024] * 1024**2), True)
    lists = [[[1, 2, 3, 4, 5]] * 5], [[[[1, 0, -1]] * 3]]
    for text, arguments in (("int lists", lists), ("float arrays", [np.array(values, float) for values in lists])):
        best = min(repeat(lambda arguments=arguments: conv(*arguments), number=500, repeat=20)) / 500  # type: ignore[misc]
        yield Goal(f"conv of 5×5 by 3×3, {text}, µs", 60, 1e6 * best, True)


def show(cells: Sequence[str]) -> None:
    """Print one row of the table."""
    print(f"{cells[0]:<28}{cells[1]:<9}" + "".join(f"{cell:>11}" for cell in cells[2:]), flush=True)


def kept(rows: Sequence[Row], asked: argparse.Namespace, machine: Machine) -> None:
    """Keep the times of the whole suite, with the versions that they are of."""
    installed = {"NumPy": "numpy", "PyTorch": "torch", "OpenCV": "opencv-python-headless", "SciPy": "scipy"}
    versions = ", ".join(f"{name} {version(package)}" for name, package in installed.items())
    where = f"{machine.processor or machine.architecture} ({machine.blas}; {versions})"
    store(where, asked.threads, asked.rounds, [row.times for row in rows])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", choices=DTYPES, help="one of them instead of both")
    parser.add_argument("--precision", choices=list(map(str, Precision)), help="one of them instead of both")
    parser.add_argument("--case", action="append", help="this case instead of all; may be repeated")
    parser.add_argument("--write", action="store_true", help="keep the times of the whole suite, and draw the READMEs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    asked = parser.parse_args()
    if asked.write and (asked.dtype or asked.precision or asked.case):
        parser.error("--write keeps the whole suite: leave --dtype, --precision and --case out")
    return asked


def main() -> None:
    """Print the table, its means and the goals."""
    asked = arguments()
    conditions = Conditions(asked.threads, asked.rounds)
    machine = this_machine(asked.threads)
    print(
        f"{machine.processor or machine.architecture}, {machine.threads} threads, NumPy {machine.numpy}; milliseconds"
    )
    print()
    show(COLUMNS)
    rows: list[Row] = []
    measured: list[dict[str, Any]] = []
    for case in map(find_case, asked.case) if asked.case else CASES:
        for dtype in [asked.dtype] if asked.dtype else DTYPES:
            precisions = [asked.precision] if asked.precision else list(map(str, Precision))
            row, bench = run(case, dtype, precisions, conditions)
            rows.append(row)
            times = {each.contender: each._asdict() for each in bench.measurements}
            measured.append({"case": case.name, "dtype": dtype, "times": times, "gemm": bench.product_gflops})
            show(row.times.cells)
    print()
    goals = [goal for goal in ratio_goals(rows) if not isnan(goal.measured)]
    if not asked.case:
        goals += growth_goals(conditions)
    print(*(goal.line for goal in goals), sep="\n")
    if asked.write:
        kept(rows, asked, machine)
    if asked.json:
        document = {"machine": machine._asdict(), "rows": measured, "goals": [goal._asdict() for goal in goals]}
        asked.json.write_text(json.dumps(document, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
