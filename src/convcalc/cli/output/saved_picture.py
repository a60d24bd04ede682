"""``run -o FILE`` as a picture: which pixels, how large, with a title and a colour bar or without, in which format."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcalc.channels import LINEAR_LIGHT
from convcalc.cli.output.picture_look import MOVING_SUFFIXES, TIFF_SUFFIXES, Look
from convcalc.errors import LimitError, OutputError
from convcalc.picture.rendition import DEEP_WHITE, Rendition, Subject, rendition
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.run import NetworkRun
    from convcalc.limits import Limits

_COLOURS, _PICTURE_AXES = 3, 4
_ALPHA_SUFFIXES = (".png", ".webp", *TIFF_SUFFIXES)
_DEEP_SUFFIXES = (".png", *TIFF_SUFFIXES)


def save_picture(path: str, run: NetworkRun, look: Look, limits: Limits, *, force: bool) -> tuple[str, ...]:
    """Write the output as a picture; returns notes on what was done.

    A .tif has the numbers themselves, unless a rule is asked for. A .gif or .webp of several samples, or of several
    channels of a grey input, shows them one after the other.

    Raises:
        OutputError: it is no picture, or the format cannot hold it.
        LimitError: it has more pixels than the limits allow.
        MissingExtraError: the format needs Pillow, which is not installed.
    """
    from convcalc.files.whole_file import write_bytes

    suffix = Path(path).suffix.lower()
    _check(run.output, look.zoom, limits)
    if suffix in TIFF_SUFFIXES and look.rule == "auto":
        data, note = _numbers(run, look.zoom)
    elif suffix in TIFF_SUFFIXES:
        drawn = _drawn(run, run.output[0], look, suffix)
        data, note = _tiff(drawn, look.zoom), drawn.note
    elif look.has_frame:
        data, note = _figure(run, look, suffix)
    else:
        data, note = _pixels(run, look, suffix)
    write_bytes(path, data, force=force)
    return (note + (f", each cell {look.zoom}×{look.zoom} pixels" if look.zoom > 1 else ""),)


def _check(output: Array, zoom: int, limits: Limits) -> None:
    if output.ndim != _PICTURE_AXES:
        axes = max(output.ndim - 2, 0)
        raise OutputError(f"a picture has two spatial axes, the output has {axes}", hint="save it as .npy")
    if not output.size:
        raise OutputError("the output has no cells, so there is no picture", hint="save it as .npy")
    pixels = prod(output.shape[1:]) * zoom * zoom
    if pixels > limits.pixels:
        raise LimitError(
            f"a picture of {pixels:,} pixels, at most {limits.pixels:,} are written",
            hint=f"--limit pixels={pixels}" if zoom == 1 else "a smaller --zoom",
        )


def _pixels(run: NetworkRun, look: Look, suffix: str) -> tuple[bytes, str]:
    from convcalc.files.images.written import animation_bytes, image_bytes

    frames = _frames(run, suffix)
    if len(frames) > 1:
        drawn = [_drawn(run, frame, look, suffix) for frame in frames]
        palette = _palette(drawn[0]) if all(each.is_diverging for each in drawn) else None
        data = animation_bytes([_zoomed(each.pixels, look.zoom) for each in drawn], suffix, palette)
        return data, f"{len(frames)} frames, the first of which: {drawn[0].note}"
    one = _drawn(run, frames[0], look, suffix)
    return image_bytes(_zoomed(one.pixels, look.zoom), suffix, _palette(one)), one.note + _lost(one.pixels, suffix)


def _lost(pixels: Array, suffix: str) -> str:
    """What the format does not keep of pixels of one picture, in words."""
    if suffix in (".jpg", ".jpeg"):
        return "; JPEG keeps them roughly"
    return "; GIF keeps at most 256 colours" if suffix == ".gif" and pixels.ndim > 2 else ""


def _frames(run: NetworkRun, suffix: str) -> list[Array]:
    """The pictures of a file, (channels, height, width) each: of formats that move several, else one."""
    output = run.output
    if suffix in MOVING_SUFFIXES:
        channels = output.shape[1]
        if len(output) > 1:
            return list(output)
        if channels > 1 and not (_has_colours(run) or _has_alpha(run)):
            return [output[0, place : place + 1] for place in range(channels)]
    if len(output) != 1:
        raise OutputError(f"a picture is of one sample, the output has {len(output)}", hint="save it as .gif or .npy")
    return [output[0]]


def _drawn(run: NetworkRun, values: Array, look: Look, suffix: str) -> Rendition:
    subject = _subject(run, suffix)
    if not subject.has_alpha or suffix in _ALPHA_SUFFIXES:
        return rendition(values, look.rule, subject)
    drawn = rendition(values[:-1], look.rule, subject._replace(has_alpha=False))
    return drawn._replace(note=f"{drawn.note}; alpha left out, which {suffix} does not hold")


def _has_colours(run: NetworkRun) -> bool:
    return bool(run.output.shape[1] == run.network.input_shape[0] == _COLOURS + _has_alpha(run))


def _has_alpha(run: NetworkRun) -> bool:
    """Whether the last channel of the output is the alpha of a picture, filtered as the others are."""
    is_apart = run.problem is not None and run.problem.is_depthwise
    return run.network.channels.has_alpha and is_apart and run.output.shape[1] == run.network.input_shape[0]


def _subject(run: NetworkRun, suffix: str) -> Subject:
    """White as in the input where that is a picture, and whether the output is one too."""
    from convcalc.picture.mapping import white_of
    from convcalc.report.run.channel_maps import keeps_brightness

    tensor = run.network.tensor
    has_colours = _has_colours(run)
    has_alpha = _has_alpha(run)
    if tensor is None or (run.problem is None and not tensor.is_image):
        return Subject(has_colours=has_colours)
    white = white_of(tensor.cells)
    if tensor.is_image and tensor.cells.dtype == "uint16" and suffix in _DEEP_SUFFIXES:
        white = DEEP_WHITE
    is_linear = tensor.channels.units[:1] == (LINEAR_LIGHT,)
    keeps = run.problem is not None and keeps_brightness(run.problem, white)
    return Subject(white, has_colours, keeps, is_linear, has_alpha)


def _palette(drawn: Rendition) -> Any:
    from convcalc.picture.colours import DIVERGING_ON_WHITE

    return DIVERGING_ON_WHITE if drawn.is_diverging else None


def _zoomed(pixels: Array, zoom: int) -> Array:
    return pixels if zoom == 1 else pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _tiff(drawn: Rendition, zoom: int) -> bytes:
    from convcalc.files.images.written import tiff_bytes

    return tiff_bytes([_zoomed(drawn.pixels, zoom)], _palette(drawn))


def _numbers(run: NetworkRun, zoom: int) -> tuple[bytes, str]:
    """The numbers of the output in the narrowest type that holds them, a page for each channel that is no colour."""
    from convcalc.files.images.written import narrowest, tiff_bytes
    from convcalc.picture.mapping import in_range_of_floats

    held, is_rounded = narrowest(in_range_of_floats(run.output))
    is_joined = _has_colours(run) and held.dtype.kind == "u"  # colours of floats in one page are read by few programs
    pages = [each.transpose(1, 2, 0) for each in held] if is_joined else [page for each in held for page in each]
    counts = f", {counted(len(pages), 'page')}" if len(pages) > 1 else ""
    rounding = " (rounded to its 24 bits)" if is_rounded else ""
    return tiff_bytes([_zoomed(page, zoom) for page in pages]), f"the numbers as {held.dtype}{rounding}{counts}"


def _figure(run: NetworkRun, look: Look, suffix: str) -> tuple[bytes, str]:
    """The picture with a title and, of a map, its colour bar."""
    from convcalc.render.picture_figure import figure_image

    (values,) = _frames(run, ".png")
    drawn = _drawn(run, values, look, ".jpg")  # 8 bits, as the page has
    title = run.network.title or run.source
    return figure_image(drawn, look.zoom, title, suffix), f"{drawn.note}, with a title and a colour bar"
