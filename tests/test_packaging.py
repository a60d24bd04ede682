"""Kernels and the default example are found in a wheel install, an editable install and the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
SMOKE = """
import convcalc
from convcalc.request.kernel_library import Library
from convcalc.request.shipped import shipped
network = convcalc.load(shipped("examples/gradient.yaml"))
print(convcalc.__file__)
print(convcalc.kernel("gaussian:5").scale, len(Library.standard().names()))
print(network.run().output[0, 0, 1].tolist())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with what the test extra brings."""
    folder = tmp_path_factory.mktemp("wheel")
    arguments = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([*PIP, *arguments], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def _environment(folder: Path) -> Path:
    """The Python of a new environment that sees this one's packages behind its own."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    inside = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    # the name sorts behind that of an editable install's own .pth file
    (Path(inside.stdout.strip()) / "zz_packages.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def _installed(python: Path, *what: str) -> None:
    arguments = ["--python", str(python), "install", "--no-deps", "--no-build-isolation", "--ignore-installed", *what]
    subprocess.run([*PIP, *arguments], check=True, capture_output=True)


def _smoke(python: Path, folder: Path) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CONVCALC"))}
    done = subprocess.run(
        [python, "-c", SMOKE], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()


def _expected(package: Path) -> list[str]:
    kernels = len(list((ROOT / "kernels").glob("*.yaml")))
    return [str(package / "__init__.py"), f"1/256 {kernels}", "[240, 240, 240]"]


def test_wheel_carries_kernels_and_examples(wheel: Path) -> None:
    """Every kernel file, font and example with what it reads are in the wheel, and nothing of the tests is."""
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        data = sum(each.compress_size for each in archive.infolist() if not each.filename.endswith(".py"))
    shipped = {f"convcalc/data/kernels/{path.name}" for path in (ROOT / "kernels").glob("*.yaml")}
    assets = {f"convcalc/page/assets/{path.name}" for path in (ROOT / "src/convcalc/page/assets").iterdir()}
    assert len(assets) > 10
    examples = {f"convcalc/data/examples/{path.name}" for path in (ROOT / "examples").glob("*.yaml")}
    fonts = {f"convcalc/render/fonts/{path.name}" for path in (ROOT / "src/convcalc/render/fonts").iterdir()}
    assert len(fonts) == 5
    assert shipped | assets | examples | fonts | {"convcalc/py.typed"} <= names
    carried = {name for name in names if name.startswith("convcalc/data/examples/")}
    assert carried == examples | {"convcalc/data/examples/camera.png"}
    assert data < 600_000  # bytes: kernels, examples, fonts and the page, what is no code
    assert not [name for name in names if name.startswith("tests")]


def test_wheel_install_finds_its_files(wheel: Path, tmp_path: Path) -> None:
    """An installed wheel finds kernels and example inside the package."""
    python = _environment(tmp_path / "env")
    _installed(python, str(wheel))
    [package] = (tmp_path / "env").glob("lib/python*/site-packages/convcalc")
    assert _smoke(python, tmp_path) == _expected(package)


def test_editable_install_finds_its_files(tmp_path: Path) -> None:
    """An editable install finds them at the top of the checkout."""
    python = _environment(tmp_path / "env")
    _installed(python, "--editable", str(ROOT))
    assert _smoke(python, tmp_path) == _expected(ROOT / "src" / "convcalc")


def test_checkout_finds_its_files(tmp_path: Path) -> None:
    """A checkout on the path, not installed at all, finds them too."""
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {SMOKE.strip().replace(chr(10), '; ')}"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == _expected(ROOT / "src" / "convcalc")


def test_required_packages_are_exactly_these() -> None:
    """Nothing beyond the four is required; all else is an extra."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = sorted(requirement.partition(">")[0] for requirement in project["dependencies"])
    assert names == ["numpy", "pyyaml", "rich", "typer"]
