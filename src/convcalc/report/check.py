"""The report of a check: each file's verdict, and every cell that differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convcalc.engine.compare import Difference
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text
from convcalc.wording import counted, shape_text

_DIGITS = 17  # both numbers in full, since they may differ in the last digit only


@dataclass(frozen=True)
class Checked:
    """One file: how many cells were compared and which differ, or why it could not be checked."""

    file: str
    cells: int = 0
    differences: Sequence[Difference] = ()
    error: str = ""
    facts: Sequence[str] = ()
    """The facts that were compared, in words, such as "10 parameters"."""
    cause: str = ""
    """Which changed convention would give what is expected, in a line; empty where none is known."""

    @property
    def verdict(self) -> str:
        """The word for it."""
        return "error" if self.error else "differs" if self.differences else "ok"


def check_report(files: Sequence[Checked], notes: tuple[str, ...] = ()) -> Report:
    """All verdicts, and every difference with both numbers."""
    return Report(
        blocks=(*_blocks(files), *map(note, notes)),
        data=lambda: {"schema": f"convcalc.check/{SCHEMA_VERSION}", "files": [_data(each) for each in files]},
        rows=lambda: _rows(files),
        notes=notes,
    )


def fact_texts(facts: Mapping[str, int | tuple[int, ...]]) -> tuple[str, ...]:
    """The expected facts of a network besides its output, in words."""
    texts: dict[str, Callable[[Any], str]] = {
        "parameters": lambda count: counted(count, "parameter"),
        "output_shape": lambda shape: f"output shape {shape_text(shape)}",
    }
    return tuple(texts[name](value) for name, value in facts.items())


def difference_texts(each: Checked) -> Iterator[str]:
    """Every difference of a file in words, with both numbers."""
    return map(_difference_text, each.differences)


def _blocks(files: Sequence[Checked]) -> Iterator[Block]:
    roles = {"ok": Role.GOOD, "differs": Role.BAD, "error": Role.BAD}
    rows = tuple(
        (
            Span(each.file),
            Span(each.verdict, roles[each.verdict]),
            Span(f"{each.cells:,}"),
            Span(f"{len(each.differences):,}"),
        )
        for each in files
    )
    yield Table(("file", "verdict", "cells", "different"), rows, ("cells", "different"))
    for each in files:
        if each.error:
            place = "" if each.error.startswith(f"{each.file}:") else f"{each.file}: "
            yield Sentence((Span(place), Span(each.error, Role.BAD)), indent=2)
        if each.facts:
            yield say(f"{each.file}: compared {' and '.join(each.facts)}", indent=2)
        for line in difference_texts(each):
            yield say(f"{each.file}: {line}", indent=2)
        if each.cause:
            yield say(f"{each.file}: {each.cause}", indent=2)
    good = sum(each.verdict == "ok" for each in files)
    yield say(
        f"{good} of {counted(len(files), 'file')} ok", Role.GOOD if good == len(files) else Role.BAD, space_before=True
    )


def _difference_text(difference: Difference) -> str:
    place = f"[{', '.join(map(str, difference.place))}]" if difference.place else ""
    expected, actual = (number_text(value, _DIGITS) for value in (difference.expected, difference.actual))
    return f"{difference.what}{place} expected {expected}, got {actual}"


def _data(each: Checked) -> dict[str, Any]:
    return {
        "file": each.file,
        "verdict": each.verdict,
        "cells": each.cells,
        "error": each.error,
        "facts": list(each.facts),
        "likely_cause": each.cause,
        "differences": [
            {
                "what": d.what,
                "place": list(d.place),
                "expected": number_data(d.expected),
                "actual": number_data(d.actual),
            }
            for d in each.differences
        ],
    }


def _rows(files: Sequence[Checked]) -> Iterator[tuple[Any, ...]]:
    yield ("file", "verdict", "cells", "what", "place", "expected", "actual")
    for each in files:
        if not each.differences:
            yield (each.file, each.verdict, each.cells, "", "", "", each.error)
        for d in each.differences:
            yield (each.file, each.verdict, each.cells, d.what, " ".join(map(str, d.place)), d.expected, d.actual)
