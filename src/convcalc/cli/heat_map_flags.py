"""The flags of heat maps: which arrays are drawn, and by which rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.flags import flags
from convcalc.cli.output.picture_look import DIRECTION
from convcalc.cli.streams import page_width
from convcalc.report.blocks import Maps

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions

_AUTO = "auto"
_COLUMNS = {".html": 320, ".pdf": 96}
"""The cells beside each other for which a standalone page has room."""


def maps_of(target: OutputOptions, rule: str, *, show: bool) -> Maps | None:
    """The heat maps of a page: those asked for, on a page with frames also those of arrays too large for a table.

    Raises:
        UnknownNameError: there is no such rule.
    """
    if rule == DIRECTION:  # of a saved picture alone
        rule = _AUTO
    if rule != _AUTO:
        from convcalc.picture.mapping import check_rule

        with flags("--map"):
            check_rule(rule)
    printed = "" if target.quiet else target.format
    suffix = Path(target.output or "").suffix.lower()
    is_read = printed in ("table", "plain") or suffix == ".txt"
    return Maps(page_width(), rule, every=show) if is_read and (show or printed == "table") else None


def handout_maps(target: OutputOptions, rule: str, *, show: bool) -> Maps | None:
    """The heat maps of a standalone page, which has the room of its own format, not that of the terminal."""
    suffix = Path(target.output or "").suffix.lower() or f".{target.format}"
    return Maps(_COLUMNS[suffix], rule, every=show) if suffix in _COLUMNS else None
