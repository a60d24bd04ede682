"""Every option once: its spelling and its help are the same in all commands that have it."""

from typing import Annotated, NamedTuple

import typer

from convcalc.cli.input_options import PartOptions, TableFlags

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 140}


def _print_version(value: bool) -> None:
    if value:
        import convcalc

        print(f"convcalc {convcalc.__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Print the version and leave.", callback=_print_version, is_eager=True)
]
File = Annotated[
    str | None,
    typer.Argument(
        help="A problem file, or a file that is just a tensor: .yaml, .json, .csv, .npy, .npz:NAME or an image; or "
        "numbers: '[1,2,3]'; or standard input, as in pbpaste | convcalc run (or xclip -o). Without any: a 5x5 "
        "gradient and sobel-x.",
        show_default=False,
    ),
]
Folders = Annotated[
    list[str] | None, typer.Option("--kernels", help="A folder of own kernel files; may be repeated.", metavar="DIR")
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision", help="full, or fast: up to a digit less where that saves multiplications.", metavar="WORD"
    ),
]
Threads = Annotated[
    int | None, typer.Option("--threads", help="At most so many threads instead of one for each core.", metavar="N")
]
LimitChanges = Annotated[
    list[str] | None,
    typer.Option("--limit", help="Raise a limit, such as memory=8GiB or values=50M.", metavar="NAME=AMOUNT"),
]
StrideByAxis = Annotated[
    str | None, typer.Option(help="Input cells from one output cell to the next: 2, or 2,1 by axis.", metavar="N")
]
PaddingByAxis = Annotated[
    str | None,
    typer.Option(
        help="1, or 1,2 by axis, or '[[1,2],[0,0]]' before and after, or valid, same, same-lower, full.", metavar="N"
    ),
]
DilationByAxis = Annotated[
    str | None, typer.Option(help="Input cells from one tap to the next: 2, or 2,1 by axis.", metavar="N")
]
BoundaryWord = Annotated[
    str | None,
    typer.Option(
        help="What padding holds: zeros, a number, reflect, symmetric, replicate or circular; interp fits the ends of "
        "a savitzky-golay kernel.",
        metavar="WORD",
    ),
]
SpatialAxes = Annotated[str | None, typer.Option(help="How many of the input's last axes are spatial.", metavar="N")]
Convolve = Annotated[
    bool, typer.Option("--convolve", help="Turn the kernel by 180 degrees first (mathematical convolution).")
]


KernelTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--kernel",
        help="A name (sobel-x, gaussian:5,1.2, sobel-x@opencv, box:5+zero-sum), numbers ('[[0,1],[1,0]]') or a "
        "file; several make several output channels.",
        metavar="KERNEL",
    ),
]
GroupsOfChannels = Annotated[str | None, typer.Option(help="Groups of channels that do not mix.", metavar="N")]
BiasNumbers = Annotated[
    str | None, typer.Option(help="Added to the output: one number, or one per output channel.", metavar="NUMBER")
]
Depthwise = Annotated[
    bool,
    typer.Option(
        "--depthwise", help="Apply the kernel to each channel apart, as a named one is to the colours of an image."
    ),
]
Summed = Annotated[bool, typer.Option("--no-depthwise", help="Sum over the channels, also over those colours.")]
WithMagnitude = Annotated[
    bool, typer.Option("--magnitude", help="Of several kernels the length of the vector that their outputs are.")
]
Norm = Annotated[
    str | None,
    typer.Option(
        "--norm", help="Of the magnitude: l2, the root of the sum of squares, or l1, |a| + |b|.", metavar="NORM"
    ),
]
Luminance = Annotated[bool, typer.Option("--luminance", help="Of an image in colours its luminance.")]
LinearLight = Annotated[
    bool, typer.Option("--linear-light", help="Decode an image's sRGB numbers to light from 0 to 1 first.")
]
Layer = Annotated[
    str | None, typer.Option("--layer", help="Of a network: up to this layer, instead of the last.", metavar="NAME")
]


class ConvolutionOptions(NamedTuple):
    """The fields of a convolution, and the meaning of its input."""

    kernel: KernelTexts = None
    stride: StrideByAxis = None
    padding: PaddingByAxis = None
    dilation: DilationByAxis = None
    groups: GroupsOfChannels = None
    boundary: BoundaryWord = None
    bias: BiasNumbers = None
    dims: SpatialAxes = None
    convolve: Convolve = False
    depthwise: Depthwise = False
    no_depthwise: Summed = False
    magnitude: WithMagnitude = False
    norm: Norm = None
    luminance: Luminance = False
    linear_light: LinearLight = False


class ProblemOptions(NamedTuple):
    """The file, the flags that override its fields, and how it is computed."""

    file: File = None
    said: ConvolutionOptions = ConvolutionOptions()
    table: TableFlags = TableFlags()
    dtype: Annotated[
        str | None, typer.Option(help="auto, exact (fractions stay), float32 or float64.", metavar="DTYPE")
    ] = None
    strict_finite: Annotated[
        bool, typer.Option("--strict-finite", help="Refuse inf and nan in input, kernel and bias.")
    ] = False
    engine: Annotated[str, typer.Option(help="auto, or the name of an engine, such as direct.", metavar="ENGINE")] = (
        "auto"
    )
    precision: Precision = "full"
    threads: Threads = None
    kernels: Folders = None
    limit: LimitChanges = None
    resize: Annotated[
        str | None,
        typer.Option(
            help="Of a picture that goes into a network: 224, the middle square of that shorter side, or 224x320.",
            metavar="SIZE",
        ),
    ] = None
    normalise: Annotated[
        str | None,
        typer.Option(
            help="Of a network's input: imagenet, 0..1, -1..1, or MEAN/STD of levels from 0 to 1.", metavar="RULE"
        ),
    ] = None
    part: PartOptions = PartOptions()


Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        help="Save the result; the suffix says how, such as .md, .pdf, .html or .json.",
        metavar="FILE",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the output file if it exists.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors.")]


class OutputOptions(NamedTuple):
    """The destination and format of a report."""

    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="table, plain, markdown (GitHub's), latex (a whole document for pdflatex), html (no script), json or "
            "csv.",
            metavar="FORMAT",
        ),
    ] = "table"
    output: Output = None
    force: Force = False
    quiet: Quiet = False
    version: Version = False


Explain = Annotated[bool, typer.Option("--explain", help="Add the plan: which engine, why, and why not the others.")]
Verify = Annotated[
    bool,
    typer.Option("--verify", help="Compute again by another engine and by traces of some cells; fail if they differ."),
]
Show = Annotated[bool, typer.Option("--show", help="Draw input and output as heat maps, an image as a picture.")]
Curve = Annotated[
    bool, typer.Option("--curve", help="Draw inputs and outputs of one axis as curves, also those that fit in a table.")
]
MapRule = Annotated[
    str,
    typer.Option(
        "--map",
        help="Which value becomes which level of a picture or heat map: clip (0 to 255, or 0 to 1 of floats, as they "
        "are), minmax, signed (0 in the middle) or auto.",
        metavar="RULE",
    ),
]
PartMaps = Annotated[
    str | None,
    typer.Option(
        "--maps", help="With the word channels: what each input channel contributes, then the sum.", metavar="channels"
    ),
]
PictureRule = Annotated[
    str,
    typer.Option(
        "--map",
        help="Which value becomes which level of a picture or heat map: clip (0 to 255, or 0 to 1 of floats, as they "
        "are), minmax, signed (0 in the middle) or auto; of a saved picture also direction: two channels as hue.",
        metavar="RULE",
    ),
]
Zoom = Annotated[
    int | None,
    typer.Option("--zoom", help="Of a saved picture: each cell as a square of so many pixels.", metavar="N"),
]
WithFrame = Annotated[
    bool, typer.Option("--figure", help="Of a saved picture: with a title and a colour bar of its values.")
]

Positions = Annotated[
    list[str] | None,
    typer.Option("--pos", help="An output cell, one index per axis from 0: 1,1; may be repeated.", metavar="INDEX"),
]
EveryPosition = Annotated[bool, typer.Option("--all", help="Every output cell, written as they come.")]
Channel = Annotated[
    int | None, typer.Option("--channel", help="The output channel, from 0 (with --all: all of them).", metavar="N")
]
Batch = Annotated[
    int | None, typer.Option("--batch", help="The sample, from 0 (with --all: all of them).", metavar="N")
]
InputPosition = Annotated[
    str | None, typer.Option("--pos", help="An input cell, one index per axis from 0: 2,3.", metavar="INDEX")
]
InputChannel = Annotated[int | None, typer.Option("--channel", help="The input channel, from 0.", metavar="N")]
Sample = Annotated[int, typer.Option("--batch", help="The sample, from 0.", metavar="N")]
WithAdjoint = Annotated[
    bool,
    typer.Option(
        "--adjoint",
        help="Check <conv(x), z> = <x, conv^T(z)> with whole numbers drawn for z; of layers <A x, z> = <x, A^T z>, "
        "and with --pos what A^T z is at that cell.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="With --adjoint: which numbers are drawn.", metavar="N")]
Im2col = Annotated[
    bool,
    typer.Option("--im2col", help="The matrix of all windows instead, one a column, which the kernel multiplies."),
]

UsesLayer = Annotated[
    str | None,
    typer.Option(
        "--layer",
        help="Of a network: up to this layer, instead of the last; with --adjoint one layer, or FIRST..LAST.",
        metavar="NAME",
    ),
]
LayerAlone = Annotated[
    str | None, typer.Option("--layer", help="Of a network: the convolution that is meant.", metavar="NAME")
]
Layers = Annotated[
    str | None,
    typer.Option(
        "--layer",
        help="Of a network: one layer by itself, or FIRST..LAST; instead of all of them (..LAST from the input on).",
        metavar="NAME",
    ),
]
NetworkInput = Annotated[
    str | None,
    typer.Option(
        "--input", help="Of a network: a file, or numbers, that go in instead of the file's own.", metavar="FILE"
    ),
]
Keep = Annotated[bool, typer.Option("--keep", help="Of a network: show, and save as .npz, the output of every layer.")]
Partial = Annotated[
    bool, typer.Option("--partial", help="Of a model that cannot be computed to its output: as far as it can be.")
]
Labels = Annotated[
    str | None,
    typer.Option(
        "--labels", help="Of a network: a file of the classes' names, one a line; lists the top five.", metavar="FILE"
    ),
]
Rate = Annotated[
    str | None,
    typer.Option("--rate", help="Of signals of one axis: samples a second, such as 44100 or 44.1kHz.", metavar="RATE"),
]
Depth = Annotated[
    int | None,
    typer.Option("--depth", help="Of a network: unfold so many layers as a tree, down to the input.", metavar="N"),
]

InChannels = Annotated[int, typer.Option("--cin", help="Input channels.", metavar="N")]
OutChannels = Annotated[int, typer.Option("--cout", help="Output channels.", metavar="N")]
KernelSize = Annotated[str, typer.Option("-k", "--kernel-size", help="Taps: 3, or 3x5 by axis.", metavar="N")]
GroupCount = Annotated[int, typer.Option("--groups", help="Groups of channels that do not mix.", metavar="N")]
NoBias = Annotated[bool, typer.Option("--no-bias", help="A layer without biases.")]
Size = Annotated[
    str | None,
    typer.Option("--size", help="Input cells by axis, such as 224x224: adds output, MACs, memory.", metavar="N"),
]
Stride = Annotated[str, typer.Option("--stride", help="Input cells from one output cell to the next.", metavar="N")]
Padding = Annotated[str, typer.Option("--padding", help="As for run: a number, pairs or a word.", metavar="N")]
Dilation = Annotated[str, typer.Option("--dilation", help="Input cells from one tap to the next.", metavar="N")]
Dims = Annotated[
    int | None, typer.Option("--dims", help="Spatial axes; 2 unless --size or -k say otherwise.", metavar="N")
]
FromSize = Annotated[
    str, typer.Argument(metavar="FROM", help="Input cells: 224, or 224x224 by axis.", show_default=False)
]
ToSize = Annotated[str, typer.Argument(metavar="TO", help="Output cells: 112, or 112x112 by axis.", show_default=False)]
Most = Annotated[int, typer.Option("--most", help="Show at most so many solutions.", metavar="N")]
KernelName = Annotated[
    str | None,
    typer.Argument(
        help="A kernel's name, or the word lint with files of own kernels; without it the whole library.",
        show_default=False,
    ),
]
KernelFiles = Annotated[
    list[str] | None,
    typer.Argument(help="After lint: kernel files, or - for standard input.", metavar="[FILE]...", show_default=False),
]
Family = Annotated[
    str | None, typer.Option("--family", help="Only kernels of this family, such as edge.", metavar="NAME")
]
Search = Annotated[
    str | None,
    typer.Option("--search", help="Only kernels with these words in what is said about them.", metavar="TEXT"),
]
