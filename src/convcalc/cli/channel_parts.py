"""The flag ``--maps channels``: what each input channel contributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import Place, UnknownNameError, UsageError

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.tracing.contributions import Contributions

CHANNELS = "channels"


def check_maps(word: str | None) -> None:
    """Refuse another word than the known one, before anything is computed.

    Raises:
        UnknownNameError: it is another.
    """
    if word not in (None, CHANNELS):
        error = UnknownNameError("kind of maps", str(word), (CHANNELS,))
        error.place = Place("--maps", is_flag=True)
        raise error


def contributions(found: Ready, word: str | None) -> Contributions | None:
    """The parts of the output by input channel, if they are asked for.

    Raises:
        UsageError: the network is no single convolution.
        GeometryError: each output channel reads only one input channel.
    """
    if word is None:
        return None
    from convcalc.cli.flags import flags
    from convcalc.tracing.contributions import contributions_of

    if found.problem is None:
        raise UsageError(
            f"--maps is of a single convolution, {found.network.source} is a network of layers",
            hint="convcalc trace FILE --layer NAME --pos 0,0 shows the channels of a cell",
        )
    with flags("--maps"):
        return contributions_of(found.problem, found.context)
