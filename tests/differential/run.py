"""Random problems and networks against exact arithmetic, PyTorch, SciPy and each other, as many as there is time for.

    python tests/differential/run.py --problems 100000 --networks 20000 --seed 1

Each is made from the seed and its number alone; a failure prints both with the cell, the case and both numbers, and
``--first`` with ``--problems 1`` runs that one again. Exit code 1 if anything failed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from functools import partial
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from differential.stream import Verdict, installed_peers, network_verdict, problem_verdict

_CHUNK = 50
_MOST_PRINTED = 50


def main() -> int:
    """Run what is asked for; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=1000, help="how many problems (default 1000)")
    parser.add_argument("--networks", type=int, default=0, help="how many networks (default 0)")
    parser.add_argument("--seed", type=int, default=0, help="what all of them are made from (default 0)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one (default 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--no-peers", action="store_true", help="without PyTorch and SciPy")
    asked = parser.parse_args()
    peers = () if asked.no_peers else installed_peers()
    print(f"seed {asked.seed}, beside {', '.join(peers) or 'no peers'}", flush=True)
    failed = 0
    for name, judged, count in (
        ("problems", problem_verdict, asked.problems),
        ("networks", network_verdict, asked.networks),
    ):
        if count:
            failed += _ran(name, partial(judged, asked.seed, peers=peers), asked.first, count, asked.jobs)
    return 1 if failed else 0


def _ran(name: str, judged: partial[Verdict], first: int, count: int, jobs: int) -> int:
    """How many of so many failed; failures are printed as they come."""
    start, kinds, bad, printed = time.monotonic(), Counter[str](), Counter[str](), 0
    numbers = range(first, first + count)
    with get_context("spawn").Pool(jobs, _warnings_are_errors) as pool:
        for done, verdict in enumerate(pool.imap_unordered(judged, numbers, _CHUNK if count > _CHUNK else 1), 1):
            kinds[verdict.kind] += 1
            bad[verdict.kind] += bool(verdict.faults)
            for fault in verdict.faults if printed < _MOST_PRINTED else ():
                printed += 1
                print(fault, flush=True)
            if not done % 5000:
                print(f"  {done:,} {name}, {bad.total()} failed, {time.monotonic() - start:,.0f} s", flush=True)
    for kind, number in sorted(kinds.items()):
        print(f"{kind:<18}{number:>9,}  {bad[kind]:,} failed")
    print(f"{count:,} {name}: {bad.total():,} failed, {time.monotonic() - start:,.0f} s", flush=True)
    return bad.total()


def _warnings_are_errors() -> None:
    warnings.simplefilter("error")


if __name__ == "__main__":
    sys.exit(main())
