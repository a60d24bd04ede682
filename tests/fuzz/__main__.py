"""``python -m tests.fuzz``: attack the readers with any number of inputs, or make one of them again."""

from __future__ import annotations

import argparse
import sys

from .processes import attack_apart
from .readers import READERS, input_of
from .runner import Tally, attack

_SHOWN = 3  # faults of a kind


def main() -> int:
    """The exit code: 0 if nothing was found."""
    said = _parser().parse_args()
    names = said.reader or list(READERS)
    if said.number is not None:
        return _again(names[0], said.seed, said.number)
    found = 0
    for name in names:
        tally = attack_apart(name, said.seed, range(said.first, said.first + said.inputs), said.seconds)
        found += len(tally.faults)
        _tell(name, tally)
    return min(found, 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="of each reader (default: a million)")
    parser.add_argument("--reader", action="append", choices=READERS, help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other inputs")
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="at most, of each reader")
    parser.add_argument("--number", type=int, help="only this input: it is shown, and what is wrong with it")
    return parser


def _again(name: str, seed: int, number: int) -> int:
    print(repr(input_of(name, seed, number)))
    _tell(name, tally := attack(name, seed, [number]))
    return min(len(tally.faults), 1)


def _tell(name: str, tally: Tally) -> None:
    count = sum(map(len, tally.faults.values()))
    print(f"{name}: {tally.inputs:,} inputs, {tally.seconds:.0f} s, {count:,} faults of {len(tally.faults)} kinds")
    for faults in sorted(tally.faults.values(), key=len, reverse=True):
        print(f"  {len(faults):,} ×", *faults[:_SHOWN], sep="\n    ", flush=True)


if __name__ == "__main__":
    sys.exit(main())
