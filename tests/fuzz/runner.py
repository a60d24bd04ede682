"""Many inputs for a reader: what came of each, and of all of them."""

from __future__ import annotations

import os
import re
import tempfile
import time
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple, Protocol

from . import readers
from .oracle import answered, judged
from .process import Meter
from .through_main import command_of, through_main

EVERY = 100
"""One input in so many goes through the whole command line as well."""


class SupportsNumber(Protocol):
    """A place for a number, such as one that two processes share."""

    value: int


class Fault(NamedTuple):
    """An input that broke what must hold; (reader, seed, number) make it again."""

    reader: str
    seed: int
    number: int
    what: str

    @property
    def kind(self) -> str:
        """What it has in common with others of its kind."""
        return re.sub(r"(?<!\.py:)\b\d+\b", "…", self.what.split(": ", 1)[0])

    def __str__(self) -> str:
        return f"({self.reader}, {self.seed}, {self.number}) {self.what}"


@dataclass
class Tally:
    """What came of the inputs of a reader."""

    inputs: int = 0
    seconds: float = 0.0
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    """By their kinds."""

    def add(self, fault: Fault) -> None:
        """Count a fault with its kind."""
        self.faults.setdefault(fault.kind, []).append(fault)

    def join(self, other: Tally) -> None:
        """Count what another one counted."""
        self.inputs += other.inputs
        self.seconds += other.seconds
        for faults in other.faults.values():
            for each in faults:
                self.add(each)


class Attack:
    """Inputs of one reader and one seed, each judged."""

    def __init__(self, reader: str, seed: int, folder: Path) -> None:
        self.reader, self.seed, self.folder = reader, seed, folder
        self._meter = Meter()
        self._row = readers.READERS[reader]
        self._foreign = _ErrorOutput()

    def fault(self, number: int) -> Fault | None:
        """What is wrong with the input of a number, if anything is."""
        data = readers.input_of(self.reader, self.seed, number)
        what = judged(lambda: answered(self._row.read, data), self._meter)
        if not what and number % EVERY == 0:
            chance = Random(f"command {self.reader} {self.seed} {number}")
            command = command_of(chance, self._row, data, self.folder)
            what = judged(lambda: through_main(command), self._meter)
            what = what and f"{what} [convcalc {' '.join(command.argv)}]"
        what = what or self._foreign.news()
        return Fault(self.reader, self.seed, number, what) if what else None


class _ErrorOutput:
    """What libraries in C write to standard error, where it is a file."""

    def __init__(self) -> None:
        self._size = self._now()

    def news(self) -> str:
        before, self._size = self._size, self._now()
        return f"a library wrote {self._size - before} bytes to standard error" if self._size > before else ""

    @staticmethod
    def _now() -> int:
        with suppress(OSError):
            return os.fstat(2).st_size
        return 0


def attack(
    reader: str, seed: int, numbers: Iterable[int], seconds: float = float("inf"), at: SupportsNumber | None = None
) -> Tally:
    """All inputs of these numbers in this process, for so many seconds at most; ``at`` always has the current one."""
    tally, started = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        running = Attack(reader, seed, Path(folder))
        for number in numbers:
            if at is not None:
                at.value = number
            fault = running.fault(number)
            tally.inputs += 1
            if fault:
                tally.add(fault)
            tally.seconds = time.monotonic() - started
            if tally.seconds > seconds:
                break
    return tally


def _memory_folder() -> str | None:
    """A folder in memory, where the system has one: files that are judged once need no disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
