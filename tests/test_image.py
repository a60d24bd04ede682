"""Images as arrays and arrays as PNG."""

import io
import struct
import sys
import time
import tracemalloc
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError, FormatError, LimitError, MissingExtraError
from convcalc.files.image import read_image
from convcalc.files.png import png_bytes
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
    np.testing.assert_array_equal(array, GREY[np.newaxis], strict=True)
    assert not array.flags.writeable
    assert notes == (("palette of greys read as one channel",) if kind == "GIF" else ())


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
    "cmyk": (
        Image.fromarray(RGB).convert("CMYK"),
        "TIFF",
        {},
        np.concatenate([255 - RGB.transpose(2, 0, 1), np.zeros((1, 3, 4))]),
        "inks kept as stored: cyan, magenta, yellow and black (CMYK)",
    ),
    "16 bits": (
        Image.fromarray(GREY.astype(np.uint16) * 257),
        "PNG",
        {},
        GREY[np.newaxis] * 257.0,
        "whole numbers of 16 bits kept",
    ),
    "floats": (
        Image.fromarray(GREY / np.float32(3)),
        "TIFF",
        {},
        GREY[np.newaxis] / np.float32(3),
        "floats of 32 bits kept",
    ),
    "frames": (
        Image.fromarray(GREY),
        "TIFF",
        {"save_all": True, "append_images": [Image.fromarray(255 - GREY)] * 2},
        GREY[np.newaxis],
        "TIFF stack, axes page 3; only page 0 of 3 is read (--frame N chooses, --frame all reads all)",
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
    assert notes[0] == "first of 3 frames (--frame N chooses, --frame all reads all)"


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
    started = time.process_time()
    with pytest.raises(LimitError, match=r"000 × .* pixels, at most 89,478,485 pixels") as caught:
        read(data)
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "--limit pixels=" in caught.value.hint
    assert seconds < 2
    assert peak < 20_000_000


def test_the_limit_of_pixels_is_ours(monkeypatch):
    """What Pillow would warn of or refuse is read, and one pixel beyond our limit is not."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1)
    data = encoded(Image.fromarray(GREY))
    with pytest.raises(LimitError):
        read(data, Limits(pixels=11))
    assert read(data, Limits(pixels=12))[0].shape == (1, 3, 4)


def test_memory_for_an_image_is_checked():
    """An image within the pixels but beyond the memory is refused: its numbers, and the copies made on the way."""
    with pytest.raises(LimitError, match=r"f.png: the image needs 48 B of memory"):
        read(encoded(Image.fromarray(GREY)), Limits(memory=47))
    assert read(encoded(Image.fromarray(GREY)), Limits(memory=48))[0].size == 12


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an image of a kind that is read (save it as PNG or TIFF)"),
        (b"hello", "not an image of a kind that is read (save it as PNG or TIFF)"),
        (png(4, 3), "the PNG image is damaged, or cut off"),
        (png(4, 3, png(1, 1)[8:]), "the PNG image has two headers"),
        (encoded(Image.fromarray(RGB))[:60], "the PNG image is damaged, or cut off"),
        (encoded(Image.fromarray(RGB))[:20], "the PNG image has no header"),
        (encoded(Image.fromarray(RGB), "JPEG")[:100], "the JPEG image has no header"),
        (encoded(Image.fromarray(RGB), "JPEG")[:-20], "the JPEG image is damaged, or cut off"),
        (encoded(Image.fromarray(RGB), "GIF")[:-9], "the GIF image is damaged, or cut off"),
        (encoded(Image.fromarray(RGB), "GIF")[:9], "the GIF image has no header"),
        (encoded(Image.fromarray(RGB), "WEBP")[:-9], "the WebP image is damaged, or cut off"),
        (encoded(Image.fromarray(RGB), "WEBP")[:12], "the WebP image has no header"),
        (encoded(Image.fromarray(RGB), "BMP")[:-9], "the BMP image is damaged, or cut off"),
        (encoded(Image.fromarray(RGB), "BMP")[:20], "the BMP image has no header"),
        (encoded(Image.fromarray(GREY), "BMP")[:-5], "the BMP image is truncated: 12 bytes of pixels are needed"),
        (encoded(Image.fromarray(GREY), "BMP")[:90], "the BMP image is truncated in its palette"),
        (
            png(4, 3).replace(b"\x08\0\0\0\0", b"\x07\0\0\0\0"),
            "a PNG image of colour type 0 with 7 bits, which there is not",
        ),
        (
            b"GIF89a"
            + struct.pack("<HH", 1, 1)
            + bytes(3)
            + b","
            + struct.pack("<HHHHB", 65535, 0, 1, 1, 0)
            + b"\x02\0;",
            "a frame of the GIF image ends at 65536 × 1, beyond 65535",
        ),
    ],
)
def test_damaged_images_are_refused(data, message):
    """Text, no pixels and cut files are ordinary errors, in our words."""
    with pytest.raises(FormatError) as caught:
        read(data)
    assert str(caught.value) == f"f.png: {message}"


DEEP = np.random.default_rng(4).integers(0, 1 << 16, (9, 11, 4), dtype=np.uint16)
_PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]  # Adam7


def deep_png(kind, channels, *, is_interlaced, filter_kind=0):
    """A PNG of 16-bit numbers made by the specification; ``filter_kind``: 0 none, 1 the difference from the left."""
    cells = DEEP[..., :channels]
    passes = [cells[top::down, left::right] for top, left, down, right in _PASSES] if is_interlaced else [cells]
    lines = b""
    for part in passes:
        rows = part.astype(">u2").reshape(len(part), -1).view(np.uint8)
        if filter_kind and rows.size:
            rows = rows - np.pad(rows, ((0, 0), (2 * channels, 0)))[:, : -2 * channels]
        lines += b"".join(bytes([filter_kind]) + row.tobytes() for row in rows if rows.size)
    header = struct.pack(">IIBBBBB", 11, 9, 16, kind, 0, 0, is_interlaced)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("is_interlaced", [False, True], ids=["rows", "interlaced"])
@pytest.mark.parametrize("filter_kind", [0, 1])
@pytest.mark.parametrize(("kind", "channels", "kept"), [(0, 1, 1), (2, 3, 3), (4, 2, 1), (6, 4, 3)])
def test_16_bit_numbers_keep_all_their_bits(kind, channels, kept, filter_kind, is_interlaced):
    """Grey and colours, with alpha and without, as the specification stores them."""
    array, notes = read(deep_png(kind, channels, is_interlaced=is_interlaced, filter_kind=filter_kind))
    np.testing.assert_array_equal(array, np.moveaxis(DEEP[..., :kept], -1, 0), strict=True)
    assert notes == (*["alpha channel dropped"] * (kept < channels), "whole numbers of 16 bits kept")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_opencv_writes_what_is_read(channels):
    """16-bit PNG with the filters that another library chooses."""
    cv2 = pytest.importorskip("cv2")
    ramps = np.add.outer(np.arange(40) * 700, np.arange(60) * 600).astype(np.uint16)
    cells = np.dstack([ramps, 65535 - ramps, ramps // 3, ramps // 2])[..., :channels]
    written = cells[..., [2, 1, 0, 3][:channels]] if channels > 1 else cells
    array, _ = read(cv2.imencode(".png", written)[1].tobytes())
    np.testing.assert_array_equal(array, np.moveaxis(cells[..., :3], -1, 0))


@pytest.mark.parametrize("bits", [2, 4])
def test_few_bits_are_not_stretched(bits):
    """Greys of 2 and 4 bits are 0 to 3 and 0 to 15."""
    values = np.arange(8, dtype=np.uint8).reshape(2, 4) % (1 << bits)
    digits = (values[..., np.newaxis] >> np.arange(bits)[::-1] & 1).reshape(2, -1)
    lines = b"".join(b"\0" + row.tobytes() for row in np.packbits(digits.astype(np.uint8), axis=1))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, bits, 0, 0, 0, 0))
    array, notes = read(start + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))
    np.testing.assert_array_equal(array[0], values)
    assert notes == ()


def bmp(places, bits, palette, *, kind=0, stored=b"", is_downwards=False):
    """A BMP with a palette made by its definition; ``kind``: 1 and 2 are run lengths, given as ``stored``."""
    height, width = places.shape
    for row in places if is_downwards else places[::-1]:
        digits = (row[:, np.newaxis] >> np.arange(bits)[::-1] & 1).astype(np.uint8).reshape(-1)
        line = np.packbits(digits).tobytes()
        stored += (line + bytes(-len(line) % 4)) * (kind == 0)
    table = b"".join(bytes([*entry[::-1], 0]) for entry in palette)
    start = 54 + len(table)
    height = -height if is_downwards else height
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, kind, len(stored), 0, 0, len(palette), 0)
    return b"BM" + struct.pack("<IHHI", start + len(stored), 0, 0, start) + header + table + stored


@pytest.mark.parametrize("is_downwards", [False, True])
@pytest.mark.parametrize(("bits", "colours"), [(1, 2), (4, 16), (8, 2), (8, 256)])
@pytest.mark.parametrize("is_grey", [False, True])
def test_a_bmp_with_a_palette_is_looked_up(is_grey, bits, colours, is_downwards):
    """Palettes of any size, those of greys as one channel, upwards and downwards."""
    greys = np.linspace(0, 255, colours).astype(np.uint8)
    palette = np.stack([greys, greys if is_grey else greys[::-1], greys], axis=1)
    places = np.random.default_rng(bits).integers(0, colours, (5, 7))
    array, notes = read(bmp(places, bits, palette, is_downwards=is_downwards))
    expected = np.moveaxis(palette[places], -1, 0)
    np.testing.assert_array_equal(array, expected[:1] if is_grey else expected)
    is_plain = is_grey and colours == 256
    word = "palette of greys read as one channel" if is_grey else "palette converted to RGB"
    assert notes == (() if is_plain else (word,))


@pytest.mark.parametrize(
    ("bits", "kind", "stored"),
    [
        (8, 1, bytes([3, 5, 2, 7, 0, 0, 0, 3, 1, 2, 3, 0, 2, 9, 0, 1])),
        (4, 2, bytes([3, 0x55, 2, 0x77, 0, 0, 0, 3, 0x12, 0x30, 2, 0x99, 0, 1])),
        (8, 1, bytes([3, 5, 2, 7, 0, 0, 0, 2, 0, 0, 1, 1, 1, 2, 1, 3, 2, 9])),
    ],
)
def test_runs_of_a_bmp(bits, kind, stored):
    """Runs, places one by one, the ends of rows and moves, as the format defines them."""
    palette = np.arange(1 << bits)[:, np.newaxis].repeat(3, axis=1)
    array, _ = read(bmp(np.zeros((2, 5), int), bits, palette, kind=kind, stored=stored))
    assert array.tolist() == [[[1, 2, 3, 9, 9], [5, 5, 5, 7, 7]]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_every_orientation_is_turned_as_pillow_turns_it(orientation, kind):
    """All eight orientations of Exif, wherever a format keeps them."""
    ops = pytest.importorskip("PIL.ImageOps")
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(RGB), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    array, notes = read(data)
    expected = np.asarray(ops.exif_transpose(Image.open(io.BytesIO(data))))
    np.testing.assert_array_equal(array, expected.transpose(2, 0, 1))
    assert notes == (() if orientation == 1 else ("turned upright as its Exif orientation says",))


def test_inks_of_a_jpeg_are_kept():
    """A CMYK JPEG has four channels, 255 is full ink, as Pillow gives them."""
    data = encoded(Image.fromarray(RGB).convert("CMYK"), "JPEG", quality=100)
    array, notes = read(data)
    np.testing.assert_array_equal(array, np.asarray(Image.open(io.BytesIO(data))).transpose(2, 0, 1))
    assert notes == ("inks kept: cyan, magenta, yellow and black (CMYK), 255 is full",)


@pytest.mark.parametrize(
    ("marker", "bits", "message"),
    [
        (0xC1, 12, "a JPEG image of 12 bits, of which only 8 are read (save it as PNG or TIFF)"),
        (0xC3, 8, "a lossless JPEG image, which is not read (save it as PNG)"),
        (0xC5, 8, "a hierarchical JPEG image, which is not read (save it as PNG)"),
        (0xF7, 8, "a JPEG-LS image, which is not read (save it as PNG)"),
    ],
)
def test_jpeg_images_of_other_kinds_are_refused_by_what_they_are(marker, bits, message):
    """The header tells what Pillow cannot decode to the numbers of the file."""
    header = struct.pack(">BBHBHHB", 0xFF, marker, 11, bits, 3, 4, 1) + b"\x01\x11\0"
    with pytest.raises(FormatError) as caught:
        read(b"\xff\xd8" + header + b"\xff\xda")
    assert str(caught.value) == f"f.png: {message}"


class Guarded(type(Image)):
    """Pillow's module, whose state is not to be changed."""

    def __setattr__(self, name, value):
        raise AssertionError(f"{name} is changed for the whole process")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"])
def test_nothing_is_changed_for_the_whole_process(kind, monkeypatch):
    """Neither Pillow's limit nor the filters of warnings are touched, not even for a moment."""
    data = encoded(Image.fromarray(RGB), kind)
    read(data)  # what is imported on the way may do as it likes

    def changed(*args, **options):
        raise AssertionError("the filters of warnings are changed for the whole process")

    for name in ("catch_warnings", "simplefilter", "filterwarnings", "resetwarnings"):
        monkeypatch.setattr(warnings, name, changed)
    own = type(Image)
    Image.__class__ = Guarded
    try:
        assert read(data)[0].shape == (3, 3, 4)
        io.BytesIO().write(png_bytes(RGB))
    finally:
        own.__setattr__(Image, "__class__", own)


def test_threads_read_side_by_side():
    """Many threads read many images, and the process is as it was."""
    state = Image.MAX_IMAGE_PIXELS, warnings.filters[:]
    data = [encoded(Image.fromarray(RGB + shift), kind) for shift in range(4) for kind in ("PNG", "BMP", "TIFF", "PPM")]
    with ThreadPoolExecutor(8) as pool:
        arrays = list(pool.map(lambda each: read(each)[0], data * 5))
    for number, array in enumerate(arrays):
        np.testing.assert_array_equal(array, (RGB + number % len(data) // 4).transpose(2, 0, 1))
    assert state == (Image.MAX_IMAGE_PIXELS, warnings.filters)


def test_what_pillow_would_warn_of_is_never_handed_on():
    """Damaged Exif and animation data, a frame beyond the screen of a GIF: no warning (each is an error in tests)."""
    picture = encoded(Image.fromarray(GREY))
    animated = picture[:33] + chunk(b"acTL", bytes(8)) + picture[33:]
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff"
    gif = bytearray(encoded(Image.fromarray(GREY), "GIF"))
    gif[6:10] = struct.pack("<HH", 1, 1)
    for data in (animated, encoded(Image.fromarray(GREY), "JPEG", exif=exif), bytes(gif)):
        assert read(data)[0].shape == (1, 3, 4)


def test_an_image_out_of_proportion_to_its_file_is_refused():
    """Beyond 64 MiB, what is stored in less than a hundredth is refused before it is decoded."""
    data = png(9_000, 9_000, chunk(b"IDAT", zlib.compress(bytes(9_001 * 9_000))))
    started = time.process_time()
    with pytest.raises(
        LimitError, match=r"f.png: an image of 9,000 × 9,000 pixels, 77.2 MiB stored in 77.0 KiB"
    ) as caught:
        read(data)
    assert caught.value.hint == "raise it with --limit member=78MiB"
    assert time.process_time() - started < 1


SAMPLES = [encoded(Image.fromarray(RGB), kind) for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_mutated_image_raises_anything_but_our_errors(capfd, data):
    """Bytes replaced at random are refused or read, in our words, without warnings and without a line of a library."""
    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content), Limits(pixels=100_000))
    except ConvcalcError as error:
        assert error.message
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("pixels", [GREY, RGB, GREY[:, ::2]], ids=["grey", "colour", "strided"])
def test_written_images_are_read_back(pixels):
    """PNG keeps every byte."""
    stream = io.BytesIO()
    stream.write(png_bytes(pixels))
    array, _ = read(stream.getvalue())
    np.testing.assert_array_equal(array, pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


def test_a_missing_extra_is_named(monkeypatch):
    """Without Pillow the message says what to install."""
    data = encoded(Image.fromarray(GREY))
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError) as caught:
        read(data)
    assert caught.value.hint == "install it: pip install 'convcalc[image]'"


@pytest.mark.parametrize("kind", ["TIFF", "PPM"])
def test_what_needs_no_extra_is_read_and_written_without_it(kind, monkeypatch):
    """TIFF and PNM are read, and PNG is written, without Pillow."""
    data = encoded(Image.fromarray(RGB), kind)
    monkeypatch.setitem(sys.modules, "PIL", None)
    np.testing.assert_array_equal(read(data)[0], RGB.transpose(2, 0, 1))
    io.BytesIO().write(png_bytes(GREY))


def test_reading_costs_little_more_than_decoding():
    """A megapixel is read in about the time that Pillow and NumPy take for it (times two and a half)."""
    data = encoded(Image.effect_noise((1000, 1000), 50))

    def seconds(action):
        started = time.process_time()
        action()
        return time.process_time() - started

    def decode():
        return np.asarray(Image.open(io.BytesIO(data)))

    rounds = [(seconds(lambda: read(data)), seconds(decode)) for _ in range(9)]  # in turns: other work slows both
    ours, theirs = map(min, zip(*rounds, strict=True))
    assert ours < 2.5 * theirs


def test_a_transparent_colour_of_a_gif_is_dropped_with_a_note():
    """The extension in front of a frame says that one is; the colour stays what the palette says."""
    image = Image.new("P", (3, 1))
    image.putpalette([part for level in range(256) for part in (level, 0, 255 - level)])
    image.putdata([0, 1, 2])
    found = {}
    for name, options in {"opaque": {}, "transparent": {"transparency": 1}}.items():
        stream = io.BytesIO()
        image.save(stream, "GIF", **options)
        array, found[name] = read_image(stream.getvalue(), "f.gif", LIMITS)
        assert array[:, 0].tolist() == [[0, 1, 2], [0, 0, 0], [255, 254, 253]]
    assert found == {
        "opaque": ("palette converted to RGB",),
        "transparent": ("palette converted to RGB", "transparency of the palette dropped"),
    }


def test_bmp_images_of_os2_are_read():
    """Their header of 12 bytes has sizes of 16 bits; rows lie upside down, blue comes first."""
    head = b"BM" + struct.pack("<IHHIIHHHH", 38, 0, 0, 26, 12, 1, 2, 1, 24)
    array, _ = read_image(head + bytes([1, 2, 3, 0, 4, 5, 6, 0]), "f.bmp", LIMITS)
    assert array.tolist() == [[[6], [3]], [[5], [2]], [[4], [1]]]


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (MemoryError, "the image needs more memory than there is", ""),
        (Image.DecompressionBombError, "an image with more pixels than can be read", "cut it into parts"),
    ],
)
def test_what_pillow_cannot_hold_is_refused(monkeypatch, error, message, hint):
    """Whatever it was told to read."""
    from PIL import JpegImagePlugin

    stream = io.BytesIO()
    Image.new("L", (4, 4)).save(stream, "JPEG")

    def fail(*_):
        raise error

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", fail)
    with pytest.raises(LimitError) as caught:
        read_image(stream.getvalue(), "f.jpg", LIMITS)
    assert (caught.value.message, caught.value.hint) == (message, hint)
