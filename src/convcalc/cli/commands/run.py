"""``convcalc run``: compute a network and show what each layer gives, or a convolution with its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.cli.input_options import Like
from convcalc.cli.option_groups import command, computing
from convcalc.cli.options import (
    Curve,
    Explain,
    Keep,
    Labels,
    Layer,
    NetworkInput,
    OutputOptions,
    Partial,
    PartMaps,
    PictureRule,
    ProblemOptions,
    Rate,
    Show,
    Verify,
    WithFrame,
    Zoom,
)
from convcalc.cli.quiz_options import Blank, Key
from convcalc.cli.stream_options import StreamOptions

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.cli.output.picture_look import Look
    from convcalc.layers.run import NetworkRun
    from convcalc.report.blocks import Maps, Report

_WHOLE = (
    *("--explain", "--show", "--curve", "--layer", "--keep", "--partial", "--verify", "--blank", "--key", "--maps"),
    *("--rate", "--input", "--labels", "--zoom", "--figure", "--like"),
)
"""The options that need a whole output, in the order in which :func:`run` passes them on."""


@command
@computing
def run(
    options: ProblemOptions,
    target: OutputOptions,
    explain: Explain = False,
    show: Show = False,
    curve: Curve = False,
    map_rule: PictureRule = "auto",
    layer: Layer = None,
    keep: Keep = False,
    partial: Partial = False,
    verify: Verify = False,
    blank: Blank = False,
    key: Key = None,
    maps: PartMaps = None,
    rate: Rate = None,
    input: NetworkInput = None,  # noqa: A002 - the option's name
    labels: Labels = None,
    zoom: Zoom = None,
    figure: WithFrame = False,
    streaming: StreamOptions = StreamOptions(),  # noqa: B008 - a named tuple
    like: Like = None,
) -> None:
    """Compute a convolution or a network and show what was computed: sizes, input, kernel and output, or each layer."""
    from convcalc.cli.channel_parts import check_maps
    from convcalc.cli.heat_map_flags import handout_maps, maps_of
    from convcalc.cli.network import check_curve, check_whole, ready
    from convcalc.cli.output.emit import check_output, wants_data
    from convcalc.cli.output.figures import check_figure
    from convcalc.cli.output.picture_look import look_of
    from convcalc.cli.output.saved_run import RESULT_SUFFIXES, check_kept
    from convcalc.cli.progress import run_shown
    from convcalc.files.labels import read_labels

    check_output(target, RESULT_SUFFIXES)
    given = (explain, show, curve, layer, keep, partial, verify, blank, key, maps, rate, input, labels, zoom, figure)
    if _in_tiles(options, target, streaming, (*given, like)):
        return
    if blank or key:
        from convcalc.cli.worksheets import check_blank, emit_run

        check_blank(key, target, is_blank=blank)
    check_kept(target, keep=keep)
    look = look_of(target.output, map_rule, zoom, figure=figure)
    check_maps(maps)
    drawn = maps_of(target, map_rule, show=show)
    found = ready(options, layer, input, explain=explain or wants_data(target), rate=rate, like=like)
    names = () if labels is None else read_labels(labels, found.context.limits)
    check_whole(found, partial=partial)
    check_curve(found, asked=curve)
    check_figure(found, target, keep=keep, curves=curve)
    result = run_shown(found, quiet=target.quiet, keep=keep or blank, verify=verify)
    if blank:
        emit_run(result, key, target)
        return
    page_maps = handout_maps(target, map_rule, show=show)
    shown = _Shown(options.precision, explain, curve, drawn, page_maps, maps, tuple(names), look, keep)
    _emit(result, found, shown, target)


def _in_tiles(options: ProblemOptions, target: OutputOptions, asked: StreamOptions, whole: tuple[object, ...]) -> bool:
    """Whether it was computed tile by tile; ``whole``: the options that need a whole output."""
    if not asked.given and target.output is None:
        return False
    from convcalc.cli.streamed_run import run_streamed, stream_input

    found = stream_input(options, target, asked, dict(zip(_WHOLE, whole, strict=True)))
    if found is not None:
        run_streamed(found, target, asked)
    return found is not None


class _Shown(NamedTuple):
    """What is asked of the page, and of what is saved."""

    precision: str
    explain: bool
    curve: bool
    drawn: Maps | None
    page_maps: Maps | None
    """Of a page that is saved, whose heat maps have its own size."""
    maps: str | None
    names: tuple[str, ...]
    look: Look
    keep: bool


def _emit(result: NetworkRun, found: Ready, shown: _Shown, target: OutputOptions) -> None:
    from convcalc.cli.channel_parts import contributions
    from convcalc.cli.expectations import unexpected
    from convcalc.cli.flags import flags
    from convcalc.cli.output.emit import emit
    from convcalc.cli.output.saved_run import saver
    from convcalc.errors import FieldError
    from convcalc.report.run.report import run_report

    failed = "" if found.request is None else unexpected(found.request, found.network, result.output, found.context)
    apart = contributions(found, result, shown.maps)
    further: dict[str, Any] = {
        "explain": shown.explain,
        "curves": shown.curve,
        "failed": failed,
        "apart": apart,
        "labels": shown.names,
    }

    def reported(maps: Maps | None) -> Report:
        with flags("--labels", FieldError):
            return run_report(result, shown.precision, maps=maps, **further)

    def csv() -> Iterable[str]:
        from convcalc.arrays import squeezed
        from convcalc.files.csv_writer import array_lines

        return array_lines(squeezed(result.output))

    report = reported(shown.drawn)._replace(handout=lambda: reported(shown.page_maps).blocks)
    save = saver(report, result, target, shown.look, found.context, keep=shown.keep, apart=apart, curves=shown.curve)
    emit(report, target, save=save, csv=csv)
