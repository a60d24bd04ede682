"""``convcalc examples``: the shipped problem files, listed, shown and copied."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.context import Context

COPY = "copy"
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME | copy NAME...]", help="The example that is shown, or those that are copied.", show_default=False
    ),
]


@command
def examples(target: opt.OutputOptions, names: Names = None) -> None:
    """List the worked examples that come with convcalc, show one, or copy some into this folder."""
    from convcalc.cli.flags import context_of
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.report.examples import Listed, examples_report
    from convcalc.request.examples import examples as shipped_examples

    context = context_of(None, ())
    words = names or []
    if words:
        _check_words(words, target)
        _copy(words[1:], target, context) if words[0] == COPY else _show(words[0], target, context)
        return
    check_output(target)
    found = shipped_examples(context)
    listed = [Listed(each.name, each.title, each.layers, tuple(path.name for path in each.files)) for each in found]
    emit(examples_report(listed), target)


def _check_words(words: list[str], target: opt.OutputOptions) -> None:
    """Refuse words that do not go together.

    Raises:
        UsageError: they do not.
    """
    if words == [COPY]:
        raise UsageError("copy needs the names of examples", hint="convcalc examples copy two-layers")
    if words[0] != COPY and len(words) > 1:
        raise UsageError(
            f"one example is shown at a time, got {words[0]!r} and {words[1]!r}",
            hint=f"convcalc examples copy {words[0]} {words[1]}",
        )
    if target.output is not None or target.format != "table":
        given = "--format" if target.output is None else "-o"
        raise UsageError(f"{given} is for the list of examples", hint="an example is shown and copied as it is")


def _show(name: str, target: opt.OutputOptions, context: Context) -> None:
    """Print the file as it is, so that it can be sent into another one."""
    from convcalc.cli.flags import flags
    from convcalc.request.examples import example

    with flags(" "):
        found = example(name, context)
    if not target.quiet:
        sys.stdout.write(found.text)


def _copy(names: list[str], target: opt.OutputOptions, context: Context) -> None:
    """Copy problem files with what they read; nothing is written unless all can be.

    Raises:
        UnknownNameError: there is no example of a name.
        OutputError: a file exists, or cannot be written.
    """
    from convcalc.cli.flags import flags
    from convcalc.cli.message import write
    from convcalc.files.whole_file import check_target, write_bytes
    from convcalc.request.examples import example

    with flags(" "):
        files = dict.fromkeys(path for name in names for path in example(name, context).files)
    for path in files:
        check_target(path.name, force=target.force)
    for path in files:
        write_bytes(path.name, path.read_bytes(), force=target.force)
        if not target.quiet:
            write(f"wrote {path.name}")
