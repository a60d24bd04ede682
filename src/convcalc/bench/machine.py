"""The machine and the libraries that a time depends on.

What the machine can do at most, measured beside the contenders: a matrix product and a copy.
"""

from __future__ import annotations

import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from convcalc.bench.contender import Call, Contender, float_type, no_obstacle
from convcalc.bench.records import Machine
from convcalc.problem import Problem

PRODUCT_SIZE = 1024
"""Rows and columns of the matrices."""
PRODUCT_OPERATIONS = 2 * PRODUCT_SIZE**3
COPY_BYTES = 2 * (64 << 20)
"""Read and written by one copy of 64 MiB."""


def _prepare_product(problem: Problem, _threads: int) -> Call:
    """A matrix product in the problem's floats; the environment says how many threads it takes."""
    one, other = np.random.default_rng(0).standard_normal((2, PRODUCT_SIZE, PRODUCT_SIZE)).astype(float_type(problem))
    product = np.empty_like(one)
    return lambda: np.matmul(one, other, out=product)


def _prepare_copy(_problem: Problem, threads: int) -> Call:
    """A copy of an array that no cache holds, in as many pieces as there are threads."""
    source = np.array_split(np.ones(COPY_BYTES // 2, np.uint8), threads)
    target = np.array_split(np.zeros(COPY_BYTES // 2, np.uint8), threads)
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.copyto, target, source))


PRODUCT = Contender("product", _prepare_product, no_obstacle, is_ceiling=True)
COPY = Contender("copy", _prepare_copy, no_obstacle, is_ceiling=True)


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
