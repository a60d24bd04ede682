"""What the extra `fast` brings beside the best other library: `python tests/benchmarks/fused.py`.

For every case the engine that is taken without the extra, the engine `fused` and the peers take turns, each in its own
process. Nothing is written without `--write`, which keeps the times in `measured_fused.json` and draws the tables.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from table import FusedTimes, store_fused

from convcalc import make_plan
from convcalc.bench.cases import CASES, Case, find_case
from convcalc.bench.machine import this_machine
from convcalc.bench.ours import ENGINES_ALONE
from convcalc.bench.peers import PEERS
from convcalc.bench.runner import Conditions, measure
from convcalc.engine.fused.readiness import SWITCH, warm

MORE = (
    Case("3x3-320-320-20", 320, 320, (20, 20), (3, 3)),
    Case("3x3-48-80-64-batch-4", 48, 80, (64, 64), (3, 3), batch=4),
    Case("3x3-64-64-56-dilation-3", 64, 64, (56, 56), (3, 3), dilation=3),
)
"""Layers that the suite does not have."""
ALONE = {each.name: each for each in ENGINES_ALONE}


def planned(case: Case, dtype: str) -> tuple[str, str]:
    """The engines that are taken without the extra, and with its loops compiled."""
    problem = case.problem(dtype)
    os.environ[SWITCH] = "off"
    plain = make_plan(problem, threads=1).engine  # another number of threads is another plan
    del os.environ[SWITCH]
    return plain, make_plan(problem, threads=2).engine


def times(case: Case, conditions: Conditions) -> Iterator[FusedTimes]:
    """The best times of a case in each dtype."""
    for dtype in ("float32", "float64"):
        plain, taken = planned(case, dtype)
        ours = dict.fromkeys((plain, taken, "fused"))
        bench = measure(case.problem(dtype), [*(ALONE[name] for name in ours), *PEERS], conditions)
        best = {each.contender: 1e3 * each.minimum for each in bench.measurements}
        peer = min((each.name for each in PEERS if each.name in best), key=best.__getitem__)
        yield FusedTimes(case.name, dtype, plain, best[plain], taken, best[taken], best["fused"], peer, best[peer])


def main() -> None:
    """Print the times, a case a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--case", action="append", help="this case instead of all; may be repeated")
    parser.add_argument("--write", action="store_true", help="keep the times, and draw the READMEs")
    asked = parser.parse_args()
    os.environ.pop(SWITCH, None)
    warm()
    cases = [*CASES, *MORE]
    if asked.case:
        known = {each.name: each for each in MORE}
        cases = [known.get(name) or find_case(name) for name in asked.case]
    rows = []
    for case in cases:
        for row in times(case, Conditions(2, asked.rounds)):
            rows.append(row)
            print(*row.cells, flush=True)
    if asked.write:
        machine = this_machine(2)
        store_fused(machine.processor or machine.architecture, asked.rounds, rows)


if __name__ == "__main__":
    main()
