"""Reports as Markdown: read back by a real parser, every cell and every word is the report's, and nothing is obeyed."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from convcalc.render.markdown import markdown_lines, markdown_text
from convcalc.report.blocks import Flow, Grid, Role, Sentence, Span, Sum, Table, say
from convcalc.wording import safe_text
from test_pages import FILES, FLOWS, SENTENCES, tables

HANDOUTS = Path(__file__).parent / "handouts"
EXAMPLES = Path(__file__).parents[1] / "examples"
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

PAGES = {
    "run": "run",
    "run-channels": "run rgb-edges.yaml",
    "trace": "trace --pos 1,1",
    "trace-reflect": "trace --pos 0,4 --padding same --boundary reflect --kernel gaussian --bias=-1/2",
    "trace-channels": "trace rgb-edges.yaml --pos 0,0",
    "trace-all": "trace one-dimension.yaml --all",
    "params": "params --cin 3 --cout 96 -k 11 --size 227 --stride 4",
    "kernels": "kernels",
    "kernel": "kernels sobel-x",
    "check": "check gradient.yaml rgb-edges.yaml",
}
"""Handouts that are kept whole, as Markdown and as LaTeX."""

HOSTILE = [
    "a|b",
    r"a\|b",
    "\\",
    "# no heading",
    "- no item",
    "+ no item",
    "1. no item",
    "2) no item",
    "-",
    "---",
    "***",
    "> no quote",
    "```no code",
    "`no code`",
    "    no code",
    "*no emphasis*",
    "**no** _emphasis_",
    "~~no~~",
    "[no](http://link)",
    "![no](image.png)",
    "[no]: http://link",
    "<http://no.link>",
    "http://no.link and www.no.link",
    "</script><img src=x onerror=alert(1)>",
    "<!-- no comment",
    "&lt; &amp; &#35;",
    "$no$ $$mathematics$$",
    "| a | b |\n|---|---|",
    "a\nb  \nc",
    "\x1b]0;pwned\x07\u202e",
    "\ud800",
]

KINDS = {"paragraph", "heading", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td"}
INLINE = {"text", "strong_open", "strong_close", "em_open", "em_close"}

SUMS = st.builds(
    Sum,
    st.text(max_size=9),
    st.lists(st.from_regex(r"-?\d{1,4}(/\d|\.\d)?", fullmatch=True), max_size=30).map(tuple),
    st.from_regex(r"-?\d{1,4}", fullmatch=True),
    omitted=st.sampled_from(["", "99 products"]),
    scale=st.sampled_from(["", "1/9"]),
    bias=st.sampled_from(["", "0", "-1/2"]),
)
BLOCKS = st.lists(st.one_of(SENTENCES, SUMS, FLOWS, tables()), max_size=4)


def bare(text: str) -> str:
    """A text as it is shown, without any white space, which Markdown does not keep."""
    return "".join(safe_text(text).split())


def shown(page: str) -> list[tuple[str, str]]:
    """What a parser reads: the kind of each piece of text with its words; anything else than text fails."""
    tokens = PARSER.parse(page)
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} - {"inline"}
    assert kinds <= KINDS
    found, depth = [], 0
    for before, token in itertools.pairwise(tokens):
        depth += {"list_item_open": 1, "list_item_close": -1}.get(before.type, 0)
        if token.type == "inline":
            assert {child.type for child in token.children} <= INLINE
            words = bare("".join(child.content for child in token.children))
            kind = "item" if depth else before.type.removesuffix("_open")
            found += [(kind, words)] * bool(words)
    assert depth == 0
    return found


def wanted(block) -> list[tuple[str, str]]:
    """The same of a block, as far as it is text in one order; what stands in tables in any."""
    match block:
        case Sum():
            return wanted(block.sentence)
        case Sentence():
            spans = [span.text for span in block.spans]
            if block.is_heading:
                pieces = [("heading", spans[0]), ("paragraph", "".join(spans[1:]))]
            else:
                pieces = [("item" if block.is_labelled else "paragraph", "".join(spans))]
        case Table():
            pieces = [("th", name) for name in block.columns]
            pieces += [("td", span.text) for row in block.rows for span in row]
        case Flow():
            pieces = []
    return [(kind, bare(text)) for kind, text in pieces if bare(text)]


@pytest.fixture
def desk(cli):
    """The command line in a folder with the examples and the files of the pages."""
    cli.write(FILES)
    cli.write({path.name: path.read_bytes() for path in EXAMPLES.glob("*.yaml")})
    return cli


def page_of(blocks) -> str:
    return "\n".join(markdown_lines(blocks))


@pytest.mark.parametrize("suffix", [".md", ".tex"])
@pytest.mark.parametrize("name", PAGES)
def test_a_handout_is_as_kept(desk, request, name, suffix):
    """Each page is, to the letter, the one in the folder ``handouts``, printed as it is saved."""
    form = {".md": "markdown", ".tex": "latex"}[suffix]
    command = PAGES[name].split()
    done = desk.run(*command, "--format", form)
    assert (done.code, done.err) == (0, "")
    assert desk.run(*command, "-q", "-o", f"page{suffix}") == (0, "", "")
    assert (desk.folder / f"page{suffix}").read_text(encoding="utf-8") == done.out
    path = HANDOUTS / f"{name}{suffix}"
    if request.config.getoption("--update-golden"):
        path.write_text(done.out, encoding="utf-8")
    assert done.out == path.read_text(encoding="utf-8")


def test_every_handout_has_its_test():
    """No page is left over from a test that went away."""
    kept = sorted(path.name for path in HANDOUTS.glob("*"))
    assert kept == sorted(f"{name}{suffix}" for name in PAGES for suffix in (".md", ".tex"))


def test_a_page_does_not_depend_on_the_terminal(desk, monkeypatch):
    """The width of the terminal changes nothing."""
    wide = [desk.run("run", "--format", form).out for form in ("markdown", "latex")]
    monkeypatch.setenv("COLUMNS", "30")
    assert [desk.run("run", "--format", form).out for form in ("markdown", "latex")] == wide


@given(BLOCKS)
@example([Table(("column 0",), ((Span("\r0", Role.BLANK),),))])
@settings(max_examples=200, deadline=None)
def test_a_parser_reads_what_the_report_says(blocks):
    """Any blocks give a page whose headings, items, paragraphs and table cells are those of the blocks."""
    found = shown(page_of(blocks))
    texts = [piece for block in blocks for piece in wanted(block)]
    rest = Counter(found)
    rest.subtract(Counter(texts))
    assert min(rest.values(), default=0) >= 0
    if not any(isinstance(block, Flow) for block in blocks):
        assert found == texts


@given(FLOWS)
@settings(max_examples=100, deadline=None)
def test_a_parser_reads_all_cells_of_grids(flow):
    """Every number and label of every grid, and every sign between grids of one table, is in a cell of its own."""
    grids = [item for item in flow.items if isinstance(item, Grid)]
    numbers = [span.text for grid in grids for row in grid.cells for span in row]
    labels = [label for grid in grids for label in (*grid.row_labels, *grid.column_labels)]
    cells = Counter(text for kind, text in shown(page_of([flow])) if kind in ("th", "td"))
    cells.subtract(map(bare, [*numbers, *labels]))
    assert set(+cells) <= {"×"}
    assert not -cells


@given(st.text())
@settings(max_examples=300)
@example("1.\u3000")
@example("\u00a0- a")
def test_any_text_is_inert(text):
    """Whatever a file may say is read as these words in a heading, a paragraph, an item and a cell."""
    blocks = [
        say(text, Role.TITLE),
        say(text),
        Sentence((Span("name ", Role.LABEL), Span(text))),
        Sentence((Span(text, Role.LABEL), Span(text, Role.TOTAL))),
        Table(("a", "b"), ((Span(text, Role.TITLE), Span(text)),)),
    ]
    assert shown(page_of(blocks)) == [piece for block in blocks for piece in wanted(block)]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_markdown_would_obey_is_inert(text):
    """The signs of Markdown and HTML are shown: alone, in a title, below a name, and in a cell."""
    blocks = [say(text, Role.TITLE), say(text), Table((text,), ((Span(text, Role.BAD),),), (text,))]
    assert shown(page_of(blocks)) == [piece for block in blocks for piece in wanted(block)]
    assert "\x1b" not in page_of(blocks)


def test_names_from_files_are_inert(cli):
    """A title, a kernel's name and a file's name with the signs of Markdown come out as they are written."""
    name = r"a|b \* <img> [x](y)"
    escaped = name.replace("\\", "\\\\")
    cli.write(
        {"f|*.yaml": f'title: "{escaped}"\ninput: [1]\nkernel: {{weights: [1], name: "{escaped}"}}\nexpect: [1]\n'}
    )
    run = shown(cli.run("run", "f|*.yaml", "--format", "markdown").out)
    assert run[0] == ("heading", bare(name))
    assert ("td", "f|*.yaml") in shown(cli.run("check", "f|*.yaml", "--format", "markdown").out)
    assert any(bare(f"kernel {name}") in text for _, text in run)


def table_of(page: str, number: int) -> list[list[str]]:
    """The rows of a table as a parser reads them, the header first."""
    tokens = PARSER.parse(page)
    starts = [place for place, token in enumerate(tokens) if token.type == "table_open"]
    rows: list[list[str]] = []
    for token in tokens[starts[number] :]:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            rows[-1].append("".join(child.content for child in token.children))
    return rows


def test_a_trace_is_one_table(desk):
    """Window, kernel and products stand side by side, the signs beside the middle row, padding in parentheses."""
    page = desk.run("trace", "--pos", "0,0", "--padding", "1", "--format", "markdown").out
    assert "\n**window** × **kernel** = **products**\n" in page
    assert table_of(page, 1) == [
        ["", "-1", "0", "1", "", "", "", "", "", "", "", ""],
        ["-1", "(0)", "(0)", "(0)", "", "-1", "0", "1", "", "0", "0", "0"],
        ["0", "(0)", "10", "20", "×", "-2", "0", "2", "=", "0", "0", "40"],
        ["1", "(0)", "20", "40", "", "-1", "0", "1", "", "0", "0", "40"],
    ]


def test_the_window_is_bold_in_the_input(desk):
    """The cells that the window reads are bold in the input, those beside it are not."""
    page = desk.run("trace", "--pos", "0,0", "--padding", "1", "--format", "markdown").out
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    assert rows[2] == ["**-1**", "**(0)**", "**(0)**", "**(0)**", "(0)", "(0)", "(0)"]
    assert rows[3] == ["**0**", "**(0)**", "**10**", "**20**", "30", "40", "50"]
    assert rows[5] == ["**2**", "(0)", "30", "60", "90", "120", "150"]


def test_numbers_are_aligned_to_the_right(desk):
    """A parser finds the columns of numbers aligned to the right, and those of text not."""
    tokens = PARSER.parse(desk.run("params", *["--cin", "3", "--cout", "9", "-k", "3", "--format", "markdown"]).out)
    assert [token.attrs.get("style") for token in tokens if token.type == "th_open"] == [None, None, "text-align:right"]


def test_grids_too_wide_for_one_line_stand_below_each_other(cli):
    """Of grids with more than 24 columns each has a table, its sign before its caption."""
    cli.write({"f.yaml": "input: {arange: [3, 15]}\ndims: 2\nkernel: {ones: [1, 2]}\n"})
    page = cli.run("run", "f.yaml", "--format", "markdown").out
    assert "\n= **output 3×14**\n" in page
    assert len(table_of(page, 2)[0]) == 15


def test_blocks_are_drawn_one_at_a_time():
    """The page of a block is out before the next block is asked for."""
    asked = []

    def blocks():
        for number in range(5):
            asked.append(number)
            yield say(f"block {number}")

    for line in markdown_lines(blocks()):
        if line:
            assert line == f"block {asked[-1]}"
    assert len(asked) == 5


def test_emphasis_stands_between_spaces_only():
    """Where Markdown would not be sure to read the marks as emphasis there are none."""
    sentence = Sentence((Span("a"), Span("b", Role.TOTAL), Span(" c "), Span("(d)", Role.TOTAL), Span(" e")))
    assert page_of([sentence]) == "ab c **(d)** e"


def test_readable_text_stays_readable():
    """Numbers, sums and file names are escaped no more than they must be."""
    text = "-40 + 80 - 1.5 × (3/4), kernel sobel-x: a.yaml"
    assert markdown_text(text) == text


def test_a_chart_stands_as_on_the_terminal(cli):
    """Its bars are not moved apart by a table: the lines between the fences are the terminal's."""
    page = cli.run("kernels", "gaussian", "--format", "markdown").out
    drawn = re.findall(r"^```text\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    printed = cli.run("kernels", "gaussian").out.splitlines()
    assert len(drawn) == 2
    assert "1 │ ██▇▅▃▁            │" in drawn[0].splitlines()
    for chart in drawn:
        assert all(any(line in shown for shown in printed) for line in chart.splitlines())
    assert not set("▁▂▃▄▅▆▇█░▒▓") & set(re.sub(r"^```text\n.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE))
