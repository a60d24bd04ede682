"""The README is a test subject: its commands run, its shown output is the real one, its Python is a doctest."""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "examples" / "trace.svg"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONVCALC = [sys.executable, "-m", "convcalc"]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the examples, to run the README's commands in."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


def _shown(command: str, folder: Path) -> str:
    assert command.startswith("convcalc "), f"the README shows a command that is not convcalc's: {command}"
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    arguments = command.split()[1:]
    done = subprocess.run([*CONVCALC, *arguments], cwd=folder, env=environment, capture_output=True, check=True)
    assert not done.stderr, done.stderr.decode()
    return done.stdout.decode()


def _regenerated(block: str, folder: Path) -> str:
    """The block with the real output below each of its commands."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_shown(command, folder)}" for command in commands)


def test_shown_output_is_the_real_one(desk: Path, request: pytest.FixtureRequest) -> None:
    """Every console block of the README is what its commands print at 80 columns."""
    text = README.read_text(encoding="utf-8")
    real = BLOCK.sub(lambda match: f"```console\n{_regenerated(match[1], desk)}```", text)
    if request.config.getoption("--update-golden"):
        README.write_text(real, encoding="utf-8")
    assert README.read_text(encoding="utf-8") == real
    assert (desk / "edges.png").stat().st_size > 10_000


def test_python_examples_hold() -> None:
    """The README's Python session gives what it shows."""
    with contextlib.chdir(ROOT):
        failed, tried = doctest.testfile(str(README), module_relative=False)
    assert tried >= 5
    assert failed == 0


@pytest.mark.parametrize("title", ["RGB", "A small network"])
def test_problem_files_of_the_readme_are_right(tmp_path: Path, title: str) -> None:
    """The problem file and the network that the README shows pass their own check."""
    text = README.read_text(encoding="utf-8")
    example = re.search(rf"```yaml\n(title: {title}.*?)```", text, re.DOTALL)
    assert example
    (tmp_path / "shown.yaml").write_text(example[1], encoding="utf-8")
    subprocess.run([*CONVCALC, "check", "shown.yaml"], cwd=tmp_path, check=True, capture_output=True)


def test_readme_mentions_every_command_field_kind_and_limit() -> None:
    """Nothing that a user can write is missing from the README."""
    from convcalc.cli.app import COMMANDS
    from convcalc.formats.request import FIELDS, NETWORK_FIELDS
    from convcalc.layers.table import KINDS
    from convcalc.limits import Limits

    text = README.read_text(encoding="utf-8")
    missing = [name for name in COMMANDS if f"$ convcalc {name}" not in text]
    missing += [name for name in {**FIELDS, **NETWORK_FIELDS} if not re.search(rf"^{name}:", text, re.MULTILINE)]
    missing += [name for name in KINDS if f"`{name}`" not in text]
    missing += [name for name in Limits.__dataclass_fields__ if f"`{name}`" not in text]
    assert missing == []


def test_two_set_up_commands_are_shown() -> None:
    """The README shows the two commands that do all set-up, as they are meant to be typed."""
    text = README.read_text(encoding="utf-8")
    assert "\npip install . && convcalc run\n" in text
    assert "\npip install '.[test]' && pytest\n" in text


def test_picture_is_the_real_output(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The README's picture is what `convcalc trace --pos 1,1 -o trace.svg` draws."""
    drawn = tmp_path / "trace.svg"
    subprocess.run([*CONVCALC, "trace", "--pos", "1,1", "-o", str(drawn), "-q"], check=True)
    if request.config.getoption("--update-golden"):
        shutil.copyfile(drawn, PICTURE)
    assert PICTURE.read_bytes() == drawn.read_bytes()
