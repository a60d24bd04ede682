"""What lies around a window: the same cells as the window's where it lies, and as the padded input's elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc import build_problem
from convcalc.tracing.trace import surroundings, trace_at

MODES = {"zeros": "constant", "reflect": "reflect", "symmetric": "symmetric", "replicate": "edge", "circular": "wrap"}


@pytest.mark.parametrize("boundary", MODES)
@pytest.mark.parametrize("position", [(0, 0), (2, 3), (5, 5)])
def test_surroundings_are_those_of_the_padded_input(boundary, position):
    """Values, padding and window agree with the input that NumPy has padded, and with the trace."""
    cells = np.arange(36).reshape(1, 6, 6)
    problem = build_problem(cells[None], np.ones((1, 1, 3, 3), int), padding=1, boundary=boundary)
    trace = trace_at(problem, position)
    found = surroundings(trace, 0)
    padded = np.pad(cells[0], 1, mode=MODES[boundary])
    inside = np.pad(np.ones((6, 6), bool), 1)
    places = np.ix_(*(np.array(cells) + 1 for cells in found.ranges))
    np.testing.assert_array_equal(found.values.astype(int), padded[places])
    np.testing.assert_array_equal(found.padded, ~inside[places])
    np.testing.assert_array_equal(found.values[found.read].reshape(3, 3), trace.channels[0].window)
    np.testing.assert_array_equal(found.padded[found.read].reshape(3, 3), trace.padded)
    assert [(cells[0], cells[-1]) for cells in found.ranges] == [(min(0, p - 1), max(5, p + 1)) for p in position]


def test_of_a_dilated_window_only_its_own_cells_are_read():
    """The cells between the taps are not the window's."""
    problem = build_problem(np.arange(7).reshape(1, 1, 7), np.ones((1, 1, 3), int), dilation=2)
    assert surroundings(trace_at(problem, 1), 0).read.tolist() == [i in (1, 3, 5) for i in range(7)]


def test_of_a_long_axis_the_neighbourhood_is_kept():
    """Two cells stand on both sides of the window, fewer at the end of the input."""
    problem = build_problem(np.arange(4000).reshape(1, 1, 50, 80), np.ones((1, 1, 3, 3), int))
    assert surroundings(trace_at(problem, (20, 77)), 0).ranges == (range(18, 25), range(75, 80))


def test_of_further_axes_only_what_is_read_is_kept():
    """In three dimensions the slices are those of the window."""
    problem = build_problem(np.arange(216).reshape(1, 1, 6, 6, 6), np.ones((1, 1, 2, 3, 3), int), stride=2)
    found = surroundings(trace_at(problem, (1, 0, 0)), 0)
    assert found.ranges == (range(2, 4), range(6), range(6))
    assert found.values[0, 0, 0] == 72
