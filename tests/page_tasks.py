"""What the page's script is asked in tests: layers with inputs, of which Python has the answers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import convcalc
from convcalc.arrays import plain
from convcalc.engine.plan import make_plan
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.page.data import input_of, layer_data, numbers_data
from convcalc.page.excerpt import is_scripted
from differential.exact import answer
from differential.judge import Fault, differing
from differential.layer_reference import REFERENCE
from differential.networks import Net, _bound, any_network
from differential.problems import Case, any_problem

ASSETS = Path(convcalc.__file__).parent / "page" / "assets"

# What the script answers to a list of tasks: the output, and the retold cell.
ANSWERING = """
function answersOf(tasks) {
  const scalar = (each) => (isExact(each) ? textOf(each) : each);
  const all = (numbers) => ({ type: numbers.type, shape: numbers.shape, values: scalarsOf(numbers).map(scalar) });
  return tasks.map(({ layer: record, inputs: arrays, word, cell, used }) => {
    const [layer, inputs] = [layerOf(record), arrays.map(decode)];
    const kind = KINDS[layer.kind];
    const told = kind.explain(layer, inputs, cell);
    const total = totalOf(told);
    const shapes = inputs.map(({ shape }) => shape);
    return {
      shape: kind.shape(layer, shapes),
      output: all(kind.forward(layer, inputs, word)),
      total: total === null ? null : scalar(total),
      terms: told.terms.map((term) => [term.input, term.source, scalar(term.value)]),
      uses: kind.users(layer, shapes, used).map((use) => use.cell),
    };
  });
}
"""


class Task(NamedTuple):
    """A layer with one sample of its inputs."""

    name: str
    stage: Stage
    inputs: list[Any]
    """(1, *shape) each."""
    word: str
    cell: tuple[int, ...]
    used: tuple[int, ...]
    """A cell of the first input."""
    case: Case | None = None
    net: Net | None = None
    number: int = 0

    @property
    def network(self) -> Network:
        """The layer by itself."""
        return Network(self.stage.layer.input_shape, (self.stage,))

    @property
    def record(self) -> dict[str, Any]:
        """As the script takes it."""
        return {
            "layer": layer_data(self.stage),
            "inputs": [numbers_data(input_of(self.network, each[0])) for each in self.inputs],
            "word": self.word,
            "cell": self.cell,
            "used": self.used,
        }


def script() -> str:
    """The parts of the page's script that compute, and what answers tasks."""
    parts = ("numbers.js", "convolution.js", "network.js")
    return "\n".join([*((ASSETS / name).read_text(encoding="utf-8") for name in parts), ANSWERING])


def problem_task(seed: int, number: int) -> Task:
    """A random problem, its first sample."""
    rng = np.random.default_rng([seed, number])
    case = any_problem(rng)
    case = case._replace(cells=case.cells[:1])
    problem = case.problem()
    layer = Convolution(problem.input.shape[1:], problem.geometry)
    stage = Stage("conv", layer, (INPUT,), problem=problem)
    cell, used = _any(rng, layer.output_shape), _any(rng, layer.input_shape)
    return Task(
        f"problem {number} of seed {seed}: {case}", stage, [problem.input], case.options["dtype"], cell, used, case
    )


def network_tasks(seed: int, number: int) -> Iterator[Task]:
    """The layers of a random network, each on what Python made of those below."""
    rng = np.random.default_rng([seed, number, 1])
    net = any_network(rng)
    net = net._replace(cells=net.cells[:1])
    outputs = {INPUT: net.cells, **dict(net.network.outputs(net.cells, net.context, range(len(net.told))))}
    for each, stage in enumerate(net.network.stages):
        inputs = [outputs[below] for below in stage.inputs]
        if not is_scripted(stage.layer):
            continue
        cell, used = _any(rng, stage.layer.output_shape), _any(rng, stage.layer.input_shape)
        name = f"network {number} of seed {seed}, {stage.name}: {net}"
        yield Task(name, stage, inputs, net.context.dtype, cell, used, None, net, each)


def _any(rng: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(rng.integers(size)) for size in shape)


def array_of(found: dict[str, Any]) -> Any:
    """An output of the script as an array, (1, *shape)."""
    shape = (1, *found["shape"])
    if found["type"] != "whole":
        return np.array(found["values"], found["type"]).reshape(shape)
    values = np.empty(len(found["values"]), object)
    values[:] = [plain(Fraction(each)) for each in found["values"]]
    return values.reshape(shape)


def faults(task: Task, found: dict[str, Any]) -> Iterator[str]:
    """What the script says of a task that is not so."""
    output = array_of(found["output"])
    layer = task.stage.layer
    if tuple(found["shape"]) != layer.output_shape:
        yield f"{task.name}: the shape is {found['shape']}, must be {layer.output_shape}"
        return
    compared = _of_case(task, output) if task.case else _of_layer(task, output)
    yield from (f"{task.name}: {fault}" for fault in compared)
    yield from (f"{task.name}: {fault}" for fault in _told(task, found, output))


def _of_case(task: Task, output: Any) -> Iterator[Fault]:
    problem = task.stage.problem
    assert problem and task.case
    case = task.case
    options = {name: value for name, value in case.options.items() if name != "dtype"}
    right = answer(case.cells, case.weight, case.bias, scale=case.scale, **options)
    yield from differing("the page", output, problem, make_plan(problem, "direct"), right)


def _of_layer(task: Task, output: Any) -> Iterator[Fault]:
    assert task.net
    values = task.stage.values()
    kind, told = task.net.kinds[task.number], task.net.told[task.number]
    right = REFERENCE[kind](task.inputs, dict(values), told)
    python = task.stage.compute(task.inputs, task.net.context)
    if output.dtype.kind != "f":
        wrong = np.argwhere(np.asarray(output != python, bool))
        yield from (Fault("the page", tuple(place), output[tuple(place)], python[tuple(place)]) for place in wrong[:1])
        return
    if output.dtype != python.dtype:
        yield Fault("the page's dtype", (), output.dtype, python.dtype)
    bound = _bound(output, right, task.inputs, values, [])
    with np.errstate(all="ignore"):
        wrong = ~(np.abs(output.astype(float) - right.values.astype(float)) <= bound)
    for place in map(tuple, np.argwhere(wrong)[:1].tolist()):
        allowed = np.broadcast_to(bound, output.shape)[place]
        yield Fault("the page", place, float(output[place]), float(right.values[place]), float(allowed))


def _told(task: Task, found: dict[str, Any], output: Any) -> Iterator[str]:
    """The retold cell: its terms are those of the trace, and exact ones come to the output; so are the uses."""
    trace = task.stage.layer.trace(task.inputs, _values(task), task.cell, 0, _context(task))
    wanted = [[term.source, list(term.cell) if term.cell is not None else None] for term in trace.terms]
    if [each[:2] for each in found["terms"]] != wanted:
        yield f"the terms of {task.cell} are {found['terms']}, must be {wanted}"
    here = output[(0, *task.cell)]
    total = found["total"]
    if isinstance(total, str) and output.dtype.kind != "f" and Fraction(total) != here:
        yield f"the total of {task.cell} is {total}, must be {here}"
    marks = np.zeros((1, *task.stage.layer.input_shape), bool)[0]
    marks[task.used] = True
    inputs = [marks, *(np.zeros_like(marks) for _ in task.inputs[1:])]
    reached = sorted(map(tuple, np.argwhere(task.stage.layer.reaches(inputs)).tolist()))
    uses = sorted(set(map(tuple, found["uses"])))
    if uses != reached:
        yield f"{task.used} is used by {uses}, must be {reached}"


def _values(task: Task) -> Any:
    problem = task.stage.problem
    if problem is None:
        return task.stage.values()
    bias = {"bias": np.array(problem.bias, object)} if problem.has_bias else {}
    return {"weight": problem.weight, "scale": problem.scale, **bias}


def _context(task: Task) -> Any:
    from convcalc.context import Context

    return task.net.context if task.net else Context(task.word)
