"""The report of an adjoint: the two numbers that are the same, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, note, say
from convcalc.report.number_data import number_data
from convcalc.report.text import listed, number_text

if TYPE_CHECKING:
    from convcalc.tracing.adjoint import Adjoint


class Names(NamedTuple):
    """What the two sides are called, and what the adjoint is."""

    forward: str
    backward: str
    adjoint: str


CONVOLUTION = Names("<conv(x), z>", "<x, conv^T(z)>", "the transposed convolution is the adjoint")
_NETWORK = Names("<A x, z>", "<x, A^T z>", "the layers, each turned round, are the adjoint")


def adjoint_report(layers: Sequence[str], setting: str, checked: Adjoint) -> Report:
    """Whether layers of a network, which are named and told of in a sentence, and their adjoint go together."""
    return Report(
        blocks=(say(setting, Role.TITLE), *adjoint_blocks(checked, _NETWORK, space_before=True)),
        data=lambda: {
            "schema": f"convcalc.uses/{SCHEMA_VERSION}",
            "layers": list(layers),
            "adjoint": adjoint_data(checked, "a_x_z", "x_a_t_z") | {"linearised": list(checked.linearised)},
        },
        rows=lambda: _rows(checked),
    )


def adjoint_blocks(checked: Adjoint, names: Names, *, space_before: bool) -> Iterator[Block]:
    """Both sides, whether they are equal, and what was left out."""
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
        verb = "is" if len(checked.linearised) == 1 else "are"
        yield note(f"{listed(checked.linearised)} {verb} not linear: A has the slopes at this input")
    elif not checked.is_linear:
        yield note("bias and boundary are taken as 0: only the linear part has an adjoint")


def adjoint_data(checked: Adjoint, forward: str, backward: str) -> dict[str, Any]:
    """Both sides, under their names, and whether they are equal."""
    return {
        "seed": checked.seed,
        forward: number_data(checked.forward),
        backward: number_data(checked.backward),
        "holds": checked.holds,
        "is_linear": checked.is_linear,
    }


def _rows(checked: Adjoint) -> Iterator[Iterable[Any]]:
    """One row for the one check."""
    yield ("seed", "a_x_z", "x_a_t_z", "holds", "is_linear")
    yield (checked.seed, checked.forward, checked.backward, checked.holds, checked.is_linear)
