"""The options that belong to one command alone, each command's together; loaded by that command."""

from typing import Annotated, NamedTuple

import typer

from convcalc.cli.input_options import Like, PartOptions, TableFlags
from convcalc.cli.options import (
    BoundaryWord,
    ConvolutionOptions,
    Convolve,
    DilationByAxis,
    Family,
    File,
    Folders,
    Force,
    LimitChanges,
    LinearLight,
    Luminance,
    PaddingByAxis,
    PartMaps,
    Quiet,
    Sample,
    Search,
    SpatialAxes,
    StrideByAxis,
    Threads,
    Version,
)


class SizeOptions(NamedTuple):
    """The fixed numbers of the wanted output size."""

    k: Annotated[
        str | None, typer.Option("-k", "--kernel-size", help="Only so many taps: 3, or 3x5 by axis.", metavar="N")
    ] = None
    stride: Annotated[str | None, typer.Option(help="Only this stride: 2, or 2,1 by axis.", metavar="N")] = None
    padding: Annotated[
        str | None,
        typer.Option(help="Only this padding: a number, numbers by axis, pairs, or a word as for run.", metavar="N"),
    ] = None
    dilation: Annotated[str | None, typer.Option(help="Only this dilation: 2, or 2,1 by axis.", metavar="N")] = None
    transposed: Annotated[bool, typer.Option("--transposed", help="By a transposed convolution.")] = False
    output_padding: Annotated[
        str | None, typer.Option(help="With --transposed: only this output padding.", metavar="N")
    ] = None


class SelectionOptions(NamedTuple):
    """Which kernels of the library are listed."""

    family: Family = None
    search: Search = None
    rank: Annotated[int | None, typer.Option("--rank", help="Only kernels with so many axes.", metavar="N")] = None


class GalleryOptions(NamedTuple):
    """The file, the kernels, and how they are applied."""

    file: File = None
    table: TableFlags = TableFlags()
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel",
            help="A kernel, written as for run, instead of the library's; may be repeated.",
            metavar="KERNEL",
        ),
    ] = None
    family: Family = None
    search: Search = None
    stride: StrideByAxis = None
    padding: PaddingByAxis = None
    dilation: DilationByAxis = None
    boundary: BoundaryWord = None
    dims: SpatialAxes = None
    convolve: Convolve = False
    luminance: Luminance = False
    linear_light: LinearLight = False
    threads: Threads = None
    kernels: Folders = None
    limit: LimitChanges = None
    part: PartOptions = PartOptions()


class SummaryOptions(NamedTuple):
    """The network, and how its work is counted."""

    file: Annotated[
        str | None,
        typer.Argument(
            help="A file with layers, an ONNX model or a file of tensors; a problem file is one layer. Without it: a "
            "5x5 gradient and sobel-x.",
            show_default=False,
        ),
    ] = None
    input: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="Another input: a shape such as 3x224x224 (channels first), or a file.",
            metavar="SHAPE|FILE",
        ),
    ] = None
    batch: Annotated[
        int, typer.Option("--batch", help="Samples at a time: multiplies MACs and activation bytes.", metavar="N")
    ] = 1
    count_bias: Annotated[bool, typer.Option("--count-bias", help="Count each addition of a bias as one MAC.")] = False
    transposed_by: Annotated[
        str,
        typer.Option(
            "--transposed-by",
            help="Count the MACs of a transposed convolution by its input cells or by its output cells.",
            metavar="input|output",
        ),
    ] = "input"
    count_as: Annotated[
        str | None,
        typer.Option("--count-as", help="Count as another tool does, such as fvcore, and say why.", metavar="TOOL"),
    ] = None
    explain_macs: Annotated[
        str | None,
        typer.Option(
            "--explain-macs", help="Which convention gives this count, such as 4.1G, for the network.", metavar="N"
        ),
    ] = None
    layer: Annotated[
        str | None, typer.Option("--layer", help="Of several layers: the one that flags change.", metavar="NAME")
    ] = None
    said: ConvolutionOptions = ConvolutionOptions()
    like: Like = None
    kernels: Folders = None
    limit: LimitChanges = None


class TimingOptions(NamedTuple):
    """The contenders, and the number of measurements."""

    case: Annotated[
        str | None,
        typer.Option("--case", help="A case of the suite instead of a file, such as image-9x9.", metavar="NAME"),
    ] = None
    rounds: Annotated[int, typer.Option("--rounds", help="Turns of each contender.", metavar="N")] = 11


class PageOptions(NamedTuple):
    """What the interactive page opens with, and where it goes."""

    pos: Annotated[
        str | None, typer.Option("--pos", help="The output cell that the page opens with: 1,1.", metavar="INDEX")
    ] = None
    channel: Annotated[int, typer.Option("--channel", help="Its channel, from 0.", metavar="N")] = 0
    batch: Sample = 0
    crop: Annotated[
        str | None,
        typer.Option("--crop", help="Only these cells of the input, for each axis: 100:164,200:264.", metavar="CELLS"),
    ] = None
    slice: Annotated[
        str | None,
        typer.Option(
            "--slice",
            help="Of more than 3 spatial axes: the output at these indices of the first ones, from 0: 2 or 2,0.",
            metavar="INDEX",
        ),
    ] = None
    embed: Annotated[
        bool,
        typer.Option(
            "--embed",
            help="A fragment for a page of your own. If that has a Content-Security-Policy, it must allow the script "
            "by the hash that is printed.",
        ),
    ] = False
    questions: Annotated[
        int, typer.Option("--questions", help="So many questions below it, with choices; see quiz.", metavar="N")
    ] = 0
    seed: Annotated[int, typer.Option("--seed", help="With --questions: which ones are drawn.", metavar="N")] = 0
    open: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="Save the page; without it, it is printed.", metavar="FILE.html"),
    ] = None
    force: Force = False
    quiet: Quiet = False
    version: Version = False


class AnimationOptions(NamedTuple):
    """Which steps are shown, and how fast."""

    pos: Annotated[
        str | None,
        typer.Option(
            "--pos",
            help="The cell to start at, one index per axis from 0: 1,1; of a transposed convolution an input cell.",
            metavar="INDEX",
        ),
    ] = None
    most: Annotated[int | None, typer.Option("--count", help="At most so many steps.", metavar="N")] = None
    speed: Annotated[float, typer.Option("--speed", help="Steps a second, from 0.1 to 50.", metavar="N")] = 2
    channel: Annotated[
        int | None,
        typer.Option(
            "--channel", help="The output channel, from 0; otherwise the first few side by side.", metavar="N"
        ),
    ] = None
    batch: Sample = 0
    maps: PartMaps = None


ForLibrary = Annotated[
    str,
    typer.Option(
        "--for", help="The library: numpy, scipy, torch, keras, jax, onnx, opencv or skimage.", metavar="LIBRARY"
    ),
]
ExplainLines = Annotated[
    bool,
    typer.Option(
        "--explain", help="The NumPy loops line by line, with what each made when they ran; also -o page.html."
    ),
]

Got = Annotated[
    str | None,
    typer.Option(
        "--got",
        help="The matrix that came out elsewhere: a file, or numbers: '[[1,2],[3,4]]'; else standard input.",
        metavar="FILE",
    ),
]

Files = Annotated[
    list[str] | None,
    typer.Argument(
        help="Problem files with the field expect, or folders of them; without any the shipped examples.",
        show_default=False,
    ),
]
