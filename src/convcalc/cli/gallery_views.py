"""One input through many kernels: the choice of kernels, and the output of each."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.channels import LINEAR_LIGHT
from convcalc.cli.flags import flags
from convcalc.errors import FieldError, UsageError
from convcalc.report.arrays.heat_maps import is_picture
from convcalc.report.gallery.gallery import Gallery, left_out, too_large
from convcalc.report.gallery.tiles import Rooms, View, view_of, view_of_survey

if TYPE_CHECKING:
    from convcalc.cli.command_options import GalleryOptions
    from convcalc.context import Context
    from convcalc.engine.plan import Plan
    from convcalc.kernels.kernel import Kernel
    from convcalc.problem import Problem
    from convcalc.request.gallery_input import GalleryInput, GalleryProblem
    from convcalc.request.request import Request


class Chosen(NamedTuple):
    """The kernels of a gallery, and notes on those that are omitted."""

    kernels: list[Kernel]
    notes: tuple[str, ...]


def request_of(options: GalleryOptions, context: Context) -> Request:
    """The fields of the file, replaced by those of the flags."""
    from convcalc.cli.streams import piped
    from convcalc.files.selection import selection_of
    from convcalc.request.request import read_request

    with flags(kind=FieldError):
        selection = selection_of(options.part._asdict())
        file = piped() if options.file is None else options.file
        request = read_request(file, context, options.table.given, selection)
    return request.override(
        kernel=options.kernel,
        stride=options.stride,
        padding=options.padding,
        dilation=options.dilation,
        boundary=options.boundary,
        dims=options.dims,
        flip=options.convolve,
        luminance=options.luminance,
        linear_light=options.linear_light,
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
    *,
    quiet: bool = False,
) -> Gallery:
    """The input and the output of each kernel, one output held at a time, of large ones only what is drawn.

    Raises:
        ConvcalcError: no kernel fits, or a limit refuses the work.
    """
    from convcalc.cli.progress import kernels_watched
    from convcalc.picture.mapping import white_of
    from convcalc.request.gallery_input import gallery_problems

    white = white_of(gallery_input.input)
    is_shown = gallery_input.is_picture and is_picture(gallery_input.input, rule, white)
    with request.placing():
        works = gallery_problems(gallery_input, found.kernels, rule if is_shown else None)
    is_linear = gallery_input.labels.channels.units[:1] == (LINEAR_LIGHT,)
    first = gallery_input.input[0] if is_shown else gallery_input.mean
    views = [view_of(None, first, rooms, rule=rule, is_picture=is_shown, is_linear=is_linear, white=white)]
    drawing = _Drawing(rooms, rule, white, is_linear, context)
    with kernels_watched([work.problem.macs for work in works.fitting], quiet=quiet) as done:
        for number, work in enumerate(works.fitting):
            views.append(drawing.view(work, gallery_input))
            done(number)
    notes = (*gallery_input.labels.notes, *found.notes, *filter(None, [too_large(works.unfit)]))
    shape = gallery_input.input.shape[1:]
    return Gallery(gallery_input.labels, shape, tuple(views), gallery_input.settings, rule, is_shown, notes, white)


_LARGE = 1 << 18
"""Cells of an output from which it is folded into the areas of its pictures while it is computed."""
_OF_AREAS = 16  # bytes for a column of a row of areas: the least and the largest value


class _Drawing(NamedTuple):
    """How outputs are drawn."""

    rooms: Rooms
    rule: str
    white: float
    is_linear: bool
    context: Context

    def view(self, work: GalleryProblem, gallery_input: GalleryInput) -> View:
        """The tile of a kernel."""
        found = self._surveyed(work, gallery_input)
        if found is not None:
            return found
        from convcalc.engine.compute import compute

        output = compute(work.problem, self._plan(work.problem), limits=self.context.limits).output[0]
        return view_of(
            work.kernel,
            output,
            self.rooms,
            rule=self.rule,
            is_picture=work.is_picture,
            is_linear=self.is_linear,
            white=self.white,
        )

    def _surveyed(self, work: GalleryProblem, gallery_input: GalleryInput) -> View | None:
        """The tile of a large output that need not be held."""
        from convcalc.engine.survey import survey
        from convcalc.picture.thumbnail import area_steps, shows_peaks

        problem = work.problem
        if problem.rank != 2 or prod(problem.output_size) < _LARGE:
            return None
        rows, columns = problem.output_size
        steps = [area_steps((rows, columns), room) for room in self.rooms.values()] or [(rows, columns)]
        may_be_negative = gallery_input.has_negative or bool((work.kernel.weights < 0).any()) or work.kernel.scale < 0
        held = sum(-(-rows // down) * columns for down, _ in filter(None, steps))
        self.context.limits.check_large(_OF_AREAS * problem.out_channels * held, "this gallery")
        peaks = not work.is_picture and shows_peaks(self.rule, -1 if may_be_negative else 0)
        found = survey(
            problem,
            lambda: self._plan(problem),
            [each for each in steps if each],
            peaks=peaks,
            largest_cell=gallery_input.largest_cell(problem.input),
            threads=self.context.threads,
        )
        if found is None or (not work.is_picture and peaks != shows_peaks(self.rule, found.low)):
            return None
        shape, media = problem.output_shape[1:], [*self.rooms]
        return view_of_survey(
            work.kernel,
            shape,
            found,
            media,
            rule=self.rule,
            is_picture=work.is_picture,
            is_linear=self.is_linear,
            white=self.white,
        )

    def _plan(self, problem: Problem) -> Plan:
        with flags("--threads"):
            return self.context.plan(problem)
