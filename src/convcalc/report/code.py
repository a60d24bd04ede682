"""The report on a program: its source, or each line with what it made when it ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from convcalc.arrays import Array, numbers, plain
from convcalc.report.array_data import array_data
from convcalc.report.arrays.grids import MOST_SLICES, plane_grids
from convcalc.report.blocks import (
    SCHEMA_VERSION,
    Block,
    Flow,
    Fold,
    Grid,
    Report,
    Role,
    Sentence,
    Source,
    Span,
    Sum,
    note,
    say,
)
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text, number_texts
from convcalc.wording import counted, shape_text

if TYPE_CHECKING:
    from convcalc.programs.execution import Execution, Iteration, Loop, Made, Snapshot
    from convcalc.programs.program import Program

_ALL, _FIRST = 12, 3  # iterations: all of so many are shown, otherwise the first and the last
_MOST_TERMS = 16  # of a sum that are written out
_MOST_PLANES = 3  # channels of a window that are shown
_MOST_CELLS = 100  # of an array that a line made


def program_report(program: Program) -> Report:
    """The source of a program, and what its library does otherwise."""
    blocks: tuple[Block, ...] = (Source(tuple(program.source.splitlines())), *map(note, program.notes))
    return Report(blocks, lambda: _data(program), lambda: _rows(program), notes=program.notes)


def execution_report(program: Program, execution: Execution) -> Report:
    """The source of a program with what its lines made."""
    lines = program.source.splitlines()
    said = f"   {counted(len(lines), 'line')}, run by Python's own trace"
    title = Sentence((Span("The program, line by line", Role.TITLE), Span(said)))
    blocks: list[Block] = [title, *map(note, program.notes), *_line_by_line(lines, execution)]
    if execution.is_complete:
        blocks.append(say("The program ran to its end: the output is the one that must come out.", Role.GOOD))
    else:
        stopped = f"stopped after {execution.steps:,} steps: what comes later was not run"
        blocks.append(note(stopped))
    return Report(tuple(blocks), lambda: _data(program, execution), lambda: _rows(program), notes=program.notes)


def _line_by_line(lines: Sequence[str], execution: Execution) -> Iterator[Block]:
    """Pieces of the source, each followed by what its last statement made."""
    ends = _ends(lines, execution)
    first = 1
    for number in range(1, len(lines) + 1):
        if number not in ends:
            continue
        yield Source(tuple(lines[first - 1 : number]), first)
        yield from ends[number]
        first = number + 1
    if first <= len(lines):
        yield Source(tuple(lines[first - 1 :]), first)


def _ends(lines: Sequence[str], execution: Execution) -> dict[int, list[Block]]:
    """The blocks after a line, by its number: of statements at their last line, of loops at that of their body."""
    found: dict[int, list[Block]] = {}
    for line, made in execution.made.items():
        blocks = list(_statement_blocks(made, execution.runs[line]))
        if blocks:
            found.setdefault(_last_line(lines, line), []).extend(blocks)
    for loop in execution.loops:
        last = max((each.line for iteration in loop.first[:1] for each in iteration.made), default=loop.line)
        runs = execution.loop_runs[loop.line]
        blocks = found.setdefault(_last_line(lines, last), [])
        number = sum(isinstance(each, Sentence) and each.spans[0].text.startswith("the loop") for each in blocks) + 1
        blocks += _loop_blocks(loop, f", call {number} of {runs}" if runs > 1 else "")
    return found


def _last_line(lines: Sequence[str], line: int) -> int:
    """The last line of a statement: one that opens brackets ends where a line begins with the closing ones."""
    if not lines[line - 1].rstrip().endswith(("[", "(")):
        return line
    closing = (number for number in range(line + 1, len(lines) + 1) if lines[number - 1].lstrip()[:1] in ("]", ")"))
    return next(closing, line)


def _statement_blocks(made: Sequence[Made], runs: int) -> Iterator[Block]:
    """Small arrays as grids; numbers and the shapes of others in a sentence."""
    words: dict[str, list[str]] = {}
    for each in made:
        snapshot = each.result
        if runs == 1 and _is_shown(snapshot):
            yield _grids(snapshot, f", {_brief(snapshot)}")
        else:
            words.setdefault(snapshot.text, []).append(_brief(snapshot))
    told = [f"{name} = {', then '.join(dict.fromkeys(values))}" for name, values in words.items()]
    if told:
        more = f" (it ran {counted(runs, 'time')})" if runs > 1 else ""
        yield Sentence((Span(f"{'; '.join(told)}{more}"),), 4)


def _grids(snapshot: Snapshot, said: str = "") -> Flow:
    """The matrices of an array, each called by its index."""
    if snapshot.value.ndim < 3:
        return Flow(tuple(plane_grids(f"{snapshot.text}{said}", snapshot.value)))
    grids: list[Grid | Span] = []
    for place in islice(product(*map(range, snapshot.value.shape[:-2])), MOST_SLICES):
        words = f"{snapshot.text}[{', '.join(map(str, place))}]{'' if grids else said}"
        grids += plane_grids(words, snapshot.value[place])
    return Flow(tuple(grids))


def _is_shown(snapshot: Snapshot) -> bool:
    """Whether a value is an array that is small enough for grids."""
    is_array = snapshot.shape is not None and snapshot.value.ndim > 0
    return is_array and snapshot.is_whole and 0 < snapshot.value.size <= _MOST_CELLS


def _brief(snapshot: Snapshot) -> str:
    if snapshot.shape is not None:
        return f"{shape_text(snapshot.shape) or 'a number'} of {snapshot.dtype}"
    value = snapshot.value
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})"
    return number_text(plain(value)) if not isinstance(value, str) else value


def _loop_blocks(loop: Loop, call: str) -> Iterator[Block]:
    """How often it ran, and a card for each iteration; of many those of the beginning and the end."""
    yield say(f"the loop ran {counted(loop.iterations, 'time')}{call}", Role.LABEL)
    cards = [*loop.first, *loop.last]
    if loop.iterations <= _ALL or len(cards) <= _FIRST:
        yield from map(_card, cards)
        return
    kept, ending = cards[:_FIRST], list(loop.last) or cards[-1:]
    yield from map(_card, kept)
    yield say(f"… {counted(loop.iterations - len(kept) - len(ending), 'iteration')} like these …", Role.LABEL)
    yield from map(_card, ending)


def _card(iteration: Iteration) -> Fold:
    """What an iteration made: the window times the kernel, and the sum."""
    names = ", ".join(f"{name} = {value}" for name, value in iteration.indices)
    used = {each.text for made in iteration.made for each in made.factors}
    blocks: list[Block] = []
    for made in iteration.made:
        if made.result.text not in used:
            blocks += _made_blocks(made)
    results = [made.result for made in iteration.made if made.result.shape is None]
    ending = f":  {results[-1].text} = {_brief(results[-1])}" if results else ""
    return Fold((Span(names, Role.TITLE), Span(ending)), tuple(blocks))


def _made_blocks(made: Made) -> Iterator[Block]:
    result = made.result
    if made.factors:
        yield from _product(made)
    elif made.summed is not None and made.summed.shape is not None and made.summed.is_whole:
        yield _sum(result, made.summed)
    elif _is_shown(result):
        yield _grids(result)
    else:
        yield Sentence((Span(f"{result.text} = {_brief(result)}"),), 4)


def _product(made: Made) -> Iterator[Block]:
    """Both factors and the products, a line of grids a channel."""
    parts = (*made.factors, made.result)
    if not all(each.is_whole for each in parts):
        yield Sentence((Span(f"{made.result.text} = {_brief(made.result)}"),), 4)
        return
    planes = _planes(made.result.value)
    for number in range(min(len(planes), _MOST_PLANES)):
        items: list[Grid | Span] = []
        for sign, part in zip(("", "×", "="), parts, strict=True):
            items += [Span(sign)] if sign else []
            items.append(_plane(part, number, len(planes)))
        yield Flow(tuple(items))
    if len(planes) > _MOST_PLANES:
        yield say(f"… and {counted(len(planes) - _MOST_PLANES, 'channel')} more", Role.LABEL)


def _planes(values: Array) -> Array:
    """The last two axes of everything, one below the other: (planes, rows, columns)."""
    shape = (1, 1, *values.shape)[-2:] if values.ndim < 2 else values.shape[-2:]
    return values.reshape(-1, *shape)


def _plane(part: Snapshot, number: int, count: int) -> Grid | Span:
    if part.shape is None:
        return Span(f"{part.text} = {_brief(part)}")
    place = f"[{number}]" if count > 1 else ""
    (grid,) = plane_grids(f"{part.text}{place}", _planes(part.value)[number])
    return grid


def _sum(result: Snapshot, summed: Snapshot) -> Sum:
    terms = number_texts(numbers(summed.value))
    shown = tuple(terms if len(terms) <= _MOST_TERMS else terms[:_MOST_TERMS])
    omitted = f"{len(terms) - len(shown):,} more" if len(terms) > len(shown) else ""
    return Sum(result.text, shown, number_text(plain(result.value)), omitted=omitted)


def _rows(program: Program) -> Iterator[Sequence[Any]]:
    """The lines with what they stand for."""
    yield ("line", "code", "stands for")
    number = 1
    for statement in program.statements:
        for place, text in enumerate(statement.source.splitlines() or [""]):
            yield (number, text, "" if place else statement.stands_for)
            number += 1


def _data(program: Program, execution: Execution | None = None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema": f"convcalc.program/{SCHEMA_VERSION}",
        "library": program.library,
        "source": program.source,
        "arrays": {name: list(values.shape) for name, values in program.arrays.items()},
        "notes": list(program.notes),
    }
    if execution is not None:
        document["execution"] = {
            "complete": execution.is_complete,
            "lines": [_made_data(each) for made in execution.made.values() for each in made],
            "loops": [_loop_data(loop) for loop in execution.loops],
        }
    return document


def _loop_data(loop: Loop) -> dict[str, Any]:
    kept = [*loop.first, *loop.last]
    return {
        "line": loop.line,
        "iterations": loop.iterations,
        "shown": [{"indices": dict(each.indices), "made": list(map(_made_data, each.made))} for each in kept],
    }


def _made_data(made: Made) -> dict[str, Any]:
    snapshot = made.result
    found: dict[str, Any] = {"line": made.line, "name": snapshot.text}
    if snapshot.shape is None:
        value = snapshot.value
        told = str(value) if isinstance(value, tuple | str) else number_data(plain(value))
        return found | {"value": told}
    found |= {"shape": list(snapshot.shape), "dtype": snapshot.dtype}
    return found | ({"value": array_data(snapshot.value)} if snapshot.is_whole else {})
