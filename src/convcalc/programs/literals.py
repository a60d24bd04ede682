"""Numbers, arrays, texts and names as Python's literals and identifiers: nothing of a file becomes code."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection
from fractions import Fraction
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from convcalc.errors import DataError
from convcalc.numerals import exact_text
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from convcalc.arrays import Array

LINE = 74
"""Columns of a program, so that a page of 80 has room for the numbers of lines."""
_LONGEST = 300  # characters of a title
_MOST_DIGITS = 4000  # Python itself refuses literals of more than 4,300
_NAME = re.compile(r"[^0-9a-z]+")


def string(text: str) -> str:
    r"""A text as a string literal in ASCII.

    >>> print(string("it's\n"), string("prog.npz"))
    "it's\n" 'prog.npz'
    """
    return ascii(text)


def docstring(text: str) -> str:
    r'''A text as the docstring of a program; no sign of it can end it.

    >>> docstring('a"""; b\\')
    '"""a\\"\\"\\"; b\\\\"""'
    '''
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    lines = wrap(safe_text(shown), LINE - 6, break_long_words=False, break_on_hyphens=False)
    escaped = "\n".join(lines).replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{escaped}"""'


def identifier(text: str, taken: Collection[str], otherwise: str) -> str:
    """A text as a name of Python that is not taken; ``otherwise``: where nothing of it is left.

    >>> identifier("features.0", (), "layer1"), identifier("import os", ("import_os",), ""), identifier("★", (), "x")
    ('features_0', 'import_os_2', 'x')
    """
    name = _NAME.sub("_", text.lower()).strip("_")[:40] if text.isascii() else ""
    if not name or not name[0].isalpha() or keyword.iskeyword(name) or keyword.issoftkeyword(name):
        name = f"{otherwise}_{name}" if name else otherwise
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def number_literal(value: Any, *, is_exact: bool = False) -> str:
    """A number; a fraction as ``Fraction(1, 3)``, or where floats are computed with as ``1/3``.

    >>> number_literal(3), number_literal(Fraction(1, 3)), number_literal(Fraction(1, 3), is_exact=True)
    ('3', '1/3', 'Fraction(1, 3)')
    """
    if isinstance(value, Fraction) and value.denominator != 1:
        above, below = _whole(value.numerator), _whole(value.denominator)
        return f"Fraction({above}, {below})" if is_exact else f"{above}/{below}"
    if isinstance(value, Fraction | int) and not isinstance(value, bool):
        return _whole(int(value))
    text = str(value)
    return text if text.lstrip("-") not in ("inf", "nan") else f'float("{text}")'


def _whole(value: int) -> str:
    text = exact_text(value)
    if len(text) > _MOST_DIGITS:
        raise DataError(
            f"a number of {len(text):,} digits cannot be written into a program",
            hint=f"Python takes literals of at most {_MOST_DIGITS:,} digits",
        )
    return text


def array_literal(values: Array, *, is_exact: bool = False) -> str:
    """An array as nested lists: short ones in a line, others a row a line.

    >>> import numpy as np
    >>> print(array_literal(np.array([[1, 20], [3, 4]])))
    [
        [1, 20],
        [3,  4],
    ]
    """
    if values.ndim == 0:
        return number_literal(values[()], is_exact=is_exact)

    def text(value: Any) -> str:
        return number_literal(_plain(value), is_exact=is_exact)

    if values.ndim == 1 or not values.size:
        return _row([text(each) for each in values]) if values.ndim == 1 else str(values.tolist())
    return _nested(values, text, "    ")


def _plain(value: Any) -> Any:
    """NumPy's whole numbers as Python's; its floats write themselves in the fewest digits of their own type."""
    return (
        int(value) if getattr(getattr(value, "dtype", None), "kind", "") in "iub" and hasattr(value, "dtype") else value
    )


def _row(texts: list[str], margin: str = "") -> str:
    line = f"[{', '.join(texts)}]"
    if len(margin) + len(line) <= LINE:
        return line
    lines, room = [""], LINE - len(margin) - 4
    for each in texts:
        if lines[-1] and len(lines[-1]) + len(each) + 2 > room:
            lines.append("")
        lines[-1] += f"{each}, "
    inside = "\n".join(f"{margin}    {each.rstrip()}" for each in lines)
    return f"[\n{inside}\n{margin}]"


def _nested(values: Array, text: Callable[[Any], str], margin: str) -> str:
    """Rows, or blocks of them; the last axis in columns of one width."""
    rows = []
    if values.ndim == 2:
        cells = [[text(each) for each in row] for row in values]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        rows = [_row([each.rjust(w) for each, w in zip(row, widths, strict=True)], margin) for row in cells]
    else:
        for part in values:
            line = _one_line(part, text)
            rows.append(line if len(margin) + len(line) < LINE else _nested(part, text, margin + "    "))
    inside = "".join(f"{margin}{row},\n" for row in rows)
    return f"[\n{inside}{margin[:-4]}]"


def _one_line(values: Array, text: Callable[[Any], str]) -> str:
    if values.ndim == 0:
        return text(values[()])
    return f"[{', '.join(_one_line(each, text) if values.ndim > 1 else text(each) for each in values)}]"
