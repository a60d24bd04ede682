"""A contact sheet, a title and tiles in rows: as a page to be drawn, or as one HTML file without script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from convcalc.picture.colours import DIVERGING_NOTE
from convcalc.render.svg.layout import paragraph
from convcalc.render.svg.marks import Box, Group, Mark, Page, Photo, Style, lines_of
from convcalc.render.svg.measure import LINE_HEIGHT, broken, text_width
from convcalc.render.svg.photo import data_uri
from convcalc.report.arrays.figure import typeset
from convcalc.report.gallery.gallery import Gallery
from convcalc.report.gallery.tiles import Medium, View
from convcalc.wording import safe_text

_MARGIN, _GAP, _SPACE = 20.0, 18.0, 4.0
_TILE, _MOST_BESIDE = 176.0, 6
_TITLE, _TEXT, _NAME, _LABEL = 18.0, 12.0, 12.0, 10.0  # font sizes
_STRIP = 32.0  # the height of a picture with a single row of cells
_LOWEST, _TALLEST = 12.0, 352.0  # heights of other pictures
_BETWEEN_WEIGHTS = 8.0


def described(gallery: Gallery) -> tuple[str, ...]:
    """The description of a gallery, with the colours in which it is drawn."""
    return (*gallery.description, DIVERGING_NOTE) if gallery.is_diverging else gallery.description


def sheet_page(gallery: Gallery, most_beside: int = _MOST_BESIDE) -> Page:
    """The page of the gallery, laid out with at most so many tiles in a row."""
    beside = min(len(gallery.views), most_beside)
    inner = max(2.5 * _TILE, beside * (_TILE + _GAP) - _GAP)
    groups: list[Group] = []
    y = _MARGIN
    head = [(gallery.title, _TITLE, Style.TITLE), *((text, _TEXT, Style.TEXT) for text in described(gallery))]
    for text, size, style in (*head, *((f"Note: {text}", _TEXT, Style.TEXT) for text in gallery.notes)):
        groups += paragraph(typeset(text), y, inner, size, style)
        y = groups[-1].box.bottom
    for start in range(0, len(gallery.views), beside):
        row = [
            _tile(view, _MARGIN + place * (_TILE + _GAP), y + _GAP)
            for place, view in enumerate(gallery.views[start : start + beside])
        ]
        groups += row
        y = max(group.box.bottom for group in row)
    return Page(inner + 2 * _MARGIN, y + _MARGIN, gallery.title, " ".join(described(gallery)), tuple(groups))


def _tile(view: View, x: float, y: float) -> Group:
    """A tile with its upper left corner at a point, one part below the other."""
    marks: list[Mark] = []
    bottom = y
    for part in (_name, _photo, _range, _weights, _words):
        marks += part(view, x, bottom)
        bottom = max(mark.box.bottom for mark in marks) + _SPACE
    return Group(Box(x, y, _TILE, bottom - _SPACE - y), tuple(marks))


def _name(view: View, x: float, y: float) -> Sequence[Mark]:
    """The name, in smaller letters where that keeps it on one line."""
    size = min(_NAME, max(_LABEL, _TILE / text_width(view.name, 1, bold=True)))
    return _text(view.name, x, y, size, Style.CAPTION)


def _photo(view: View, x: float, y: float) -> Sequence[Mark]:
    """The picture, as wide as the tile unless that would be too tall."""
    rows, columns = view.thumbnails[Medium.SHEET].levels.shape[:2]
    height = _STRIP if rows == 1 else max(_LOWEST, min(_TALLEST, _TILE * rows / columns))
    width = _TILE if rows == 1 else min(_TILE, max(_LOWEST, height * columns / rows))
    return (Photo(Box(x, y, width, height), view.thumbnails[Medium.SHEET], view.name),)


def _range(view: View, x: float, y: float) -> Sequence[Mark]:
    return _text(view.drawn_text, x, y, _LABEL, Style.NUMBER)


def _weights(view: View, x: float, y: float) -> Sequence[Mark]:
    """The rows of a small kernel with the scale next to the middle one, or the size of a large one."""
    numbers = [text for row in view.weights for text in row]
    widest = max((text_width(typeset(text.strip()), _LABEL) for text in numbers), default=_TILE)
    room = (_TILE - text_width(view.scale, _LABEL)) / len(view.weights[0]) if view.weights else 0
    if widest > room:
        return _text(view.size_text, x, y, _LABEL, Style.LABEL)
    marks: list[Mark] = []
    step, line = min(widest + _BETWEEN_WEIGHTS, room), _LABEL * LINE_HEIGHT
    for down, row in enumerate(view.weights):
        for across, text in enumerate(row):
            place = x + across * step, y + down * line
            marks += lines_of((typeset(text.strip()),), *place, widest, _LABEL, Style.LABEL)
    if view.scale:
        top = y + (len(view.weights) - 1) / 2 * line
        left = x + len(view.weights[0]) * step
        marks += lines_of((view.scale,), left, top, x + _TILE - left, _LABEL, Style.LABEL, centred=False)
    return marks


def _words(view: View, x: float, y: float) -> Sequence[Mark]:
    return _text(view.words, x, y, _LABEL, Style.TEXT) if view.words else ()


def _text(text: str, x: float, y: float, size: float, style: Style) -> Sequence[Mark]:
    """Text from the left edge on, in as many lines as it needs."""
    lines = broken(typeset(text), _TILE, size, bold=style is Style.CAPTION)
    return lines_of(lines, x, y, _TILE, size, style, centred=False)


_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }
body { margin: 1.5rem auto; max-width: 84rem; padding: 0 1rem; background: Canvas; color: CanvasText; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
header p { margin: .25rem 0; max-width: 60rem; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1.5rem 1.25rem; }
header { margin-bottom: 1.5rem; }
figure { margin: 0; min-width: 0; }
img { display: block; width: 100%; height: auto; border: 1px solid GrayText; box-sizing: border-box; }
img.strip { height: 2.5rem; }
img.cells { image-rendering: pixelated; }
h2 { font-size: 1rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
figcaption p { margin: .3rem 0; font-size: .85rem; overflow-wrap: anywhere; }
table { font-size: .8rem; border-collapse: collapse; font-variant-numeric: tabular-nums; }
td { padding: 0 .35rem; text-align: right; }
"""
_SHARP = 200  # columns of cells that are more than pixels of a picture on the page


def html_text(gallery: Gallery) -> str:
    """The gallery as an HTML document."""
    return "".join(f"{line}\n" for line in _lines(gallery))


def _lines(gallery: Gallery) -> Iterator[str]:
    title = _escaped(gallery.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    yield f"<header>\n<h1>{title}</h1>"
    for text in (*described(gallery), *(f"Note: {note}" for note in gallery.notes)):
        yield f"<p>{_escaped(text)}</p>"
    yield "</header>\n<main>"
    for view in gallery.views:
        yield from _figure(view)
    yield "</main>\n</body>\n</html>"


def _figure(view: View) -> Iterator[str]:
    name, thumbnail = _escaped(view.name), view.thumbnails[Medium.SHEET]
    rows, columns = thumbnail.levels.shape[:2]
    kinds = " ".join(["strip"] * (rows == 1) + ["cells"] * (columns < _SHARP))
    size = f'width="{columns}" height="{rows}"' + (f' class="{kinds}"' if kinds else "")
    yield f'<figure>\n<h2>{name}</h2>\n<img alt="{name}" {size} src="{data_uri(thumbnail)}">\n<figcaption>'
    yield f"<p>{_escaped(view.drawn_text)}</p>"
    yield from _weights_table(view)
    if view.words:
        yield f"<p>{_escaped(view.words)}</p>"
    yield "</figcaption>\n</figure>"


def _weights_table(view: View) -> Iterator[str]:
    """The numbers of a small kernel as a table, the scale next to the middle row; the size of a large one."""
    if not view.weights:
        yield f"<p>{_escaped(view.size_text)}</p>"
        return
    yield "<table>"
    for number, row in enumerate(view.weights):
        cells = "".join(f"<td>{_escaped(text.strip())}</td>" for text in row)
        scale = f"<td>{_escaped(view.scale)}</td>" if view.scale and number == (len(view.weights) - 1) // 2 else ""
        yield f"<tr>{cells}{scale}</tr>"
    yield "</table>"


def _escaped(text: str) -> str:
    """Text escaped for HTML."""
    return escape(typeset(safe_text(text)))
