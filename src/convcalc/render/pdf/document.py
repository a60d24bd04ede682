"""The pages of a PDF: pieces placed one below the other, none broken that fits on a page; drawn by ReportLab."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from typing import Any

from convcalc.errors import LimitError
from convcalc.render.pdf.fonts import BOX, check_installed, font_name
from convcalc.render.pdf.rows import WIDTH, Piece, Row, pieces_of
from convcalc.render.shipped_fonts import Face
from convcalc.report.blocks import Block, PageBreak, Sentence, note
from convcalc.wording import safe_text

PAPER = (595.28, 841.89)
"""Points, A4."""
_MARGIN = 48.0
_BOTTOM = 44.0
_MOST_PAGES = 2_000
_FOOT = 8.0  # font size of the page's number
_BLEED = 0.35  # points by which cells reach under their neighbours, so that no line of paper shows between them
_GREY = "#6b7280"


def pdf_bytes(blocks: Iterable[Block]) -> bytes:
    """The blocks as a document on A4; its bytes depend on the blocks alone.

    Raises:
        MissingExtraError: ReportLab is not installed.
        LimitError: there are more pages than a document may have.
    """
    sheet = _Sheet(new_canvas())
    has_title = False
    for block in blocks:
        if isinstance(block, PageBreak):
            sheet.turn()
        elif isinstance(block, Sentence) and block.is_heading and not has_title:
            sheet.canvas.setTitle(safe_text(block.spans[0].text.strip(" ")))
            has_title = True
            sheet.put_all(pieces_of(block, is_first=True))
        else:
            sheet.put_all(pieces_of(block, is_first=False))
    return sheet.done()


def new_canvas() -> Any:
    """An empty document whose bytes depend on its content alone.

    Raises:
        MissingExtraError: ReportLab is not installed.
    """
    check_installed()
    from reportlab.pdfgen.canvas import Canvas

    font = font_name(Face.TEXT)
    canvas = Canvas(BytesIO(), pagesize=PAPER, invariant=1, pageCompression=1, lang="en-GB", initialFontName=font)
    canvas.setCreator("convcalc")
    canvas.setAuthor("")
    canvas.setSubject("")
    canvas.setTitle("convcalc")
    return canvas


def bytes_of(canvas: Any) -> bytes:
    """The finished document."""
    canvas.showPage()  # a document without one is none
    data: bytes = canvas.getpdfdata()
    return data


@lru_cache(maxsize=1 << 12)
def _ink(colour: str) -> Any:
    """A colour in hexadecimal digits for a canvas, which takes long to read one."""
    from reportlab.lib.colors import HexColor

    return HexColor(colour)


class _Sheet:
    """The page that is being filled, and those before it."""

    def __init__(self, canvas: Any) -> None:
        self.canvas = canvas
        self.top = PAPER[1] - _MARGIN
        self.number = 1
        self.is_empty = True
        self.held: list[Piece] = []
        self.has_boxes = False

    def put_all(self, pieces: Iterable[Piece]) -> None:
        """Draw pieces one below the other."""
        for piece in pieces:
            self.put(piece)

    def put(self, piece: Piece) -> None:
        """Draw a piece below the others, on the next page if it has no room here; a heading waits for what follows."""
        if piece.stays:
            self.held.append(piece)
            return
        together, self.held = [*self.held, piece], []
        height = sum(each.before + sum(row.height for row in each.rows) for each in together)
        room = self.top - _BOTTOM
        if height > room and not self.is_empty and (height <= PAPER[1] - _MARGIN - _BOTTOM or room < PAPER[1] / 4):
            self.turn()
        for each in together:
            self.top -= 0 if self.is_empty else each.before
            for row in each.rows:
                self.line(row)

    def line(self, row: Row) -> None:
        """Draw a row."""
        if self.top - row.height < _BOTTOM and not self.is_empty:
            self.turn()
        for patch in row.patches:
            bottom = self.top - row.height * patch.bottom - _BLEED
            height = row.height * (patch.bottom - patch.top) + _BLEED
            self.canvas.setFillColor(_ink(patch.colour))
            self.canvas.rect(_MARGIN + patch.x, bottom, patch.width + _BLEED, height, stroke=0, fill=1)
        for word in row.words:
            self.has_boxes = self.has_boxes or BOX in word.text
            self.canvas.setFillColor(_ink(word.ink))
            self.canvas.setFont(font_name(word.face), word.size)
            self.canvas.drawString(_MARGIN + word.x, self.top - row.baseline, word.text)
        self.top -= row.height
        self.is_empty = False

    def turn(self) -> None:
        """Begin the next page."""
        if self.number >= _MOST_PAGES:
            raise LimitError(f"a PDF of more than {_MOST_PAGES:,} pages", hint="save as .txt, .md or .html instead")
        self.foot()
        self.canvas.showPage()
        self.number += 1
        self.top, self.is_empty = PAPER[1] - _MARGIN, True

    def foot(self) -> None:
        """Number the page, from the second on."""
        if self.number > 1:
            self.canvas.setFillColor(_ink(_GREY))
            self.canvas.setFont(font_name(Face.TEXT), _FOOT)
            self.canvas.drawRightString(_MARGIN + WIDTH, _BOTTOM / 2, str(self.number))

    def done(self) -> bytes:
        """The document with its last page."""
        held, self.held = self.held, []
        for each in held:
            self.put(each._replace(stays=False))
        if self.has_boxes:
            words = f"{BOX} stands for a character that the fonts of this document lack; .html has every one"
            self.put_all(pieces_of(note(words), is_first=False))
        self.foot()
        return bytes_of(self.canvas)
