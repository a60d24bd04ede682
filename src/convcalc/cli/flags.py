"""Flags of limits and kernels, and the flag that an error is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.errors import ConvcalcError, Place, UsageError
from convcalc.limits import Limits

if TYPE_CHECKING:
    from convcalc.cli.command_options import SummaryOptions
    from convcalc.cli.options import ProblemOptions
    from convcalc.context import Context
    from convcalc.request.request import Request


def changed(request: Request, options: ProblemOptions | SummaryOptions, layer: str | None) -> Request:
    """The request with the flags' changes of the convolution, or of the named layer.

    Raises:
        ConvcalcError: a flag is not well formed, or there are several layers of which none is named.
    """
    said = options.said._asdict()
    if said.pop("no_depthwise"):
        if said["depthwise"]:
            raise UsageError("--depthwise and --no-depthwise are each other's opposite", hint="leave one of them out")
        said["depthwise"] = "false"
    norm = said.pop("norm")
    if norm is not None:
        from convcalc.layers.kinds.magnitude import check_norm

        with flags("--norm"):
            check_norm(norm)
    said["magnitude"] = norm or said["magnitude"]
    return request.override(layer, flip=said.pop("convolve"), **said)


def context_of(changes: Sequence[str] | None, folders: Sequence[str] | None) -> Context:
    """The limits of the environment with those of ``--limit``, and the library with the folders of ``--kernels`` first.

    ``folders``: with None the library is created when a kernel's name is read.

    Raises:
        ConvcalcError: there is no such limit or folder.
    """
    from convcalc.context import Context

    limits = Limits.from_environment()
    with flags("--limit"):
        for change in changes or ():
            limits = limits.override(change)
    if folders is None:
        return Context(own_limits=limits)
    from convcalc.request.kernel_library import Library

    library = Library.standard([Path(folder) for folder in folders], limits)
    return Context(own_limits=limits, library=library)


@contextmanager
def flags(flag: str = "", kind: type[ConvcalcError] = ConvcalcError) -> Iterator[None]:
    """A context that adds a flag to errors without a place: the named one, or the one of the error's field."""
    try:
        yield
    except kind as error:
        if error.place is None and (flag or error.field):
            error.place = Place(flag or f"--{error.field[0]}", is_flag=True)
        raise
