"""A Dask cluster to compute on: one of this machine's processes, or a running one, with this version of convcalc."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from convcalc.dask.package import dask_distributed
from convcalc.errors import ClusterError
from convcalc.limits import usable_cores
from convcalc.wording import counted

_PATIENCE = 2.0
"""Seconds until a scheduler must have answered."""
_ADDRESS = re.compile(r"(?P<kind>tcp|tls)://(?P<host>[^/:\s]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")
_GREETING = b"pickle-protocol"
"""Part of what a scheduler sends to everyone who connects, before it is asked anything."""
_LONGEST = 4096  # bytes of a greeting
_SILENT = logging.CRITICAL + 1
_SHOWN = 5  # workers that a message names


@contextmanager
def cluster(scheduler: str | None, workers: int | None, version: str) -> Iterator[Any]:
    """A client of a running scheduler, or of as many processes of one thread as this process may use cores.

    ``scheduler``: its address, such as ``tcp://10.0.0.5:8786``. ``version``: of convcalc, which all workers must have.

    Raises:
        ClusterError: the scheduler does not answer, has no workers, or a worker has no or another convcalc.
        MissingExtraError: Dask is not installed.
    """
    if scheduler is not None:
        check_scheduler(scheduler)
    distributed = dask_distributed()
    with _quiet():
        if scheduler is None:
            count = workers or usable_cores()
            asked = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": _SILENT}
            with distributed.LocalCluster(n_workers=count, **asked) as local, distributed.Client(local) as client:
                yield client
            return
        client = _connected(distributed, scheduler)
        try:
            check_workers(client, scheduler, version)
            yield client
        finally:
            client.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """A context in which Dask logs nothing: what matters becomes a sentence of ours."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(_SILENT)
    try:
        yield
    finally:
        logger.setLevel(level)


def _connected(distributed: Any, scheduler: str) -> Any:
    """A client of a running scheduler; raises as :func:`check_scheduler` does."""
    try:
        return distributed.Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # TLS without certificates is a TypeError
        raise _no_scheduler(scheduler, str(error)) from None


def check_scheduler(scheduler: str) -> None:
    """Refuse an address where no Dask scheduler answers, before Dask is loaded.

    Dask's own time limit does not hold where something else listens and stays silent, and what a web server sends there
    it takes for the length of a message.

    Raises:
        ClusterError: the address is none, or nothing or something else answers there.
    """
    found = _ADDRESS.fullmatch(scheduler)
    if not found or int(found["port"]) >= 1 << 16:
        raise ClusterError(f"{scheduler[:100]!r} is no address of a scheduler", hint="--scheduler tcp://host:8786")
    greeting = b""
    try:
        with socket.create_connection((found["host"].strip("[]"), int(found["port"])), _PATIENCE) as stream:
            if found["kind"] == "tls":
                return
            stream.settimeout(_PATIENCE / 2)
            while _GREETING not in greeting and len(greeting) < _LONGEST and (more := stream.recv(_LONGEST)):
                greeting += more
    except (OSError, UnicodeError) as error:
        if not greeting:
            raise _no_scheduler(scheduler, getattr(error, "strerror", None) or "no answer") from None
    if _GREETING not in greeting:
        raise _no_scheduler(scheduler, "something else listens there")


def _no_scheduler(scheduler: str, reason: str) -> ClusterError:
    return ClusterError(
        f"no Dask scheduler answers at {scheduler}: {reason}",
        hint="dask scheduler starts one; without --scheduler, processes of this machine compute",
    )


def check_workers(client: Any, scheduler: str, version: str) -> None:
    """Refuse workers that would compute other numbers, or none.

    Raises:
        ClusterError: there are no workers, or some have no or another convcalc; the message names them.
    """
    if not client.scheduler_info(n_workers=-1)["workers"]:
        raise ClusterError(f"the scheduler at {scheduler} has no workers", hint=f"dask worker {scheduler}")
    lacking, others = [], {}
    for worker, found in _versions(client).items():
        if not isinstance(found, str):
            lacking.append(worker)
        elif found != version:
            others[worker] = found
    if lacking:
        raise ClusterError(
            f"{counted(len(lacking), 'worker')} of {scheduler} cannot import convcalc: {_named(lacking)}",
            hint="pip install convcalc where the workers run",
        )
    if others:
        named = _named([f"{worker} has {found}" for worker, found in others.items()])
        raise ClusterError(
            f"workers have another version of convcalc than this one, {version}: {named}",
            hint="the same on both sides gives the same numbers",
        )


def _versions(client: Any) -> Mapping[str, Any]:
    """Of convcalc by each worker's address; an exception where it cannot be imported."""

    def version() -> str:  # within another function, so that it is sent as it is: workers may have no convcalc
        from importlib import import_module

        return str(import_module("convcalc").__version__)

    found: Mapping[str, Any] = client.run(version, on_error="return")
    return found


def _named(workers: list[str]) -> str:
    more = len(workers) - _SHOWN
    return ", ".join(workers[:_SHOWN]) + (f" and {counted(more, 'other')}" if more > 0 else "")
