"""The plan: which engine computes a problem, in which numbers, in which pieces, and why not the others."""

from __future__ import annotations

from math import inf, prod
from typing import NamedTuple

from convcalc.engine.arithmetic import Arithmetic
from convcalc.engine.engine import Engine
from convcalc.engine.table import ENGINES
from convcalc.engine.tile import read_count
from convcalc.errors import EngineError, UnknownNameError
from convcalc.problem import Problem


class Candidate(NamedTuple):
    """What speaks for and against one engine."""

    name: str
    arithmetic: Arithmetic
    obstacle: str | None
    seconds: float
    """Estimated; means nothing where there is an obstacle."""


class Plan(NamedTuple):
    """How a problem will be computed; nothing has been allocated yet."""

    engine: str
    arithmetic: Arithmetic
    tile_size: tuple[int, ...]
    """Output cells of a tile on each spatial axis."""
    tile_count: int
    workspace_bytes: int
    memory_bytes: int
    """Input, workspace and output together."""
    reason: str
    candidates: tuple[Candidate, ...]


def make_plan(problem: Problem, engine: str = "auto") -> Plan:
    """The plan with the engine asked for, or with the one that costs least.

    Raises:
        UnknownNameError: there is no engine of that name.
        EngineError: the engine asked for cannot take the problem.
    """
    if engine != "auto" and engine not in ENGINES:
        raise UnknownNameError("engine", engine, ["auto", *ENGINES], field="engine")
    candidates = tuple(_candidate(name, row, problem) for name, row in ENGINES.items())
    chosen, reason = _choose(candidates, engine)
    row = ENGINES[chosen.name]
    tile_size, workspace = _tiling(problem, row, chosen.arithmetic)
    tiles = problem.batch * prod(-(-cells // step) for cells, step in zip(problem.output_size, tile_size, strict=True))
    sums = prod(problem.output_shape) * chosen.arithmetic.itemsize
    return Plan(
        engine=chosen.name,
        arithmetic=chosen.arithmetic,
        tile_size=tile_size,
        tile_count=tiles,
        workspace_bytes=workspace,
        # the sums and the finished output stand side by side while scale and bias are applied
        memory_bytes=problem.input.nbytes + workspace + 2 * sums,
        reason=reason,
        candidates=candidates,
    )


def _candidate(name: str, engine: Engine, problem: Problem) -> Candidate:
    arithmetic = engine.arithmetic(problem)
    try:
        seconds = engine.seconds(problem, arithmetic)
    except OverflowError:  # more work than a float can count, which the memory check will refuse
        seconds = inf
    return Candidate(name, arithmetic, engine.obstacle(problem, arithmetic), seconds)


def _choose(candidates: tuple[Candidate, ...], engine: str) -> tuple[Candidate, str]:
    if engine != "auto":
        asked = next(each for each in candidates if each.name == engine)
        if asked.obstacle:
            raise EngineError(
                f"engine {engine} cannot take this problem: {asked.obstacle}", hint="--engine auto", field="engine"
            )
        return asked, "asked for"
    able = [each for each in candidates if each.obstacle is None]
    return min(able, key=lambda each: each.seconds), "least estimated time" if len(
        able
    ) > 1 else "the only one that can"


def _tiling(problem: Problem, engine: Engine, arithmetic: Arithmetic) -> tuple[tuple[int, ...], int]:
    """The size of a tile and its bytes: as large as the engine likes, block and all, but at least one cell."""
    cell_bytes = engine.cell_bytes(problem, arithmetic)
    cells = max(1, engine.tile_bytes // cell_bytes)
    while True:
        size = _tile_size(problem.output_size, cells)
        read = prod(read_count(axis, each) for axis, each in zip(problem.axes, size, strict=True))
        workspace = prod(size) * cell_bytes + problem.in_channels * read * arithmetic.itemsize
        if workspace <= engine.tile_bytes or cells == 1:
            return size, workspace
        cells = max(1, min(cells, prod(size)) * 3 // 4)


def _tile_size(output_size: tuple[int, ...], cells: int) -> tuple[int, ...]:
    """At most ``cells`` output cells as whole trailing axes: the leading axes are cut first, rows stay whole."""
    size = list(output_size)
    for number in range(len(size)):
        rest = prod(size[number + 1 :])
        size[number] = max(1, min(size[number], cells // max(rest, 1)))
        if size[number] > 1:
            break
    return tuple(size)
