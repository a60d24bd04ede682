"""The README is a test subject: its commands run, its shown output is the real one, its Python is a doctest.

So are the pages of help, and the tables of measured times.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import CommandLine
from convcalc.cli.app import COMMANDS
from test_architecture import BELOW

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MOST_BYTES = 28_000
HELP = Path(__file__).parent / "help"
HELP_PAGES = {"convcalc": (), **{name: (name,) for name in COMMANDS}}
PICTURES = {"trace.svg": ("trace", "--pos", "1,1"), "slide.svg": ("animate",)}
LARGEST_PICTURE = 60_000  # bytes
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONVCALC = [sys.executable, "-W", "error", "-m", "convcalc"]


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


def test_python_examples_hold(capsys: pytest.CaptureFixture[str]) -> None:
    """The README's Python session gives what it shows; what differs is told with its line."""
    with contextlib.chdir(ROOT):
        failed, tried = doctest.testfile(str(README), module_relative=False)
    assert tried >= 5
    assert not failed, capsys.readouterr().out


@pytest.mark.parametrize("title", ["RGB", "A small network"])
def test_problem_files_of_the_readme_are_right(tmp_path: Path, title: str) -> None:
    """The problem file and the network that the README shows pass their own check."""
    text = README.read_text(encoding="utf-8")
    example = re.search(rf"```yaml\n(title: {title}.*?)```", text, re.DOTALL)
    assert example
    (tmp_path / "shown.yaml").write_text(example[1], encoding="utf-8")
    subprocess.run([*CONVCALC, "check", "shown.yaml"], cwd=tmp_path, check=True, capture_output=True)


def test_readme_is_short() -> None:
    """Who opens it reads it to the end."""
    assert README.stat().st_size <= MOST_BYTES


def test_links_of_the_readme_lead_somewhere() -> None:
    """What it points at in the project is there."""
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert len(targets) >= 5
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("name", HELP_PAGES)
def test_help_is_as_shown(cli: CommandLine, request: pytest.FixtureRequest, name: str) -> None:
    """The help of each command is, to the letter, the one in the folder ``help``."""
    arguments = (*HELP_PAGES[name], "-h")
    done = cli.run(*arguments)
    page = f"$ convcalc {' '.join(arguments)}\n{done.out}"
    path = HELP / f"{name}.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(page, encoding="utf-8")
    assert (done.code, done.err) == (0, "")
    assert page == path.read_text(encoding="utf-8")


def test_every_page_of_help_has_its_command() -> None:
    """No page is left over from a command that went away."""
    assert sorted(path.stem for path in HELP.iterdir()) == sorted(HELP_PAGES)


def test_tables_of_times_are_those_that_were_measured(request: pytest.FixtureRequest) -> None:
    """Both READMEs show what ``benchmarks/measured.json`` holds."""
    spec = importlib.util.spec_from_file_location("table", ROOT / "tests" / "benchmarks" / "table.py")
    assert spec and spec.loader
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    if request.config.getoption("--update-golden"):
        table.write()
    for path, text in table.drawn().items():
        assert path.read_text(encoding="utf-8") == text


def test_readme_mentions_every_command_field_kind_and_limit() -> None:
    """Nothing that a user can write is missing from the README."""
    from convcalc.layers.table import KINDS
    from convcalc.limits import Limits
    from convcalc.request.request import FIELDS, NETWORK_FIELDS

    text = README.read_text(encoding="utf-8")
    missing = [name for name in COMMANDS if f"| `convcalc {name}" not in text]
    missing += [name for name in {**FIELDS, **NETWORK_FIELDS} if not re.search(rf"^{name}:", text, re.MULTILINE)]
    missing += [name for name in KINDS if f"`{name}`" not in text]
    missing += [name for name in Limits.__dataclass_fields__ if f"`{name}`" not in text]
    assert missing == []


def test_two_set_up_commands_are_shown() -> None:
    """The README shows the two commands that do all set-up, as they are meant to be typed."""
    text = README.read_text(encoding="utf-8")
    assert "\npip install . && convcalc run\n" in text
    assert "\npip install '.[test]' && pytest\n" in text


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_the_real_output(tmp_path: Path, request: pytest.FixtureRequest, name: str) -> None:
    """The README's pictures are what `convcalc trace --pos 1,1 -o trace.svg` and `convcalc animate` draw."""
    drawn, picture = tmp_path / name, ROOT / "examples" / name
    subprocess.run([*CONVCALC, *PICTURES[name], "-o", str(drawn), "-q"], check=True)
    if request.config.getoption("--update-golden"):
        shutil.copyfile(drawn, picture)
    assert picture.read_bytes() == drawn.read_bytes()
    assert picture.stat().st_size <= LARGEST_PICTURE


# The page of the house ---------------------------------------------------------------------------------------------

HOUSE = ROOT / "src" / "convcalc" / "ARCHITECTURE.md"
MOST_FILES = 3


def _files(text: str) -> list[str]:
    """The files and folders that a text names in backticks or in the sketch of the main command."""
    return re.findall(r"(?:(?<=`)|(?<= ))([\w./-]+/[\w.-]*|[\w-]+\.(?:py|md|toml))(?=[`\n,;: ])", text)


def _is_there(name: str) -> bool:
    """Whether there is such a file below the package or the project; one with a made-up NAME needs a folder."""
    path = Path(name)
    path = path.parent if path.stem == "NAME" else path
    return any((root / path).exists() for root in (HOUSE.parent, ROOT))


def test_files_that_the_page_of_the_house_names_are_there() -> None:
    """Whoever follows it finds what it says."""
    names = _files(HOUSE.read_text(encoding="utf-8"))
    assert len(names) >= 40
    assert [name for name in names if not _is_there(name)] == []


def test_rooms_of_the_page_are_those_of_the_house() -> None:
    """All of them, from the bottom up."""
    table = HOUSE.read_text(encoding="utf-8").partition("## The rooms")[2].partition("## The seams")[0]
    rooms = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    below = {name: known for name, known in BELOW.items() if not name.startswith("__")}
    assert sorted(rooms) == sorted(below)
    assert [room for room in rooms if not set(below[room]) - {"__init__"} <= set(rooms[: rooms.index(room)])] == []


def test_each_addition_touches_few_files() -> None:
    """A new kind, format, command, engine, kernel or reader is at most three files."""
    table = HOUSE.read_text(encoding="utf-8").partition("## To add")[2].partition("\n\nAn option")[0]
    rows = re.findall(r"^\| an? ([^|]+) \| ([^|]+) \|", table, re.MULTILINE)
    assert len(rows) >= 6
    assert [what for what, touched in rows if not 1 <= len(_files(touched)) <= MOST_FILES] == []


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_lines_of_help_are_not_cut(cli: CommandLine, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """What a command does is said in full, on pages up to 140 columns as wide as the terminal."""
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = cli.run("-h").out
    commands = shown[shown.index("Commands:") :]
    assert "..." not in commands
    assert max(map(len, shown.splitlines())) <= columns
    assert columns < 140 or "what was computed: sizes, input, kernel and output, or each layer." in commands
    assert "multiplications and memory." in " ".join(commands.split())
