"""What ``animate -o FILE`` writes: steps as a GIF, or as an SVG that moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.report.animation.report import described, frame_figure

if TYPE_CHECKING:
    from convcalc.render.svg.marks import Page
    from convcalc.report.animation.frame import Animation, Frame

_REST = 2.0  # seconds for which the last step is seen at least, before all begins again


def save_animation(path: str, animation: Animation, frames: Iterable[Frame], speed: float, *, force: bool) -> None:
    """Write the steps, ``speed`` of them a second, as the suffix of the path says.

    Raises:
        MissingExtraError: a GIF needs Pillow, which is not installed.
        OutputError: the file cannot be written.
    """
    from convcalc.files.whole_file import write_bytes
    from convcalc.render.svg.layout import pages_of

    pages = pages_of([frame_figure(animation, frame) for frame in frames])
    seconds = [1 / speed] * (len(pages) - 1) + [max(_REST, 1 / speed)]
    if Path(path).suffix.lower() == ".gif":
        from convcalc.render.raster import gif_bytes

        data = gif_bytes(pages, seconds)
    else:
        data = _svg(animation, pages, seconds)
    write_bytes(path, data, force=force)


def _svg(animation: Animation, pages: Sequence[Page], seconds: Sequence[float]) -> bytes:
    from convcalc.render.svg.animation import animated_svg

    title = animation.explainer.network.title or "A layer step by step"
    return animated_svg(pages, seconds, title, described(animation)).encode()
