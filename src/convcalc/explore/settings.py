"""Stride, padding, dilation, boundary, flip and groups of a layer, one step on or back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from convcalc.errors import FieldError, UsageError
from convcalc.geometry.boundary import Boundary, BoundaryMode
from convcalc.layers.kinds.convolution import Convolution

if TYPE_CHECKING:
    from convcalc.explore.scene import Scene
    from convcalc.request.edited import Changes

BOUNDARIES = ("zeros", *(mode.value for mode in BoundaryMode if mode is not BoundaryMode.CONSTANT))


def stepped(scene: Scene, name: str, step: int) -> Iterator[Changes]:
    """What says that a setting is one step further, the nearest that may fit first; ``step``: 1 or -1.

    Raises:
        UsageError: the layer has no such setting.
        FieldError: it is the first one already.
    """
    return _STEPS[name](scene, name, step)


def _numbers(scene: Scene, name: str, step: int) -> Iterator[Changes]:
    """A number for each axis: at least 1, of padding at least 0."""
    found: Any = scene.stage.layer.settings.get(name)
    if found is None:
        raise UsageError(f"{scene.stage.name} ({scene.stage.layer.kind}) has no {name}")
    least = 0 if name == "padding" else 1
    moved = tuple(tuple(each + step for each in pair) if isinstance(pair, tuple) else pair + step for pair in found)
    if min(_flat(moved)) < least:
        raise FieldError(f"{name} is {least} at the least", field=name)
    yield {name: moved}


def _flat(values: Sequence[Any]) -> list[int]:
    return [each for value in values for each in (value if isinstance(value, tuple) else (value,))]


def _boundary(scene: Scene, name: str, step: int) -> Iterator[Changes]:
    here: Boundary = _convolution(scene, name).geometry.boundary
    words = BOUNDARIES
    place = 0 if here.mode is BoundaryMode.CONSTANT else words.index(here.mode.value)
    yield {"boundary": words[(place + step) % len(words)]}


def _flip(scene: Scene, name: str, step: int) -> Iterator[Changes]:  # noqa: ARG001 - there and back are the same
    yield {"flip": not _convolution(scene, name).geometry.flip}


def _groups(scene: Scene, name: str, step: int) -> Iterator[Changes]:
    """Every number of groups that parts the input channels, from the next one on and round."""
    counts = _convolution(scene, name).counts
    parts = [each for each in range(1, counts.in_channels + 1) if counts.in_channels % each == 0]
    place = parts.index(counts.groups)
    for distance in range(1, len(parts)):
        groups = parts[(place + step * distance) % len(parts)]
        yield {"groups": groups, "depthwise": None} if scene.is_alone else {"groups": groups}
    if len(parts) == 1:
        raise FieldError("one input channel is one group", field="groups")


def _apart(scene: Scene, name: str, step: int) -> Iterator[Changes]:  # noqa: ARG001 - there and back are the same
    """Each channel by itself, or all of them together."""
    counts = _convolution(scene, name).counts
    is_apart = counts.groups == counts.in_channels > 1
    if scene.is_alone:
        yield {"depthwise": not is_apart, "groups": None}
    else:
        yield {"groups": None if is_apart else counts.in_channels}


def _convolution(scene: Scene, name: str) -> Convolution:
    layer = scene.stage.layer
    if not isinstance(layer, Convolution):
        raise UsageError(f"{scene.stage.name} ({layer.kind}) has no {name}")
    return layer


_STEPS: dict[str, Callable[[Scene, str, int], Iterator[Changes]]] = {
    "stride": _numbers,
    "padding": _numbers,
    "dilation": _numbers,
    "boundary": _boundary,
    "flip": _flip,
    "groups": _groups,
    "depthwise": _apart,
}
SETTINGS = tuple(_STEPS)
