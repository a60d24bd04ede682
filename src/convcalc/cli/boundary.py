"""The error boundary: errors become messages and exit codes."""

import errno
import signal
import sys
from collections.abc import Callable
from typing import Any

OK, BAD_DATA, BAD_USAGE, LIMIT, INTERRUPTED, CLOSED_PIPE, TERMINATED = 0, 1, 2, 3, 130, 141, 143


def guard(action: Callable[[], int]) -> int:
    """The exit code of the action; every error is printed as one ``error:`` and at most one ``hint:``."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return _flushed(action)
    except BrokenPipeError:
        _discard_output()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        _discard_output()
        return INTERRUPTED
    except (MemoryError, ImportError) as error:
        return _out_of_memory(error)
    except OSError as error:
        if error.errno == errno.ENOMEM:
            return _out_of_memory(error)
        _discard_output()
        return _tell(f"cannot write the output: {error.strerror or error}", "", BAD_DATA)
    except Exception as error:  # its classes are loaded only once there is an error; unknown ones are raised again
        return _explained(error)


def _flushed(action: Callable[[], int]) -> int:
    """Inside the boundary, since a full disk or a closed pipe shows only when the buffer is written."""
    if sys.stdout is None:
        return _tell("standard output is closed", "", BAD_DATA)
    from convcalc.cli.streams import make_printable

    make_printable(sys.stdout)
    make_printable(sys.stderr)
    code = action()
    sys.stdout.flush()
    return code


def _out_of_memory(error: Exception) -> int:
    """Raise a message of its own where a module cannot be loaded for lack of memory.

    Raises:
        ImportError: a module is missing for another reason than that there is no room for it.
    """
    if isinstance(error, ImportError) and "map segment" not in str(error):
        raise error
    if sys.stderr is not None:
        print("error: the memory ran out", file=sys.stderr)
        print("hint: --limit memory=… refuses such problems before they begin", file=sys.stderr)
    return LIMIT


def _explained(error: Exception) -> int:
    from typer import BadParameter

    from convcalc.errors import ConvcalcError

    if isinstance(error, ConvcalcError):
        from convcalc.cli.message import tell_error

        _flush_quietly()
        tell_error(error)
        return error.exit_code
    # Typer has its own copy of Click since 0.26, so the base class of its usage errors is found through one of them.
    if isinstance(error, BadParameter.__mro__[2]):
        return _show_usage(error)
    raise error


def _show_usage(error: Any) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "convcalc"
    hint = _called_here(getattr(error, "option_name", ""), context) or f"{path} -h shows what it takes"
    return _tell(error.format_message(), hint, BAD_USAGE)


def _called_here(option: str, context: Any) -> str:
    """The hint for an option by another library's name."""
    from convcalc.request.spellings import called_here

    known = [parameter.name for parameter in context.command.params] if option and context else []
    ours = [f"--{name}" for name in called_here(option.lstrip("-").replace("-", "_"), known)]
    return f"here it is called {' or '.join(ours)}" if ours else ""


def _tell(message: str, hint: str, code: int) -> int:
    from convcalc.cli.message import tell

    tell(message, hint)
    return code


def _flush_quietly() -> None:
    """What was printed before the error comes before it on the screen too."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_output()


def _discard_output() -> None:
    from convcalc.cli.streams import discard

    if not discard(1):
        sys.stdout = None  # as Python itself has it for a closed stream


def _terminate(*_: object) -> None:
    """Ends through the finally clauses, so that no temporary file remains."""
    raise SystemExit(TERMINATED)
