"""Attacks on documents: values are exchanged, doubled, left out, renamed and nested, and written as YAML or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from .extremes import NUMBERS, WORDS
from .pieces import Mutator

Writer = Callable[[Random, Any], bytes]

UNQUOTED = "@raw:"
"""In front of a text that is written as it stands, such as a number that no float holds."""
_MARKED = re.compile(f'"{UNQUOTED}([^"]*)"')
_MARKED_BYTES = re.compile(_MARKED.pattern.encode())
_PLAIN_WORD = re.compile(r'"([A-Za-z][\w./-]*)"')
_DEEPEST = 65  # one level more than is accepted
_LONGEST_LIST = 2000


def tree(write: Writer, words: Sequence[str] = ()) -> Mutator:
    """What attacks JSON documents and writes them; ``words``: keys and values that mean something to the reader."""

    def mutate(chance: Random, seeds: Sequence[bytes]) -> bytes:
        root = [json.loads(chance.choice(seeds))]
        for _ in range(chance.choice((1, 1, 2, 3, 5))):
            _attack(chance, root, seeds, words)
        return write(chance, root[0] if root else None)

    return mutate


def unmarked(data: bytes) -> bytes:
    """A document as it is written, without a mark on what stands without quotes."""
    return _MARKED_BYTES.sub(rb"\1", data)


def as_json(chance: Random, document: Any) -> bytes:
    """The document as JSON, its characters as they are or as escapes."""
    return _MARKED.sub(r"\1", json.dumps(document, ensure_ascii=chance.random() < 0.5)).encode("utf-8", "surrogatepass")


def as_yaml(chance: Random, document: Any) -> bytes:
    """The document as JSON, or in YAML's flow style, or in its block style."""
    style = chance.randrange(4)
    if style == 0:
        return as_json(chance, document)
    text = _flow(document) if style == 1 else "\n".join(_block(document, ""))
    return text.encode("utf-8", "surrogatepass")


def _flow(document: Any) -> str:
    return _PLAIN_WORD.sub(r"\1", _MARKED.sub(r"\1", json.dumps(document)))


def _block(document: Any, indent: str) -> list[str]:
    """The lines of a document: its two uppermost levels in block style."""
    if len(indent) > 2 or not document or not isinstance(document, list | dict):
        return [indent + _flow(document)]
    made = []
    pairs = document.items() if isinstance(document, dict) else [("-", each) for each in document]
    for key, value in pairs:
        mark = "-" if isinstance(document, list) else f"{_flow(key)}:"
        nested = _block(value, indent + "  ")
        if len(nested) == 1:
            made.append(f"{indent}{mark} {nested[0].strip()}")
        else:
            made += [indent + mark, *nested]
    return made


def _attack(chance: Random, root: list[Any], seeds: Sequence[bytes], words: Sequence[str]) -> None:
    """One attack, in place."""
    place = _place(chance, root)
    if place is None:
        root.append(json.loads(chance.choice(seeds)))
        return
    parent, key = place
    match chance.randrange(8):
        case 0:
            other, there = _place(chance, root) or place
            if not _holds(parent[key], other) and not _holds(other[there], parent):
                parent[key], other[there] = other[there], parent[key]
        case 1:
            del parent[key]
        case 2:
            _double(chance, parent, key, words)
        case 3:
            _rename(chance, parent, key, words)
        case 4:
            parent[key] = _nested(chance, parent[key], words)
        case _:
            parent[key] = _value(chance, parent[key], seeds, words)


def _place(chance: Random, root: Any) -> tuple[Any, Any] | None:
    """A list or mapping and an index or key in it, found on a random way down."""
    parent, place = root, None
    while isinstance(parent, list | dict) and parent:
        key = chance.choice(list(parent)) if isinstance(parent, dict) else chance.randrange(len(parent))
        place = parent, key
        if chance.random() < 0.25:
            break
        parent = parent[key]
    return place


def _holds(document: Any, part: Any) -> bool:
    """Whether a part is the document or within it."""
    if document is part:
        return True
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return any(_holds(each, part) for each in inner)


def _double(chance: Random, parent: Any, key: Any, words: Sequence[str]) -> None:
    if isinstance(parent, dict):
        parent[_word(chance, words)] = parent[key]
    elif len(parent) < _LONGEST_LIST:
        is_large = isinstance(parent[key], list | dict)  # five attacks may double what is doubled already
        parent[key:key] = [parent[key]] * (1 if is_large else chance.choice((1, 1, 2, 9, 65)))


def _rename(chance: Random, parent: Any, key: Any, words: Sequence[str]) -> None:
    """Another key for the value, in the same place."""
    if isinstance(parent, list):
        parent[key] = _word(chance, words)
        return
    pairs, name = list(parent.items()), _word(chance, words)
    parent.clear()
    parent.update((name if each == key else each, value) for each, value in pairs)


def _nested(chance: Random, value: Any, words: Sequence[str]) -> Any:
    levels = chance.choice((1, 1, 1, 2, 2, 3, 8, _DEEPEST - 4))
    for _ in range(levels):
        value = [value] if chance.random() < 0.7 else {_word(chance, words): value}
    return value


def _value(chance: Random, old: Any, seeds: Sequence[bytes], words: Sequence[str]) -> Any:
    match chance.randrange(8):
        case 0:
            return _word(chance, words)
        case 1:
            place = _place(chance, json.loads(chance.choice(seeds)))
            return place[0][place[1]] if place else None
        case 2:
            return chance.choice(([], {}, "", None, True, [[]], [old, old]))
        case 3 if isinstance(old, int | float):
            return chance.choice((old + 1, old - 1, -old, old * 2, old / 2))
        case _:
            return UNQUOTED + chance.choice(NUMBERS)


def _word(chance: Random, words: Sequence[str]) -> str:
    return chance.choice(words if words and chance.random() < 0.7 else WORDS)
