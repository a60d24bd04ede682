"""The report of an adjoint: the two numbers that are the same, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.layers.network import Network
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, note, say
from convcalc.report.network.data import layers_text
from convcalc.report.number_data import number_data
from convcalc.report.text import listed, number_text
from convcalc.report.trace.convolution import setting_blocks

if TYPE_CHECKING:
    from convcalc.tracing.adjoint import Adjoint


class _Names(NamedTuple):
    """What the two sides are called on the page and as data, and what the adjoint is."""

    forward: str
    backward: str
    forward_key: str
    backward_key: str
    adjoint: str


_CONVOLUTION = _Names(
    "<conv(x), z>", "<x, conv^T(z)>", "conv_x_z", "x_conv_t_z", "the transposed convolution is the adjoint"
)
_LAYERS = _Names("<A x, z>", "<x, A^T z>", "a_x_z", "x_a_t_z", "the layers, each turned round, are the adjoint")


def _names(network: Network) -> _Names:
    return _CONVOLUTION if network.is_convolution else _LAYERS


def adjoint_report(network: Network, checked: Adjoint) -> Report:
    """Whether a convolution, or the layers of a network, and their adjoint go together."""
    is_alone, problem = network.is_convolution, network.stages[0].problem
    setting = (say(layers_text(network), Role.TITLE),)
    blocks = (*(() if is_alone else setting), *verdict_blocks(network, checked, space_before=not is_alone))
    layers = {} if is_alone else {"layers": [stage.name for stage in network.stages]}
    return Report(
        blocks=blocks,
        data=lambda: {
            "schema": f"convcalc.uses/{SCHEMA_VERSION}",
            **layers,
            "adjoint": adjoint_data(network, checked),
        },
        rows=lambda: _rows(_names(network), checked),
        handout=(lambda: (*setting_blocks(problem), *blocks)) if is_alone and problem is not None else None,
    )


def verdict_blocks(network: Network, checked: Adjoint, *, space_before: bool) -> Iterator[Block]:
    """Both sides, whether they are equal, and what was left out."""
    names = _names(network)
    for number, (name, value) in enumerate(((names.forward, checked.forward), (names.backward, checked.backward))):
        spans = (Span(f"{name:<14} = ", Role.LABEL), Span(number_text(value, 17), Role.TOTAL))
        yield Sentence(spans, 17, space_before and not number)
    drawn = f"z: whole numbers from -9 to 9, drawn with seed {checked.seed}"
    if not checked.is_finite:
        yield say(f"inf and nan leave nothing to compare ({drawn})", Role.NOTE)
    elif checked.holds:
        words = "equal" if checked.forward == checked.backward else "equal within rounding"
        yield say(f"{words}: {names.adjoint} ({drawn})", Role.GOOD)
    else:
        yield say(f"not equal ({drawn})", Role.BAD)
    if checked.linearised:
        yield not_linear(checked.linearised, "A has the slopes at this input")
    elif not checked.is_linear:
        yield note("bias and boundary are taken as 0: only the linear part has an adjoint")


def not_linear(names: Sequence[str], what: str) -> Block:
    """That layers are not linear, and what follows."""
    return note(f"{listed(names)} {'is' if len(names) == 1 else 'are'} not linear: {what}")


def adjoint_data(network: Network, checked: Adjoint) -> dict[str, Any]:
    """Both sides, under their names, and whether they are equal."""
    names = _names(network)
    document: dict[str, Any] = {
        "seed": checked.seed,
        names.forward_key: number_data(checked.forward),
        names.backward_key: number_data(checked.backward),
        "holds": checked.holds,
        "is_linear": checked.is_linear,
    }
    return document if network.is_convolution else document | {"linearised": list(checked.linearised)}


def _rows(names: _Names, checked: Adjoint) -> Iterator[Iterable[Any]]:
    """One row for the one check."""
    yield ("seed", names.forward_key, names.backward_key, "holds", "is_linear")
    yield (checked.seed, checked.forward, checked.backward, checked.holds, checked.is_linear)
