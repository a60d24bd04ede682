"""The whole command line on an input: exit code, what is printed, and what is left of the file that is written."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from unittest.mock import patch

from typer.main import get_command

from convcalc.cli.app import make_app

from .extremes import NUMBERS, WORDS
from .oracle import CONTROL, wrong_words
from .process import convcalc

if TYPE_CHECKING:
    from .readers import Reader

FORMATS = ("table", "plain", "markdown", "latex", "html", "json", "csv")
SUFFIXES = (
    *(".npy", ".npz", ".csv", ".png", ".wav", ".tif", ".webp", ".gif", ".jpg", ".svg"),
    *(".json", ".yaml", ".txt", ".md", ".tex", ".html", ".pdf", ".x", ""),
)
CODES = (0, 1, 2, 3)
_TEXTS = (".csv", ".svg", ".json", ".yaml", ".txt", ".md", ".tex", ".html")
_VALUES = (
    *(
        "0",
        "1",
        "2,1",
        "0,0",
        "3x3",
        "same",
        "valid",
        "reflect",
        "auto",
        "exact",
        "float32",
        "direct",
        "fft",
        "winograd",
    ),
    *("fast", "full", "sobel-x", "box:3", "[[0,1],[1,0]]", "{random: [1, 8, 8]}", "{ones: [2, 5, 5]}", "memory=1MiB"),
    *("values=10", "pixels=3", "depth=2", "file=9", "name=1", "signed", "minmax", "edge", "conv", "relu", ".", "[]"),
)
_OLD = b"what stood there before"
_ENVIRONMENT = {"CONVCALC_LIMITS": "memory=2MiB", "COLUMNS": "80", "XDG_CONFIG_HOME": "/nonexistent"}


class Command(NamedTuple):
    """A command line, and the file that it may write."""

    argv: Sequence[str]
    target: Path


def command_of(chance: Random, reader: Reader, data: bytes, folder: Path) -> Command:
    """A command on an input of a reader, with a random format, and one time in two a file to write."""
    for path in folder.iterdir():
        path.unlink()
    argv = chance.choice(reader.commands).split()
    if reader.suffix:
        path = folder / f"input{reader.suffix}"
        path.write_bytes(data)
        argv.append(str(path))
    else:
        texts = data.decode("utf-8", "surrogateescape").replace("\0", "").split("\n")
        argv += texts if reader.name == "options" else [" ".join(texts)]
    argv += [part for _ in range(chance.choice((0, 0, 1, 2))) for part in _option(chance, argv[0])]
    argv += ["--format", chance.choice(FORMATS)]
    target = folder / f"output{chance.choice(SUFFIXES)}"
    if chance.random() < 0.5:
        argv += ["-o", str(target)]
        if chance.random() < 0.5:
            target.write_bytes(_OLD)
            argv.append("--force")
    return Command(argv, target)


def _option(chance: Random, command: str) -> tuple[str, str]:
    """An option that the command takes, with a value that it may not take."""
    value = chance.choice((chance.choice(_VALUES), chance.choice(NUMBERS), chance.choice(WORDS)))
    return chance.choice(_options_of(command)), value.replace("\0", "")


@functools.cache
def _options_of(command: str) -> tuple[str, ...]:
    """The options of a command that take a value; those that say what is written are not among them."""
    taken = cast(Any, get_command(make_app([command]))).commands[command].params
    names = [parameter.opts[-1] for parameter in taken if parameter.opts[0].startswith("-") and not parameter.is_flag]
    return tuple(name for name in names if name not in ("--output", "--format", "--rounds"))


def through_main(command: Command) -> str:
    """What a command prints.

    Raises:
        AssertionError: its exit code is none of ours, or a file is neither old nor new.
    """
    old = command.target.read_bytes() if command.target.exists() else None
    with patch.dict(os.environ, _ENVIRONMENT):
        done = convcalc(*command.argv)
    _check_files(command.target, old, may_differ=not done.text.startswith("error:"))
    if done.code not in CODES:
        raise AssertionError(f"exit code {done.code}")
    return done.text


def _check_files(target: Path, old: bytes | None, *, may_differ: bool) -> None:
    """After an error the file is the old one, if there was one; else it is new, and nothing is beside it."""
    new = target.read_bytes() if target.exists() else None
    if new != old and not may_differ:
        raise AssertionError(f"after an error {target.suffix} is no longer what it was")
    others = [path.name for path in target.parent.iterdir() if path != target and path.stem != "input"]
    if others:
        raise AssertionError(f"files left behind: {others}")
    if new not in (None, old) and target.suffix in _TEXTS:
        text = new.decode()
        if CONTROL.search(text) or wrong_words(text):
            raise AssertionError(f"{target.suffix} has {wrong_words(text)}")
