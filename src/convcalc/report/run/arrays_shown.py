"""Which of a run's arrays are shown as tables, and which as heat maps."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.arrays import Array, has_floats
from convcalc.problem import Problem
from convcalc.report.arrays.grids import fits_in_a_table
from convcalc.report.blocks import Block, Maps, note
from convcalc.report.run.channels import hidden_blocks, table_blocks


def are_curves(problem: Problem, *, asked: bool) -> bool:
    """Whether a run is shown as curves: asked for, or signals of one axis that are too long for a table."""
    shapes = (problem.spatial_size, problem.output_size)
    return problem.rank == 1 and (asked or not all(map(fits_in_a_table, shapes)))


def array_blocks(problem: Problem, output: Array, maps: Maps | None = None, *, curves: bool = False) -> Iterator[Block]:
    """Input, kernel and output: tables, and with ``maps`` heat maps, or the curves of signals.

    Arrays that do not fit in a table are shown as heat maps instead; those that fit also as heat maps if all are
    requested. The table of a row of cells takes few lines, so it is always shown; signals that do not fit are curves
    instead of heat maps, and with ``curves`` those that fit too.
    """
    if are_curves(problem, asked=curves):
        from convcalc.report.run.signals import signal_blocks

        yield from table_blocks(problem, output)
        yield from signal_blocks(problem, output)
        if maps and maps.every:
            yield from _map_blocks(problem, output, maps)
        return
    replaced = _replaced(problem, output, maps)
    yield from table_blocks(problem, output, replaced)
    if maps:
        yield from _map_blocks(problem, output, maps)
    for name in replaced:
        yield from hidden_blocks(name, problem.input if name == "input" else output)


def _replaced(problem: Problem, output: Array, maps: Maps | None) -> list[str]:
    """The arrays of which a heat map stands in for the table."""
    if maps is None or problem.rank == 1:
        return []
    arrays = {"input": problem.input, "output": output}
    return [name for name, values in arrays.items() if values.size and not _fits(values) and has_floats(values)]


def _map_blocks(problem: Problem, output: Array, maps: Maps) -> Iterator[Block]:
    """The heat maps of the arrays that are wanted, and a note on those whose numbers are beyond floats."""
    wanted = {"input": problem.input, "output": output}
    wanted = {name: values for name, values in wanted.items() if _is_wanted(values, maps)}
    drawn = {name: values for name, values in wanted.items() if has_floats(values)}
    if drawn:
        from convcalc.report.run.channel_maps import map_blocks

        yield from map_blocks(problem, drawn, maps)
    for name in wanted:
        if name not in drawn:
            yield note(f"no heat map of the {name}, whose numbers are beyond the range of floats")


def _fits(values: Array) -> bool:
    """Whether a table shows every cell of a channel."""
    return fits_in_a_table(values.shape[2:])


def _is_wanted(values: Array, maps: Maps) -> bool:
    return values.size > 0 and (maps.every or not _fits(values))
