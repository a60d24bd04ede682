"""Completion in the shell: words for arguments whose values Typer does not know, without NumPy."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

_TYPED = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
"""The environment variables of the typed text, of bash and of the other shells."""
_MOST_BYTES = 1 << 20  # of a file whose layers are read for a completion
_INERT = re.compile(r"[\w./+@-]+")
"""A word without special characters of any shell: the shells' scripts evaluate the completions."""


class Offer(NamedTuple):
    """One word in Typer's form; without help, for which Typer would load Rich, slower than all the rest."""

    value: str
    help: str = ""
    type: str = "plain"


def typed() -> list[str]:
    """The words of the command line that is completed; one that is not well quoted is split at its spaces."""
    text = next((os.environ[name] for name in _TYPED if name in os.environ), "")
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def teach(group: Any, words: Sequence[str], names: Iterable[str]) -> None:
    """Let a group complete these names of commands, and the commands in it their options and the table's words."""
    group.shell_complete = partial(_names, names, group.shell_complete)
    for command in group.commands.values():
        command.shell_complete = partial(_names, (), command.shell_complete)
        for parameter in command.params:
            if parameter.name in WORDS and (parameter.name != "name" or command.name == "kernels"):
                parameter.shell_complete = partial(_offers, WORDS[parameter.name], words)


def _names(names: Iterable[str], options: Callable[..., Iterable[Any]], context: Any, begun: str) -> list[Offer]:
    """Of commands, or where an option is begun of options."""
    known = (each.value for each in options(context, begun)) if begun.startswith("-") else names
    return [Offer(name) for name in known if name.startswith(begun)]


def _offers(known: Callable[[Sequence[str]], Iterable[str]], words: Sequence[str], _: Any, begun: str) -> list[Offer]:
    from convcalc.errors import ConvcalcError

    try:
        return [Offer(word) for word in known(words) if word.startswith(begun) and _INERT.fullmatch(word)]
    except ConvcalcError:  # the command itself will report the error
        return []


def _boundaries(_: Sequence[str]) -> list[str]:
    from convcalc.geometry.boundary import Boundary, BoundaryMode

    return list(map(str, map(Boundary, BoundaryMode)))


def _engines(_: Sequence[str]) -> list[str]:
    from convcalc.engine.table import ENGINES

    return ["auto", *ENGINES]


def _formats(_: Sequence[str]) -> Sequence[str]:
    from convcalc.cli.output.report_formats import PRINTED

    return PRINTED


def _kernels(words: Sequence[str]) -> list[str]:
    from convcalc.limits import Limits
    from convcalc.request.kernel_library import Library

    own = [Path(folder) for flag, folder in pairwise(words) if flag == "--kernels"]
    return Library.standard(own, Limits()).names()


def _layers(words: Sequence[str]) -> list[str]:
    """Those of the first file on the command line that has some."""
    from convcalc.context import Context
    from convcalc.limits import Limits
    from convcalc.request.layer_list import names_of_layers
    from convcalc.request.request import read_request

    context = Context(own_limits=Limits(file=_MOST_BYTES))
    for path in (Path(word).expanduser() for word in words if word.endswith((".yaml", ".yml", ".json"))):
        names = names_of_layers(read_request(str(path), context), context) if path.is_file() else []
        if names:
            return names
    return []


def _libraries(_: Sequence[str]) -> Iterable[str]:
    from convcalc.programs.table import LIBRARIES

    return LIBRARIES


def _paddings(_: Sequence[str]) -> list[str]:
    from convcalc.geometry.arguments import PaddingWord

    return list(PaddingWord)


def _examples(_: Sequence[str]) -> list[str]:
    from convcalc.request.examples import example_paths

    return ["copy", *(path.stem for path in example_paths())]


WORDS: dict[str, Callable[[Sequence[str]], Iterable[str]]] = {
    "boundary": _boundaries,
    "dtype": lambda _: ("auto", "exact", "float32", "float64"),
    "engine": _engines,
    "format": _formats,
    "holds": lambda _: ("problem", "kernel"),
    "kernel": _kernels,
    "layer": _layers,
    "library": _libraries,
    "name": _kernels,
    "names": _examples,
    "padding": _paddings,
    "precision": lambda _: ("full", "fast"),
}
"""Parameter → its values, from the typed words; where none fits, shells complete files."""
