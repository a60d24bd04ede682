"""A contact sheet as one HTML file: no script, no reference to anything outside, legible in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from convcalc.render.sheet.layout import described
from convcalc.render.svg.photo import data_uri
from convcalc.report.arrays.figure import typeset
from convcalc.report.gallery.gallery import Gallery
from convcalc.report.gallery.tiles import Medium, View
from convcalc.wording import safe_text

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
    title = _text(gallery.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    yield f"<header>\n<h1>{title}</h1>"
    for text in (*described(gallery), *(f"Note: {note}" for note in gallery.notes)):
        yield f"<p>{_text(text)}</p>"
    yield "</header>\n<main>"
    for view in gallery.views:
        yield from _figure(view)
    yield "</main>\n</body>\n</html>"


def _figure(view: View) -> Iterator[str]:
    name, thumbnail = _text(view.name), view.thumbnails[Medium.SHEET]
    rows, columns = thumbnail.levels.shape[:2]
    kinds = " ".join(["strip"] * (rows == 1) + ["cells"] * (columns < _SHARP))
    size = f'width="{columns}" height="{rows}"' + (f' class="{kinds}"' if kinds else "")
    yield f'<figure>\n<h2>{name}</h2>\n<img alt="{name}" {size} src="{data_uri(thumbnail)}">\n<figcaption>'
    yield f"<p>{_text(view.drawn_text)}</p>"
    yield from _weights(view)
    if view.words:
        yield f"<p>{_text(view.words)}</p>"
    yield "</figcaption>\n</figure>"


def _weights(view: View) -> Iterator[str]:
    """The numbers of a small kernel as a table, the scale beside the middle row; the size of a large one."""
    if not view.weights:
        yield f"<p>{_text(view.size_text)}</p>"
        return
    yield "<table>"
    for number, row in enumerate(view.weights):
        cells = "".join(f"<td>{_text(text.strip())}</td>" for text in row)
        scale = f"<td>{_text(view.scale)}</td>" if view.scale and number == (len(view.weights) - 1) // 2 else ""
        yield f"<tr>{cells}{scale}</tr>"
    yield "</table>"


def _text(text: str) -> str:
    """Text that a browser shows and never obeys."""
    return escape(typeset(safe_text(text)))
