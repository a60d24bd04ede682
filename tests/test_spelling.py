"""No module outside the room of requests knows how a file spelled what it asks for.

What a file or a flag says is read there, and comes out as networks, problems and kernels. Others may hold a request,
and hand it on; they do not look into it, do not read a document, and take from that room only what gives the result.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from test_architecture import ROOT, modules

DOORS: dict[str, tuple[str, ...]] = {
    "request": ("Request", "read_request", "open_request", "request_of"),
    "resolve": ("resolve",),
    "filters": ("filters",),
    "document": ("document",),
    "edited": (
        "Changes",
        "Layer",
        "has_own_input",
        "typed_number",
        "with_changes",
        "with_flags_baked",
        "with_input",
        "with_input_text",
        "with_weight",
    ),
    "examples": ("example", "example_paths", "examples"),
    "expectation": ("expects_as_written", "expects_output", "read_expectation", "read_facts"),
    "gallery_input": (
        "GalleryInput",
        "GalleryProblem",
        "requested_kernels",
        "gallery_problems",
        "resolve_gallery_input",
    ),
    "generators": ("generated",),
    "kernel_library": ("Library", "library_of"),
    "kernel_lint": ("lint_file",),
    "layer_list": ("names_of_layers",),
    "numbers_of_flag": ("expected_numbers", "numbers_of_flag"),
    "schema": ("SCHEMAS",),
    "shipped": ("shipped",),
    "spellings": ("called_here",),
    "streamed_input": ("StreamInput", "opened_as_blocks", "streamed_input"),
}
"""What other rooms may take from the room of requests, by its modules."""
DOCUMENTS = {
    "convcalc.files.yaml_reader": None,  # all of it
    "convcalc.files.expression": None,
    "convcalc.files.tensor_file": ("node", "tensor_at"),
    "yaml": ("compose", "load", "parse", "safe_load", "scan"),
}
"""What makes documents of texts, or says where something stands in one; None: a module as a whole."""
INSIDE = frozenset({"fields", "changes", "model", "layer", "node", "origin", "folder", "value"})
"""Attributes of requests, and of what is in them."""
READERS = frozenset({"read_request", "request_of", "override", "changed"})
"""What gives a request."""


def spellings(root: Path) -> list[str]:
    """Every place outside the rooms of requests and files that takes or looks at what a file says in its own words."""
    found = []
    for module, path in modules(root).items():
        if module.partition(".")[0] not in ("request", "files"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [f"{module}:{line} {fault}" for line, fault in sorted({*_taken(tree), *_looked_into(tree)})]
    return found


def _taken(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Imports of what is no door."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.name in DOCUMENTS and DOCUMENTS[alias.name] is None) or _is_of_requests(alias.name):
                    yield node.lineno, f"imports {alias.name} as a whole"
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if not _is_allowed(node.module, alias.name):
                    yield node.lineno, f"takes {alias.name} from {node.module}"


def _is_of_requests(module: str) -> bool:
    return f"{module}.".startswith("convcalc.request.")


def _is_allowed(module: str, name: str) -> bool:
    if _is_of_requests(module):
        return name in DOORS.get(module.rpartition(".")[2], ()) and module.count(".") == 2
    if f"{module}.{name}" in DOCUMENTS:  # a module by ``from package import module``
        return False
    return module not in DOCUMENTS or name not in (DOCUMENTS[module] or (name,))


def _looked_into(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Attributes of requests: of what is annotated as one, or comes from what gives one."""
    held = set(_held(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in INSIDE and _is_request(node.value, held):
            yield node.lineno, f"looks at .{node.attr} of a request"


def _held(tree: ast.AST) -> Iterator[str]:
    """Names of variables, parameters and attributes that hold requests."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None and _says_request(node.annotation):
            yield node.arg
        elif isinstance(node, ast.AnnAssign) and _says_request(node.annotation):
            yield ast.unparse(node.target).rpartition(".")[2]
        elif isinstance(node, ast.Assign) and _is_request(node.value, set()):
            yield from (ast.unparse(each).rpartition(".")[2] for each in node.targets)
        elif isinstance(node, ast.NamedExpr) and _is_request(node.value, set()):
            yield node.target.id


def _says_request(annotation: ast.AST) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "Request" for node in ast.walk(annotation))


def _is_request(value: ast.AST, held: set[str]) -> bool:
    """Whether an expression is a request: one that is held, or a call that gives one."""
    called = value.func if isinstance(value, ast.Call) else value
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name in (READERS if isinstance(value, ast.Call) else held)


def test_no_other_room_knows_how_a_file_spelled_it() -> None:
    """Documents are read in the rooms of files and requests, and no other looks into a request."""
    assert spellings(ROOT) == []


def test_every_door_is_used() -> None:
    """What nobody takes any more is no door."""
    found = set()
    for module, path in modules(ROOT).items():
        if module.partition(".")[0] not in ("request", "files"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module and _is_of_requests(node.module):
                    found |= {(node.module.rpartition(".")[2], alias.name) for alias in node.names}
    assert found == {(module, name) for module, names in DOORS.items() for name in names}


IMPORT = "from convcalc.request.request import Request, read_request\n"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("from convcalc.request.request import Origin", "takes Origin from convcalc.request.request"),
        ("def f():\n    from convcalc.request.request import FIELDS", "takes FIELDS from convcalc.request.request"),
        ("from convcalc.request.layer_list import read_entries", "takes read_entries from convcalc.request.layer_list"),
        ("from convcalc.request import text_values", "takes text_values from convcalc.request"),
        ("import convcalc.request.request", "imports convcalc.request.request as a whole"),
        ("if X:\n    from convcalc.files.yaml_reader import Node", "takes Node from convcalc.files.yaml_reader"),
        ("from convcalc.files import yaml_reader", "takes yaml_reader from convcalc.files"),
        ("from convcalc.files.tensor_file import node", "takes node from convcalc.files.tensor_file"),
        ("from yaml import safe_load", "takes safe_load from yaml"),
        (f"{IMPORT}def f(request: Request):\n    return request.fields['stride']", "looks at .fields of a request"),
        (f"{IMPORT}def f(asked: Request | None):\n    return asked.value('dims', 1)", "looks at .value of a request"),
        (f"{IMPORT}def f():\n    return read_request('f.yaml').fields", "looks at .fields of a request"),
        (f"{IMPORT}def f():\n    it = read_request('f.yaml')\n    return it.changes", "looks at .changes of a request"),
        (f"{IMPORT}class A:\n    it: Request\n    def f(self):\n        self.it.model", "looks at .model of a request"),
        (f"{IMPORT}def f(a: Request):\n    return a.override(stride='2').fields", "looks at .fields of a request"),
        (f"{IMPORT}def f(request: Request):\n    return request.source, request.override(stride='2')", None),
        ("def f(row):\n    return row.fields, row.node, row.model", None),
        ("from convcalc.files.tensor_file import OpenedFile", None),
    ],
)  # fmt: skip
def test_a_planted_spelling_is_found(tmp_path: Path, source: str, fault: str | None) -> None:
    """Each kind of violation, planted in a room that is not theirs, is named; in their own it is none."""
    for room in ("cli", "request", "files"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "planted.py").write_text(source, encoding="utf-8")
    found = spellings(tmp_path)
    assert [each.partition(" ")[2] for each in found] == ([] if fault is None else [fault])
    assert all(each.startswith("cli.planted:") for each in found)
