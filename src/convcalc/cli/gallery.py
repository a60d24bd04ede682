"""``convcalc gallery``: one input through many kernels, as a contact sheet."""

from convcalc.cli.grouped import command
from convcalc.cli.options import MapRule, OutputOptions
from convcalc.cli.own_options import GalleryOptions


@command
def gallery(options: GalleryOptions, target: OutputOptions, map_rule: MapRule = "auto") -> None:
    """Show the input through all kernels of its rank, or some of them, as a contact sheet."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.sheet import SHEET_SUFFIXES, rooms_of, sheet_saver
    from convcalc.cli.source import flags, library_of, limits_of
    from convcalc.cli.viewing import chosen, request_of, seen
    from convcalc.formats.subject import resolve_subject
    from convcalc.picture.mapping import check_rule
    from convcalc.report.contact_sheet import gallery_report

    check_output(target, SHEET_SUFFIXES)
    with flags("--map"):
        check_rule(map_rule)
    limits = limits_of(options.limit)
    library = library_of(options.kernels, limits)
    request = request_of(options, limits)
    subject = resolve_subject(request, library, limits)
    kernels = chosen(options, request, library, limits, subject.rank)
    columns, rooms = rooms_of(target)
    found = seen(request, subject, kernels, rooms, map_rule, options.threads, limits)
    report = gallery_report(found, columns)
    emit(report, target, save=sheet_saver(found, report, target))
