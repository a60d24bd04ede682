"""Several threads: the same bits, every tile once, errors that arrive, and nothing left behind."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest

from cases import binomial, obstacle_of, retiled, takers, within
from convcalc import ENGINES, build_problem, compute, conv, limits, make_plan
from convcalc.engine import compute as computing
from convcalc.engine import threads as room
from convcalc.engine.blas import blas
from convcalc.engine.threads import long_work, share
from convcalc.limits import usable_cores


def drawn(cells: tuple[int, ...], weight: Any, dtype: str = "float32", **options: Any) -> Any:
    """A problem with normal numbers, whole ones from −99 to 99 for whole dtypes; ``weight``: its shape or a plane."""
    rng = np.random.default_rng(cells)
    draw = rng.normal if np.dtype(dtype).kind == "f" else lambda size: rng.integers(-99, 100, size)
    weights = draw(size=weight) if isinstance(weight, tuple) else weight[None, None]
    return build_problem(draw(size=cells).astype(dtype), weights.astype(dtype), **options)


PROBLEMS = {
    "channels": drawn((1, 32, 56, 57), (48, 32, 3, 3), padding=1),
    "channels-float64": drawn((2, 16, 40, 41), (32, 16, 3, 3), "float64", padding=1, boundary="reflect"),
    "channels-int16": drawn((1, 16, 40, 40), (16, 16, 3, 3), "int16", padding=1),
    "batch": drawn((6, 16, 61, 63), (24, 16, 3, 3), bias=1.5),
    "depthwise": drawn((1, 64, 56, 56), (64, 1, 3, 3), groups=64, padding=1),
    "groups": drawn((1, 32, 56, 56), (32, 8, 5, 5), groups=4, padding=2),
    "pointwise": drawn((1, 128, 112, 112), (64, 128, 1, 1)),
    "image-5": drawn((1, 1, 700, 901), np.outer(binomial(5), binomial(5)), padding=2, boundary="symmetric"),
    "image-int16": drawn((1, 1, 700, 901), np.outer(binomial(5), binomial(5)), "int16", padding=2),
    "image-31": drawn((1, 1, 250, 211), (1, 1, 31, 31), "float64", padding=15),
    "signal": drawn((1, 4, 40_000), (4, 4, 101)),
}


def shared_plans() -> Iterator[tuple[str, str]]:
    """Every problem with every engine that takes it, has tiles to share and does not take a second for it."""
    for name, problem in PROBLEMS.items():
        for engine in takers(problem):
            plan = make_plan(problem, engine, threads=3)
            if plan.threads > 1 and plan.seconds * plan.threads < 0.025:
                yield name, engine


SHARED = list(shared_plans())


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No thread, no setting of BLAS and none of NumPy is left as a convolution needed it."""
    count, before = _thread._count(), settings()
    yield
    for _ in range(200):  # a thread counts until shortly after it has said that it is done
        if _thread._count() <= count:
            break
        threading.Event().wait(0.01)
    assert _thread._count() <= count
    assert settings() == before


def settings() -> Any:
    """What a convolution sets for the time that it takes."""
    return blas_threads(), np.getbufsize(), np.geterr(), sys.getswitchinterval()


def blas_threads() -> list[int]:
    """The threads that NumPy's matrix products take, where its library tells them."""
    found = blas()
    return [found.get()] if found else []


# The same numbers --------------------------------------------------------------------------------------------------


def test_every_engine_is_shared_somewhere() -> None:
    """Each engine has a problem here that several threads compute; fused, switched off, has a module of its own."""
    assert {engine for _, engine in SHARED} == set(ENGINES) - {"fused"}


@pytest.mark.parametrize(("name", "engine"), SHARED, ids=["-".join(row) for row in SHARED])
def test_the_number_of_threads_changes_no_bit(name: str, engine: str) -> None:
    """One, two and three threads give the very same numbers, one time as the other."""
    problem = PROBLEMS[name]
    plans = [make_plan(problem, engine, threads=count) for count in (1, 2, 3)]
    assert [plan.threads for plan in plans] == [1, 2, min(3, plans[0].tile_count)]
    one = compute(problem, plans[0]).output
    for plan in (*plans[1:], plans[2]):
        output = compute(problem, plan).output
        assert output.dtype == one.dtype
        assert output.tobytes() == one.tobytes()


@pytest.mark.parametrize("name", PROBLEMS)
def test_conv_takes_a_number_of_threads(name: str) -> None:
    """The call in one line gives the same bits with any number of threads."""
    problem = PROBLEMS[name]
    options = {
        "padding": [(axis.before, axis.after) for axis in problem.axes],
        "boundary": problem.boundary,
        "groups": problem.groups,
        "bias": list(problem.bias),
    }
    outputs = [conv(problem.input, problem.weight, threads=count, **options) for count in (1, 2, None)]
    assert outputs[0].tobytes() == outputs[1].tobytes() == outputs[2].tobytes()
    np.testing.assert_array_equal(outputs[0], compute(problem).output)


@pytest.mark.parametrize("name", PROBLEMS)
def test_progress_counts_every_tile_once(name: str) -> None:
    """Whichever thread computed a tile, the callback is called for it once, with the tiles in all."""
    problem = PROBLEMS[name]
    for engine in (engine for shared, engine in SHARED if shared == name):
        plan = make_plan(problem, engine, threads=3)
        calls: list[tuple[int, int]] = []
        compute(problem, plan, progress=lambda done, total: calls.append((done, total)))  # noqa: B023
        assert sorted(calls) == [(done, plan.tile_count) for done in range(1, plan.tile_count + 1)]


def test_users_threads_do_not_disturb_each_other() -> None:
    """Convolutions at the same time in several threads of the caller give what they give alone."""
    rows = SHARED * 2
    alone = {row: compute(PROBLEMS[row[0]], make_plan(PROBLEMS[row[0]], row[1], threads=2)).output for row in SHARED}

    def together(row: tuple[str, str]) -> bool:
        problem = PROBLEMS[row[0]]
        return compute(problem, make_plan(problem, row[1], threads=2)).output.tobytes() == alone[row].tobytes()

    with within(60), ThreadPoolExecutor(4) as pool:
        assert all(pool.map(together, rows))


SMALL = """
import hashlib, sys
import numpy as np
from convcalc import build_problem, compute, make_plan
from convcalc.context import Context
from convcalc.layers.kinds.linear import Linear
from convcalc.layers.kinds.transposed import TransposedConvolution

def bits():
    rng = np.random.default_rng(5)
    for cells, weight, options in [
        ((1, 8, 40), (1, 8, 5), {}),
        ((1, 16, 60, 60), (8, 16, 5, 5), {}),
        ((1, 64, 28, 28), (64, 64, 3, 3), {"padding": 1}),
        ((1, 2000, 1), (7, 2000, 1), {}),
        ((1, 1, 5000), (1, 1, 3000), {}),
        ((1, 64, 14, 14), (10, 64, 1, 1), {}),
        ((2, 3, 64, 64), (16, 3, 7, 7), {"stride": 2}),
        ((1, 3, 224, 224), (8, 3, 3, 3), {}),
        ((1, 1, 128, 128), (1, 1, 9, 9), {"padding": 4}),
        ((1, 100, 9), (20, 100, 9), {}),
    ]:
        for dtype in ("float32", "float64"):
            arrays = (rng.normal(size=size).astype(dtype) for size in (cells, weight))
            problem = build_problem(*arrays, **options)
            for engine in ("auto", "gemm"):
                yield compute(problem, make_plan(problem, engine)).output
            values = {"weight": rng.normal(size=(300, 999)).astype(dtype)}
            layer = Linear.of((999,), out_features=300, bias=False)
            yield layer.compute([rng.normal(size=(3, 999)).astype(dtype)], values)
            settings = {"kernel_size": 3, "stride": 2, "dilation": 2, "bias": False}
            layer = TransposedConvolution.of((50, 9, 9), out_channels=13, **settings)
            values = {"weight": rng.normal(size=(50, 13, 3, 3)).astype(dtype)}
            context = Context(threads=int(sys.argv[1]))
            yield layer.compute([rng.normal(size=(1, 50, 9, 9)).astype(dtype)], values, context)
"""
"""A program that makes outputs of calls that are too short for threads of their own, and of some that are not."""
PRINTED = "print(*(hashlib.md5(each.tobytes()).hexdigest() for each in bits()))"
BESIDE = """
import threading
wanted = [each.tobytes() for each in bits()]
done = threading.Event()
problem = build_problem(np.ones((1, 16, 112, 112), np.float32), np.ones((64, 16, 3, 3), np.float32))

def others():
    while not done.is_set():
        compute(problem)

thread = threading.Thread(target=others)
thread.start()
try:
    print(*(each.tobytes() == before for _ in range(2) for each, before in zip(bits(), wanted)))
finally:
    done.set()
    thread.join()
"""


def printed(program: str, blas: int, threads: int = 2) -> str:
    """What a program prints on a machine whose BLAS takes so many threads."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(blas), "MKL_NUM_THREADS": str(blas)}
    command = [sys.executable, "-c", program, str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=environment)
    return done.stdout


def test_the_threads_of_blas_change_no_bit() -> None:
    """The same calls in processes whose matrix products may take one, two or four threads give the same bits."""
    outputs = {printed(SMALL + PRINTED, blas, threads) for blas, threads in ((1, 1), (2, 2), (4, 3))}
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 80


def test_what_others_compute_changes_no_bit() -> None:
    """While another thread convolves, every call gives the bits that it gives alone."""
    assert set(printed(SMALL + BESIDE, 4).split()) == {"True"}


# What goes wrong ---------------------------------------------------------------------------------------------------


class PlantedError(Exception):
    """What a test lets a job raise."""


def failing(monkeypatch: pytest.MonkeyPatch, engine: str, fails: Callable[[int], None]) -> None:
    """Lets an engine's job call ``fails`` with the number of the tile, counted from 1, before it computes it."""
    row = ENGINES[engine]
    lock, tiles = threading.Lock(), [0]

    def prepare(*arguments: Any) -> Any:
        run = row.prepare(*arguments)

        def job(*tile: Any) -> Any:
            with lock:
                tiles[0] += 1
                number = tiles[0]
            fails(number)
            return run(*tile)

        return job

    monkeypatch.setattr(computing, "ENGINES", {**ENGINES, engine: row._replace(prepare=prepare)})


@pytest.mark.parametrize("kind", [PlantedError, KeyboardInterrupt, SystemExit, MemoryError])
@pytest.mark.parametrize("where", ["first", "last", "every"])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("engine", ["gemm", "direct"])
def test_what_a_job_raises_reaches_the_caller(
    monkeypatch: pytest.MonkeyPatch, engine: str, threads: int, where: str, kind: type[BaseException]
) -> None:
    """An exception in any thread ends all of them and is raised where the convolution was asked for."""
    problem = PROBLEMS["batch" if engine == "gemm" else "image-5"]
    plan = make_plan(problem, engine, threads=threads)
    assert plan.threads == threads
    bad = {"first": {1}, "last": {plan.tile_count}, "every": set(range(1, plan.tile_count + 1))}[where]

    def fails(number: int) -> None:
        if number in bad:
            raise kind(f"tile {number}")

    with monkeypatch.context() as patched:
        failing(patched, engine, fails)
        with within(20), pytest.raises(kind, match="tile"):
            compute(problem, plan)
    np.testing.assert_array_equal(compute(problem, plan).output, compute(problem, plan._replace(threads=1)).output)


def test_after_an_error_no_more_tiles_are_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a job has failed the others take no new tile: at most one more for each thread."""
    problem = PROBLEMS["batch"]
    plan = make_plan(problem, "gemm", threads=3)
    begun: list[int] = []

    def fails(number: int) -> None:
        begun.append(number)
        if number == 1:
            raise PlantedError

    failing(monkeypatch, "gemm", fails)
    with pytest.raises(PlantedError):
        compute(problem, retiled(plan, (1, 61), tile_count=354))
    assert len(begun) < 100


def test_what_progress_raises_reaches_the_caller() -> None:
    """A callback may end the convolution, from whichever thread it was called."""
    problem = PROBLEMS["batch"]

    def stop(done: int, total: int) -> None:
        if done == total // 2:
            raise PlantedError

    for threads in (1, 2, 3):
        with within(20), pytest.raises(PlantedError):
            compute(problem, make_plan(problem, "gemm", threads=threads), progress=stop)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_items_that_cannot_be_made_end_all_threads(count: int) -> None:
    """What the items' own iterator raises reaches the caller as well."""

    def items() -> Iterator[int]:
        yield from range(10)
        raise PlantedError

    done: list[int] = []
    with within(20), pytest.raises(PlantedError):
        share(lambda item, _: done.append(item), items(), count)
    assert sorted(done) == list(range(10))


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("items", [0, 1, 2, 1000])
def test_every_item_is_done_once(items: int, count: int) -> None:
    """However many threads and items there are, each item is done by one of them."""
    done: Counter[int] = Counter()
    lock = threading.Lock()

    def job(item: int, scratch: Any) -> None:
        with lock:
            done[item] += 1

    with within(20):
        share(job, range(items), count)
    assert done == Counter(range(items))


def test_an_interrupt_while_others_work_ends_them_first() -> None:
    """An interrupt that comes while the caller waits for the others is raised when they have ended."""
    main, begun, interrupted = threading.get_ident(), threading.Event(), threading.Event()
    ended: list[int] = []

    def job(item: int, _: Any) -> None:
        if threading.get_ident() == main:
            begun.wait(10)
            return
        begun.set()
        interrupted.wait(10)
        threading.Event().wait(0.1)
        ended.append(item)

    def interrupt(*_: Any) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            share(job, range(2), 2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    assert len(ended) == 1


def test_threads_that_cannot_be_started_are_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no more threads, the ones that there are compute everything."""
    started: list[Any] = []

    def start(function: Any, arguments: Any) -> int:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(function)
        return _thread.start_new_thread(function, arguments)

    monkeypatch.setattr(room, "start_new_thread", start)
    problem = PROBLEMS["batch"]
    plan = make_plan(problem, "gemm", threads=3)
    with within(20):
        output = compute(problem, plan).output
    np.testing.assert_array_equal(output, compute(problem, plan._replace(threads=1)).output)
    assert started


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_a_long_convolution(threads: int) -> None:
    """An interrupt from the keyboard ends the process at once, with Python's KeyboardInterrupt and not with a crash."""
    program = f"""
        import numpy as np
        from convcalc import build_problem, compute, make_plan

        problem = build_problem(np.ones((1, 16, 1002, 1002), np.float32), np.ones((64, 16, 3, 3), np.float32))
        plan = make_plan(problem, "direct", threads={threads})
        tiles = plan.chosen._replace(work=plan.work._replace(tile_size=(1, 1000)))
        plan = plan._replace(chosen=tiles, tile_count=1000)
        compute(problem, plan, progress=lambda done, total: print("tile ", flush=True))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("tile")
        process.send_signal(signal.SIGINT)
        with within(20):
            _, errors = process.communicate()
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT


# BLAS --------------------------------------------------------------------------------------------------------------


def blas_during(problem: Any, threads: int) -> set[int]:
    """The threads of matrix products while a problem is computed."""
    seen: set[int] = set()
    compute(problem, make_plan(problem, "gemm", threads=threads), progress=lambda *_: seen.update(blas_threads()))
    return seen


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_blas_takes_one_thread_while_ours_work(threads: int) -> None:
    """During a long convolution matrix products take one thread each, and as many as before when it is done."""
    with several_blas_threads():
        assert blas_during(PROBLEMS["batch"], threads) <= {1}
        assert set(blas_threads()) <= {4}


def test_blas_takes_one_thread_in_users_threads_too() -> None:
    """The same holds in a thread of the caller's own, before and after the main thread has computed."""

    def limited() -> set[int]:
        with several_blas_threads():
            seen = blas_during(PROBLEMS["batch"], 2)
            assert set(blas_threads()) <= {4}
        return seen

    for thread in (True, False, True):
        with ThreadPoolExecutor(1) as pool:
            assert (pool.submit(limited).result() if thread else limited()) <= {1}


@contextmanager
def several_blas_threads() -> Iterator[None]:
    """Matrix products take four threads, as on a machine of four cores."""
    found = blas()
    if found is None:
        pytest.skip("NumPy's matrix library does not let its threads be set")
    before = found.get()
    found.set(4)
    try:
        yield
    finally:
        found.set(before)


def test_who_ends_last_gives_blas_its_threads_back() -> None:
    """Of several convolutions at a time the first to end leaves BLAS to the others."""
    with several_blas_threads():
        with long_work():
            with long_work():
                assert set(blas_threads()) <= {1}
            assert set(blas_threads()) <= {1}
            with pytest.raises(PlantedError), long_work():
                raise PlantedError
            assert set(blas_threads()) <= {1}
        assert set(blas_threads()) <= {4}


def test_long_convolutions_of_several_callers_take_turns() -> None:
    """While one caller's threads compute another's wait, so that BLAS is set back by whoever set it."""
    inside: list[int] = []
    most: list[int] = []

    def work(_: int) -> None:
        with long_work():
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.01)
            inside.pop()

    with within(20), ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(12)))
    assert most == [1] * 12


# Cores -------------------------------------------------------------------------------------------------------------

CPU_MAX = "/sys/fs/cgroup/cpu.max"
QUOTA, PERIOD = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"


def test_a_thread_lets_go_of_its_work_before_it_has_ended() -> None:
    """The caller finds nothing of it in memory; an error in it is no end that is waited for in vain."""
    end, done = _thread.allocate_lock(), []
    for work in ([lambda: done.append(end.locked())], [lambda: 1 // 0]):
        end.acquire()
        with nullcontext() if not done else pytest.raises(ZeroDivisionError):
            room._ended(work, end)
        assert (work, end.locked()) == ([], False)
    assert done == [True]


@pytest.mark.parametrize(("multiplications", "shared"), [(10_000_001, [2]), (10_000_000, [])])
def test_long_products_are_shared(monkeypatch: pytest.MonkeyPatch, multiplications: int, shared: list[int]) -> None:
    """By no more threads than there are items; short ones are done by the caller, each by one thread of BLAS too."""
    counts: list[int] = []
    done: list[int] = []
    seen: set[int] = set()

    def job(item: int, scratch: Any) -> None:
        done.append(item)
        seen.update(blas_threads())

    monkeypatch.setattr(room, "share", lambda *work: counts.append(work[-1]) or share(*work))
    with several_blas_threads():
        room.share_products(job, range(2), 8, multiplications)
    assert (sorted(done), counts) == ([0, 1], shared)
    assert seen <= {1}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system binds no process to cores")
def test_cores_are_those_that_the_process_is_bound_to() -> None:
    """A process that is bound to one core counts one and takes one thread."""
    program = """
        import os
        import numpy as np
        from convcalc import build_problem, make_plan
        from convcalc.limits import usable_cores

        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        problem = build_problem(np.ones((1, 64, 56, 56), np.float32), np.ones((64, 64, 3, 3), np.float32))
        print(usable_cores(), make_plan(problem).threads, make_plan(problem, threads=2).threads)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["1", "1", "2"]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, 8),
        ({CPU_MAX: "max 100000"}, 8),
        ({CPU_MAX: "200000 100000"}, 2),
        ({CPU_MAX: "150000 100000"}, 2),
        ({CPU_MAX: "50000 100000"}, 1),
        ({CPU_MAX: "1000 100000"}, 1),
        ({CPU_MAX: "1600000 100000"}, 8),
        ({CPU_MAX: ""}, 8),
        ({CPU_MAX: "max"}, 8),
        ({CPU_MAX: "nonsense of three words"}, 8),
        ({CPU_MAX: "100000 0"}, 8),
        ({QUOTA: "-1", PERIOD: "100000"}, 8),
        ({QUOTA: "300000", PERIOD: "100000"}, 3),
        ({QUOTA: "250000", PERIOD: "100000"}, 3),
        ({QUOTA: "300000"}, 8),
        ({CPU_MAX: "400000 100000", QUOTA: "300000", PERIOD: "100000"}, 3),
    ],
    ids=lambda value: "; ".join(value.values()) or "none" if isinstance(value, dict) else str(value),
)
def test_cores_are_no_more_than_the_quota(monkeypatch: pytest.MonkeyPatch, files: dict[str, str], wanted: int) -> None:
    """A control group's quota of processor time, of either version, is rounded up to whole cores."""
    monkeypatch.setattr(limits, "_read", lambda path: files.get(path, ""))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert usable_cores() == wanted


def test_systems_without_affinity_count_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no process is bound to cores all of the machine's count, and one if even they are unknown."""
    monkeypatch.setattr(limits, "_read", lambda _: "")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    for count, wanted in ((6, 6), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert usable_cores() == wanted


def test_engines_have_no_obstacle_to_threads() -> None:
    """Whether an engine takes a problem does not depend on what another thread computes."""
    with ThreadPoolExecutor(4) as pool:
        rows = [(problem, engine) for problem in PROBLEMS.values() for engine in ENGINES]
        assert list(pool.map(lambda row: obstacle_of(*row), rows)) == [obstacle_of(*row) for row in rows]


def test_memory_that_the_system_does_not_tell_is_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on systems without /proc, and on Windows, which has no limit of a process either."""
    monkeypatch.setattr(limits, "_read", lambda _: "")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert limits.available_memory() == 1 << 62
