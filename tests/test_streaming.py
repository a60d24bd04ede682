"""Streamed = whole: tiles of any size, all options, whole numbers and floats; journal, resuming, the output's type."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.engine.compute import compute
from convcalc.errors import ConvcalcError, DataError, FieldError, OutputError
from convcalc.files.blocks.npy import npy_source
from convcalc.files.blocks.source import HeldSource
from convcalc.files.blocks.target import NpyTarget
from convcalc.limits import Limits
from convcalc.problem import Problem
from convcalc.streaming.output_numbers import Range, asked_numbers, natural_numbers, output_range, range_of
from convcalc.streaming.stream import InputReader, Streamed, convolution_tiles, facts_of, stream
from convcalc.streaming.tiling import Tiling, tiling_of

CONTEXT = Context()
BOUNDARIES = ("zeros", "reflect", "symmetric", "replicate", "circular", 3)


def streamed(problem: Problem, path: Path, steps: tuple[int, ...], samples: int = 1, **asked: Any) -> Streamed:
    """The run of a problem whose input is held, into a file."""
    reader = InputReader(HeldSource(problem.input, "input"), problem.input.shape)
    cells = reader.range()
    numbers = asked_numbers(lambda: natural_numbers(problem, cells), None, asked.get("saturate"), None)
    tiling = Tiling(problem.batch, problem.out_channels, problem.axes, samples, steps)
    target = NpyTarget(str(path), problem.output_shape, numbers.dtype, force=True)
    tiles = convolution_tiles(problem, reader, numbers, cells, asked.get("context", CONTEXT))
    facts = facts_of(problem, reader.source, target, tiling, CONTEXT)
    return stream(tiles, tiling, reader, target, numbers, facts, done=asked.get("done", lambda *_: None))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A problem of one to three axes with any options, and numbers of which every one tells its place."""
    rank = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 2))
    span, filters = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    size = draw(st.tuples(*[st.integers(1, 7)] * rank))
    taps = draw(st.tuples(*[st.integers(1, 4)] * rank))
    shape = (draw(st.integers(1, 2)), groups * span, *size)
    dtype = draw(st.sampled_from(["uint8", "int8", "uint16", "int32", "int64", "float32", "float64"]))
    seed = draw(st.integers(0, 99))
    rng = np.random.default_rng(seed)
    cells = rng.permutation(int(np.prod(shape))).reshape(
        shape
    )  # a unique number everywhere, so that edges are told apart
    weight = rng.integers(-3, 4, (groups * filters, span, *taps))
    options: dict[str, Any] = {
        "stride": list(draw(st.tuples(*[st.integers(1, 3)] * rank))),
        "dilation": list(draw(st.tuples(*[st.integers(1, 3)] * rank))),
        "padding": [list(draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))) for _ in range(rank)],
        "boundary": draw(st.sampled_from(BOUNDARIES)),
        "groups": groups,
        "flip": draw(st.booleans()),
        "scale": [Fraction(draw(st.sampled_from(["1", "1/9", "-3/2", "2"])))] * (groups * filters),
        "bias": draw(st.sampled_from([None, 1, -2, 0.5])),
    }
    try:
        return build_problem((cells % 251).astype(dtype), weight, **options)
    except ConvcalcError:
        return build_problem((cells % 251).astype(dtype), weight, **options | {"padding": 12})


@settings(max_examples=80, deadline=None)
@given(problems(), st.data())
def test_streamed_is_whole(tmp_path_factory: pytest.TempPathFactory, problem: Problem, data: st.DataObject) -> None:
    """From tiles of one cell to tiles of more than the array: whole numbers to the bit, floats within their bound."""
    steps = data.draw(st.tuples(*(st.integers(1, size + 1) for size in problem.output_size)))
    steps = tuple(map(min, steps, problem.output_size))
    path = tmp_path_factory.getbasetemp() / "streamed.npy"
    run = streamed(problem, path, steps, data.draw(st.integers(1, 2)))
    found, whole = np.load(path), compute(problem)
    if problem.is_exact:
        np.testing.assert_array_equal(found, whole.output)
    else:
        assert found.dtype == whole.output.dtype
        could = 13.0 * 251 * np.abs(problem.weight).sum() + 2
        np.testing.assert_allclose(found, whole.output, rtol=0, atol=2 * whole.plan.error * could)
    told = run.output.statistics
    assert (told.low, told.high, told.not_finite) == (found.min(), found.max(), 0)
    assert told.mean == pytest.approx(float(found.astype(float).mean()), rel=1e-9, abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(problems())
def test_the_bound_holds_every_output(problem: Problem) -> None:
    """No output leaves the bound, and inputs exist that reach it where every tap lies inside."""
    if not problem.is_exact:
        return
    bound = output_range(problem, range_of(problem.input))
    output = compute(problem).output
    assert bound.low <= output.min()
    assert output.max() <= bound.high


@pytest.mark.parametrize(
    ("dtype", "weight", "expected"),
    [
        ("uint8", [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "int16"),  # Sobel: ±1020
        ("uint8", [[1]], "uint8"),
        ("uint8", [[1, 1]], "uint16"),
        ("uint8", [[-1]], "int16"),
        ("int8", [[1]], "int8"),
        ("int8", [[-1]], "int16"),  # -(-128) is 128
        ("uint16", [[1, 1]], "uint32"),
        ("int32", [[1, -1]], "int64"),
        ("uint32", [[2**31]], "uint64"),
        ("float32", [[1, 1]], "float32"),
        ("float64", [[1, 1]], "float64"),
    ],
)
def test_the_narrowest_type_that_holds_the_bound(dtype: str, weight: list[list[int]], expected: str) -> None:
    """Derived by hand from the range of the input's type."""
    problem = build_problem(np.zeros((1, 1, 4, 4), dtype), np.array(weight)[None, None])
    cells = Range(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)) if dtype[0] != "f" else None
    assert natural_numbers(problem, cells).dtype == expected


def test_quotients_are_floats_and_64_bits_are_enough_or_refused() -> None:
    """A box of ninths gives float64; sums beyond 64 bits are refused with both ends."""
    box = build_problem(np.zeros((1, 1, 4, 4), "u1"), np.ones((1, 1, 3, 3), int), scale=[Fraction(1, 9)])
    assert natural_numbers(box, Range(0, 255)).dtype == np.float64
    wide = build_problem(np.zeros((1, 1, 4), "i8"), np.array([[[2**62, 2]]]))
    with pytest.raises(DataError, match="could come out, which no type of 64 bits holds"):
        natural_numbers(wide, Range(-(2**62), 2**62))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("int8", None, None), "--output-dtype int8 does not hold -1,020 to 1,020, which could come out"),
        (("int9", None, None), "unknown --output-dtype 'int9'"),
        ((None, "float32", None), "unknown --saturate 'float32'"),
        ((None, "uint8", "half"), "unknown --rounding 'half'"),
        ((None, None, "half-up"), "--rounding is of numbers that become whole"),
        (("int16", "uint8", None), "--output-dtype int16 and --saturate uint8 are two types"),
    ],
)
def test_types_that_cannot_be(asked: tuple[str | None, str | None, str | None], message: str) -> None:
    """Each refusal says what was asked for and what holds."""
    problem = build_problem(np.zeros((1, 1, 4, 4), "u1"), np.array([[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]]))
    with pytest.raises((FieldError, DataError)) as caught:
        asked_numbers(lambda: natural_numbers(problem, Range(0, 255)), *asked)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (None, [0, 0, 0, 2, 2, 255, 0, 255, 0]),
        ("half-up", [0, 0, 1, 2, 3, 255, 0, 255, 0]),
        ("down", [0, 0, 0, 1, 2, 255, 0, 255, 0]),
        ("up", [0, 0, 1, 2, 3, 255, 0, 255, 0]),
        ("zero", [0, 0, 0, 1, 2, 255, 0, 255, 0]),
    ],
)
def test_saturation_clips_and_rounds_by_a_rule(rounding: str | None, expected: list[int]) -> None:
    """Numbers beyond 0 … 255 become its ends, halves go by the rule, inf to an end, nan to 0."""
    numbers = asked_numbers(lambda: pytest.fail("not needed"), None, "uint8", rounding)
    found = numbers.converted(np.array([-3.5, -0.4, 0.5, 1.5, 2.5, 300, -np.inf, np.inf, np.nan]))
    assert found.tolist() == expected
    assert found.dtype == np.uint8


# Stopping and going on ----------------------------------------------------------------------------------------------


class StopError(Exception):
    """Stands for whatever ends a run in the middle."""


def interrupted(after: int) -> Callable[[int, int], None]:
    """Ends a run after so many tiles."""

    def done(number: int, _every: int) -> None:
        if number == after:
            raise StopError

    return done


def some_problem(path: Path) -> tuple[Problem, InputReader]:
    """A problem on a file of 40 × 30 numbers that are all different."""
    if not path.exists():
        np.save(path, np.random.default_rng(3).permutation(1200).reshape(40, 30).astype(np.int16))
    source = npy_source(str(path), Limits())
    problem = build_problem(
        source.read((range(40), range(30)))[None, None], np.arange(9).reshape(1, 1, 3, 3) - 4, padding=1
    )
    return problem, InputReader(source, (1, 1, 40, 30))


def run_on(folder: Path, *, resume: bool, done: Callable[[int, int], None] = lambda *_: None) -> Streamed:
    """The run of that problem in a folder, in tiles of 7 × 11."""
    problem, reader = some_problem(folder / "input.npy")
    numbers = natural_numbers(problem, reader.range())
    tiling = Tiling(1, 1, problem.axes, 1, (7, 11))
    target = NpyTarget(str(folder / "out.npy"), (40, 30), numbers.dtype, force=True)
    tiles = convolution_tiles(problem, reader, numbers, reader.range(), CONTEXT)
    return stream(
        tiles,
        tiling,
        reader,
        target,
        numbers,
        facts_of(problem, reader.source, target, tiling, CONTEXT),
        resume=resume,
        done=done,
    )


def test_a_run_goes_on_where_it_ended_after_every_tile(tmp_path: Path) -> None:
    """Byte for byte the file of a run that was not interrupted; nothing else stays; statistics and picture too."""
    whole = run_on(tmp_path, resume=False)
    expected = (tmp_path / "out.npy").read_bytes()
    (tmp_path / "out.npy").unlink()
    for after in range(1, whole.tiling.tiles + 1):
        with pytest.raises(StopError):
            run_on(tmp_path, resume=True, done=interrupted(after))
        assert not (tmp_path / "out.npy").exists()
        again = run_on(tmp_path, resume=True)
        assert again.resumed == after
        assert (tmp_path / "out.npy").read_bytes() == expected
        assert again.output.statistics == whole.output.statistics
        np.testing.assert_array_equal(again.output.picture, whole.output.picture)
        np.testing.assert_array_equal(again.input.cells, whole.input.cells)
        (tmp_path / "out.npy").unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["input.npy"]


def test_a_journal_cut_off_in_a_line_loses_that_tile_alone(tmp_path: Path) -> None:
    """A run that was killed while it wrote a number computes that tile again."""
    run_on(tmp_path, resume=False)
    expected = (tmp_path / "out.npy").read_bytes()
    with pytest.raises(StopError):
        run_on(tmp_path, resume=False, done=interrupted(5))
    (journal,) = tmp_path.glob(".*.journal")
    journal.write_bytes(journal.read_bytes()[:-1])
    assert run_on(tmp_path, resume=True).resumed == 4
    assert (tmp_path / "out.npy").read_bytes() == expected


def test_another_run_is_not_gone_on_with(tmp_path: Path) -> None:
    """An input that was changed in between is told; without --resume it begins anew."""
    with pytest.raises(StopError):
        run_on(tmp_path, resume=False, done=interrupted(3))
    cells = np.load(tmp_path / "input.npy")
    np.save(tmp_path / "input.npy", cells[::-1])
    os.utime(tmp_path / "input.npy", ns=(1, 1))
    with pytest.raises(OutputError, match="the run that was interrupted had another input"):
        run_on(tmp_path, resume=True)
    assert run_on(tmp_path, resume=False).resumed == 0


def test_an_input_that_is_cut_off_or_changed_is_told(tmp_path: Path) -> None:
    """In one line, with what is finished kept."""
    some_problem(tmp_path / "input.npy")

    def cut(number: int, _every: int) -> None:
        if number == 4:
            os.truncate(tmp_path / "input.npy", 900)

    with pytest.raises(DataError, match="was cut off while it was read"):
        run_on(tmp_path, resume=False, done=cut)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".journal", ".npy", ".part"]
    (tmp_path / "input.npy").unlink()
    some_problem(tmp_path / "input.npy")

    def touched(number: int, _every: int) -> None:
        if number == 4:
            os.utime(tmp_path / "input.npy", ns=(5, 5))

    with pytest.raises(DataError, match="was changed while it was read"):
        run_on(tmp_path, resume=False, done=touched)
    assert not (tmp_path / "out.npy").exists()


def test_a_full_disk_is_told_and_what_is_finished_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's reason in one line; when there is room again the run goes on."""
    write, left = os.pwrite, [8]

    def full(descriptor: int, data: Any, start: int) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        return write(descriptor, data, start)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OutputError, match=r"out\.npy: No space left on device"):
        run_on(tmp_path, resume=False)
    monkeypatch.undo()
    assert run_on(tmp_path, resume=True).resumed == 1  # of seven rows each, after the header
    expected = (tmp_path / "out.npy").read_bytes()
    run_on(tmp_path, resume=False)
    assert (tmp_path / "out.npy").read_bytes() == expected


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_streaming import run_on
left = {after}
write = os.write if {journal} else os.pwrite
def kill(*arguments):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(*arguments)
setattr(os, "write" if {journal} else "pwrite", kill)
run_on(Path({folder!r}), resume=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that a process cannot catch")
def test_killed_at_any_write_the_run_is_byte_identical(tmp_path: Path) -> None:
    """Killed without warning, before numbers are written or before the journal knows of them; then it goes on."""
    run_on(tmp_path, resume=False)
    expected = (tmp_path / "out.npy").read_bytes()
    for after, journal in ((1, False), (9, False), (40, False), (1, True), (2, True), (14, True)):
        (tmp_path / "out.npy").unlink(missing_ok=True)
        program = KILLED.format(tests=str(Path(__file__).parent), after=after, journal=journal, folder=str(tmp_path))
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert not (tmp_path / "out.npy").exists()
        run_on(tmp_path, resume=True)
        assert (tmp_path / "out.npy").read_bytes() == expected


def test_tiles_fit_what_they_may_take() -> None:
    """Whole rows while they fit, then parts of rows, always multiples of the output's chunks, of about equal sizes."""
    problem = build_problem(np.broadcast_to(np.uint8(0), (1, 1, 20_000, 20_000)), np.ones((1, 1, 3, 3), int), padding=1)
    tiling = tiling_of(1, (1, 1), problem.axes, (1, 2))
    assert tiling.steps == (834, 20_000)
    assert tiling.tiles == 24
    assert tiling.halo == (2, 0)
    assert tiling.read == 20_000 * (20_000 + 2 * 23)
    narrow = tiling_of(1, (1, 1), problem.axes, (1, 2), most=1 << 14)
    assert narrow.steps[0] == 1
    assert 3 * narrow.input_cells / 3 + 2 * narrow.output_cells <= 1 << 14
    aligned = tiling_of(1, (1, 1), problem.axes, (1, 2), multiples=(512, 512))
    assert aligned.steps[0] % 512 == 0
    assert sum(len(box[2]) * len(box[3]) for box in narrow.boxes()) == 20_000**2
