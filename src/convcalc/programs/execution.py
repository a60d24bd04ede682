"""A program run once, line by line, within bounds: what each line made, and of loops some iterations.

The program itself runs, with Python's own trace; nothing is computed a second time. Only programs of this room are run:
their foreign texts are literals.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.programs.program import Program

_NAME = "<program>"
_FIRST, _LAST = 12, 2  # iterations of a loop that are kept, from its beginning and its end
_MOST_RUNS = 3  # of a line outside a loop, or of a loop
_LARGEST = 400  # numbers of an array that are kept; of a larger one its shape, its range and a corner
_CORNER = 8
MOST_STEPS, MOST_SECONDS = 2_000_000, 20.0


class Snapshot(NamedTuple):
    """A value as it was."""

    text: str
    """How the program calls it, with the numbers of its indices: ``output[0, 1]``."""
    value: Any
    """A number, a tuple, or the array or a corner of it."""
    shape: tuple[int, ...] | None = None
    """Of an array."""
    dtype: str = ""
    is_whole: bool = True
    """Whether the value is all of the array."""


class Made(NamedTuple):
    """What a line made."""

    line: int
    """The first line of the statement, from 1."""
    result: Snapshot
    factors: tuple[Snapshot, ...] = ()
    """Of a product of arrays: both of them."""
    summed: Snapshot | None = None
    """Of a sum: the array that is summed."""


class Iteration(NamedTuple):
    """One pass through the body of an innermost loop."""

    indices: tuple[tuple[str, int], ...]
    """The variables of the loops around it."""
    made: tuple[Made, ...]


@dataclass
class Loop:
    """An innermost loop while its function was called once: with the loops around it."""

    line: int
    """Of its first statement in the body."""
    first: list[Iteration] = field(default_factory=list)
    last: deque[Iteration] = field(default_factory=lambda: deque(maxlen=_LAST))
    iterations: int = 0

    def add(self, iteration: Iteration) -> None:
        """Keep an iteration of the beginning, or in place of an earlier one of the end."""
        self.iterations += 1
        if len(self.first) < _FIRST:
            self.first.append(iteration)
        else:
            self.last.append(iteration)


@dataclass
class Execution:
    """What was seen while a program ran."""

    made: dict[int, list[Made]] = field(default_factory=dict)
    """By the first line of a statement outside innermost loops: what it made, the first times."""
    runs: dict[int, int] = field(default_factory=dict)
    """How often such a statement ran."""
    loops: list[Loop] = field(default_factory=list)
    """The innermost loops, in the order in which they were entered; of each some times only."""
    loop_runs: dict[int, int] = field(default_factory=dict)
    """How often each was entered, by its line."""
    steps: int = 0
    is_complete: bool = True
    """Whether it ran to its end within the bounds."""


class _BoundError(Exception):
    """The bounds are reached."""


class _Statement(NamedTuple):
    """What is looked at once a statement has run."""

    line: int
    targets: tuple[tuple[str, CodeType, tuple[tuple[str, CodeType], ...]], ...]
    """Each with the expressions of its indices."""
    factors: tuple[tuple[str, CodeType], ...]
    summed: tuple[str, CodeType] | None
    loop: int
    """The first line of the innermost loop's body that it stands in, or 0."""
    is_last: bool
    """Whether it is the last one of that body."""
    variables: tuple[str, ...]
    """Of the loops around it."""


def execute(program: Program, *, steps: int = MOST_STEPS, seconds: float = MOST_SECONDS) -> Execution:
    """Run a program of NumPy and note what its lines made; at most so many steps and seconds.

    Raises:
        ConvcalcError: its output is not the one that must come out.
    """
    tree = ast.parse(program.source)
    watch = _Watch(_statements(tree), steps, monotonic() + seconds)
    code = compile(tree, _NAME, "exec")
    with TemporaryDirectory() as folder:
        if program.arrays:
            np.savez(Path(folder) / program.data_name, **program.arrays)  # type: ignore[arg-type]
        scope = {"__name__": "__main__", "__file__": str(Path(folder) / "program.py"), "print": lambda *_: None}
        try:
            with _traced(watch.entered):
                exec(code, scope)
        except _BoundError:
            watch.seen.is_complete = False
        except AssertionError:
            raise ConvcalcError(
                "the program does not get the engine's output",
                hint="one of them is wrong, which is a fault of convcalc: please report it with its input",
            ) from None
    return watch.seen


@contextmanager
def _traced(function: Any) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(function)
    try:
        yield
    finally:
        sys.settrace(before)


class _Watch:
    """Receives the events of Python's trace."""

    def __init__(self, statements: Mapping[int, _Statement], steps: int, until: float) -> None:
        self.seen = Execution()
        self._statements, self._steps, self._until = statements, steps, until
        self._pending: dict[int, _Statement | None] = {}
        self._open: dict[tuple[int, int], Loop | None] = {}
        self._body: dict[tuple[int, int], list[Made]] = {}

    def entered(self, frame: FrameType, *_: Any) -> Any:
        """A function is called: only those of the program are watched, comprehensions apart."""
        code = frame.f_code
        is_watched = code.co_filename == _NAME and (code.co_name == "<module>" or not code.co_name.startswith("<"))
        if not is_watched:
            return None
        self._pending[id(frame)] = None
        return self.moved

    def moved(self, frame: FrameType, event: str, _: Any) -> Any:
        """A line is about to run, so the one before it has; or the function returns."""
        if event not in ("line", "return"):
            return self.moved
        self.seen.steps += 1
        if self.seen.steps > self._steps or (not self.seen.steps % 1024 and monotonic() > self._until):
            raise _BoundError
        statement = self._statements.get(frame.f_lineno) if event == "line" else None
        before = self._pending.get(id(frame))
        if before is not None and before is not statement:
            self._note(before, frame)
        self._pending[id(frame)] = statement
        if event == "return":
            self._left(id(frame))
        return self.moved

    def _left(self, frame: int) -> None:
        for held in (self._open, self._body):
            for key in [key for key in held if key[0] == frame]:
                del held[key]
        self._pending.pop(frame, None)

    def _note(self, statement: _Statement, frame: FrameType) -> None:
        """What a statement made, in its loop or by itself."""
        if not statement.loop:
            runs = self.seen.runs[statement.line] = self.seen.runs.get(statement.line, 0) + 1
            if runs <= _MOST_RUNS:
                self.seen.made.setdefault(statement.line, []).extend(_made(statement, frame))
            return
        key = (id(frame), statement.loop)
        if key not in self._open:
            runs = self.seen.loop_runs[statement.loop] = self.seen.loop_runs.get(statement.loop, 0) + 1
            self._open[key] = Loop(statement.loop) if runs <= _MOST_RUNS else None
            if runs <= _MOST_RUNS:
                self.seen.loops.append(self._open[key])  # type: ignore[arg-type]
        loop = self._open[key]
        if loop is None:
            return
        body = self._body.setdefault(key, [])
        body += _made(statement, frame)
        if statement.is_last:
            names = [name for name in statement.variables if name in frame.f_locals]
            loop.add(Iteration(tuple((name, frame.f_locals[name]) for name in names), tuple(body)))
            body.clear()


def _made(statement: _Statement, frame: FrameType) -> list[Made]:
    scope, local = frame.f_globals, frame.f_locals
    factors = tuple(_snapshot(text, eval(code, scope, local)) for text, code in statement.factors)
    summed = None
    if statement.summed:
        summed = _snapshot(statement.summed[0], eval(statement.summed[1], scope, local))
    found = []
    for text, code, indices in statement.targets:
        places = ", ".join(str(eval(each, scope, local)) if each else name for name, each in indices)
        called = f"{text}[{places}]" if indices else text
        found.append(Made(statement.line, _snapshot(called, eval(code, scope, local)), factors, summed))
    return found


def _snapshot(text: str, value: Any) -> Snapshot:
    if not isinstance(value, np.ndarray):
        return Snapshot(text, value)
    is_whole = value.size <= _LARGEST
    kept: Array = value if is_whole else value[(0,) * max(0, value.ndim - 2)][..., :_CORNER]
    kept = kept if is_whole or kept.ndim < 2 else kept[:_CORNER]
    return Snapshot(text, kept.copy(), value.shape, str(value.dtype), is_whole)


def _statements(tree: ast.Module) -> dict[int, _Statement]:
    """Every statement that assigns, by each of its lines."""
    found: dict[int, _Statement] = {}

    def visit(body: Sequence[ast.stmt], loop: int, variables: tuple[str, ...]) -> None:
        for node in body:
            inner = getattr(node, "body", None)
            if isinstance(node, ast.For):
                is_inner = not any(isinstance(each, ast.For) for each in ast.walk(ast.Module(node.body, [])))
                name = ast.unparse(node.target)
                visit(node.body, node.body[0].lineno if is_inner else 0, (*variables, name))
            elif inner is not None and not isinstance(node, ast.Assign):
                visit(inner, 0, ())
            if isinstance(node, ast.Assign | ast.AugAssign):
                statement = _statement(node, loop, variables, is_last=node is body[-1])
                found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), statement))

    visit(tree.body, 0, ())
    return found


def _statement(node: ast.Assign | ast.AugAssign, loop: int, variables: tuple[str, ...], *, is_last: bool) -> _Statement:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
    looked = tuple(_target(each) for each in names if ast.unparse(each) != "_")
    value, summed = node.value, None
    factors: tuple[tuple[str, CodeType], ...] = ()
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult) and loop:
        factors = (_expression(value.left), _expression(value.right))
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("np.sum", "reduce") and loop:
        summed = _expression(value.args[0])
    return _Statement(node.lineno, looked, factors, summed, loop, is_last, variables)


def _target(node: ast.expr) -> tuple[str, CodeType, tuple[tuple[str, CodeType], ...]]:
    text, code = _expression(node)
    if not isinstance(node, ast.Subscript):
        return text, code, ()
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    indices = tuple(
        (ast.unparse(each), None if isinstance(each, ast.Slice) else _expression(each)[1]) for each in parts
    )
    return ast.unparse(node.value), code, indices  # type: ignore[return-value]


def _expression(node: ast.expr) -> tuple[str, CodeType]:
    text = ast.unparse(node)
    return text, compile(text, "<look>", "eval")
