"""What a step adds up, and to what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.arrays import added
from convcalc.layers.explainer import ExplainedCell
from convcalc.report.animation.planes import MOST_PLANES, planes_read
from convcalc.report.animation.windows import hidden_planes
from convcalc.report.blocks import Block, Role, Sentence, Span, Sum, say
from convcalc.report.cell_names import cell_text
from convcalc.report.text import number_text
from convcalc.report.trace.convolution import DIGITS, agreement, output_text, subtotal_sum
from convcalc.report.trace.terms import result_blocks
from convcalc.report.trace.tree import agreement as tree_agreement
from convcalc.report.trace.tree import scale_factor
from convcalc.tracing.explanation import Explanation
from convcalc.tracing.trace import Trace
from convcalc.wording import counted

_MOST_CHANNELS = 4  # subtotals written out
_MOST_TERMS = 30  # products of one


def sum_blocks(told: Sequence[ExplainedCell]) -> Iterator[Block]:
    """The sum of each output channel's cell, and a word where it is not what the engine made."""
    for each in told:
        name, reason = cell_name(each), each.explanation
        if isinstance(reason, Trace):
            yield from _window_sums(reason, name)
        else:
            yield from (_named(block, name) for block in result_blocks(each.node, reason))
        yield from doubt(each)
    hidden = max(_hidden(each.explanation) for each in told)
    if hidden:
        yield say(f"{counted(hidden, 'more matrix', 'more matrices')} of the input not shown", Role.LABEL)


def _hidden(reason: Explanation) -> int:
    """How many matrices that are read are not shown."""
    return hidden_planes(reason) if isinstance(reason, Trace) else max(0, len(planes_read(reason)) - MOST_PLANES)


def cell_name(told: ExplainedCell) -> str:
    """A cell of the output, as reports call it."""
    if told.tree is None and isinstance(told.explanation, Trace):
        return output_text(told.explanation)
    return cell_text(told.network.stages[told.number].name, told.place.cell)


def doubt(told: ExplainedCell) -> Iterator[Block]:
    """A word where the sum is not what the engine made of the cell."""
    reason = told.explanation
    found = (
        agreement(reason, told.output) if told.tree is None and isinstance(reason, Trace) else tree_agreement(told.node)
    )
    if found.spans[0].role is Role.BAD:
        yield found


def _window_sums(trace: Trace, name: str) -> Iterator[Block]:
    """Of one input channel its products with scale and bias; of several their subtotals, too."""
    scale, bias = scale_factor(trace), number_text(trace.bias, DIGITS) if trace.bias else ""
    total = number_text(trace.total, DIGITS)
    if len(trace.channels) == 1:
        yield _shortened(subtotal_sum(trace.channels[0]))._replace(label=name, total=total, scale=scale, bias=bias)
        return
    told, rest = trace.channels[:_MOST_CHANNELS], trace.channels[_MOST_CHANNELS:]
    yield from (_shortened(subtotal_sum(each)) for each in told)
    terms = [number_text(each.subtotal, DIGITS) for each in told]
    if rest:
        terms.append(number_text(added([each.subtotal for each in rest]), DIGITS))
        yield say(f"the other {counted(len(rest), 'channel')} together give {terms[-1]}", Role.LABEL)
    yield Sum(name, tuple(terms), total, scale=scale, bias=bias)


def _shortened(whole: Sum) -> Sum:
    """Few products, so that a step fits on a screen; of more the first, with how many there are."""
    omitted = whole.omitted or counted(len(whole.terms), "product that is not 0", "products that are not 0")
    return whole._replace(terms=whole.terms[:_MOST_TERMS], omitted=omitted) if len(whole.terms) > _MOST_TERMS else whole


def _named(block: Block, name: str) -> Block:
    """A result with the name of its cell."""
    if isinstance(block, Sum):
        return block._replace(label=name, space_before=False)
    if isinstance(block, Sentence) and block.spans[0].role is Role.TOTAL:
        label = f"{name}   "
        return Sentence((Span(label, Role.LABEL), *block.spans), len(label))
    return block
