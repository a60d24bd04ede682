"""The reports of the kernel library: all of it as a table, or one kernel with what is known about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import fsum
from typing import Any

from convcalc.arrays import cells, is_exact, plain
from convcalc.kernels.kernel import Kernel
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Report, Role, Sentence, Span, Table, say
from convcalc.report.data import array_data, number_data
from convcalc.report.grids import plane_grids
from convcalc.report.text import number_text, scale_text
from convcalc.wording import shape_text

_ROUNDING = 1e-14  # a sum of floats below this part of their sizes is what rounding leaves of 0


def kernels_report(kernels: Sequence[Kernel]) -> Report:
    """The library as a table."""
    rows = tuple(
        (
            Span(kernel.name, Role.TITLE),
            Span(shape_text(kernel.weights.shape) + ("*" if kernel.builder else "")),
            Span(str(kernel.scale)),
            Span(number_text(_sum(kernel))),
            Span(kernel.family),
            Span(kernel.title),
        )
        for kernel in kernels
    )
    star = "* takes arguments: gaussian:5, gaussian:5,1.2 (size, sigma), box:3x7, box:size=3,rank=1"
    blocks: list[Block] = [Table(("name", "size", "scale", "sum", "family", "title"), rows, ("size", "scale", "sum"))]
    if any(kernel.builder for kernel in kernels):
        blocks.append(say(star, Role.LABEL))
    return Report(
        blocks=tuple(blocks),
        data=lambda: {
            "schema": f"convcalc.kernels/{SCHEMA_VERSION}",
            "kernels": [kernel_data(each) for each in kernels],
        },
        rows=lambda: (
            ("name", "title", "family", "size", "scale", "sum"),
            *(
                (each.name, each.title, each.family, "x".join(map(str, each.weights.shape)), each.scale, _sum(each))
                for each in kernels
            ),
        ),
    )


def kernel_report(kernel: Kernel) -> Report:
    """One kernel: its weights, scale and sum, what it shows and where it comes from."""
    return Report(
        blocks=tuple(_blocks(kernel)),
        data=lambda: {"schema": f"convcalc.kernel/{SCHEMA_VERSION}", **kernel_data(kernel)},
        rows=lambda: _weight_rows(kernel),
    )


def kernel_data(kernel: Kernel) -> dict[str, Any]:
    """A kernel for JSON."""
    return {
        "name": kernel.name,
        "title": kernel.title,
        "family": kernel.family,
        "aliases": list(kernel.aliases),
        "weights": array_data(kernel.weights),
        "scale": number_data(kernel.scale),
        "sum": number_data(_sum(kernel)),
        "shows": kernel.shows,
        "source": kernel.reference,
    }


def _blocks(kernel: Kernel) -> Iterator[Block]:
    yield Sentence((Span(kernel.name, Role.TITLE), Span(f"   {kernel.title}" if kernel.title else "", Role.LABEL)))
    caption = ", ".join(filter(None, (f"weights {shape_text(kernel.weights.shape)}", scale_text(kernel.scale))))
    yield Flow(tuple(plane_grids(caption, kernel.weights)))
    facts = {
        "scale": str(kernel.scale),
        "sum": f"{number_text(_sum(kernel))}{_meaning(_sum(kernel))}",
        "family": kernel.family,
        "also": ", ".join(kernel.aliases),
        "shows": kernel.shows,
        "source": kernel.reference,
    }
    for name, text in facts.items():
        if text:
            yield Sentence((Span(f"{name:<8}", Role.LABEL), Span(text)), indent=8)


def _sum(kernel: Kernel) -> Any:
    """The sum of weights × scale: what the kernel makes of a flat input of ones."""
    if not is_exact(kernel.weights):
        total, most = fsum(kernel.weights.flat), fsum(abs(kernel.weights).flat)
        return total * float(kernel.scale) if abs(total) > _ROUNDING * most else 0.0
    return plain(Fraction(kernel.weights.astype(object).sum()) * kernel.scale)


def _meaning(total: Any) -> str:
    if total == 0:
        return ", so flat areas give 0"
    return ", so flat areas keep their value" if abs(float(total) - 1) < 1e-12 else ""


def _weight_rows(kernel: Kernel) -> Iterator[Any]:
    """One row for each weight."""
    yield (*(f"axis_{axis}" for axis in range(kernel.weights.ndim)), "weight", "scale")
    for place, value in cells(kernel.weights):
        yield (*place, value, kernel.scale)
