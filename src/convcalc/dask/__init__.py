"""Convolutions of Dask arrays, and of files by the workers of a Dask cluster (extra ``dask``).

``import convcalc.dask`` loads neither Dask nor NumPy; what needs them says how to install them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcalc.dask.array import conv

__all__ = ["conv"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from convcalc.dask.array import conv

    return conv
