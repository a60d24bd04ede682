"""How long a gallery takes beside its bare convolutions: `python tests/benchmarks/gallery.py`.

60 kernels on a photograph of 512×512, in one process, the minimum of the rounds; nothing is asserted. The saving is
counted on both sides, as the goal has it: gallery ≤ 1.5 × (the convolutions + the saving).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from convcalc.cli import gallery_views as viewing
from convcalc.cli.command_options import GalleryOptions
from convcalc.cli.flags import context_of
from convcalc.cli.output import saved_gallery as sheet
from convcalc.engine.compute import compute
from convcalc.files.whole_file import write_bytes
from convcalc.report.gallery.contact_sheet import gallery_report
from convcalc.report.gallery.tiles import Medium
from convcalc.request.gallery_input import gallery_problems, resolve_gallery_input

ROOT = Path(__file__).parents[2]
ROUNDS, KERNELS = 11, 60


def main() -> None:
    """Print a row for each kind of sheet."""
    options = GalleryOptions(file=str(ROOT / "examples" / "camera.png"))
    context = context_of(None, ())
    request = viewing.request_of(options, context)
    subject = resolve_gallery_input(request, context)
    found = viewing.chosen(options, request, context, subject.rank)
    found = found._replace(kernels=found.kernels[:KERNELS])
    problems = [work.problem for work in gallery_problems(subject, found.kernels, "auto").fitting]
    bare = least(lambda: [compute(problem) for problem in problems])
    print(f"{len(problems)} bare convolutions {1e3 * bare:.0f} ms")
    rooms = {Medium.SHEET: sheet._SHARP}
    for suffix in (".svg", ".html", ".png"):
        drawn = viewing.seen(request, subject, found, rooms, "auto", context)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / f"sheet{suffix}")

            def save(gallery, suffix=suffix, path=path):
                data = sheet._DRAWN[suffix](gallery)
                write_bytes(path, data, force=True)

            saving = least(lambda drawn=drawn, save=save: save(drawn))
            whole = least(lambda save=save: save(viewing.seen(request, subject, found, rooms, "auto", context)))
        print(
            f"{suffix}: saving {1e3 * saving:.0f} ms, whole {1e3 * whole:.0f} ms, "
            f"ratio {whole / (bare + saving):.2f} (without saving {(whole - saving) / bare:.2f}), goal 1.5"
        )
    page = least(
        lambda: gallery_report(viewing.seen(request, subject, found, {Medium.PAGE: (24, 24)}, "auto", context), 24)
    )
    print(f"page of a terminal: {1e3 * page:.0f} ms, {page / bare:.2f} times the convolutions")


def least(action) -> float:
    """The seconds of the fastest round."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
