"""YAML and JSON as nested lists and mappings of plain text, within limits and without guessing.

The reader consumes the event stream of libyaml. Compared with ``yaml.load`` it resolves no tags (``no`` stays "no",
``010`` stays "010"), knows no anchors, keeps its own stack (so that no nesting exhausts that of the process), counts
what it takes, and is several times faster. Positions are found by a second walk, only when an error needs one.

What libyaml complains about, in the words of somebody who writes kernels.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import yaml

from convcalc.errors import ConvcalcError, FieldPath, FormatError, LimitError, Place
from convcalc.files.text import place_at, place_on_line, shown
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


Node: TypeAlias = "dict[str, Node] | list[Node] | str"
"""A mapping, a list, or a scalar as written: ``str`` when it was plain, :class:`Quoted` when it was quoted."""

_ScalarEvent = yaml.ScalarEvent
_SURROGATE_PAIR = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


class Quoted(str):
    """A scalar that was quoted (or a block of text): a word, never a keyword such as ``null``."""

    __slots__ = ()


def parse(text: str, source: str, limits: Limits) -> Node:
    """The one document of a YAML or JSON text.

    Raises:
        FormatError: it is no such text, or uses tags, anchors, merge keys, duplicate keys or several documents.
        LimitError: it nests deeper or holds more values than the limits allow.
    """
    reader = _Reader(limits)
    try:
        document = reader.read(_event_source(text))
    except yaml.YAMLError as error:
        raise readable(error, text, source, limits) from None
    except UnicodeEncodeError as error:
        raise FormatError(f"not Unicode: {text[error.start]!r}", place=place_at(source, text, error.start)) from None
    except ConvcalcError as error:
        mark = reader.event.start_mark
        error.place = place_on_line(source, text, mark.line + 1, mark.column + 1)
        raise
    if not document and type(document) is str:
        raise FormatError("file is empty", place=Place(source))
    return document


def place(source: str, text: str, path: FieldPath, *, key: bool = False) -> Place:
    """The place of the value (or of its key) at a path of keys and indices, as far as the path exists."""
    line, column = locate(text, path, key=key) or (None, None)
    return place_on_line(source, text, line, column) if line else Place(source)


def locate(text: str, path: FieldPath, *, key: bool = False) -> tuple[int, int] | None:
    """Line and column (from 1) of the value at a path in a text that :func:`parse` took, or of its deepest parent.

    With ``key`` it is the key of a mapping that is located instead of its value.
    """
    try:
        mark = _find(_event_source(text), path, key)
    except (yaml.YAMLError, UnicodeEncodeError):
        return None
    return (mark.line + 1, mark.column + 1)


class _Reader:
    """Builds the document; ``event`` is the one that an error is about."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.event: Any = None
        self.root: list[Node] = []

    def read(self, get_event: Callable[[], Any]) -> Node:
        """The document, or "" when there is none; the loop costs less than a microsecond a value."""
        add: Callable[[Any], None] = self.root.append
        outer: list[Callable[[Any], None]] = []
        left = self.limits.values
        for event in iter(get_event, None):
            self.event = event
            kind = type(event)
            if kind is _ScalarEvent:
                if event.tag is not None or event.anchor is not None:
                    raise _no_tag_or_anchor(event)
                add(Quoted(event.value) if event.style else event.value)
                left -= 1
            elif kind in _ENDS:
                add = outer.pop()
            elif kind in _STARTS:
                new = self._opened(event, len(outer))
                add(new)
                outer.append(add)
                add = new.append if isinstance(new, list) else _Pairs(self, new).add
                left -= 1
            else:
                self._outside(event)
            if left < 0:
                raise LimitError(
                    f"more than {self.limits.values:,} values",
                    hint=f"raise it with --limit values={self.limits.values * 4}",
                )
        return self.root[0] if self.root else ""

    def _outside(self, event: Any) -> None:
        """Anything but scalars, lists and mappings."""
        if isinstance(event, yaml.AliasEvent):
            raise FormatError(f"aliases are not accepted: {shown(f'*{event.anchor}')}", hint="write the value out")
        if isinstance(event, yaml.DocumentStartEvent) and self.root:
            raise FormatError("a second document starts here", hint="keep one document in a file")

    def _opened(self, event: Any, depth: int) -> list[Node] | dict[str, Node]:
        """A new list or mapping for its start event."""
        if depth >= self.limits.depth:
            raise too_deep(self.limits)
        if event.tag is not None or event.anchor is not None:
            raise _no_tag_or_anchor(event)
        return [] if type(event) is yaml.SequenceStartEvent else {}


class _Pairs:
    """Fills one mapping: what is added is a key, then its value, and so on."""

    def __init__(self, reader: _Reader, mapping: dict[str, Node]) -> None:
        self.reader = reader
        self.mapping = mapping
        self.keys: dict[str, Any] = {}
        self.key: str | None = None

    def add(self, node: Node) -> None:
        if self.key is None:
            self.key = self._checked_key(node)
            self.keys[self.key] = self.reader.event
            return
        if node == "" and ":" in self.key and not isinstance(node, Quoted):
            self._refuse_missing_space(self.key)
        self.mapping[self.key] = node
        self.key = None

    def _checked_key(self, node: Node) -> str:
        if not isinstance(node, str):
            raise FormatError(f"a key must be a word, not a {'list' if isinstance(node, list) else 'mapping'}")
        if len(node) > self.reader.limits.name:
            raise LimitError(
                f"a key of {len(node):,} characters, at most {self.reader.limits.name}",
                hint=f"raise it with --limit name={self.reader.limits.name * 2}",
            )
        if node == "<<" and not isinstance(node, Quoted):
            raise FormatError("merge keys (<<) are not accepted", hint="write the keys out")
        if node in self.keys:
            lines = [event.start_mark.line + 1 for event in (self.keys[node], self.reader.event)]
            raise FormatError(f"duplicate key {shown(node)}: in line {lines[0]} and in line {lines[1]}")
        if node == "" and not isinstance(node, Quoted):
            raise FormatError("a key is missing before ':'")
        return str(node)

    def _refuse_missing_space(self, key: str) -> None:
        event = self.keys[key]
        if not event.style:
            self.reader.event = event
            name, _, value = key.partition(":")
            raise FormatError(f"no value for the key {shown(key)}", hint=f"write {name}: {value} with a space")


_STARTS = {yaml.SequenceStartEvent, yaml.MappingStartEvent}
_ENDS = {yaml.SequenceEndEvent, yaml.MappingEndEvent}


def _no_tag_or_anchor(event: Any) -> FormatError:
    if event.anchor is not None:
        return FormatError(f"anchors are not accepted: {shown(f'&{event.anchor}')}", hint="write the value out")
    tag = event.tag.replace("tag:yaml.org,2002:", "!!")
    return FormatError(f"tags are not accepted: {shown(tag)}", hint="write the value without it")


def _event_source(text: str) -> Callable[[], Any]:
    """What returns the next event of the text, and None after the last."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if "\\u" in text:
        text = _SURROGATE_PAIR.sub(_joined, text)
    get_event: Callable[[], Any] = loader(text).get_event
    return get_event


def _joined(pair: re.Match[str]) -> str:
    r"""The character of a JSON surrogate pair, which YAML writes as one escape; ``\\`` is passed over."""
    if not pair[1]:
        return pair[0]
    code = 0x10000 + ((int(pair[1], 16) - 0xD800) << 10) + int(pair[2], 16) - 0xDC00
    return f"\\U{code:08X}"


def _find(get_event: Callable[[], Any], path: FieldPath, of_key: bool) -> Any:
    """The mark of the node at the path, or of its deepest parent that exists."""
    event = get_event()
    while not isinstance(event, yaml.NodeEvent):
        event = get_event()
    mark = event.start_mark
    for step in path:
        found = _child(get_event, event, step)
        if found is None:
            return mark
        key, event = found
        mark = key.start_mark if of_key else event.start_mark
    return mark


def _child(get_event: Callable[[], Any], parent: Any, step: str | int) -> tuple[Any, Any] | None:
    """The key event (for an item: the item's own) and the first event of a child, the parent's start just taken."""
    if type(parent) not in _STARTS:
        return None
    in_mapping = type(parent) is yaml.MappingStartEvent
    index = 0
    while type(event := get_event()) not in _ENDS:
        key, here = event, index
        if in_mapping:
            here = event.value
            event = get_event()
        if here == step:
            return key, event
        _skip(get_event, event)
        index += 1
    return None


def _skip(get_event: Callable[[], Any], event: Any) -> None:
    """Take the rest of the node that starts with the event."""
    depth = int(type(event) in _STARTS)
    while depth:
        kind = type(get_event())
        depth += (kind in _STARTS) - (kind in _ENDS)
