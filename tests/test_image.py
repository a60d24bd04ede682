"""Images as arrays and arrays as PNG."""

import io
import struct
import sys
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError, FormatError, LimitError, MissingExtraError
from convcalc.formats.image import read_image, write_png
from convcalc.limits import Limits

Image = pytest.importorskip("PIL.Image")
LIMITS = Limits()
GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
RGB = np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def read(data, limits=LIMITS):
    return read_image(data, "f.png", limits)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "PPM"])
def test_grey_images_have_one_channel(kind):
    """Grey values come back as they are, whatever the format."""
    array, notes = read(encoded(Image.fromarray(GREY), kind))
    values = array[:1] if kind == "GIF" else array  # a GIF has a palette
    np.testing.assert_array_equal(values, GREY[np.newaxis], strict=True)
    assert not array.flags.writeable
    assert notes == (("palette converted to RGB",) if array.shape[0] == 3 else ())


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("PPM", {}), ("WEBP", {"lossless": True})]
)
def test_colour_images_have_three_channels_first(kind, options):
    """The array is (3, height, width), read-only, without notes."""
    array, notes = read(encoded(Image.fromarray(RGB), kind, **options))
    np.testing.assert_array_equal(array, RGB.transpose(2, 0, 1), strict=True)
    assert not array.flags.writeable
    assert notes == ()


def test_jpeg_is_read():
    """A plain JPEG comes back nearly as it was."""
    array, _ = read(encoded(Image.fromarray(GREY), "JPEG", quality=100))
    np.testing.assert_allclose(array[0].astype(int), GREY, atol=3)


def with_alpha(mode):
    image = Image.fromarray(GREY if mode == "LA" else RGB)
    image.putalpha(7)
    return image


CONVERTED = {
    "one bit": (
        Image.fromarray(GREY > 100),
        "PNG",
        {},
        ((GREY > 100) * np.uint8(255))[np.newaxis],
        "black and white read as 0 and 255",
    ),
    "grey and alpha": (with_alpha("LA"), "PNG", {}, GREY[np.newaxis], "alpha channel dropped"),
    "colour and alpha": (with_alpha("RGBA"), "PNG", {}, RGB.transpose(2, 0, 1), "alpha channel dropped"),
    "palette": (Image.fromarray(RGB).quantize(256), "PNG", {}, None, "palette converted to RGB"),
    "palette and transparency": (
        Image.fromarray(RGB).quantize(256),
        "PNG",
        {"transparency": b"\0\1\2"},
        None,
        "palette converted to RGB",
    ),
    "cmyk": (Image.fromarray(RGB).convert("CMYK"), "TIFF", {}, None, "CMYK converted to RGB"),
    "16 bits": (
        Image.fromarray(GREY.astype(np.uint16) * 257),
        "PNG",
        {},
        GREY[np.newaxis] * 257.0,
        "grey values of 16 bits or more kept",
    ),
    "floats": (
        Image.fromarray(GREY / np.float32(3)),
        "TIFF",
        {},
        GREY[np.newaxis] / np.float32(3),
        "grey values of floats kept",
    ),
    "frames": (
        Image.fromarray(GREY),
        "TIFF",
        {"save_all": True, "append_images": [Image.fromarray(255 - GREY)] * 2},
        GREY[np.newaxis],
        "first of 3 frames",
    ),
}


@pytest.mark.parametrize(("image", "kind", "options", "expected", "note"), CONVERTED.values(), ids=CONVERTED)
def test_conversions_are_defined_and_told(image, kind, options, expected, note):
    """Every mode has one array that it becomes, and the note says so."""
    array, notes = read(encoded(image, kind, **options))
    expected = RGB.transpose(2, 0, 1) if expected is None else expected
    np.testing.assert_array_equal(array, expected)
    assert note in notes


def test_an_animation_gives_its_first_frame():
    """The first of the frames of a GIF is read, and their number told."""
    frames = [Image.new("L", (4, 3), grey) for grey in (0, 100, 200)]
    array, notes = read(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert array.max() == 0
    assert notes[0] == "first of 3 frames"


def test_an_image_is_turned_as_its_camera_says():
    """Exif orientation 6 turns the picture by 90 degrees; a damaged Exif block does not hinder reading."""
    exif = Image.Exif()
    exif[0x0112] = 6
    array, notes = read(encoded(Image.fromarray(GREY), exif=exif))
    np.testing.assert_array_equal(array[0], np.rot90(GREY, -1))
    assert notes == ("turned upright as its Exif orientation says",)
    np.testing.assert_array_equal(read(encoded(Image.fromarray(GREY), exif=b"Exif\0\0nonsense"))[0][0], GREY)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, *chunks):
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return start + b"".join(chunks) + chunk(b"IEND", b"")


BOMB = png(10_000, 10_000, chunk(b"IDAT", zlib.compress(bytes(10_001 * 10_000))))


@pytest.mark.parametrize("data", [png(20_000, 20_000, chunk(b"IDAT", b"")), BOMB], ids=["20000", "10000"])
def test_large_images_are_refused_when_they_are_opened(data):
    """The pixels are counted before any of them is decoded, and the hint names the flag."""
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(LimitError, match=r"000 × .* pixels, at most 89,478,485 pixels") as caught:
        read(data)
    seconds, peak = time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "--limit pixels=" in caught.value.hint
    assert seconds < 2
    assert peak < 20_000_000


def test_the_limit_of_pixels_is_ours_and_leaves_pillow_alone():
    """A raised limit reads what Pillow would warn of, and Pillow's own limit is what it was."""
    limit = Image.MAX_IMAGE_PIXELS
    data = encoded(Image.fromarray(GREY))
    with pytest.raises(LimitError):
        read(data, Limits(pixels=11))
    assert read(data, Limits(pixels=12))[0].shape == (1, 3, 4)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_memory_for_an_image_is_checked():
    """An image within the pixels but beyond the memory is refused."""
    with pytest.raises(LimitError, match=r"f.png: the image needs 96 B of memory"):
        read(encoded(Image.fromarray(GREY)), Limits(memory=95))


@pytest.mark.parametrize(
    "data", [b"", b"hello", png(4, 3), encoded(Image.fromarray(RGB))[:60], encoded(Image.fromarray(RGB), "JPEG")[:300]]
)
def test_damaged_images_are_refused(data):
    """Text, no pixels and cut files are ordinary errors."""
    with pytest.raises(FormatError, match=r"^f.png: not a readable image \("):
        read(data)


SAMPLES = [encoded(Image.fromarray(RGB), kind) for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_mutated_image_raises_anything_but_our_errors(data):
    """Bytes replaced at random are refused or read, in our words and without warnings."""
    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content), Limits(pixels=100_000))
    except ConvcalcError as error:
        assert error.message


@pytest.mark.parametrize("pixels", [GREY, RGB, GREY[:, ::2]], ids=["grey", "colour", "strided"])
def test_written_images_are_read_back(pixels):
    """PNG keeps every byte."""
    stream = io.BytesIO()
    write_png(stream, pixels)
    array, _ = read(stream.getvalue())
    np.testing.assert_array_equal(array, pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


def test_a_missing_extra_is_named(monkeypatch):
    """Without Pillow the message says what to install."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    for use in (lambda: read(b""), lambda: write_png(io.BytesIO(), GREY)):
        with pytest.raises(MissingExtraError) as caught:
            use()
        assert caught.value.hint == "install it: pip install 'convcalc[image]'"


def test_reading_costs_little_more_than_decoding():
    """A megapixel is read in about the time that Pillow and NumPy take for it (times two and a half)."""
    data = encoded(Image.effect_noise((1000, 1000), 50))

    def best(action):
        times = []
        for _ in range(5):
            started = time.perf_counter()
            action()
            times.append(time.perf_counter() - started)
        return min(times)

    assert best(lambda: read(data)) < 2.5 * best(lambda: np.asarray(Image.open(io.BytesIO(data))))
