"""``convcalc animate``: a layer's output made cell by cell."""

from __future__ import annotations

from convcalc.cli import options as opt
from convcalc.cli.command_options import AnimationOptions
from convcalc.cli.option_groups import command, computing


@command
@computing
def animate(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    steps: AnimationOptions,
    layer: opt.Layer = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Slide the window over the input and fill the output cell by cell, the sum written out under it.

    On a terminal it plays: space pauses, the arrows step and go back, + and - change the speed, q leaves.
    """
    from convcalc.cli.animation import ANIMATION_SUFFIXES, Reel, check_steps, emit_frames, is_played
    from convcalc.cli.flags import flags
    from convcalc.cli.network import ready
    from convcalc.cli.output.emit import check_output

    check_output(target, ANIMATION_SUFFIXES)
    check_steps(steps)
    found = ready(options, layer, input)
    with flags():
        reel = Reel.of(found, steps, quiet=target.quiet)
    if is_played(target):
        from convcalc.cli.player import play

        play(reel, steps.speed)
    else:
        emit_frames(reel, steps, target)
