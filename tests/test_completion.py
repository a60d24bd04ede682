"""Completion in the shell: what stands after Tab, by the shells' own protocols, without NumPy and inert."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import CommandLine
from convcalc import ENGINES
from convcalc.cli import completion
from convcalc.cli.output.report_formats import PRINTED
from convcalc.engine.candidate import Precision
from convcalc.geometry.boundary import boundary_of
from convcalc.programs.table import LIBRARIES
from convcalc.request.resolve import DTYPES
from convcalc.request.schema import SCHEMAS

ROOT = Path(__file__).parents[1]
LENET = str(ROOT / "examples" / "lenet-5.yaml")
SHELLS = ("bash", "zsh", "fish")
Ask = Callable[..., list[str]]


def environment(shell: str, line: list[str]) -> dict[str, str]:
    """What a shell sets when Tab is pressed behind a line's last word."""
    asks = {"_CONVCALC_COMPLETE": f"complete_{shell}"}
    if shell == "bash":
        return {**asks, "COMP_WORDS": "\n".join(line), "COMP_CWORD": str(len(line) - 1)}
    return {**asks, "_TYPER_COMPLETE_ARGS": " ".join(line), "_TYPER_COMPLETE_FISH_ACTION": "get-args"}


@pytest.fixture
def ask(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What is offered for a line whose last word is begun, or empty."""

    def offered(*words: str, shell: str = "bash") -> list[str]:
        for name, value in environment(shell, ["convcalc", *words]).items():
            monkeypatch.setenv(name, value)
        done = cli.run()
        assert (done.code, done.err) == (0, "")
        return done.out.split("\n")[:-1] if done.out != "\n" else []

    return offered


ROWS: list[tuple[str, list[str]]] = [
    ("su", ["summary"]),
    ("run --kernel sobel-5", ["sobel-5x5-x", "sobel-5x5-y"]),
    ("kernels sobel-5", ["sobel-5x5-x", "sobel-5x5-y"]),
    ("gallery --kernel sobel-5", ["sobel-5x5-x", "sobel-5x5-y"]),
    ("plan --engine winograd-", ["winograd-2", "winograd-3", "winograd-4"]),
    ("run --boundary re", ["reflect", "replicate"]),
    ("run --boundary ze", ["zeros"]),
    ("run --padding same", ["same", "same-lower"]),
    ("params --padding f", ["full"]),
    ("run --dtype float", ["float32", "float64"]),
    ("check --precision f", ["full", "fast"]),
    ("doctor --format c", ["csv"]),
    ("schema k", ["kernel"]),
    ("code --for s", ["scipy", "skimage"]),
    (f"trace {LENET} --layer C", ["C1", "C3", "C5"]),
    (f"uses --layer F {LENET}", []),
    ("run --expl", ["--explain"]),
    ("run exam", []),
    ("--v", ["--version"]),
    ("k", ["kernels"]),
    ("trace --layer ", []),
]


@pytest.mark.parametrize(("line", "offered"), ROWS, ids=[row[0].replace(LENET, "FILE") for row in ROWS])
def test_what_is_offered(ask: Ask, line: str, offered: list[str]) -> None:
    """Commands, options, and the words that they take; where there is none, bash completes files."""
    assert ask(*line.split(" ")) == offered


def test_the_cursor_may_stand_before_the_file(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers are those of a file that stands anywhere on the line."""
    ask("trace", "--layer", "C", LENET)
    monkeypatch.setenv("COMP_CWORD", "3")
    monkeypatch.setenv("COMP_WORDS", f"convcalc\ntrace\n--layer\nC\n{LENET}")
    assert completion._layers(completion.typed())[:2] == ["C1", "tanh1"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_answered_in_its_own_form(ask: Ask, shell: str) -> None:
    """A word a line for bash and fish, for zsh a call of its completion system."""
    given = ask("run", "--engine", "winograd-", shell=shell)
    names = ["winograd-2", "winograd-3", "winograd-4"]
    if shell == "zsh":
        quoted = [f'"{name}"' for name in names]
        names = f"_arguments '*: :(({chr(10).join(quoted)}))'".split("\n")
    assert given == names


@pytest.mark.parametrize(("shell", "answer"), [("zsh", ["_files"]), ("fish", [])])
def test_files_are_left_to_the_shell(ask: Ask, shell: str, answer: list[str]) -> None:
    """Where no word of ours fits; fish is told so by the exit code when it asks whether there is any."""
    assert ask("run", "photo", shell=shell) == answer


def test_fish_asks_first_whether_there_is_a_word(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the exit code: 0 for words of ours, 1 for files."""
    for last, code in (("--engine", 0), ("photo", 1)):
        for name, value in environment("fish", ["convcalc", "run", last, ""][: 4 - code]).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "is-args")
        assert cli.run().code == code


def test_own_kernels_are_offered(ask: Ask, cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of folders on the command line and in the environment; a folder that is none offers nothing."""
    cli.write({"mine/sobel-5-own.yaml": "", "theirs/sobel-5-other.yaml": ""})
    monkeypatch.setenv("CONVCALC_KERNELS", str(cli.folder / "theirs"))
    assert ask("run", "--kernels", "mine", "--kernel", "sobel-5") == [
        "sobel-5-other",
        "sobel-5-own",
        "sobel-5x5-x",
        "sobel-5x5-y",
    ]
    assert ask("run", "--kernels", "none", "--kernel", "sobel-5") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_names_that_a_shell_would_read_are_not_offered(ask: Ask, cli: CommandLine, shell: str) -> None:
    """The scripts evaluate what they are given, and anybody may have written a file's names."""
    names = ["$(touch p)", "`touch p`", "a;touch p", 'a"b', "a'b", "a b", "a\\b", "*", "a:b"]
    layers = [*({"relu": {"name": name}} for name in names), {"relu": {"name": "plain-1_é/x"}}]
    cli.write({"net.yaml": json.dumps({"input": [1, 2, 2], "layers": layers})})
    assert "".join(ask("run", "net.yaml", "--layer", "", shell=shell)).strip("_arguments '*:()\"") == "plain-1_é/x"


@pytest.mark.parametrize("text", ["layers: [conv", "layers: 3", "layers: [nonsense]", "[[1, 2]]", ""])
def test_a_bad_file_offers_nothing(ask: Ask, cli: CommandLine, text: str) -> None:
    """What is wrong with it is said when the command is run."""
    cli.write({"net.yaml": text})
    assert ask("run", "net.yaml", "--layer", "") == []


def test_a_line_with_an_open_quote_is_answered(ask: Ask) -> None:
    """It is still being typed."""
    assert ask("run", "'my file", "--engine", "fft", shell="fish") == []
    assert completion.typed()[1:3] == ["run", "'my"]


def test_words_are_those_that_the_options_take() -> None:
    """Each is taken by what reads it, and none is left out."""
    words: dict[str, Any] = {name: list(known([])) for name, known in completion.WORDS.items()}
    assert words["engine"] == ["auto", *ENGINES]
    assert words["dtype"] == list(DTYPES)
    assert words["format"] == list(PRINTED)
    assert words["holds"] == list(SCHEMAS)
    assert words["library"] == list(LIBRARIES)
    assert words["precision"] == list(Precision)
    assert [str(boundary_of(word)) for word in words["boundary"]] == words["boundary"]


QUICK = ["run --kernel sobel", "run --engine ", "run --boundary ", f"run {LENET} --layer ", "run ph", "r", "run --e"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("line", QUICK)
def test_a_tab_loads_neither_numpy_nor_rich(line: str, shell: str) -> None:
    """Each takes longer than the answer."""
    program = "from convcalc.cli.app import run_app\nimport atexit, sys\n"
    program += "atexit.register(lambda: print(*{'numpy', 'rich'} & set(sys.modules)))\nrun_app()"
    set_up = {**os.environ, **environment(shell, ["convcalc", *line.split(" ")])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=set_up, check=True)
    assert done.stdout.splitlines()[-1] == ""


# Real shells -------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has convcalc on the path, and whose home is empty."""
    program = tmp_path / "bin" / "convcalc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m convcalc "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "HOME": str(tmp_path), "PATH": f"{program.parent}:{os.environ['PATH']}"}


def bash(script: str, home: dict[str, str]) -> str:
    """What a script prints in a bash that reads none of the user's own settings."""
    command = ["bash", "--norc", "--noprofile", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, env=home, cwd=ROOT, check=True).stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_once_it_is_installed(home: dict[str, str]) -> None:
    """``--install-completion`` writes what bash reads when it starts; Tab then gives words, or files."""
    assert "bash completion installed in" in bash("convcalc --install-completion; true", home)
    press = "COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _convcalc_completion convcalc"
    lines = ("convcalc run --engine win", "convcalc trace examples/lenet-5.yaml --layer C", "convcalc run exam")
    answers = [bash(f'. ~/.bashrc; {press.format(line)}; echo "${{COMPREPLY[@]}}"', home) for line in lines]
    assert answers == ["winograd-2 winograd-3 winograd-4\n", "C1 C3 C5\n", "\n"]
    assert bash(". ~/.bashrc; complete -p convcalc", home) == "complete -o default -F _convcalc_completion convcalc\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_can_be_shown(home: dict[str, str]) -> None:
    """``--show-completion`` prints for the shell that calls it what would be installed."""
    script = bash("convcalc --show-completion; true", home)
    assert "_CONVCALC_COMPLETE=complete_bash" in script
    assert bash("convcalc --show-completion >script; . ./script; complete -p convcalc; rm script", home)
