"""``convcalc run``: compute a problem and show input, kernel and output."""

from convcalc.cli.grouped import command
from convcalc.cli.options import Explain, Keep, Layer, MapRule, NetworkInput, OutputOptions, ProblemOptions, Show


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
    from convcalc.cli.emit import check_output, emit, wants_data
    from convcalc.cli.figures import check_figure
    from convcalc.cli.maps import maps_of
    from convcalc.cli.progress import compute_shown
    from convcalc.cli.save import RESULT_SUFFIXES, saver
    from convcalc.cli.source import need_network, opened, prepared
    from convcalc.report.run import run_report

    def csv() -> str:
        from convcalc.formats.csv_reader import csv_text

        return csv_text(result.squeezed)

    check_output(target, RESULT_SUFFIXES)
    maps = maps_of(target, map_rule, show=show)
    found = opened(options)
    if found.request.is_network:
        from convcalc.cli.stack_run import RunWishes, run_network

        run_network(found, options, target, RunWishes(layer, keep, input, explain, maps, map_rule))
        return
    need_network(found, layer=layer, keep=keep, input=input)
    ready = prepared(found, options, explain=explain or wants_data(target))
    check_figure(ready.problem, target)
    result = compute_shown(ready, quiet=target.quiet)
    report = run_report(ready.problem, result, options.precision, explain=explain, maps=maps)
    emit(report, target, save=saver(report, ready.problem, result, target, map_rule), csv=csv)
