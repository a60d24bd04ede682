"""The answer to why a matrix differs: its causes, or what comes nearest, and an input that could tell more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcalc.causes.change import Cause
from convcalc.causes.hypotheses import Found, Question
from convcalc.causes.nearest import Near, nearest
from convcalc.causes.peers import Peer, peers_giving
from convcalc.causes.probe import Probe, probe_of
from convcalc.causes.search import search_causes

if TYPE_CHECKING:
    from convcalc.arrays import Array

_MOST_TOLD_APART = 8
"""Causes that an offered input is to tell apart."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a matrix differs from what convcalc computes."""

    question: Question
    found: tuple[Found, ...]
    """The exact causes of the fewest changes, all of them; one without changes: it does not differ."""
    others: tuple[Found, ...] = ()
    """Where it does not differ: the single changes after which it does not either."""
    peers: tuple[Peer, ...] = ()
    """The functions of others that give the matrix by their defaults."""
    near: Near | None = None
    """Where there is no exact cause."""
    probe: Probe | None = None
    """An input on which the causes, or the others, differ."""
    unprobed: bool = False
    """Whether such an input was looked for in vain: these causes are the same for this kernel."""

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return bool(self.found) and not self.found[0].cause.changes

    @property
    def is_explained(self) -> bool:
        """Whether something gives every cell."""
        return bool(self.found or self.peers)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The exact causes."""
        return tuple(each.cause for each in self.found)

    @property
    def like(self) -> tuple[str, ...]:
        """The flags with which convcalc computes as the first of the functions does; empty where none do."""
        reached = (each.flags for each in self.peers if each.is_reachable(self.question.problem))
        return next(reached, ())

    @property
    def likely(self) -> Cause | None:
        """The cause to tell where only one is: the first that flags reach, else the first."""
        return next((each for each in self.causes if each.is_reachable), self.causes[0] if self.causes else None)


def explained(question: Question, drawn: Callable[[Probe], Array]) -> Explanation:
    """Why a matrix differs; ``drawn``: the numbers of an offered input, (channels, *spatial)."""
    searched = search_causes(question)
    peers = peers_giving(question)
    if not searched.found:
        return Explanation(question, (), peers=peers, near=None if peers else nearest(question))
    agrees = not searched.found[0].cause.changes
    tied = (searched.found[0], *searched.others) if agrees else searched.found
    if len(tied) < 2:
        return Explanation(question, searched.found, peers=peers)
    probe = probe_of(question.problem, tied[:_MOST_TOLD_APART], drawn)
    return Explanation(question, searched.found, searched.others, peers, probe=probe, unprobed=probe is None)
