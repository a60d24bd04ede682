"""The one flag of the tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that rewrites the shown pages."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden pages and the README's output")
