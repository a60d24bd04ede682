"""Questions from the command line: drawn from its network, and the sheet that takes the answers of many students."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.flags import flags
from convcalc.cli.output.emit import save_document
from convcalc.errors import UsageError
from convcalc.quiz.questions import Choice, Quiz, draw
from convcalc.quiz.subjects import subjects_of

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions, ProblemOptions
    from convcalc.cli.quiz_options import QuizOptions
    from convcalc.context import Context
    from convcalc.layers.network import Network
    from convcalc.report.blocks import Report

_FEW = 10  # questions, if it is not said how many


def drawn(
    network: Network,
    context: Context,
    wanted: QuizOptions,
    layer: str | None = None,
    *,
    is_new: bool = False,
    flag: str = "",
) -> Quiz:
    """The questions of the flags; ``is_new``: others every time, ``flag``: the one that says how many.

    Raises:
        ConvcalcError: a flag is bad, or nothing can be asked.
    """
    from convcalc.cli.network import number_of

    number = None if layer is None else number_of(network, layer)
    if network.tensor is not None:
        network = network.as_problem(context)
    seed = _new_seed() if is_new else wanted.seed or 0
    with flags(flag):
        choice = Choice(_FEW if wanted.most is None else wanted.most, wanted.kind or (), wanted.levels or (), seed)
        return draw(subjects_of(network, context, number), choice)


def _new_seed() -> int:
    from secrets import randbelow

    return randbelow(10_000)


def answer_sheet_lines(quiz: Quiz, problem: str | None, layer: str | None) -> list[str]:
    """A CSV file to be filled in: which questions it is about, and a header."""
    from convcalc.files.answer_sheet import BUILT_IN
    from convcalc.files.csv_writer import csv_lines
    from convcalc.wording import safe_text

    choice = quiz.choice
    said: dict[str, str] = {
        "problem": safe_text(problem or BUILT_IN),
        "seed": str(choice.seed),
        "count": str(choice.most),
        "kind": ", ".join(choice.kinds),
        "level": ", ".join(map(str, choice.levels)),
        "layer": safe_text(layer or ""),
        "questions": quiz.mark,
    }
    header: Sequence[str] = ("student", *(f"{each.number} {each.kind.name}" for each in quiz.questions))
    return [*(f"# {name}: {value}\n" for name, value in said.items() if value), *csv_lines([header])]


_ALIKE = frozenset({"file", "engine", "precision", "threads", "limit", "kernels"})


def check_sheet_tells_all(options: ProblemOptions, network_input: str | None) -> None:
    """Refuse an answer sheet of questions that ``check --answers``, which has the file alone, could not ask again.

    Raises:
        UsageError: a flag changes the problem.
    """
    from convcalc.cli.option_groups import flat_options
    from convcalc.cli.options import ProblemOptions as Usual

    usual = flat_options(Usual())
    given = {name for name, value in flat_options(options).items() if value != usual[name] and name not in _ALIKE}
    given |= {"input"} if network_input is not None else set()
    if given:
        flag = f"--{min(given).replace('_', '-')}"
        raise UsageError(
            f"an answer sheet names the file of its questions, which {flag} changes: check --answers could not mark it",
            hint="write what the flags say into a problem file",
        )


def sheet_saver(
    report: Report, target: OutputOptions, lines: Callable[[], list[str]]
) -> Callable[[str], tuple[str, ...]]:
    """A function that writes the worksheet to a path, as CSV the sheet for the answers."""

    def save(path: str) -> tuple[str, ...]:
        if Path(path).suffix.lower() != ".csv":
            return save_document(report, path, force=target.force)
        from convcalc.files.whole_file import write_lines

        write_lines(path, lines(), force=target.force)
        return ("one row a student; check --answers marks it",)

    return save
