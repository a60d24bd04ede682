"""Attacks on files that are built of fields: every field of NPY, ZIP and safetensors may be another."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple
from zlib import compress, crc32

from .extremes import FIELDS, WORDS
from .pieces import Mutator, pieces, tokens
from .trees import as_json, tree

_MAGIC = b"\x93NUMPY"
_RARELY = 0.04

NPY_WORDS = (
    *(b"'descr'", b"'fortran_order'", b"'shape'", b"'x'", b"True", b"False", b"None", b"(", b")", b"(2,)", b"()"),
    *(b"[]", b"(2, 3)", b"(0, 5)", b"(-1, 4)", b"(True, True)", b"(2L, 3L)", b"(1.5,)", b"(1000000, 1000000)"),
    *(b"(" + b"1," * 9, b"(4294967296, 4294967296)", b"(" + b"1, " * 33 + b")", b"'<f8'", b"'>f8'", b"'=f8'"),
    *(b"'|u1'", b"'|b1'", b"'<f2'", b"'<i8'", b"'>u2'", b"'<u8'", b"'<c16'", b"'|O'", b"'|S3'", b"'<U3'", b"'|V0'"),
    *(b"'|V1099511627776'", b"'<M8[s]'", b"'<f16'", b"'float64'", b"'int'", b"[('a', '<f8')]", b"'<f8,<i4'"),
    *(b"('<f8', (2,))", b"'(2,3)f4'", b"'<f3'", b"''", b"{", b"}", b"\n", b"\\", b"#", b"'''", b"__import__('os')"),
    *(b"lambda: 0", b"x", b"1+1", b"f''", b"b'<f8'", b"..."),
)
"""What may stand in the header of an NPY, and what may not."""

_npy_header = tokens(rb"'[^']*'|[0-9]+|[(){}:,]|\s+|.")


def _npy_parts(data: bytes) -> list[bytes]:
    (length,) = struct.unpack_from("<H", data, 8)
    return [data[:8], *_npy_header(data[10 : 10 + length]), data[10 + length :]]


def _npy_of(chance: Random, parts: list[bytes]) -> bytes:
    """The NPY of its parts; one time in eight the length of the header is wrong."""
    head, *header, data = parts if len(parts) > 1 else [*parts, b""]
    content = b"".join(header)
    length = len(content) if chance.randrange(8) else chance.choice(FIELDS)
    width = "<H" if head[6:7] == b"\1" or chance.random() < _RARELY else "<I"
    return head + struct.pack(width, length % (1 << 8 * struct.calcsize(width))) + content + data


npy = pieces(_npy_parts, _npy_of, NPY_WORDS)
"""Attacks NPY files: magic, version, length, every word of the header, and the numbers."""


_NAMES = (b"a.npy", b"b.npy", b"output.npy", b"c", b"/a.npy", b"../../x.npy", b"a\0b.npy", b"\xff", b"")


class _Member(NamedTuple):
    name: bytes
    data: bytes


def npz(members: Callable[[], Sequence[bytes]]) -> Mutator:
    """What makes archives of NPY files, some of them attacked, and with fields that are not as they should be."""

    def mutate(chance: Random, _: Sequence[bytes]) -> bytes:
        seeds = members()
        made = [_member(chance, seeds) for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3)))]
        return _archive(chance, made)

    return mutate


def _member(chance: Random, seeds: Sequence[bytes]) -> _Member:
    name = chance.choice(_NAMES)
    if chance.random() < _RARELY:
        name = chance.choice(WORDS).encode("utf-8", "surrogatepass")
    return _Member(name, npy(chance, seeds) if chance.random() < 0.3 else chance.choice(seeds))


def _archive(chance: Random, members: Sequence[_Member]) -> bytes:
    """A ZIP archive (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16), each of its fields rarely an extreme number."""
    rarely = chance.choice((0.0, 0.0, _RARELY, 0.2))
    local, central = b"", b""
    for member in members:
        method = chance.choice((0, 8, 8))
        stored = member.data if method == 0 else compress(member.data, 1)[2:-4]
        common = [20, 0, method, 0, 33, crc32(member.data), len(stored), len(member.data), len(member.name), 0]
        here = len(local)
        local += _record(chance, rarely, "<4sHHHHHIIIHH", b"PK\3\4", *common) + member.name + stored
        listed = [20, *common, 0, 0, 0, 0, here]
        central += _record(chance, rarely, "<4sHHHHHHIIIHHHHHII", b"PK\1\2", *listed) + member.name
    count = len(members)
    end = _record(chance, rarely, "<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(central), len(local), 0)
    return local + central + end


def _record(chance: Random, rarely: float, layout: str, *fields: bytes | int) -> bytes:
    widths = [1 << 8 * struct.calcsize("<" + code) for code in layout[3:]]
    signature, *numbers = fields
    made = [
        (chance.choice(FIELDS) if chance.random() < rarely else int(number)) % width
        for number, width in zip(numbers, widths, strict=True)
    ]
    return struct.pack(layout, signature, *made)


SAFETENSORS_WORDS = (
    *("dtype", "shape", "data_offsets", "__metadata__", "format", "pt", "a", "b", "conv.weight", "conv.bias", "BOOL"),
    *("U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "BF16", "F32", "F64", "F8_E4M3", "F4", "C64"),
)


_header = tree(as_json, SAFETENSORS_WORDS)


def safetensors(chance: Random, seeds: Sequence[bytes]) -> bytes:
    """Attacks safetensors files: the length of the header, every node of it, and the numbers."""
    which = chance.randrange(len(seeds))
    stored = seeds[which][8 : 8 + struct.unpack_from("<Q", seeds[which])[0]]
    header = _header(chance, [stored]) if chance.random() < 0.8 else stored
    if chance.random() < 0.3:
        header = _with_offsets(chance, header)
    data = seeds[which][8 + len(stored) :]
    length = len(header) if chance.randrange(8) else chance.choice(FIELDS) % (1 << 64)
    return struct.pack("<Q", length) + header + data[: chance.choice((None, None, None, 0, len(data) // 2))]


def _with_offsets(chance: Random, header: bytes) -> bytes:
    """The header with two fields of some tensor replaced by ones that may go together."""
    try:
        entries = json.loads(header)
    except ValueError:
        return header
    for entry in entries.values() if isinstance(entries, dict) else ():
        if isinstance(entry, dict) and "shape" in entry and chance.random() < 0.5:
            entry["shape"] = chance.choice(([], [2], [1] * 9, [0, 2**62], [2**32, 2**32], [2, 3, 1, 1], [-1]))
            entry["dtype"] = chance.choice(SAFETENSORS_WORDS[10:])
    return json.dumps(entries).encode("utf-8", "surrogatepass")
