"""Reports as LaTeX: read by a small tokenizer of their own, compiled where there is a LaTeX, and never obeyed."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convcalc.render.latex import latex_lines
from convcalc.render.latex_text import latex_number, latex_text
from convcalc.report.blocks import Flow, Grid, Role, Sentence, Span, Sum, Table, say
from convcalc.wording import safe_text
from test_markdown import BLOCKS, HOSTILE
from test_pages import FILES

EXAMPLES = Path(__file__).parents[1] / "examples"
PDFLATEX = shutil.which("pdflatex")

ENVIRONMENTS = {"document", "array", "align*", "tabular", "longtable"}
ALIGNED = ENVIRONMENTS - {"document"}
MATHEMATICS = {"array", "align*"}
STRUCTURE = {
    "\\", "allowbreak", "begin", "bottomrule", "cdots", "cellcolor", "chartbar", "chartof", "chartrow", "codepoint",
    "end", "endhead", "enspace", "fact", "filled", "fitted", "gridlabel", "gridof", "hhline", "linewidth", "mathbf",
    "medskip", "midrule", "multicolumn", "paddedcell", "par", "place", "quad", "raggedright", "rule", "section",
    "shade", "strut", "subsection", "text", "textbf", "textcolor", "tfrac", "toprule", "underbrace", "windowcell", " ",
}  # fmt: skip
"""Commands that are not characters."""
CHARACTERS = {
    **{sign: sign for sign in "{}$&#_%"},
    "textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">",
    "textbar": "|", "textasciigrave": "`", "dots": "…", "textbullet": "•",
    "textendash": "–", "textemdash": "—", "textquoteleft": "‘", "textquoteright": "’",
    "textquotedblleft": "“", "textquotedblright": "”", "ss": "ß", "ae": "æ", "AE": "Æ", "o": "ø",
    "O": "Ø", "aa": "å", "AA": "Å", "oe": "œ", "OE": "Œ", "l": "ł", "L": "Ł", "S": "§",
    "times": "×", "cdot": "·", "star": "⋆", "to": "→", "leftarrow": "←", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
    "rceil": "⌉", "pm": "±", "div": "÷", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈", "infty": "∞", "sum": "∑",
    "surd": "√", "partial": "∂", "nabla": "∇", "in": "∈", "mid": "∣", "checkmark": "✓", "circ": "°",
    "varsigma": "ς", "varphi": "φ", "Lambda": "Λ",
}  # fmt: skip
GREEK = re.findall(
    r"\w+",
    """alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau
    upsilon chi psi omega""",
)
CHARACTERS |= {name: unicodedata.lookup(f"GREEK SMALL LETTER {name}") for name in GREEK} | {"lambda": "λ"}
CHARACTERS |= {
    name.capitalize(): unicodedata.lookup(f"GREEK CAPITAL LETTER {name}")
    for name in ["gamma", "delta", "theta", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"]
}
ACCENTS = dict(zip("`'^~=u.\"rHvcd", "̧̣̀́̂̃̄̆̇̈̊̋̌", strict=True))
PAIRS = {r"\char34{}": '"', "--": "–", "---": "—", "``": "“", "''": "”", "`": "‘", "'": "’", "~": "\u00a0"}
MATHEMATICAL = {"-": "−", "*": "∗", "^\\circ": "°", "^1": "¹", "^2": "²", "^3": "³"}
LIKE = str.maketrans("'µ─│", "’μ–|")
"""Characters that are set as others that look alike."""


DIGITS = set("0123456789")


class Token(NamedTuple):
    """One token as TeX would make it."""

    kind: str
    """command, character, or one of the signs { } $ & # ^ _ ~"""
    text: str


def tokens(source: str) -> Iterator[Token]:
    """The tokens of a text without comments: in a document of ours, a comment is only an end of line."""
    place = 0
    while place < len(source):
        found = re.compile(r"\\([A-Za-z]+) ?|\\(.)|(?<=\{)%\n|([{}$&#^_~])|(\s+)|(.)", re.DOTALL).match(source, place)
        assert found, source[place : place + 40]
        place = found.end()
        letters, sign, special, space, other = found.groups()
        assert other != "%", f"a comment: {source[place : place + 40]!r}"
        if letters or sign:
            yield Token("command", letters or sign)
        elif special:
            yield Token(special, special)
        elif space or other:
            yield Token("character", " " if space else other)


def body_of(page: str) -> str:
    """What is between the preamble and the end of the document."""
    before, _, rest = page.partition("\\begin{document}\n\\raggedright\n")
    body, _, after = rest.rpartition("\\end{document}")
    assert before.startswith("%")
    assert not after.strip()
    return body


def check_structure(page: str) -> None:
    """Fails unless the page is ASCII, balanced, of known commands, and every special sign is where it has a meaning."""
    assert page.isascii()
    assert all(character == "\n" or character.isprintable() for character in page)
    open_ = ["document"]
    found = list(tokens(body_of(page)))
    place, before = 0, ""
    while place < len(found):
        kind, text = found[place]
        place += 1
        if kind == "command" and text in ("begin", "end"):
            stop = found.index(("}", "}"), place)
            name = "".join(token.text for token in found[place + 1 : stop])
            assert name in ENVIRONMENTS, name
            if text == "begin":
                open_.append(name)
            else:
                assert open_.pop() == name
            place = stop + 1
        elif kind == "command":
            assert text in STRUCTURE | CHARACTERS.keys() | ACCENTS.keys() | {"i", "j", "char"}, text
        elif kind == "{":
            open_.append("words" if before in ("text", "textbf", "textcolor") else "{")
        elif kind == "}":
            assert open_.pop() in ("words", "{")
        elif kind == "$":
            if open_[-1] == "$":
                open_.pop()
            else:
                open_.append("$")
        else:
            check_sign(kind, open_)
        before = text
    assert open_ == ["document"]


def check_sign(kind: str, open_: list[str]) -> None:
    """Fails where a sign that separates cells or raises an index stands in running text."""
    assert kind != "#"
    if kind == "&":
        assert open_[-1] in ALIGNED
    if kind in ("^", "_"):
        modes = [each for each in open_ if each in (MATHEMATICS | {"words", "$", "document"})]
        assert modes[-1] in (MATHEMATICS | {"$"})


WORDS = re.compile(
    r"""\\allowbreak\{\} | \\codepoint\{(?P<code>[0-9A-F]{4,6})\} | \\rule\{\.5em\}\{(?P<height>[\d.]+)em\}
    | \\rule\{\.6em\}\{\.6em\}(?P<square>) | (?P<quote>\\char34\{\})
    | \\(?P<accent>[`'^~=".uvHrcd])\{(?:\\(?P<dotless>[ij])\{\}|(?P<letter>[A-Za-z]))\}
    | \$(?P<mathematics>[^$]+)\$ | \\(?P<name>[A-Za-z]+)\{\} | \\(?P<sign>[{}$&\#_%]) | \{(?P<bracket>[][*])\} | \{\}
    | (?P<pair>---?|``|\'\'|[`'~]) | (?P<other>[^\\{}$&\#^_%])""",
    re.VERBOSE,
)


def words_of(source: str) -> str:
    """The text that LaTeX would set, as Unicode: the other way round than the renderer goes."""
    words, place = [], 0
    while place < len(source):
        found = WORDS.match(source, place)
        assert found, source[place:]
        words.append(word_of({name: text for name, text in found.groupdict().items() if text is not None}))
        place = found.end()
    return "".join(words)


def word_of(parts: dict[str, str]) -> str:
    """What one piece of the source sets."""
    match parts:
        case {"code": code}:
            return chr(int(code, 16))
        case {"height": height}:
            return chr(0x2580 + round(float(height) * 8))
        case {"square": _}:
            return "■"
        case {"accent": accent}:
            return unicodedata.normalize("NFC", f"{parts.get('dotless') or parts['letter']}{ACCENTS[accent]}")
        case {"mathematics": sign}:
            return MATHEMATICAL.get(sign) or CHARACTERS[sign.removeprefix("\\")]
        case {"name": name} | {"sign": name}:
            return "ı" if name == "i" else CHARACTERS[name]
        case {"quote": pair} | {"pair": pair}:
            return PAIRS[pair]
    return "".join(parts.values())


def page_of(blocks) -> str:
    return "\n".join(latex_lines(blocks))


TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("".join({*CHARACTERS.values(), *PAIRS.values(), *map(chr, range(32, 127))})), max_size=80),
    st.sampled_from(HOSTILE),
)
LATEX = [
    r"\input{/etc/passwd}", r"\write18{rm -rf /}", "\\", "$", "%", "&", "#", "_", "~", "^", "^^5c", "^^M", "{", "}",
    r"\\[3cm]", "[3cm]", "*", r"\end{document}", r"\catcode`\%=12", "--", "---", "``", "''", "?`", ",,", '"', "x" * 90,
    "\t", "\n\n", "畳み込み", "☃", "é ñ ç ø ß ı ǰ", "a\u0301", "αβΩΛ", "▁█", "²", "\u202e", "\ud800", "1e-06",
]  # fmt: skip


@pytest.mark.parametrize("text", [*LATEX, *HOSTILE])
def test_a_text_is_inert(text):
    """What LaTeX would obey stands there as it is written, in a title, a paragraph, a name, a caption and a cell."""
    grid = Grid((Span(text, Role.TITLE),), ((Span("1"), Span(text)),), footer=text)
    blocks = [
        say(text, Role.TITLE),
        say(text),
        Sentence((Span(text, Role.LABEL), Span(text, Role.TOTAL))),
        Flow((grid, Span(text), grid)),
        Sum(text, ("1", text), text, omitted=text, scale=text, bias=text),
        Table((text, "b"), ((Span(text), Span(text, Role.BAD)),), (text,)),
    ]
    check_structure(page_of(blocks))


@given(TEXTS)
@settings(max_examples=400)
@example("(-1")
@example("--1")
def test_every_word_can_be_read_back(text):
    """What LaTeX would set is the text, letter by letter, a hyphen before a number as a minus."""
    found, expected = words_of(latex_text(text)), safe_text(text).translate(LIKE)
    assert len(found) == len(expected)
    for one, other, following in zip(found, expected, [*expected[1:], ""], strict=False):
        same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
        assert same or (one, other, following in DIGITS) == ("−", "-", True)


@given(BLOCKS)
@settings(max_examples=200, deadline=None)
def test_any_page_is_sound(blocks):
    """Any blocks give a page that is balanced, of known commands, with every special sign where it has a meaning."""
    check_structure(page_of(blocks))


FAULTS = [
    "a & b", "x_1", "50 %\nof", "#1", "{", "}", "$x", r"\input{x}", r"\begin{verbatim}\end{verbatim}", "é", "x^2",
    r"\begin{tabular}{l}", r"\textbf{a & b}", r"\begin{tabular}{l}{a & b}\end{tabular}",
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault):
    """The check of the structure fails on each kind of fault."""
    page = page_of([say("sound")])
    check_structure(page)
    with pytest.raises(AssertionError):
        check_structure(page.replace("sound", fault))


NUMBERS = {
    "12": "12", "-0.5": "-0.5", "1/9": r"\tfrac{1}{9}", "-1/9": r"-\tfrac{1}{9}", "1e-06": r"1\times 10^{-6}",
    "1.5e+20": r"1.5\times 10^{20}", "inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{nan}", "(-3)": "(-3)",
    "(1/2)": r"(\tfrac{1}{2})", "…": r"\cdots", "": "", "1234567/89": r"\text{1234567/89}",
}  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_numbers_are_mathematics(text, number):
    """Fractions, powers of ten and infinity are set as such."""
    assert latex_number(text) == number


@pytest.fixture
def desk(cli):
    """The command line in a folder with the examples and the files of the pages."""
    cli.write(FILES)
    cli.write({path.name: path.read_bytes() for path in EXAMPLES.glob("*")})
    return cli


def cells_of(page: str, number: int) -> list[list[str]]:
    """The rows of an array of the page, its commands taken away."""
    array = re.findall(r"\\begin\{array\}\{[r|]*\}\n(.*?)\\end\{array\}", page, re.DOTALL)[number]
    rows = re.sub(r"\\hhline\{[~-]*\}\n?", "", array).split("\\\\")[:-1]
    return [
        [re.sub(r"\\multicolumn\{1\}\{r\}|\\[a-z]+ ?|[{}]", "", cell).strip() for cell in row.split("&")]
        for row in rows
    ]


def test_a_trace_is_a_worked_example(desk):
    """The input with the window and the padding marked, window, kernel, products, and the sum step by step."""
    page = desk.run(
        "trace", *["--pos", "0,4", "--padding", "1", "--kernel", "gaussian", "--bias=-1/2", "--format", "latex"]
    ).out
    assert cells_of(page, 0)[1] == ["-1", *["(0)"] * 6]
    assert cells_of(page, 0)[2] == ["0", "10", "20", "30", "40", "50", "(0)"]
    assert r"\gridlabel{0} & 10 & 20 & 30 & \windowcell 40 & \windowcell 50 & \windowcell (0)" in page
    assert r"\gridlabel{0} & 40 & 50 & \paddedcell (0)" in page
    assert cells_of(page, 2)[1:] == [["1", "2", "1"], ["2", "4", "2"], ["1", "2", "1"]]
    assert cells_of(page, 3)[1:] == [["0", "0", "0"], ["80", "200", "0"], ["80", "200", "0"]]
    first, second = re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", page, re.DOTALL)
    assert first.splitlines() == [
        r"\text{channel 0} &= 40 \cdot 2 + 50 \cdot 4 + 80 \cdot 1 + 100 \cdot 2 \\",
        r" &= 80 + 200 + 80 + 200 \\",
        r" &= \mathbf{560}",
    ]
    assert second.splitlines() == [
        r"\text{total} &= 560 \cdot \underbrace{\tfrac{1}{16}}_{\text{scale}}"
        r" + \underbrace{(-\tfrac{1}{2})}_{\text{bias}} \\",
        r" &= \mathbf{34.5}",
    ]


def test_a_long_sum_is_broken_into_lines(desk):
    """A sum of many products has lines that fit, continued below the first term, and every product once."""
    desk.write({"f.yaml": "dims: 2\ninput: {ones: [8, 8]}\nkernel: {arange: [8, 8]}\n"})
    page = desk.run("trace", "f.yaml", "--pos", "0,0", "--format", "latex").out
    found = re.search(r"\\begin\{align\*\}\n(.*?)\\end\{align\*\}", page, re.DOTALL)[1]
    lines = found.splitlines()
    assert all(line.startswith(r"&\quad {}+ ") for line in lines if "quad" in line)
    assert sum("quad" in line for line in lines) > 4
    assert re.findall(r"1 \\cdot (\d+)", found) == [str(weight) for weight in range(1, 64)]
    assert max(len(line.replace(r"\cdot", "")) for line in lines) < 110


def test_a_sum_of_one_product_says_it_once():
    """The only term is the total, and it is not said twice."""
    lines = page_of([Sum("channel 0", ("6",), "6", factors=(("2", "3"),))]).splitlines()
    start = lines.index(r"\begin{align*}")
    assert lines[start + 1 : start + 3] == [r"\text{channel 0} &= 2 \cdot 3 \\", r" &= \mathbf{6}"]


def test_long_tables_go_on_on_the_next_page():
    """A table of more than 40 rows repeats its head, a shorter one needs no second run of LaTeX."""
    row = (Span("a"), Span("1"))
    assert r"\begin{longtable}[l]{@{}lr@{}}" in page_of([Table(("x", "y"), (row,) * 41, ("y",))])
    assert r"\begin{tabular}{@{}lr@{}}" in page_of([Table(("x", "y"), (row,) * 40, ("y",))])


def test_blocks_are_drawn_one_at_a_time():
    """The page of a block is out before the next block is asked for."""
    asked = []

    def blocks():
        for number in range(5):
            asked.append(number)
            yield say(f"block {number}")

    seen = [asked[-1] for line in latex_lines(blocks()) if line.startswith("block") and line == f"block {asked[-1]}"]
    assert seen == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_traces_do_not_build_up_in_memory(measured, cli, form):
    """Nine times as many traces take no more memory."""
    for size in (12, 36):
        cli.write(
            {f"{size}.yaml": f"input: {{ones: [{size}, {size}]}}\nkernel: {{ones: [3, 3]}}\npadding: same\ndims: 2\n"}
        )
    few, many = (measured("trace", f"{size}.yaml", "--all", "--format", form) for size in (12, 36))
    assert (few.code, many.code) == (0, 0)
    assert (cli.folder / "out").stat().st_size > 500_000
    assert many.megabytes < few.megabytes + 3


# --- with a real LaTeX, where there is one

needs_latex = pytest.mark.skipif(PDFLATEX is None, reason="pdflatex is not installed")


def compiled(folder: Path, page: str) -> str:
    """The log of pdflatex, which may not run any program."""
    (folder / "page.tex").write_text(page)
    command = [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout.decode("latin-1")[-2000:]
    return (folder / "page.log").read_text("latin-1")


# networks whose files have the shape of an input only are computed with --input
COMPUTED = [path.name for path in sorted(EXAMPLES.glob("*.yaml")) if "input: {shape" not in path.read_text()]


def positions() -> list[str]:
    """A position for each example: the first cell, with as many axes as it has."""
    lines = {"one-dimension.yaml", "three-sensors.yaml"}
    return [f"trace {name} --pos {'0' if name in lines else '0,0'}" for name in COMPUTED]


COMPILED = [
    *(f"run {name}" for name in COMPUTED),
    "trace two-layers.yaml --pos 0,0 --depth 2", "uses two-layers.yaml --pos 1,1",
    *positions(),
    "trace many.yaml --pos 1,1 --channel 1", "trace deep.yaml --pos 0,0,0", "trace one-dimension.yaml --all",
    "trace --pos 0,0 --padding 1 --boundary reflect --kernel gaussian --bias=-1/2", "run infinite.yaml", "kernels",
    "kernels sobel-x", "params --cin 3 --cout 96 -k 11 --size 227 --stride 4", "plan layer.yaml --threads 2",
    "run large.yaml --explain", "check gradient.yaml rgb-edges.yaml",
]  # fmt: skip


@pytest.mark.parametrize("command", COMPILED)
def test_a_page_is_sound_and_compiles(desk, command):
    """Every example's page has a sound structure; with a LaTeX at hand it compiles, and no line is too long."""
    done = desk.run(*command.split(), "--format", "latex")
    assert (done.code, done.err) == (0, "")
    check_structure(done.out)
    if PDFLATEX:
        log = compiled(desk.folder, done.out)
        assert re.findall(r"^Overfull .*|^LaTeX Warning: .*", log, re.MULTILINE) == []


@needs_latex
@pytest.mark.parametrize("number", range(4))
def test_hostile_texts_compile(tmp_path, number):
    """A page of all hostile texts compiles, and opens none of the files that they name."""
    texts = [*LATEX, *HOSTILE][number::4]
    blocks = [block for text in texts for block in (say(text, Role.TITLE), say(text), say(text, Role.LABEL))]
    blocks += [Table((text, "b"), ((Span(text), Span(text)),)) for text in texts]
    blocks += [Flow((Grid((Span(text),), ((Span(text),),), (text,), (text,), text), Span(text))) for text in texts]
    blocks += [Sum(text, (text, "1"), text, omitted=text, scale=text, bias=text) for text in texts]
    assert "/etc/passwd" not in compiled(tmp_path, page_of(blocks)).partition("(./page.aux)")[0]


@needs_latex
@given(st.lists(TEXTS, min_size=1, max_size=30), BLOCKS)
@settings(max_examples=8, deadline=None)
def test_any_texts_compile(tmp_path_factory, texts, blocks):
    """Arbitrary Unicode in any place compiles."""
    tables = [Table(("a", "b"), tuple((Span(text), Span(text, Role.BAD)) for text in texts))]
    compiled(tmp_path_factory.mktemp("page"), page_of([*map(say, texts), *blocks, *tables]))


def test_a_chart_is_drawn_with_rules(desk):
    """Bars stand on one line, each as high as its gain; a plane is of greys; no sign is a code point."""
    page = desk.run("kernels", "gaussian", "--format", "latex").out
    body = body_of(page)
    bars = [float(height) for height in re.findall(r"\\chartbar\{([\d.]+)\}", body)]
    assert bars == pytest.approx([4 * ((1 + math.cos(math.tau * step / 32)) / 2) for step in range(17)], abs=0.006)
    greys = [float(grey) for grey in re.findall(r"\\shade\{([\d.]+)\}", body)]
    assert len(greys) == 9 * 17
    assert (greys[0], min(greys), greys[len(greys) // 2]) == (1.0, 0.0, 0.0)
    assert "codepoint" not in body


@pytest.mark.skipif(not (PDFLATEX and shutil.which("pdftotext")), reason="needs pdflatex and Poppler")
def test_a_chart_on_paper(desk):
    """The text of the PDF has the captions and the ends of the axes, and no code of a sign; the page has the greys."""
    assert desk.run("kernels", "gaussian", "-q", "-o", "k.tex").code == 0
    subprocess.run([PDFLATEX, "-interaction=batchmode", "k.tex"], cwd=desk.folder, check=True, capture_output=True)
    subprocess.run(["pdftotext", "k.pdf"], cwd=desk.folder, check=True)
    text = (desk.folder / "k.txt").read_text(encoding="utf-8")
    assert "U+" not in text
    assert "both axes, gain 0 to 1" in text
    assert "from −0.5 to 0.5" in text
    subprocess.run(["pdftoppm", "-r", "60", "-gray", "-f", "1", "-l", "1", "k.pdf", "k"], cwd=desk.folder, check=True)
    [path] = desk.folder.glob("k-*.pgm")
    assert len(set(re.findall(rb"([\x01-\xfe])\1{3}", path.read_bytes(), re.DOTALL))) > 10
