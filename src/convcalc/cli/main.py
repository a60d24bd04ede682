"""The entry point: ``--version`` and the like are answered before anything is imported."""

import sys

import convcalc
from convcalc.cli.boundary import guard


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(guard(_version if sys.argv[1:] == ["--version"] else _app))


def _version() -> int:
    print(f"convcalc {convcalc.__version__}")
    return 0


def _app() -> int:
    from convcalc.cli.app import run_app

    return run_app()
