"""One gradient that ``trace --gradient`` writes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.flags import flags
from convcalc.cli.gradient_options import LossOptions, loss_of
from convcalc.cli.output.figures import wants_figure
from convcalc.errors import UsageError
from convcalc.layers.network import INPUT, INPUT_NAME
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.cli.options import OutputOptions
    from convcalc.gradients.backward import Gradients
    from convcalc.gradients.cell import Node


class Asked:
    """Which gradient is asked for, in the words of the command line."""

    def __init__(
        self, of: str, texts: list[str] | None, layer: str | None, channel: int | None, sample: int | None
    ) -> None:
        """``of``: weight, bias or input."""
        if texts and len(texts) > 1:
            raise UsageError("--gradient writes out one gradient at a time", hint="one --pos")
        self.of, self.text = of, texts[0] if texts else None
        self.layer, self.channel, self.sample = layer, channel, sample or 0

    @classmethod
    def of_flags(
        cls, of: str | None, texts: list[str] | None, layer: str | None, channel: int | None, sample: int | None,
        *, is_other: bool, target: OutputOptions,
    ) -> Asked:  # fmt: skip
        """The gradient that flags name.

        Raises:
            UsageError: a loss without a gradient, or what gradients have not.
        """
        if of is None:
            raise UsageError("a loss is for --gradient", hint="--gradient weight, bias or input")
        if is_other:
            raise UsageError("--gradient goes with neither --all, --blank nor --curve", hint="leave them out")
        if wants_figure(target):
            raise UsageError("a gradient is not drawn", hint="-o gradient.pdf, .html, .tex, .md or .txt")
        return cls(of, texts, layer, channel, sample)


def emit_gradient(found: Ready, asked: Asked, loss: LossOptions, depth: int, target: OutputOptions) -> None:
    """Print and save one gradient with its products.

    Raises:
        ConvcalcError: there is no such weight or cell, or the loss does not fit.
    """
    from convcalc.cli.output.emit import emit
    from convcalc.gradients.backward import gradients_of
    from convcalc.report.gradient.cell import cell_report

    number = _layer(found, asked)
    place = _place(found, asked, number)
    made = gradients_of(found.network, found.cells, loss_of(loss, found), found.number, found.context, keep=None)
    emit(cell_report(made, _node(made, asked, number, place, depth)), target)


def _node(made: Gradients, asked: Asked, number: int, place: tuple[int, ...], depth: int) -> Node:
    from convcalc.gradients.cell import cell_node, weight_node

    if asked.of == INPUT_NAME:
        return cell_node(made, number, asked.sample, place, depth)
    return weight_node(made, number, asked.of, place, depth)


def _layer(found: Ready, asked: Asked) -> int:
    """The layer of the weight, or the output, or input, that is the named layer's input."""
    network, path = found.network, found.network.needed(found.number)
    if asked.of == INPUT_NAME and asked.layer is None:
        return INPUT
    with flags("--layer"):
        named = None if asked.layer is None else network.number(asked.layer)
    if named is not None and named not in path:
        raise UsageError(
            f"no gradient reaches {asked.layer}: the output does not depend on it", hint="--layer of another"
        )
    if named is not None and asked.of == INPUT_NAME:
        return network.stages[named].inputs[0]
    having = [each for each in path if asked.of in network.stages[each].layer.weight_shapes]
    if named is None and len(having) == 1:
        return having[0]
    names = [network.stages[each].name for each in having]
    if named is None and having:
        raise UsageError(f"several layers have a {asked.of}", hint=f"--layer with one of: {', '.join(names)}")
    if named in having and named is not None:
        return named
    who = "no layer" if named is None else f"{asked.layer} ({network.stages[named].layer.kind})"
    with flags("--gradient"):
        hint = f"--layer with one of: {', '.join(names)}" if names else "--gradient input"
        raise UsageError(f"{who} has {'a' if named is None else 'no'} {asked.of}", hint=hint)


def _place(found: Ready, asked: Asked, number: int) -> tuple[int, ...]:
    """The index of the weight, or the cell."""
    from convcalc.cli.named_cells import cell_of, position_of

    if asked.of == INPUT_NAME:
        found.sample(asked.sample)
        with flags():
            return cell_of(found, number, asked.text, asked.channel, asked.sample)
    shape = found.network.stages[number].layer.weight_shapes[asked.of]
    given = () if asked.text is None else position_of(asked.text)
    if not given and len(shape) == 1:
        given = (asked.channel or 0,)
    if len(given) < len(shape):  # the taps alone: of the first input channel, and the output channel that is named
        given = (*((asked.channel or 0), 0)[: len(shape) - len(given)], *given)
    if len(given) != len(shape) or not all(0 <= each < size for each, size in zip(given, shape, strict=True)):
        told = ", ".join(f"0 to {size - 1}" for size in shape)
        last = ",".join(str(size - 1) for size in shape)
        with flags("--pos"):
            raise UsageError(f"a {asked.of} is {counted(len(shape), 'number')} from {told}", hint=f"--pos {last}")
    return given
