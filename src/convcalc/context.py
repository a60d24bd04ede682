"""What is asked for once, at the edge, and goes with everything that is read and computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from convcalc.limits import Limits

if TYPE_CHECKING:
    from convcalc.engine.plan import Plan
    from convcalc.kernels.kernel import Kernel
    from convcalc.problem import Problem


class Kernels(Protocol):
    """Kernels that have names."""

    def find(self, text: str) -> Kernel:
        """The kernel that is called so, such as ``gaussian:5,1.2``; raises UnknownNameError if there is none."""

    def kernels(self) -> Iterator[Kernel]:
        """All of them, by name."""


class Context(NamedTuple):
    """How numbers are read and computed."""

    dtype: str = "auto"
    """auto: whole numbers stay whole, fractions become float64; exact: fractions stay too; float32; float64."""
    engine: str = "auto"
    precision: str = "full"
    threads: int | None = None
    own_limits: Limits | None = None
    """None: those of the environment. They are read as ``limits``."""
    library: Kernels | None = None
    """None: the standard one, which is looked through when a kernel's name is read."""
    strict_finite: bool = False
    """Whether no number that is read may be inf or nan."""
    planned: Callable[[Plan], None] | None = None
    """Told the plan of every convolution before it is carried out."""
    progress: Callable[[int, int], None] | None = None
    """Told after each tile of a convolution how many are done, and how many there are."""
    explain: bool = False
    """Whether a plan weighs every engine."""

    @property
    def limits(self) -> Limits:
        """How much is read, and how much memory is used.

        Raises:
            ConvcalcError: the environment says what is no limit.
        """
        return self.own_limits or Limits.from_environment()

    def plan(self, problem: Problem) -> Plan:
        """The plan of a convolution; raises as :func:`convcalc.engine.plan.make_plan` does."""
        from convcalc.engine.plan import make_plan

        return make_plan(problem, self.engine, precision=self.precision, threads=self.threads, explain=self.explain)

    def check(self, problem: Problem) -> None:
        """Refuse a convolution that would need too much.

        Raises:
            LimitError: it needs more memory than may be used.
        """
        self.limits.check_memory(self.plan(problem).memory_bytes, "this convolution")


STANDARD = Context()
