"""The place of the files shipped with convcalc."""

from __future__ import annotations

from pathlib import Path


def shipped(name: str) -> Path:
    """A file or folder shipped with convcalc: inside the package when installed, at the top of a source checkout."""
    package = Path(__file__).parents[1]
    installed = package / "data" / name
    return installed if installed.exists() else package.parents[1] / name
