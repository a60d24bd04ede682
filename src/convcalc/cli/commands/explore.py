"""``convcalc explore``: input, kernel and output on the screen, with a cursor."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command, computing

if TYPE_CHECKING:
    from convcalc.explore.app import Explorer
    from convcalc.explore.session import Session


@command
@computing
def explore(
    options: opt.ProblemOptions,
    layer: opt.Layer = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Explore on the screen: pick cells, edit numbers, change kernel and settings.

    The question mark shows the keys.
    """
    if not _has_terminal():
        _static_page(options, layer, input)
    gc.disable()  # what is loaded now stays: to look through it again and again takes a tenth of the start
    try:
        explorer = _explorer(_session(options, layer, input))
    finally:
        gc.enable()
    gc.freeze()
    explorer.run()


def _explorer(session: Session) -> Explorer:
    """The screen of a session, in the colours that the terminal has."""
    from convcalc.cli.streams import output_console
    from convcalc.explore.app import Explorer
    from convcalc.render.paint import depth_of

    return Explorer(session, depth_of(output_console()))


def _has_terminal() -> bool:
    """Whether keys come in and a screen is there."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _static_page(options: opt.ProblemOptions, layer: str | None, input_text: str | None) -> None:
    """The page of run, which needs no keys.

    Raises:
        UsageError: always, after the page.
    """
    from convcalc.cli.commands.run import run
    from convcalc.cli.option_groups import flat_options
    from convcalc.cli.stream_options import StreamOptions
    from convcalc.errors import UsageError

    shown: dict[str, object] = {
        "explain": False,
        "show": False,
        "map_rule": "auto",
        "keep": False,
        "partial": True,
        "verify": False,
        "labels": None,
        "maps": None,
        "zoom": None,
        "figure": False,
        "curve": False,
        "rate": None,
        "blank": False,
        "key": None,
        "like": None,
    }
    groups = (options, opt.OutputOptions(), StreamOptions())
    given = {name: value for group in groups for name, value in flat_options(group).items()}
    run(**given, **shown, layer=layer, input=input_text)
    raise UsageError(
        "explore needs a terminal for its keys, and this is none; above is the page of run",
        hint="in a terminal: convcalc explore FILE; without one: convcalc trace FILE --pos 1,1",
    )


def _session(options: opt.ProblemOptions, layer: str | None, input_text: str | None) -> Session:
    """What the command line asks for, to be explored.

    Raises:
        MissingExtraError: Textual is not installed.
        ConvcalcError: a file or a flag is bad, or there are no numbers.
    """
    from importlib.util import find_spec

    from convcalc.cli.network import asked, check_numbers, computed, number_of, settled
    from convcalc.errors import MissingExtraError
    from convcalc.explore.session import open_session
    from convcalc.request.edited import with_input_text
    from convcalc.request.resolve import resolve

    if find_spec("textual") is None:
        raise MissingExtraError("explore", "tui")
    request, context = asked(options, layer)
    network = computed(resolve(request, context, input_text=input_text), layer)
    check_numbers(network)
    if input_text is not None:
        request = with_input_text(request, input_text, len(network.input_shape) - 1)
    number = 0 if layer is None else number_of(network, layer)
    return open_session(request, network, settled(context, network), number)
