"""How long commands take, as ratios against named peers: `python tests/benchmarks/commands.py`.

Every process runs in turn with its peer, so that a machine that slows down slows both; the minimum and the median of
the rounds are printed, and nothing is asserted. SciPy and Pillow are needed for the photograph.
"""

from __future__ import annotations

import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = 21
PYTHON = sys.executable

PHOTOGRAPH_PEER = """
import sys, numpy as np
from PIL import Image
from scipy import ndimage
image = np.asarray(Image.open(sys.argv[1])).astype(np.int32)
edges = ndimage.correlate(image, np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]))[1:-1, 1:-1]
largest = np.abs(edges).max()
Image.fromarray(np.rint(edges * (127.5 / largest) + 127.5).astype(np.uint8)).save(sys.argv[2])
"""
LOAD = "import time, convcalc; import numpy, yaml; t = time.perf_counter(); convcalc.load({!r})"
LOAD_PEER = "import time, numpy, yaml; t = time.perf_counter(); yaml.load(open({!r}), Loader=yaml.CSafeLoader)"
INNER = "; print(time.perf_counter() - t)"


@dataclass(frozen=True)
class Case:
    """A command of ours and a peer's, and how many times as long ours may take."""

    name: str
    goal: float
    ours: Sequence[str]
    peer: Sequence[str]
    inner: bool = False
    """Whether the processes print the seconds that count, because starting up is not the subject."""
    rounds: int = ROUNDS


def cases(folder: Path) -> list[Case]:
    """What is measured."""
    convcalc = shutil.which("convcalc", path=str(Path(PYTHON).parent)) or "convcalc"
    matrix = folder / "matrix.yaml"
    numbers = random.Random(0)
    rows = (", ".join(f"{numbers.uniform(-9, 9):.6f}" for _ in range(1000)) for _ in range(1000))
    matrix.write_text("input:\n" + "".join(f"  - [{row}]\n" for row in rows), encoding="ascii")
    camera, edges = str(ROOT / "examples" / "camera.png"), str(folder / "edges.png")
    photograph = [convcalc, "run", camera, "--kernel", "sobel-x", "-o", edges, "--force"]
    packages = "import typer, rich.console, rich.table"
    return [
        Case("convcalc --version", 2.5, [convcalc, "--version"], [PYTHON, "-c", "pass"]),
        Case(
            "convcalc params --cin 64 --cout 128 -k 3",
            1.25,
            [convcalc, "params", "--cin", "64", "--cout", "128", "-k", "3"],
            [PYTHON, "-c", packages],
        ),
        Case(
            "convcalc summary vgg-16.yaml (peer: params)",
            1.5,
            [convcalc, "summary", str(ROOT / "examples" / "vgg-16.yaml")],
            [convcalc, "params", "--cin", "64", "--cout", "128", "-k", "3"],
        ),
        Case("convcalc run", 1.25, [convcalc, "run"], [PYTHON, "-c", f"{packages}, numpy, yaml"]),
        Case(
            "reading 1000×1000 floats (peer: CSafeLoader)",
            1.0,
            [PYTHON, "-c", LOAD.format(str(matrix)) + INNER],
            [PYTHON, "-c", LOAD_PEER.format(str(matrix)) + INNER],
            inner=True,
            rounds=3,
        ),
        Case(
            "photograph to PNG (peer: scipy.ndimage)", 1.5, photograph, [PYTHON, "-c", PHOTOGRAPH_PEER, camera, edges]
        ),
    ]


def measure(case: Case) -> tuple[list[float], list[float]]:
    """Seconds of each round, ours and the peer's, after one round that does not count."""
    ours, peer = [], []
    for number in range(case.rounds + 1):
        for command, times in ((case.ours, ours), (case.peer, peer)):
            seconds = _seconds(command, case.inner)
            if number:
                times.append(seconds)
    return ours, peer


def _seconds(command: Sequence[str], inner: bool) -> float:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")}
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    return float(done.stdout) if inner else time.perf_counter() - start


def main() -> None:
    """Print one row for each case."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores; milliseconds")
    print(f"{'case':<46}{'ours min/median':>18}{'peer min/median':>18}{'ratio min/median':>18}{'goal':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder)):
            ours, peer = measure(case)
            figures = [f"{1e3 * min(t):.0f} / {1e3 * statistics.median(t):.0f}" for t in (ours, peer)]
            ratio = f"{min(ours) / min(peer):.2f} / {statistics.median(ours) / statistics.median(peer):.2f}"
            print(f"{case.name:<46}{figures[0]:>18}{figures[1]:>18}{ratio:>18}{case.goal:>6}", flush=True)


if __name__ == "__main__":
    main()
