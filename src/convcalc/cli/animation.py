"""The requested steps of an animation, printed one after the other or saved as one file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.channel_parts import check_maps
from convcalc.cli.explanations import outputs_shown
from convcalc.cli.message import write
from convcalc.cli.output.answer_stream import emit_series
from convcalc.cli.output.report_formats import SAVED
from convcalc.errors import LimitError, Place, UsageError
from convcalc.layers.explainer import Explainer
from convcalc.report.animation.frame import Animation, Frame, is_stamped, size_along
from convcalc.report.animation.report import animation_of, frames_series

if TYPE_CHECKING:
    from convcalc.cli.command_options import AnimationOptions
    from convcalc.cli.network import Ready
    from convcalc.cli.options import OutputOptions

ANIMATION_SUFFIXES = (".gif", ".svg", *SAVED)
_PICTURES = (".gif", ".svg")
_SLOWEST, _FASTEST = 0.1, 50.0  # steps a second
_MOST_SHOWN = 100  # steps of a page or a file, unless others are requested
_MOST_SAVED = 500  # steps of a picture
_BESIDE = 4  # output channels that are shown where none is named


class Reel(NamedTuple):
    """Some steps of an animation, each computed on demand."""

    animation: Animation
    steps: range
    """Which of all steps, from the first one shown."""

    @classmethod
    def of(cls, found: Ready, requested: AnimationOptions, *, quiet: bool) -> Reel:
        """The steps from ``--pos`` on, ``--count`` of them or all.

        Raises:
            UsageError: there is no such sample, or the position is not a list of whole numbers.
            GeometryError: there is no such cell or channel.
            ConvcalcError: the layer, or one below it, cannot be computed.
        """
        found.sample(requested.batch)
        stage = found.network.stages[found.number]
        channels, start, whole = _channels(found, requested), _start(found, requested), prod(size_along(stage))
        explainer = Explainer(found.network, found.cells, found.number, found.context, sample=requested.batch)
        last = whole if requested.most is None else min(whole, start + requested.most)
        outputs = None if explainer.is_alone else outputs_shown(found, explainer, quiet=quiet)
        by_channel = requested.maps is not None
        animation = animation_of(explainer, requested.batch, channels, start, outputs, by_channel=by_channel)
        return cls(animation, range(start, last))

    def cut(self, most: int) -> Reel:
        """The first steps, at most a given number."""
        return self._replace(steps=self.steps[:most])

    def frames(self) -> Iterator[Frame]:
        """The steps in their order."""
        return map(self.animation.frame, self.steps)


def check_steps(requested: AnimationOptions) -> None:
    """Refuse an invalid speed or count.

    Raises:
        UsageError: the speed is out of its range, or the count below 1.
    """
    check_maps(requested.maps)
    if not _SLOWEST <= requested.speed <= _FASTEST:
        raise _refused("--speed", f"{requested.speed:g} steps a second", f"from {_SLOWEST:g} to {_FASTEST:g}")
    if requested.most is not None and requested.most < 1:
        raise _refused("--count", f"{requested.most} steps", "1 or more")


def _refused(flag: str, given: str, needed: str) -> UsageError:
    error = UsageError(f"{given}: that must be {needed}", hint=f"leave {flag} out, or {flag} 2")
    error.place = Place(flag, is_flag=True)
    return error


def _channels(found: Ready, requested: AnimationOptions) -> Sequence[int]:
    """The output channels that are shown.

    Raises:
        UsageError: one is named, of features.
        GeometryError: there is none of that number.
    """
    from convcalc.tracing.places import check_place

    stage = found.network.stages[found.number]
    channels, *size = stage.layer.output_shape
    if requested.channel is None:
        return range(min(channels, _BESIDE))
    if not size:
        raise UsageError(
            f"the output of {stage.name} has features, which have no channels", hint=f"--pos {requested.channel}"
        )
    check_place("output", (len(found.cells), channels, *size), (0,) * len(size), requested.channel, 0)
    return [requested.channel]


def _start(found: Ready, requested: AnimationOptions) -> int:
    """The number of the step that ``--pos`` names, or the first.

    Raises:
        UsageError: it is not a list of whole numbers.
        GeometryError: there is no such cell.
    """
    from convcalc.cli.named_cells import position_of
    from convcalc.tracing.places import check_place

    if requested.pos is None:
        return 0
    stage = found.network.stages[found.number]
    array, size = "input" if is_stamped(stage) else "output", size_along(stage)
    name = array if found.network.is_convolution else f"{array} of {stage.name}"
    start = 0
    for cells, index in zip(size, check_place(name, (1, 1, *size), position_of(requested.pos), 0, 0), strict=True):
        start = start * cells + index
    return start


def is_played(target: OutputOptions) -> bool:
    """Whether the output is a terminal that can draw over what it shows."""
    if target.output is not None or target.quiet or target.format != "table" or not sys.stdout.isatty():
        return False
    from convcalc.cli.streams import output_console

    return not output_console().is_dumb_terminal


def emit_frames(reel: Reel, requested: AnimationOptions, target: OutputOptions) -> None:
    """Print the steps one after the other, or save them.

    Raises:
        LimitError: there are too many for a picture.
        OutputError: the file cannot be written.
    """
    shown = reel.cut(_MOST_SHOWN) if requested.most is None else reel
    if Path(target.output or "").suffix.lower() in _PICTURES:
        _save_picture(shown, requested.speed, target)
    else:
        emit_series(frames_series(reel.animation), shown.frames(), target)
    if len(shown.steps) < len(reel.steps) and not target.quiet:
        write(f"note: {len(shown.steps):,} of {reel.animation.count:,} steps; --pos and --count choose others")


def _save_picture(reel: Reel, speed: float, target: OutputOptions) -> None:
    from convcalc.cli.output.saved_animation import save_animation

    if len(reel.steps) > _MOST_SAVED:
        raise LimitError(
            f"{len(reel.steps):,} steps are too many for a picture, {_MOST_SAVED} are the most",
            hint=f"--count {_MOST_SAVED}, and --pos for where to start",
        )
    assert target.output is not None  # it has a suffix
    save_animation(target.output, reel.animation, reel.frames(), speed, force=target.force)
    if not target.quiet:
        write(f"wrote {target.output}")
