"""Examples in docstrings run: those of the package as it is installed, and those of the tests' own helpers."""

from __future__ import annotations

import doctest
from importlib import import_module
from importlib.util import find_spec
from pkgutil import walk_packages
from types import ModuleType

import pytest

import convcalc

COMPILED = ("blocks", "kept", "loops")
"""What Numba compiles, which is loaded where it is installed alone."""
ABSENT = [f"convcalc.engine.fused.{name}" for name in COMPILED if not find_spec("numba")]
MODULES = [
    name for _, name, _ in walk_packages(convcalc.__path__, "convcalc.") if name not in ("convcalc.__main__", *ABSENT)
]


def examples(module: ModuleType) -> list[doctest.DocTest]:
    """The docstrings of a module that hold examples."""
    return [each for each in doctest.DocTestFinder().find(module) if each.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module_hold(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every example under ``src`` gives what it shows; what differs is told with its place."""
    for each in examples(import_module(name)):
        failed, _ = doctest.DocTestRunner().run(each)
        assert not failed, capsys.readouterr().out


def test_the_package_has_examples() -> None:
    """They are found at all: geometry is told by examples throughout."""
    homes = {name for name in MODULES if examples(import_module(name))}
    assert {"convcalc.geometry.axis", "convcalc.geometry.receptive_axis", "convcalc.report.text"} <= homes
    assert len(homes) >= 30


def test_an_example_that_is_wrong_is_found() -> None:
    """A planted example fails the same way."""
    planted = ModuleType("planted", ">>> 1 + 1\n3\n")
    (each,) = examples(planted)
    assert doctest.DocTestRunner(verbose=False).run(each, out=lambda _: None).failed == 1
