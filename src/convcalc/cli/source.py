"""From the command line to a problem: the part that several commands share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import ConvcalcError, LimitError, Place, UsageError
from convcalc.limits import ENVIRONMENT_VARIABLE, Limits

if TYPE_CHECKING:
    from convcalc.cli.options import ProblemOptions
    from convcalc.engine.plan import Plan
    from convcalc.formats.library import Library
    from convcalc.formats.request import Request
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


class Opened(NamedTuple):
    """A file as written, before the flags."""

    request: Request
    library: Library
    limits: Limits


def opened(options: ProblemOptions) -> Opened:
    """The file that a command line names, a single convolution or a network.

    Raises:
        ConvcalcError: the file or a limit is bad.
    """
    from convcalc.formats.request import read_request

    limits = limits_of(options.limit)
    return Opened(read_request(options.file, limits), library_of(options.kernels, limits), limits)


def need_convolution(request: Request) -> None:
    """Refuse a network.

    Raises:
        UsageError: the request is of layers.
    """
    if request.is_network:
        raise UsageError(
            f"{request.source} is a network of layers, this command takes a single convolution",
            hint="summary, run, trace, uses and matrix take networks",
        )


def need_network(found: Opened, **given: object) -> None:
    """Refuse options of networks.

    Raises:
        UsageError: one is given, and the request is of a single convolution.
    """
    for name, value in given.items():
        if value:
            raise UsageError(
                f"--{name} is of networks, {found.request.source} is a single convolution",
                hint=f"leave --{name} out, or give a file with layers",
            )


def prepare(options: ProblemOptions, *, explain: bool = False) -> Ready:
    """The problem that a command line asks for; ``explain``: its plan weighs every engine.

    Raises:
        ConvcalcError: a file or a flag is bad; the error says which.
    """
    found = opened(options)
    need_convolution(found.request)
    return prepared(found, options, explain=explain)


def prepared(found: Opened, options: ProblemOptions, *, explain: bool = False) -> Ready:
    """The problem of an opened file with the flags; ``explain``: its plan weighs every engine.

    Raises:
        ConvcalcError: a field or a flag is bad; the error says which.
    """
    from convcalc.engine.plan import make_plan
    from convcalc.formats.resolve import resolve

    request = found.request.override(
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
    problem = resolve(request, found.library, found.limits, strict_finite=options.strict_finite)
    with flags():
        plan = make_plan(problem, options.engine, precision=options.precision, threads=options.threads, explain=explain)
    return Ready(problem, plan, found.limits)


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
