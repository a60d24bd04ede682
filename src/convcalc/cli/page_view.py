"""What of a network a page is of, as the flags of ``convcalc page`` say."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.cli.flags import flags
from convcalc.cli.named_cells import cell_of, position_of
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.cli.command_options import PageOptions
    from convcalc.cli.network import Ready
    from convcalc.page.data import Picked


def viewed(found: Ready, target: PageOptions) -> Ready:
    """The layers up to the one that is named, on one sample, cropped and sliced.

    Raises:
        UsageError: a flag is not well formed, or does not go with the network.
        DataError: there are more axes, or more numbers, than a page holds.
    """
    from convcalc.layers.subnetwork import subnetwork
    from convcalc.page.excerpt import check_drawn, cropped, of_sample, sliced

    network = found.network
    if found.number < len(network.stages) - 1:
        part = subnetwork(network, f"..{network.stages[found.number].name}").network
        network = replace(network, stages=part.stages, cut=None)
    with flags():
        network = of_sample(network, target.batch)
        if target.crop is not None:
            network = cropped(network, _parts(target.crop))
        if target.slice is not None:
            with flags("--slice"):
                network = sliced(network, position_of(target.slice))
        check_drawn(network)
    return found._replace(network=network, cells=network.input(), number=len(network.stages) - 1)


def picked_cell(found: Ready, target: PageOptions) -> Picked:
    """The cell that ``--pos`` and ``--channel`` name, or the first one.

    Raises:
        UsageError: the position is not well formed.
        GeometryError: there is no such cell.
    """
    from convcalc.page.data import Picked

    shape = found.network.shape_of(found.number)
    text = target.pos
    if text is None and len(shape) > 1:
        text = ",".join("0" for _ in shape[1:])
    channel = None if len(shape) == 1 and target.pos else target.channel
    with flags():
        return Picked(found.number, cell_of(found, found.number, text, channel, 0))


def _parts(text: str) -> list[slice]:
    """The slices that a text such as ``100:164,200:264`` stands for.

    Raises:
        UsageError: it is no such text.
    """
    parts = text.replace(" ", "").split(",")
    if not all(re.fullmatch(r"[0-9]{0,18}:[0-9]{0,18}", part) for part in parts):
        raise UsageError(
            f"{text!r} is no part of an input", hint="--crop 100:164,200:264: from, and up to", field="crop"
        )
    return [slice(*(int(end) if end else None for end in part.split(":"))) for part in parts]
