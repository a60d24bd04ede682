"""The command line in a forked child: a hundredth of the time of a process each, and its limits end with it."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import warnings
from collections.abc import Callable
from typing import NamedTuple

SECONDS = 60
"""After so many a child is taken for one that hangs."""


SAVING = ("files/whole_file.py", "cli/output/saved_arrays.py")
"""What writes files."""


class Ended(NamedTuple):
    """What became of a child."""

    code: int
    """Its exit code; -N: ended by signal N."""
    out: bytes
    err: bytes


def run(*argv: str, before: Callable[[], None] = lambda: None, read: Callable[[int], bytes] | None = None) -> Ended:
    """Run ``convcalc`` with these arguments; ``before`` is done in the child first, ``read`` reads its output."""
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of forks in processes with threads, which BLAS has
        child = os.fork()
    if not child:
        _in_child(argv, before, out_end, err_end)
    for end in (out_end, err_end):
        os.close(end)
    printed = read(out) if read else b""
    if read:
        os.close(out)
    found = _drained({err} if read else {out, err}, child)
    _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), printed or found.get(out, b""), found[err])


def warm(*argv: str) -> None:
    """Run it once in this process, so that its children find everything imported."""
    from convcalc.cli.main import main

    sys.argv, out, handler = ["convcalc", *argv], sys.stdout, signal.getsignal(signal.SIGTERM)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - no file
        sys.stdout = nowhere
        try:
            main()
        except SystemExit:
            return
        finally:
            sys.stdout = out
            signal.signal(signal.SIGTERM, handler)


def _in_child(argv: tuple[str, ...], before: Callable[[], None], out: int, err: int) -> None:
    code = 70
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.closerange(3, 64)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the child ends
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        from convcalc.cli.main import main

        sys.argv = ["convcalc", *argv]
        before()
        main()
    except SystemExit as left:
        code = int(left.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.setprofile(None)
        os._exit(code)


def _drained(ends: set[int], child: int) -> dict[int, bytes]:
    """All that comes out of some pipes; a child that says nothing for too long is ended."""
    found = dict.fromkeys(ends, b"")
    while ends:
        ready, _, _ = select.select(list(ends), [], [], SECONDS)
        if not ready:
            os.kill(child, signal.SIGKILL)
        for end in ready:
            data = os.read(end, 1 << 16)
            found[end] += data
            if not data:
                os.close(end)
                ends = ends - {end}
    return found


def file_size(limit: int) -> Callable[[], None]:
    """Lets no file grow beyond so many bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def address_space(more: int) -> Callable[[], None]:
    """Lets the process take so many bytes more than it has."""

    def limit() -> None:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123 - a file of the system
            held = int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (held + more, resource.RLIM_INFINITY))

    return limit


def signalled(number: int, call: int, told: list[int]) -> Callable[[], None]:
    """Sends the process a signal at such a call into C of whatever saves a file, the first one is 0."""

    def watch(frame: object, event: str, _argument: object) -> None:
        name = getattr(getattr(frame, "f_code", None), "co_filename", "")
        if event == "c_call" and name.endswith("files/whole_file.py"):
            if told[0] == call:
                os.kill(os.getpid(), number)
            told[0] += 1

    return lambda: sys.setprofile(watch)
