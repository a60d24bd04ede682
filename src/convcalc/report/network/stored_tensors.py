"""The report of a file of tensors: the name, type and shape of each, and the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.arrays import Stored
from convcalc.limits import bytes_text
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, note, say
from convcalc.wording import counted, safe_text, shape_text

_COLUMNS = ("tensor", "dtype", "shape", "values", "bytes")
_SPARE = ("bytes", "values")


def stored_report(source: str, tensors: Sequence[Stored]) -> Report:
    """The tensors of a file, whose numbers are not read."""
    notes = tuple(_notes(tensors))
    return Report(
        blocks=(*_blocks(source, tensors), *map(note, notes)),
        data=lambda: _data(source, tensors, notes),
        rows=lambda: _rows(tensors),
        notes=notes,
    )


def _blocks(source: str, tensors: Sequence[Stored]) -> Iterator[Block]:
    values, size = _totals(tensors).values()
    yield say(f"{source}: {counted(len(tensors), 'tensor')}", Role.TITLE)
    if not tensors:
        return
    totals = tuple(Span(text, Role.TOTAL) for text in ("total", "", "", f"{values:,}", f"{size:,}"))
    yield Table(_COLUMNS, (*map(_cells, tensors), totals), ("shape", "values", "bytes"), _SPARE, has_total=True)
    yield say(f"The tensors take {bytes_text(size)}; FILE:NAME is one of them, such as {tensors[0].name}.", Role.LABEL)


def _cells(tensor: Stored) -> tuple[Span, ...]:
    shape = shape_text(tensor.shape) or "one number"
    return tuple(map(Span, (tensor.name, tensor.dtype, shape, f"{tensor.values:,}", f"{tensor.bytes:,}")))


def _notes(tensors: Sequence[Stored]) -> Iterator[str]:
    unread = [tensor for tensor in tensors if not tensor.is_read]
    if unread:
        dtypes = ", ".join(sorted({tensor.dtype for tensor in unread}))
        yield f"{counted(len(unread), 'tensor')} of {dtypes}: named here, but not computed with"


def _totals(tensors: Sequence[Stored]) -> dict[str, int]:
    return {"values": sum(each.values for each in tensors), "bytes": sum(each.bytes for each in tensors)}


def _data(source: str, tensors: Sequence[Stored], notes: Sequence[str]) -> dict[str, Any]:
    """A record for each tensor, and the totals."""
    return {
        "schema": f"convcalc.tensors/{SCHEMA_VERSION}",
        "file": source,
        "tensors": [
            {
                "name": each.name,
                "dtype": each.dtype,
                "shape": list(each.shape),
                "values": each.values,
                "bytes": each.bytes,
                "is_read": each.is_read,
            }
            for each in tensors
        ],
        "totals": _totals(tensors),
        "notes": list(notes),
    }


def _rows(tensors: Sequence[Stored]) -> Iterator[tuple[Any, ...]]:
    yield ("name", "dtype", "shape", "values", "bytes", "is_read")
    for each in tensors:
        shape = "x".join(map(str, each.shape))
        yield (safe_text(each.name), each.dtype, shape, each.values, each.bytes, "yes" if each.is_read else "no")
