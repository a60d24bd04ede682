"""``convcalc page``: an interactive page of a convolution or a network, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcalc.cli.command_options import PageOptions
from convcalc.cli.option_groups import command, computing
from convcalc.cli.options import Layer, NetworkInput, ProblemOptions

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.layers.run import NetworkRun
    from convcalc.report.blocks import Block


@command
@computing
def page(
    options: ProblemOptions,
    target: PageOptions,
    layer: Layer = None,
    input: NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Write a page for the browser that computes by itself: pick a cell, play, edit numbers, change kernel and stride.

    One file that needs no network and allows none; keys, screen readers, phones and printers are provided for. Its
    address remembers what is shown.
    """
    from convcalc.cli.network import ready
    from convcalc.cli.page_target import check_page, deliver
    from convcalc.cli.page_view import picked_cell, viewed
    from convcalc.cli.progress import run_shown
    from convcalc.page.data import page_data
    from convcalc.page.document import document, fragment

    check_page(target)
    found = viewed(ready(options, layer, input), target)
    picked = picked_cell(found, target)
    library = found.context.library
    data = page_data(found.network, found.cells[0], picked, library.kernels() if library else ())
    if target.questions:
        data["questions"] = _questions(found, target)
    run = run_shown(found, quiet=target.quiet)
    blocks = _report(run, options.precision)
    text = fragment(data, blocks) if target.embed else document(data, blocks, found.network.title)
    deliver(text, target)


def _questions(found: Ready, target: PageOptions) -> list[dict[str, Any]]:
    from convcalc.cli.questions import drawn
    from convcalc.cli.quiz_options import QuizOptions
    from convcalc.page.questions import questions_data

    wanted = QuizOptions(target.questions, seed=target.seed)
    return questions_data(drawn(found.network, found.context, wanted, flag="--questions"))


def _report(run: NetworkRun, precision: str) -> Sequence[Block]:
    from convcalc.report.run.report import run_report

    return run_report(run, precision).blocks
