"""The engines: one row each, and the only place that lists them."""

from __future__ import annotations

from convcalc.engine import direct, gemm
from convcalc.engine.engine import Engine

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (direct.ENGINE, gemm.ENGINE)}
