"""Benchmarks: who takes part, what is said of made-up times, and short real runs in processes of their own."""

from __future__ import annotations

import io
import json
import re
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convcalc import build_problem
from convcalc.bench import worker
from convcalc.bench.cases import CASES, find_case
from convcalc.bench.contender import Contender, no_obstacle
from convcalc.bench.machine import COPY, COPY_BYTES, PRODUCT, PRODUCT_OPERATIONS
from convcalc.bench.ours import CONV, ENGINES_ALONE
from convcalc.bench.peers import PEERS
from convcalc.bench.process import Worker, pack, unpack
from convcalc.bench.records import Absent, Benchmark, Machine, Measurement
from convcalc.bench.runner import Conditions, measure
from convcalc.bench.table import CONTENDERS, entrants
from convcalc.bench.worker import PROBLEM, serve, turn
from convcalc.cli.commands.bench import _case, _narration
from convcalc.cli.options import ProblemOptions
from convcalc.errors import DataError
from convcalc.problem import Labels, Problem
from convcalc.render.plain import plain_lines
from convcalc.report.bench import bench_report


def problem_of(cells: tuple[int, ...], taps: tuple[int, ...], dtype: str = "float64", **options: Any) -> Problem:
    """A problem with these shapes: (batch, in_channels, *spatial) and (out_channels, in_channels / groups, *taps)."""
    numbers = np.random.default_rng([*cells, *taps])
    name = "int64" if dtype in ("auto", "exact") else dtype
    made = (np.rint(9 * numbers.standard_normal(shape)).astype(name) for shape in (cells, taps))
    return build_problem(*made, dtype=dtype, **{"padding": "same", **options})


IMAGE = ((1, 1, 8, 9), (1, 1, 3, 3))

# --- the report, of made-up times

MACHINE = Machine("x86_64", "Some Processor", 2, "3.12.1", "2.4.0", "openblas 0.3")
MADE_UP = Benchmark(
    numbers="float32",
    macs=648,
    bytes_moved=576,
    machine=MACHINE,
    measurements=(
        Measurement("convcalc", (2e-6, 4e-6, 3e-6), 0.0),
        Measurement("direct", (1.0, 1.0, 1.0), 1e-7),
        Measurement("torch", (1e-6, 9e-6, 2e-6), 2e-3, "2.13.0"),
        Measurement("scipy-ndimage", (5e-6, 5e-6, 6e-6), float("nan"), "1.16"),
    ),
    absent=(Absent("fft", "no way"), Absent("opencv", "not today"), Absent("winograd-2", "no way")),
    product_gflops=10.0,
    copy_gigabytes=2.0,
    tolerance=1e-4,
)
PAGE = """\
made up
Cross-correlation (kernel not flipped) of 1 channel of 8×9 with a kernel of 3×3,
stride 1, padding 1 (zeros): gives 1 output channel of 8×9.
648 MACs in float32, 2 threads; milliseconds, best and median of 3 rounds

+---------------+-----------+-----------+---------+------+------+------------+
| contender     |   minimum |    median | GFLOP/s | GEMM | copy |      ratio |
+---------------+-----------+-----------+---------+------+------+------------+
| torch         |     0.001 |     0.002 |     1.3 |  13% |  29% |       0.50 |
| convcalc      |     0.002 |     0.003 |     0.6 |   6% |  14% |       1.00 |
| scipy-ndimage |     0.005 |     0.005 |     0.3 |   3% |   6% |       2.50 |
| direct        | 1,000.000 | 1,000.000 |     0.0 |   0% |   0% | 500,000.00 |
+---------------+-----------+-----------+---------+------+------+------------+

torch         ████
convcalc      ████████
scipy-ndimage ████████████████████
direct        ████████████████████████████████████████…

GEMM and copy: shares of what a large matrix product (10 GFLOP/s) and a copy
(2.0 GB/s, read and written) reach here; ratio: of the best times, to convcalc.
x86_64, Some Processor; Python 3.12.1; NumPy 2.4.0 with openblas 0.3; torch
2.13.0; scipy 1.16.
note: torch differs from convcalc by 2.0e-03 of the largest output
note: scipy-ndimage differs from convcalc by nan of the largest output
note: fft, winograd-2: no way
note: opencv: not today
"""


def test_the_page_of_made_up_times() -> None:
    """The fastest comes first; what differs, and who is absent and why, is noted."""
    problem = problem_of(*IMAGE, "float32", labels=Labels("made up"))
    report = bench_report(problem, MADE_UP)
    assert "".join(f"{line}\n" for line in plain_lines(report.blocks, 80)) == PAGE
    assert report.notes == tuple(line.removeprefix("note: ") for line in PAGE.splitlines() if line.startswith("note"))


def test_data_and_rows_of_made_up_times() -> None:
    """JSON has the schema and every round, CSV one row for each contender, both at full precision."""
    report = bench_report(problem_of(*IMAGE, "float32"), MADE_UP)
    data, rows = report.data(), list(map(list, report.rows())) if report.rows else []
    assert data == json.loads(json.dumps(data, allow_nan=False))
    assert data["schema"] == "convcalc.bench/1"
    assert data["machine"] == MACHINE._asdict()
    assert data["absent"][0] == {"name": "fft", "reason": "no way"}
    torch, _, scipy, _ = data["contenders"]
    assert (torch["rounds"], torch["minimum_seconds"], torch["differs"]) == ([1e-6, 9e-6, 2e-6], 1e-6, True)
    assert (scipy["difference"], scipy["differs"]) == ("nan", True)
    assert [row[0] for row in rows] == ["contender", "torch", "convcalc", "scipy-ndimage", "direct"]
    np.testing.assert_allclose(rows[2][1:], [2e-6, 3e-6, 0.648, 0.0648, 0.144, 1.0], rtol=1e-12)


# --- who takes part

FILTERS = ("opencv", "scipy-ndimage", "scipy-oaconvolve")
OBSTACLES = [
    ("an image", (*IMAGE,), {}, {"scipy-oaconvolve": "kernels of 25 taps and more only"}),
    ("a large kernel", ((1, 1, 8, 9), (1, 1, 5, 5)), {}, {}),
    ("whole numbers", (*IMAGE, "auto"), {}, dict.fromkeys(("torch", *FILTERS), "floats only")),
    ("two samples", ((2, 1, 8, 9), (1, 1, 5, 5)), {}, dict.fromkeys(FILTERS, "one sample at a time only")),
    (
        "channels that are summed",
        ((1, 2, 8, 9), (2, 2, 5, 5)),
        {},
        dict.fromkeys(FILTERS, "one input channel for each output channel only"),
    ),
    ("channels apart", ((1, 2, 8, 9), (4, 1, 5, 5)), {"groups": 2}, {}),
    (
        "stride",
        ((1, 1, 8, 9), (1, 1, 5, 5)),
        {"stride": 2, "padding": 2},
        dict.fromkeys(FILTERS, "neither stride nor dilation"),
    ),
    (
        "an even kernel",
        ((1, 1, 8, 9), (1, 1, 6, 6)),
        {},
        {"torch": "the same padding on both sides only"}
        | dict.fromkeys(FILTERS, "outputs of the input's size only, by odd kernels"),
    ),
    ("a bias", ((1, 1, 8, 9), (1, 1, 5, 5)), {"bias": 1.5}, dict.fromkeys(FILTERS, "no bias")),
    (
        "a mirror",
        ((1, 1, 8, 9), (1, 1, 5, 5)),
        {"boundary": "reflect"},
        dict.fromkeys(("torch", *FILTERS), "zeros around the input only"),
    ),
    ("a line", ((1, 1, 40), (1, 1, 25)), {}, {"opencv": "images of two axes only"}),
    (
        "four axes",
        ((1, 1, 3, 3, 3, 3), (1, 1, 3, 3, 3, 3)),
        {},
        {"torch": "three spatial axes at most", "opencv": "images of two axes only"},
    ),
]


@pytest.mark.parametrize(("arguments", "options", "reasons"), [r[1:] for r in OBSTACLES], ids=[r[0] for r in OBSTACLES])
def test_a_peer_says_why_it_does_not_take_part(arguments: Any, options: Any, reasons: dict[str, str]) -> None:
    """Every peer takes what it can compute and names what it cannot."""
    problem = problem_of(*arguments, **options)
    assert {each.name: reason for each in PEERS if (reason := each.obstacle(problem, 2))} == reasons


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", OBSTACLES, ids=[row[0] for row in OBSTACLES])
def test_peers_give_the_same_numbers(row: Any, dtype: str) -> None:
    """Whoever takes part computes what convcalc computes."""
    problem = problem_of(*row[1][:2], dtype, **row[2])
    wanted = next(iter(CONV.values())).prepare(problem, 1)()
    for peer in PEERS:
        if peer.obstacle(problem, 1) is None:
            pytest.importorskip(peer.package, reason="extra `bench` is not installed")
            output = np.asarray(peer.prepare(problem, 1)())
            assert output.dtype == wanted.dtype == dtype
            largest = np.abs(wanted).max()
            np.testing.assert_allclose(output, wanted, rtol=0, atol=largest * (1e-5 if dtype == "float32" else 1e-13))


def test_an_engine_that_would_take_too_long_says_so() -> None:
    """Ten seconds a call are the most; conv itself always takes part."""
    problem = build_problem(np.zeros((1, 1, 4000, 4000)), np.ones((1, 1, 401, 401)), padding="same")
    direct = CONTENDERS["direct"].obstacle(problem, 1)
    assert direct is not None
    assert direct.startswith("would take about ")
    assert direct.endswith(" s a call")
    assert CONTENDERS["convcalc"].obstacle(problem, 1) is None


def test_who_is_asked_for_takes_part() -> None:
    """The precision names our contender; an engine asked for is the only one."""
    assert [each.name for each in entrants("fast", "gemm")] == ["convcalc-fast", "gemm", *(p.name for p in PEERS)]
    assert {each.name for each in entrants("full")} == {"convcalc", *(e.name for e in (*ENGINES_ALONE, *PEERS))}


def test_cases_have_names_of_their_own() -> None:
    """Names are unique; a case has the numbers and the kernel that it says."""
    assert len({case.name for case in CASES}) == len(CASES)
    problem = find_case("depthwise-31x31-32-64").problem("float32")
    assert (problem.input.shape, problem.output_shape) == ((1, 32, 64, 64), (1, 32, 64, 64))
    assert problem.input.dtype == problem.weight.dtype == np.float32
    gaussian = find_case("gaussian")._replace(size=(8, 8)).problem("float64")
    np.testing.assert_array_equal(gaussian.weight[0, 0] * 16, [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


# --- a worker

PARCELS = {
    "floats": problem_of(*IMAGE, "float32", bias=0.1, boundary=-1e16, stride=2, padding=[[1, 2], [0, 3]]),
    "fractions": build_problem(
        [[[Fraction(1, 3), 2**70, -1]]],
        [[[Fraction(1, 9), Fraction(2, 9)]]],
        Fraction(-1, 7),
        dtype="exact",
        boundary=Fraction(1, 2),
        padding=1,
    ),
    "groups": problem_of((2, 4, 5, 6), (6, 2, 2, 2), "auto", groups=2, dilation=2, flip=True, boundary="circular"),
    "infinite": problem_of(*IMAGE, bias=float("inf"), boundary=float("-inf")),
    "nothing": problem_of((0, 1, 4), (1, 1, 2)),
}


@pytest.mark.parametrize("name", PARCELS)
def test_a_problem_survives_its_parcel(tmp_path: Path, name: str) -> None:
    """What a worker unpacks is what was packed, to the last bit."""
    problem = PARCELS[name]
    pack(problem, tmp_path / PROBLEM)
    found = unpack(tmp_path / PROBLEM)
    for field in ("scale", "bias", "axes", "boundary", "groups", "flip", "dtype", "has_bias"):
        assert getattr(found, field) == getattr(problem, field), field
    for field in ("input", "weight"):
        assert getattr(found, field).dtype == getattr(problem, field).dtype
        np.testing.assert_array_equal(getattr(found, field), getattr(problem, field))


@pytest.mark.parametrize(("seconds", "calls"), [(1e-5, 51), (0.001, 21), (0.1, 4), (0.3, 2)])
def test_a_turn_is_as_long_as_it_must_be(monkeypatch: pytest.MonkeyPatch, seconds: float, calls: int) -> None:
    """After one to warm up at least 3 calls and 20 ms, at most 50; one where a call is slow."""
    clock = [0.0]

    def call() -> None:
        clock[0] += seconds

    monkeypatch.setattr(worker, "perf_counter", lambda: clock[0])
    assert turn(call) == pytest.approx(seconds)
    assert clock[0] == pytest.approx(calls * seconds)
    assert turn(call, warm_up=False) == pytest.approx(seconds)
    assert clock[0] == pytest.approx((2 * calls - 1) * seconds)


@pytest.mark.parametrize("name", ["floats", "groups", "nothing"])
def test_a_worker_answers_every_line(tmp_path: Path, name: str) -> None:
    """First what its own output differs by, then the seconds of each turn; exact problems are not compared."""
    problem = PARCELS[name]
    pack(problem, tmp_path / PROBLEM)
    for contender in ("convcalc", "gemm", "direct"):
        said: list[dict[str, Any]] = []
        order = json.dumps({"contender": contender, "folder": str(tmp_path), "threads": 1})
        serve([order, "{}", "{}"], said.append)
        difference = said[0]["difference"]
        assert difference is None if problem.is_exact else difference < 1e-6
        assert all(answer["seconds"] > 0 for answer in said[1:])
        assert len(said) == 3


def test_other_numbers_are_told(tmp_path: Path) -> None:
    """The difference is the largest, as a share of the largest output; nan and another shape are never small."""
    path = tmp_path / "reference.npy"
    output = np.array([1.0, np.inf, -4.0])
    assert worker._difference(lambda: output, path) == 0
    assert worker._difference(lambda: output + np.array([0.5, 0, 0]), path) == 0.125
    assert np.isnan(worker._difference(lambda: output * np.nan, path))
    assert worker._difference(lambda: output[:2], path) == np.inf


# --- real runs


@pytest.mark.slow
def test_a_small_real_run(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One round of the built-in example by conv and one engine: JSON on standard output, nothing beside it."""
    monkeypatch.setattr("convcalc.bench.table.PEERS", ())
    command = "bench --rounds 1 --engine gemm --dtype float32 --threads 1 --format json"
    done = cli.run(*command.split())
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert sorted(each["name"] for each in found["contenders"]) == ["convcalc", "gemm"]
    assert all(len(each["rounds"]) == 1 and not each["differs"] for each in found["contenders"])
    assert (found["macs"], found["bytes_moved"], found["machine"]["threads"]) == (81, 4 * (25 + 9), 1)
    assert min(found["product_gflops"], found["copy_gigabytes"]) > 0.1


@pytest.mark.slow
def test_a_worker_that_dies_is_named_with_its_last_line() -> None:
    """A contender that the worker does not know ends it."""
    nobody = Contender("nobody", lambda *_: list, no_obstacle)
    with pytest.raises(DataError) as caught:
        measure(problem_of(*IMAGE), [nobody], Conditions(threads=1, rounds=1))
    assert str(caught.value) == "the process of nobody died: KeyError: 'nobody'"


def test_a_worker_that_is_killed_is_named_with_its_exit_code(tmp_path: Path) -> None:
    """There is no last line then."""
    with Worker("convcalc", tmp_path, threads=1) as started:
        started._process.kill()
        with pytest.raises(DataError) as caught:
            started.turn()
    assert str(caught.value) == "the process of convcalc died: exit code -9"


def test_a_peer_that_is_not_installed_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says how to install it."""
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setattr(
        "convcalc.bench.runner._in_turns", lambda _, names, *__: [Measurement(n, (1.0,)) for n in names]
    )
    found = measure(problem_of(*IMAGE), [CONTENDERS["convcalc"], CONTENDERS["opencv"]], Conditions(threads=1))
    assert [each.contender for each in found.measurements] == ["convcalc"]
    assert found.absent == (Absent("opencv", "not installed: pip install 'convcalc[bench]'"),)


def test_a_worker_that_is_gone_takes_no_order(tmp_path: Path) -> None:
    """A pipe that nobody reads any more is told in the same words."""
    with Worker("convcalc", tmp_path, threads=1) as started:
        started._process.kill()
        started._process.wait()
        with pytest.raises(DataError, match=r"^the process of convcalc died: exit code -9$"):
            started.turn()


def test_who_cannot_be_stopped_is_given_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems without SIGSTOP let idle threads fall asleep instead, before and after each answer."""
    waits: list[float] = []
    monkeypatch.setattr("convcalc.bench.process.signal", object())
    monkeypatch.setattr("convcalc.bench.process.time.sleep", waits.append)
    asked, answers = io.StringIO(), io.StringIO('{"seconds": 0.25}\n')
    process = SimpleNamespace(stdin=asked, stdout=answers, kill=lambda: None, communicate=lambda: None)
    monkeypatch.setattr("convcalc.bench.process.subprocess.Popen", lambda *_, **__: process)
    with Worker("convcalc", tmp_path, threads=1) as started:
        assert started.turn() == 0.25
    assert (asked.getvalue(), waits) == ("{}\n", [0.05, 0.05])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_ceiling_of_arithmetic_is_a_matrix_product(dtype: str) -> None:
    """Of 1024 × 1024 numbers of the problem's own kind."""
    found = PRODUCT.prepare(problem_of(*IMAGE, dtype), 1)()
    one, other = np.random.default_rng(0).standard_normal((2, 1024, 1024)).astype(dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found[:2], np.matmul(one, other)[:2])
    assert PRODUCT_OPERATIONS == 2 * 1024**3


def test_the_ceiling_of_memory_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """All bytes are read and written once, in one piece for each thread."""
    copied: list[tuple[np.ndarray, np.ndarray]] = []
    call = COPY.prepare(problem_of(*IMAGE), 3)
    monkeypatch.setattr(np, "copyto", lambda target, source: copied.append((target, source)))
    call()
    assert len(copied) == 3
    assert [sum(each.nbytes for each in side) for side in zip(*copied, strict=True)] == [COPY_BYTES // 2] * 2
    assert all((target == 0).all() and (source == 1).all() for target, source in copied)


# --- the command


class Screen(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_what_is_measured_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text replaces the one before, and the line is empty at the end, also after an error."""
    monkeypatch.setattr(sys, "stderr", Screen())
    with pytest.raises(ZeroDivisionError), _narration(is_wanted=True) as narrate:
        narrate("gemm")
        narrate("fft")
        raise ZeroDivisionError
    assert sys.stderr.getvalue() == "\r\x1b[Kgemm\r\x1b[Kfft\r\x1b[K"


@pytest.mark.parametrize(("stream", "is_wanted"), [(Screen(), False), (io.StringIO(), True), (None, True)])
def test_nobody_who_does_not_look_is_told(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None, is_wanted: bool
) -> None:
    """With -q, in a pipe and without standard error nothing is written."""
    monkeypatch.setattr(sys, "stderr", stream)
    with _narration(is_wanted=is_wanted) as narrate:
        narrate("gemm")
    assert stream is None or stream.getvalue() == ""


def test_a_case_takes_the_options_that_it_has_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers, engine, threads and limits are those asked for; without a word the numbers are float32."""
    small = find_case("gaussian")._replace(size=(8, 8))
    monkeypatch.setattr("convcalc.bench.cases.find_case", lambda name: {"small": small}[name])
    problem = _case("small", ProblemOptions(dtype="float64", engine="gemm"))
    assert (problem.input.dtype, problem.input.shape) == (np.float64, (1, 1, 8, 8))
    assert _case("small", ProblemOptions()).input.dtype == np.float32


# --- bad requests

BAD = [
    (["--case", "sobel-z"], 2, "error: --case: unknown case 'sobel-z'\nhint: did you mean sobel-x?\n"),
    (["--case", "box", "a.npy"], 2, "error: --case and a file exclude each other\nhint: leave one of them out\n"),
    (
        ["--case", "box", "--stride", "2"],
        2,
        "error: --case and --stride exclude each other\nhint: leave one of them out\n",
    ),
    (
        ["--case", "box", "--dtype", "exact"],
        2,
        "error: --dtype: a case is computed in float32 or float64, not in exact\n",
    ),
    (["--rounds", "0"], 2, "error: --rounds: rounds must be a whole number >= 1, got 0\n"),
    (["--threads", "0"], 2, "error: --threads: threads must be a whole number >= 1, got 0\n"),
    (["--precision", "quick"], 2, "error: --precision: unknown precision 'quick'\nhint: one of: fast, full\n"),
]


@pytest.mark.parametrize(("argv", "code", "message"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_a_bad_request_is_refused(cli: Any, argv: list[str], code: int, message: str) -> None:
    """The exact message and exit code, and nothing on standard output."""
    assert cli.run("bench", *argv) == (code, "", message)


def test_too_much_memory_is_refused(cli: Any) -> None:
    """Before any process is started."""
    done = cli.run("bench", "--limit", "memory=1KiB")
    assert (done.code, done.out) == (3, "")
    assert re.match(r"error: this benchmark needs .* of memory, 1.0 KiB may be used\nhint: raise it with", done.err)
