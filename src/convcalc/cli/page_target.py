"""Where a page goes: to a file, to standard output, and to the browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.message import write
from convcalc.errors import OutputError, UsageError

if TYPE_CHECKING:
    from convcalc.cli.command_options import PageOptions

_SUFFIXES = (".html", ".htm")


def check_page(target: PageOptions) -> None:
    """Refuse a file that could not be written, before any work is done.

    Raises:
        OutputError: the file's suffix is not that of a page, or it cannot be written.
        UsageError: a page is to be opened that is in no file, or none is named on a terminal.
    """
    if target.output is None:
        if target.open:
            raise UsageError("--open opens the file that is saved, and none is", hint="-o page.html --open")
        if sys.stdout.isatty() and not target.quiet:
            raise UsageError("a page is for a browser, not for a terminal", hint="-o page.html, or into a pipe")
        return
    from convcalc.files.whole_file import check_target

    suffix = Path(target.output).suffix
    if suffix.lower() not in _SUFFIXES:
        raise OutputError(f"nothing is saved here as {suffix or target.output!r}", hint="one of: .html, .htm")
    check_target(target.output, force=target.force)


def deliver(text: str, target: PageOptions) -> None:
    """Save or print the page, say what a host must know of a fragment, and open what is to be opened.

    Raises:
        OutputError: the file cannot be written.
    """
    from convcalc.page.document import policy_of_fragments

    if target.output is None:
        sys.stdout.write("" if target.quiet else text)
        return
    from convcalc.files.whole_file import write_bytes

    data = text.encode()
    write_bytes(target.output, data, force=target.force)
    if not target.quiet:
        write(f"wrote {target.output}: {len(data) / 1000:,.0f} kB")
        if target.embed:
            write(f"a page with a Content-Security-Policy must allow it: {policy_of_fragments()}")
    if target.open:
        import webbrowser

        webbrowser.open(Path(target.output).resolve().as_uri())
