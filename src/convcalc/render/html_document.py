"""A report as an HTML document: headings, lists, tables, grids and pictures; no script, and no other file is loaded."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import chain

from convcalc.report.blocks import (
    Block,
    Chart,
    Flow,
    Fold,
    Grid,
    HeatMap,
    Line,
    Role,
    Sentence,
    Sheet,
    Source,
    Span,
    Sum,
    Table,
    Tile,
    Tree,
)
from convcalc.wording import safe_text

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { margin: 1.5rem auto; max-width: 62rem; padding: 0 1rem; background: Canvas; color: CanvasText; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 1.5rem 0 .25rem; }
h1, h2, p, li, td, figcaption { overflow-wrap: anywhere; }
p { margin: .3rem 0; white-space: pre-wrap; } .apart { margin-top: 1rem; }
ul { list-style: none; margin: .1rem 0; padding-left: 1.4rem; border-left: 1px solid GrayText; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: .75rem 0; }
.records th, .records td { border: 1px solid GrayText; padding: .15rem .5rem; text-align: left; vertical-align: top; }
.records .number { text-align: right; } .records .whole > * { border-top-width: 3px; }
.flow { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; margin: .9rem 0; }
figure { margin: 0; max-width: 100%; } figcaption { font-size: .9rem; max-width: 24rem; }
.sign { font-size: 1.4rem; }
.grid td { border: 1px solid GrayText; padding: .15rem .45rem; text-align: right; }
.grid th { font-weight: normal; font-size: .8rem; padding: .1rem .4rem; opacity: .75; text-align: right; }
svg { border: 1px solid GrayText; }
img { image-rendering: pixelated; max-width: 100%; border: 1px solid GrayText; }
.title, .total, .window { font-weight: bold; } .label { opacity: .75; }
.window { background: #ffe082; color: #000; } .padded { background: #e1e1e1; color: #000; }
.negative { color: #c62828; } .good { color: #2e7d32; } .bad { color: #c62828; font-weight: bold; }
.different { color: #a5328f; font-weight: bold; } .note { color: #9a6700; }
meter { width: 5rem; } .source { background: #8882; padding: .4rem .7rem; overflow-x: auto; }
details { margin: .2rem 0 .2rem 1.5rem; } details > :not(summary) { margin-left: 1rem; }
summary { cursor: pointer; font-family: monospace; }
@media (prefers-color-scheme: dark) { .negative, .bad { color: #ef9a9a; } .good { color: #a5d6a7; }
  .different { color: #f48fb1; } .note { color: #ffd54f; } }
@media print { body { max-width: none; } .flow, tr, figure { break-inside: avoid; } }
"""
_SILENT = (Role.PLAIN, Role.NUMBER)
_LARGEST = 384  # pixels of the longer side of a map, to which few cells are enlarged
_MOST_ENLARGED = 16
_CHART, _BARS = 204, 96  # pixels: the width of a chart, and the height of its longest bar


def html_lines(blocks: Iterable[Block]) -> Iterator[str]:
    """The lines of a whole document, without line ends; one block is held at a time, and all text is escaped."""
    rest = iter(blocks)
    first = next(rest, None)
    title = first.spans[0].text if isinstance(first, Sentence) and first.is_heading else ""
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_escaped(title.strip(' ')) or 'convcalc'}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>"
    level = "h1"
    for block in chain([first] if first is not None else [], rest):
        yield from block_lines(block, level)
        level = "h2" if isinstance(block, Sentence) and block.is_heading else level
    yield "</main>\n</body>\n</html>"


def block_lines(block: Block, level: str = "h2") -> Iterator[str]:
    """The elements of one block; ``level``: the element of a heading."""
    match block:
        case Sentence():
            yield from _sentence(block, level)
        case Sum():
            yield from _sentence(block.sentence, level)
        case Flow():
            yield f'<div class="flow">{"".join(map(_item, block.items))}</div>'
        case Sheet():
            yield f'<div class="flow">{"".join(map(_tile, block.tiles))}</div>'
        case Table():
            yield from _records(block)
        case Tree():
            yield from _tree(block)
        case Source():
            yield f'<pre class="source"><code>{_program(block)}</code></pre>'
        case Fold():
            yield f"<details><summary>{_joined(block.title)}</summary>"
            for each in block.blocks:
                yield from block_lines(each, level)
            yield "</details>"
        case _:
            yield _as_on_a_terminal(block)


def _program(source: Source) -> str:
    """The lines of a program, with their numbers."""
    return "\n".join(_escaped(f"{number}{text}") for number, text in source.numbered())


def _as_on_a_terminal(block: Block) -> str:
    """A block of a kind that has no elements of its own."""
    from convcalc.render.html import html_text

    return html_text([block], is_styled=False)


def _sentence(sentence: Sentence, level: str) -> Iterator[str]:
    """A heading with the paragraph of what is said after it, or a paragraph."""
    spans = sentence.spans
    if sentence.is_heading:
        yield f"<{level}>{_escaped(spans[0].text.strip(' '))}</{level}>"
        spans = spans[1:]
    text = _joined(spans).strip(" ")
    if text:
        yield f'<p class="apart">{text}</p>' if sentence.space_before else f"<p>{text}</p>"


def _joined(spans: Line) -> str:
    return "".join(map(_marked, spans))


def _marked(span: Span) -> str:
    text = _escaped(span.text)
    return text if span.role in _SILENT or not text else f'<span class="{span.role}">{text}</span>'


def _item(item: Grid | HeatMap | Chart | Span) -> str:
    match item:
        case Chart():
            return _chart(item)
        case Grid():
            return _grid(item)
        case HeatMap():
            return _heat_map(item)
        case Span():
            return f'<span class="sign">{_escaped(item.text)}</span>'
        case _:
            return _as_on_a_terminal(Flow((item,)))


def _grid(grid: Grid) -> str:
    """A table of the cells, with the numbers of its rows and columns where it has them."""
    corner = "<th></th>" if grid.row_labels else ""
    head = f"<tr>{corner}{_labels(grid.column_labels, 'col')}</tr>" if grid.column_labels else ""
    rows = []
    for number, cells in enumerate(grid.cells):
        label = _labels(grid.row_labels[number : number + 1], "row")
        rows.append(f"<tr>{label}{''.join(map(_cell, cells))}</tr>")
    footer = f"<p>{_escaped(grid.footer)}</p>" if grid.footer else ""
    caption = f"<figcaption>{_joined(grid.caption)}</figcaption>"
    return (
        f'<figure>{caption}<div class="scroll"><table class="grid">{head}{"".join(rows)}</table></div>{footer}</figure>'
    )


def _labels(texts: Sequence[str], scope: str) -> str:
    return "".join(f'<th scope="{scope}">{_escaped(text)}</th>' for text in texts)


def _cell(span: Span, kind: str = "") -> str:
    """A cell of a table in the looks of its role; a share has its bar."""
    names = " ".join(filter(None, (kind, "" if span.role in _SILENT else span.role)))
    share = "" if span.share is None else f'<meter value="{min(1.0, max(0.0, span.share)):.4f}"></meter> '
    return f"<td{_kind(names)}>{share}{_escaped(span.text)}</td>"


def _heat_map(heat_map: HeatMap, more: str = "") -> str:
    """The cells as an image, with the numbers of its scale in words, and ``more`` below."""
    caption = f'<span class="title">{_escaped(heat_map.caption)}</span>'
    scale = f"{heat_map.low} to {heat_map.high}{', 0 in the middle' * heat_map.is_diverging}"
    below = [] if heat_map.pixels else [f"all {heat_map.low}" if heat_map.is_constant else scale]
    words = "".join(f"<p>{_escaped(text)}</p>" for text in (*below, heat_map.footer) if text)
    return f"<figure><figcaption>{caption}</figcaption>{_image(heat_map)}{words}{more}</figure>"


def _image(heat_map: HeatMap) -> str:
    import numpy as np

    from convcalc.files.png import png_bytes
    from convcalc.render.svg.palette import scale

    rows = heat_map.pixels or heat_map.levels
    if not rows or not rows[0]:
        return ""
    shape = (len(rows), -1, 3) if heat_map.pixels else (len(rows), -1)
    cells = np.frombuffer(b"".join(rows), np.uint8).reshape(shape)
    data = png_bytes(cells, None if heat_map.pixels else scale(heat_map.is_diverging))
    height, width = cells.shape[:2]
    times = max(1, min(_MOST_ENLARGED, _LARGEST // max(height, width)))
    source = f"data:image/png;base64,{b64encode(data).decode('ascii')}"
    size = f'width="{width * times}" height="{height * times}"'
    return f'<img alt="{_escaped(heat_map.caption)}" {size} src="{source}">'


def _chart(chart: Chart) -> str:
    """The bars, or the squares of a plane, as a drawing that has the colour of the text."""
    rows, side = chart.shares, _CHART // len(chart.shares[0])
    height = _BARS if not chart.is_plane else side * len(rows)
    marks = []
    for number, row in enumerate(rows):
        for place, share in enumerate(row):
            if chart.is_plane:
                marks.append(_rectangle(place * side, number * side, side, side, share))
            else:
                marks.append(_rectangle(place * side, height * (1 - share), side, height * share, 1))
    drawn = (
        f'<svg role="img" width="{side * len(rows[0])}" height="{height}" fill="currentColor">{"".join(marks)}</svg>'
    )
    words = f"up and down {' to '.join(chart.labels[::-1])}; from left to right {' to '.join(chart.marks)}"
    caption = f'<span class="title">{_escaped(chart.caption)}</span>'
    return f"<figure><figcaption>{caption}</figcaption>{drawn}<p>{_escaped(words)}</p></figure>"


def _rectangle(x: float, y: float, width: float, height: float, share: float) -> str:
    return f'<rect x="{x:g}" y="{y:.4g}" width="{width:g}" height="{height:.4g}" fill-opacity="{share:.3g}"/>'


def _tile(tile: Tile) -> str:
    lines = "".join(f"<p>{_joined(line)}</p>" for line in tile.lines)
    words = f"<p>{_escaped(tile.words)}</p>" if tile.words else ""
    return _heat_map(tile.heat_map, f"{lines}{words}")


def _records(table: Table) -> Iterator[str]:
    kinds = ["number" if name in table.numeric else "" for name in table.columns]
    yield '<div class="scroll"><table class="records">\n<thead>'
    heads = zip(table.columns, kinds, strict=True)
    names = "".join(f"<th{_kind(kind)}>{_escaped(name)}</th>" for name, kind in heads)
    yield f"<tr>{names}</tr>\n</thead>\n<tbody>"
    for number, row in enumerate(table.rows, 1):
        cells = "".join(_cell(span, kind) for span, kind in zip(row, kinds, strict=True))
        is_total = table.has_total and number == len(table.rows)
        yield f"<tr{_kind('whole' * is_total)}>{cells}</tr>"
    yield "</tbody>\n</table></div>"


def _kind(name: str) -> str:
    return f' class="{name}"' if name else ""


def _tree(tree: Tree) -> Iterator[str]:
    """A line, and those below it as a list."""
    yield f"<p>{_joined(tree.spans)}</p>"
    if tree.branches:
        yield "<ul>"
        for branch in tree.branches:
            yield "<li>"
            yield from _tree(branch)
            yield "</li>"
        yield "</ul>"


def _escaped(text: str) -> str:
    return escape(safe_text(text))
