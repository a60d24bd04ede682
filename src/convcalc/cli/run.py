"""``convcalc run``: compute a problem and show input, kernel and output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.grouped import command
from convcalc.cli.options import Explain, Keep, Layer, MapRule, NetworkInput, OutputOptions, ProblemOptions, Show

if TYPE_CHECKING:
    from convcalc.cli.source import Opened
    from convcalc.report.blocks import Maps


@command
def run(
    options: ProblemOptions,
    target: OutputOptions,
    explain: Explain = False,
    show: Show = False,
    map_rule: MapRule = "auto",
    layer: Layer = None,
    keep: Keep = False,
    input: NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Compute a convolution or a network and show what was computed: sizes, input, kernel and output, or each layer."""
    from convcalc.cli.emit import check_output
    from convcalc.cli.maps import maps_of
    from convcalc.cli.save import RESULT_SUFFIXES
    from convcalc.cli.source import need_network, opened

    check_output(target, RESULT_SUFFIXES)
    maps = maps_of(target, map_rule, show=show)
    found = opened(options)
    if found.request.is_network:
        from convcalc.cli.stack_run import RunWishes, run_network

        run_network(found, options, target, RunWishes(layer, keep, input, explain, maps, map_rule))
    else:
        need_network(found, layer=layer, keep=keep, input=input)
        _run_convolution(found, options, target, maps, map_rule, explain=explain)


def _run_convolution(
    found: Opened, options: ProblemOptions, target: OutputOptions, maps: Maps | None, rule: str, *, explain: bool
) -> None:
    """Compute a single convolution, and show and save what comes out.

    Raises:
        ConvcalcError: a file or a flag is bad.
    """
    from convcalc.cli.emit import emit, wants_data
    from convcalc.cli.figures import check_figure
    from convcalc.cli.progress import compute_shown
    from convcalc.cli.save import saver
    from convcalc.cli.source import prepared
    from convcalc.report.run import run_report

    def csv() -> str:
        from convcalc.formats.csv_reader import csv_text

        return csv_text(result.squeezed)

    ready = prepared(found, options, explain=explain or wants_data(target))
    check_figure(ready.problem, target)
    result = compute_shown(ready, quiet=target.quiet)
    report = run_report(ready.problem, result, options.precision, explain=explain, maps=maps)
    emit(report, target, save=saver(report, ready.problem, result, target, rule), csv=csv)
