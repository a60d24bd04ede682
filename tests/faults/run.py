"""Every trial, or those named, with as many steps as there is time for; the tests take a few.

    python tests/faults/run.py --steps 100000

The steps are lengths of a file, calls of a save, lines of a page, amounts of memory, problems and children; where a job
has fewer than asked for, each of them is tried. Exit code 1 if something did not end as it should.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from faults.trials import TRIALS


def main() -> int:
    """Run what is asked for; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", nargs="*", default=list(TRIALS), help=f"one of {', '.join(TRIALS)} (default: all)")
    parser.add_argument("--steps", type=int, default=100, help="of every job at most (default 100)")
    asked = parser.parse_args()
    failed = 0
    for name in asked.trials:
        start = time.monotonic()
        with TemporaryDirectory(prefix="convcalc-") as folder:
            faults = list(TRIALS[name](Path(folder), asked.steps))
        print(*faults, sep="\n", end="\n" if faults else "")
        print(f"{name}: {len(faults)} faults, {time.monotonic() - start:.0f} s", flush=True)
        failed += len(faults)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
