"""``convcalc gallery``: one input through many kernels, as a contact sheet."""

from convcalc.cli.command_options import GalleryOptions
from convcalc.cli.option_groups import command, computing
from convcalc.cli.options import MapRule, OutputOptions


@command
@computing
def gallery(options: GalleryOptions, target: OutputOptions, map_rule: MapRule = "auto") -> None:
    """Show the input through all kernels of its rank, or some of them, as a contact sheet."""
    from convcalc.cli.flags import context_of, flags
    from convcalc.cli.gallery_views import chosen, request_of, seen
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.output.saved_gallery import SHEET_SUFFIXES, html_lines, rooms_of, sheet_saver
    from convcalc.picture.mapping import check_rule
    from convcalc.report.gallery.contact_sheet import gallery_report
    from convcalc.request.gallery_input import resolve_gallery_input

    check_output(target, SHEET_SUFFIXES)
    with flags("--map"):
        check_rule(map_rule)
    context = context_of(options.limit, options.kernels or ())._replace(threads=options.threads)
    request = request_of(options, context)
    gallery_input = resolve_gallery_input(request, context)
    kernels = chosen(options, request, context, gallery_input.rank)
    columns, rooms = rooms_of(target)
    found = seen(request, gallery_input, kernels, rooms, map_rule, context, quiet=target.quiet)
    report = gallery_report(found, columns)
    emit(report, target, save=sheet_saver(found, report, target), html=lambda: html_lines(found))
