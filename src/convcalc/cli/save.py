"""What ``run -o FILE`` writes: arrays and pictures of the output, or the report as a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from convcalc.arrays import Array
from convcalc.cli.emit import save_document
from convcalc.cli.options import OutputOptions
from convcalc.engine.compute import Result
from convcalc.errors import OutputError
from convcalc.problem import Problem
from convcalc.report.blocks import Report


def saver(report: Report, problem: Problem, result: Result, target: OutputOptions) -> Callable[[str], tuple[str, ...]]:
    """What writes the result to a path, by its suffix."""

    def save(path: str) -> tuple[str, ...]:
        from convcalc.formats.save import ARRAY_SUFFIXES, save_array

        suffix = Path(path).suffix.lower()
        if suffix in (".json", ".yaml", ".txt"):
            return save_document(report, path, force=target.force)
        if suffix not in ARRAY_SUFFIXES:
            suffixes = ", ".join((*ARRAY_SUFFIXES, ".json", ".yaml", ".txt"))
            raise OutputError(f"no result is saved as {suffix or path!r}", hint=f"one of: {suffixes}")
        colours = problem.in_channels == problem.out_channels == 3
        if suffix == ".png":
            arrays = {"output": _picture(result)}
        else:
            arrays = {"output": result.squeezed, "input": problem.input, "weight": problem.weight}
        return save_array(path, arrays, force=target.force, rgb=colours)

    return save


def csv_of(values: Array) -> str:
    """The CSV text that ``--format csv`` prints."""
    from convcalc.formats.csv_reader import csv_text

    return csv_text(values)


def _picture(result: Result) -> Array:
    """(channels, height, width) of the first sample."""
    output: Array = result.output[0]
    if output.ndim != 3:
        raise OutputError(f"a picture has two spatial axes, the output has {output.ndim - 1}", hint="save it as .npy")
    return output
