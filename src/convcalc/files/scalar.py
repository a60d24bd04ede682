"""One number from text, without numpy: nothing is guessed and nothing becomes NaN silently."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from convcalc.errors import FieldError
from convcalc.files.expression import evaluate, out_of_range
from convcalc.files.text import shown
from convcalc.numerals import Number

MOST_DIGITS = 4300  # Python's own limit (sys.int_info.default_max_str_digits): more take quadratic time
INTEGER = re.compile(r"[-+]?[0-9]+")
THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}")
"""What may be a whole number from a thousand, or one with a decimal comma."""
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
    (r"[0-9]{4}([-/])[0-9]{1,2}\1[0-9]{1,2}.*", lambda _: "this reads as a date"),
    (r"(?i:true|false|yes|no|on|off)", lambda _: "write 1 or 0"),
    (
        _MISSING,
        lambda _: "write nan for a missing value, or a number",
    ),
    (r"#.*", lambda _: "a comment stands on a line of its own"),
    (_UNIT, lambda text: f"write {re.match(_PLAIN, text)[0]}, without the unit"),  # type: ignore[index]
    (r".*[^\x00-\x7f].*", lambda _: "write numbers with the ASCII digits 0 to 9"),
)
