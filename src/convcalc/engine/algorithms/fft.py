"""Products of spectra in overlapping tiles (overlap–save): the work hardly depends on the kernel's size.

Oppenheim & Schafer, "Discrete-Time Signal Processing", section 8.7. The transforms are numpy.fft's, which keep
float32; ``norm="ortho"`` because NumPy passes the other norms' factor 1 in a type that costs float32 a slow path.

Which cells of a tile of spectra hold too little for the rounding that the mean of all its cells brings with it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import cache, lru_cache
from math import ceil, log2, prod, sqrt
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, strided
from convcalc.engine.bounds import EPILOGUE, Arithmetic, unit
from convcalc.engine.engine import CALL, WORKSPACE, Done, Engine, Run, Work, not_dense, not_tame, pass_seconds
from convcalc.engine.neighbours import anew, are_even, calm, windows
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import ceil_div
from convcalc.geometry.axis import Axis
from convcalc.limits import bytes_text
from convcalc.problem import Problem

SPREAD = 16
"""So many times the magnitude of a window the mean of a tile may be: photographs have dark places."""


def mean_of(cells: Array, spectra: Array) -> float:
    """At least the root of the mean square of every channel's cells, (channels, *lengths), from their ``spectra``.

    ``spectra``: (channels, *half), contiguous.
    """
    parts = spectra.view(spectra.real.dtype).reshape(len(spectra), -1)
    # by Parseval; of the conjugate half, which is left out, no more than of the other
    mean = sqrt(2 * float(np.max([np.dot(part, part) for part in parts])) / cells[0].size)
    return mean if mean * calm(parts.dtype) > 1 else float(np.abs(cells).max())  # squares of small numbers are 0


def doubts_of(tile: Tile, output: Array, cells: Array, mean: float, scratch: Scratch) -> list[Region]:
    """The parts of a tile whose windows hold far less than the mean of all, or where there are no numbers.

    ``cells``: (channels, *lengths).
    """
    axes, limit = tile.problem.axes, calm(output.dtype)
    if mean < limit and mean <= SPREAD * _least_window(tile, cells, scratch):
        return []
    read = cells[
        index(slice(None), *(slice(size + axis.reach - 1) for size, axis in zip(tile.size, axes, strict=True)))
    ]
    own = windows(np.abs(read).reshape(tile.groups, -1, *read.shape[1:]).max(axis=1), axes)
    return anew(tile, output, own, ~(mean <= SPREAD * own) | (mean >= limit))


def _least_window(tile: Tile, cells: Array, scratch: Scratch) -> float:
    """No more than the largest magnitude of any window, from some rows of it; ``cells``: (channels, *lengths)."""
    # whole rows, which lie one behind the other; of a window that reaches into the padding more than one
    rows = [_sampled(axis, some) for axis, some in zip(tile.problem.axes, tile.region.spatial, strict=True)]
    rows[-1] = rows[-1]._replace(step=1)
    some = cells[index(slice(None), *(slice(0, each.cells, each.step) for each in rows))]
    whole = scratch.array("magnitudes", some.shape, some.dtype)
    line, spare = np.abs(some, out=whole).reshape(-1), scratch.array("larger", (some.size,), some.dtype)
    counts = list(some.shape)
    # on one long line a shift along any axis is just a shift; what wraps around is left out in the end
    for number, each in enumerate(rows, start=1):
        done, most = 1, each.taps // each.step
        while done < most and (each.is_padded or 2 * done <= most):  # elsewhere a power of two of them is enough
            far = min(done, most - done)
            shift = far * each.dilation * (whole.strides[number] // whole.itemsize)
            target = np.maximum(line[:-shift], line[shift:], out=spare[: len(line) - shift])
            line, spare = target, line
            done += far
        counts[number] -= (done - 1) * each.dilation
    found = strided(line, tuple(counts), whole.strides)
    return float((found.reshape(tile.groups, -1, *counts[1:]).max(axis=1) if len(found) > tile.groups else found).min())


class _Sampled(NamedTuple):
    """Every how many cells of an axis a magnitude is looked at."""

    cells: int
    """That the windows of a tile read."""
    taps: int
    step: int
    dilation: int
    is_padded: bool
    """Whether a window reaches outside the input."""


def _sampled(axis: Axis, positions: range) -> _Sampled:
    span = axis.span(positions)
    is_padded = span.start < 0 or span.stop > axis.size
    step = max(1, axis.kernel_size // (2 if is_padded else 1)) if axis.dilation == 1 else 1
    return _Sampled(len(span), axis.kernel_size, step, axis.dilation, is_padded)


_PEAK = 6
"""Units of roundoff for each factor 2 of a transform's points."""
_POINTS = 1 << 17  # of a transform: real and complex buffers of 512 KiB in float32


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:
    lengths = _lengths(problem)
    is_even = are_even(problem, SPREAD, arithmetic.dtype)
    is_used_once = problem.batch * prod(_tile_counts(problem, lengths)) == 1
    shared = None if is_used_once else _kernel_spectra(problem, slice(None), lengths, arithmetic, Scratch())

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        if shared is None:
            kernels = _kernel_spectra(problem, tile.filters, lengths, arithmetic, scratch)
        else:
            kernels = shared[tile.filters]
        starts = [axis.start(cells[0]) for axis, cells in zip(problem.axes, tile.region.spatial, strict=True)]
        box = tuple(range(start, start + length) for start, length in zip(starts, lengths, strict=True))
        spectra = scratch.array("spectra", (len(tile.channels), *_half(lengths)), kernels.dtype)
        cells = tile.box(box, scratch)[0]
        np.fft.rfft(cells, axis=-1, norm="ortho", out=spectra)
        mean = 0.0 if is_even else mean_of(cells, spectra)
        spectra = _transform(np.fft.fft, spectra, problem.rank, scratch)
        crop = [slice(cells) for cells in tile.size]
        spectra = spectra.reshape(tile.groups, 1, -1, *spectra.shape[1:])
        kernels = kernels.reshape(tile.groups, -1, *kernels.shape[1:])
        for filters in _batches(kernels):
            products = scratch.array("products", kernels[:, filters].shape, kernels.dtype)
            np.multiply(spectra, kernels[:, filters], out=products)
            sums = products[:, :, 0]
            for channel in range(1, products.shape[2]):
                sums += products[:, :, channel]
            sums = _transform(np.fft.ifft, sums, problem.rank, scratch)
            whole = scratch.array("whole", (*sums.shape[:2], *lengths), arithmetic.dtype)
            np.fft.irfft(sums, lengths[-1], axis=-1, norm="ortho", out=whole)
            output[0].reshape(*kernels.shape[:2], *tile.size)[:, filters] = whole[index(..., *crop)]
        doubts = [] if is_even else doubts_of(tile, output, cells, mean, scratch)
        done(output, tile.filters)
        return doubts

    return run


def _loss(problem: Problem, arithmetic: Arithmetic) -> float:
    """Three transforms, the products and the sum over channels, by norms: |spectrum of the kernel| ≤ Σ|weight|.

    The transforms' error grows with log2 of the points (Higham, Accuracy and Stability of Numerical Algorithms, 24.1)
    in the mean over all cells. It spreads over thousands of them, of which none has more than a few times the mean:
    ``_PEAK`` is several times what was ever seen.
    """
    span = problem.in_channels // problem.groups
    return (_PEAK * log2(prod(_lengths(problem))) + span + EPILOGUE) * unit(arithmetic.dtype)


def _batches(kernels: Array) -> list[slice]:
    """All filters of the groups at once where each reads one channel, else one after the other."""
    _, filters, span, *_ = kernels.shape
    return [slice(None)] if span == 1 else [slice(each, each + 1) for each in range(filters)]


def _kernel_spectra(
    problem: Problem, filters: slice, lengths: tuple[int, ...], arithmetic: Arithmetic, scratch: Scratch
) -> Array:
    """(filters, in_channels / groups, *half): conjugate, which makes the product a cross-correlation."""
    weight = problem.applied_weight[filters]
    rows = tuple(axis.reach for axis in problem.axes[:-1])
    padded = scratch.array("taps", (*weight.shape[:2], *rows, lengths[-1]), arithmetic.dtype)
    padded[...] = 0
    padded[index(..., *(slice(0, axis.reach, axis.dilation) for axis in problem.axes))] = weight
    # the ortho norms of three transforms leave 1 / √points
    padded *= arithmetic.dtype.type(sqrt(prod(lengths)))
    half = _half(lengths)
    spectra = scratch.array("kernels", (*weight.shape[:2], *half), np.result_type(arithmetic.dtype, np.complex64))
    spectra[...] = 0
    filled = spectra[index(..., *map(slice, rows), slice(None))]
    np.fft.rfft(padded, axis=-1, norm="ortho", out=filled)
    spectra = _transform(np.fft.fft, spectra, problem.rank, scratch)
    return np.conjugate(spectra, out=spectra)


def _transform(transform: Callable[..., Array], spectra: Array, rank: int, scratch: Scratch) -> Array:
    """The complex transform of every spatial axis but the last; in place it would copy behind the scenes.

    ``spectra`` is overwritten.
    """
    other = scratch.array(f"{transform.__name__} of {spectra.ndim} axes", spectra.shape, spectra.dtype)
    for axis in range(-2, -rank - 1, -1):
        transform(spectra, axis=axis, norm="ortho", out=other)
        spectra, other = other, spectra
    return spectra


def _half(lengths: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the spectrum of real cells: conjugate values are left out."""
    return (*lengths[:-1], lengths[-1] // 2 + 1)


def _tile_size(problem: Problem, lengths: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(
        min(length - axis.reach + 1, axis.output_size) for length, axis in zip(lengths, problem.axes, strict=True)
    )


def _tile_counts(problem: Problem, lengths: tuple[int, ...]) -> list[int]:
    return list(map(ceil_div, problem.output_size, _tile_size(problem, lengths)))


def _lengths(problem: Problem) -> tuple[int, ...]:
    """Cells of a transform on each axis."""
    most = max(16, int(_POINTS ** (1 / problem.rank)))
    return tuple(_length(axis, max(most, 2 * axis.reach)) for axis in problem.axes)


@lru_cache(maxsize=256)
def _length(axis: Axis, most: int) -> int:
    """The length of about ``most`` with which all transforms of an axis together are shortest."""
    whole = axis.output_size + axis.reach - 1
    if whole <= most:
        return _smooth(whole)
    lengths = {_smooth(least) for least in range(max(axis.reach + 1, most // 2), most + 1, max(1, most // 64))}
    _, length = min((ceil_div(axis.output_size, n - axis.reach + 1) * n, -n) for n in lengths)
    pieces = ceil_div(axis.output_size, -length - axis.reach + 1)
    return _smooth(ceil_div(axis.output_size, pieces) + axis.reach - 1)


def _smooth(least: int) -> int:
    """The next number without prime factors above 5, whose transforms are fast; a power of two if it is very large."""
    numbers = _smooth_numbers()
    place = bisect_left(numbers, least)
    return numbers[place] if place < len(numbers) else 1 << (least - 1).bit_length()


@cache
def _smooth_numbers() -> list[int]:
    """All up to a million."""
    products = (5**fives * 3**threes << twos for fives in range(9) for threes in range(13) for twos in range(21))
    return sorted(number for number in products if number <= 1 << 20)


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:
    trouble = not_dense(problem) or not_tame(problem, "its transforms")
    if trouble:
        return trouble
    shared = _spectra_bytes(problem, arithmetic)
    if shared > WORKSPACE // 2:
        return f"the spectra of its kernels take {bytes_text(shared)}, {bytes_text(WORKSPACE // 2)} may be used"
    return None


def _spectra_bytes(problem: Problem, arithmetic: Arithmetic) -> int:
    planes = problem.counts.weights // prod(problem.kernel_size)
    return planes * prod(_half(_lengths(problem))) * 2 * arithmetic.itemsize


def _work(problem: Problem, arithmetic: Arithmetic) -> Work:
    lengths = _lengths(problem)
    tiles = problem.batch * prod(_tile_counts(problem, lengths))
    filters = _tile_filters(problem, tiles, prod(lengths))
    points, span = prod(lengths), problem.in_channels // problem.groups
    transforms = tiles * (problem.in_channels + problem.out_channels) + problem.counts.weights // prod(
        problem.kernel_size
    )
    products = tiles * problem.out_channels * span
    item = arithmetic.itemsize
    channels = problem.in_channels if problem.groups == 1 else filters * problem.in_channels // problem.out_channels
    return Work(
        seconds=transforms * (points * 1.2 * log2(points) * pass_seconds(arithmetic) + 4 * CALL)
        + products * (points * 2.5 * pass_seconds(arithmetic) + 2 * CALL)
        + tiles * 25 * CALL,
        # a real transform of n points by the split radix takes about n · log2(n) multiplications
        multiplications=int(transforms * points * log2(points)) + 2 * points * products,
        tile_filters=filters,
        tile_size=_tile_size(problem, lengths),
        # real cells and two spectra of every channel, products and sums of a batch of filters, and what they become
        tile_bytes=item * points * (3 * channels + (2 * span + 2 if span > 1 else 3 * filters))
        + (0 if tiles > 1 else 3 * item * points * span * filters),
        shared_bytes=3 * _spectra_bytes(problem, arithmetic) if tiles > 1 else 0,
    )


def _tile_filters(problem: Problem, tiles: int, points: int) -> int:
    """All filters, or where channels are apart as many groups as stay in the cache and leave work for two threads."""
    if problem.groups == 1:
        return problem.out_channels if tiles > 1 else ceil(problem.out_channels / 2)
    groups = max(1, min(_POINTS // points, ceil(problem.groups / 4)))
    return groups * (problem.out_channels // problem.groups)


ENGINE = Engine(
    name="fft",
    title="products of spectra, in overlapping tiles",
    arithmetics=(),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    loss=_loss,
    spread=SPREAD,
    mixes=True,
)
