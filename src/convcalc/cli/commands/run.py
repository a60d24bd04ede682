"""``convcalc run``: compute a network and show what each layer gives, or a convolution with its numbers."""

from __future__ import annotations

from collections.abc import Iterable

from convcalc.cli.option_groups import command, computing
from convcalc.cli.options import (
    Explain,
    Keep,
    Layer,
    NetworkInput,
    OutputOptions,
    Partial,
    PictureRule,
    ProblemOptions,
    Show,
    Verify,
    WithFrame,
    Zoom,
)


@command
@computing
def run(
    options: ProblemOptions,
    target: OutputOptions,
    explain: Explain = False,
    show: Show = False,
    map_rule: PictureRule = "auto",
    layer: Layer = None,
    keep: Keep = False,
    partial: Partial = False,
    verify: Verify = False,
    input: NetworkInput = None,  # noqa: A002 - the option's name
    zoom: Zoom = None,
    figure: WithFrame = False,
) -> None:
    """Compute a convolution or a network and show what was computed: sizes, input, kernel and output, or each layer."""
    from convcalc.cli.heat_map_flags import maps_of
    from convcalc.cli.network import check_whole, ready
    from convcalc.cli.output.emit import check_output, emit, wants_data
    from convcalc.cli.output.figures import check_figure
    from convcalc.cli.output.picture_look import look_of
    from convcalc.cli.output.saved_run import RESULT_SUFFIXES, check_kept, saver
    from convcalc.cli.progress import run_shown
    from convcalc.report.run.report import run_report

    def csv() -> Iterable[str]:
        from convcalc.arrays import squeezed
        from convcalc.files.csv_writer import array_lines

        return array_lines(squeezed(result.output))

    check_output(target, RESULT_SUFFIXES)
    check_kept(target, keep=keep)
    look = look_of(target.output, map_rule, zoom, figure=figure)
    maps = maps_of(target, map_rule, show=show)
    found = ready(options, layer, input, explain=explain or wants_data(target))
    check_whole(found, partial=partial)
    check_figure(found, target, keep=keep)
    result = run_shown(found, quiet=target.quiet, keep=keep, verify=verify)
    report = run_report(result, options.precision, explain=explain, maps=maps)
    save = saver(report, result, target, look, found.context, keep=keep)
    emit(report, target, save=save, csv=csv)
