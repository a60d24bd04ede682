"""The report of a diagnosis: versions, extras, the machine, limits, and the checked examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from convcalc.diagnosis import Finding, Section
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, say
from convcalc.report.check import Checked, difference_texts
from convcalc.wording import counted


class Diagnosis(NamedTuple):
    """All findings of a diagnosis."""

    sections: tuple[Section, ...]
    examples: tuple[Checked, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    """Examples that need an extra which is not installed, each with its requirement."""

    @property
    def is_well(self) -> bool:
        """Whether nothing is broken."""
        return not self.faults

    @property
    def failed(self) -> tuple[Checked, ...]:
        """The examples with errors or differences."""
        return tuple(each for each in self.examples if each.verdict != "ok")

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that is broken, in words."""
        things = [f"{each.name} {each.found}: {each.remark}" for section in self.sections for each in section.faults]
        return (*things, *(f"{each.file}: {line}" for each in self.failed for line in _faults(each)))


def doctor_report(found: Diagnosis) -> Report:
    """Everything found, what is broken marked, and a verdict."""
    return Report(
        blocks=tuple(_blocks(found)),
        data=lambda: _data(found),
        rows=lambda: _rows(found),
    )


def _blocks(found: Diagnosis) -> Iterator[Block]:
    margin = 2 + max(len(each.name) for section in found.sections for each in section.findings)
    for section in found.sections:
        yield say(section.title, Role.TITLE, space_before=section is not found.sections[0])
        yield from (_line(each, margin) for each in section.findings)
    yield say("examples", Role.TITLE, space_before=True)
    yield from _examples(found)
    count = sum(len(section.faults) for section in found.sections) + len(found.failed)
    verdict = "all is well" if found.is_well else f"{counted(count, 'thing')} {'is' if count == 1 else 'are'} broken"
    yield say(verdict, Role.GOOD if found.is_well else Role.BAD, space_before=True)


def _line(each: Finding, margin: int) -> Sentence:
    name = Span(f"{each.name:<{margin}}", Role.LABEL)
    remark = Span(f"   broken: {each.remark}", Role.BAD) if each.is_fault else Span(f"   {each.remark}", Role.LABEL)
    return Sentence((name, Span(each.found), *([remark] if each.remark else [])), indent=margin)


def _examples(found: Diagnosis) -> Iterator[Sentence]:
    if not found.examples and not found.left_out:
        yield say("not run: they need what is broken above", Role.LABEL)
        return
    good = len(found.examples) - len(found.failed)
    yield say(f"{good} of {counted(len(found.examples), 'example')} ok", Role.BAD if found.failed else Role.GOOD)
    for each in found.failed:
        for line in _faults(each):
            yield say(f"{each.file}: {line}", Role.BAD, indent=2)
    for file, needed in found.left_out:
        yield say(f"{file} left out: {needed}", Role.LABEL, indent=2)


def _faults(each: Checked) -> Sequence[str]:
    """The error or differences of an example."""
    return [each.error] if each.error else [*difference_texts(each)]


def _data(found: Diagnosis) -> dict[str, Any]:
    return {
        "schema": f"convcalc.doctor/{SCHEMA_VERSION}",
        "ok": found.is_well,
        "sections": {section.title: [each._asdict() for each in section.findings] for section in found.sections},
        "examples": [
            {
                "file": each.file,
                "verdict": each.verdict,
                "faults": list(_faults(each)) if each in found.failed else [],
            }
            for each in found.examples
        ],
        "left_out": [{"file": file, "reason": reason} for file, reason in found.left_out],
    }


def _rows(found: Diagnosis) -> Iterator[Sequence[Any]]:
    yield ("section", "what", "found", "remark", "is_fault")
    for section in found.sections:
        yield from ((section.title, *each) for each in section.findings)
    for each in found.examples:
        is_fault = each in found.failed
        yield ("examples", each.file, each.verdict, "; ".join(_faults(each)) if is_fault else "", is_fault)
    for file, reason in found.left_out:
        yield ("examples", file, "left out", reason, False)
