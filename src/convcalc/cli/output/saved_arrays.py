"""Saving arrays in each kind of file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from convcalc.arrays import Array, as_array, squeezed
from convcalc.errors import OutputError
from convcalc.files.whole_file import write_atomically
from convcalc.numerals import Number, is_finite, nearest_float
from convcalc.problem import Problem

OUTPUT = "output"
ARRAY_SUFFIXES = (".npy", ".npz", ".csv")


def save_array(
    path: str,
    arrays: Mapping[str, Array],
    *,
    force: bool,
) -> tuple[str, ...]:
    """Write ``arrays["output"]`` as .npy or .csv, or all of them as .npz; returns notes on the file.

    Raises:
        OutputError: the suffix is none of these, the file cannot hold the array, or it cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in ARRAY_SUFFIXES:
        raise OutputError(f"no array is saved as {suffix or path}", hint=f"one of: {', '.join(ARRAY_SUFFIXES)}")
    writer = {".npy": _npy_writer, ".npz": _npz_writer, ".csv": _csv_writer}[suffix]
    write_atomically(path, writer(arrays), force=force)
    return ()


def save_result(path: str, problem: Problem, output: Array, *, force: bool) -> tuple[str, ...]:
    """Write the output; .npz gets input, weight (as written), scale and bias too: output = sums × scale + bias.

    Raises:
        OutputError: the file cannot hold the output, or cannot be written.
    """
    from convcalc.streaming.output_numbers import saved_numbers

    arrays = {OUTPUT: squeezed(saved_numbers(problem, output))}
    if Path(path).suffix.lower() == ".npz":
        arrays |= {"input": problem.input, "weight": problem.weight}
        arrays |= {"scale": _in_floats("scale", problem.scale), "bias": _in_floats("bias", problem.bias)}
    return save_array(path, arrays, force=force)


def _in_floats(name: str, numbers: Iterable[Number]) -> Array:
    """(out_channels,): exact numbers in a type for .npz, each rounded once."""
    exact = list(numbers)
    floats = list(map(nearest_float, exact))
    if any(is_finite(number) and not is_finite(value) for number, value in zip(exact, floats, strict=True)):
        raise OutputError(f"the {name} is too large for the floats of .npz", hint="write .json")
    return as_array(floats)


def _npy_writer(arrays: Mapping[str, Array]) -> Callable[[BinaryIO], None]:
    from convcalc.files.npy import write_npy

    return lambda stream: write_npy(stream, arrays[OUTPUT])


def _npz_writer(arrays: Mapping[str, Array]) -> Callable[[BinaryIO], None]:
    from convcalc.files.npz import write_npz

    return lambda stream: write_npz(stream, arrays)


def _csv_writer(arrays: Mapping[str, Array]) -> Callable[[BinaryIO], None]:
    from convcalc.files.csv_writer import array_lines

    lines = array_lines(arrays[OUTPUT])
    return lambda stream: stream.writelines(line.encode("ascii") for line in lines)
