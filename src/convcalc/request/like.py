"""A convolution as a function of another program computes it: the field ``like``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from convcalc.context import Context
from convcalc.conventions.applied import Applied, Stated, apply
from convcalc.conventions.convention import ANY, Convention
from convcalc.conventions.sentences import change_sentence
from convcalc.conventions.table import find
from convcalc.conventions.words import Channels, Divisor
from convcalc.errors import FieldError, UnknownNameError
from convcalc.files.expression import number
from convcalc.layers.kinds.stored import Stored
from convcalc.layers.network import INPUT, Network, network_of
from convcalc.layers.stage import Stage
from convcalc.request.convolution import convolution_of
from convcalc.request.request import Field, Request
from convcalc.request.text_values import boundary_of_node, truth, word

_PLACING = ("padding", "boundary", "flip", "like")
_DIVISOR = "divisor"


class Likeness(NamedTuple):
    """A function, and what is said of it behind its name."""

    convention: Convention
    type: str | None = None
    divisor: Any = None
    """A number; None: the function's own."""


def read_likeness(text: str) -> Likeness:
    """The function that a text names, such as ``cv2.filter2D``, ``scipy.ndimage.convolve:uint8``, ``pillow:divisor=2``.

    Raises:
        UnknownNameError: there is none of that name, or no such setting.
        FieldError: a setting is not what it must be.
    """
    name, _, settings = text.partition(":")
    found = Likeness(find(name.strip()))
    for setting in filter(None, (each.strip() for each in settings.split(","))):
        found = _with(found, setting)
    return found


def _with(likeness: Likeness, setting: str) -> Likeness:
    key, _, value = (part.strip() for part in setting.partition("="))
    if key in ANY and not value:
        return likeness._replace(type=key)
    if key != _DIVISOR:
        raise UnknownNameError(
            "setting", setting, (*ANY, _DIVISOR), hint="a type such as uint8, or divisor=2", field="like"
        )
    if value in (Divisor.SUM, Divisor.ABSOLUTE):
        return likeness._replace(convention=replace(likeness.convention, divisor=Divisor(value)))
    try:
        divisor = number(value)
    except FieldError:
        divisor = None
    if divisor is None or divisor == 0 or abs(divisor) == float("inf") or divisor != divisor:  # noqa: PLR0124 - nan
        raise FieldError(f"divisor must be a number other than 0, sum or absolute, got {value!r:.100}", field="like")
    return likeness._replace(divisor=divisor)


def liked_network(request: Request, context: Context) -> Network:
    """The convolution of a request as the function of its field ``like`` computes it, with a note of what that changes.

    Raises:
        ConvcalcError: there is no such function, it has no such setting, or a field is not what it must be.
    """
    likeness = read_likeness(word("like", request.fields["like"].node))
    stated = Stated(
        likeness.type,
        _padding(request, likeness.convention),
        boundary_of_node(request.fields["boundary"].node) if "boundary" in request.fields else None,
        truth("flip", request.fields["flip"].node) if "flip" in request.fields else None,
        likeness.divisor,
    )
    problem = convolution_of(_plain(request, likeness.convention), context)
    return _network(apply(problem, likeness.convention, stated), request)


def _padding(request: Request, convention: Convention) -> Any:
    """The padding that is said; a function's word may look like a number, such as ncnn's -233."""
    said = request.value("padding", None)
    return str(said) if str(said) in convention.paddings else said


def _plain(request: Request, convention: Convention) -> Request:
    """The request without what the function decides; its kernel always fits."""
    fields = {name: each for name, each in request.fields.items() if name not in _PLACING}
    origin = request.fields["like"].origin
    fields["padding"] = Field("full", origin)
    if convention.channels is Channels.APART and not {"groups", "depthwise"} & set(fields):
        fields["depthwise"] = Field("true", origin)
    return replace(request, fields=fields)


def _network(applied: Applied, request: Request) -> Network:
    labels = applied.problem.labels
    labels = labels._replace(notes=(*labels.notes, change_sentence(applied)))
    found = network_of(replace(applied.problem, labels=labels))
    if applied.is_plain:
        return found
    (stage,) = found.stages
    layer = Stored(stage.layer.output_shape, applied.finish, found.input_shape)
    convolution = replace(stage, problem=None, name=stage.name if stage.name != layer.kind else "conv")
    inputs = (0, INPUT) if layer.keeps else (0,)
    stages = (convolution, Stage(layer.kind, layer, inputs, dict))
    return replace(found, notes=(), dtype=_dtype(applied), stages=stages, source=request.source)


def _dtype(applied: Applied) -> str:
    """The type that the sums are computed in."""
    return applied.problem.dtype.value
