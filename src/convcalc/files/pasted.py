r"""Numbers as programs print them and people paste them: NumPy, PyTorch, TensorFlow, MATLAB and LaTeX.

They are read by a grammar of their own and never run: brackets with numbers, what stands around them in a print, as
``tensor(…, dtype=…)`` or ``I = …``, and the environments ``matrix`` and ``array`` of LaTeX. Anything else is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NoReturn

from convcalc.errors import FieldError, FormatError, LimitError
from convcalc.files.text import place_at, shown
from convcalc.files.yaml_reader import Node
from convcalc.limits import Limits

_HEAD = 4096  # characters from which a paste is told from YAML
_NUMBER = r"[-+]?(?:[0-9]+/[0-9]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?![\w.])"
_WORD = r"(?i:[-+]?(?:inf|nan|infinity)|true|false)\b"
_MAKERS = r"(?:[A-Za-z_]\w*\.){0,3}(?:tensor|array|asarray|Tensor|Array|FloatTensor|LongTensor|matrix|Matrix)"
_VALUE = r"(?:<[^<>\n]{0,100}>|'[^'\n]{0,60}'|\([0-9, ]{0,100}\)|[\w.:]{1,60})"
# Patterns are compiled where they are first needed: most starts read no paste.
_START = (
    rf"\s*(?:Parameter containing:\s*)?(?P<name>[A-Za-z_]\w{{0,60}}\s*=\s*)?(?P<tf><tf\.\w+[^\[\n]{{0,200}}numpy=\s*)?"
    rf"(?P<maker>{_MAKERS}\s*\(\s*)?\["
)
_UNPARTED = (
    r"[0-9.][ \t]+[-+.0-9]|\]\s*\n\s*\[|[0-9.\]]\s*;\s*[-+.0-9]|(?i:true|false|nan|inf)[ \t]+[-+.\w]"
    rf"|\A\s*{_MAKERS}\s*\("
)
"""What brackets of YAML and JSON do not hold."""
_FRACTION = r"\\[td]?frac\s*\{\s*([-+]?[0-9]+)\s*\}\s*\{\s*([0-9]+)\s*\}"
_NOISE = r"\\(?:hline|[,;:! ]|left|right|displaystyle)|[${}]"
_PRINT = r"\s*(?:>> ?)?[A-Za-z]\w{0,62}\s*=[ \t]*\n(?:[ \t]*\n)*(?=[ \t]*(?:[-+.0-9]|NaN|Inf|Columns? ))"
"""The name above a matrix that MATLAB or Octave displays."""
_WRAP = 75  # columns at which NumPy breaks a line


@cache
def _token() -> re.Pattern[str]:
    """One token of brackets with numbers; compiled when it is needed, since that takes long."""
    return re.compile(
        rf"(?P<blank>[ \t\n]+)|(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<open>\[)|(?P<close>\])"
        rf"|(?P<keywords>(?:,\s*\w{{1,40}}\s*=\s*{_VALUE}\s*){{1,8}}(?=,?\s*\)))|(?P<comma>,)|(?P<row>;)"
        rf"|(?P<maker>{_MAKERS}\s*\()|(?P<end>\))|(?P<cut>\.\.\.)"
    )


@cache
def _latex_matrix() -> re.Pattern[str]:
    """A matrix of LaTeX with what may stand around it; compiled when it is needed."""
    return re.compile(
        r"[\s$\\\[\]()=A-Za-z_{}^.*0-9]{0,200}?\\begin\{(?P<kind>[bBpvV]?matrix\*?|smallmatrix|array|tabular)\}"
        r"(?:\{[lcr| ]{0,100}\}|\[[lcr]\])?(?P<body>.*?)\\end\{(?P=kind)\}(?P<rest>[\s$\\\[\]().,A-Za-z{}]{0,100})",
        re.DOTALL,
    )


def is_pasted(text: str) -> bool:
    r"""Whether a text begins as a print of an array, or as a matrix of MATLAB or LaTeX, and not as YAML or JSON.

    >>> is_pasted("tensor([[1., 2.]])"), is_pasted("[1 2; 3 4]"), is_pasted("[[1, 2], [3, 4]]")
    (True, True, False)
    """
    head = text[:_HEAD]
    if "\\begin{" in head:
        return (
            bool(_latex_matrix().match(text))
            if len(text) < _HEAD
            else head.lstrip().startswith(("\\begin{", "$", "\\["))
        )
    found = re.match(_START, head)
    if not found:
        return bool(re.match(_PRINT, head))
    wrapped = found["name"] or found["tf"] or found["maker"] or head.lstrip().startswith("Parameter")
    inside = head[found.end() :]
    if '"' in inside or ":" in inside.partition("]")[0] or "{" in inside:
        return bool(wrapped)
    return bool(wrapped or re.search(_UNPARTED, inside))


def pasted(text: str, source: str, limits: Limits) -> Node:
    """The nested lists of a paste, every number as its text.

    Raises:
        FormatError: it is cut, or holds anything but numbers; with its place.
        LimitError: it nests deeper or holds more values than the limits allow.
    """
    if "\\begin{" in text[:_HEAD]:
        return _latex(text, source, limits)
    if printed := re.match(_PRINT, text):
        return _displayed(text, printed.end(), source, limits)
    return _Brackets(text, source, limits).value()


def _displayed(text: str, start: int, source: str, limits: Limits) -> Node:
    """The rows below the name of a matrix."""
    if text.count("\n") + text.count(" ", start) > 8 * limits.values:
        raise _too_many(limits)
    rows = [line.split() for line in text[start:].splitlines() if line.strip()]
    for cell in (cell for row in rows for cell in row):
        if not re.fullmatch(rf"{_NUMBER}|{_WORD}", cell):
            raise FormatError(
                f"the display of a matrix holds {shown(cell)}, a common factor or parts of its columns",
                hint="mat2str(A, 17) prints a matrix in full",
                place=place_at(source, text, text.index(cell, start)),
            )
    return [*rows[0]] if len(rows) == 1 else [[*row] for row in rows]


def _latex(text: str, source: str, limits: Limits) -> Node:
    found = _latex_matrix().fullmatch(text.strip())
    if not found:
        raise FormatError(
            "expected one matrix of LaTeX",
            hint=r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
            place=place_at(source, text, 0),
        )
    if found["body"].count("&") + found["body"].count("\\\\") >= limits.values:
        raise _too_many(limits)
    rows = [re.sub(_NOISE, " ", re.sub(_FRACTION, r"\1/\2", row)) for row in found["body"].split("\\\\")]
    cells: Node = [[cell.strip() for cell in row.split("&")] for row in rows if row.strip()]
    if not cells:
        raise FormatError("a matrix without numbers", hint=r"write 1 & 2 \\ 3 & 4", place=place_at(source, text, 0))
    return cells


@dataclass
class _List:
    """A list that is not closed yet."""

    items: list[Node] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Where each item begins in the text."""
    rows: list[int] = field(default_factory=list)
    """How many items stand before each ``;``."""
    breaks: list[int] = field(default_factory=list)
    """How many items stand before each line break between items."""
    widest: int = 0
    """Characters of the longest item."""
    commas: int = 0
    unparted: int = 0
    """Which item has no comma before it, the first of them; 0: none."""
    has_comma: bool = True
    """Whether a new item may follow: at the start, and after a comma or ``;``."""


class _Brackets:
    """Reads brackets with numbers; one pass, with a stack of its own."""

    def __init__(self, text: str, source: str, limits: Limits) -> None:
        self.text = text
        self.source = source
        self.limits = limits
        self.stack: list[_List] = []
        self.makers = 0
        self.root: Node | None = None
        self.count = 0

    def value(self) -> Node:
        start = re.match(_START, self.text)
        at = start.end() - 1 if start else 0
        self.makers = bool(start and start["maker"]) if start else 0
        for match in self._tokens(at):
            getattr(self, f"_{match.lastgroup}")(match)
        if self.root is None or self.stack:
            self._fail("a bracket is not closed", len(self.text) - 1)
        return self.root

    def _tokens(self, at: int) -> Iterator[re.Match[str]]:
        end = len(self.text.rstrip(" \t\n;,>"))
        while at < end:
            match = _token().match(self.text, at)
            if match is None or (
                self.root is not None and match.lastgroup not in ("blank", "keywords", "end", "comma")
            ):
                self._fail(f"expected a number, got {shown(self.text[at : at + 20].split()[0])}", at)
            yield match
            at = match.end()

    def _fail(self, message: str, at: int, hint: str = "numbers are read here, nothing is run") -> NoReturn:
        raise FormatError(message, hint=hint, place=place_at(self.source, self.text, at))

    def _blank(self, match: re.Match[str]) -> None:
        if "\n" in match[0] and self.stack and self.stack[-1].items and not self.stack[-1].has_comma:
            self.stack[-1].breaks.append(len(self.stack[-1].items))

    def _number(self, match: re.Match[str]) -> None:
        self._add(match[0], match.start(), len(match[0]))

    def _word(self, match: re.Match[str]) -> None:
        truth = {"true": "1", "false": "0"}.get(match[0].lower())
        self._add(truth or match[0], match.start(), len(match[0]))

    def _open(self, match: re.Match[str]) -> None:
        if len(self.stack) >= self.limits.axes:
            raise LimitError(
                f"more than {self.limits.axes} axes",
                hint=f"raise it with --limit axes={self.limits.axes * 2} if that is meant",
            )
        opened = _List()
        if self.stack:
            self._add(opened.items, match.start())
        self.stack.append(opened)

    def _close(self, match: re.Match[str]) -> None:
        if not self.stack:
            self._fail("a bracket too many", match.start())
        done = self.stack.pop()
        self._check_commas(done)
        self._in_rows(done)
        if not done.items:
            self._fail("brackets without numbers", match.start())
        if not self.stack:
            self.root = done.items

    def _comma(self, match: re.Match[str]) -> None:
        if self.stack:
            if self.stack[-1].has_comma:
                self._fail("a comma without a number before it", match.start())
            self.stack[-1].has_comma = True
            self.stack[-1].commas += 1

    def _row(self, match: re.Match[str]) -> None:
        if not self.stack or self.stack[-1].has_comma:
            self._fail("';' without a number before it", match.start())
        self.stack[-1].rows.append(len(self.stack[-1].items))
        self.stack[-1].has_comma = True

    def _maker(self, match: re.Match[str]) -> None:  # noqa: ARG002
        self.makers += 1

    def _keywords(self, match: re.Match[str]) -> None:
        if not self.makers:
            self._fail(f"expected a number, got {shown(match[0].strip())}", match.start())

    def _end(self, match: re.Match[str]) -> None:
        self.makers -= 1
        if self.makers < 0:
            self._fail("a parenthesis too many", match.start())

    def _cut(self, match: re.Match[str]) -> None:
        self._fail(
            "the print is cut: ... stands for numbers that are not in it",
            match.start(),
            "print it after set_printoptions(threshold=10**9), or save it as .npy",
        )

    def _add(self, item: Node, at: int, width: int = 0) -> None:
        if not self.stack:
            self._fail("expected '['", at)
        here = self.stack[-1]
        if not here.has_comma and not here.unparted:
            here.unparted = len(here.items)
        here.items.append(item)
        here.starts.append(at)
        here.widest = max(here.widest, width)
        here.has_comma = False
        self.count += 1
        if self.count > self.limits.values:
            raise _too_many(self.limits)

    def _check_commas(self, done: _List) -> None:
        """Refuse numbers of which only some have a comma between them."""
        if not done.commas or not done.unparted or not isinstance(done.items[0], str):
            return
        before, after = done.items[done.unparted - 1], done.items[done.unparted]
        self._fail(
            f"missing comma between {before} and {after}",
            done.starts[done.unparted],
            "write a comma between two values",
        )

    def _in_rows(self, done: _List) -> None:
        """The items of ``[1 2; 3 4]``, or of lines that no print would break, as rows."""
        breaks = sorted(set(done.rows)) or self._line_rows(done)
        cuts = [cut for cut in breaks if cut < len(done.items)]
        if not done.rows and not cuts:
            return
        if any(not isinstance(item, str) for item in done.items):
            if done.rows:
                self._fail("';' between brackets", done.starts[0], "write [[1, 2], [3, 4]] or [1 2; 3 4]")
            return
        parts: list[Node] = [
            done.items[start:end] for start, end in zip((0, *cuts), (*cuts, len(done.items)), strict=True)
        ]
        done.items[:] = parts

    def _line_rows(self, done: _List) -> list[int]:
        """Line breaks that part rows; a print breaks only lines that are full, at any place."""
        breaks = sorted({cut for cut in done.breaks if cut < len(done.items)})
        if not breaks or done.commas or not isinstance(done.items[0], str):
            return []
        first = done.starts[breaks[0]]
        line_end = self.text.rfind("\n", 0, first)
        line = line_end - self.text.rfind("\n", 0, line_end) - 1
        is_full = line + 1 + done.widest >= _WRAP  # a print gives every number as much room
        return [] if is_full else breaks


def _too_many(limits: Limits) -> LimitError:
    return LimitError(f"more than {limits.values:,} values", hint=f"raise it with --limit values={limits.values * 4}")


BARE_NUMBERS = r"\s*[-+]?\.?[0-9][-+0-9.eE/]*(?:(?:\s*[,;]\s*|\s+)[-+.]*[0-9][-+0-9.eE/]*)+\s*"
"""A few numbers with commas, semicolons or blanks between them."""


def flag_numbers(text: str, flag: str, limits: Limits) -> Node | None:
    """The numbers that a text on the command line is, where it is no YAML: a paste, or ``1,0,-1``; None of another.

    Raises:
        FieldError: it begins as numbers, and something in it is none.
    """
    try:
        if is_pasted(text):
            return pasted(text, flag, limits)
        if len(text) < _HEAD and re.fullmatch(BARE_NUMBERS, text):
            return pasted(f"[{text}]", flag, limits)
    except FormatError as error:
        raise FieldError(error.message, hint=error.hint) from None
    return None
