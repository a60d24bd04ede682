"""The table of engines, one row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.engine.engine import Engine

_ROWS = {
    "direct": "direct.ENGINE",
    "gemm": "gemm.ENGINE",
    "pointwise": "pointwise.ENGINE",
    "winograd-2": "winograd.WINOGRAD_2",
    "winograd-3": "winograd.WINOGRAD_3",
    "winograd-4": "winograd.WINOGRAD_4",
    "taps": "taps.ENGINE",
    "band": "band.ENGINE",
    "separable": "separable.ENGINE",
    "fft": "fft.ENGINE",
    "fused": "fused.ENGINE",
}


@cache
def _row(name: str) -> Engine:
    module, _, row = _ROWS[name].partition(".")
    engine: Engine = getattr(import_module(f"convcalc.engine.algorithms.{module}"), row)
    return engine


class _Engines(Mapping[str, "Engine"]):
    """The engines by name, each imported on first use: a small problem needs only one of them."""

    def __getitem__(self, name: str) -> Engine:
        return _row(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_ROWS)

    def __len__(self) -> int:
        return len(_ROWS)


ENGINES: Mapping[str, Engine] = _Engines()
