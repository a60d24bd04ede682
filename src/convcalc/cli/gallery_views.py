"""One input through many kernels: the choice of kernels, and the output of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.flags import flags
from convcalc.errors import FieldError, UsageError
from convcalc.report.arrays.heat_maps import is_picture
from convcalc.report.gallery.gallery import Gallery, left_out, too_large
from convcalc.report.gallery.tiles import Rooms, view_of

if TYPE_CHECKING:
    from convcalc.cli.command_options import GalleryOptions
    from convcalc.context import Context
    from convcalc.kernels.kernel import Kernel
    from convcalc.request.gallery_input import GalleryInput
    from convcalc.request.request import Request


class Chosen(NamedTuple):
    """The kernels of a gallery, and notes on those that are omitted."""

    kernels: list[Kernel]
    notes: tuple[str, ...]


def request_of(options: GalleryOptions, context: Context) -> Request:
    """The fields of the file, replaced by those of the flags."""
    from convcalc.files.selection import selection_of
    from convcalc.request.request import read_request

    with flags(kind=FieldError):
        request = read_request(options.file, context, selection_of(options.part._asdict()))
    return request.override(
        kernel=options.kernel,
        stride=options.stride,
        padding=options.padding,
        dilation=options.dilation,
        boundary=options.boundary,
        dims=options.dims,
        flip=options.convolve,
    )


def chosen(options: GalleryOptions, request: Request, context: Context, rank: int) -> Chosen:
    """The requested kernels, without those for inputs of another rank.

    Raises:
        ConvcalcError: a kernel or a family does not exist, flags are incompatible, or none is left.
    """
    from convcalc.kernels.selection import parted

    with flags():
        kernels, others = parted(_requested(options, request, context), rank)
    note = left_out(others, rank)
    if not kernels:
        with flags("--kernel" if options.kernel else "--search" if options.search else "--family"):
            raise FieldError(note or "no kernel is like that", hint="`convcalc kernels` lists all")
    return Chosen(kernels, (note,) if note else ())


def _requested(options: GalleryOptions, request: Request, context: Context) -> list[Kernel]:
    """The kernels that are named, or else some of the library's."""
    from convcalc.kernels.selection import selected
    from convcalc.request.gallery_input import requested_kernels
    from convcalc.request.kernel_library import library_of

    if not options.kernel:
        return selected(library_of(context).kernels(), family=options.family, search=options.search)
    if options.family or options.search:
        flag = "family" if options.family else "search"
        raise UsageError(f"--{flag} chooses among all kernels, --kernel names one", hint="leave one of them out")
    return requested_kernels(request, context)


def seen(
    request: Request,
    gallery_input: GalleryInput,
    found: Chosen,
    rooms: Rooms,
    rule: str,
    context: Context,
) -> Gallery:
    """The input and the output of each kernel, one output held at a time.

    Raises:
        ConvcalcError: no kernel fits, or a limit refuses the work.
    """
    from convcalc.engine.compute import compute
    from convcalc.picture.mapping import white_of
    from convcalc.request.gallery_input import gallery_problems

    white = white_of(gallery_input.input)
    is_shown = gallery_input.is_picture and is_picture(gallery_input.input, rule, white)
    with request.placing():
        works = gallery_problems(gallery_input, found.kernels, rule if is_shown else None)
    first = gallery_input.input[0] if is_shown else gallery_input.mean
    views = [view_of(None, first, rooms, rule=rule, is_picture=is_shown, white=white)]
    for work in works.fitting:
        with flags("--threads"):
            plan = context.plan(work.problem)
        output = compute(work.problem, plan, limits=context.limits).output[0]
        views.append(view_of(work.kernel, output, rooms, rule=rule, is_picture=work.is_picture, white=white))
    notes = (*gallery_input.labels.notes, *found.notes, *filter(None, [too_large(works.unfit)]))
    shape = gallery_input.input.shape[1:]
    return Gallery(gallery_input.labels, shape, tuple(views), gallery_input.settings, rule, is_shown, notes, white)
