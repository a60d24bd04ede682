"""What a function does not take, and what it is told instead."""

from __future__ import annotations

from typing import Any

from convcalc.arrays import count_not_finite
from convcalc.conventions.convention import Convention
from convcalc.errors import FieldError
from convcalc.geometry.arguments import PaddingWord
from convcalc.problem import Problem
from convcalc.wording import counted, shape_text


def check_stated(convention: Convention, padding: Any, boundary: Any) -> None:
    """Refuse a padding or a boundary that the function cannot be told.

    Raises:
        FieldError: it is one.
    """
    if boundary is not None and "boundary" not in convention.takes:
        _refuse(convention, "boundary", f"its border is {convention.border}")
    _check_border(convention, boundary)
    if padding is None or "padding" in convention.takes:
        return
    if convention.paddings and isinstance(padding, str) and padding in {*convention.paddings, *PaddingWord}:
        return
    if padding != PaddingWord.SAME or convention.size.value != padding:
        _refuse(convention, "padding", f"the size of its output is {convention.size}")


def _check_border(convention: Convention, boundary: Any) -> None:
    word = convention.borders.get(boundary, boundary) if isinstance(boundary, str) else boundary
    if boundary is None or not convention.only_borders or word in convention.only_borders:
        return
    known = ", ".join(sorted({*convention.only_borders, *convention.borders}))
    raise FieldError(f"{convention.name} has no boundary {boundary}", hint=f"one of: {known}", field="boundary")


def check_problem(convention: Convention, problem: Problem) -> None:
    """Refuse a problem with settings, a rank or a kernel that the function does not take.

    Raises:
        FieldError: it is one.
    """
    settings = {
        "stride": max(problem.axes.strides) > 1,
        "dilation": max(problem.axes.dilations) > 1,
        "bias": any(problem.bias),
    }
    for name, is_set in settings.items():
        if is_set and name not in convention.takes:
            _refuse(convention, name)
    if convention.ranks and problem.rank not in convention.ranks:
        allowed = " or ".join(map(str, convention.ranks))
        raise FieldError(
            f"{convention.name} takes {allowed} spatial {'axis' if allowed == '1' else 'axes'}, "
            f"the input has {problem.rank}",
            field="input",
        )
    if convention.finite_only and count_not_finite(problem.input):
        raise FieldError(
            f"{convention.name} fills nan from their neighbours, which is not computed here",
            hint="replace them first",
            field="input",
        )
    _check_kernel(convention, problem.kernel_size)


def check_same(convention: Convention, problem: Problem) -> None:
    """Refuse padding ``same`` with a stride or a dilation that the function does not take with it.

    Raises:
        FieldError: it is one.
    """
    needs = convention.same_needs
    values = {"stride": problem.axes.strides, "dilation": problem.axes.dilations}.get(needs)
    if values and max(values) > 1:
        raise FieldError(
            f"{convention.name} takes padding same with {needs} 1 only", hint="give the padding in numbers", field=needs
        )


def _check_kernel(convention: Convention, size: tuple[int, ...]) -> None:
    if convention.kernel_sizes and not (set(size) <= set(convention.kernel_sizes) and len(set(size)) == 1):
        allowed = " or ".join(shape_text([each] * len(size)) for each in convention.kernel_sizes)
        raise FieldError(
            f"{convention.name} takes kernels of {allowed}, this one is {shape_text(size)}", field="kernel"
        )
    if convention.odd_only and any(each % 2 == 0 for each in size):
        even = next(each for each in size if each % 2 == 0)
        raise FieldError(
            f"{convention.name} takes kernels of odd size, this one has {counted(even, 'tap')} on an axis",
            hint="add a row or a column of zeros on the side where they do no harm",
            field="kernel",
        )


def _refuse(convention: Convention, name: str, because: str = "") -> None:
    raise FieldError(
        f"{convention.name} has no {name}" + (f": {because}" if because else ""),
        hint=f"leave {name} out",
        field=name,
    )
