"""Kernel files looked over: what each holds, and what looks like a mistake in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from convcalc.context import Context, Kernels
from convcalc.errors import ConvcalcError
from convcalc.files.text import STANDARD_INPUT
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.lint import Linted, findings_of
from convcalc.kernels.properties import properties_of
from convcalc.request.kernel_file import read_kernel_file
from convcalc.request.kernel_library import library_of


def lint_file(file: str, context: Context) -> Linted:
    """A kernel file looked over; the kernels of the library are those that it could be a copy of.

    Raises:
        ConvcalcError: the file cannot be read or is no kernel file; the error has its line and column.
    """
    kernel = read_kernel_file(Path(file), context.limits)
    facts = properties_of(kernel)
    name = "" if file == STANDARD_INPUT else Path(file).stem
    return Linted(file, kernel, facts, tuple(findings_of(kernel, facts, name, _peers(library_of(context), kernel))))


def _peers(library: Kernels, kernel: Kernel) -> Iterator[Kernel]:
    """The kernels of other names with their namesakes; parametric ones in the size of the kernel too."""
    for peer in library.kernels():
        if peer.name == kernel.name:
            continue
        yield peer
        for each in peer.namesakes:
            yield replace(peer, name=f"{peer.name}@{each.library}", weights=each.weights, scale=each.scale)
        if peer.builder:
            try:
                yield peer.with_arguments({"size": kernel.weights.shape}, _call(peer.name, kernel))
            except ConvcalcError:
                continue  # not every builder makes every size


def _call(name: str, kernel: Kernel) -> str:
    """How a parametric kernel is asked for in the size of another."""
    sizes = kernel.weights.shape
    if len(sizes) == 1:
        return f"{name}:size={sizes[0]},rank=1"
    return f"{name}:{sizes[0]}" if len(sizes) == 2 and len(set(sizes)) == 1 else f"{name}:{'x'.join(map(str, sizes))}"
