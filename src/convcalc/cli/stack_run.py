"""``run`` on a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrays import Array, squeezed
from convcalc.cli.emit import check_output, emit, save_document
from convcalc.cli.pages import SAVED
from convcalc.cli.stack import Subject, number_of, subject_of
from convcalc.errors import OutputError
from convcalc.formats.csv_reader import csv_text
from convcalc.formats.save import ARRAY_SUFFIXES, OUTPUT, picture_of, save_array
from convcalc.report.stack_run import NetworkRun, Ran, stack_run_report

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions, ProblemOptions
    from convcalc.cli.source import Opened
    from convcalc.engine.plan import Plan
    from convcalc.report.blocks import Maps, Report

_SUFFIXES = (*ARRAY_SUFFIXES, *(suffix for suffix in SAVED if suffix not in ARRAY_SUFFIXES))
_COLOURS = 3


class RunWishes(NamedTuple):
    """What is to be done with the layers' outputs."""

    layer: str | None
    keep: bool
    input_text: str | None
    explain: bool
    maps: Maps | None
    rule: str


def run_network(found: Opened, options: ProblemOptions, target: OutputOptions, wishes: RunWishes) -> None:
    """Compute a network layer by layer, and show and save what comes out.

    Raises:
        ConvcalcError: a file or a flag is bad, or a layer cannot be computed.
    """
    check_output(target, _SUFFIXES)
    _check_kept(target, wishes.keep)
    plans: list[Plan] = []
    subject = subject_of(found, options, wishes.input_text, plans.append)
    run = computed(subject, number_of(subject.stack, wishes.layer), plans, keep=wishes.keep, quiet=target.quiet)
    report = stack_run_report(run, explain=wishes.explain, maps=wishes.maps)
    save = _saver(report, run, target, wishes)
    emit(report, target, save=save, csv=lambda: csv_text(squeezed(run.output)))


def computed(subject: Subject, last: int, plans: list[Plan], *, keep: bool, quiet: bool) -> NetworkRun:
    """The network up to a layer; ``plans`` grows with every convolution."""
    from convcalc.cli.progress import layers_shown

    rows, kept = [], {}
    stack = subject.stack
    work = {number: stack.stages[number].layer.work.macs * len(subject.cells) for number in stack.needed(last)}
    with layers_shown(work, quiet=quiet) as done:
        for number, output in stack.outputs(subject.cells, subject.how, [last]):
            rows.append(Ran.of(number, output, [plan.engine for plan in plans]))
            plans.clear()
            if keep or number == last:
                kept[number] = output
            done(number)
    notes = (*subject.tensor.notes, *subject.network.notes)
    return NetworkRun(stack, subject.network.input_name or "input", tuple(rows), kept, notes)


def _check_kept(target: OutputOptions, keep: bool) -> None:
    """Refuse to save every layer's output in a file that holds one array."""
    suffix = Path(target.output or "").suffix.lower()
    if keep and suffix in ARRAY_SUFFIXES and suffix != ".npz":
        raise OutputError(
            f"{target.output} holds one array, --keep has one for each layer",
            hint="-o layers.npz, or without --keep the output alone",
        )


def _saver(
    report: Report, run: NetworkRun, target: OutputOptions, wishes: RunWishes
) -> Callable[[str], tuple[str, ...]]:
    def save(path: str) -> tuple[str, ...]:
        suffix = Path(path).suffix.lower()
        if suffix not in ARRAY_SUFFIXES:
            return save_document(report, path, force=target.force)
        if suffix == ".png":
            colours = run.output.shape[1] == run.stack.input_shape[0] == _COLOURS
            picture = {OUTPUT: picture_of(run.output)}
            return save_array(path, picture, force=target.force, rgb=colours, rule=wishes.rule)
        return save_array(path, _arrays(run, keep=wishes.keep), force=target.force)

    return save


def _arrays(run: NetworkRun, *, keep: bool) -> dict[str, Array]:
    """The output, or every layer's under its name."""
    if not keep:
        return {OUTPUT: squeezed(run.output)}
    names = _members([run.stack.stages[number].name for number in run.kept])
    return {name: squeezed(output) for name, output in zip(names, run.kept.values(), strict=True)}


def _members(names: Sequence[str]) -> list[str]:
    """Layers' names as those of files in an archive: different ones, which no program shall take for a path or obey."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^\w.+-]+", ".", name).strip(".") or "layer"
        number = 2
        member = plain
        while member in found:
            member, number = f"{plain}-{number}", number + 1
        found.append(member)
    return found
