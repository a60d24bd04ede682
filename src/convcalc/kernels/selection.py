"""Kernels selected by family, by rank, or by words in their description."""

from __future__ import annotations

from collections.abc import Iterable

from convcalc.errors import FieldError, UnknownNameError
from convcalc.geometry.arguments import whole
from convcalc.kernels.kernel import Kernel


def selected(
    kernels: Iterable[Kernel], *, family: str | None = None, search: str | None = None, rank: int | None = None
) -> list[Kernel]:
    """The selected kernels, sorted by family and name; parametric ones at the requested rank.

    ``search``: words that all occur in the name, the aliases, the title or ``shows``, in any case.

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
        found, _ = parted(found, whole("rank", rank, 1))
    return [kernel for kernel in found if _mentions(kernel, search or "")]


def parted(kernels: Iterable[Kernel], rank: int) -> tuple[list[Kernel], list[Kernel]]:
    """The kernels for inputs of a rank, parametric ones at that rank, and the kernels for other ranks."""
    fitting, others = [], []
    for kernel in kernels:
        found = _at_rank(kernel, rank)
        fitting += found
        others += [] if found else [kernel]
    return fitting, others


def _at_rank(kernel: Kernel, rank: int) -> list[Kernel]:
    """The kernel at that rank; None where its arguments are invalid there."""
    try:
        found = kernel.at_rank(rank)
    except FieldError:
        return []
    return [found] if found.weights.ndim == rank else []


def _mentions(kernel: Kernel, text: str) -> bool:
    said = " ".join((kernel.name, *kernel.aliases, kernel.title, kernel.shows)).casefold()
    return all(word in said for word in text.casefold().split())
