"""The one flag of the tests, and a user whom permissions bind."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that rewrites the shown pages."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden pages and the README's output")


@pytest.fixture
def bound_folder() -> Iterator[Path]:
    """A folder of a user whom permissions bind: the super-user steps down for the test."""
    nobody = 65534
    with tempfile.TemporaryDirectory() as name:
        is_super = os.geteuid() == 0
        if is_super:
            os.chown(name, nobody, nobody)
            os.seteuid(nobody)
        try:
            yield Path(name)
        finally:
            Path(name).chmod(0o700)
            if is_super:
                os.seteuid(0)
