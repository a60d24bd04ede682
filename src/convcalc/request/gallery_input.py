"""One input for many kernels: read once, and a problem for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, checked, largest, read_only
from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.errors import DataError, FieldError, GeometryError
from convcalc.files.tensor_file import Tensor
from convcalc.geometry.arguments import whole
from convcalc.geometry.boundary import INTERP
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.properties import properties_of
from convcalc.picture.mapping import stays_picture
from convcalc.problem import Labels, Problem
from convcalc.request.convolution import boundary_word, with_channels
from convcalc.request.request import Request
from convcalc.request.spatial_axes import infer_tensor_dims
from convcalc.request.tensor_field import read_input, read_kernels
from convcalc.request.text_values import truth, word
from convcalc.wording import counted

_COLOURS = 3
_WHOLE = (np.int16, np.int32, np.int64)
"""The types of sums of channels, the narrowest first."""
_ANY_RANK = Kernel("", np.ones((1, 1)), builder="box")


class GalleryInput(NamedTuple):
    """An input and how kernels are applied to it."""

    input: Array
    """(1, channels, *spatial)."""
    total: Array
    """(1, 1, *spatial): the sum of the channels."""
    settings: Mapping[str, Any]
    """Arguments of ``build_problem``."""
    labels: Labels

    @property
    def rank(self) -> int:
        """Spatial axes."""
        return self.input.ndim - 2

    @property
    def channels(self) -> int:
        """Channels of the input."""
        return int(self.input.shape[1])

    @property
    def mean(self) -> Array:
        """The mean of the channels, (1, *spatial); exact for exact numbers, which may exceed the range of floats."""
        sample: Array = self.total[0]
        if self.channels == 1:
            return sample
        return sample * Fraction(1, self.channels) if sample.dtype == object else sample / self.channels

    @property
    def has_negative(self) -> bool:
        """Whether a cell is below 0."""
        return bool(self.input.min() < 0)

    def largest_cell(self, cells: Array) -> Any:
        """The largest magnitude of the input, or of the sum of its channels."""
        return largest(cells) if cells.dtype.kind in "iuO" else 0

    @property
    def is_picture(self) -> bool:
        """Whether its channels are one of brightness, or the three colours of an image."""
        return self.labels.is_image and self.channels in (1, _COLOURS)

    def apart(self, kernel: Kernel) -> Problem:
        """The kernel applied to each channel.

        Raises:
            ConvcalcError: it does not fit.
        """
        weight = np.stack([kernel.weights[None]] * self.channels)
        scale = [kernel.scale] * self.channels
        return build_problem(self.input, weight, scale=scale, groups=self.channels, **self.settings)

    def averaged(self, kernel: Kernel) -> Problem:
        """The kernel applied to the mean of the channels, which is the mean of its outputs on each of them.

        Raises:
            ConvcalcError: it does not fit.
        """
        scale = [kernel.scale / self.channels]
        return build_problem(self.total, kernel.weights[None, None], scale=scale, **self.settings)


def resolve_gallery_input(request: Request, context: Context) -> GalleryInput:
    """The input of a request with its settings; padded to the same size by its border cells unless said
    otherwise; of a batch it is the first sample.

    Raises:
        ConvcalcError: a field is not what it must be; the error has the place.
    """
    with request.placing():
        _refuse_what_is_of_one_kernel(request)
        tensor = read_input(request, context)
        if not tensor.array.ndim:
            raise FieldError("the input is a lone number, not an array", field="input")
        dims = _dims(request, tensor, context)
        tensor = tensor.read_as(dims)
        cells = checked(with_channels(tensor.array, dims))
        if not cells.size:
            raise FieldError("the input has no cells", field="input")
        notes = (*filter(None, [tensor.channels.reading]), *tensor.notes, *_notes(cells))
        first = read_only(np.ascontiguousarray(cells[:1]))  # each of many kernels reads rows of one channel
        return GalleryInput(
            input=first,
            total=_total(first),
            settings={
                "stride": request.value("stride", 1),
                "padding": request.value("padding", "same"),
                "dilation": request.value("dilation", 1),
                "boundary": boundary_word(request) if "boundary" in request.fields else "replicate",
                "flip": "flip" in request.fields and truth("flip", request.fields["flip"].node),
            },
            labels=Labels(
                title=word("title", request.fields["title"].node) if "title" in request.fields else "",
                input=tensor.source,
                notes=notes,
                is_image=tensor.is_image,
                channels=tensor.channels,
            ),
        )


def _refuse_what_is_of_one_kernel(request: Request) -> None:
    """Refuse a function of another program, and ends that one kernel fits.

    Raises:
        FieldError: the request has one of them.
    """
    if "like" in request.fields:
        raise FieldError(
            "a gallery does not compute as another program does", hint="leave like out, or take run", field="like"
        )
    if request.value("boundary", "") == INTERP:
        raise FieldError(
            "boundary interp fits the ends of one savitzky-golay kernel's output, a gallery shows many kernels",
            hint="another boundary, such as replicate; or convcalc run",
            field="boundary",
        )


def requested_kernels(request: Request, context: Context) -> list[Kernel]:
    """The kernels of a request, those without a name numbered.

    Raises:
        ConvcalcError: one of them cannot be read or does not exist; the error has the place.
    """
    with request.placing():
        found = read_kernels(request, context)
    return [each if each.name else replace(each, name=f"kernel {number}") for number, each in enumerate(found, 1)]


def _dims(request: Request, tensor: Tensor, context: Context) -> int:
    """Spatial axes: as said, as its own kernel needs them, or else as many as are usual, two at most."""
    requested = request.value("dims", tensor.dims)
    if requested is not None:
        return whole("dims", requested, 1)
    if "kernel" in request.fields:
        try:
            return infer_tensor_dims(tensor, read_kernels(request, context), 1, False)
        except DataError:  # kernels of several ranks, of which those of another one are omitted
            pass
    return infer_tensor_dims(tensor, [_ANY_RANK], 1, False)


def _total(cells: Array) -> Array:
    """The sum of the channels, (1, 1, *spatial); whole numbers stay exact."""
    if cells.shape[1] == 1:
        return cells
    if cells.dtype.kind in "iu":
        reach = largest(cells) * cells.shape[1]
        wide = next((each for each in _WHOLE if reach <= np.iinfo(each).max), object)
        return checked(cells.sum(axis=1, keepdims=True, dtype=wide))
    return checked(cells.sum(axis=1, keepdims=True))


def _notes(cells: Array) -> list[str]:
    """Notes on the parts of an input that are not shown, and on other readings of it."""
    samples, channels = cells.shape[:2]
    notes = [f"the first of {samples:,} samples is shown"] if samples > 1 else []
    if channels not in (1, _COLOURS):
        notes.append(f"{counted(channels, 'channel')} are averaged (--dims {cells.ndim - 1} reads them as an axis)")
    return notes


class GalleryProblem(NamedTuple):
    """A kernel and the problem of applying it."""

    kernel: Kernel
    problem: Problem
    is_picture: bool
    """Whether the output is a picture, as the input is, and not a heat map."""


class GalleryProblems(NamedTuple):
    """The problems of the kernels that fit the input, and the kernels that do not."""

    fitting: tuple[GalleryProblem, ...]
    unfit: Mapping[str, GeometryError]
    """Why kernels of these names do not fit the input."""


def gallery_problems(gallery_input: GalleryInput, kernels: Iterable[Kernel], rule: str | None) -> GalleryProblems:
    """The problems of all kernels that fit the input.

    ``rule``: the mapping of values to the levels of a picture; None where no output is drawn as a picture.

    Raises:
        GeometryError: no kernel fits; with the reason of the first.
    """
    fitting: list[GalleryProblem] = []
    unfit: dict[str, GeometryError] = {}
    for kernel in kernels:
        is_picture = rule is not None and stays_picture(rule, is_normalised=properties_of(kernel).is_normalised)
        try:
            problem = gallery_input.apart(kernel) if is_picture else gallery_input.averaged(kernel)
        except GeometryError as error:
            unfit[kernel.name] = error
        else:
            fitting.append(GalleryProblem(kernel, problem, is_picture))
    if not fitting:
        raise next(iter(unfit.values()))
    return GalleryProblems(tuple(fitting), unfit)
