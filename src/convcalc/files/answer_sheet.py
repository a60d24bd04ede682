"""Answers of many students, read from CSV or YAML: a row a student, a column a question, and which questions these are.

A CSV says that in comments above its header (``# seed: 3``), a YAML file in keys beside ``answers``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from convcalc.errors import DataError, FormatError, LimitError, Place
from convcalc.files.text import STANDARD_INPUT, STANDARD_INPUT_NAME, decode, place_on_line, read_bytes, shown
from convcalc.files.yaml_reader import Node, parse, place
from convcalc.limits import Limits
from convcalc.wording import counted

FIELDS = ("problem", "seed", "count", "kind", "level", "layer", "questions")
"""What a sheet may say about its questions."""
BUILT_IN = "built-in"
"""The problem that is no file."""

_COMMENT = re.compile(r"\s*#\s*(?:([a-z]+)\s*:\s*(.*))?")
_QUESTION = re.compile(r"(?i)\s*(?:q|question)?\s*#?\s*([0-9]{1,6})\b.*", re.DOTALL)
_STUDENT = ("student", "students", "name", "names", "id")
_DELIMITERS = (";", "\t", ",")


@dataclass(frozen=True)
class AnswerSheet:
    """The answers of many students to some questions, as they were written."""

    source: str
    settings: Mapping[str, str]
    """What it says about its questions, by the names of :data:`FIELDS`."""
    students: Sequence[tuple[str, Mapping[int, str]]]
    """Each with the answers by the question's number."""
    places: Mapping[int, Place]
    """Where the questions are named, by their number."""

    def listed(self, name: str) -> list[str]:
        """The words of a setting with commas."""
        return [word.strip() for word in self.settings.get(name, "").split(",") if word.strip()]

    def whole(self, name: str) -> int | None:
        """A setting that is a whole number.

        Raises:
            FormatError: it is none.
        """
        text = self.settings.get(name, "")
        if text and not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise FormatError(f"{name} is {shown(text)}, no whole number", place=Place(self.source))
        return int(text) if text else None

    def check(self, count: int) -> None:
        """Refuse answers to more questions than there are.

        Raises:
            FormatError: there are some.
        """
        for number in sorted(self.places):
            if not 1 <= number <= count:
                raise FormatError(
                    f"there is no question {number}: there are {count}",
                    hint="--count says how many were asked",
                    place=self.places[number],
                )


def read_answers(path: str, limits: Limits) -> AnswerSheet:
    """The answer sheet of a CSV or YAML file, or of standard input.

    Raises:
        DataError: it cannot be read, or is no answer sheet.
        LimitError: it is larger than the limits allow.
    """
    source = STANDARD_INPUT_NAME if path == STANDARD_INPUT else path
    text = decode(read_bytes(path, limits.file), source)
    suffix = Path(path).suffix.lower()
    is_yaml = suffix in (".yaml", ".yml", ".json") or (suffix not in (".csv", ".tsv") and _looks_like_yaml(text))
    return _of_yaml(text, source, limits) if is_yaml else _of_csv(text, source, limits)


def _looks_like_yaml(text: str) -> bool:
    return bool(re.search(r"(?m)^(?:\{|answers:)", text))


# CSV -----------------------------------------------------------------------------------------------------------------


def _of_csv(text: str, source: str, limits: Limits) -> AnswerSheet:
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip() and not _COMMENT.match(line)), len(lines))
    settings = _said(lines[:first])
    records = _records("\n".join(lines[first:]), source, first)
    if not records:
        raise FormatError("no header and no answers", hint=_HEADER_HINT, place=Place(source))
    (line, header), *rows = records
    numbers = _numbers(header, source, text, line)
    if len(rows) * len(header) > limits.values:
        raise LimitError(
            f"{source}: more than {limits.values:,} answers",
            hint=f"raise it with --limit values={limits.values * 4}",
        )
    students = [_student(cells, numbers, source, text, at) for at, cells in rows if any(cells)]
    at = {number: place_on_line(source, text, line) for number in numbers}
    return AnswerSheet(source, settings, students, at)


_HEADER_HINT = "a header names the columns: student,1,2,3; convcalc quiz --format csv prints one"


def _said(lines: Sequence[str]) -> dict[str, str]:
    """The settings in comments; other comments are what they are."""
    found = (_COMMENT.match(line) for line in lines)
    named = {each[1]: each[2].strip(" ,;\t") for each in found if each and each[1]}
    return {name: value for name, value in named.items() if name in FIELDS}


def _records(text: str, source: str, above: int) -> list[tuple[int, list[str]]]:
    """The rows with the line in the file that each ends on."""
    header = text.split("\n", 1)[0]
    delimiter = next((sign for sign in _DELIMITERS if sign in header), ",")
    reader = csv.reader((f"{line}\n" for line in text.split("\n")), delimiter=delimiter, strict=True)
    try:
        return [(above + reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells]
    except csv.Error:
        line = above + reader.line_num
        raise FormatError(
            f"row {line}: a quote that is not closed, or text after one", place=Place(source, line)
        ) from None


def _numbers(header: Sequence[str], source: str, text: str, line: int) -> list[int]:
    """The question of each column after the first."""
    at = place_on_line(source, text, line)
    if header[0].lower() not in _STUDENT:
        raise FormatError(f"the first column is {shown(header[0])}, not the students", hint=_HEADER_HINT, place=at)
    found: list[int] = []
    for column, name in enumerate(header[1:], start=2):
        named = _QUESTION.fullmatch(name)
        if named is None:
            raise FormatError(f"column {column} is {shown(name)}, no number of a question", hint=_HEADER_HINT, place=at)
        if int(named[1]) in found:
            raise FormatError(f"question {named[1]} has two columns", place=at)
        found.append(int(named[1]))
    return found


def _student(
    cells: Sequence[str], numbers: Sequence[int], source: str, text: str, line: int
) -> tuple[str, Mapping[int, str]]:
    name, *answers = cells
    if any(answers[len(numbers) :]):
        raise FormatError(
            f"row {line} has {counted(len(cells), 'cell')}, the header {len(numbers) + 1}",
            hint='an answer with a comma stands in quotes: "1:4, 0:3"',
            place=place_on_line(source, text, line),
        )
    return name, dict(zip(numbers, answers, strict=False))


# YAML ----------------------------------------------------------------------------------------------------------------


def _of_yaml(text: str, source: str, limits: Limits) -> AnswerSheet:
    document = parse(text, source, limits)
    if not isinstance(document, dict) or "answers" not in document:
        raise FormatError(
            "no answers", hint="answers: {Ada: ['1:4, 1:4', 9], Bob: …}, a list for each student", place=Place(source)
        )
    for name in document:
        if name not in (*FIELDS, "answers"):
            at = place(source, text, (name,), key=True)
            raise FormatError(f"unknown field {name!r}", hint=f"one of: {', '.join((*FIELDS, 'answers'))}", place=at)
    settings = {name: _words(document[name]) for name in FIELDS if name in document}
    given = document["answers"]
    if not isinstance(given, dict):
        raise FormatError(
            "answers must be a mapping",
            hint="answers: {Ada: [9, 27], Bob: [10, 27]}",
            place=place(source, text, ("answers",)),
        )
    places: dict[int, Place] = {}
    students: list[tuple[str, Mapping[int, str]]] = []
    for name, answers in given.items():
        at = place(source, text, ("answers", name), key=True)
        found = _answers(answers, at)
        students.append((name, found))
        for number in found:
            places.setdefault(number, at)
    return AnswerSheet(source, settings, students, places)


def _answers(node: Node, at: Place) -> dict[int, str]:
    """The answers of a student by the question's number: a list of them all, or a mapping."""
    if isinstance(node, list):
        return {number: _words(each) for number, each in enumerate(node, start=1)}
    if not isinstance(node, dict):
        raise DataError("a student's answers are a list, or a mapping by the question's number", place=at)
    found: dict[int, str] = {}
    for name, each in node.items():
        named = _QUESTION.fullmatch(name)
        if named is None:
            raise FormatError(f"{shown(name)} is no number of a question", place=at)
        found[int(named[1])] = _words(each)
    return found


def _words(node: Node) -> str:
    """A value as it would be written in a cell; a list with commas."""
    if isinstance(node, dict):
        return ", ".join(f"{name} {_words(each)}" for name, each in node.items())
    if isinstance(node, list):
        return ", ".join(map(_words, node))
    return str(node)
