"""A run of any size: blocks of inputs, each in a process of its own, so that no input can end or stop the run."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from . import runner
from .runner import Fault, Tally

_BLOCK = 50_000  # inputs of a process; less than a minute
_PATIENCE = 30.0  # seconds for one input, which is a fault after 2
_LOOK = 1.0  # seconds from one look at a process to the next
_CONTEXT = multiprocessing.get_context("spawn")
Attack = Callable[[str, int, list[int], float, Any], Tally]


class _Job(NamedTuple):
    """What a process does with its numbers."""

    attack: Attack
    reader: str
    seed: int
    seconds: float


def attack_apart(
    reader: str, seed: int, numbers: range, seconds: float = float("inf"), attack: Attack = runner.attack
) -> Tally:
    """All inputs of these numbers, for about so many seconds at most."""
    tally = Tally()
    for first in range(numbers.start, numbers.stop, _BLOCK):
        block = list(range(first, min(first + _BLOCK, numbers.stop)))
        tally.join(_block(_Job(attack, reader, seed, seconds - tally.seconds), block))
        if tally.seconds > seconds:
            break
    return tally


def _block(job: _Job, numbers: list[int]) -> Tally:
    """The inputs of a process; it begins again without one that ends or stops it."""
    deadly: dict[int, Fault] = {}
    while True:
        found = _in_a_process(job, [number for number in numbers if number not in deadly])
        if isinstance(found, Tally):
            for fault in deadly.values():
                found.add(fault)
            return found
        deadly[found.number] = found


def _in_a_process(job: _Job, numbers: list[int]) -> Tally | Fault:
    """What came of them, or the input that ended or stopped the process."""
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    at = _CONTEXT.Value("q", -1, lock=False)
    process = _CONTEXT.Process(target=_attack, args=(sender, at, job, numbers))
    process.start()
    sender.close()
    try:
        if _waited(receiver, at):
            return receiver.recv()  # type: ignore[no-any-return]
        process.kill()
        return Fault(job.reader, job.seed, at.value, f"hangs: not done after {_PATIENCE:.0f} s")
    except EOFError:
        process.join()
        if at.value < 0:
            raise RuntimeError("the process ended before its first input") from None
        return Fault(job.reader, job.seed, at.value, f"ends the process: exit code {process.exitcode}")
    finally:
        process.join()
        receiver.close()


def _waited(receiver: Connection, at: Any) -> bool:
    """Whether the process sent something, or ended, before one input took too long."""
    number, since = at.value, time.monotonic()
    while not receiver.poll(_LOOK):
        if at.value != number:
            number, since = at.value, time.monotonic()
        elif number >= 0 and time.monotonic() - since > _PATIENCE:
            return False
    return True


def _attack(sender: Connection, at: Any, job: _Job, numbers: list[int]) -> None:
    """In the process: what libraries write to standard error goes into a file, where it is noticed."""
    with tempfile.TemporaryFile() as noticed:
        os.dup2(noticed.fileno(), 2)
        sender.send(job.attack(job.reader, job.seed, numbers, job.seconds, at))
