"""``convcalc run``: compute a network and show what each layer gives, or a convolution with its numbers."""

from __future__ import annotations

from collections.abc import Iterable

from convcalc.cli.option_groups import command, computing
from convcalc.cli.options import (
    Curve,
    Explain,
    Keep,
    Layer,
    MapRule,
    NetworkInput,
    OutputOptions,
    Partial,
    ProblemOptions,
    Rate,
    Show,
    Verify,
)


@command
@computing
def run(
    options: ProblemOptions,
    target: OutputOptions,
    explain: Explain = False,
    show: Show = False,
    curve: Curve = False,
    map_rule: MapRule = "auto",
    layer: Layer = None,
    keep: Keep = False,
    partial: Partial = False,
    verify: Verify = False,
    rate: Rate = None,
    input: NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Compute a convolution or a network and show what was computed: sizes, input, kernel and output, or each layer."""
    from convcalc.cli.heat_map_flags import maps_of
    from convcalc.cli.network import check_curve, check_whole, ready
    from convcalc.cli.output.emit import check_output, emit, wants_data
    from convcalc.cli.output.figures import check_figure
    from convcalc.cli.output.saved_run import RESULT_SUFFIXES, check_kept, saver
    from convcalc.cli.progress import run_shown
    from convcalc.report.run.report import run_report

    def csv() -> Iterable[str]:
        from convcalc.arrays import squeezed
        from convcalc.files.csv_writer import array_lines

        return array_lines(squeezed(result.output))

    check_output(target, RESULT_SUFFIXES)
    check_kept(target, keep=keep)
    maps = maps_of(target, map_rule, show=show)
    found = ready(options, layer, input, explain=explain or wants_data(target), rate=rate)
    check_whole(found, partial=partial)
    check_curve(found, asked=curve)
    check_figure(found, target, keep=keep, curves=curve)
    result = run_shown(found, quiet=target.quiet, keep=keep, verify=verify)
    report = run_report(result, options.precision, explain=explain, maps=maps, curves=curve)
    save = saver(report, result, target, map_rule, keep=keep, curves=curve)
    emit(report, target, save=save, csv=csv)
