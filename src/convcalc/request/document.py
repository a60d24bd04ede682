"""A request as the document of a problem file: read again it means the same, whichever folder it is saved in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from convcalc.arrays import squeezed
from convcalc.errors import UsageError
from convcalc.files.file_kind import INLINE_NAME, is_path
from convcalc.files.tensor_file import Tensor
from convcalc.files.text import STANDARD_INPUT_NAME
from convcalc.files.yaml_reader import Quoted
from convcalc.numerals import exact_text
from convcalc.request.request import FIELDS, NETWORK_FIELDS, Field, Request
from convcalc.request.text_values import plain_value

_TRUTH = dict.fromkeys(("true", "yes", "on"), True) | dict.fromkeys(("false", "no", "off"), False)
_ORDER = list(dict.fromkeys((*FIELDS, *NETWORK_FIELDS)))


def document(request: Request, folder: Path) -> dict[str, Any]:
    """The fields as they are written in a file of that folder: names stay names, paths lead to where they did.

    Raises:
        UsageError: the request is a model, which no problem file holds.
    """
    if request.model is not None:
        raise UsageError("a model cannot be saved as a problem file", hint="its outputs can: convcalc run -o out.npz")
    names = sorted(request.fields, key=_ORDER.index)
    written = {name: _value(name, request.fields[name], folder) for name in names}
    if request.table and isinstance(request.fields["input"].node, Tensor) and "file" in written["input"]:
        written["input"] |= {key: _written(node, Path(), Path()) for key, node in request.table.items()}
    if isinstance(source := written.get("input"), dict) and "file" in source:
        source |= request.selection.said
    return written


def _value(name: str, field: Field, folder: Path) -> Any:
    if not isinstance(field.node, Tensor):
        return str(field.node) if name == "title" else _written(field.node, field.origin.folder, folder)
    if field.origin.is_flag or field.origin.source in (STANDARD_INPUT_NAME, INLINE_NAME):
        values = field.node.array
        return _numbers((squeezed(values) if values.ndim > 2 else values).tolist())
    member = f":{field.origin.member}" if field.origin.member else ""
    return {"file": _moved(field.origin.source, Path(), folder) + member}


def _numbers(values: Any) -> Any:
    """Nested lists whose fractions are texts, as a file writes them."""
    if isinstance(values, list):
        return [_numbers(each) for each in values]
    return exact_text(values) if isinstance(values, Fraction) else values


def _written(node: Any, here: Path, there: Path) -> Any:
    """A node with numbers as numbers and true and false as such; quoted texts, and words, stay texts."""
    if isinstance(node, Mapping):
        return {key: _entry(key, each, here, there) for key, each in node.items()}
    if isinstance(node, list):
        return [_written(each, here, there) for each in node]
    if isinstance(node, Quoted):
        return str(node)
    if node.lower() in _TRUTH:  # in quotes, as YAML would have them, they would be words
        return _TRUTH[node.lower()]
    if is_path(node):
        return _moved(node, here, there)
    value = plain_value(node)
    return value if isinstance(value, int | float) and not isinstance(value, Fraction) else str(node)


def _entry(key: str, node: Any, here: Path, there: Path) -> Any:
    """The value of a key; what is a name or a path stays a text, whatever it looks like."""
    if key == "file" and isinstance(node, str):
        return _moved(node, here, there)
    return str(node) if key in ("name", "input") and isinstance(node, str) else _written(node, here, there)


def _moved(path: str, here: Path, there: Path) -> str:
    """A path from one folder as another folder tells it."""
    return path if Path(path).is_absolute() else os.path.relpath(here / path, there)
