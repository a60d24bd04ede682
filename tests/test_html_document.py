"""Reports as HTML: read back by a parser, the text is the report's; no script, no other file, nothing is obeyed."""

from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from convcalc.picture.colours import DIVERGING_ON_WHITE, SEQUENTIAL
from convcalc.render.html_document import POLICY, html_lines
from convcalc.report.blocks import Chart, Flow, Grid, HeatMap, Role, Sentence, Sheet, Span, Sum, Table, Tile, Tree, say
from test_markdown import BLOCKS, HOSTILE, bare

EMPTY = {"meta", "img", "rect", "meter"}
ELEMENTS = {
    "html", "head", "title", "style", "body", "main", "h1", "h2", "p", "span", "div", "figure", "figcaption", "table",
    "thead", "tbody", "tr", "th", "td", "ul", "li", "svg", *EMPTY,
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "scope", "alt", "width", "height", "src", "role",
    "fill", "fill-opacity", "x", "y", "value",
}  # fmt: skip


class Reader(HTMLParser):
    """The pieces of text with their elements; anything that is not of the renderer's own fails."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pieces: list[tuple[str, str]] = []
        self.images: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS
        assert {name for name, _ in attrs} <= ATTRIBUTES
        found = {name: value or "" for name, value in attrs}
        if tag == "img":
            assert found["src"].startswith("data:image/png;base64,")
            self.images.append(found)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.pieces.append((next(tag for tag in reversed(self.open) if tag not in ("span", "div")), data))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(blocks) -> Reader:
    page = "\n".join(html_lines(blocks))
    assert page.startswith("<!DOCTYPE html>")
    assert f'http-equiv="Content-Security-Policy" content="{POLICY}"' in page
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def text_of(reader: Reader) -> str:
    return "".join("".join(text.split()) for tag, text in reader.pieces if tag != "title")


def wanted(blocks) -> str:
    """The words of blocks in the order of the page."""

    def said():
        for block in blocks:
            match block:
                case Sum():
                    yield from (span.text for span in block.sentence.spans)
                case Sentence():
                    yield from (span.text for span in block.spans)
                case Table():
                    yield from block.columns
                    yield from (span.text for row in block.rows for span in row)
                case Flow():
                    for item in block.items:
                        yield from [item.text] if isinstance(item, Span) else grid_words(item)

    return "".join(map(bare, said()))


def grid_words(grid: Grid):
    yield from (span.text for span in grid.caption)
    yield from grid.column_labels
    for number, row in enumerate(grid.cells):
        yield from grid.row_labels[number : number + 1]
        yield from (span.text for span in row)
    yield grid.footer


@given(BLOCKS)
@settings(max_examples=100, deadline=None)
def test_the_text_is_the_reports(blocks):
    """Every word of any blocks is read, in their order."""
    assert text_of(read(blocks)) == wanted(blocks)


@given(st.text())
@settings(max_examples=200)
def test_any_text_is_inert(text):
    """In a title, a paragraph, a cell, a caption and a picture's words."""
    heat_map = HeatMap(text, (b"\0\xff",), text, text, footer=text)
    blocks = [
        say(text, Role.TITLE),
        say(text),
        Table((text,), ((Span(text, Role.BAD),),), (text,)),
        Flow((Grid((Span(text),), ((Span(text),),), (text,), (text,), text), Span(text), heat_map)),
        Tree((Span(text),), (Tree((Span(text),)),)),
        Sheet((Tile(heat_map, ((Span(text),),), text),), 24),
    ]
    read(blocks)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_browser_would_obey_is_inert(text):
    """It is read as these words."""
    blocks = [say(text, Role.TITLE), say(text), Table((text,), ((Span(text),),))]
    assert text_of(read(blocks)) == wanted(blocks)


@pytest.mark.parametrize(("is_diverging", "scale"), [(False, SEQUENTIAL), (True, DIVERGING_ON_WHITE)])
def test_a_heat_map_is_a_picture(is_diverging, scale):
    """A pixel a cell in the colour of its level, enlarged by whole numbers."""
    levels = (bytes([0, 100, 200]), bytes([255, 1, 2]))
    reader = read([Flow((HeatMap("map", levels, "-1", "1", is_diverging, "footer"),))])
    [image] = reader.images
    with Image.open(BytesIO(b64decode(image["src"].partition(",")[2]))) as found:
        pixels = np.asarray(found.convert("RGB")).reshape(-1, 3).tolist()
    assert pixels == [list(scale[level]) for row in levels for level in row]
    assert int(image["width"]) % 3 == int(image["height"]) % 2 == 0
    assert ("-1to1,0inthemiddle" if is_diverging else "-1to1footer") in text_of(reader)


def test_a_picture_has_its_own_colours():
    """Without a scale."""
    pixels = (bytes([1, 2, 3, 4, 5, 6]),)
    [image] = read([Flow((HeatMap("photo", (b"\1\2",), "0", "255", pixels=pixels),))]).images
    with Image.open(BytesIO(b64decode(image["src"].partition(",")[2]))) as found:
        assert np.asarray(found).tolist() == [[[1, 2, 3], [4, 5, 6]]]


def test_a_chart_is_drawn_and_described():
    """Bars as high as their shares, with the numbers of the axes in words."""
    page = "\n".join(html_lines([Flow((Chart("gain", ((1.0, 0.5),), ("2", "0"), ("0", "a", "b")),))]))
    assert 'height="96" fill-opacity="1"' in page
    assert 'height="48" fill-opacity="1"' in page
    assert "up and down 0 to 2; from left to right 0 to a to b" in page


@pytest.mark.parametrize(
    "command",
    ["run", "trace --pos 1,1", "kernels", "kernels gaussian", "solve 224 112", "params --cin 3 --cout 4 -k 3"],
)
def test_a_page_is_printed_as_it_is_saved(cli, command):
    """To the letter, and its title is the report's."""
    printed = cli.run(*command.split(), "--format", "html")
    assert (printed.code, printed.err) == (0, "")
    assert cli.run(*command.split(), "-q", "-o", "page.html") == (0, "", "")
    assert (cli.folder / "page.html").read_text(encoding="utf-8") == printed.out
    assert ("<title>A 5×5 gradient</title>" in printed.out) == (command in ("run", "trace --pos 1,1"))


def test_many_answers_are_one_page(cli):
    """The setting once, then every cell."""
    assert cli.run("trace", "--all", "-q", "-o", "all.html").code == 0
    page = (cli.folder / "all.html").read_text(encoding="utf-8")
    assert page.count("<h1>") == 1
    assert page.count("<h2>output[") == 9


def test_a_gallery_is_printed_with_its_pictures(cli):
    """The sheet that is saved."""
    command = ("gallery", "--family", "edge")
    printed = cli.run(*command, "--format", "html").out
    assert cli.run(*command, "-q", "-o", "sheet.html").code == 0
    assert (cli.folder / "sheet.html").read_text(encoding="utf-8") == printed
    assert printed.count("<img") == 14


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_page_has_the_room_of_its_format(cli, quiet):
    """Heat maps in HTML have more cells than those of the terminal beside it; Markdown, which has none, has tables."""
    rows = "\n".join(",".join(str((7 * row + column) % 50) for column in range(90)) for row in range(80))
    cli.write({"a.csv": rows})
    for suffix in (".html", ".md"):
        assert cli.run("run", "a.csv", "--kernel", "sobel-x", *quiet, "-o", f"a{suffix}").code == 0
    page = (cli.folder / "a.html").read_text(encoding="utf-8")
    assert [int(width) for width in re.findall(r'<img [^>]*width="(\d+)"', page)] == [360, 352]
    assert "**79** |" in (cli.folder / "a.md").read_text(encoding="utf-8")
