"""Every trial with a few steps; ``run.py`` beside this file takes as many as there is time for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from faults.trials import TRIALS

STEPS = {
    "full-disk": 12,
    "signals": 12,
    "closed-pipes": 8,
    "little-memory": 25,
    "threads": 20,
    "forks": 8,
}
ROOT = Path(__file__).parents[2]


def test_every_trial_has_steps() -> None:
    """A trial that is added is run here too."""
    assert set(STEPS) == set(TRIALS)


@pytest.mark.skipif(sys.platform != "linux", reason="limits and pipes of Linux")
@pytest.mark.parametrize("name", TRIALS)
def test_nothing_ends_otherwise_than_it_should(name: str) -> None:
    """In a process of its own, small and with no threads but its own: it forks."""
    command = [sys.executable, str(Path(__file__).with_name("run.py")), name, "--steps", str(STEPS[name])]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "COLUMNS": "80"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{name}: 0 faults")
