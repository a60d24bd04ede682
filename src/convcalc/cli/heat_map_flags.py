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
    is_read = printed in ("table", "plain") or Path(target.output or "").suffix.lower() == ".txt"
    return Maps(page_width(), rule, every=show) if is_read and (show or printed == "table") else None
