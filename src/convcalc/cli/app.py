"""The commands put together."""

import sys
from importlib import import_module

import typer

from convcalc.cli.options import CONTEXT, Version

COMMANDS = {
    "run": "convcalc run photo.png --kernel sobel-x -o edges.png",
    "trace": "convcalc trace input.yaml --pos 1,1 --channel 0",
    "uses": "convcalc uses input.yaml --pos 2,3 --channel 0",
    "matrix": "convcalc matrix input.yaml -o matrix.npz",
    "plan": "convcalc plan photo.png --kernel gaussian:9 --dtype float32",
    "params": "convcalc params --cin 64 --cout 128 -k 3 --size 224x224 --padding same",
    "summary": "convcalc summary examples/vgg-16.yaml --batch 8",
    "solve": "convcalc solve 224 112 -k 3",
    "kernels": "convcalc kernels gaussian:5",
    "gallery": "convcalc gallery photo.png --family edge -o sheet.png",
    "check": "convcalc check examples/*.yaml",
    "bench": "convcalc bench --case image-9x9",
}
"""Each command with an example; its module and its function bear its name."""


def make_app(names: list[str]) -> typer.Typer:
    """The application with the commands of these names."""
    app = typer.Typer(
        context_settings=CONTEXT,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # Rich's help costs 75 ms a start and differs from terminal to terminal
    )
    app.callback(epilog="Start with: convcalc run")(convcalc)
    for name in names:
        function = getattr(import_module(f"convcalc.cli.{name}"), name)
        app.command(name, epilog=f"Example: {COMMANDS[name]}")(function)
    return app


def convcalc(version: Version = False) -> None:
    """Convolution with the right numbers, and where each one comes from."""


def run_app() -> int:
    """Run the command line; the exit code. A command that is called by its name is the only one that is loaded."""
    arguments = sys.argv[1:] or ["--help"]
    app = make_app(arguments[:1] if arguments[0] in COMMANDS else list(COMMANDS))
    return int(app(arguments, prog_name="convcalc", standalone_mode=False) or 0)
