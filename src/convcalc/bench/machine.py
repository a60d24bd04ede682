"""The machine and the libraries that a time depends on."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

from convcalc.bench.records import Machine


def this_machine(threads: int) -> Machine:
    """The machine that this process runs on; ``threads``: that each contender may use."""
    built = np.show_config(mode="dicts") or {}
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return Machine(
        architecture=platform.machine(),
        processor=_processor(),
        threads=threads,
        python=platform.python_version(),
        numpy=np.__version__,
        blas=" ".join(filter(None, (blas.get("name"), blas.get("version")))) or "unknown",
    )


def _processor() -> str:
    """The model's name, where Linux tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")), "")
