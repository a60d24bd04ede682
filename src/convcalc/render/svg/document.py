"""A page as an SVG document: valid XML, no script, style sheet or reference, presentation attributes alone."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from convcalc.render.svg.layout import page_of
from convcalc.render.svg.marks import (
    BOLD_STYLES,
    Arrow,
    Bar,
    Box,
    Dots,
    Frame,
    Group,
    Line,
    Mark,
    Node,
    Page,
    Patch,
    Photo,
    Raster,
    Style,
    Tile,
    Words,
)
from convcalc.render.svg.measure import BASELINE, FONT, is_known
from convcalc.render.svg.network import network_page
from convcalc.render.svg.palette import (
    CURVE,
    DOTS,
    EDGE,
    FRAMES,
    NODES,
    PAPER,
    PATCHES,
    WORDS,
    Stroke,
    fill,
    hexadecimal,
    ink,
    scale,
)
from convcalc.report.arrays.figure import Cell, Figure, PanelKind
from convcalc.report.network.figure import NetworkFigure
from convcalc.wording import safe_text

_NAMESPACE = "http://www.w3.org/2000/svg"
_EDGE = Stroke(EDGE, 1)
_DASHED = Stroke(EDGE, 1, "3 2")
_DOT, _DOT_DISTANCE = 1.5, 5.0
_NOT_IN_XML = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}  # besides those that safe_text escapes (XML 1.0, 2.2)
_CRISP = '<g shape-rendering="crispEdges">'  # neighbours without a hairline of paper between them
_STRIPES = 64  # of a colour scale


def svg_text(figure: Figure | NetworkFigure) -> str:
    """The figure as an SVG document."""
    page = network_page(figure) if isinstance(figure, NetworkFigure) else page_of(figure)
    return "".join(f"{line}\n" for line in svg_lines(page))


def svg_lines(page: Page) -> Iterator[str]:
    """The lines of the document of a page."""
    yield from head_lines(page.width, page.height, page.title, page.description)
    for group in page.groups:
        yield f'<g data-panel="{group.kind}">' if group.kind else "<g>"
        for mark in group.marks:
            yield from mark_lines(mark, group)
        yield "</g>"
    yield "</svg>"


def head_lines(width: float, height: float, title: str, description: str, more: str = "") -> Iterator[str]:
    """The lines of a document up to its paper; ``more``: attributes of the whole."""
    across, down = coordinate(width), coordinate(height)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<svg xmlns="{_NAMESPACE}" viewBox="0 0 {across} {down}" width="{across}" height="{down}" role="img"'
    yield f' font-family="{FONT}" font-size="14"{more and f" {more}"}>'
    yield f"<title>{_text(title)}</title>"
    yield f"<desc>{_text(description)}</desc>"
    yield f'<rect width="{across}" height="{down}" fill="{PAPER}"/>'


def mark_lines(mark: Mark, group: Group) -> Iterator[str]:
    """The elements of a mark, or of one that contains others its lines; of a tile its cell and its text."""
    match mark:
        case Words():
            yield _words(mark, WORDS[mark.style])
        case Photo() | Line() | Patch():
            yield _element(mark)
        case Tile():
            yield from _tile(mark, group)
        case Raster():
            yield from _raster(mark, group)
        case Dots():
            yield from _dots(mark)
        case Frame():
            yield _rectangle(mark.box, "none", FRAMES[mark.kind], f'data-outline="{mark.kind}"')
        case Bar():
            yield from _bar(mark)
        case Node():
            yield _rectangle(mark.box, NODES[mark.kind], _EDGE)
            yield from (_words(words, WORDS[words.style]) for words in mark.lines)
        case Arrow():
            yield from _arrow(mark)


def _element(mark: Photo | Line | Patch) -> str:
    if isinstance(mark, Photo):
        return _image(mark)
    if isinstance(mark, Line):
        return _line(mark)
    return _rectangle(mark.box, PATCHES[mark.kind], None, f'data-patch="{mark.kind}"')


def _tile(tile: Tile, group: Group) -> Iterator[str]:
    cell = tile.cell
    stroke = _DASHED if cell.is_padded else _EDGE
    place = f'data-cell="{",".join(map(str, cell.place))}"' if cell.place else ""
    yield _rectangle(tile.box, _colour(cell, group), stroke, place)
    for words in tile.lines:
        yield _words(words, ink(cell, words.style, is_diverging=group.is_diverging))


def _raster(raster: Raster, group: Group) -> Iterator[str]:
    """One path for each colour; neighbours of the same colour in a row are one rectangle."""
    left, top, across, down = raster.box
    side, height = across / len(raster.cells[0]), down / len(raster.cells)
    paths: dict[str, list[str]] = {}
    for row, cells in enumerate(raster.cells):
        column = 0
        for colour, same in groupby(_colour(cell, group) for cell in cells):
            count = len(list(same))
            corner = f"M{coordinate(left + column * side)} {coordinate(top + row * height)}"
            width = coordinate(count * side)
            paths.setdefault(colour, []).append(f"{corner}h{width}v{coordinate(height)}h-{width}z")
            column += count
    yield _CRISP
    for colour, rectangles in paths.items():
        yield f'<path fill="{colour}" d="{"".join(rectangles)}"/>'
    yield "</g>"
    yield _rectangle(raster.box, "none", _EDGE)


def _image(photo: Photo) -> str:
    from convcalc.render.svg.photo import data_uri

    x, y, width, height = map(coordinate, photo.box)
    rendering = ' image-rendering="pixelated"' if photo.is_enlarged else ""
    size = f'x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none"{rendering}'
    return f'<image {size} href="{data_uri(photo.thumbnail)}"><title>{_text(photo.text)}</title></image>'


def _colour(cell: Cell | None, group: Group) -> str:
    return fill(group.kind or PanelKind.RESULT, cell or Cell(), is_diverging=group.is_diverging)


def _dots(dots: Dots) -> Iterator[str]:
    x, y = dots.box.middle
    for step in (-_DOT_DISTANCE, 0, _DOT_DISTANCE):
        centre = x + step * dots.is_across, y + step * dots.is_down
        yield f'<circle cx="{coordinate(centre[0])}" cy="{coordinate(centre[1])}" r="{_DOT}" fill="{DOTS}"/>'


def _bar(bar: Bar) -> Iterator[str]:
    colours, box = scale(bar.is_diverging), bar.box
    yield _CRISP
    for stripe in range(_STRIPES):
        left = box.width * stripe / _STRIPES  # each reaches to the right edge, below those that follow
        level = round(stripe * (len(colours) - 1) / (_STRIPES - 1))
        yield _rectangle(Box(box.x + left, box.y, box.width - left, box.height), hexadecimal(colours[level]))
    yield "</g>"
    yield _rectangle(box, "none", _EDGE)


def _arrow(arrow: Arrow) -> Iterator[str]:
    (x, y), *others = arrow.points
    path = [f"M{coordinate(x)} {coordinate(y)}"]
    for right, down in others:
        if x != right and y != down:
            half = coordinate((y + down) / 2)
            path.append(f"C{coordinate(x)} {half} {coordinate(right)} {half} {coordinate(right)} {coordinate(down)}")
        else:
            path.append(f"L{coordinate(right)} {coordinate(down)}")
        x, y = right, down
    yield f'<path d="{"".join(path)}" fill="none" stroke="{DOTS}" stroke-width="1.5"/>'
    yield f'<path d="M{coordinate(x)} {coordinate(y)}l-4 -7h8z" fill="{DOTS}"/>'


def _line(line: Line) -> str:
    """A line as wide as a pen; an outline is filled too."""
    path = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in line.points)
    look = f'fill="{CURVE if line.is_outline else "none"}" stroke="{CURVE}" stroke-width="1.2" stroke-linejoin="round"'
    return f'<path d="M{path}{"Z" * (line.is_outline or len(line.points) == 1)}" {look} stroke-linecap="round"/>'


def _rectangle(box: Box, colour: str, stroke: Stroke | None = None, more: str = "") -> str:
    x, y, width, height = map(coordinate, box)
    line = ""
    if stroke:
        dashes = f' stroke-dasharray="{stroke.dashes}"' if stroke.dashes else ""
        line = f' stroke="{stroke.colour}" stroke-width="{coordinate(stroke.width)}"{dashes}'
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}"{line}{more and f" {more}"}/>'


def _words(words: Words, colour: str) -> str:
    if not words.text:
        return ""
    x, y = words.box.middle
    anchor = ' text-anchor="middle"' if words.is_centred else ""
    weight = ' font-weight="bold"' if words.style in BOLD_STYLES else ""
    slant = ' font-style="italic"' if words.style is Style.PADDED else ""
    # Text in letters of unknown width is stretched to the width that the layout assumes.
    length = "" if is_known(words.text) else f' textLength="{coordinate(words.width)}" lengthAdjust="spacingAndGlyphs"'
    place = f'x="{coordinate(x if words.is_centred else words.box.x)}" y="{coordinate(y + words.size * BASELINE)}"'
    attributes = f'{place} font-size="{coordinate(words.size)}" fill="{colour}"{anchor}{weight}{slant}{length}'
    return f"<text {attributes}>{_text(words.text)}</text>"


def _text(text: str) -> str:
    """Text escaped for XML; characters that XML does not allow, and control characters, as escapes."""
    return escape(safe_text(text).translate(_NOT_IN_XML), quote=False)


def coordinate(value: float) -> str:
    """A coordinate to two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
