"""What ``run -o FILE`` writes: arrays and pictures of the output, or the report as a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.emit import save_document
from convcalc.cli.figures import FIGURE_SUFFIX, figure_saver, wants_figure
from convcalc.cli.options import OutputOptions
from convcalc.cli.pages import SAVED
from convcalc.report.blocks import Report

if TYPE_CHECKING:
    from convcalc.engine.compute import Result
    from convcalc.problem import Problem

_ARRAYS = (".npy", ".npz", ".csv", ".png")
RESULT_SUFFIXES = (*_ARRAYS, FIGURE_SUFFIX, *(suffix for suffix in SAVED if suffix not in _ARRAYS))


def saver(
    report: Report, problem: Problem, result: Result, target: OutputOptions, rule: str = "auto"
) -> Callable[[str], tuple[str, ...]]:
    """What writes the result to a path, by its suffix; ``rule``: which value becomes which level of a picture."""
    if wants_figure(target):
        from convcalc.report.run_figure import run_figure

        return figure_saver(lambda: run_figure(problem, result.output), target)

    def save(path: str) -> tuple[str, ...]:
        if Path(path).suffix.lower() not in _ARRAYS:
            return save_document(report, path, force=target.force)
        from convcalc.formats.save import save_result

        return save_result(path, problem, result, force=target.force, rule=rule)

    return save
