"""How much of each module the tests run, held against what they owe it.

``coverage run -m pytest && coverage combine -q && coverage json -q && python tests/coverage_floors.py``
"""

from __future__ import annotations

import json
import sys
from fnmatch import fnmatch
from pathlib import Path

EXACT = (
    "arrays.py",
    "limits.py",
    "engine/epilogue.py",
    "engine/bounds.py",
    "files/*",
    "models/*",
    "request/*",
    "cli/output/saved_arrays.py",
    "picture/pixels.py",
    "geometry/*",
    "kernels/*",
    "layers/receptive_field.py",
    "layers/costs.py",
)
"""What reads, counts and converts: every line and every branch."""
FLOOR = 95
"""Percent of the lines and branches of any other module."""


def short(report: dict[str, dict[str, object]]) -> list[str]:
    """What each module lacks that is below its floor; ``report``: the files of coverage.py's JSON."""
    found = []
    for path, told in sorted(report.items()):
        module = path.rpartition("convcalc/")[2]
        floor = 100 if any(fnmatch(module, pattern) for pattern in EXACT) else FLOOR
        percent = told["summary"]["percent_covered"]
        if percent < floor:
            branches = [f"{line}→{there}" for line, there in told["missing_branches"]]
            missing = ", ".join(map(str, [*told["missing_lines"], *branches]))
            found.append(f"{module}: {percent:.1f} % of {floor} %, without {missing}")
    return found


if __name__ == "__main__":
    report = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "coverage.json").read_text(encoding="utf-8"))
    lines = short(report["files"])
    print(*lines, f"{report['totals']['percent_covered']:.2f} % of all lines and branches", sep="\n")
    sys.exit(bool(lines))
