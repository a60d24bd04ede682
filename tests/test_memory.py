"""How much memory a convolution takes beside its input and output: measured, and what the plan says of it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from cases import takers
from convcalc import build_problem, make_plan
from convcalc.arrays import are_finite
from convcalc.engine.engine import WORKSPACE
from convcalc.engine.threads import Scratch

MIB = 1 << 20
SLACK = 2 * MIB
"""What Python, NumPy and the plan itself may take."""


class Shape(NamedTuple):
    """A large convolution as the program in the other process builds it."""

    cells: tuple[int, ...]
    weight: tuple[int, ...]
    dtype: str = "float32"
    options: str = ""
    """Keywords of ``build_problem`` as source text."""

    @property
    def source(self) -> str:
        """The problem in source text."""
        cells, weight = (f"np.ones({shape}, {self.dtype!r})" for shape in (self.cells, self.weight))
        return f"build_problem({cells}, {weight}, {self.options})"

    def problem(self) -> Any:
        """The same here, every array one single number in memory."""
        arrays = (np.broadcast_to(np.ones((), self.dtype), shape) for shape in (self.cells, self.weight))
        return eval(f"build_problem(*arrays, {self.options})", {"build_problem": build_problem, "arrays": arrays})


SHAPES = {
    "image": Shape((1, 1, 4096, 4096), (1, 1, 3, 3), options="padding=1"),
    "image-float64-reflect": Shape((1, 1, 2500, 3001), (1, 1, 5, 5), "float64", "padding=2, boundary='reflect'"),
    "image-uint8": Shape((1, 1, 3000, 3000), (1, 1, 3, 3), "uint8", "padding=1"),
    "image-31": Shape((1, 1, 1500, 1500), (1, 1, 31, 31), options="padding=15, boundary='circular'"),
    "channels": Shape((1, 64, 512, 512), (64, 64, 3, 3), options="padding=1"),
    "batch": Shape((6, 3, 400, 401), (8, 3, 3, 3), options="padding=1, bias=2.5"),
    "depthwise": Shape((1, 32, 400, 400), (32, 1, 3, 3), options="padding=1, groups=32"),
    "pointwise": Shape((1, 64, 400, 400), (32, 64, 1, 1)),
    "signal": Shape((1, 1, 5_000_000), (1, 1, 101), options="padding='same'"),
    "stride": Shape((1, 3, 2000, 2000), (16, 3, 7, 7), options="padding=3, stride=2"),
    "volume": Shape((1, 4, 60, 80, 100), (8, 4, 3, 3, 3), options="padding=1"),
}

# tracemalloc counts what NumPy allocates to the byte, touched or not
_PROGRAM = """
    import sys, tracemalloc
    from fractions import Fraction

    import numpy as np
    import numpy.fft
    from convcalc import build_problem, compute, conv, make_plan
    from convcalc.engine import threads

    problem = {problem}
    plans = [make_plan(problem, *engine, threads=threads) for engine, threads in {plans}]
    tracemalloc.start()
    for plan in plans:
        {forget}
        tracemalloc.reset_peak()
        output = compute(problem, plan).output
        held, peak = tracemalloc.get_traced_memory()
        print(plan.engine, plan.threads, output.nbytes, held, peak, plan.workspace_bytes, plan.memory_bytes)
        del output
"""


class Measured(NamedTuple):
    """What one computation took, in bytes."""

    engine: str
    threads: int
    output: int
    held: int
    """When it was done."""
    peak: int
    workspace: int
    """As the plan has it."""
    planned: int
    """Input, workspace and output, as the plan has it."""


def measured(problem: str, plans: list[tuple[tuple[str, ...], int]], *, keeps: bool = False) -> list[Measured]:
    """The problem computed by these engines (none stands for auto) and threads, in a process of its own.

    ``keeps``: the scratch that one leaves is there for the next.
    """
    forget = "pass" if keeps else "threads._KEPT.clear()"
    program = textwrap.dedent(_PROGRAM).format(problem=problem, plans=plans, forget=forget)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
    assert done.stderr == ""
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == len(plans)
    return [Measured(row[0], *map(int, row[1:])) for row in rows]


@pytest.mark.parametrize("name", SHAPES)
def test_a_large_convolution_takes_little_beside_its_output(name: str) -> None:
    """Every engine that takes it in reasonable time needs its output and at most 64 MiB, and what its plan says."""
    shape = SHAPES[name]
    problem = shape.problem()
    quick = [engine for engine in takers(problem) if make_plan(problem, engine).seconds < 0.4]
    assert make_plan(problem).engine in quick
    roomy = [engine for engine in quick if make_plan(problem, engine, threads=2).workspace_bytes <= WORKSPACE]
    assert make_plan(problem).engine in roomy
    assert len(roomy) >= 2
    for row in measured(shape.source, [*(((engine,), threads) for engine in roomy for threads in (1, 2))]):
        assert row.workspace <= WORKSPACE, row
        assert row.peak <= row.output + row.workspace + SLACK, row
        assert row.planned == problem.input.size * np.dtype(shape.dtype).itemsize + row.workspace + row.output, row


@pytest.mark.parametrize("name", ["image", "channels", "image-uint8", "signal"])
def test_the_planned_workspace_is_not_far_more_than_is_taken(name: str) -> None:
    """The plan that is chosen says at most four times the scratch that is used, or 8 MiB more."""
    row = measured(SHAPES[name].source, [((), 2)])[0]
    assert row.workspace <= 4 * (row.peak - row.output) + 8 * MIB, row


def peak_of(work: Callable[[], object]) -> int:
    """Bytes that work has allocated at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_buffer_that_grows_is_never_held_twice() -> None:
    """What it was is given back first: the peak is the larger size, whichever tile a thread happens to begin with."""
    buffers, dtype = Scratch(), np.dtype("u1")
    peak = peak_of(lambda: [buffers.array("line", (size * MIB,), dtype).size for size in (8, 9)])
    assert 9 * MIB <= peak < 9.1 * MIB
    assert buffers.nbytes == 9 * MIB


@pytest.mark.parametrize(
    ("shape", "step"), [((1 << 20,), 1), ((1 << 20,), 2), ((3, 1 << 19), 1), ((3, 1 << 19), 2), ((1 << 19, 3), 1)]
)
def test_looking_for_inf_and_nan_takes_no_memory(shape: tuple[int, ...], step: int) -> None:
    """However long the rows are, and wherever in them the value is."""
    values = np.ones(shape, np.float32)[..., ::step]
    assert peak_of(lambda: are_finite(values)) < 2 * values.size + MIB // 16
    assert are_finite(values)
    for place in (0, values.size // 2, values.size - 1):
        for bad in (np.inf, np.nan):
            values.flat[place] = bad
            assert not are_finite(values), place
            values.flat[place] = 1


def test_what_is_kept_for_the_next_convolution_is_bounded() -> None:
    """When a convolution is done, at most four buffers of 16 MiB are held beside its output, however often it runs."""
    rows = measured(SHAPES["image"].source, [((), 2)] * 12, keeps=True)
    assert max(row.held - row.output for row in rows) <= 4 * 16 * MIB + SLACK
    assert rows[-1].peak <= rows[0].peak + SLACK


@pytest.mark.parametrize(
    "options",
    [
        "scale=[Fraction(1, 9)]",
        "scale=[Fraction(3, 9)], bias=7",
        "scale=[Fraction(1, 9)], bias=Fraction(1, 4)",
        "bias=-3",
    ],
    ids=["ninths", "thirds-and-bias", "rational-bias", "bias"],
)
def test_exact_results_are_finished_in_their_own_memory(options: str) -> None:
    """Dividing whole sums takes no second output, whether the quotients are whole or not."""
    image = "np.resize(np.arange(251), (1, 1, 2000, 2000)).astype('uint8')"
    for row in measured(f"build_problem({image}, np.ones((1, 1, 3, 3), int), padding=1, {options})", [((), 2)]):
        assert row.output == 8 * 2000 * 2000
        assert row.peak <= row.output + row.workspace + 8 * MIB, row


def test_floats_are_finished_in_their_own_memory() -> None:
    """Scale and bias of floats are applied tile by tile, in place."""
    image = "np.ones((1, 1, 2000, 2000), 'float32')"
    options = "scale=[Fraction(1, 9), Fraction(2, 7)], bias=[1.5, 2.5]"
    for row in measured(f"build_problem({image}, np.ones((2, 1, 3, 3), int), padding=1, {options})", [((), 2)]):
        assert row.output == 2 * 4 * 2000 * 2000
        assert row.peak <= row.output + row.workspace + SLACK, row


@pytest.mark.parametrize("layout", ["cells[:, :, ::2, ::-1]", "np.swapaxes(cells, 2, 3)", "np.asfortranarray(cells)"])
def test_other_layouts_of_the_input_are_not_copied(layout: str) -> None:
    """Strides, order and direction of the input cost a tile at a time, not an input."""
    image = f"(lambda cells: {layout})(np.ones((1, 1, 3000, 3000), 'float32'))"
    problem = f"build_problem({image}, np.ones((1, 1, 5, 5), 'float32'), padding=2)"
    for row in measured(problem, [((), 2), (("gemm",), 2), (("direct",), 1)]):
        assert row.peak <= row.output + row.workspace + SLACK, row


def test_conv_takes_no_more_than_compute() -> None:
    """The call in one line copies neither its arguments nor its result."""
    program = """
        import tracemalloc
        import numpy as np
        from convcalc import conv

        cells, weight = np.ones((1, 3000, 3000), np.float32), np.ones((1, 1, 3, 3), np.float32)
        conv(np.ones((8, 80, 80)), np.ones((8, 8, 3, 3)))
        tracemalloc.start()
        output = conv(cells, weight, padding=1)
        print(output.nbytes, tracemalloc.get_traced_memory()[1])
        cells[0, 7, 7] = np.inf
        tracemalloc.reset_peak()
        output = None
        output = conv(cells, weight, padding=1)
        print(output.nbytes, tracemalloc.get_traced_memory()[1])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.stderr == ""
    for line in done.stdout.splitlines():
        output, peak = map(int, line.split())
        assert peak <= output + 24 * MIB


def test_the_process_itself_grows_no_more_than_that() -> None:
    """What the system counts agrees: input, output, 64 MiB of workspace and the libraries' own buffers."""
    program = """
        import resource
        import numpy as np
        from convcalc import build_problem, compute

        problem = build_problem(np.ones((1, 1, 5000, 5000), np.float32), np.ones((1, 1, 3, 3), np.float32), padding=1)
        compute(build_problem(np.ones((1, 8, 80, 80)), np.ones((8, 8, 3, 3))))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        output = compute(problem).output
        print(output.nbytes, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=100, check=True
    )
    output, grown = map(int, done.stdout.split())
    assert grown <= output + 64 * MIB + 16 * MIB
