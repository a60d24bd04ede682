"""What libyaml complains about, in the words of somebody who writes kernels."""

from __future__ import annotations

from typing import Any

from convcalc.errors import ConvcalcError, FormatError, LimitError, Place
from convcalc.files.text import place_on_line, shown
from convcalc.limits import Limits

_DEEPEST = 1000  # levels, of libyaml 0.2.6 and later
_CLOSED = {
    "did not find expected ',' or ']'": ("expected a comma or ']'", "list"),
    "did not find expected ',' or '}'": ("expected a comma or '}'", "mapping"),
    "found unexpected end of stream": ("the end of the file", "quote"),
}
_PLAIN = {
    "mapping values are not allowed in this context": (
        "unexpected ':'",
        "check the indentation, and quote a text that holds ': '",
    ),
    "did not find expected '-' indicator": ("expected '- ' as in the items above", "check the indentation"),
    "did not find expected key": ("expected a key", "check the indentation"),
    "could not find expected ':'": ("expected ':' after the key", "write a space after the colon"),
    "found unexpected ':'": ("unexpected ':'", "write a space after the colon"),
    "did not find expected <document start>": ("text after the end of the value", "check the brackets before it"),
    "found unknown escape character": ("unknown escape in a quoted text", r"write \\ for a backslash"),
    "did not find expected hexdecimal number": ("an escape needs hexadecimal digits", r"write \\ for a backslash"),
    "found invalid Unicode character escape code": ("the escape stands for no character", "half of a surrogate pair"),
    "found a tab character that violates indentation": ("tab in the indentation", "use spaces"),
}


def readable(error: Any, text: str, source: str, limits: Limits) -> ConvcalcError:
    """The error of the YAML library as a sentence with its place in the text."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return FormatError(f"not YAML: {getattr(error, 'reason', error)}", place=Place(source))
    if "nesting depth" in str(error.problem):
        deep = too_deep(limits)
        deep.place = place_on_line(source, text, mark.line + 1, mark.column + 1)
        return deep
    found = text.split("\n")[mark.line][mark.column : mark.column + 1] if mark.line <= text.count("\n") else ""
    message, hint = _explained(str(error.problem), error.context_mark, found, mark.column + 1)
    if message.endswith("starts here is not closed") or message.startswith("expected ':'"):
        mark = error.context_mark
    return FormatError(message, hint=hint, place=place_on_line(source, text, mark.line + 1, mark.column + 1))


def too_deep(limits: Limits) -> LimitError:
    """The error for a document that nests deeper than it may.

    libyaml 0.2.6 reads ahead and stops at 1,000 levels by itself, before it tells of the 65th.
    """
    if limits.depth >= _DEEPEST:
        return LimitError(f"nested deeper than the {_DEEPEST:,} levels that libyaml reads")
    return LimitError(
        f"nested deeper than {limits.depth} levels", hint=f"raise it with --limit depth={limits.depth * 2}"
    )


def _explained(problem: str, context: Any, found: str, column: int) -> tuple[str, str]:
    if found == "\t":
        return f"tab at column {column}: use spaces", ""
    if problem in _CLOSED:
        return _unclosed(problem, context, found)
    if problem in _PLAIN:
        return _PLAIN[problem]
    if problem == "found character that cannot start any token":
        return f"a value cannot start with {shown(found)}", "quote it"
    if problem == "did not find expected node content":
        return f"expected a value, got {shown(found) if found else 'the end of the file'}", ""
    return problem.replace("did not find expected", "expected").replace("could not find expected", "expected"), ""


def _unclosed(problem: str, context: Any, found: str) -> tuple[str, str]:
    expected, what = _CLOSED[problem]
    if not found or what == "quote":
        return f"the {what} that starts here is not closed", ""
    return f"{expected} in the {what} opened in line {context.line + 1}, got {shown(found)}", ""
