"""The kernels of the library that fit a convolution, for a list to choose from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from convcalc.kernels.selection import selected

if TYPE_CHECKING:
    from convcalc.explore.session import Session


class Offer(NamedTuple):
    """A kernel that can be chosen."""

    name: str
    family: str
    title: str


def offers(session: Session) -> Callable[[str], list[Offer]]:
    """What finds the kernels for the rank of a session by words; an aliased one is found by its other names too.

    Raises:
        ConvcalcError: a kernel file cannot be read.
    """
    problem = session.scene.problem
    assert problem is not None  # there is a kernel to choose
    fitting = selected(session.desk.library.kernels(), rank=problem.rank)

    def found(words: str) -> list[Offer]:
        kept = [kernel for kernel in fitting if words.casefold() in kernel.family.casefold()] if words.strip() else []
        kept += [kernel for kernel in selected(fitting, search=words) if kernel not in kept]
        kept.sort(key=lambda kernel: kernel.name != words.strip())  # the very name comes first
        return [Offer(kernel.name, kernel.family, kernel.title) for kernel in kept]

    return found
