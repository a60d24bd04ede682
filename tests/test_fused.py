"""The engine ``fused``: its numbers, its bits, and what happens where its code is not compiled or cannot be kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cases import CASES, KINDS, could_come_to, kinds_of, numbers, obstacle_of, problem_of, retiled
from conftest import CommandLine
from convcalc import compute, conv, make_plan
from convcalc.engine import plan as planning
from convcalc.engine.fused import readiness
from convcalc.engine.fused.readiness import KINDS as COMPILED
from convcalc.engine.fused.readiness import SWITCH, Kind
from convcalc.errors import EngineError
from reference import reference_conv

RANDOM = np.random.default_rng(17)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of this module's own."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def fused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The engine switched on, its code kept in the module's folder."""
    pytest.importorskip("numba", reason="the engine fused needs the extra fast")
    monkeypatch.delenv(SWITCH)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    planning._PLANS.clear()
    yield
    planning._PLANS.clear()


def same(left: Any, right: Any) -> bool:
    """Whether two outputs have the same type and the same bits; nan is nan."""
    return left.dtype == right.dtype and bool(np.array_equal(left, right, equal_nan=left.dtype.kind == "f"))


@pytest.mark.usefixtures("fused")
def test_fused_agrees_with_the_definition_on_every_case() -> None:
    """Exact sums are the very ones of the definition; floats stay within the bound that the plan states."""
    taken = 0
    for case in CASES:
        for kind in kinds_of(case):
            problem = problem_of(case, kind)
            if obstacle_of(problem, "fused"):
                assert kind.needs_python or case.is_rational, (case, kind)
                continue
            taken += 1
            plan = make_plan(problem, "fused")
            output, wanted = compute(problem, plan).output, compute(problem, make_plan(problem, "direct")).output
            assert output.dtype == wanted.dtype
            if kind.epsilon:
                both = (plan.error + make_plan(problem, "direct").error) * could_come_to(problem) + 1e-300
                assert (np.abs(output.astype(float) - wanted) <= both).all(), (case, kind)
            else:
                assert same(output, wanted), (case, kind)
    assert taken > 500


@pytest.mark.usefixtures("fused")
def test_fused_agrees_with_nested_loops() -> None:
    """Some cases in exact numbers against loops over Python's own, which share nothing with any engine."""
    kind = next(each for each in KINDS if each.name == "uint8")
    for case in CASES[::6]:
        if not case.is_rational:
            cells, weight = numbers(case, kind)
            wanted = reference_conv(cells, weight, **case.options).auto()
            np.testing.assert_array_equal(conv(cells, weight, engine="fused", **case.options), wanted)


@pytest.mark.usefixtures("fused")
def test_bits_depend_neither_on_threads_nor_on_tiles() -> None:
    """One thread or three, the planned tiles or cells by twos: every output has the same bits."""
    shapes = [((1, 1, 331, 401), (1, 1, 5, 5), {}), ((2, 6, 70, 61), (12, 2, 3, 3), {"groups": 3, "stride": 2})]
    for cells, weight, options in shapes:
        for dtype in ("float32", "float64"):
            arrays = [RANDOM.normal(size=shape).astype(dtype) for shape in (cells, weight)]
            whole = conv(*arrays, engine="fused", threads=1, padding=2, **options)
            assert same(conv(*arrays, engine="fused", threads=3, padding=2, **options), whole)
    problem = problem_of(next(case for case in CASES if case.name == "five"), next(k for k in KINDS if k.epsilon))
    plan = make_plan(problem, "fused")
    assert same(compute(problem, retiled(plan, (1, 2))).output, compute(problem, plan).output)


@pytest.mark.usefixtures("fused")
def test_layouts_give_the_same_bits() -> None:
    """Transposed, reversed, stepped, unaligned, read-only and big-endian inputs are what their copies are."""
    plain = RANDOM.normal(size=(1, 2, 40, 43)).astype(np.float32)
    weight = RANDOM.normal(size=(3, 2, 3, 3)).astype(np.float32)
    unaligned = np.frombuffer(b"x" + plain.tobytes(), np.float32, offset=1).reshape(plain.shape)
    frozen = plain.copy()
    frozen.flags.writeable = False
    spread = np.zeros((1, 2, 80, 129), np.float32)
    spread[:, :, ::2, ::3] = plain
    layouts = [
        np.asfortranarray(plain),
        plain[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1],
        spread[:, :, ::2, ::3],
        unaligned,
        frozen,
        plain.astype(">f4"),
    ]
    for options in ({}, {"stride": 2}, {"padding": 1, "boundary": "reflect"}):
        wanted = conv(plain, weight, engine="fused", **options)
        for each in layouts:
            assert same(conv(each, weight, engine="fused", **options), wanted)


@pytest.mark.usefixtures("fused")
def test_cancelling_and_extreme_sums_stay_within_the_bound() -> None:
    """Terms of all magnitudes that cancel: the error is below the plan's share of what the cell could be."""
    for dtype in ("float32", "float64"):
        cells = RANDOM.normal(size=(1, 1, 64, 70)) * 10.0 ** RANDOM.integers(-12, 12, (1, 1, 64, 70))
        weight = RANDOM.normal(size=(1, 1, 7, 7)) * 10.0 ** RANDOM.integers(-6, 6, (1, 1, 7, 7))
        cells, weight = cells.astype(dtype), weight.astype(dtype)
        output = conv(cells, weight, engine="fused")
        exact = reference_conv(cells[..., :12, :12], weight).rounded()
        part = output[..., : exact.shape[-2], : exact.shape[-1]]
        could = np.abs(weight.astype(float)).sum() * np.abs(cells[..., :12, :12].astype(float)).max()
        terms = weight.size + 5
        assert (np.abs(part - exact) <= terms * np.finfo(dtype).eps * could).all()


@pytest.mark.usefixtures("fused")
def test_inf_and_nan_reach_the_cells_that_read_them_and_no_others() -> None:
    """Also through a tap of 0, as the definition says, and not to neighbours in a register."""
    cells = RANDOM.normal(size=(1, 1, 30, 41))
    cells[0, 0, 4, 7], cells[0, 0, 20, 33] = np.inf, np.nan
    weight = np.array([[[[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]]])
    fused, direct = (conv(cells, weight, padding=1, engine=engine) for engine in ("fused", "direct"))
    np.testing.assert_array_equal(np.isfinite(fused), np.isfinite(direct))
    np.testing.assert_allclose(fused, direct, rtol=1e-12)


# Compiling ----------------------------------------------------------------------------------------------------------


def test_without_numba_the_plan_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else changes: auto takes another engine, and only who asks for this one gets an error."""
    monkeypatch.delenv(SWITCH)
    monkeypatch.setattr(readiness, "find_spec", lambda _: None)
    readiness._trouble.cache_clear()
    try:
        cells, weight = np.ones((1, 1, 300, 300), np.float32), np.ones((1, 1, 3, 3), np.float32)
        assert conv(cells, weight)[0, 0, 0, 0] == 9
        with pytest.raises(EngineError) as caught:
            conv(cells, weight, engine="fused")
    finally:
        readiness._trouble.cache_clear()
    assert str(caught.value).startswith(
        "engine fused cannot take this problem: it needs the optional extra 'fast': pip install 'convcalc[fast]'"
    )


def test_an_older_numba_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version and the least one are in the message."""
    monkeypatch.setattr(readiness, "find_spec", lambda name: name)
    monkeypatch.setattr(readiness, "numba_version", lambda: "0.56.4")
    readiness._trouble.cache_clear()
    try:
        assert readiness._trouble() == "it needs Numba 0.60 or later, not 0.56.4: pip install -U 'convcalc[fast]'"
    finally:
        readiness._trouble.cache_clear()


def test_a_numba_that_does_not_take_this_numpy_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its own requirements say, without loading it."""
    monkeypatch.setattr(readiness, "find_spec", lambda name: name)
    monkeypatch.setattr(readiness, "numba_version", lambda: "0.61.2")
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["llvmlite<0.45", "numpy<2.0,>=1.24"])
    readiness._trouble.cache_clear()
    try:
        assert readiness._trouble() == f"Numba 0.61.2 works with NumPy before 2.0, not {np.__version__}"
    finally:
        readiness._trouble.cache_clear()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint8", "int64"])
def test_a_numba_that_fails_leaves_the_numbers_right(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was planned with it is computed all the same, and the next plan does without, and says why."""
    monkeypatch.delenv(SWITCH)
    monkeypatch.setattr(readiness, "_READY", {})
    monkeypatch.setattr(readiness, "_FAILED", [])
    monkeypatch.setattr(readiness, "_trouble", lambda: None)
    monkeypatch.setattr(readiness, "numba_version", lambda: "0.68.1")
    monkeypatch.setitem(sys.modules, "convcalc.engine.fused.kept", None)
    cells, weight = np.arange(300).reshape(1, 1, 15, 20) % 100, np.arange(9).reshape(1, 1, 3, 3)
    arrays = cells.astype(dtype), weight.astype(dtype)
    output = conv(*arrays, engine="fused")
    assert same(output, conv(*arrays, engine="direct"))
    with pytest.raises(EngineError, match=r"the installed Numba 0\.68\.1 does not work here: import of"):
        conv(*arrays, engine="fused", padding=1)


@pytest.mark.parametrize("variable", [SWITCH, "NUMBA_DISABLE_JIT"])
def test_a_variable_switches_it_off(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours, and Numba's own."""
    monkeypatch.delenv(SWITCH)
    monkeypatch.setenv(variable, "off" if variable == SWITCH else "1")
    assert variable in str(readiness.trouble())


LARGE = (RANDOM.normal(size=(1, 1, 400, 400)).astype(np.float32), RANDOM.normal(size=(1, 1, 5, 5)).astype(np.float32))


@pytest.mark.usefixtures("fused")
def test_one_run_does_not_wait_and_a_loop_gets_the_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first runs take another engine; once they have lost what compiling takes, the code is compiled."""
    kind = Kind("float32", "float32")
    monkeypatch.setattr(planning, "_FORGONE", {})
    monkeypatch.setattr(readiness, "_READY", {})
    monkeypatch.setattr(readiness, "is_kept", lambda _: False)
    problem = planning_problem()
    first = make_plan(problem)
    assert (first.engine != "fused", first.awaited and first.awaited.name) == (True, "fused")
    assert "fused would take less once it is compiled: convcalc doctor --warm" in first.reason
    lost = first.chosen.seconds - first.awaited.seconds  # type: ignore[union-attr]
    rounds = int(readiness.delay(kind) / lost)
    engines = [make_plan(problem).engine for _ in range(rounds + 2)]
    assert engines[0] != "fused" == engines[-1]
    assert engines == sorted(engines, key="fused".__eq__)  # it never goes back
    monkeypatch.setattr(readiness, "_READY", {kind: None})
    planning._PLANS.clear()
    assert make_plan(problem).engine == "fused"


def planning_problem() -> Any:
    """An image and a kernel that no other engine computes as fast."""
    from convcalc import build_problem

    return build_problem(*LARGE)


@pytest.mark.usefixtures("fused")
def test_the_choice_does_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is compiled: a plan for one thread has the engine of that for eight."""
    for ready in ({}, dict.fromkeys(COMPILED)):
        monkeypatch.setattr(readiness, "_READY", ready)
        engines = {make_plan(planning_problem(), threads=count).engine for count in (1, 2, 8)}
        assert len(engines) == 1


PROGRAM = """
import sys, numpy as np
from convcalc import conv
cells, weight = np.arange(600, dtype=np.float32).reshape(1, 1, 20, 30), np.ones((1, 1, 3, 3), np.float32)
assert (conv(cells, weight, engine="fused") == conv(cells, weight, engine="direct")).all()
from convcalc.engine.fused.kept import planes
print(sum(planes.stats.cache_hits.values()), sum(planes.stats.cache_misses.values()))
"""


def computed(cache: Path) -> str:
    """What a process of its own prints that computes with the engine; its errors are none."""
    environment = {name: value for name, value in os.environ.items() if name != SWITCH} | {"XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.usefixtures("fused")
def test_compiled_code_is_kept_for_the_next_process_and_damage_is_compiled_anew(tmp_path: Path) -> None:
    """In a folder with our version in its name; where nothing can be kept the numbers are the same."""
    from convcalc import __version__

    assert computed(tmp_path) == "0 1"
    assert computed(tmp_path) == "1 0"
    (kept,) = tmp_path.glob(f"convcalc/convcalc-{__version__}/*")
    assert (kept / "float32-float32").exists()
    for path in kept.glob("*.nb?"):
        path.write_bytes(path.read_bytes()[:100])
    assert computed(tmp_path) == "0 1"
    assert computed(tmp_path) == "1 0"
    (tmp_path / "file").write_bytes(b"")
    assert computed(tmp_path / "file").startswith("0 ")


@pytest.mark.usefixtures("fused")
def test_a_full_disk_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written is not kept."""
    from convcalc.engine.fused.kept import FunctionCache, _Kept

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FunctionCache, "save_overload", full)
    _Kept.save_overload(object.__new__(_Kept), None, None)


@pytest.mark.usefixtures("fused")
def test_doctor_warms(cli: CommandLine) -> None:
    """Every loop is ready afterwards, and the page says how long each took and where they are kept."""
    done = cli.run("doctor", "--warm", "--format", "json")
    assert (done.code, done.err.strip()) == (0, "compiling once …")
    names = [each["name"] for each in json.loads(done.out)["sections"]["compiled loops"]]
    assert names == [*(f"{each.cells} in {each.sums}" for each in COMPILED), "kept in"]
    assert set(COMPILED) <= set(readiness._READY)


def test_doctor_cannot_warm_what_is_not_there(cli: CommandLine) -> None:
    """It says why, as something that is broken."""
    done = cli.run("doctor", "--warm", "--format", "json")
    assert done.code == 1
    (found,) = json.loads(done.out)["sections"]["compiled loops"]
    assert found["remark"] == f"it is switched off by {SWITCH}"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of POSIX")
def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies there is run, so it is this user's alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = readiness.kept_in()
    assert kept == readiness.folder()
    kept.chmod(0o777)
    assert readiness.kept_in() is None
    assert readiness.not_kept().startswith(f"{kept} cannot be written to by this user alone")
