"""The value of a small arithmetic expression such as ``sqrt(2)/2``: four operations, parentheses, ``sqrt`` and ``pi``.

There is no power and there are no other names, so an expression of 200 characters has at most about 200 digits, and
every input is evaluated fast. One whole number over another may be as long as whole numbers are, as exact outputs are
written.

Numbers are read from text without numpy; nothing is guessed and nothing becomes NaN silently.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from convcalc.errors import FieldError
from convcalc.files.text import shown
from convcalc.numerals import Number

MOST_DIGITS = 4300  # Python's own limit (sys.int_info.default_max_str_digits): more take quadratic time
INTEGER = re.compile(r"[-+]?[0-9]+")
FRACTION = re.compile(r"[-+]?[0-9]+/[0-9]+")
THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}")
"""Texts that may be a whole number with a thousands separator, or one with a decimal comma."""
_LONGEST_MISTAKE = 100
# Digits are in one run each, or a long text that is no number after all would be tried at every cut of the run.
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"(?i:(?P<sign>[-+]?)\.?inf(?:inity)?|\.?nan)")


def number(text: str) -> Number:
    """The value of a number or small expression: ``int``, ``Fraction`` where exact, otherwise ``float``.

    >>> number("010"), number("-.5"), number("1/9"), number("1e3")
    (10, -0.5, Fraction(1, 9), 1000.0)

    Raises:
        FieldError: it is no number.
    """
    text = text.strip(" \t\n")
    if INTEGER.fullmatch(text):
        return _whole(text)
    if FRACTION.fullmatch(text):
        return _fraction(text)
    if _DECIMAL.fullmatch(text):
        return _decimal(text)
    if special := _NOT_FINITE.fullmatch(text):
        return float((special["sign"] or "") + "inf") if "inf" in text.lower() else math.nan
    if not text:
        raise FieldError("expected a number, got nothing")
    hint = _hint(text)
    if hint:
        raise FieldError(f"expected a number, got {shown(text)}", hint=hint)
    return evaluate(text)


def _fraction(text: str) -> Number:
    above, below = map(_whole, text.split("/"))
    if not below:
        raise FieldError(f"division by zero in {shown(text)}")
    return _simplest(Fraction(above, below))


def _whole(text: str) -> int:
    digits = len(text.lstrip("+-"))
    if digits > MOST_DIGITS:
        raise FieldError(f"too large: {digits:,} digits, at most {MOST_DIGITS:,}")
    return int(text)


def _decimal(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise out_of_range(text)
    return value


def _hint(text: str) -> str:
    """How to mend a text that people, spreadsheets or other languages take for a number."""
    if len(text) > _LONGEST_MISTAKE:
        return ""
    return next((mend(text) for mistake, mend in _MISTAKES if re.fullmatch(mistake, text)), "")


def _without(sign: str, text: str) -> str:
    return f"write {text.replace(sign, '')}"


_PLAIN = r"[-+]?[0-9]+(?:\.[0-9]+)?"
_LETTER = r"[A-Za-z\u00b5\u03bc\u03a9\u00b0]"  # those of micro, ohm and degree among them
_UNIT = rf"{_PLAIN}(?! ?pi| ?sqrt)(?: {_LETTER}(?:{_LETTER}|/)*| ?{_LETTER}{{2,}})[0-9]?"
_MISSING = r"(?i:na|n/a|null|none|~|-|\?)|#(?:N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)"
_MISTAKES: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r".*[\u2010-\u2015\u2212\ufe63\uff0d].*", lambda _: "use the ASCII minus -"),
    (r"[-+]?[0-9]{1,3}(?:,[0-9]{3})*(?:,[0-9]{3}\.[0-9]+|,[0-9]{3},[0-9]{3})", lambda text: _without(",", text)),
    (
        THOUSANDS.pattern,
        lambda text: f"write {text.replace(',', '')} if the comma parts thousands, {text.replace(',', '.')} if not",
    ),
    (
        r"[-+]?[0-9]*,[0-9]+(?:[eE][-+]?[0-9]+)?",
        lambda text: f"a decimal comma: write {text.replace(',', '.')}",
    ),
    (r"[-+]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+", lambda text: f"write {text.replace('.', '').replace(',', '.')}"),
    (r"[-+]?[0-9]{1,3}(?:\.[0-9]{3}){2,}", lambda text: _without(".", text)),
    (r"[-+]?[0-9]{1,3}(?:'[0-9]{3})+(?:\.[0-9]+)?", lambda text: _without("'", text)),
    (r"[-+]?[0-9]+(?:_[0-9]+)+", lambda text: f"write {text.replace('_', '')}"),
    (
        r"(?i:0x[0-9a-f]{1,16}|0o[0-7]{1,16}|0b[01]{1,16})",
        lambda text: f"write it in decimal: {int(text, 0)}",
    ),
    (r"[-+.0-9]+ ?%", lambda text: f"write {text.rstrip(' %')}/100"),
    (r"[0-9]{4}([-/])[0-9]{1,2}\1[0-9]{1,2}.*|[0-9]{1,2}([-/])[0-9]{1,2}\2[0-9]{4}", lambda _: "this reads as a date"),
    (r"(?i:true|false|yes|no|on|off)", lambda _: "write 1 or 0"),
    (
        _MISSING,
        lambda _: "write nan for a missing value, or a number",
    ),
    (r"#.*", lambda _: "a comment stands on a line of its own"),
    (_UNIT, lambda text: f"write {re.match(_PLAIN, text)[0]}, without the unit"),  # type: ignore[index]
    (r".*[^\x00-\x7f].*", lambda _: "write numbers with the ASCII digits 0 to 9"),
)


LONGEST_EXPRESSION = 200
_DEEPEST = 30
_TOKEN = re.compile(
    r"(?P<space>[ \t\n]*)(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>\*\*|[-+*/()^])|(?P<other>.))",
    re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str
    after_space: bool


_END = _Token("end", "", False)


def evaluate(text: str) -> Number:
    """The value of an expression: exact (``int``, ``Fraction``) unless it holds a float, ``pi`` or an irrational root.

    >>> evaluate("1/9"), evaluate("4/2"), evaluate("sqrt(4)"), evaluate("2*(1+.5)")
    (Fraction(1, 9), 2, 2, 3.0)

    Raises:
        FieldError: it is no such expression.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise FieldError(
            f"an expression of {len(text):,} characters, at most {LONGEST_EXPRESSION}", hint="write its value"
        )
    return _simplest(_Evaluator(text).value())


class _Evaluator:
    """A recursive descent over the tokens; its depth is bounded by ``_DEEPEST``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [_token(match) for match in _TOKEN.finditer(text)]
        self.at = 0

    def value(self) -> Number:
        value = self._sum(0)
        if self._next is not _END:
            raise self._unexpected()
        return value

    @property
    def _next(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def _take(self, *signs: str) -> str:
        """The next token's text if it is one of the signs, and the step past it; otherwise nothing."""
        token = self._next
        if token.kind != "sign" or token.text not in signs:
            return ""
        self.at += 1
        return token.text

    def _sum(self, depth: int) -> Number:
        value = self._product(depth)
        while not self._starts_a_value() and (sign := self._take("+", "-")):
            value = self._checked(_OPERATIONS[sign], value, self._product(depth))
        return value

    def _starts_a_value(self) -> bool:
        """Whether the sign that comes next belongs to a new value, as in ``1 -1``: a space before it, none after."""
        token, following = self._next, (self.tokens[self.at + 1 :] or [_END])[0]
        joined = following is not _END and not following.after_space
        return token.text in {"+", "-"} and token.after_space and joined

    def _product(self, depth: int) -> Number:
        value = self._factor(depth)
        while sign := self._take("*", "/"):
            other = self._factor(depth)
            if sign == "/" and other == 0:
                raise FieldError(f"division by zero in {shown(self.text)}")
            value = self._checked(_OPERATIONS[sign], value, other)
        return value

    def _factor(self, depth: int) -> Number:
        negative = False
        while sign := self._take("+", "-"):
            negative ^= sign == "-"
        value = self._atom(depth)
        return -value if negative else value

    def _atom(self, depth: int) -> Number:
        token = self._next
        if token.kind == "number":
            self.at += 1
            return int(token.text) if token.text.isdigit() else self._checked(float, token.text)
        if token.kind == "name":
            return self._name(token.text, depth)
        if token.text == "(":
            return self._group(depth)
        raise self._unexpected()

    def _group(self, depth: int) -> Number:
        if depth == _DEEPEST:
            raise FieldError(f"more than {_DEEPEST} nested parentheses", hint="write the value")
        if not self._take("("):
            raise self._unexpected()
        value = self._sum(depth + 1)
        if not self._take(")"):
            raise self._unexpected()
        return value

    def _name(self, name: str, depth: int) -> Number:
        self.at += 1
        if name == "pi":
            return math.pi
        if name == "sqrt":
            return self._root(self._group(depth))
        if len(self.tokens) == 1:
            raise FieldError(f"expected a number, got {shown(name)}")
        raise FieldError(f"unknown name {shown(name)}", hint="the names known here are pi and sqrt")

    def _root(self, value: Number) -> Number:
        if value < 0:
            raise FieldError(f"the square root of a negative number in {shown(self.text)}")
        if isinstance(value, float):
            return math.sqrt(value)
        exact = Fraction(value)
        root = Fraction(math.isqrt(exact.numerator), math.isqrt(exact.denominator))
        return root if root * root == exact else math.sqrt(exact)

    def _checked(self, operation: Callable[..., Number], *operands: Number | str) -> Number:
        value = operation(*operands)
        if isinstance(value, float) and not math.isfinite(value):
            raise out_of_range(self.text)
        return value

    def _unexpected(self) -> FieldError:
        token = self._next
        before = self.tokens[self.at - 1] if self.at else _END
        if token.text in {"**", "^"}:
            return FieldError(f"powers are not read: {shown(self.text)}", hint="write the value")
        if token is _END and self.text.count("(") > self.text.count(")"):
            return FieldError(f"a parenthesis is not closed in {shown(self.text)}")
        if token.after_space and before.kind == "number" and token.kind in {"number", "sign"} and token.text != ")":
            sign_and_value = "".join(each.text for each in self.tokens[self.at : self.at + 2])
            value = token.text if token.kind == "number" else sign_and_value
            return FieldError(
                f"missing comma between {self._before()} and {value}", hint="write a comma between two values"
            )
        return FieldError(f"expected a number, got {shown(self.text)}")

    def _before(self) -> str:
        """The value before the current token as it was written, with its sign."""
        signed = self.at >= 2 and self.tokens[self.at - 2].text in {"+", "-"}
        return "".join(token.text for token in self.tokens[self.at - 1 - signed : self.at])


def out_of_range(text: str) -> FieldError:
    """The error for a value beyond the range of floats."""
    return FieldError(f"out of range: {shown(text)}", hint="the largest float is about 1.8e308")


def _token(match: re.Match[str]) -> _Token:
    kind = match.lastgroup or "other"
    return _Token(kind, match[kind], bool(match["space"]))


def _quotient(value: Number, other: Number) -> Number:
    if isinstance(value, float) or isinstance(other, float):
        return value / other
    return Fraction(value) / other


_OPERATIONS: dict[str, Callable[..., Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
}


def _simplest(value: Number) -> Number:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value
