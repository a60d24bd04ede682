"""The fonts that are shipped, for what is drawn on pixels and on paper: DejaVu, with the signs that reports use."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Face(StrEnum):
    """A font: the name of its file."""

    TEXT = "DejaVuSans"
    BOLD_TEXT = "DejaVuSans-Bold"
    COLUMNS = "DejaVuSansMono"
    BOLD_COLUMNS = "DejaVuSansMono-Bold"

    @property
    def bold(self) -> Face:
        """The bold letters of this family."""
        return Face.BOLD_COLUMNS if self in (Face.COLUMNS, Face.BOLD_COLUMNS) else Face.BOLD_TEXT


def font_file(face: Face) -> Path:
    """The TrueType file of a font."""
    return Path(__file__).parent / "fonts" / f"{face}.ttf"
