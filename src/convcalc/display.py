"""How records show themselves where Python shows them: in one line at a prompt, as a page in a notebook."""

from __future__ import annotations

from importlib import import_module


class Displayed:
    """A record with a line and a page of its own.

    What there is to say of a record is known further up, by its report; it is asked for by name, and loaded when
    somebody looks.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        line: str = import_module("convcalc.report.records").line_of(self)
        return f"<{type(self).__name__} {line}>"

    def _repr_html_(self) -> str:
        """The page that the command prints, as HTML: where scripts are off it is text alone."""
        page: str = import_module("convcalc.page.notebook").html_of(self)
        return page
