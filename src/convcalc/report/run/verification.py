"""The verification of a run, in words and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from convcalc.report.blocks import Role, Sentence, say
from convcalc.report.text import listed, seconds_text
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.tracing.verification import Verification


def verification_blocks(verified: Verification | None) -> Iterator[Sentence]:
    """The verification and its time; empty if there was none."""
    if verified:
        yield say(f"verified: {verification_text(verified)}", Role.GOOD)


def network_verification_blocks(verified: Sequence[Verification]) -> Iterator[Sentence]:
    """The verification of all layers and its time; empty if there was none."""
    if not verified:
        return
    again = [each for each in verified if each.engine]
    cells = f"{counted(sum(each.cells for each in again), 'cell')} of {counted(len(again), 'layer')} by another engine"
    traces = counted(sum(each.traces for each in verified), "trace")
    both = listed([*([cells] if again else []), traces])
    seconds = seconds_text(sum(each.seconds for each in verified))
    yield say(f"verified: {both} agree, which took {seconds} more", Role.GOOD)


def verification_text(verified: Verification) -> str:
    """The verification in words."""
    by_engine = f"{counted(verified.cells, 'cell')} by engine {verified.engine}" if verified.engine else ""
    traced = counted(verified.traces, "trace")
    agree = "agrees" if not by_engine and verified.traces == 1 else "agree"
    both = listed([each for each in (by_engine, traced) if each])
    return f"{both} {agree}, which took {seconds_text(verified.seconds)} more"


def verification_data(verified: Verification | None) -> dict[str, Any]:
    """The verification for JSON; None if there was none."""
    if verified is None:
        return {}
    return {
        "verified": {
            "engine": verified.engine,
            "cells": verified.cells,
            "traces": verified.traces,
            "seconds": verified.seconds,
        }
    }
