"""The contenders: the only place that lists them."""

from __future__ import annotations

from convcalc.bench.contender import Contender
from convcalc.bench.machine import COPY, PRODUCT
from convcalc.bench.ours import CONV, ENGINES_ALONE
from convcalc.bench.peers import PEERS
from convcalc.engine.candidate import Precision

CONTENDERS: dict[str, Contender] = {each.name: each for each in (*CONV.values(), *ENGINES_ALONE, *PEERS, PRODUCT, COPY)}


def entrants(precision: str, engine: str = "auto") -> tuple[Contender, ...]:
    """Who is measured: ``conv`` at a precision, each engine by itself or the only one asked for, and the peers."""
    engines = [each for each in ENGINES_ALONE if engine in ("auto", each.name)]
    return (CONV[Precision(precision)], *engines, *PEERS)
