"""The table of report formats: the renderer of each, and which of them are printed and saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from convcalc.cli.streams import page_width
from convcalc.report.blocks import Block, Report

Lines = Iterable[str]
"""Text in pieces, line ends included."""
Pieces = Iterable[str | bytes]
"""Pieces of a text, or of a file that is none."""

PRINTED = ("table", "plain", "markdown", "latex", "html", "json", "csv")
"""The values of ``--format``; a table is drawn by the terminal's console."""
SAVED = {
    ".json": "json",
    ".yaml": "yaml",
    ".csv": "csv",
    ".txt": "plain",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
    ".pdf": "pdf",
}
"""The format of a file's suffix."""


def lines_of_report(report: Report, form: str) -> Lines:
    """The text of a report in a format that is printed, but not the terminal's."""
    return _REPORTS[form](report)


def pieces_of_report(report: Report, form: str) -> Pieces:
    """The content of a file of a report, in a format of :data:`SAVED`."""
    return _pdf(_handout(report)) if form == "pdf" else lines_of_report(report, form)


def _markdown(blocks: Iterable[Block]) -> Lines:
    from convcalc.render.markdown import markdown_lines

    return (f"{line}\n" for line in markdown_lines(blocks))


def _latex(blocks: Iterable[Block]) -> Lines:
    from convcalc.render.latex import latex_lines

    return (f"{line}\n" for line in latex_lines(blocks))


def _html(blocks: Iterable[Block]) -> Lines:
    from convcalc.render.html_document import html_lines

    return (f"{line}\n" for line in html_lines(blocks))


def _pdf(blocks: Iterable[Block]) -> Iterator[bytes]:
    from convcalc.render.pdf.document import pdf_bytes

    yield pdf_bytes(blocks)


def _handout(report: Report) -> Iterable[Block]:
    return report.handout() if report.handout else report.blocks


def _plain(report: Report) -> Lines:
    from convcalc.render.plain import plain_lines

    return (f"{line}\n" for line in plain_lines(report.blocks, page_width()))


def _json(report: Report) -> Lines:
    from convcalc.render.documents import json_lines

    return json_lines(report.data())


def _yaml(report: Report) -> Lines:
    from convcalc.files.yaml_writer import yaml_text

    return [yaml_text(report.data())]


def _csv(report: Report) -> Lines:
    from convcalc.files.csv_writer import csv_lines

    return csv_lines(report.rows() if report.rows else ())


HANDOUTS: dict[str, Callable[[Iterable[Block]], Pieces]] = {
    "markdown": _markdown,
    "latex": _latex,
    "html": _html,
    "pdf": _pdf,
}
"""Standalone pages, drawn with one block held at a time."""

_REPORTS: dict[str, Callable[[Report], Lines]] = {
    "plain": _plain,
    "json": _json,
    "yaml": _yaml,
    "csv": _csv,
    "markdown": lambda report: _markdown(_handout(report)),
    "latex": lambda report: _latex(_handout(report)),
    "html": lambda report: _html(_handout(report)),
}
