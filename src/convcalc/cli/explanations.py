"""Explanations of cells to standard output and to files: one as a report, many as a series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.flags import flags
from convcalc.cli.options import OutputOptions
from convcalc.cli.output.answer_stream import emit_series
from convcalc.cli.output.emit import emit
from convcalc.cli.output.figures import figure_saver, wants_figure
from convcalc.errors import UsageError
from convcalc.layers.explainer import ExplainedCell, Explainer
from convcalc.layers.explainer import Place as CellPlace
from convcalc.report.trace.report import explanation_report, explanations_series

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.cli.network import Ready


class RequestedCells(NamedTuple):
    """The requested cells."""

    places: list[CellPlace]
    """Empty where every cell is requested."""
    sample: int | None
    """The only one; None: all of them."""

    @property
    def number(self) -> int:
        """How many there are, or 0 where every cell is requested."""
        return len(self.places)

    @classmethod
    def of(
        cls, found: Ready, texts: list[str] | None, channel: int | None, sample: int | None, *, every: bool
    ) -> RequestedCells:
        """The cells that ``--pos``, ``--channel`` and ``--batch`` name.

        Raises:
            UsageError: there is no position and not ``--all`` either, or one is not a list of whole numbers.
            GeometryError: there is no such cell.
        """
        from convcalc.cli.named_cells import cell_of

        if not texts and not every and found.network.is_convolution:
            raise UsageError("trace needs a position", hint="--pos 1,1 for row 1, column 1, or --all")
        if texts and every:
            raise UsageError("--pos and --all exclude each other", hint="leave one of them out")
        if every:
            return cls([], sample)
        with flags():
            named: list[str] | list[None] = texts or [None]
            cells = [cell_of(found, found.number, text, channel, sample or 0) for text in named]
        return cls([CellPlace(sample or 0, cell) for cell in cells], sample or 0)


def explainer_of(found: Ready, requested: RequestedCells, depth: int) -> Explainer:
    """The explainer of the requested layer; raises as :class:`Explainer` does."""
    if requested.sample is not None:
        found.sample(requested.sample)
    return Explainer(found.network, found.cells, found.number, found.context, depth, sample=requested.sample)


def outputs_shown(found: Ready, explainer: Explainer, *, quiet: bool) -> Mapping[int, Array]:
    """The outputs that the explanations need; a bar shows the progress, if they take long."""
    from convcalc.cli.progress import watched

    with watched(found, quiet=quiet) as (context, done):
        return explainer.computed(context, done)


def emit_one(explained: ExplainedCell, target: OutputOptions, *, curves: bool = False) -> None:
    """Print and save one explanation; ``curves``: with those of the input."""
    report = explanation_report(explained, curves=curves)
    if not wants_figure(target):
        emit(report, target)
        return
    from convcalc.report.trace.report import explanation_figure

    emit(report, target, save=figure_saver(lambda: explanation_figure(explained, curves=curves), target))


def emit_all(
    explainer: Explainer, explained: Iterable[ExplainedCell], target: OutputOptions, *, curves: bool = False
) -> None:
    """Print explanations one after the other, or save them, without holding more than one."""
    emit_series(explanations_series(explainer, curves=curves), explained, target)
