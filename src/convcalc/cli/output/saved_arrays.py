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
ARRAY_SUFFIXES = (".npy", ".npz", ".csv", ".png")
_COLOURS = 3


def save_array(
    path: str,
    arrays: Mapping[str, Array],
    *,
    force: bool,
    rgb: bool = False,
    rule: str = "auto",
    white: float | None = None,
) -> tuple[str, ...]:
    """Write ``arrays["output"]`` as .npy, .csv or .png, or all of them as .npz; returns notes on the file.

    ``rgb``, ``rule`` and ``white`` are those of :func:`~convcalc.picture.pixels.to_pixels`.

    Raises:
        OutputError: the suffix is none of these, the file cannot hold the array, or it cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in ARRAY_SUFFIXES:
        raise OutputError(f"no array is saved as {suffix or path}", hint=f"one of: {', '.join(ARRAY_SUFFIXES)}")
    if suffix == ".png":
        return _save_png(path, arrays[OUTPUT], force, rgb, rule, white)
    writer = {".npy": _npy_writer, ".npz": _npz_writer, ".csv": _csv_writer}[suffix]
    write_atomically(path, writer(arrays), force=force)
    return ()


def save_result(path: str, problem: Problem, output: Array, *, force: bool, rule: str = "auto") -> tuple[str, ...]:
    """Write the output; .npz gets input, weight (as written), scale and bias too: output = sums × scale + bias.

    ``rule`` is that of :func:`~convcalc.picture.pixels.to_pixels`, for .png; where a kernel keeps the brightness of
    an image, auto makes an image of the output too, as in a gallery.

    Raises:
        OutputError: the file cannot hold the output, or cannot be written.
    """
    if Path(path).suffix.lower() == ".png":
        from convcalc.picture.mapping import CLIP, white_of
        from convcalc.picture.pixels import picture_of

        colours = problem.in_channels == problem.out_channels == _COLOURS
        picture = {OUTPUT: picture_of(output)}
        white = white_of(problem.input)
        rule = CLIP if _stays_picture(problem, rule, white) else rule
        return save_array(path, picture, force=force, rgb=colours, rule=rule, white=white)
    arrays = {OUTPUT: squeezed(output)}
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


def _stays_picture(problem: Problem, rule: str, white: float) -> bool:
    """Whether the output is an image as the input is: each of its channels from one kernel with the sum 1."""
    from convcalc.kernels.kernel import Kernel
    from convcalc.kernels.properties import properties_of
    from convcalc.picture.mapping import is_in_picture, stays_picture

    channels = (problem.in_channels, problem.out_channels)
    if not problem.labels.is_image or set(channels) - {1, _COLOURS} or any(problem.bias):
        return False
    kernels = zip(problem.weight, problem.scale, strict=True)
    is_normalised = all(properties_of(Kernel("", weight, scale=scale)).is_normalised for weight, scale in kernels)
    return is_in_picture(problem.input, white) and stays_picture(rule, is_normalised=is_normalised)


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


def _save_png(path: str, output: Array, force: bool, rgb: bool, rule: str, white: float | None) -> tuple[str, ...]:
    from convcalc.files.image import write_png
    from convcalc.picture.pixels import to_pixels

    pixels, stated = to_pixels(output, rgb=rgb, rule=rule, white=white)
    write_atomically(path, lambda stream: write_png(stream, pixels), force=force)
    return (stated,)
