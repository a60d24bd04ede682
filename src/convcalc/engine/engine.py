"""What an engine is: a way to compute a tile, and what it says of itself to the planner."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from convcalc.arrays import Array
from convcalc.engine.arithmetic import Arithmetic, choose_arithmetic
from convcalc.engine.tile import Tile
from convcalc.problem import Problem


class Engine(NamedTuple):
    """A row of the table of engines."""

    name: str
    title: str
    run: Callable[[Tile], Array]
    """The sums of a tile: (batch, out_channels, *size), in the block's numbers."""
    arithmetics: tuple[Arithmetic, ...]
    """Exact number types that it can sum in, the fastest first."""
    obstacle: Callable[[Problem, Arithmetic], str | None]
    """Why it cannot take the problem, or None."""
    seconds: Callable[[Problem, Arithmetic], float]
    """Estimated, from constants measured on a 2-core x86-64 server with NumPy 2.4."""
    cell_bytes: Callable[[Problem, Arithmetic], int]
    """Bytes of workspace for each output cell of a tile, the block of input cells not counted."""
    tile_bytes: int
    """Bytes of workspace at which a tile runs best."""

    def arithmetic(self, problem: Problem) -> Arithmetic:
        """The numbers in which it would sum."""
        return choose_arithmetic(problem, self.arithmetics)
