"""The representation of records in Python: one line at a prompt, a page in a notebook."""

from __future__ import annotations

from importlib import import_module


class Displayed:
    """A record with its own one-line representation and notebook page.

    The text comes from the record's report in ``report/records.py``, imported by name when it is shown.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        line: str = import_module("convcalc.report.records").line_of(self)
        return f"<{type(self).__name__} {line}>"

    def _repr_html_(self) -> str:
        """The page that the command prints, as HTML: text alone where scripts are disabled."""
        page: str = import_module("convcalc.page.notebook").html_of(self)
        return page
