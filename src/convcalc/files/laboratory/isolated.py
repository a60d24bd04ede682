"""Libraries written in C that damaged files hang or crash: they work in a process of their own, within bounds.

A request and its answer are a line of JSON and perhaps bytes behind it. ``python -m`` of this module is the process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from threading import Timer
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, cast

from convcalc import errors
from convcalc.errors import ConvcalcError, FormatError, MissingExtraError
from convcalc.limits import MIB

_SECONDS = 2  # of processor time for a request, and of all time so many more
_SLOW = 30
_BYTES_A_SECOND = 20 * MIB
_MEMORY = 1024 * MIB  # of addresses, beyond the numbers themselves: libraries alone take some hundreds
_SERVICES = ("hdf5", "openexr", "tiff_library")
_ERRORS = ("FormatError", "FieldError", "LimitError", "UnknownNameError", "MissingExtraError")


class Answer(NamedTuple):
    """What a service answers."""

    said: Mapping[str, Any]
    data: bytes = b""


Service = Callable[[Mapping[str, Any], bytes], Answer]
"""What answers a request and its bytes."""


class Isolated:
    """A process in which one service works; it begins with the first request and ends with :meth:`close`."""

    def __init__(self, service: str, what: str, extra: str) -> None:
        """``what`` is read by the library that the service uses, of the extra ``extra``."""
        self.service, self.what, self.extra = service, what, extra
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Isolated:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def ask(self, request: Mapping[str, Any], data: bytes | memoryview = b"", expected: int = 0) -> Answer:
        """The answer to a request; ``expected``: bytes of it.

        Raises:
            ConvcalcError: as the service raises it; FormatError where the library hangs or crashes.
        """
        process = self._process = self._process or self._started()
        stdin, stdout = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
        seconds = _SECONDS + (len(data) + expected) // _BYTES_A_SECOND
        timer = Timer(seconds + _SLOW, process.kill)
        timer.start()
        try:
            _send(stdin, {**request, "seconds": seconds, "memory": _MEMORY + 4 * (expected + len(data))}, data)
            found = _received(stdout)
        except OSError:
            found = None
        except BaseException:  # an interrupted command leaves no process behind
            self.close()
            raise
        finally:
            timer.cancel()
        if found is not None and "error" not in found.said:
            return found
        self.close()
        if found is not None:
            raise self._raised(found.said["error"])
        raise FormatError(f"{self.what} is damaged: its library does not come to an end of it, or breaks down")

    def _started(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(each for each in sys.path if each)
        return subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", __name__, self.service],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "HDF5_PLUGIN_PRELOAD": "::"},
        )

    def _raised(self, said: Mapping[str, Any]) -> ConvcalcError:
        if said["kind"] == "MissingExtraError":
            return MissingExtraError(f"reading {self.what}", self.extra)
        error: ConvcalcError = FormatError(said["message"])
        if said["kind"] in _ERRORS:
            kind = getattr(errors, said["kind"])
            error = kind.__new__(kind)
            ConvcalcError.__init__(error, said["message"], hint=said["hint"], field=tuple(said["field"]))
        return error


def _send(stream: BinaryIO, said: Mapping[str, Any], data: bytes | memoryview) -> None:
    stream.write(json.dumps({**said, "bytes": len(data)}).encode() + b"\n")
    stream.write(data)
    stream.flush()


def _received(stream: BinaryIO) -> Answer | None:
    """The next message; None where there is no whole one."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    said = json.loads(line)
    data = stream.read(said.pop("bytes"))
    return Answer(said, data)


def _serve(service: Service, stdin: BinaryIO, stdout: BinaryIO) -> None:
    while (request := _received(stdin)) is not None:
        said = dict(request.said)
        _bound(said.pop("seconds"), said.pop("memory"))
        try:
            answer = service(said, request.data)
        except ConvcalcError as error:
            kind = type(error).__name__
            told = {"kind": kind, "message": error.message, "hint": error.hint, "field": list(error.field)}
            answer = Answer({"error": told})
        _send(stdout, answer.said, answer.data)


def _bound(seconds: int, memory: int) -> None:
    """Bounds of this process for its next request, where the system has such."""
    try:
        import resource
    except ImportError:  # on Windows; the asking process has a clock as well
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    whole = int(used.ru_utime + used.ru_stime) + seconds
    for which, amount in ((resource.RLIMIT_CPU, whole), (resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(which)
        if hard == resource.RLIM_INFINITY or amount <= hard:
            resource.setrlimit(which, (amount, hard))


def _main() -> None:
    """Answer requests on standard input until it ends; whatever else a library writes goes nowhere."""
    stdout = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    module = import_module(f"convcalc.files.laboratory.{_SERVICES[_SERVICES.index(sys.argv[1])]}")
    _serve(module.answer, sys.stdin.buffer, stdout)


if __name__ == "__main__":
    _main()
