"""The report of a benchmark: the times of the contenders, relative to the machine's peak, and the excluded ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.bench.records import Benchmark, Machine, Measurement
from convcalc.problem import Problem
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.headline import headline, reading_blocks
from convcalc.report.number_data import number_data
from convcalc.wording import counted

_COLUMNS = ("contender", "minimum", "median", "GFLOP/s", "GEMM", "copy", "ratio")
_BAR = 40  # characters of the longest bar
_MOST_TIMES = 10  # the fastest one's time that the longest bar may stand for; longer ones are cut


def bench_report(problem: Problem, bench: Benchmark) -> Report:
    """The times of all contenders, the fastest first."""
    measured = sorted(bench.measurements, key=lambda each: each.minimum)
    return Report(
        blocks=tuple(_blocks(problem, bench, measured)),
        data=lambda: _data(problem, bench, measured),
        rows=lambda: _rows(bench, measured),
        notes=tuple(_notes(bench, measured)),
    )


def _blocks(problem: Problem, bench: Benchmark, measured: list[Measurement]) -> Iterator[Block]:
    ours, threads = bench.measurements[0], counted(bench.machine.threads, "thread")
    rounds = counted(len(ours.rounds), "round")
    yield say(problem.labels.title or problem.labels.input, Role.TITLE)
    yield from reading_blocks(problem.labels.channels)
    yield say(headline(problem))
    yield say(f"{counted(bench.macs, 'MAC')} in {bench.numbers}, {threads}; milliseconds, best and median of {rounds}")
    yield Table(_COLUMNS, tuple(_row(bench, each) for each in measured), _COLUMNS[1:])
    yield from _bars(measured, ours)
    yield say(
        f"GEMM and copy: shares of what a large matrix product ({bench.product_gflops:,.0f} GFLOP/s) and a copy "
        f"({bench.copy_gigabytes:.1f} GB/s, read and written) reach here; ratio: of the best times, to "
        f"{ours.contender}.",
        Role.LABEL,
        space_before=True,
    )
    yield say(_machine_text(bench.machine, measured), Role.LABEL)
    yield from map(note, _notes(bench, measured))


def _row(bench: Benchmark, each: Measurement) -> tuple[Span, ...]:
    figures = bench.figures(each)
    role = Role.TOTAL if each is bench.measurements[0] else Role.BAD if bench.differs(each) else Role.PLAIN
    return (
        Span(each.contender, role),
        Span(_milliseconds(each.minimum), role),
        Span(_milliseconds(each.median)),
        Span(f"{figures.gflops:,.1f}"),
        Span(f"{figures.product_share:.0%}"),
        Span(f"{figures.copy_share:.0%}"),
        Span(f"{figures.ratio:,.2f}"),
    )


def _bars(measured: list[Measurement], ours: Measurement) -> Iterator[Sentence]:
    """A bar for each best time."""
    margin = max(len(each.contender) for each in measured)
    most = min(measured[-1].minimum, _MOST_TIMES * measured[0].minimum)
    for number, each in enumerate(measured):
        length = max(1, round(_BAR * min(1, each.minimum / most)))
        yield Sentence(
            (
                Span(f"{each.contender:<{margin}} ", Role.LABEL),
                Span("█" * length, Role.TOTAL if each is ours else Role.PLAIN),
                Span("…" if each.minimum > most else ""),
            ),
            space_before=number == 0,
        )


def _milliseconds(seconds: float) -> str:
    return f"{1e3 * seconds:,.3f}"


def _machine_text(machine: Machine, measured: list[Measurement]) -> str:
    versions = {each.contender.partition("-")[0]: each.version for each in measured if each.version}
    parts = [
        ", ".join(filter(None, (machine.architecture, machine.processor))),
        f"Python {machine.python}",
        f"NumPy {machine.numpy} with {machine.blas}",
        *(f"{name} {version}" for name, version in versions.items()),
    ]
    return f"{'; '.join(parts)}."


def _notes(bench: Benchmark, measured: list[Measurement]) -> Iterator[str]:
    for each in measured:
        if bench.differs(each):
            ours = bench.measurements[0].contender
            yield f"{each.contender} differs from {ours} by {each.difference:.1e} of the largest output"
    reasons = dict.fromkeys(each.reason for each in bench.absent)
    for reason in reasons:
        yield f"{', '.join(each.contender for each in bench.absent if each.reason == reason)}: {reason}"


def _data(problem: Problem, bench: Benchmark, measured: list[Measurement]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.bench/{SCHEMA_VERSION}",
        "title": problem.labels.title,
        "problem": headline(problem),
        "numbers": bench.numbers,
        "macs": bench.macs,
        "bytes_moved": bench.bytes_moved,
        "machine": bench.machine._asdict(),
        "product_gflops": bench.product_gflops,
        "copy_gigabytes": bench.copy_gigabytes,
        "contenders": [
            {
                "name": each.contender,
                "version": each.version,
                "minimum_seconds": each.minimum,
                "median_seconds": each.median,
                "rounds": list(each.rounds),
                **bench.figures(each)._asdict(),
                "difference": number_data(each.difference),
                "differs": bench.differs(each),
            }
            for each in measured
        ],
        "absent": [{"name": each.contender, "reason": each.reason} for each in bench.absent],
    }


def _rows(bench: Benchmark, measured: list[Measurement]) -> Iterator[tuple[Any, ...]]:
    yield ("contender", "minimum_seconds", "median_seconds", "gflops", "product_share", "copy_share", "ratio")
    for each in measured:
        yield (each.contender, each.minimum, each.median, *bench.figures(each))
