"""``convcalc schema``: the JSON Schema of files, for editors."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from convcalc.cli.option_groups import command
from convcalc.cli.options import Force, Output, Quiet, Version
from convcalc.errors import OutputError, UnknownNameError

Holds = Annotated[str, typer.Argument(metavar="[problem|kernel]", help="What the file holds.", show_default=False)]


@command
def schema(
    holds: Holds = "problem",
    output: Output = None,
    force: Force = False,
    quiet: Quiet = False,
    version: Version = False,  # noqa: ARG001 - it is answered before
) -> None:
    """Print the JSON Schema of problem and network files, or of kernel files, with which editors check them."""
    from convcalc.cli.message import write
    from convcalc.files.whole_file import write_lines
    from convcalc.render.documents import json_lines
    from convcalc.request.schema import SCHEMAS

    if holds not in SCHEMAS:
        raise UnknownNameError("kind of file", holds, SCHEMAS)
    lines = json_lines(SCHEMAS[holds]())
    if output is None:
        sys.stdout.writelines([] if quiet else lines)
        return
    suffix = Path(output).suffix
    if suffix.lower() != ".json":
        raise OutputError(f"nothing is saved here as {suffix or output!r}", hint="one of: .json")
    write_lines(output, lines, force=force)
    if not quiet:
        write(f"wrote {output}")
