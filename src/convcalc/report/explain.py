"""The report on why a matrix differs: each cause with its changes and flags, or what comes nearest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.causes.explanation import Explanation
from convcalc.causes.hypotheses import Found
from convcalc.causes.nearest import Near
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Table, note, say
from convcalc.report.headline import headline
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text
from convcalc.wording import counted, shape_text

_MOST_CAUSES, _MOST_CELLS = 8, 10


def explain_report(explanation: Explanation, source: str) -> Report:
    """Why a matrix differs; ``source``: its file."""
    notes = tuple(_notes(explanation))
    return Report(
        blocks=(*_blocks(explanation, source), *map(note, notes)),
        data=lambda: _data(explanation, source),
        rows=lambda: _rows(explanation),
        notes=notes,
    )


def likely_cause(explanation: Explanation) -> str:
    """One line: as if what were so, and the flags; empty where no cause is exact or nothing differs."""
    cause = explanation.likely
    if cause is None or not cause.changes:
        return ""
    flags = " ".join(dict.fromkeys(cause.flags) if cause.is_reachable else explanation.like)
    more = len(explanation.causes) - 1
    others = f"; {counted(more, 'other cause')} as likely, see convcalc explain" if more else ""
    return f"as if {cause.words}{f': {flags}' if flags else ''}{others}"


def _blocks(explanation: Explanation, source: str) -> Iterator[Block]:
    problem, given = explanation.question.problem, explanation.question.given
    if problem.labels.title:
        yield say(problem.labels.title, Role.TITLE)
    yield say(headline(problem))
    sizes = shape_text(given.cells.shape[1:]), shape_text(problem.output_shape[1:])
    yield say(f"{source}: {sizes[0]}; convcalc's output: {sizes[1]} (channels, cells)", Role.LABEL)
    if explanation.agrees:
        yield say("Nothing differs: this is what convcalc computes.", Role.GOOD, space_before=True)
        yield from _untold(explanation)
    elif explanation.found:
        yield from _causes(explanation.found, " ".join(explanation.like))
    elif explanation.near is not None:
        yield from _nearest(explanation.near)
    elif not explanation.peers:
        yield say("No placement of the kernel gives a matrix of that size.", Role.BAD, space_before=True)
    yield from _peers(explanation)
    yield from _offered(explanation)


def _causes(found: Sequence[Found], like: str) -> Iterator[Block]:
    number = found[0].cause.cost
    if len(found) == 1:
        yield say(f"Exactly what comes out with {counted(number, 'change')}:", Role.GOOD, space_before=True)
    else:
        ways = f"{counted(len(found), 'cause')} of {counted(number, 'change')}"
        yield say(f"{ways} give exactly this:", Role.GOOD, space_before=True)
    for each in found[:_MOST_CAUSES]:
        yield Sentence((Span("• "), Span(each.cause.words)), 2)
        flags = " ".join(dict.fromkeys(each.cause.flags))
        if each.cause.is_reachable and flags:
            yield Sentence((Span("  "), Span(flags, Role.NUMBER)), 2)
        else:
            unreached = [change.words for change in each.cause.changes if not change.flags]
            told = f"{flags}; no flag for: {', '.join(unreached)}" if flags else "no flag does that"
            told += f"; the same numbers: {like}" if like else ""
            yield Sentence((Span("  "), Span(told, Role.LABEL)), 2)
        if each.note:
            yield Sentence((Span("  "), Span(f"to the digits of {each.note}", Role.LABEL)), 2)
    if len(found) > _MOST_CAUSES:
        yield say(f"… and {len(found) - _MOST_CAUSES} more")


def _peers(explanation: Explanation) -> Iterator[Block]:
    if not explanation.peers:
        return
    names = ", ".join(peer.name for peer in explanation.peers)
    if explanation.found:
        yield Sentence((Span("so does  ", Role.LABEL), Span(names)), 9, space_before=True)
    else:
        yield say(f"Exactly what comes out by the conventions of {names}.", Role.GOOD, space_before=True)
    if explanation.like and not explanation.agrees:
        yield Sentence((Span("  "), Span(" ".join(explanation.like), Role.NUMBER)), 2)


def _untold(explanation: Explanation) -> Iterator[Block]:
    others = explanation.others
    if not others:
        return
    words = "; ".join(each.cause.words for each in others[:_MOST_CAUSES])
    more = f"; and {len(others) - _MOST_CAUSES} more" if len(others) > _MOST_CAUSES else ""
    yield say(f"This input cannot tell whether {words}{more}: the numbers would be the same.")


def _offered(explanation: Explanation) -> Iterator[Block]:
    if explanation.probe is not None:
        yield say("An input that can tell them apart, to be computed elsewhere too:", space_before=True)
        yield say(f"input: {explanation.probe.rule}", Role.NUMBER, indent=2)
    elif explanation.unprobed:
        yield say("With this kernel no input can tell them apart: they are the same.", Role.LABEL)


def _nearest(near: Near) -> Iterator[Block]:
    yield say("No combination of known conventions gives exactly this.", Role.BAD, space_before=True)
    same, total = int(near.same.sum()), near.same.size
    flags = " ".join(dict.fromkeys(near.cause.flags))
    yield say(f"The nearest, {same:,} of {counted(total, 'cell')} equal: {near.cause.words}")
    if flags:
        yield Sentence((Span("  "), Span(flags, Role.NUMBER)), 2)
    yield say(f"The rest: {near.pattern}.")
    rows = tuple(
        (Span(", ".join(map(str, place))), Span(number_text(ours), Role.NUMBER), Span(number_text(theirs), Role.NUMBER))
        for place, ours, theirs in near.differences(_MOST_CELLS)
    )
    yield Table(("cell", "that gives", "got"), rows, ("that gives", "got"))
    if near.differing > _MOST_CELLS:
        yield say(f"… and {counted(near.differing - _MOST_CELLS, 'more cell')}")


def _notes(explanation: Explanation) -> Iterator[str]:
    given = explanation.question.given
    unknown = given.cells.size - int(given.known.sum())
    if unknown:
        yield f"{counted(unknown, 'cell')} of the matrix {'is' if unknown == 1 else 'are'} nan"
    if given.decimals:
        yield f"the matrix is compared to the {counted(given.decimals, 'decimal')} that it was given with"
    if given.is_constant and given.cells.size > 1 and not explanation.agrees:
        yield "every cell of the matrix is the same: little can be told from it"


def _data(explanation: Explanation, source: str) -> dict[str, Any]:
    question = explanation.question
    near = explanation.near
    return {
        "schema": f"convcalc.explain/{SCHEMA_VERSION}",
        "title": question.problem.labels.title,
        "source": source,
        "got_shape": list(question.given.cells.shape),
        "output_shape": list(question.problem.output_shape),
        "agrees": explanation.agrees,
        "causes": [_found_data(each) for each in explanation.found],
        "also_agree": [_found_data(each) for each in explanation.others],
        "peers": [peer.name for peer in explanation.peers],
        "like": list(explanation.like),
        "nearest": None if near is None else _near_data(near),
        "telling_input": None if explanation.probe is None else explanation.probe.rule,
        "notes": list(_notes(explanation)),
    }


def _found_data(found: Found) -> dict[str, Any]:
    changes = [
        {"aspect": str(change.aspect), "words": change.words, "flags": list(change.flags)}
        for change in found.cause.changes
    ]
    return {"changes": changes, "flags": list(dict.fromkeys(found.cause.flags)), "digits": found.note or "all"}


def _near_data(near: Near) -> dict[str, Any]:
    return {
        "words": near.cause.words,
        "flags": list(dict.fromkeys(near.cause.flags)),
        "equal": int(near.same.sum()),
        "different": near.differing,
        "pattern": near.pattern,
        "cells": [
            {"place": list(place), "expected": number_data(ours), "got": number_data(theirs)}
            for place, ours, theirs in near.differences(near.differing)
        ],
    }


def _rows(explanation: Explanation) -> Iterator[tuple[Any, ...]]:
    yield ("cause", "changes", "words", "flags")
    for number, each in enumerate(explanation.found):
        cause = each.cause
        yield (number, len(cause.changes), cause.words, " ".join(dict.fromkeys(cause.flags)))
