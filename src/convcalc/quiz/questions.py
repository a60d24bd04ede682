"""Questions drawn with a seed; each knows its right answer and what every mistake would give, computed on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

from convcalc.errors import ConvcalcError, FieldError, UnknownNameError
from convcalc.numerals import is_finite
from convcalc.quiz.forms import same_values, without
from convcalc.quiz.kind import Kind
from convcalc.quiz.kinds import KINDS, LEVELS
from convcalc.quiz.layer_subject import LayerAsked, LayerSubject
from convcalc.quiz.mistakes import MISTAKES
from convcalc.quiz.subject import Asked, Subject
from convcalc.wording import counted

MOST_QUESTIONS = 1000
_Any = Asked | LayerAsked
_Subjects = Mapping[bool, Sequence[Subject | LayerSubject]]
_TRIES = 20  # of drawing a question that was not drawn before


class Wrong(NamedTuple):
    """What some mistakes give, all the same: an answer that is not right."""

    value: Any
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Question:
    """One question about one convolution, or about another layer."""

    number: int
    """Counted from 1."""
    kind: Kind
    asked: Asked | LayerAsked

    @cached_property
    def text(self) -> str:
        """What is asked."""
        return self.kind.asks(self.asked)

    @cached_property
    def right(self) -> Any:
        """The right answer; a range of whole numbers where each of them is right."""
        return self.kind.answer(self.asked)

    @cached_property
    def slack(self) -> float:
        """How far a float may be off."""
        return self.kind.slack(self.asked)

    @property
    def rank(self) -> int:
        """Spatial axes."""
        return self.asked.subject.rank

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """The mistakes that give the right answer here, and no other."""
        telling = {words for wrong in self.wrong for words in wrong.words}
        words = (words for words, value in self._made if same_values(self.right, value, self.slack))
        return tuple(dict.fromkeys(each for each in words if each not in telling))

    @cached_property
    def wrong(self) -> tuple[Wrong, ...]:
        """What the mistakes give, one entry for each answer that is not right."""
        found: list[Wrong] = []
        seen = ((words, value) for words, value in self._made if not same_values(self.right, value, self.slack))
        for words, made in seen:
            value = without(made, self.right)
            at = next((n for n, each in enumerate(found) if same_values(each.value, value, self.slack)), None)
            if at is None:
                found.append(Wrong(value, (words,)))
            elif words not in found[at].words:
                found[at] = found[at]._replace(words=(*found[at].words, words))
        return tuple(found)

    @cached_property
    def _made(self) -> list[tuple[str, Any]]:
        """Every mistake in words, with the answer that it gives."""
        changes = (self._changes(name) for name in self.kind.mistakes)
        found = [each for made in changes for each in made]
        found += ((slip.words, slip.value) for slip in self.kind.slips(self.asked, self.right))
        return [(words, value) for words, value in found if not isinstance(value, float) or is_finite(value)]

    def _changes(self, name: str) -> Iterator[tuple[str, Any]]:
        """The answers of a mistake; none where its kernel would not fit, or its cell is not there."""
        assert isinstance(self.asked, Asked)  # mistakes with convolutions; those with other layers are slips
        with suppress(ConvcalcError):
            for changed in MISTAKES[name].made(self.asked):
                with suppress(ConvcalcError):
                    yield changed.words, self.kind.answer(changed.asked)


class Choice(NamedTuple):
    """Which questions are drawn, and how many."""

    most: int = 10
    kinds: Sequence[str] = ()
    """Empty: all of them."""
    levels: Sequence[int] = ()
    seed: int = 0

    def rows(self) -> list[Kind]:
        """The chosen rows of the table of questions.

        Raises:
            FieldError: the count is no number of questions, or no kind has such a level.
            UnknownNameError: there is no such kind.
        """
        if not 1 <= self.most <= MOST_QUESTIONS:
            asked = "there is no key without questions" if self.most == 0 else f"{self.most:,} questions"
            raise FieldError(asked, hint=f"1 to {MOST_QUESTIONS:,}", field="count")
        for name in self.kinds:
            if name not in KINDS:
                raise UnknownNameError("kind of question", name, KINDS, field="kind")
        for level in self.levels:
            if level not in LEVELS:
                raise FieldError(f"there is no level {level}", hint=f"{LEVELS[0]} to {LEVELS[-1]}", field="level")
        rows = [kind for kind in KINDS.values() if not self.kinds or set(kind.asked_for) & set(self.kinds)]
        found = [kind for kind in rows if not self.levels or kind.level in self.levels]
        if not found:
            levels = {f"{kind.name} has level {kind.level}": None for kind in rows}
            raise FieldError("no kind of question has both", hint=", ".join(levels), field="level")
        return found


class Quiz(NamedTuple):
    """The questions that were drawn, and how."""

    questions: tuple[Question, ...]
    choice: Choice

    @property
    def mark(self) -> str:
        """A mark that tells these questions from others: eight hexadecimal digits."""
        text = "\n".join(f"{each.text} {each.right!r}" for each in self.questions)
        return f"{crc32(text.encode('utf-8', 'backslashreplace')):08x}"


def draw(subjects: Sequence[Subject | LayerSubject], choice: Choice) -> Quiz:
    """Questions about layers, of the chosen kinds in turn, easier ones first; fewer if there are no more.

    Raises:
        FieldError: none can be asked here, or the choice is bad.
        UnknownNameError: there is no such kind.
    """
    rows, random = choice.rows(), Random(choice.seed)
    about: dict[bool, list[Subject | LayerSubject]] = {False: [], True: []}
    for each in subjects:
        about[isinstance(each, LayerSubject)].append(each)
    found = _drawn(about, [row for row in rows if about[row.of_layers]], choice.most, random)
    if not found:
        kinds = choice.kinds or [kind.name for kind in rows]
        raise FieldError(
            f"no question of {'this kind' if len(kinds) == 1 else 'these kinds'} can be asked here: {', '.join(kinds)}",
            hint="cell and shared need numbers, planes and shared several channels, field several layers",
            field="kind",
        )
    found.sort(key=lambda each: each[0].level)
    questions = (Question(number, kind, asked) for number, (kind, asked) in enumerate(found, start=1))
    return Quiz(tuple(questions), choice)


def _drawn(subjects: _Subjects, rows: list[Kind], count: int, random: Random) -> list[tuple[Kind, _Any]]:
    found: list[tuple[Kind, _Any]] = []
    seen: set[tuple[str, int, Any]] = set()
    order = [rows.pop(random.randrange(len(rows))) for _ in range(len(rows))]
    while order and len(found) < count:
        kind = order.pop(0)
        fresh = _fresh(subjects[kind.of_layers], kind, seen, random)
        if fresh is not None:
            found.append((kind, fresh))
            order.append(kind)
    return found


def _fresh(subjects: Sequence[Any], kind: Kind, seen: set[tuple[str, int, Any]], random: Random) -> _Any | None:
    """A question of a kind that was not drawn before; None: none was found."""
    for _ in range(_TRIES):
        number = random.randrange(len(subjects))
        spot = kind.draw(subjects[number], random)
        if spot is not None and (kind.name, number, spot) not in seen:
            seen.add((kind.name, number, spot))
            return (LayerAsked if kind.of_layers else Asked)(subjects[number], spot)
    return None


def few_text(quiz: Quiz) -> str:
    """A note where there are fewer questions than were asked for; otherwise empty."""
    if len(quiz.questions) == quiz.choice.most:
        return ""
    return f"only {counted(len(quiz.questions), 'different question')} of the chosen kinds can be asked here"
