"""Numbers and arrays for JSON, at full precision."""

from __future__ import annotations

from typing import Any

from convcalc.arrays import Array, plain
from convcalc.channels import Channels
from convcalc.problem import Problem
from convcalc.report.number_data import Cells, number_data


def array_data(values: Array) -> Any:
    """An array as nested lists for JSON, or a single number."""
    return Cells(values) if values.ndim else number_data(plain(values[()]))


def problem_data(problem: Problem) -> dict[str, Any]:
    """The description of a problem, with the numbers of the kernel and without those of the input."""
    document = setting_data(problem)
    document["kernel"] |= {
        "weight": array_data(problem.weight),
        "scale": [number_data(each) for each in problem.scale],
        "bias": [number_data(each) for each in problem.bias],
    }
    return document


def setting_data(problem: Problem) -> dict[str, Any]:
    """The description of a problem, without the numbers of its arrays."""
    return {
        "title": problem.labels.title,
        "operation": operation(problem),
        "input": {"source": problem.labels.input, "shape": list(problem.input.shape)}
        | channels_data(problem.labels.channels),
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


def channels_data(channels: Channels) -> dict[str, Any]:
    """How an input was read, names and units of its channels, and where its samples stand, as far as a file tells."""
    found: dict[str, Any] = {"reading": channels.reading} if channels.reading else {}
    if channels.names:
        found["channels"] = list(channels.names)
    if channels.units:
        found["units"] = list(channels.units)
    if (axis := channels.axis) is not None:
        first = float(axis.at(0))
        found["axis"] = {"name": axis.name, "unit": axis.unit, "first": first, "samples_a_second": axis.hertz}
    return found


def operation(problem: Problem) -> str:
    """The name of the operation."""
    return "convolution" if problem.flip else "cross-correlation"
