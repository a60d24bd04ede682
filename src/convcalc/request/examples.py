"""The shipped examples: problem files by their names, each with the files of numbers that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from convcalc.context import Context
from convcalc.errors import UnknownNameError
from convcalc.request.request import read_request
from convcalc.request.shipped import shipped
from convcalc.request.text_values import plain_value

_FOLDER, _SUFFIX = "examples", ".yaml"


class Example(NamedTuple):
    """A shipped problem file."""

    name: str
    path: Path
    title: str
    layers: int
    """Of a network; 0 of a convolution by itself."""
    needs: tuple[Path, ...]
    """The files that it reads."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The problem file and those that it reads."""
        return (self.path, *self.needs)

    @property
    def text(self) -> str:
        """The problem file as it is written."""
        return self.path.read_text(encoding="utf-8")


def example_paths() -> list[Path]:
    """The problem files, by name."""
    return sorted(shipped(_FOLDER).glob(f"*{_SUFFIX}"), key=lambda path: path.stem)


def example(name: str, context: Context) -> Example:
    """The example of a name, with or without its suffix.

    Raises:
        UnknownNameError: there is none.
    """
    paths = {path.stem: path for path in example_paths()}
    known = name.removesuffix(_SUFFIX)
    if known not in paths:
        raise UnknownNameError("example", name, paths)
    return _read(paths[known], context)


def examples(context: Context) -> list[Example]:
    """All of them, by name."""
    return [_read(path, context) for path in example_paths()]


def _read(path: Path, context: Context) -> Example:
    fields = read_request(str(path), context).fields
    said = {name: plain_value(each.node) for name, each in fields.items() if name in ("title", "input", "layers")}
    needs = tuple(path.parent / name for name in _files(said.get("input")))
    return Example(path.stem, path, str(said.get("title", "")), len(said.get("layers", ())), needs)


def _files(node: Any) -> Iterator[str]:
    if isinstance(node, dict) and isinstance(node.get("file"), str):
        yield node["file"].partition(":")[0]
