"""Alpha as a channel, and the frames of pictures that move: read, filtered, saved and opened again by Pillow."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.errors import ConvcalcError
from convcalc.files.image import read_image
from convcalc.files.selection import Selection, selection_of
from convcalc.limits import Limits

Image = pytest.importorskip("PIL.Image")
RANDOM = np.random.default_rng(5)
RGBA = RANDOM.integers(0, 256, (9, 7, 4), dtype=np.uint8)
FRAMES = [RANDOM.integers(0, 256, (6, 8, 3), dtype=np.uint8) for _ in range(3)]
KEPT = "alpha kept as the last channel"


def stored(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    """The file of one picture."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def moving(kind: str, frames: list[np.ndarray], **options: object) -> bytes:
    """The file of several frames; those of a GIF have palettes of 256 colours, which hold 48 pixels each."""
    images = [Image.fromarray(frame) for frame in frames]
    if kind == "GIF":
        images = [image.quantize(256) for image in images]
    stream = io.BytesIO()
    images[0].save(stream, kind, save_all=True, append_images=images[1:], **options)
    return stream.getvalue()


def test_alpha_is_read_where_bands_are_asked_for() -> None:
    """All bands are the stored numbers; each alone is one of them, alpha by its name; without a word it is dropped."""
    deep = (RGBA.astype(np.uint16) << 8) + 77
    pam = b"P7\nWIDTH 7\nHEIGHT 9\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + RGBA.tobytes()
    files = {
        "png": (stored(RGBA, "PNG"), RGBA),
        "grey": (stored(RGBA[..., 2:], "PNG"), RGBA[..., 2:]),
        "webp": (stored(RGBA, "WEBP", lossless=True, exact=True), RGBA),
        "tiff": (stored(RGBA, "TIFF"), RGBA),
        "pam": (pam, RGBA),
        "deep": (_deep_png(deep), deep),
        "deep grey": (_deep_png(deep[..., :2]), deep[..., :2]),
    }
    for name, (data, pixels) in files.items():
        wanted = pixels.transpose(2, 0, 1)
        array, notes = read_image(data, "f", Limits(), selection=selection_of({"band": "all"}))
        np.testing.assert_array_equal(array, wanted, err_msg=name)
        assert (KEPT in notes, "alpha channel dropped" in notes) == (True, False), name
        last = len(wanted) - 1
        array, notes = read_image(data, "f", Limits(), selection=Selection(band=last))
        np.testing.assert_array_equal(array, wanted[last:], err_msg=name)
        assert any(note.startswith(f"only channel {last} ") for note in notes), name
        array, notes = read_image(data, "f", Limits())
        np.testing.assert_array_equal(array, wanted[:last], err_msg=name)
        assert "alpha channel dropped" in notes, name
        with pytest.raises(ConvcalcError, match=f"there is no band {last + 1}: the image has {last + 1} channels"):
            read_image(data, "f", Limits(), selection=Selection(band=last + 1))


def _deep_png(pixels: np.ndarray) -> bytes:
    """A PNG of 16 bits with alpha, of two numbers a pixel or four; Pillow writes none."""
    import struct
    import zlib

    height, width, samples = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    parts = {b"IHDR": struct.pack(">IIBBBBB", width, height, 16, {2: 4, 4: 6}[samples], 0, 0, 0)}
    parts |= {b"IDAT": zlib.compress(rows), b"IEND": b""}
    chunks = (struct.pack(">I", len(b)) + a + b + struct.pack(">I", zlib.crc32(a + b)) for a, b in parts.items())
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_alpha_goes_through_to_saved_pictures(cli: CommandLine) -> None:
    """A kernel that keeps the brightness keeps the picture with its alpha; what has none says so, and a map too."""
    cli.write({"a.png": stored(RGBA, "PNG"), "deep.png": _deep_png((RGBA.astype(np.uint16) << 8) + 77)})
    same = ("--kernel", "[[0, 0, 0], [0, 1, 0], [0, 0, 0]]", "--depthwise", "--padding", "same", "--band", "all")
    for name in ("b.png", "b.webp", "b.tif"):
        done = cli.run("run", "a.png", *same, "-o", name, "-q")
        assert done.code == 0, done.err
        with Image.open(cli.folder / name) as image:
            assert image.mode == "RGBA"
            np.testing.assert_array_equal(np.asarray(image)[RGBA[..., 3] > 0], RGBA[RGBA[..., 3] > 0], err_msg=name)
    cli.run("run", "deep.png", *same, "-o", "deep_again.png", "-q")
    assert cli.run("run", "deep_again.png", *same, "-q", "--format", "csv") == cli.run(
        "run", "deep.png", *same, "-q", "--format", "csv"
    )
    done = cli.run("run", "a.png", *same, "-o", "b.jpg")
    assert "alpha left out, which .jpg does not hold" in done.err
    with Image.open(cli.folder / "b.jpg") as image:
        assert image.mode == "RGB"
    done = cli.run("run", "a.png", "--kernel", "sobel-x", "--band", "all", "-o", "map.png")
    assert "alpha left out of a map" in done.err
    assert "here R, G, B and\n      alpha" in done.out


def test_every_frame_is_read_as_pillow_shows_it(cli: CommandLine) -> None:
    """One frame, and all as samples, of each kind that moves; saved again they move too."""
    frames = np.stack(FRAMES).transpose(0, 3, 1, 2)
    kinds = {"GIF": {}, "PNG": {}, "WEBP": {"lossless": True}}
    for kind, options in kinds.items():
        data = moving(kind, FRAMES, **options)
        array, notes = read_image(data, "f", Limits(), selection=selection_of({"frame": "all"}))
        np.testing.assert_array_equal(array, frames, err_msg=kind)
        assert notes[0] == "all 3 frames are read"
        for number in range(3):
            array, notes = read_image(data, "f", Limits(), selection=Selection(frame=(number,)))
            np.testing.assert_array_equal(array, frames[number], err_msg=kind)
            assert notes[0] == f"only frame {number} of 3 is read"
        array, notes = read_image(data, "f", Limits())
        np.testing.assert_array_equal(array, frames[0], err_msg=kind)
        assert notes[0] == "first of 3 frames (--frame N chooses, --frame all reads all)"
        cli.write({"m": data})
        done = cli.run("run", "m", "--kernel", "[[1]]", "--depthwise", "--frame", "all", "-o", "n.webp", "--force")
        assert (done.code, done.err[:22]) == (0, "wrote n.webp: 3 frames")
        with Image.open(cli.folder / "n.webp") as image:
            assert image.n_frames == 3
            image.seek(2)
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), FRAMES[2], err_msg=kind)


def test_frames_that_are_not_there(cli: CommandLine) -> None:
    """Of a picture that stands still, and beyond the last; a picture of pixels beyond the limit in all its frames."""
    cli.write({"a.png": stored(RGBA, "PNG"), "m.gif": moving("GIF", FRAMES)})
    refused = {
        ("a.png", "--frame", "0"): "the picture has one frame, so there is none to choose",
        ("m.gif", "--frame", "3"): "there is no frame 3: the picture has 3",
        ("m.gif", "--frame", "0,1"): "there is no frame 0,1: the picture has 3",
        ("m.gif", "--frame", "all", "--limit", "pixels=100"): "an image of 8 × 18 pixels, at most 100 pixels",
        ("m.gif", "--band", "any"): "band takes a whole number from 0, or all, got 'any'",
    }
    for argv, message in refused.items():
        done = cli.run("run", *argv, "--kernel", "box")
        assert (done.code > 0, message in done.err) == (True, True), (argv, done.err)


def test_the_default_picture_of_a_moving_png_is_no_frame(tmp_path: Path) -> None:
    """It is what programs show that know no frames, and what is read where nothing is said."""
    images = [Image.fromarray(frame) for frame in FRAMES]
    images[0].save(tmp_path / "a.png", save_all=True, default_image=True, append_images=images[1:])
    data = (tmp_path / "a.png").read_bytes()
    array, notes = read_image(data, "f", Limits(), selection=Selection(frame=()))
    np.testing.assert_array_equal(array, np.stack(FRAMES[1:]).transpose(0, 3, 1, 2))
    assert notes[0] == "all 2 frames are read"
    np.testing.assert_array_equal(read_image(data, "f", Limits())[0], FRAMES[0].transpose(2, 0, 1))
