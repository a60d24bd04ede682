"""The report of the kernel library: its kernels family by family."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from convcalc.kernels.kernel import Kernel
from convcalc.kernels.properties import properties_of
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Table, say
from convcalc.report.kernel.data import kernel_data
from convcalc.report.text import number_text
from convcalc.wording import counted, shape_text

_COLUMNS = ("name", "size", "scale", "sum", "title")
_STAR = "* takes arguments: gaussian:5, gaussian:5,1.2 (size, sigma), box:3x7, box:size=3,rank=1"


def kernels_report(kernels: Sequence[Kernel]) -> Report:
    """Kernels that are sorted by family, a table for each."""
    return Report(
        blocks=tuple(_blocks(kernels)),
        data=lambda: {
            "schema": f"convcalc.kernels/{SCHEMA_VERSION}",
            "kernels": [kernel_data(each) for each in kernels],
        },
        rows=lambda: _rows(kernels),
    )


def _blocks(kernels: Sequence[Kernel]) -> Iterator[Block]:
    """A table for each family."""
    if not kernels:
        yield say("no kernel is like that; `convcalc kernels` lists all")
        return
    families = [list(some) for _, some in groupby(kernels, key=lambda kernel: kernel.family.casefold())]
    for some in families:
        yield Sentence(
            (Span(some[0].family or "no family", Role.TITLE), Span(f"   {counted(len(some), 'kernel')}", Role.LABEL))
        )
        yield Table(_COLUMNS, tuple(map(_row, some)), ("size", "scale", "sum"))
    if len(families) > 1:
        yield say(f"{counted(len(kernels), 'kernel')} in {len(families)} families", Role.LABEL)
    if any(kernel.builder for kernel in kernels):
        yield say(_STAR, Role.LABEL)


def _row(kernel: Kernel) -> tuple[Span, ...]:
    facts = properties_of(kernel)
    return (
        Span(kernel.name, Role.TITLE),
        Span(shape_text(kernel.weights.shape) + ("*" if kernel.builder else "")),
        Span(str(kernel.scale)),
        Span(number_text(0 if facts.is_zero_sum else facts.sum)),
        Span(kernel.title),
    )


def _rows(kernels: Iterable[Kernel]) -> Iterator[Iterable[Any]]:
    yield ("name", "title", "family", "size", "scale", "sum")
    for each in kernels:
        size = "x".join(map(str, each.weights.shape))
        yield (each.name, each.title, each.family, size, each.scale, properties_of(each).sum)
