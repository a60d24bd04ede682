"""Limits on what is read, and on the memory and cores that this process may use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

from convcalc.errors import ConvcalcError, LimitError, Place, UnknownNameError, UsageError

MIB = 1 << 20
ENVIRONMENT_VARIABLE = "CONVCALC_LIMITS"
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "kib": 1 << 10, "mib": MIB, "gib": 1 << 30, "tib": 1 << 40}
SMALL = 128 * MIB
"""Bytes below which available memory is not checked: the check takes longer than the work."""
_AVAILABLE_SHARE = 0.8  # of what the system calls available; the rest stays with the other processes


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest things that are accepted; every field can be raised, see :meth:`override`."""

    file: int = 64 * MIB
    """Bytes of a text file (YAML, JSON, CSV)."""
    depth: int = 64
    """Levels of nesting in YAML or JSON."""
    values: int = 10_000_000
    """Values in a YAML, JSON or CSV file."""
    name: int = 200
    """Characters of a key or name."""
    axes: int = 8
    """Axes of an array."""
    pixels: int = 89_478_485
    """Pixels of an image (Pillow's own default: a quarter of a gibibyte at 24 bits)."""
    member: int = 64 * MIB
    """Bytes of an archive member or an image that is stored in less than a hundredth of them."""
    memory: int = 0
    """Bytes that one problem may take; 0 stands for what this process may use."""

    @property
    def memory_bytes(self) -> int:
        """The bytes that one problem may take, the 0 resolved."""
        return self.memory or available_memory()

    def override(self, text: str) -> Limits:
        """Limits with ``name=value`` pairs replaced, such as ``memory=8GiB,values=50M``.

        Raises:
            UsageError: a pair is not of that form.
            UnknownNameError: there is no limit of that name.
        """
        known = [field.name for field in fields(self)]
        changes: dict[str, int] = {}
        for pair in filter(None, text.split(",")):
            name, _, value = pair.partition("=")
            if name.strip() not in known:
                raise UnknownNameError("limit", name.strip(), known)
            changes[name.strip()] = _amount(value)
        return replace(self, **changes)

    @classmethod
    def from_environment(cls) -> Limits:
        """The default limits with what ``CONVCALC_LIMITS`` replaces.

        Raises:
            ConvcalcError: as :meth:`override`, with the variable as its place.
        """
        try:
            return _changed(os.environ.get(ENVIRONMENT_VARIABLE, ""))
        except ConvcalcError as error:
            error.place = Place(ENVIRONMENT_VARIABLE, is_flag=True)
            raise

    def check_large(self, planned: int, what: str) -> None:
        """As :meth:`check_memory`, but only where the check takes less time than the work; raises the same."""
        if planned > SMALL or self.memory:
            self.check_memory(planned, what)

    def check_memory(self, planned: int, what: str) -> None:
        """Refuse ``planned`` bytes for ``what`` before they are taken.

        Raises:
            LimitError: more is planned than may be used.
        """
        allowed = self.memory_bytes
        if planned > allowed:
            raise LimitError(
                f"{what} needs {bytes_text(planned)} of memory, {bytes_text(allowed)} may be used",
                hint=f"raise it with --limit memory={bytes_text(planned, exact=False)} if the machine has it",
            )

    def refusal(self, planned: int, what: str) -> str:
        """The error that :meth:`check_memory` would raise, or None."""
        try:
            self.check_memory(planned, what)
        except LimitError as error:
            return str(error)
        return ""


_changed = cache(Limits().override)


def bytes_text(count: int, *, exact: bool = True) -> str:
    """A byte count in the largest binary unit that it fills; with ``exact=False`` rounded up to whole units.

    >>> bytes_text(1536), bytes_text(1536, exact=False), bytes_text(3)
    ('1.5 KiB', '2KiB', '3 B')
    """
    for unit, power in (("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << power:
            return f"{_tenths(count, power)} {unit}" if exact else f"{-(-count >> power)}{unit}"
    return f"{count} B" if exact else f"{count}"


def _tenths(count: int, power: int) -> str:
    """``count / 2**power`` to one decimal in whole-number arithmetic: counts may be larger than any float."""
    tenths = (count * 10 + (1 << power - 1)) >> power
    return f"{tenths // 10:,}.{tenths % 10}"


def _amount(text: str) -> int:
    match = re.fullmatch(r"\s*(\d{1,30}(?:\.\d{1,9})?)\s*([kmgt]?(?:ib)?)\s*", text.lower())
    if not match or match[2] not in _UNITS:
        raise UsageError(f"limit {text!r} is not an amount", hint="write it like 50M, 8GiB or 1000000")
    whole, _, decimals = match[1].partition(".")
    return int(whole + decimals) * _UNITS[match[2]] // int(10 ** len(decimals))


def available_memory() -> int:
    """Bytes that this process may still use: the least of its control group, its address space and the system."""
    return max(0, min(_memory_bounds(), default=1 << 62))


def usable_cores() -> int:
    """Processor cores that this process may use: those it may run on, and no more than its control group's share."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no such mask
        cores = os.cpu_count() or 1
    return max(1, min(cores, *_core_quotas(), cores))


def _core_quotas() -> Iterator[int]:
    """A control group's quota of processor time in whole cores, rounded up."""
    group = "/sys/fs/cgroup/"
    for quota, period in (
        (*_read(group + "cpu.max").split(), "", "")[:2],
        (_read(group + "cpu/cpu.cfs_quota_us"), _read(group + "cpu/cpu.cfs_period_us")),
    ):
        if quota.isdigit() and period.isdigit() and int(period):
            yield max(1, -(-int(quota) // int(period)))


def _memory_bounds() -> Iterator[int]:
    available = re.search(r"MemAvailable:\s*(\d+) kB", _read("/proc/meminfo"))
    if available:
        yield int(int(available[1]) * 1024 * _AVAILABLE_SHARE)
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        if _read(limit).isdigit():
            yield int(_read(limit)) - int(_read(used) or 0)
    address_space = _address_space_limit()
    if address_space is not None:
        pages = (_read("/proc/self/statm") or "0").split()[0]
        yield address_space - int(pages) * os.sysconf("SC_PAGE_SIZE")


def _address_space_limit() -> int | None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""
