"""Numbers and arrays as JSON has them: full precision, nothing lost without a word."""

from __future__ import annotations

from typing import Any

from convcalc.arrays import Array, plain
from convcalc.problem import Problem
from convcalc.report.number_data import Cells, number_data


def array_data(values: Array) -> Any:
    """An array as nested lists for JSON, or a lone number."""
    return Cells(values) if values.ndim else number_data(plain(values[()]))


def problem_data(problem: Problem) -> dict[str, Any]:
    """What was computed, with the numbers of the kernel and without those of the input."""
    document = setting_data(problem)
    document["kernel"] |= {
        "weight": array_data(problem.weight),
        "scale": [number_data(each) for each in problem.scale],
        "bias": [number_data(each) for each in problem.bias],
    }
    return document


def setting_data(problem: Problem) -> dict[str, Any]:
    """What is computed, without the numbers that make up the arrays."""
    return {
        "title": problem.labels.title,
        "operation": operation(problem),
        "input": {"source": problem.labels.input, "shape": list(problem.input.shape)},
        "kernel": {
            "names": list(dict.fromkeys(filter(None, problem.labels.kernels))),
            "shape": list(problem.weight.shape),
        },
        "stride": list(problem.axes.strides),
        "padding": list(map(list, problem.axes.pads)),
        "dilation": list(problem.axes.dilations),
        "groups": problem.groups,
        "boundary": str(problem.boundary),
        "dtype": problem.dtype.value,
    }


def operation(problem: Problem) -> str:
    """The name of what is computed."""
    return "convolution" if problem.flip else "cross-correlation"
