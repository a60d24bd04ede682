"""How fast the explorer starts and answers a key: `python tests/benchmarks/explorer.py`; nothing is asserted.

It starts in turn with Python loading what it stands on, in a terminal of its own; the extra `tui` is needed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from test_explore import Terminal, key_seconds

ROUNDS = 15


def start_seconds() -> tuple[float, float]:
    """Of loading Textual's application and NumPy, and of the explorer until its first page."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import textual.app, numpy"], check=True)
    base = time.perf_counter() - began
    terminal = Terminal("explore")
    terminal.until("leave")
    taken = time.perf_counter() - terminal.began
    terminal.kill()
    return base, taken


def main() -> None:
    """Print both."""
    base, taken = zip(*(start_seconds() for _ in range(ROUNDS)), strict=True)
    ratios = min(taken) / min(base), statistics.median(taken) / statistics.median(base)
    print(f"start / import textual.app, numpy: minimum {ratios[0]:.2f}, median {ratios[1]:.2f} (goal 1.3)")
    with TemporaryDirectory() as folder:
        times = [1000 * each for each in key_seconds(Path(folder), 12)]
    print(
        f"a key on 64×64 with 16 channels: minimum {min(times):.0f} ms, median {statistics.median(times):.0f} (goal 50)"
    )


if __name__ == "__main__":
    main()
