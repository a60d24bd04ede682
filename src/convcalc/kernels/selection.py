"""Some of many kernels: those of a family, of a rank, or with a text in what is said about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from convcalc.errors import FieldError, UnknownNameError
from convcalc.geometry.arguments import whole
from convcalc.kernels.kernel import Kernel


def selected(
    kernels: Iterable[Kernel], *, family: str | None = None, search: str | None = None, rank: int | None = None
) -> list[Kernel]:
    """The kernels that are asked for, by family and name; parametric ones at the rank that is asked for.

    ``search``: words that all stand in the name, the aliases, the title or what it shows, in any case.

    Raises:
        UnknownNameError: no kernel is of that family.
        FieldError: the rank is less than 1.
    """
    found = sorted(kernels, key=lambda kernel: (kernel.family.casefold(), kernel.name))
    if family is not None:
        families = {kernel.family for kernel in found if kernel.family}
        if family.casefold() not in map(str.casefold, families):
            raise UnknownNameError("family", family, families, field="family")
        found = [kernel for kernel in found if kernel.family.casefold() == family.casefold()]
    if rank is not None:
        found = list(_of_rank(found, whole("rank", rank, 1)))
    return [kernel for kernel in found if _mentions(kernel, search or "")]


def _of_rank(kernels: Iterable[Kernel], rank: int) -> Iterator[Kernel]:
    for kernel in kernels:
        with suppress(FieldError):  # not every builder makes kernels of every rank
            found = kernel.at_rank(rank)
            if found.weights.ndim == rank:
                yield found


def _mentions(kernel: Kernel, text: str) -> bool:
    said = " ".join((kernel.name, *kernel.aliases, kernel.title, kernel.shows)).casefold()
    return all(word in said for word in text.casefold().split())
