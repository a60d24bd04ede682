"""The report of gradient descent: the loss as a curve, one weight's steps, the weights before and after."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite, log10
from typing import Any

from convcalc.arrays import Array, as_array
from convcalc.gradients.learning import KEPT, KEPT_SQUARES, TINY, End, Learned, Move
from convcalc.report.array_data import array_data
from convcalc.report.arrays.curves import Span as Axis
from convcalc.report.arrays.curves import plot_of
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, note, say
from convcalc.report.gradient.report import gradient_grids
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text
from convcalc.wording import counted, shape_text

_MOST = 256  # numbers of all weights that are written out
_DECIMALS = 6


def learning_report(found: Learned) -> Report:
    """What was learned, step by step."""
    blocks = tuple(_blocks(found))
    return Report(
        blocks=blocks,
        data=lambda: _data(found),
        rows=lambda: [("step", "loss"), *enumerate(found.losses)],
        handout=lambda: (say(found.network.title or "Gradient descent", Role.TITLE), *blocks),
    )


def _blocks(found: Learned) -> Iterator[Block]:
    if found.network.title:
        yield say(found.network.title)
    count = sum(each.size for each in found.after.values())
    yield say(
        f"gradient descent ({found.method.rule}), rate {number_text(found.method.rate)}, of the loss {found.loss}: "
        f"{counted(count, 'number')} learned from {counted(found.samples, 'sample')}, in {found.dtype}"
    )
    if len(found.losses) > 1:
        yield _curve(found.losses)
    yield say(f"loss {number_text(found.losses[0])} before the first step, {number_text(found.losses[-1])} at the end")
    if found.moves:
        yield say(f"{_named(found)}, step by step:", Role.LABEL, space_before=True)
    for move in found.moves:
        yield from (say(line, indent=2) for line in _lines(found, move))
    yield from _weights(found, count)
    yield _ending(found)
    if found.end == End.STEPS and found.losses[-1] > found.losses[0]:
        yield note(f"the loss grew: {_slower(found)}")


def _curve(losses: tuple[float, ...]) -> Block:
    """The loss a step, of positive losses its decimal logarithm; a last one that is not finite is left out."""
    drawn = losses if isfinite(losses[-1]) else losses[:-1]
    is_positive = min(drawn) > 0
    values = as_array([log10(each) if is_positive else each for each in drawn])
    caption = "log10 of the loss after each step" if is_positive else "the loss after each step"
    return plot_of(caption, values, as_array(list(range(len(values)))), Axis(0, max(1, len(values) - 1)), "step")


def _named(found: Learned) -> str:
    chosen = found.chosen
    return f"{found.name((chosen.layer, chosen.of))}[{', '.join(map(str, chosen.place))}]"


def _lines(found: Learned, move: Move) -> Iterator[str]:
    """The formula of one step with the numbers put in."""
    (before, mean, square), (after, new_mean, new_square) = (map(_text, each) for each in (move.before, move.after))
    rate, slope, rule = number_text(found.method.rate), _text(move.gradient), found.method.rule
    if rule == "plain":
        yield f"step {move.step}: w - rate × gradient = {before} - {rate} × {_in(slope)} = {after}"
        return
    if rule == "momentum":
        yield f"step {move.step}: velocity = {KEPT} × {_in(mean)} + {_in(slope)} = {new_mean}"
        yield f"        w - rate × velocity = {before} - {rate} × {_in(new_mean)} = {after}"
        return
    yield f"step {move.step}: m = {KEPT} × {_in(mean)} + {number_text(1 - KEPT)} × {_in(slope)} = {new_mean}"
    rest = number_text(1 - KEPT_SQUARES)
    yield f"        v = {KEPT_SQUARES} × {square} + {rest} × {_in(slope)}² = {new_square}"
    parts = f"({new_mean} / (1 - {KEPT}^{move.step})) / (√({new_square} / (1 - {KEPT_SQUARES}^{move.step})) + {TINY})"
    yield f"        w - rate × (m / (1 - {KEPT}^t)) / (√(v / (1 - {KEPT_SQUARES}^t)) + {TINY})"
    yield f"        = {before} - {rate} × {parts} = {after}"


def _text(value: Any) -> str:
    return number_text(float(value))


def _in(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def _weights(found: Learned, count: int) -> Iterator[Block]:
    if count <= _MOST:
        yield say(f"the weights, rounded to {_DECIMALS} decimals:", Role.LABEL, space_before=True)
        for key, after in found.after.items():
            for word, values in (("before", found.before[key]), ("after", after)):
                caption, is_weight = f"{found.name(key)} {word}", key[1] == "weight"
                yield from gradient_grids(caption, values.round(_DECIMALS), is_weight=is_weight)
        return
    columns = ("weight", "shape", "largest before", "largest after", "largest change")
    yield Table(columns, tuple(_row(found, key) for key in found.after), numeric=columns[2:])


def _row(found: Learned, key: tuple[int, str]) -> tuple[Span, ...]:
    before, after = found.before[key], found.after[key]
    numbers = (_largest(before), _largest(after), _largest(after - before))
    return (Span(found.name(key)), Span(shape_text(after.shape)), *map(Span, map(number_text, numbers)))


def _largest(values: Array) -> float:
    return float(abs(values).max(initial=0))


def _ending(found: Learned) -> Block:
    last = number_text(found.losses[-1])
    if found.end == End.LEARNED:
        return say(f"learned: the loss is {last} after {counted(found.step, 'step')}", Role.GOOD)
    if found.end == End.DIVERGED:
        what = f"the loss is {last}" if len(found.losses) > found.step else "a weight is no longer finite"
        return say(f"diverged at step {found.step}: {what}; {_slower(found)}", Role.BAD)
    return say(f"ended after {counted(found.step, 'step')}")


def _slower(found: Learned) -> str:
    return f"a smaller rate may help, such as --rate {number_text(found.method.rate / 10)}"


def _data(found: Learned) -> dict[str, Any]:
    return {
        "schema": f"convcalc.learning/{SCHEMA_VERSION}",
        "title": found.network.title,
        "loss": found.loss,
        "method": found.method.rule,
        "rate": found.method.rate,
        "dtype": found.dtype,
        "end": found.end.value,
        "step": found.step,
        "losses": [number_data(each) for each in found.losses],
        "before": _arrays(found, found.before),
        "after": _arrays(found, found.after),
        "weight": _named(found),
        "moves": [
            {
                "step": each.step,
                "gradient": number_data(each.gradient),
                "before": number_data(float(each.before.weight)),
                "after": number_data(float(each.after.weight)),
            }
            for each in found.moves
        ],
    }


def _arrays(found: Learned, weights: Any) -> dict[str, Any]:
    return {found.name(key): array_data(values) for key, values in weights.items()}
