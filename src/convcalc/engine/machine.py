"""What the machine can do, for the planner's estimates: one table, measured once.

Measured on a 2-core x86-64 server (AMD EPYC, AVX-512, NumPy 2.4 with its own OpenBLAS), one thread. Another machine
has other numbers, but their ratios decide which engine is chosen, and those differ less.
"""

from __future__ import annotations

from convcalc.engine.arithmetic import INT64, PYTHON, Arithmetic

WORKSPACE = 64 << 20
"""Bytes of scratch that a plan may take beside the output, all threads together."""

CALL = 1.5e-6
"""Seconds of a NumPy call on small arrays."""

_PRODUCT = {4: 2.1e-11, 8: 4.0e-11}  # 95 and 50 GFLOP/s
_PASS = {4: 1.2e-10, 8: 2.4e-10}


def product_seconds(arithmetic: Arithmetic) -> float:
    """Seconds of one multiplication with its addition in a large matrix product."""
    if arithmetic is PYTHON:
        return 8e-8
    return 1.2e-9 if arithmetic is INT64 else _PRODUCT[arithmetic.itemsize]


def pass_seconds(arithmetic: Arithmetic) -> float:
    """Seconds for a number in one pass of addition, multiplication or copying within the cache."""
    return 8e-8 if arithmetic is PYTHON else _PASS[arithmetic.itemsize]
