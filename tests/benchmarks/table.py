"""The tables of the times in ``measured.json``: `python tests/benchmarks/table.py` draws them anew, in both READMEs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from math import exp, isnan, log, nan
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
MEASURED = HERE / "measured.json"
FUSED = HERE / "measured_fused.json"
PAGE = HERE / "README.md"
PROJECT_PAGE = HERE.parents[1] / "README.md"
COLUMNS = ("case", "dtype", "ours", "fast", "torch", "best other", "torch/ours", "torch/fast", "best/ours", "best/fast")
_MARKED = re.compile(r"(?<=<!-- speed -->\n).*?(?=<!-- /speed -->)", re.DOTALL)


class Times(NamedTuple):
    """The best times of one case in one dtype, in milliseconds; nan of who took no part."""

    case: str
    dtype: str
    ours: float
    fast: float
    """With ``precision="fast"``."""
    torch: float
    other: float
    """The better of OpenCV and SciPy."""
    differing: tuple[str, ...] = ()
    """Contenders whose numbers are others than ours."""

    @classmethod
    def of(cls, row: dict[str, Any]) -> Times:
        """A row of ``measured.json``."""
        return cls(**{name: nan if value is None else value for name, value in row.items()})

    @property
    def row(self) -> dict[str, Any]:
        """The row of ``measured.json``."""
        return {
            name: (None if isnan(value) else round(value, 3)) if isinstance(value, float) else value
            for name, value in self._asdict().items()
        }

    @property
    def best(self) -> float:
        """The best of all peers."""
        return min((each for each in (self.torch, self.other) if not isnan(each)), default=nan)

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table; a ratio is how many times as long the peer takes."""
        times = (self.ours, self.fast, self.torch, self.other)
        ratios = (peer / mine for peer in (self.torch, self.best) for mine in (self.ours, self.fast))
        note = f" ({', '.join(self.differing)} differs)" if self.differing else ""
        return (self.case + note, self.dtype, *(_text(each, 3) for each in times), *(_text(each, 2) for each in ratios))


class FusedTimes(NamedTuple):
    """The best times of one case in one dtype without and with the extra `fast`, in milliseconds."""

    case: str
    dtype: str
    plain_engine: str
    """Taken without the extra."""
    plain: float
    taken_engine: str
    """Taken with it."""
    taken: float
    fused: float
    peer: str
    """The fastest other library."""
    best: float

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        ours = (f"{_text(self.plain, 3)} ({self.plain_engine})", f"{_text(self.taken, 3)} ({self.taken_engine})")
        ratios = (self.best / self.plain, self.best / self.taken)
        best = f"{_text(self.best, 3)} ({self.peer})"
        return (self.case, self.dtype, *ours, best, *(_text(each, 2) for each in ratios))


def _text(number: float, decimals: int) -> str:
    return "–" if isnan(number) else f"{number:,.{decimals}f}"


def mean(ratios: Sequence[float]) -> float:
    """The geometric mean; nan of none."""
    return exp(sum(map(log, ratios)) / len(ratios)) if ratios else nan


def page(measured: dict[str, Any]) -> str:
    """The page of all cases."""
    rows = [Times.of(row) for row in measured["rows"]]
    return f"""# How fast convcalc is

`python tests/benchmarks/suite.py --write` measures every case and draws this page; `convcalc bench --case NAME` times
one. Measured on {measured["machine"]},
by {measured["threads"]} threads, the minimum of {measured["rounds"]} rounds, in milliseconds. Every contender has a
process of its own; they take turns, and stand still when it is not theirs. `fast` is `precision="fast"`; `best other`
is the better of OpenCV and SciPy where they can do the case at all; a ratio above 1 means that convcalc is faster.

{_table(COLUMNS, (each.cells for each in rows), 2)}
"""


def fused_page(measured: dict[str, Any]) -> str:
    """The part of the page on the extra `fast`."""
    rows = [FusedTimes(*row) for row in measured["rows"]]
    head = ("case", "dtype", "without", "with", "best other", "best/without", "best/with")
    return f"""
## With the extra `fast`

`python tests/benchmarks/fused.py --write` measures what the compiled loops bring: the engine that is taken without and
with them, the checks of `conv` left out. Measured on {measured["machine"]},
by 2 threads, the minimum of {measured["rounds"]} rounds, in milliseconds.{_note(measured)}

{_table(head, (each.cells for each in rows), 2)}
"""


def _note(measured: dict[str, Any]) -> str:
    """How far the measurements reach, where they are not all alike."""
    return f"\n\n{measured['note']}" if "note" in measured else ""


def speed(measured: dict[str, Any]) -> str:
    """What the project's README says of it."""
    rows = [Times.of(row) for row in measured["rows"]]
    peers = {"PyTorch": lambda row: row.torch, "the best of PyTorch, OpenCV and SciPy": lambda row: row.best}
    kinds = {
        "float32": ("float32", lambda row: row.ours),
        "float32, fast": ("float32", lambda row: row.fast),
        "float64": ("float64", lambda row: row.ours),
    }
    ratios = {
        peer: [[theirs(row) / mine(row) for row in rows if row.dtype == dtype] for dtype, mine in kinds.values()]
        for peer, theirs in peers.items()
    }
    cells = ([peer, *map(_spread, columns)] for peer, columns in ratios.items())
    cases = len({row.case for row in rows})
    return f"{_table((f'{cases} cases: mean (least to most)', *kinds), cells, 1)}\n"


def _spread(ratios: Sequence[float]) -> str:
    return f"{mean(ratios):.2f} ({min(ratios):.2f} to {max(ratios):,.0f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int) -> str:
    """A table in Markdown; all columns but the first ``texts`` hold numbers."""
    rule = [*["---"] * texts, *["---:"] * (len(head) - texts)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def drawn() -> dict[Path, str]:
    """Both pages as they must be."""
    measured, fused = (json.loads(path.read_text(encoding="utf-8")) for path in (MEASURED, FUSED))
    project = _MARKED.sub(lambda _: speed(measured), PROJECT_PAGE.read_text(encoding="utf-8"))
    return {PAGE: page(measured) + fused_page(fused), PROJECT_PAGE: project}


def store(machine: str, threads: int, rounds: int, rows: Iterable[Times]) -> None:
    """Keep what was measured, a case a line, and draw both pages."""
    head = {"machine": machine, "threads": threads, "rounds": rounds}
    lines = ",\n".join(f"    {json.dumps(each.row)}" for each in rows)
    text = "".join(f"  {json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items())
    MEASURED.write_text(f'{{\n{text}  "rows": [\n{lines}\n  ]\n}}\n', encoding="utf-8")
    write()


def store_fused(machine: str, rounds: int, rows: Iterable[FusedTimes]) -> None:
    """Keep what was measured of the extra `fast`, a case a line, and draw the page."""
    plain = ([round(each, 3) if isinstance(each, float) else each for each in row] for row in rows)
    lines = ",\n".join(f"    {json.dumps(each)}" for each in plain)
    head = f'  "machine": {json.dumps(machine)},\n  "rounds": {rounds},\n'
    FUSED.write_text(f'{{\n{head}  "rows": [\n{lines}\n  ]\n}}\n', encoding="utf-8")
    write()


def write() -> None:
    """Draw both pages."""
    for path, text in drawn().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
