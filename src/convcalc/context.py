"""How numbers are computed: what is asked for once, at the edge, and goes with every computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from convcalc.engine.plan import Plan
    from convcalc.limits import Limits
    from convcalc.problem import Problem


class Context(NamedTuple):
    """How the numbers are computed."""

    dtype: str = "auto"
    """auto: whole numbers stay whole, fractions become float64; exact: fractions stay too; float32; float64."""
    engine: str = "auto"
    precision: str = "full"
    threads: int | None = None
    limits: Limits | None = None
    planned: Callable[[Plan], None] | None = None
    """Told the plan of every convolution before it is carried out."""
    progress: Callable[[int, int], None] | None = None
    """Told after each tile of a convolution how many are done, and how many there are."""
    explain: bool = False
    """Whether a plan weighs every engine."""

    def plan(self, problem: Problem) -> Plan:
        """The plan of a convolution; raises as :func:`convcalc.engine.plan.make_plan` does."""
        from convcalc.engine.plan import make_plan

        return make_plan(problem, self.engine, precision=self.precision, threads=self.threads, explain=self.explain)

    def check(self, problem: Problem) -> None:
        """Refuse a convolution that would need too much.

        Raises:
            LimitError: it needs more memory than may be used.
        """
        from convcalc.limits import Limits

        (self.limits or Limits.from_environment()).check_memory(self.plan(problem).memory_bytes, "this convolution")


STANDARD = Context()
