"""A problem for each of many kernels that one input goes through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from convcalc.errors import GeometryError
from convcalc.formats.subject import Subject
from convcalc.kernels.facts import facts_of
from convcalc.kernels.kernel import Kernel
from convcalc.picture.mapping import AUTO, CLIP
from convcalc.problem import Problem


class Work(NamedTuple):
    """A kernel and the problem of applying it."""

    kernel: Kernel
    problem: Problem
    is_picture: bool
    """Whether the output is a picture, as the input is, and not a heat map."""


class Works(NamedTuple):
    """The work to be done, and what cannot be."""

    fitting: tuple[Work, ...]
    unfit: Mapping[str, GeometryError]
    """Why kernels of these names do not fit the input."""


def works_of(subject: Subject, kernels: Iterable[Kernel], rule: str | None) -> Works:
    """The problems of all kernels that fit the input.

    ``rule``: which value becomes which level of a picture; None where no output is drawn as a picture.

    Raises:
        GeometryError: no kernel fits; what is said of the first.
    """
    fitting: list[Work] = []
    unfit: dict[str, GeometryError] = {}
    for kernel in kernels:
        is_picture = rule is not None and keeps_brightness(kernel, rule)
        try:
            problem = subject.apart(kernel) if is_picture else subject.averaged(kernel)
        except GeometryError as error:
            unfit[kernel.name] = error
        else:
            fitting.append(Work(kernel, problem, is_picture))
    if not fitting:
        raise next(iter(unfit.values()))
    return Works(tuple(fitting), unfit)


def keeps_brightness(kernel: Kernel, rule: str) -> bool:
    """Whether what a kernel makes of a picture is drawn as a picture too, not as a heat map."""
    return rule == CLIP or (rule == AUTO and facts_of(kernel).is_normalised)
