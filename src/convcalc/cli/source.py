"""From the command line to a problem: the part that several commands share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import ConvcalcError, LimitError, Place
from convcalc.limits import ENVIRONMENT_VARIABLE, Limits

if TYPE_CHECKING:
    from convcalc.cli.options import ProblemOptions
    from convcalc.engine.plan import Plan
    from convcalc.formats.library import Library
    from convcalc.problem import Problem


class Ready(NamedTuple):
    """A problem with its plan, ready to be computed."""

    problem: Problem
    plan: Plan
    limits: Limits

    @property
    def refusal(self) -> str:
        """What the limits would say to computing it, or nothing."""
        try:
            self.limits.check_memory(self.plan.memory_bytes, "this convolution")
        except LimitError as error:
            return str(error)
        return ""


def prepare(options: ProblemOptions, *, explain: bool = False) -> Ready:
    """The problem that a command line asks for; ``explain``: its plan weighs every engine.

    Raises:
        ConvcalcError: a file or a flag is bad; the error says which.
    """
    from convcalc.engine.plan import make_plan
    from convcalc.formats.request import read_request
    from convcalc.formats.resolve import resolve

    limits = limits_of(options.limit)
    library = library_of(options.kernels, limits)
    request = read_request(options.file, limits).override(
        kernel=options.kernel,
        stride=options.stride,
        padding=options.padding,
        dilation=options.dilation,
        groups=options.groups,
        boundary=options.boundary,
        bias=options.bias,
        dims=options.dims,
        flip=options.convolve,
        depthwise=options.depthwise,
        dtype=options.dtype,
    )
    problem = resolve(request, library, limits, strict_finite=options.strict_finite)
    with flags():
        plan = make_plan(problem, options.engine, precision=options.precision, threads=options.threads, explain=explain)
    return Ready(problem, plan, limits)


def limits_of(changes: Sequence[str] | None) -> Limits:
    """The limits of the environment with those of ``--limit``."""
    with flags(ENVIRONMENT_VARIABLE):
        limits = Limits.from_environment()
    with flags("--limit"):
        for change in changes or ():
            limits = limits.override(change)
    return limits


def library_of(folders: Sequence[str] | None, limits: Limits) -> Library:
    """The kernel library with the folders of ``--kernels`` first."""
    from convcalc.formats.library import Library

    return Library.standard([Path(folder) for folder in folders or ()], limits)


@contextmanager
def flags(flag: str = "") -> Iterator[None]:
    """Says that an error without a place comes from a flag: the one named, or the one of the error's field."""
    try:
        yield
    except ConvcalcError as error:
        if error.place is None and (flag or error.field):
            error.place = Place(flag or f"--{error.field[0]}", is_flag=True)
        raise
