"""The application of all commands."""

import inspect
import os
import sys
from importlib import import_module

import typer

from convcalc.cli.options import CONTEXT, Version

COMMANDS = {
    "run": "convcalc run photo.png --kernel sobel-x -o edges.png",
    "trace": "convcalc trace input.yaml --pos 1,1 --channel 0",
    "explore": "convcalc explore photo.png --kernel sobel-x",
    "animate": "convcalc animate -o slide.gif",
    "uses": "convcalc uses input.yaml --pos 2,3 --channel 0",
    "gradient": "convcalc gradient input.yaml --loss mean",
    "learn": "convcalc learn examples/learn-sobel.yaml --target-kernel sobel-x --rate 0.05",
    "matrix": "convcalc matrix input.yaml -o matrix.npz",
    "plan": "convcalc plan photo.png --kernel gaussian:9 --dtype float32",
    "params": "convcalc params --cin 64 --cout 128 -k 3 --size 224x224 --padding same",
    "summary": "convcalc summary examples/vgg-16.yaml --batch 8",
    "solve": "convcalc solve 224 112 -k 3",
    "quiz": "convcalc quiz input.yaml --count 5 -o questions.tex",
    "kernels": "convcalc kernels gaussian:5",
    "page": "convcalc page input.yaml -o page.html",
    "code": "convcalc code input.yaml --for torch -o same.py",
    "explain": "convcalc explain input.yaml --got other.npy",
    "gallery": "convcalc gallery photo.png --family edge -o sheet.png",
    "check": "convcalc check examples/",
    "like": "convcalc like cv2.filter2D",
    "examples": "convcalc examples copy two-layers",
    "schema": "convcalc schema -o convcalc.schema.json",
    "bench": "convcalc bench --case image-9x9",
    "doctor": "convcalc doctor",
}
"""Each command with an example; its module and its function bear its name."""


PROGRAM = "convcalc"
_COMPLETES = f"_{PROGRAM.upper()}_COMPLETE"
"""The environment variable by which a shell's script requests completions."""


def make_app(names: list[str], *, completes: bool = False, is_list: bool = False) -> typer.Typer:
    """The application with the commands of these names; ``completes``: with what shells ask and are set up by.

    ``is_list``: of the commands only the names and the first lines are needed, no options, which take most of the time.
    """
    app = typer.Typer(
        context_settings=CONTEXT,
        add_completion=completes,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # Rich's help costs 75 ms a start and differs from terminal to terminal
    )
    app.callback(epilog="Start with: convcalc run")(convcalc)
    for name in names:
        function = getattr(import_module(f"convcalc.cli.commands.{name}"), name)
        # In full: shortened lines end in the middle of a word.
        line = (inspect.getdoc(function) or "").partition("\n")[0]
        app.command(name, short_help=line, epilog=f"Example: {COMMANDS[name]}")(_listed if is_list else function)
    return app


def _listed() -> None:
    """Stand for a command in the list of all."""


def convcalc(version: Version = False) -> None:
    """Convolution with the right numbers, and where each one comes from."""


def run_app() -> int:
    """Run the command line and return the exit code. Only the module of a command called by its name is imported."""
    if _COMPLETES in os.environ:
        return _complete()
    arguments = sys.argv[1:] or ["--help"]
    is_named = arguments[0] in COMMANDS
    is_list = arguments in (["--help"], ["-h"])
    app = make_app(arguments[:1] if is_named else list(COMMANDS), completes=not is_named, is_list=is_list)
    try:
        return int(app(arguments, prog_name=PROGRAM, standalone_mode=False) or 0)
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):  # Typer makes the exit code of bad data of it
            raise left.__context__ from None
        raise


def _complete() -> int:
    """Print the completions at the cursor for the shell that requests them."""
    from convcalc.cli.completion import teach, typed

    words = typed()
    name = next((word for word in words[1:2] if word in COMMANDS), "run")  # one is enough where none is typed yet
    app = typer.main.get_command(make_app([name], completes=True))
    teach(app, words, COMMANDS)
    return int(app.main(prog_name=PROGRAM, standalone_mode=False) or 0)
