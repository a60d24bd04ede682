"""Options that say which part of a file is read, and how a table is."""

from typing import Annotated, Any, NamedTuple

import typer


class PartOptions(NamedTuple):
    """Which part is read of a file that holds several images."""

    series: Annotated[
        str | None,
        typer.Option(help="Of a file with several images: which one, from 0, such as a FITS extension.", metavar="N"),
    ] = None
    frame: Annotated[
        str | None,
        typer.Option(
            help="Of a stack, a volume or a GIF: which image, from 0, such as 3 or 0,3 by axis; every one: all.",
            metavar="N",
        ),
    ] = None
    level: Annotated[
        str | None, typer.Option(help="Of an image stored in several sizes: which one, 0 is the largest.", metavar="N")
    ] = None
    band: Annotated[
        str | None,
        typer.Option(help="Of the channels of a file: only this one, from 0; all keeps alpha too.", metavar="N"),
    ] = None


class TableFlags(NamedTuple):
    """How a table is read, where its content does not tell."""

    columns: Annotated[
        list[str] | None,
        typer.Option("--columns", help="Of a table: these columns are the channels, ax,ay or 2,3.", metavar="NAMES"),
    ] = None
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", help="Of a table: all columns but these, such as time.", metavar="NAMES"),
    ] = None
    header: Annotated[
        bool | None,
        typer.Option("--header/--no-header", help="Of a table: whether row 1 names the columns.", show_default=False),
    ] = None
    transpose: Annotated[bool, typer.Option("--transpose", help="Of a table: exchange rows and columns.")] = False
    decimal: Annotated[
        str | None, typer.Option("--decimal", help="Of a table: what stands before decimals, . or ,.", metavar="SIGN")
    ] = None
    gaps: Annotated[
        str | None,
        typer.Option(
            "--gaps",
            help="Of a table: what a cell without a number becomes: refuse, zero, hold, linear or nan.",
            metavar="RULE",
        ),
    ] = None

    @property
    def given(self) -> dict[str, Any]:
        """What is said, by the keys of files, as files write it."""
        texts = {name: ",".join(value) for name, value in self._asdict().items() if isinstance(value, list)}
        said = {name: value for name, value in (self._asdict() | texts).items() if value not in (None, False)}
        if self.header is False:
            said["header"] = False
        return {name: str(value).lower() if isinstance(value, bool) else value for name, value in said.items()}


Like = Annotated[
    str | None,
    typer.Option(
        "--like",
        help="Compute as a function of another program does, such as cv2.filter2D or scipy.ndimage.convolve:uint8; "
        "convcalc like lists them.",
        metavar="FUNCTION",
    ),
]
