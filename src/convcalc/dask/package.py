"""Dask itself, loaded where it is used."""

from __future__ import annotations

from typing import Any

from convcalc.errors import MissingExtraError


def dask_array() -> Any:
    """``dask.array``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import dask.array
    except ImportError:
        raise MissingExtraError("a Dask array", "dask") from None
    return dask.array


def dask_distributed() -> Any:
    """``distributed``, Dask's scheduler and workers.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import distributed
    except ImportError:
        raise MissingExtraError("a Dask cluster", "dask") from None
    return distributed
