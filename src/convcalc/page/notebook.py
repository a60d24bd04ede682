"""What a record shows in a notebook: its page as text, and for a network or a trace the interactive fragment."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from convcalc.context import STANDARD, Context
from convcalc.errors import ConvcalcError
from convcalc.layers.network import Network
from convcalc.page.data import Picked, page_data
from convcalc.page.document import fragment
from convcalc.page.excerpt import check_drawn, network_of_problem, of_sample
from convcalc.render.html import html_text
from convcalc.report.records import blocks_of
from convcalc.tracing.trace import Trace

_QUICK = 100_000_000
"""MACs that a fragment may make the browser compute when it opens."""


def html_of(record: object) -> str:
    """The page of a record; where no script may run it is text alone, and nothing in it is followed or run."""
    blocks = blocks_of(record)
    try:
        data = data_of(record)
    except ConvcalcError:  # too many axes or numbers, or weights that are not there: the text says it all
        data = None
    return html_text(blocks) if data is None else fragment(data, blocks)


@singledispatch
def data_of(record: object) -> dict[str, Any] | None:  # noqa: ARG001 - the kinds below look at theirs
    """What the script needs of a record; None: it has nothing to pick.

    Raises:
        ConvcalcError: the page cannot draw it, or its weights cannot be read.
    """
    return None


@data_of.register
def _(network: Network) -> dict[str, Any] | None:
    if network.tensor is None or sum(stage.layer.work.macs for stage in network.stages) > _QUICK:
        return None
    last = len(network.stages) - 1
    picked = Picked(last, (0,) * len(network.shape_of(last)))
    return _data(of_sample(network.as_problem(Context(network.dtype)), 0), picked)


@data_of.register
def _(trace: Trace) -> dict[str, Any] | None:
    problem = trace.problem
    if problem.macs > _QUICK:
        return None
    network = of_sample(network_of_problem(problem), trace.sample)
    return _data(network, Picked(0, (trace.channel, *trace.position)))


def _data(network: Network, picked: Picked) -> dict[str, Any]:
    from convcalc.request.kernel_library import Library

    check_drawn(network)
    library = STANDARD.library or Library.standard(limits=STANDARD.limits)
    return page_data(network, network.input()[0], picked, library.kernels())
