"""What the machine can do at most, measured beside the contenders: a matrix product and a copy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from convcalc.bench.contender import Call, Contender, float_type, no_obstacle
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
