"""The verdict on problem or network number so-and-so of a seed, in words that lead back to it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from differential import judge, networks
from differential.adversaries import adversary
from differential.judge import Fault
from differential.networks import any_network
from differential.peers import PEERS, beside_peers
from differential.problems import Case, Rng, any_problem, choice
from differential.properties import broken, properties_of

ADVERSARIES_SHARE = 0.35
PEERS_SHARE = 0.25
"""Of the problems that PyTorch and SciPy compute too: they take as long as all engines together."""


class Verdict(NamedTuple):
    """What was found about one subject."""

    number: int
    kind: str
    """What made it."""
    faults: tuple[str, ...]


def installed_peers() -> tuple[str, ...]:
    """Which of PyTorch and SciPy there are."""
    return tuple(name for name in PEERS if find_spec(name))


def drawn_problem(seed: int, number: int) -> tuple[Case, Rng]:
    """A problem, and what its tests draw from."""
    rng = np.random.default_rng([seed, number])
    return (adversary if rng.random() < ADVERSARIES_SHARE else any_problem)(rng), rng


def problem_verdict(seed: int, number: int, peers: tuple[str, ...] = ()) -> Verdict:
    """A problem by every engine, with one property and at times beside its peers."""
    case, rng = drawn_problem(seed, number)

    def faults() -> Iterator[Fault]:
        yield from judge.faults_of(case, rng)
        yield from broken(case, choice(rng, *properties_of(case)), rng)
        if peers and rng.random() < PEERS_SHARE:
            yield from beside_peers(case, *peers)

    return Verdict(number, case.kind, _told(f"problem {number} of seed {seed}", case, faults))


def network_verdict(seed: int, number: int, peers: tuple[str, ...] = ()) -> Verdict:
    """A network layer by layer, with its traces, and beside PyTorch."""
    rng = np.random.default_rng([seed, number, 1])
    net = any_network(rng)
    torch = __import__("torch") if "torch" in peers else None
    found = _told(f"network {number} of seed {seed}", net, lambda: networks.faults_of(net, rng, torch=torch))
    return Verdict(number, "network", found)


def _told(name: str, case: Any, faults: Callable[[], Iterator[Fault]]) -> tuple[str, ...]:
    """The faults in words; an exception that is none of ours is one too."""
    try:
        return tuple(f"{name}: {fault}\n    {case}" for fault in faults())
    except Exception:  # whatever it is, it is a finding with a number
        return (f"{name}: {traceback.format_exc()}    {case}",)
