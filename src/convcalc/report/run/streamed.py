"""The report of a run that was computed tile by tile: what is known of an output that nobody has held whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.dask.costs import cluster_costs
from convcalc.limits import bytes_text
from convcalc.report.array_data import problem_data, setting_data
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, HeatMap, Maps, Report, Role, note, say
from convcalc.report.headline import headline, reading_blocks
from convcalc.report.number_data import number_data
from convcalc.report.plan import plan_blocks, plan_data
from convcalc.report.run.cluster import cluster_blocks, cluster_data
from convcalc.report.size_arithmetic import size_sentences, unread_notes
from convcalc.report.text import brief_text, cells_text, number_text
from convcalc.streaming.job import StreamJob, StreamRun
from convcalc.wording import axis_names, counted, shape_text

_DIGITS = 6
_PERCENT = 3  # digits of a share


def streamed_report(run: StreamRun, maps: Maps | None = None) -> Report:
    """The report of a run; without ``maps`` no picture is shown."""
    notes = tuple(_notes(run))
    return Report(
        blocks=tuple(_blocks(run, notes, maps)),
        data=lambda: {
            "schema": f"convcalc.streamed-run/{SCHEMA_VERSION}",
            **problem_data(run.job.problem),
            **tiles_data(run.job),
            "notes": list(notes),
            "output_shape": list(run.job.output_shape),
            **_statistics_data(run),
        },
        notes=notes,
    )


def streamed_plan_report(job: StreamJob, workers: int | None = None) -> Report:
    """The report of a job before anything is computed; ``workers``: of a cluster, if one computes it."""
    cluster = None if workers is None else cluster_costs(job, workers)
    problem, notes = job.problem, tuple(_reading_notes(job))
    return Report(
        blocks=(
            say(headline(problem)),
            *map(note, notes),
            *tile_blocks(job),
            *(cluster_blocks(cluster) if cluster else ()),
            *plan_blocks(job.tile, job.plan, job.context.precision),
        ),
        data=lambda: {
            "schema": f"convcalc.plan/{SCHEMA_VERSION}",
            **setting_data(problem),
            "plan": plan_data(problem, job.plan, job.context.precision),
            **tiles_data(job),
            **(cluster_data(cluster) if cluster else {}),
            "notes": list(notes),
            "output_shape": list(problem.output_shape),
        },
        notes=notes,
    )


def tile_blocks(job: StreamJob) -> Iterator[Block]:
    """How the output is cut into tiles, what they read again, and what they take."""
    tiling, names = job.tiling, axis_names(len(job.tiling.steps))
    samples = f"{counted(tiling.samples, 'sample')} of " if tiling.samples > 1 else ""
    yield say(f"{counted(tiling.tiles, 'tile')} of {samples}{cells_text(tiling.steps)}, {_shared(job, names)}")
    yield say(
        f"input {bytes_text(job.bytes_read)} read, output {bytes_text(job.bytes_written)} written; "
        f"a tile takes {bytes_text(job.tile_bytes)}, all at most about {bytes_text(job.memory_bytes)} of memory",
    )
    yield say(f"output numbers: {job.numbers.rule}")


def tiles_data(job: StreamJob) -> dict[str, Any]:
    """The same for JSON."""
    tiling = job.tiling
    return {
        "tiles": {
            "count": tiling.tiles,
            "size": list(tiling.steps),
            "samples": tiling.samples,
            "halo": list(tiling.halo),
            "border": list(tiling.border),
            "read_again": tiling.again,
            "bytes_read": job.bytes_read,
            "bytes_written": job.bytes_written,
            "tile_bytes": job.tile_bytes,
            "memory_bytes": job.memory_bytes,
        },
        "output_dtype": str(job.numbers.dtype),
        "output_rule": job.numbers.rule,
    }


def _shared(job: StreamJob, names: tuple[str, ...]) -> str:
    """What neighbouring tiles both read."""
    tiling = job.tiling
    if tiling.tiles == 1:
        return "which is all of it"
    halos = [f"{counted(halo, name)}" for halo, name in zip(tiling.halo, names, strict=True) if halo]
    if not halos:
        return "which share no input"
    again = number_text(100 * tiling.again, _PERCENT)
    return f"neighbours share {' and '.join(halos)} of the input (the halo): {again} % of it is read again"


def _reading_notes(job: StreamJob) -> Iterator[str]:
    yield from job.problem.labels.notes
    yield from unread_notes(job.problem.axes, job.problem.boundary)


def _notes(run: StreamRun) -> Iterator[str]:
    yield from _reading_notes(run.job)
    bad = run.found.output.statistics.not_finite
    if bad:
        yield f"{counted(bad, 'output cell')} {'is' if bad == 1 else 'are'} not finite (inf or nan)"
    if run.found.resumed:
        yield f"{counted(run.found.resumed, 'tile')} had been finished by an earlier run"


def _blocks(run: StreamRun, notes: tuple[str, ...], maps: Maps | None) -> Iterator[Block]:
    job, problem = run.job, run.job.problem
    if problem.labels.title:
        yield say(problem.labels.title, Role.TITLE)
    yield from reading_blocks(problem.labels.channels)
    yield say(headline(problem))
    yield from size_sentences(problem.axes)
    yield from map(note, notes)
    yield from tile_blocks(job)
    if maps:
        yield Flow(tuple(_maps(run, maps)))
    yield say(f"output {_range_text(run)}", space_before=True)
    plan = job.plan
    yield say(
        f"{counted(problem.macs, 'MAC')}, engine {plan.engine} ({plan.reason}), {plan.arithmetic.words}", Role.LABEL
    )


def _range_text(run: StreamRun) -> str:
    told = run.found.output.statistics
    shape = shape_text(run.job.output_shape)
    if told.mean is None:
        return f"{shape}: no number is finite"
    ends = f"{brief_text(told.low)} … {brief_text(told.high)}"
    return f"{shape}: {ends}, mean {number_text(told.mean, _DIGITS)}"


def _maps(run: StreamRun, maps: Maps) -> Iterator[HeatMap]:
    """The pictures of input and output side by side, each channel for itself."""
    from convcalc.report.arrays.heat_maps import columns_each, heat_maps

    output, cells = run.found.output, run.found.input
    made = "peaks" if output.is_of_peaks else "means"
    subjects = [
        ("input", cells.cells, f"one cell of each {'×'.join(map(str, cells.step))}"),
        ("output", output.picture, f"{made} of {'×'.join(map(str, output.step))}"),
    ]
    columns = columns_each(maps.columns, sum(len(values) for _, values, _ in subjects))
    for name, values, words in subjects:
        for number, plane in enumerate(values):
            channel = f" channel {number}" if len(values) > 1 else ""
            drawn = heat_maps(f"{name}{channel}, {words}", plane, columns, maps.rule)
            yield from (each._replace(footer="") for each in drawn)


def _statistics_data(run: StreamRun) -> dict[str, Any]:
    low, high, mean, bad = run.found.output.statistics
    return {"min": number_data(low), "max": number_data(high), "mean": number_data(mean), "not_finite": bad}
