"""Options of outputs that are computed tile by tile, and of their numbers."""

from typing import Annotated, NamedTuple

import typer


class TileOptions(NamedTuple):
    """The numbers of a saved array, and the tiles in which it is computed where it does not fit in memory."""

    output_dtype: Annotated[
        str | None,
        typer.Option(
            "--output-dtype",
            help="Of a saved array: int8 to int64, uint8 to uint64, float32 or float64; otherwise the narrowest that "
            "holds all that could come out.",
            metavar="TYPE",
        ),
    ] = None
    saturate: Annotated[
        str | None,
        typer.Option("--saturate", help="Round a saved array and clip it to the range of this type.", metavar="TYPE"),
    ] = None
    rounding: Annotated[
        str | None,
        typer.Option("--rounding", help="With --saturate: half-even, half-up, down, up or zero.", metavar="RULE"),
    ] = None
    tile: Annotated[
        str | None,
        typer.Option("--tile", help="Compute a saved array in tiles of so many output cells: 512x512.", metavar="N"),
    ] = None

    on: Annotated[
        str | None,
        typer.Option("--on", help="dask: a saved array is computed by the workers of a Dask cluster.", metavar="WHERE"),
    ] = None
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", help="With --on dask: processes of one thread; otherwise one a core.", min=1, max=1 << 20
        ),
    ] = None

    @property
    def given(self) -> tuple[str, ...]:
        """The flags that are given."""
        return tuple(f"--{name.replace('_', '-')}" for name, value in self._asdict().items() if value is not None)


class StreamOptions(NamedTuple):
    """The same, and whether an earlier run is gone on with."""

    tiles: TileOptions = TileOptions()
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an output that an interrupted run has left unfinished.")
    ] = False

    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            help="A running Dask scheduler to compute on, instead of --workers.",
            metavar="tcp://HOST:PORT",
        ),
    ] = None

    @property
    def given(self) -> tuple[str, ...]:
        """The flags that are given."""
        further = {"--resume": self.resume, "--scheduler": self.scheduler is not None}
        return (*self.tiles.given, *(flag for flag, is_given in further.items() if is_given))
