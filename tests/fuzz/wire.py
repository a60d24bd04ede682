"""Attacks on Protocol Buffers: fields are doubled, left out, exchanged and changed at every level of a message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from .extremes import FIELDS, WORDS
from .raw import with_field

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_DEEPEST = 6
Field = tuple[int, bytes]
"""Its key (number and wire type) and its content, a length not counted in."""


def wire(words: Sequence[bytes]) -> Callable[[Random, Sequence[bytes]], bytes]:
    """What attacks encoded messages (protobuf.dev, "Encoding"); ``words`` may replace any text."""

    def mutate(chance: Random, seeds: Sequence[bytes]) -> bytes:
        data = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 2, 3, 5))):
            data = _attacked(chance, data, chance.choice(seeds), words, _DEEPEST)
        return data

    return mutate


def _attacked(chance: Random, data: bytes, other: bytes, words: Sequence[bytes], levels: int) -> bytes:
    """The message after one attack, at a random level."""
    fields = _fields(data)
    if not fields:
        return _changed(chance, data, words)
    at = chance.randrange(len(fields))
    key, content = fields[at]
    if key & 7 == _LENGTH and levels and chance.random() < 0.75:
        fields[at] = key, _attacked(chance, content, other, words, levels - 1)
        return _message(fields)
    match chance.randrange(6):
        case 0:
            fields.insert(chance.randrange(len(fields) + 1), fields[at])
        case 1:
            del fields[at]
        case 2:
            there = chance.randrange(len(fields))
            fields[at], fields[there] = fields[there], fields[at]
        case 3:
            fields[at] = chance.choice(_fields(other) or fields)
        case 4:
            fields[at] = (key & 7) | chance.randrange(1, 32) << 3, content
        case _:
            fields[at] = key, _number(chance) if key & 7 == _VARINT else _changed(chance, content, words)
    return _message(fields)


def _changed(chance: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    match chance.randrange(4):
        case 0:
            return chance.choice(words)
        case 1:
            return chance.choice(WORDS).encode("utf-8", "surrogatepass")
        case 2:  # packed numbers, such as the sizes of an axis
            return b"".join(_number(chance) for _ in range(chance.randrange(5)))
        case _:
            return with_field(chance, data)


def _number(chance: Random) -> bytes:
    return _varint((chance.choice(FIELDS) * chance.choice((1, 1, -1))) % (1 << 64))


def _fields(data: bytes) -> list[Field]:
    """The fields of a message; none where the bytes are no message."""
    found: list[Field] = []
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        start = at
        match key & 7:
            case 0:
                at = _read_varint(data, at)[1]
            case 1:
                at += 8
            case 2:
                length, start = _read_varint(data, at)
                at = start + length
            case 5:
                at += 4
            case _:
                return []
        if at > len(data) or not 0 < key >> 3 < 64:
            return []
        found.append((key, data[start:at]))
    return found


def _message(fields: Sequence[Field]) -> bytes:
    made = []
    for key, content in fields:
        made += [_varint(key), _varint(len(content)) if key & 7 == _LENGTH else b"", content]
    return b"".join(made)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    return 0, len(data) + 1


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    made.append(value)
    return bytes(made)
