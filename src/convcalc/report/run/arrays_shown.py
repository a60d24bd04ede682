"""Which of a run's arrays are shown as tables, and which as heat maps."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.arrays import Array, has_floats
from convcalc.problem import Problem
from convcalc.report.arrays.grids import fits_in_a_table
from convcalc.report.blocks import Block, Maps, note
from convcalc.report.run.channels import hidden_blocks, table_blocks


def array_blocks(problem: Problem, output: Array, maps: Maps | None = None) -> Iterator[Block]:
    """Input, kernel and output: tables, and with ``maps`` heat maps.

    Arrays that do not fit in a table are shown as heat maps instead; those that fit also as heat maps if all are
    requested. The table of a row of cells takes few lines, so it is always shown.
    """
    arrays = {"input": problem.input, "output": output}
    wanted = {name: values for name, values in arrays.items() if maps and _is_wanted(values, maps)}
    drawn = {name: values for name, values in wanted.items() if has_floats(values)}
    replaced = [name for name, values in drawn.items() if problem.rank > 1 and not _fits(values)]
    yield from table_blocks(problem, output, replaced)
    if maps and drawn:
        from convcalc.report.run.channel_maps import map_blocks

        yield from map_blocks(problem, drawn, maps)
    for name in wanted:
        if name not in drawn:
            yield note(f"no heat map of the {name}, whose numbers are beyond the range of floats")
    for name in replaced:
        yield from hidden_blocks(name, arrays[name])


def _fits(values: Array) -> bool:
    """Whether a table shows every cell of a channel."""
    return fits_in_a_table(values.shape[2:])


def _is_wanted(values: Array, maps: Maps) -> bool:
    return values.size > 0 and (maps.every or not _fits(values))
