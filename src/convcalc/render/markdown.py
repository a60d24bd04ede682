"""A report as Markdown in GitHub's flavour: headings, lists and tables; grids with signs between them are one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from convcalc.report.blocks import (
    Block,
    Chart,
    Flow,
    Fold,
    Grid,
    HeatMap,
    Line,
    PageBreak,
    Role,
    Sentence,
    Sheet,
    Source,
    Span,
    Sum,
    Table,
    Tree,
)
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from convcalc.report.plot import Plot

_STRONG = frozenset({Role.TITLE, Role.WINDOW, Role.TOTAL, Role.BAD})
_EMPHASIS = frozenset({Role.LABEL, Role.NOTE})
_WIDEST_CHART = 80
_CURVE = 80  # columns of a curve
_WIDEST = 24  # columns of grids that are still read as one line
_SIGNS = re.compile(r"[\\`*_\[\]<>|~$!#&]")
_LINKS = re.compile(r"(?i)\b(?:https?|ftp|mailto|xmpp):|\bwww\.")
_ITEMS = re.compile(r"^(\d*)([-+.)])(?=[- ]|$)")  # - item, 1. item, 1) item; and a rule of dashes

_LEFT, _CENTRE, _RIGHT = "---", ":-:", "--:"


def markdown_lines(blocks: Iterable[Block]) -> Iterator[str]:
    """The lines of the blocks, without line ends; one block is held at a time."""
    has_title = was_item = False
    for number, each in enumerate(blocks):
        block = each.sentence if isinstance(each, Sum) else each
        is_item = isinstance(block, Sentence) and block.is_labelled
        if number and not (is_item and was_item):
            yield ""
        match block:
            case Sentence() if block.is_heading:
                yield from _heading(block, "##" if has_title else "#")
                has_title = True
            case Sentence():
                yield f"{'- ' * is_item}{_joined(block.spans)}"
            case _:
                yield from _block(block)
        was_item = is_item


def _block(block: Block) -> Iterator[str]:
    """The lines of a block that is no sentence."""
    match block:
        case Flow():
            yield from _flow(block)
        case Table():
            yield from _records(block)
        case Tree():
            yield from _items(block)
        case Source():
            yield from _source(block)
        case Fold():
            yield f"**{_joined(tuple(Span(span.text) for span in block.title))}**"
            yield ""
            yield from markdown_lines(block.blocks)
        case PageBreak():
            yield "---"
        case Sentence() | Sum() | Sheet():
            pass  # sentences are above; sheets are printed by a gallery alone, which has no handout
        case _:
            yield from _curve(block)


def markdown_text(text: str) -> str:
    r"""Text escaped for Markdown, if it does not begin a line.

    >>> markdown_text("a|b *c* [x](https://y) &lt;")
    'a\\|b \\*c\\* \\[x\\](https\\://y) \\&lt;'
    """
    escaped = _SIGNS.sub(r"\\\g<0>", safe_text(text))
    return _LINKS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", escaped)


def _heading(sentence: Sentence, level: str) -> Iterator[str]:
    """The title, and the spans after it as a paragraph."""
    yield f"{level} {markdown_text(sentence.spans[0].text).strip(' ')}"
    rest = _joined(sentence.spans[1:])
    if rest:
        yield from ("", rest)


def _joined(spans: Line) -> str:
    """The spans as one line that begins no list, emphasised where Markdown certainly reads it as emphasis."""
    said = [span for span in spans if span.text]
    ends = [" ", *(span.text for span in said), " "]
    pieces = []
    for span, before, after in zip(said, ends, ends[2:], strict=False):
        inside = span.text.strip(" ")
        is_apart = " " in (span.text[0], before[-1]) and " " in (span.text[-1], after[0])
        text = _marked(Span(inside, span.role)) if is_apart else markdown_text(inside)
        pieces.append(f"{' ' * (span.text[0] == ' ')}{text}{' ' * (span.text[-1] == ' ')}")
    return _ITEMS.sub(r"\1\\\2", re.sub(" +", " ", "".join(pieces)).strip(" "))


def _marked(span: Span) -> str:
    """A text that stands by itself, in the emphasis of its role; a place to fill in as wide as it is."""
    if span.role is Role.BLANK and not span.text.strip(" _"):
        return span.text
    if span.role is Role.FILLED:
        return markdown_text(span.text.strip(" ")).rjust(len(span.text))
    text = markdown_text(span.text.strip(" "))
    if not text or text != text.strip():  # Markdown knows no emphasis that begins with a space of any kind
        return text
    marks = "**" if span.role in _STRONG else "*" if span.role in _EMPHASIS else ""
    return f"{marks}{text}{marks}"


def _flow(flow: Flow) -> Iterator[str]:
    """Grids with signs between them in one table, others and wide ones one below the other; heat maps are omitted.

    Charts are blocks of signs, each by itself.
    """
    items = [item for item in flow.items if not isinstance(item, HeatMap | Chart)]
    grids = [item for item in items if isinstance(item, Grid)]
    is_one = len(grids) < len(items) and sum(map(_width, grids)) <= _WIDEST
    lines = [items] if is_one else list(_each_alone(items))
    for number, line in enumerate(lines):
        if number:
            yield ""
        yield from _side_by_side(line)
    charts = [item for item in flow.items if isinstance(item, Chart)]
    for number, chart in enumerate(charts):
        if number or items:
            yield ""
        yield from _chart(chart)


def _chart(chart: Chart) -> Iterator[str]:
    """The caption, and the chart as it stands on a terminal."""
    from convcalc.render.boxes import ROUNDED
    from convcalc.render.charts import chart_grid
    from convcalc.render.layout import block_lines

    grid = chart_grid(chart)._replace(caption=())
    lines = ["".join(span.text for span in line) for line in block_lines(Flow((grid,)), _WIDEST_CHART, ROUNDED)]
    yield from (f"**{markdown_text(chart.caption)}**", "", "```text", *filter(None, lines), "```")


def _each_alone(items: Sequence[Grid | Span]) -> Iterator[Sequence[Grid | Span]]:
    """Each grid with the sign before it."""
    signs: list[Grid | Span] = []
    for item in items:
        signs.append(item)
        if isinstance(item, Grid):
            yield signs
            signs = []


def _side_by_side(items: Sequence[Grid | Span]) -> Iterator[str]:
    """The captions as a line, and the grids as one table with the signs beside their middle rows."""
    captions = [item.caption if isinstance(item, Grid) else (item,) for item in items]
    yield _joined(tuple(chain.from_iterable((*caption, Span(" ")) for caption in captions)))
    grids = [item for item in items if isinstance(item, Grid)]
    middle = (max((len(grid.cells) for grid in grids), default=0) + 1) // 2
    is_one = len(grids) > 1
    columns = [
        column
        for item in items
        if is_one or isinstance(item, Grid)
        for column in (_grid_columns(item) if isinstance(item, Grid) else [_sign_column(item, middle)])
    ]
    if columns:
        yield ""
        header, *rows = zip_longest(*(cells for _, cells in columns), fillvalue="")
        yield from _table(header, [alignment for alignment, _ in columns], rows)
    for grid in grids:
        if grid.footer:
            yield from ("", _joined((*grid.caption, Span(": "), Span(grid.footer, Role.LABEL))))


def _source(source: Source) -> Iterator[str]:
    """The lines between fences that are longer than any row of the same sign among them."""
    lines = [safe_text(f"{number}{text}") for number, text in source.numbered()]
    fence = "`" * max(3, *(len(found) + 1 for line in lines for found in re.findall("`+", line)), 3)
    yield f"{fence}python"
    yield from lines
    yield fence


def _curve(plot: Plot) -> Iterator[str]:
    """A curve as lines of text, whose columns stay below each other in a block of code."""
    from convcalc.render.boxes import ROUNDED
    from convcalc.render.curves import plot_lines

    yield "```text"
    yield from (safe_text("".join(span.text for span in line)) for line in plot_lines(plot, _CURVE, ROUNDED))
    yield "```"


def _items(tree: Tree, margin: str = "") -> Iterator[str]:
    """The tree as a list in lists."""
    yield f"{margin}- {_joined(tree.spans)}"
    for branch in tree.branches:
        yield from _items(branch, f"{margin}  ")


def _width(grid: Grid) -> int:
    return len(grid.cells[0]) + bool(grid.row_labels) if grid.cells else 0


def _grid_columns(grid: Grid) -> Iterator[tuple[str, list[str]]]:
    """Each column with its alignment: the numbers of the rows, then the cells below the number of their column."""
    if grid.row_labels:
        yield _RIGHT, ["", *(_marked(Span(label, Role.TITLE)) for label in grid.row_labels)]
    columns = list(zip(*grid.cells, strict=True))
    for label, cells in zip(grid.column_labels or ("",) * len(columns), columns, strict=True):
        yield _RIGHT, [markdown_text(label), *map(_marked, cells)]


def _sign_column(sign: Span, row: int) -> tuple[str, list[str]]:
    return _CENTRE, [*("",) * row, markdown_text(sign.text)]


def _records(table: Table) -> Iterator[str]:
    alignments = [_RIGHT if name in table.numeric else _LEFT for name in table.columns]
    yield from _table([*map(markdown_text, table.columns)], alignments, [[*map(_marked, row)] for row in table.rows])


def _table(header: Sequence[str], alignments: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, its columns as wide as their widest cell, so that it can be read as text too."""
    widths = [max(3, *map(len, column)) for column in zip(header, *rows, strict=True)]
    rules = [_rule(alignment, width) for alignment, width in zip(alignments, widths, strict=True)]
    for row in (header, rules, *rows):
        cells = [
            text.rjust(width) if alignment == _RIGHT else text.ljust(width)
            for text, alignment, width in zip(row, alignments, widths, strict=True)
        ]
        yield f"| {' | '.join(cells)} |"


def _rule(alignment: str, width: int) -> str:
    """An alignment as wide as its column."""
    return alignment[0] + "-" * (width - 2) + alignment[-1]
