"""``doctor``: what it looks at, what it calls broken, and that nobody else pays for it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcalc
from conftest import CommandLine
from convcalc import diagnosis
from convcalc.bench.machine import this_machine
from convcalc.diagnosis import OPTIONAL, REQUIRED, Finding, Package
from convcalc.engine.blas import Blas
from convcalc.limits import Limits

ROOT = Path(__file__).parents[1]
SECTIONS = ["packages", "extras", "limits", "terminal", "machine", "kernels"]


@pytest.fixture
def found(cli: CommandLine) -> dict[str, Any]:
    """What doctor says as JSON."""
    done = cli.run("doctor", "--format", "json")
    assert (done.code, done.err) == (0, "")
    return dict(json.loads(done.out))


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a source checkout ships, also where the tests run on an installed convcalc, which has fewer examples."""
    monkeypatch.setattr("convcalc.request.shipped.shipped", lambda name: ROOT / name)


def _examples(found: dict[str, Any]) -> set[str]:
    return {each["file"] for each in found["examples"]} | {each["file"] for each in found["left_out"]}


def test_the_examples_are_those_that_this_installation_ships(found: dict[str, Any]) -> None:
    """All in a source checkout, in an installed package those that the wheel is told to carry; each comes out."""
    carried = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    is_checkout = Path(convcalc.__file__).is_relative_to(ROOT / "src")
    shipped = (ROOT / "examples").glob("*.yaml") if is_checkout else map(Path, carried["force-include"])
    assert _examples(found) == {path.name for path in shipped if path.suffix == ".yaml"}
    assert {each["verdict"] for each in found["examples"]} == {"ok"}


@pytest.mark.usefixtures("checkout")
def test_all_is_well_here(cli: CommandLine) -> None:
    """Every section is there, nothing is broken, and every example of the project comes out."""
    found = json.loads(cli.run("doctor", "--format", "json").out)
    assert found["schema"] == "convcalc.doctor/1"
    assert found["ok"]
    assert list(found["sections"]) == SECTIONS
    assert not any(each["is_fault"] for section in found["sections"].values() for each in section)
    assert {each["verdict"] for each in found["examples"]} == {"ok"}
    assert _examples(found) == {path.name for path in (ROOT / "examples").glob("*.yaml")}


def test_every_limit_is_told(found: dict[str, Any]) -> None:
    """The names are those that ``--limit`` takes."""
    assert [each["name"] for each in found["sections"]["limits"]] == list(Limits.__dataclass_fields__)


def test_versions_are_those_that_the_project_asks_for() -> None:
    """The table of packages and the extras say what the project's own metadata say."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = lambda packages: {f"{each.name}{each.wanted}" for each in packages}  # noqa: E731
    assert asked(REQUIRED) == {re.sub(r",<", ",<", each) for each in project["dependencies"]}
    for extra, packages in OPTIONAL.items():
        wanted = (re.sub(r"\[\w+\]", "", each) for each in project["optional-dependencies"][extra])
        assert asked(packages) == {each.replace("==", ">=") for each in wanted}


def test_the_page_is_read_at_80_columns(cli: CommandLine) -> None:
    """No line is longer, and the last one is the verdict."""
    done = cli.run("doctor")
    assert max(map(len, done.out.splitlines())) <= 80
    assert done.out.splitlines()[-1] == "all is well"
    assert re.search(r"^numpy +\d+\.\d+", done.out, re.MULTILINE)


def test_csv_has_a_row_for_everything(cli: CommandLine, found: dict[str, Any]) -> None:
    """A table calculator gets what JSON has."""
    rows = list(csv.DictReader(io.StringIO(cli.run("doctor", "--format", "csv").out)))
    count = sum(map(len, found["sections"].values())) + len(found["examples"]) + len(found["left_out"])
    assert len(rows) == count
    assert {row["is_fault"] for row in rows} == {"False"}


BROKEN = [
    (Package("numpy", "numpy", "99"), r"numpy +\d\S+ +broken: convcalc takes >=99"),
    (Package("numpy", "numpy", "1", "2.0"), r"numpy +\d\S+ +broken: convcalc takes >=1,<2\.0"),
    (Package("nonesuch", "nonesuch", "1"), r"nonesuch +not installed +broken: cannot be imported: No module named"),
]


@pytest.mark.parametrize(("package", "line"), BROKEN, ids=["too-old", "too-new", "missing"])
def test_a_package_that_is_not_right_is_named(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, package: Package, line: str
) -> None:
    """With the versions that are taken; the examples, which need it, are not run."""
    monkeypatch.setattr(diagnosis, "REQUIRED", (package,))
    done = cli.run("doctor")
    assert done.code == 1
    assert re.search(line, " ".join(done.out.split()))
    assert "not run: they need what is broken above" in done.out
    assert done.out.endswith("1 thing is broken\n")
    quiet = cli.run("doctor", "-q")
    assert (quiet.code, quiet.out) == (1, "")
    assert quiet.err.startswith(f"error: {package.name} ")


@pytest.mark.usefixtures("checkout")
def test_a_missing_extra_is_no_fault_and_says_how_to_install_it(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Examples with images are left out then."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    done = cli.run("doctor")
    assert done.code == 0
    assert re.search(r"pillow +not installed +pip install 'convcalc\[image\]'", done.out)
    assert "photograph.yaml left out: " in done.out


@pytest.mark.parametrize("version", ["2.13.0", "13", "14.0rc1", "unknown"])
def test_versions_are_compared_as_numbers(version: str) -> None:
    """Not as texts, and a version without numbers is believed."""
    assert diagnosis._is_taken(version, Package("x", "x", "2.9"))
    assert diagnosis._is_taken(version, Package("x", "x", "2.9", "15"))
    assert not diagnosis._is_taken("2.10", Package("x", "x", "2.9", "2.10"))


@pytest.mark.parametrize(("extra", "is_fault"), [("image", True), ("bench", False)])
def test_an_extra_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, extra: str, is_fault: bool) -> None:
    """It is a fault where convcalc would use it, not where it is only measured against."""
    monkeypatch.setattr(diagnosis, "OPTIONAL", {extra: (Package("numpy", "numpy", "99"),)})
    remark = f"convcalc takes >=99: pip install 'convcalc[{extra}]'"
    assert diagnosis.extras().findings == (Finding("numpy", np.__version__, remark, is_fault),)


def test_an_extra_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the words of Python; what is only measured against is not even tried."""

    def refuse(name: str) -> None:
        raise ImportError(f"{name} lacks libz")

    monkeypatch.setattr(diagnosis, "import_module", refuse)
    package = Package("numpy", "numpy", "1")
    monkeypatch.setattr(diagnosis, "OPTIONAL", {"image": (package,), "bench": (package,)})
    assert diagnosis.extras().findings == (
        Finding("numpy", np.__version__, "cannot be imported: numpy lacks libz", True),
        Finding("numpy", np.__version__),
    )


def test_what_the_system_does_not_tell_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name of the processor, no library of matrix products that lets its threads be set, no libyaml."""

    def refuse(*_: Any, **__: Any) -> str:
        raise FileNotFoundError

    monkeypatch.setattr("convcalc.engine.blas.blas", lambda: None)
    monkeypatch.setattr("yaml.__with_libyaml__", False)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refuse)
        findings = diagnosis.machine().findings
    assert Finding("processor", "not told by the system") in findings
    assert Finding("BLAS", this_machine(1).blas, "the threads of its products cannot be set") in findings
    yaml = next(each for each in diagnosis.packages().findings if each.name == "pyyaml")
    assert (yaml.remark, yaml.is_fault) == ("without libyaml: reading is slow", False)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "any number of threads"), (-1, "1 thread"), (1, "1 thread"), (8, "8 threads")]
)
def test_the_threads_of_products_are_told(monkeypatch: pytest.MonkeyPatch, count: int, words: str) -> None:
    """As the library tells them."""
    monkeypatch.setattr("convcalc.engine.blas.blas", lambda: Blas("BLIS 0.9.0", lambda: count, lambda _: 0))
    assert Finding("BLAS", f"BLIS 0.9.0, {words}") in diagnosis.machine().findings


def test_a_bad_environment_is_broken(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits and folders of kernels that are no such things; those that are changed well are marked."""
    monkeypatch.setenv("CONVCALC_LIMITS", "depth=many")
    monkeypatch.setenv("CONVCALC_KERNELS", "/nonexistent")
    done = cli.run("doctor")
    assert done.code == 1
    words = " ".join(done.out.split())
    assert "CONVCALC_LIMITS depth=many broken: limit 'many' is not an amount" in words
    assert "library cannot be read broken: CONVCALC_KERNELS: no such folder: /nonexistent" in words
    assert words.endswith("2 things are broken")
    monkeypatch.setenv("CONVCALC_LIMITS", "depth=70")
    monkeypatch.delenv("CONVCALC_KERNELS")
    assert re.search(r"depth +70 +by CONVCALC_LIMITS", cli.run("doctor").out)


def test_an_example_that_does_not_come_out_is_shown(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the cell and both numbers, or with its error."""
    from convcalc.request import shipped

    cli.write(
        {
            "data/examples/wrong.yaml": "input: [[1, 2]]\nkernel: [[1, 1]]\ndims: 2\nexpect: [[4]]\n",
            "data/examples/torn.yaml": "input: [[1, 2]\n",
        }
    )
    monkeypatch.setattr(shipped, "shipped", lambda name: cli.folder / "data" / name)
    done = cli.run("doctor")
    assert done.code == 1
    assert "wrong.yaml: output[0, 0] expected 4, got 3" in done.out
    assert "0 of 2 examples ok" in done.out
    assert done.out.endswith("2 things are broken\n")
    faults = {
        each["file"]: each["faults"] for each in json.loads(cli.run("doctor", "--format", "json").out)["examples"]
    }
    assert faults["wrong.yaml"] == ["output[0, 0] expected 4, got 3"]


def test_it_is_loaded_by_itself_alone() -> None:
    """No other command pays for it."""
    program = "import sys\nsys.argv = ['convcalc', 'run', '-q']\nfrom convcalc.cli.app import run_app\nrun_app()\n"
    check = "print([name for name in sys.modules if 'diagnosis' in name or 'doctor' in name])"
    done = subprocess.run([sys.executable, "-c", program + check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
