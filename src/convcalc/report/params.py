"""The report of a layer's counts: parameters, and with a size the output, the work and the memory."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from convcalc.geometry.axis import Axis
from convcalc.geometry.convolution import Counts
from convcalc.limits import bytes_text
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, say
from convcalc.report.size_arithmetic import size_sentences
from convcalc.wording import shape_text

_FLOAT32_BYTES = 4


def params_report(counts: Counts, axes: tuple[Axis, ...] = ()) -> Report:
    """The counts with their formulas and the numbers put in; ``axes`` add what depends on the input's size."""
    data = _data(counts, axes)
    return Report(
        blocks=tuple(_blocks(counts, axes)),
        data=lambda: data,
        rows=lambda: (("name", "value"), *_flat(data)),
    )


def _blocks(counts: Counts, axes: tuple[Axis, ...]) -> Iterator[Block]:
    yield say(_headline(counts), Role.TITLE)
    yield Table(("what", "how", "count"), tuple(_rows(counts, axes)), numeric=("count",))
    if axes:
        yield from size_sentences(axes)
        yield say("MACs do not count the bias; memory is that of float32, 4 bytes a number.", Role.LABEL)


def _headline(counts: Counts) -> str:
    kinds = [f"{counts.groups} groups"] if counts.groups > 1 else []
    if counts.groups == counts.in_channels > 1:
        kinds = ["depthwise"]
    if max(counts.kernel_size) == 1:
        kinds.append("pointwise")
    kinds.append("with bias" if counts.has_bias else "no bias")
    channels = f"{counts.in_channels} → {counts.out_channels} channels"
    return f"{channels}, kernel {shape_text(counts.kernel_size)}, {', '.join(kinds)}"


def _rows(counts: Counts, axes: tuple[Axis, ...]) -> Iterator[tuple[Span, ...]]:
    span = f"{counts.in_channels}" if counts.groups == 1 else f"({counts.in_channels} / {counts.groups})"
    taps = " × ".join(map(str, counts.kernel_size))
    yield _row(
        "weights",
        f"cout × {'cin' if counts.groups == 1 else '(cin / groups)'} × kernel = "
        f"{counts.out_channels} × {span} × {taps}",
        counts.weights,
    )
    yield _row("biases", "one for each output channel" if counts.has_bias else "none", counts.biases)
    yield _row(
        "parameters", f"weights + biases = {counts.weights:,} + {counts.biases:,}", counts.parameters, Role.TOTAL
    )
    yield _row("weights of a filter", f"{span} × {taps}", counts.weights_per_filter)
    yield _row("single-channel kernels", f"{counts.out_channels} × {span}", counts.kernels)
    if axes:
        yield from _sized_rows(counts, axes)


def _sized_rows(counts: Counts, axes: tuple[Axis, ...]) -> Iterator[tuple[Span, ...]]:
    size = tuple(axis.output_size for axis in axes)
    cells = " × ".join(map(str, size))
    yield _row("output cells", f"{counts.out_channels} × {cells}", counts.out_channels * prod(size))
    yield _row("MACs", f"output size × weights = {cells} × {counts.weights:,}", counts.macs(size), Role.TOTAL)
    for name, numbers in _memory(counts, axes).items():
        yield (
            Span(f"memory of {name}"),
            Span(f"{numbers:,} × {_FLOAT32_BYTES} bytes"),
            Span(bytes_text(numbers * _FLOAT32_BYTES)),
        )


def _memory(counts: Counts, axes: tuple[Axis, ...]) -> dict[str, int]:
    """Numbers held by each part."""
    return {
        "input": counts.in_channels * prod(axis.size for axis in axes),
        "parameters": counts.parameters,
        "output": counts.out_channels * prod(axis.output_size for axis in axes),
    }


def _row(name: str, how: str, count: int, role: Role = Role.PLAIN) -> tuple[Span, ...]:
    return Span(name, role), Span(how), Span(f"{count:,}", role)


def _data(counts: Counts, axes: tuple[Axis, ...]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema": f"convcalc.params/{SCHEMA_VERSION}",
        "in_channels": counts.in_channels,
        "out_channels": counts.out_channels,
        "kernel_size": list(counts.kernel_size),
        "groups": counts.groups,
        "weights": counts.weights,
        "biases": counts.biases,
        "parameters": counts.parameters,
        "weights_per_filter": counts.weights_per_filter,
        "kernels": counts.kernels,
    }
    if axes:
        size = [axis.output_size for axis in axes]
        document |= {
            "input_size": [axis.size for axis in axes],
            "output_size": size,
            "output_shape": [counts.out_channels, *size],
            "macs": counts.macs(size),
            "memory_bytes": {name: numbers * _FLOAT32_BYTES for name, numbers in _memory(counts, axes).items()},
        }
    return document


def _flat(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", "x".join(map(str, value)) if isinstance(value, list) else value
