"""The options of questions: which are drawn, and whether the key is shown."""

from typing import Annotated, NamedTuple

import typer

Key = Annotated[
    str | None,
    typer.Option(
        "--key", help="Of a worksheet: after (on a page of its own, the default), only, or none.", metavar="WORD"
    ),
]
Blank = Annotated[bool, typer.Option("--blank", help="A worksheet: cells to fill in, and a key after it.")]


Answers = Annotated[
    str | None,
    typer.Option(
        "--answers",
        help="Mark answers: a CSV with a row for each student and a column for each question (quiz --format csv makes "
        "one), or YAML; FILES is the problem, if the sheet does not name it.",
        metavar="FILE",
    ),
]


class QuizOptions(NamedTuple):
    """Which questions are drawn."""

    most: Annotated[int | None, typer.Option("--count", help="So many questions (10).", metavar="N")] = None
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            help="Only questions of this kind: slice, parameters, shape, planes, flipped, shared, cell, uses, macs, "
            "stride or field; of other layers than convolutions layer-shape, layer-parameters, layer-slice, "
            "layer-cell, layer-macs or layer-field; may be repeated.",
            metavar="NAME",
        ),
    ] = None
    levels: Annotated[
        list[int] | None,
        typer.Option(
            "--level", help="Only questions of this level: 1, 2 or 3, the hardest; may be repeated.", metavar="N"
        ),
    ] = None
    seed: Annotated[int | None, typer.Option("--seed", help="Which questions are drawn.", metavar="N")] = None
