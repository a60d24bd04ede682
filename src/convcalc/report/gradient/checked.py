"""The report of gradients compared with quotients of differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from convcalc.gradients.backward import Gradients
from convcalc.gradients.differences import Checked
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, say
from convcalc.report.gradient.report import loss_text
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text
from convcalc.wording import counted, safe_text

_MOST = 8


def checked_report(found: Gradients, parts: Sequence[Checked]) -> Report:
    """A row for every array, and the numbers that differ."""
    return Report(
        blocks=tuple(_blocks(found, parts)),
        data=lambda: {
            "schema": f"convcalc.gradient-check/{SCHEMA_VERSION}",
            "loss": {"name": found.loss.name, "value": number_data(found.value)},
            "exact": found.is_exact,
            "holds": not any(each.different for each in parts),
            "arrays": [_data(each) for each in parts],
        },
        rows=lambda: _rows(parts),
        handout=lambda: (say(found.network.title or "Gradients checked", Role.TITLE), *_blocks(found, parts)),
    )


def _blocks(found: Gradients, parts: Sequence[Checked]) -> Iterator[Block]:
    how = "exact fractions" if found.is_exact else "float64"
    yield say(f"gradients of the loss {loss_text(found)} against central differences in {how}")
    rows = tuple(
        (
            Span(each.name),
            Span(f"{each.compared:,} of {each.size:,}"),
            Span(number_text(each.largest)),
            Span(f"{each.kinks:,}"),
            Span(f"{len(each.different):,}", Role.BAD if each.different else Role.GOOD),
        )
        for each in parts
    )
    yield Table(("gradient", "compared", "largest difference", "at a kink", "different"), rows, numeric=("compared",))
    for part in parts:
        for each in part.different[:_MOST]:
            place = ", ".join(map(str, each.place))
            told = f"{number_text(each.gradient, 10)}, the quotient of differences is {number_text(each.quotient, 10)}"
            yield say(f"{part.name}[{place}] is {told}", Role.BAD)
    bad, count = sum(len(each.different) for each in parts), sum(each.compared for each in parts)
    if any(each.kinks for each in parts):
        yield say("at a kink the loss has one slope on each side, and the gradient lies between them", Role.LABEL)
    if bad:
        yield say(f"{bad:,} of {counted(count, 'number')} differ", Role.BAD)
    else:
        yield say(f"all {count:,} {'are equal' if found.is_exact else 'agree within rounding'}", Role.GOOD)


def _data(part: Checked) -> dict[str, Any]:
    different = [
        {"place": list(each.place), "gradient": number_data(each.gradient), "quotient": number_data(each.quotient)}
        for each in part.different
    ]
    counts = {"numbers": part.size, "compared": part.compared, "at_a_kink": part.kinks}
    return {"name": part.name, **counts, "largest_difference": part.largest, "different": different}


def _rows(parts: Sequence[Checked]) -> Iterator[Iterable[Any]]:
    yield ("gradient", "numbers", "compared", "largest_difference", "at_a_kink", "different")
    for each in parts:
        yield (safe_text(each.name), each.size, each.compared, each.largest, each.kinks, len(each.different))
