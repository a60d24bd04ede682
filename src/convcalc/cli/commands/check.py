"""``convcalc check``: compare the output of files with what they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

from convcalc.cli import options as opt
from convcalc.cli.command_options import Files
from convcalc.cli.input_options import Like
from convcalc.cli.option_groups import command, computing
from convcalc.cli.quiz_options import Answers, QuizOptions
from convcalc.errors import ConvcalcError, UsageError
from convcalc.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from convcalc.arrays import Array
    from convcalc.context import Context
    from convcalc.layers.network import Network
    from convcalc.report.check import Checked

_SUFFIXES = (".yaml", ".yml", ".json")
_MOST_BYTES = 1 << 26  # of a file's text, as far as it is looked through


@command
@computing
def check(
    target: opt.OutputOptions,
    wanted: QuizOptions,
    files: Files = None,
    precision: opt.Precision = "full",
    threads: opt.Threads = None,
    folders: opt.Folders = None,
    limit: opt.LimitChanges = None,
    answers: Answers = None,
    layer: opt.Layer = None,
    like: Like = None,
) -> None:
    """Run each file and compare the output with its field expect; every differing cell is shown.

    With --answers: mark what students answered to the questions of quiz, with the mistakes that they made.
    """
    from dataclasses import replace
    from pathlib import Path

    from convcalc.cli.flags import context_of
    from convcalc.cli.message import write
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.report.check import check_report

    check_output(target)
    if answers is None:
        _check_no_questions(wanted, layer)
    context = context_of(limit, folders or ())._replace(precision=precision, threads=threads)
    if answers is not None:
        if like is not None:
            raise UsageError("--like goes with files that expect something, not with answers", hint="leave it out")
        from convcalc.cli.marked_answers import mark_answers

        mark_answers(answers, files or (), wanted, layer, context, target)
        return
    checker = Checker(context, target.quiet, like)
    found = files_of(files or [])
    checked = [checker.checked(file) for file in found.files]
    if not files:  # where the shipped ones lie is of no interest
        checked = [replace(each, file=Path(each.file).name) for each in checked]
    emit(check_report(checked, found.notes), target)
    for each in checked if target.quiet else ():
        if each.error:
            write(f"error: {each.error}")
    if any(each.verdict != "ok" for each in checked):
        raise typer.Exit(1)


def _check_no_questions(wanted: QuizOptions, layer: str | None) -> None:
    """Refuse what says which questions were asked where there are no answers.

    Raises:
        UsageError: it is said.
    """
    names = {"--count": wanted.most, "--kind": wanted.kind, "--level": wanted.levels, "--seed": wanted.seed}
    for flag, value in (names | {"--layer": layer}).items():
        if value not in (None, []):
            raise UsageError(f"{flag} says which questions were asked, and there are no answers", hint="--answers FILE")


class Found(NamedTuple):
    """The files that are checked, and notes on those of folders that are not."""

    files: list[str]
    notes: tuple[str, ...] = ()


def files_of(named: list[str]) -> Found:
    """The named files, those of named folders that expect something, or the shipped examples.

    Raises:
        UsageError: no file of a folder expects anything.
    """
    from pathlib import Path

    from convcalc.request.examples import example_paths

    if not named:
        return Found([str(path) for path in example_paths()])
    files: list[str] = []
    notes: list[str] = []
    for name in named:
        if not Path(name).is_dir():
            files.append(name)
            continue
        paths = sorted(path for path in Path(name).iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
        kept = [str(path) for path in paths if _may_expect(path)]
        if not kept:
            raise UsageError(f"no file of the folder {name} has the field expect", hint="name the files themselves")
        files += kept
        if len(kept) < len(paths):
            notes.append(f"{counted(len(paths) - len(kept), 'file')} of {name} without expect left out")
    return Found(files, tuple(notes))


def _may_expect(path: Path) -> bool:
    """Whether the text of a file has the word; one that cannot be read is checked, which says why."""
    try:
        with path.open("rb") as stream:
            return b"expect" in stream.read(_MOST_BYTES)
    except OSError:
        return True


class Checker(NamedTuple):
    """Compares one file after the other."""

    context: Context
    quiet: bool
    like: str | None = None
    """The function of another program that every file is computed as."""

    def checked(self, file: str) -> Checked:
        """The verdict on a file; only errors of flags, which are not the file's, are raised."""
        from convcalc.report.check import Checked

        try:
            return self.verdict(file)
        except ConvcalcError as error:
            if error.place and error.place.is_flag:
                raise
            return Checked(file, error=str(error))

    def verdict(self, file: str) -> Checked:
        """The verdict on a file that can be computed: its facts, and its output where the file expects one.

        Raises:
            ConvcalcError: it cannot.
        """
        from convcalc.cli.expectations import compared
        from convcalc.request.request import read_request
        from convcalc.request.resolve import resolve

        request = read_request(file, self.context).override(like=self.like)
        network = resolve(request, self.context)
        return compared(file, request, network, lambda: self._output(network), self.context)

    def _output(self, network: Network) -> Array:
        from convcalc.cli.network import Ready, settled
        from convcalc.cli.progress import run_shown

        context = settled(self.context, network)
        found = Ready(network, network.input(), len(network.stages) - 1, context)
        return run_shown(found, quiet=self.quiet).output
