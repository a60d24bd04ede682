"""Outputs folded into areas while they are computed, against the whole output by the plan's engine."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.engine import survey as surveys
from convcalc.engine.compute import compute
from convcalc.engine.survey import Survey, survey
from convcalc.kernels.kernel import Kernel
from convcalc.picture.thumbnail import area_steps, farthest, means, peaks
from convcalc.problem import Problem
from convcalc.request.kernel_library import library_of

CONTEXT = Context()
ROOM = (60, 60)
KERNELS = [kernel for kernel in library_of(CONTEXT).kernels() if kernel.weights.ndim == 2]
PLAIN = np.random.default_rng(7).integers(0, 256, (1, 1, 131, 203), dtype=np.uint8)


def problem_of(kernel: Kernel, cells: np.ndarray[Any, Any] = PLAIN, **settings: Any) -> Problem:
    """A kernel on each channel of the cells."""
    channels = cells.shape[1]
    weight = np.stack([kernel.weights[None]] * channels)
    settings = {"padding": "same", "boundary": "replicate", **settings}
    return build_problem(cells, weight, scale=[kernel.scale] * channels, groups=channels, **settings)


def surveyed(problem: Problem, *, peaks: bool, threads: int | None = None) -> Survey | None:
    """The survey with the areas of a picture in a room."""
    rows, columns = problem.output_size
    step = area_steps((rows, columns), ROOM)
    assert step is not None
    largest = abs(problem.input.astype(float)).max()
    return survey(problem, lambda: CONTEXT.plan(problem), [step], peaks=peaks, largest_cell=largest, threads=threads)


def agrees(problem: Problem, **settings: Any) -> None:
    """Range, means and peaks are those of the whole output."""
    output = compute(problem).output[0]
    for wants_peaks in (False, True):
        found = surveyed(problem, peaks=wants_peaks, **settings)
        assert found is not None
        assert (found.low, found.high) == (output.min(), output.max())
        (areas,) = found.areas
        if areas.extremes is not None:
            made, wanted = farthest(*areas.extremes), [peaks(each, ROOM) for each in output]
        else:
            assert areas.means is not None
            made, wanted = areas.means, [means(each, ROOM) for each in output]
        np.testing.assert_allclose(made, wanted, rtol=1e-5, atol=1e-4 * max(1, np.abs(output).max()))


@pytest.mark.parametrize("kernel", KERNELS, ids=[kernel.name for kernel in KERNELS])
def test_every_kernel_of_the_library_is_surveyed_as_it_is_computed(kernel: Kernel) -> None:
    """16 bits, 32 bits and the plan's engine, sums of factors and all taps one by one."""
    agrees(problem_of(kernel))


@pytest.mark.parametrize("boundary", ["zeros", "reflect", "circular", "7", "symmetric"])
def test_every_boundary_is_read_by_narrow_sums(boundary: str) -> None:
    """Also with mathematical convolution, dilation and padding without cells of the input."""
    word = int(boundary) if boundary.isdigit() else boundary
    weights = np.array([[1, 2, 0], [-3, 5, 7], [0, 1, -1]])
    agrees(problem_of(Kernel("k", weights), boundary=word, flip=True, dilation=3))


@pytest.mark.parametrize("stride", [2, (1, 3)])
def test_a_stride_is_left_to_the_engines(stride: Any) -> None:
    """Lines of neighbours are not what such windows read."""
    cells = np.tile(PLAIN, (1, 1, 3, 2))
    agrees(problem_of(Kernel("k", np.array([[1, 2], [-3, 4]])), cells, stride=stride))


def test_three_colours_are_surveyed_apart_and_by_any_number_of_threads() -> None:
    """Each with its own areas; the range is that of all."""
    colours = np.random.default_rng(1).integers(0, 256, (1, 3, 140, 161), dtype=np.uint8)
    kernel = Kernel("k", np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]), Fraction(1, 3))
    for threads in (1, 2, 3):
        agrees(problem_of(kernel, colours), threads=threads)


@pytest.mark.parametrize("top", [255, 32_767, 65_535, 1_000_000, 2**40])
def test_sums_never_leave_the_type_that_holds_them(top: int) -> None:
    """All cells are as large as they can be, so that a type too narrow would wrap around."""
    cells = np.full((1, 1, 130, 131), top, np.int64)
    cells[0, 0, ::2] = -top
    agrees(problem_of(Kernel("k", np.array([[4, -4, 4], [-4, 4, -4], [4, -4, 4]])), cells))


def test_floats_are_surveyed_with_the_bits_of_a_run() -> None:
    """The tiles are those of the plan."""
    cells = np.random.default_rng(2).normal(size=(1, 1, 150, 170)).astype(np.float32)
    agrees(problem_of(Kernel("k", np.array([[0.25, -1.5], [3.0, 0.1]])), cells))


def test_what_is_not_finite_needs_the_whole_output() -> None:
    """Areas without it are those of the picture, so it is computed as before."""
    cells = np.random.default_rng(2).normal(size=(1, 1, 150, 170))
    cells[0, 0, 3, 4] = np.nan
    assert surveyed(problem_of(Kernel("k", np.array([[0.25, -1.5]])), cells), peaks=True) is None


def test_biases_volumes_and_batches_need_the_whole_output() -> None:
    """They are not what a gallery has."""
    kernel = np.ones((1, 1, 3, 3), int)
    for problem in (
        build_problem(PLAIN, kernel, [1]),
        build_problem(PLAIN.repeat(2, axis=0), kernel),
        build_problem(np.ones((1, 1, 40, 40, 40)), np.ones((1, 1, 1, 1, 1))),
    ):
        found = survey(problem, lambda: CONTEXT.plan(problem), [(2, 2)], peaks=True, largest_cell=255)  # noqa: B023
        assert found is None


def test_a_survey_holds_no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing as large as the output is allocated: tiles of 16 bits alone."""
    sizes: list[int] = []
    made = surveys.Scratch.array

    def counted(self: Any, name: str, shape: Any, dtype: Any) -> Any:
        sizes.append(int(np.prod(shape)))
        return made(self, name, shape, dtype)

    monkeypatch.setattr(surveys.Scratch, "array", counted)
    monkeypatch.setattr(surveys, "_CELLS", 1 << 12)
    assert surveyed(problem_of(KERNELS[0]), peaks=True) is not None
    assert min(sizes) > 0 and max(sizes) < PLAIN.size
