"""Reports as PDF: the text that is read back is the report's, fonts are embedded, pages break between blocks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from PIL import Image

from convcalc.errors import LimitError
from convcalc.picture.colours import DIVERGING_ON_WHITE, SEQUENTIAL
from convcalc.render.boxes import ROUNDED
from convcalc.render.charts import EIGHTHS, SHADES
from convcalc.render.layout import lines_of
from convcalc.report.blocks import Chart, Flow, Grid, HeatMap, Role, Sentence, Span, Sum, note, say
from convcalc.wording import safe_text
from test_markdown import BLOCKS, HOSTILE, bare
from test_pages import FILES

pytest.importorskip("reportlab")
pypdf = pytest.importorskip("pypdf")

from convcalc.render.pdf import document  # noqa: E402 - it needs ReportLab
from convcalc.render.pdf.fonts import BOX, drawable  # noqa: E402
from convcalc.render.shipped_fonts import Face  # noqa: E402

EXAMPLES = Path(__file__).parents[1] / "examples"
COLUMNS = 96
DRAWN = str.maketrans("", "", EIGHTHS[1:] + SHADES[1:] + ROUNDED.bar)
"""Signs that are drawn instead of written."""


def pages_of(data: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages]


def text_of(data: bytes) -> str:
    """All text without white space and the numbers of pages."""
    first, *rest = pages_of(data)
    return "".join("".join(page.split()) for page in (first, *(page.strip().rsplit("\n", 1)[0] for page in rest)))


def wanted(blocks: Sequence) -> str:
    """The text that is to be read back."""

    def said():
        for each in blocks:
            block = each.sentence if isinstance(each, Sum) else each
            if isinstance(block, Sentence):
                yield from (drawn(span, Face.TEXT, Face.BOLD_TEXT) for span in block.spans)
                continue
            for line in lines_of([block], COLUMNS, ROUNDED):
                yield from (drawn(span, Face.COLUMNS, Face.BOLD_COLUMNS) for span in line)

    return "".join(said())


def drawn(span: Span, plain: Face, bold: Face) -> str:
    is_bold = span.role in (Role.TITLE, Role.WINDOW, Role.TOTAL, Role.BAD, Role.DIFFERENT)
    return bare(drawable(safe_text(span.text), bold if is_bold else plain)).translate(DRAWN)


@given(BLOCKS)
@example([say("\x1fends in a separator\x1f", Role.TITLE)])  # white space to Python, an escape on the page
@settings(max_examples=60, deadline=None)
def test_the_text_is_the_reports(blocks):
    """Every word of any blocks is read back, in their order; what the fonts lack are boxes, and a note says so."""
    found = text_of(document.pdf_bytes(blocks))
    expected = wanted(blocks)
    if BOX in expected:
        expected += wanted(
            [note(f"{BOX} stands for a character that the fonts of this document lack; .html has every one")]
        )
    assert found == expected


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_inert(text):
    """What a file may say is shown, and stands nowhere else in the document."""
    data = document.pdf_bytes([say(text, Role.TITLE), say(text)])
    assert text_of(data).startswith(wanted([say(text, Role.TITLE), say(text)]))
    reader = pypdf.PdfReader(BytesIO(data))
    assert not {"/OpenAction", "/AA", "/Names"} & set(reader.trailer["/Root"])
    assert all("/Annots" not in page for page in reader.pages)


SIGNS = "╭─┬╮│├┼┤╰┴╯ × ⌊⌋ ⌈⌉ ⋆ ∗ − – … → ° µ Σ ⟨⟩ ᵀ αβγδ Ω ≤ ≥ ± ∞ √ ² ½ é ß Å ł ő ш ⅓"


@pytest.mark.parametrize("role", [Role.PLAIN, Role.TITLE])
def test_the_fonts_have_the_signs_of_reports(role):
    """Frames, Greek and mathematical signs, accents and Cyrillic come out as themselves."""
    grid = Grid((Span(SIGNS, role),), ((Span(SIGNS, role),),))
    text = text_of(document.pdf_bytes([say(SIGNS, role), Flow((grid,))]))
    assert BOX not in text
    assert text.count(bare(SIGNS)) == 3


COMMANDS = [
    "run",
    "run rgb-edges.yaml",
    "run two-layers.yaml",
    "summary keras-table.yaml",
    "params --cin 3 --cout 96 -k 11 --size 227 --stride 4",
    "solve 224 112",
    "check gradient.yaml rgb-edges.yaml",
    "kernels --family edge",
    "plan",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_says_what_the_terminal_says(cli, monkeypatch, command):
    """The same words in the same order as on a terminal of as many columns."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    cli.write({path.name: path.read_bytes() for path in EXAMPLES.glob("*.yaml")})
    done = cli.run(*command.split(), "-o", "page.pdf")
    assert (done.code, done.err) == (0, "wrote page.pdf\n")
    found = text_of((cli.folder / "page.pdf").read_bytes())
    assert found == "".join(done.out.split()).translate(DRAWN)


def test_many_answers_make_one_document(cli):
    """The traces of all cells follow each other on numbered pages."""
    done = cli.run("trace", "--all", "-o", "all.pdf", "-q")
    assert (done.code, done.out) == (0, "")
    pages = pages_of((cli.folder / "all.pdf").read_bytes())
    text = "\n".join(pages)
    assert [text.count(f"output[0, {row}, {column}] =") for row in range(3) for column in range(3)] == [1] * 9
    assert len(pages) > 2
    assert [page.strip().rsplit("\n", 1)[1] for page in pages[1:]] == [
        str(number) for number in range(2, len(pages) + 1)
    ]


def test_the_bytes_depend_on_the_blocks_alone(cli):
    """So a file does not change where nothing has changed."""
    for name in ("a.pdf", "b.pdf"):
        assert cli.run("run", "-o", name, "-q").code == 0
    assert (cli.folder / "a.pdf").read_bytes() == (cli.folder / "b.pdf").read_bytes()


def test_every_font_is_embedded(cli):
    """No reader has to have them."""
    assert cli.run("trace", "--pos", "1,1", "-o", "a.pdf", "-q").code == 0
    fonts = pypdf.PdfReader(cli.folder / "a.pdf").pages[0]["/Resources"]["/Font"].values()
    names = {font.get_object()["/BaseFont"].partition("+")[2] for font in fonts}
    assert names == {face.value for face in Face}
    assert all("/FontFile2" in font.get_object()["/FontDescriptor"] for font in fonts)


def test_the_title_is_the_reports(cli):
    """Readers show it in their window."""
    cli.write({"a.yaml": "title: 漢字 and <b>\ninput: [1, 2, 3]\nkernel: [1, 2]\n"})
    assert cli.run("run", "a.yaml", "-o", "a.pdf", "-q").code == 0
    assert pypdf.PdfReader(cli.folder / "a.pdf").metadata.title == "漢字 and <b>"


def _numbered(count: int, rows: int) -> list:
    """Headings, each with a grid of as many rows, all with words of their own."""
    grids = [
        Flow(
            (Grid((Span(f"grid{number}from"),), ((Span(f"row{number}"),),) * (rows - 1) + ((Span(f"end{number}"),),)),)
        )
        for number in range(count)
    ]
    heads = [Sentence((Span(f"heading{number}", Role.TITLE), Span(f" about{number}"))) for number in range(count)]
    return list(chain.from_iterable(zip(heads, grids, strict=True)))


@pytest.mark.parametrize("rows", [5, 17, 30, 60])
def test_pages_break_between_blocks(rows):
    """A grid that fits on a page is on one, and its heading, with what is said after it, is on the same."""
    pages = pages_of(document.pdf_bytes(_numbered(12, rows)))
    assert len(pages) > 1
    for number in range(12):
        words = [f"{word}{number}" for word in ("heading", "about", "end")]
        assert len({next(i for i, page in enumerate(pages) if re.search(rf"\b{word}\b", page)) for word in words}) == 1


def test_a_block_longer_than_a_page_is_continued():
    """Nothing is lost of it."""
    pages = pages_of(document.pdf_bytes(_numbered(1, 300)))
    assert len(pages) > 3
    assert sum(page.count("row0") for page in pages) == 299


def test_a_document_has_an_end(monkeypatch):
    """The memory that it takes is bounded."""
    monkeypatch.setattr(document, "_MOST_PAGES", 3)
    with pytest.raises(LimitError, match="a PDF of more than 3 pages"):
        document.pdf_bytes(_numbered(1, 300))


def test_without_reportlab_it_is_said_before_anything_is_computed(cli, monkeypatch):
    """And no file is left."""
    monkeypatch.setitem(sys.modules, "reportlab", None)
    done = cli.run("run", "no-such.yaml", "-o", "a.pdf")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: writing a PDF needs the optional extra 'pdf'\nhint: install it: pip install 'convcalc[pdf]'\n"
    )
    assert cli.files() == {}


def _rectangles(data: bytes) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """The colour and the place of each filled rectangle: x, y, width, height."""
    stream = pypdf.PdfReader(BytesIO(data)).pages[0].get_contents().get_data().decode("latin-1")
    found, colour = [], ()
    for numbers, what in re.findall(r"((?:-?[\d.]+ )+)(rg|re)\b", stream):
        values = tuple(map(float, numbers.split()))
        if what == "rg":
            colour = values
        else:
            found.append((colour, values))
    return found


@pytest.mark.parametrize(("is_diverging", "scale"), [(False, SEQUENTIAL), (True, DIVERGING_ON_WHITE)])
def test_cells_of_heat_maps_have_their_colours(is_diverging, scale):
    """Two rows of cells, each in the colour of its level and as wide as its neighbours."""
    levels = (bytes([0, 85, 170, 255]), bytes([255, 170, 85, 0]))
    heat_map = HeatMap("map", levels, "0", "1", is_diverging)
    cells = _rectangles(document.pdf_bytes([Flow((heat_map,))]))
    colours = [tuple(round(255 * part) for part in colour) for colour, _ in cells]
    rows = [[scale[level] for level in row] for row in levels]
    assert colours[:32] == [*rows[0] * 4, *rows[1] * 4]  # so small a map is enlarged
    assert {round(width, 2) for _, (_, _, width, _) in cells[:32]} == {round(cells[0][1][2], 2)}


def test_bars_and_shades_are_drawn():
    """A bar is as high as its share of the longest, a shade as dark; no sign of them is written."""
    bars = Chart("bars", ((1.0, 0.5, 0.25),), ("1", "0"), ("a", "b", "c"))
    data = document.pdf_bytes([Flow((bars,))])
    assert not set(EIGHTHS[1:]) & set(text_of(data))
    columns: dict[float, float] = {}
    for _, (x, _, _, height) in _rectangles(data):
        columns[x] = columns.get(x, 0) + height - document._BLEED
    first, second, third = (columns[x] for x in sorted(columns))
    assert first / second == pytest.approx(2, abs=0.1)
    assert first / third == pytest.approx(4, abs=0.1)


def test_a_gallery_has_its_pictures(cli):
    """Every kernel is named, and has an image; rows of tiles are not cut."""
    done = cli.run("gallery", "--family", "edge", "-o", "sheet.pdf", "-q")
    assert (done.code, done.err) == (0, "")
    reader = pypdf.PdfReader(cli.folder / "sheet.pdf")
    text = "\n".join(page.extract_text() for page in reader.pages)
    listed = cli.run("kernels", "--family", "edge", "--format", "csv").out.splitlines()[1:]
    names = [line.partition(",")[0] for line in listed]
    assert all(name in text for name in names)
    assert sum(len(page.images) for page in reader.pages) == len(names) + 1


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="Poppler draws the page")
def test_a_page_as_pixels(cli):
    """Poppler draws the window of a trace on its yellow ground, and black words on white paper."""
    cli.write(FILES)
    assert cli.run("trace", "--pos", "1,1", "-o", "a.pdf", "-q").code == 0
    subprocess.run(["pdftoppm", "-r", "50", "-png", "a.pdf", "a"], cwd=cli.folder, check=True)
    [path] = cli.folder.glob("a-*.png")
    with Image.open(path) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24)}
    assert {(255, 255, 255), (255, 224, 130)} <= colours
    assert min(map(sum, colours)) < 150


def test_curves_are_drawn_and_pages_turned(cli) -> None:
    """A long signal has no boxes in place of its dots; a worksheet's key begins a page of its own."""
    cli.write({"s.csv": "time,a\n" + "".join(f"{number},{number % 17}\n" for number in range(300))})
    assert cli.run("run", "s.csv", "--kernel", "[1, 1]", "-o", "s.pdf").code == 0
    assert BOX not in text_of((cli.folder / "s.pdf").read_bytes())
    assert cli.run("quiz", "--count", "2", "--seed", "1", "-o", "q.pdf").code == 0
    first, second = pages_of((cli.folder / "q.pdf").read_bytes())
    assert first.startswith("Questions")
    assert second.startswith("Key")
