"""A report as a LaTeX document of standard packages: headings, facts, tables, grids of cells and aligned sums."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from convcalc.render.latex_text import latex_number, latex_text
from convcalc.render.tables import fitted_widths, kept_columns, left_out
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

_ROW = 90  # characters of a table's row that fit on a line
_BETWEEN_COLUMNS = 3
_PAGE = 40  # rows of a table that fit on a page; a longer one needs a second run of LaTeX to align its columns
_SUM = 88  # characters of a sum that fit on a line
_BAR = 4  # of the font size: the height of the longest bar of a chart
_DEEPEST = 12  # levels of a tree that are moved in
_COMMAND = re.compile(r"\\[a-z]+|[{}_]")

_PREAMBLE = r"""% Made by convcalc; compile it with pdflatex, which needs no other package than these.
% To put it into a document of your own, take these lines into its preamble, and what is between \begin{document}
% and \end{document} into its text.
\documentclass[a4paper,fleqn]{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath,amssymb,array,booktabs,graphicx,hhline,longtable}
\usepackage[table]{xcolor}
\definecolor{window}{RGB}{255,224,130}   % cells of the input that the window reads
\definecolor{padded}{RGB}{225,225,225}   % cells outside the input, which are in parentheses too
\definecolor{rules}{RGB}{150,150,150}
\definecolor{labels}{RGB}{95,95,95}
\newcommand{\windowcell}{\cellcolor{window}}
\newcommand{\paddedcell}{\cellcolor{padded}}
\newcommand{\gridlabel}[1]{{\color{labels}\scriptstyle #1}}
% A character that the fonts lack, by its code point.
\newcommand{\codepoint}[1]{{\ttfamily\footnotesize U+#1}\allowbreak{}}
% A place to fill in, as wide as so many digits, and the same place with what belongs there; in a grid without a line.
\newlength{\digitwidth}\settowidth{\digitwidth}{0}\setlength{\digitwidth}{1.4\digitwidth}
\newcommand{\place}[2]{\makebox[#1\digitwidth][r]{\raisebox{0pt}[2.4ex][1.2ex]{#2}}}
\newcommand{\filled}[2]{\underline{\place{#1}{#2}}}
% A name in the margin of what is said under it.
\newsavebox{\contentbox}
\newcommand{\fact}[2]{\par\hangindent=7.5em\hangafter=1\sbox{\contentbox}{\textcolor{labels}{#1}}%
  \ifdim\wd\contentbox>7em\usebox{\contentbox}\quad\else\makebox[7.5em][l]{\usebox{\contentbox}}\fi#2\par}
% Something as wide as it is, or as the line if that is less.
\newcommand{\fitted}[1]{\sbox{\contentbox}{#1}%
  \ifdim\wd\contentbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\contentbox}}\else\usebox{\contentbox}\fi}
% The caption, the cells and the footer of a grid; its sign goes before it.
\newsavebox{\cellsbox}
\newlength{\captionwidth}
\newcommand{\gridof}[3]{\sbox{\cellsbox}{$#2$}\setlength{\captionwidth}{\wd\cellsbox}%
  \sbox{\contentbox}{\footnotesize #1}\ifdim\captionwidth<9em\setlength{\captionwidth}{9em}\fi
  \ifdim\wd\contentbox<\captionwidth\setlength{\captionwidth}{\wd\contentbox}\fi
  \underset{\text{\footnotesize\color{labels}#3}}%
  {\overset{\parbox[b]{\captionwidth}{\centering\footnotesize\strut #1\strut}}{\usebox{\cellsbox}}}}
% A chart: the labels of its rows at the top, in the middle and at the bottom, and its rows of bars or shades.
\newsavebox{\chartbox}
\newcommand{\rowlabel}[1]{\hbox to 2em{\hfil$\gridlabel{#1}$\ }}
\newcommand{\chartof}[4]{\sbox{\chartbox}{\fboxsep=0pt\fbox{\vbox{\offinterlineskip #4}}}\vcenter{\hbox{%
  \vbox to \ht\chartbox{\rowlabel{#1}\vfil\rowlabel{#2}\vfil\rowlabel{#3}}\usebox{\chartbox}}}}
\newcommand{\chartrow}[1]{\hbox{#1}}
\newcommand{\chartbar}[1]{\rule{.5em}{#1em}}
\newcommand{\shade}[1]{\textcolor[gray]{#1}{\rule{.5em}{.9em}}}
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{#1}}
\setlength{\parindent}{0pt}\setlength{\parskip}{.4ex}\setlength{\mathindent}{0pt}
\setlength{\arraycolsep}{.35em}\renewcommand{\arraystretch}{1.15}
\lineskip=1ex\arrayrulecolor{rules}\allowdisplaybreaks\raggedbottom
\begin{document}
\raggedright"""


def latex_lines(blocks: Iterable[Block]) -> Iterator[str]:
    """The lines of a whole document, without line ends; one block is held at a time."""
    yield from _PREAMBLE.splitlines()
    level = "section"
    for block in blocks:
        yield ""
        yield from _block(block, level)
        level = "subsection" if isinstance(block, Sentence) and block.is_heading else level
    yield from ("", r"\end{document}")


def _block(block: Block, level: str) -> Iterator[str]:
    match block:
        case Sentence():
            yield from _sentence(block, level)
        case Sum():
            yield from _sum(block)
        case Flow():
            yield from _flow(block)
        case Table():
            yield from _table(block)
        case Tree():
            yield from _tree(block)
        case PageBreak():
            yield r"\clearpage"
        case Sheet():
            pass  # printed by a gallery alone, which has no handout
        case Source():
            yield from _source(block)
        case Fold():
            yield rf"\medskip\textbf{{{latex_text(''.join(span.text for span in block.title))}}}\par"
            for each in block.blocks:
                yield from _block(each, level)
        case _:
            from convcalc.render.latex_curve import curve_lines

            yield from curve_lines(block)


def _source(source: Source) -> Iterator[str]:
    """The lines in a typewriter's letters, their spaces as wide as all others."""
    yield r"\medskip{\ttfamily\footnotesize"
    for number, text in source.numbered():
        spaces = len(text) - len(text.lstrip(" "))
        line = f"{latex_text(number)}{' ' * spaces}{latex_text(text.lstrip(' '))}"
        yield rf"\mbox{{}}{line.replace(' ', '~')}\par"
    yield "}"


def _sentence(sentence: Sentence, level: str) -> Iterator[str]:
    """A heading, a named item, or a paragraph."""
    if sentence.space_before:
        yield r"\medskip"
    first, rest = sentence.spans[:1], sentence.spans[1:]
    if sentence.is_heading:
        yield rf"\{level}*{{{latex_text(first[0].text.strip(' '))}}}"
        yield _joined(rest)
    elif sentence.is_labelled:
        yield rf"\fact{{{latex_text(first[0].text.strip(' '))}}}{{{_joined(rest)}}}"
    else:
        yield _joined(sentence.spans)


def _joined(spans: Line) -> str:
    first = [span if span.role is Role.FILLED else Span(span.text.lstrip(), span.role) for span in spans[:1]]
    return "".join(map(_marked, (*first, *spans[1:]))).strip(" ")


def _marked(span: Span) -> str:
    """A text in the looks of its role."""
    text = latex_text(span.text)
    match span.role:
        case Role.TITLE | Role.TOTAL | Role.BAD:
            return rf"\textbf{{{text}}}"
        case Role.LABEL | Role.NOTE:
            return rf"\textcolor{{labels}}{{{text}}}"
        case Role.BLANK | Role.FILLED:
            return rf"\filled{_place(span)}"
    return text


def _place(span: Span) -> str:
    """A place to fill in, or one that is filled in: its width, and what stands there."""
    text = "" if span.role is Role.BLANK else f"${latex_number(span.text.strip(' '))}$"
    return rf"{{{len(span.text)}}}{{{text}}}"


def _tree(tree: Tree, level: int = 0) -> Iterator[str]:
    """The tree as lines, each indented below its parent."""
    margin = r"\quad" * min(level, _DEEPEST)
    yield rf"{margin} {_joined(tree.spans)}\par"
    for branch in tree.branches:
        yield from _tree(branch, level + 1)


def _sum(found: Sum) -> Iterator[str]:
    """The sum as a chain of equations: the products, their values, the total."""
    steps = [_products(found), _values(found)] if found.factors else [_values(found)]
    if len(found.terms) < 2 and not found.scale and not found.bias:
        steps = steps[:-1]  # the only term is the total
    label = rf"\text{{{latex_text(found.label)}}}"
    yield r"\begin{align*}"
    for number, pieces in enumerate(steps):
        first, *others = _lines(pieces)
        yield rf"{'' if number else label} &= {first} \\"
        yield from (rf"&\quad {{}}{line} \\" for line in others)
    yield rf"{'' if steps else label} &= \mathbf{{{latex_number(found.total)}}}"
    yield r"\end{align*}"


def _products(found: Sum) -> list[str]:
    """Every product with its sign before it."""
    pairs = [rf"{_factor(value)} \cdot {_factor(weight)}" for value, weight in found.factors]
    return [
        *(f"+ {pair}" if number else pair for number, pair in enumerate(pairs)),
        *[r"+ \cdots"][: bool(found.omitted)],
    ]


def _values(found: Sum) -> list[str]:
    """Every term with its sign before it, then the factor of the sum, and the bias."""
    numbers = [*map(latex_number, found.terms or ("0",))]
    pieces = [numbers[0], *(f"- {each[1:]}" if each.startswith("-") else f"+ {each}" for each in numbers[1:])]
    if found.omitted:
        pieces.append(rf"+ \cdots\ \text{{({latex_text(found.omitted)})}}")
    if found.scale:
        if len(numbers) > 1:
            pieces = [f"({pieces[0]}", *pieces[1:-1], f"{pieces[-1]})"]
        pieces.append(rf"\cdot \underbrace{{{_factor(found.scale)}}}_{{\text{{scale}}}}")
    if found.bias:
        pieces.append(rf"+ \underbrace{{{_factor(found.bias)}}}_{{\text{{bias}}}}")
    return pieces


def _factor(text: str) -> str:
    """A number after a sign."""
    return f"({latex_number(text)})" if text.startswith("-") else latex_number(text)


def _lines(pieces: Sequence[str]) -> Iterator[str]:
    """The pieces in lines that fit on the page."""
    line: list[str] = []
    length = 0
    for piece in pieces:
        size = len(_COMMAND.sub("", piece)) + 1
        if line and length + size > _SUM:
            yield " ".join(line)
            line, length = [], 0
        line.append(piece)
        length += size
    yield " ".join(line)


def _flow(flow: Flow) -> Iterator[str]:
    """Grids side by side as far as they fit, each with the sign before it; heat maps are omitted."""
    has_labels = any(isinstance(item, Grid) and item.column_labels for item in flow.items)
    sign = ""
    yield r"\medskip"
    for item in flow.items:
        if isinstance(item, Span):
            sign = rf"{latex_text(item.text)}\enspace"
            continue
        if isinstance(item, HeatMap):
            continue
        if isinstance(item, Chart):
            yield from _chart(item)
            continue
        yield rf"\fitted{{{sign}$\gridof{{{_joined(item.caption)}}}{{%"
        yield from _cells(item, has_labels)
        yield rf"}}{{{latex_text(item.footer)}}}$}}\quad"
        sign = ""
    yield r"\par"


def _chart(chart: Chart) -> Iterator[str]:
    """Bars as rules that stand on one line, a plane as squares of grey."""
    first, *between, last = map(latex_number, chart.labels)
    yield rf"\fitted{{$\gridof{{\textbf{{{latex_text(chart.caption)}}}}}{{%"
    yield rf"\chartof{{{first}}}{{{''.join(between)}}}{{{last}}}{{%"
    for row in chart.shares:
        if chart.is_plane:
            signs = [rf"\shade{{{1 - share:.2f}}}" for share in row]
        else:
            signs = [rf"\chartbar{{{share * _BAR:.2f}}}" for share in row]
        yield rf"\chartrow{{{''.join(signs)}}}"
    yield rf"}}}}{{\strut from {latex_text(chart.marks[0])} to {latex_text(chart.marks[-1])}}}$}}\quad"


def _cells(grid: Grid, has_labels: bool) -> Iterator[str]:
    """Numbers in a ruled grid, those of their rows and columns outside of it."""
    columns = len(grid.cells[0]) if grid.cells else 0
    margin, rule = ("r", "~") if grid.row_labels else ("", "")
    rule = rf"\hhline{{{rule}{'-' * columns}}}"
    yield rf"\begin{{array}}{{{margin}|{'r|' * columns}}}"
    if has_labels:
        texts = ("",) * len(margin) + (grid.column_labels or ("",) * columns)
        labels = [rf"\multicolumn{{1}}{{r}}{{{_label(text)}}}" for text in texts]
        yield rf"{' & '.join(labels)} \\ {rule}"
    else:
        yield rule
    for number, row in enumerate(grid.cells):
        label = f"{_label(grid.row_labels[number])} & " if margin else ""
        yield rf"{label}{' & '.join(map(_cell, row))} \\ {rule}"
    yield r"\end{array}"


def _label(text: str) -> str:
    return rf"\gridlabel{{{latex_number(text)}}}"


def _cell(span: Span) -> str:
    if span.role in (Role.BLANK, Role.FILLED):
        return rf"\place{_place(span)}"
    mark = {Role.WINDOW: r"\windowcell ", Role.PADDED: r"\paddedcell "}.get(span.role, "")
    return f"{mark}{latex_number(span.text)}"


def _table(table: Table) -> Iterator[str]:
    """A table whose texts are wrapped where necessary; a long one continues on the next page."""
    missing, table = _narrowed(table)
    opening, head, kind = ("", "", "tabular") if len(table.rows) <= _PAGE else ("[l]", r" \endhead", "longtable")
    names = [_marked(Span(name, Role.TITLE)) for name in table.columns]
    yield rf"\medskip\begin{{{kind}}}{opening}{{@{{}}{''.join(_column_kinds(table))}@{{}}}}"
    yield rf"\toprule {' & '.join(names)} \\ \midrule{head}"
    for number, row in enumerate(table.rows, 1):
        if table.has_total and number == len(table.rows) > 1:
            yield r"\midrule"
        yield rf"{' & '.join(map(_marked, row))} \\"
    yield rf"\bottomrule \end{{{kind}}}\par\medskip"
    if missing:
        yield _marked(Span(missing, Role.LABEL))


def _narrowed(table: Table) -> tuple[str, Table]:
    """A note on the spare columns that do not fit, and the table without them."""
    widths, flexible = _widths(table)
    spare = [table.columns.index(name) for name in table.spare]
    kept = kept_columns(widths, flexible, spare, _ROW, _BETWEEN_COLUMNS)
    return left_out(table, kept), table.only(kept)


def _widths(table: Table) -> tuple[list[int], list[int]]:
    """The characters of each column, and the columns of text."""
    rows = [table.columns, *([span.text for span in row] for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return widths, [number for number, name in enumerate(table.columns) if name not in table.numeric]


def _column_kinds(table: Table) -> Iterator[str]:
    """Numbers to the right, texts in their own width, or where they do not all fit in the available width."""
    widths, flexible = _widths(table)
    fitted = fitted_widths(widths, flexible, _ROW - _BETWEEN_COLUMNS * len(widths)) or widths
    for name, width, wanted in zip(table.columns, fitted, widths, strict=True):
        yield "r" if name in table.numeric else "l" if width == wanted else rf"L{{{width / _ROW:.3f}\linewidth}}"
