"""What reads an input as convcalc does, from standard input, down to the numbers in it."""

from __future__ import annotations

import functools
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import cast

from convcalc.context import Context
from convcalc.errors import ConvcalcError
from convcalc.files.answer_sheet import read_answers
from convcalc.files.csv_reader import read_csv
from convcalc.files.named_arrays import open_arrays
from convcalc.files.npz import NpzArchive
from convcalc.files.safetensors import Safetensors
from convcalc.files.tables.large_table import read_large
from convcalc.files.tables.options import BY_CONTENT, GAP_RULES, TableOptions
from convcalc.files.tensor_file import read_tensor
from convcalc.files.text import STANDARD_INPUT, decode
from convcalc.limits import MIB, Limits
from convcalc.request.kernel_file import read_kernel_file
from convcalc.request.kernel_library import Library
from convcalc.request.request import Request, read_request
from convcalc.request.resolve import resolve
from convcalc.request.tensor_field import read_kernels

LIMITS = Limits(memory=64 * MIB)
"""Less than may be taken, so that what is planned must cover what is needed."""
_MOST_TENSORS = 20  # of a file that are read


@functools.cache
def _context() -> Context:
    library = Library.standard(limits=LIMITS)
    list(library.kernels())  # read once, here
    return Context(own_limits=LIMITS, library=library)


@functools.cache
def _default() -> Request:
    return read_request(None, _context())


def problem(_: bytes) -> object:
    """Read a problem, or whatever else the input turns out to be."""
    request = read_request(STANDARD_INPUT, _context())
    found = resolve(request, _context())
    has_numbers = request.model is not None or found.tensor is not None  # else there may be shapes only
    for stage in found.stages[: _MOST_TENSORS * has_numbers]:
        stage.values()
    return found


def answers(_: bytes) -> object:
    """Read a sheet of answers, and what it says about its questions."""
    sheet = read_answers(STANDARD_INPUT, LIMITS)
    sheet.check(9)
    return sheet.whole("seed"), sheet.whole("count"), sheet.listed("kind")


def tensor(_: bytes) -> object:
    """Read an array of any kind of file."""
    return read_tensor(STANDARD_INPUT, LIMITS)


def table(data: bytes) -> object:
    """Read a table with what its bytes choose of the options, then as its content says, as channels or as a plane."""
    chosen = sum(data)
    gaps = GAP_RULES[chosen % len(GAP_RULES)]
    options = TableOptions(gaps=gaps, header=(None, True, False)[chosen % 3], transpose=chosen % 7 == 0)
    with suppress(ConvcalcError):  # as if it were a large one
        read_large(BytesIO(data), len(data), "f", LIMITS, BY_CONTENT if chosen % 2 else options)
    with suppress(ConvcalcError):
        read_csv(decode(data, "f"), "f", LIMITS, options)
    return read_tensor(STANDARD_INPUT, LIMITS).read_as(1 + chosen % 2)


def named_arrays(_: bytes) -> object:
    """Read an archive: every array, also as the only one."""
    found = open_arrays(STANDARD_INPUT, LIMITS)
    names = found.members if isinstance(found, NpzArchive) else cast(Safetensors, found).entries
    for name in list(names)[:_MOST_TENSORS]:
        found.shape(name)
        found.read(name)
    return found.read(found.only()) if len(names) == 1 else None


def kernel_file(_: bytes) -> object:
    """Read a kernel file."""
    return read_kernel_file(Path(STANDARD_INPUT), LIMITS)


def kernel(data: bytes) -> object:
    """Read what stands after ``--kernel``."""
    text = data.decode("utf-8", "surrogateescape")
    return read_kernels(Request("", {}).override(kernel=[text]), _context())


def options(data: bytes) -> object:
    """Read options and their texts, the last of each."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    said = {name.removeprefix("--"): text for name, text in zip(lines[::2], lines[1::2], strict=False)}
    return resolve(_default().override(**said), _context())
