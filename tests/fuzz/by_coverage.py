"""``python -m tests.fuzz.by_coverage READER``: inputs chosen by atheris, which looks at what code they reach.

To be run by hand, for as long as one likes (``-max_total_time=600``, and whatever else libFuzzer takes), where atheris
is installed. It begins with the valid inputs and attacks as the other runs do; the input of a fault is left in a
temporary folder, never in the project.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path
from random import Random


def main() -> None:
    """Attack one reader until a fault is found, or the time is over."""
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["convcalc"]):
        from .oracle import answered, judged
        from .process import Meter
        from .raw import scrambled
        from .readers import READERS
        from .trees import unmarked

    reader = READERS[sys.argv.pop(1)]
    valid = reader.seeds()
    meter = Meter()

    def attack(data: bytes) -> None:
        if what := judged(lambda: answered(reader.read, data), meter):
            raise AssertionError(f"{reader.name}: {what}: {data!r}")

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = Random(seed)
        made = scrambled(chance, data, valid) if chance.random() < 0.7 else reader.mutate(chance, valid)
        return made[:longest]

    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(valid):
            (Path(corpus) / str(number)).write_bytes(unmarked(data))
        warnings.simplefilter("error")
        found = tempfile.mkdtemp(prefix="convcalc-found-")
        atheris.Setup([*sys.argv, f"-artifact_prefix={found}/", corpus], attack, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
