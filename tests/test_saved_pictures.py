"""Outputs saved as pictures: pixels against Pillow, OpenCV and formulas, every format opened again by others."""

from __future__ import annotations

import colorsys
import json
import os
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.files.png import png_bytes
from convcalc.picture.rendition import DIRECTION, Subject, rendition
from convcalc.picture.srgb import decoded, encoded
from convcalc.picture.thumbnail import picture_thumbnail
from convcalc.report.arrays.heat_maps import picture

Image = pytest.importorskip("PIL.Image")
ImageFilter = pytest.importorskip("PIL.ImageFilter")

COLOURS = np.random.default_rng(3).integers(0, 256, (24, 31, 3), dtype=np.uint8)
DEEP = np.random.default_rng(4).integers(0, 65_536, (17, 19), dtype=np.uint16)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
SHARPEN = (0, -1, 0, -1, 5, -1, 0, -1, 0)


@pytest.fixture
def photo(cli: CommandLine) -> CommandLine:
    """A command line beside a photograph in colours, a grey one and one of 16 bits."""
    Image.fromarray(COLOURS).save(cli.folder / "c.png")
    Image.fromarray(COLOURS[..., 0]).save(cli.folder / "g.png")
    (cli.folder / "deep.png").write_bytes(png_bytes(DEEP))
    return cli


def saved(photo: CommandLine, *argv: str, name: str = "x.png") -> tuple[np.ndarray[Any, Any], str]:
    """The picture of a run, opened by Pillow, and what was said of it."""
    done = photo.run("run", *argv, "-o", name, "--force")
    assert done.code == 0, done.err
    with Image.open(photo.folder / name) as opened:
        pixels = np.asarray(opened.convert("RGB") if opened.mode == "P" else opened)
    return pixels, done.err.partition(": ")[2].rstrip("\n")


def output(photo: CommandLine, *argv: str) -> np.ndarray[Any, Any]:
    """The numbers of a run."""
    return np.array(json.loads(photo.run("run", *argv, "--format", "json").out)["output"], float)


# The reading of a named kernel ---------------------------------------------------------------------------------------


def test_a_named_kernel_sharpens_each_colour_as_pillow_does(photo: CommandLine) -> None:
    """Pillow filters every band; its result is cut off at black and white as ours is, the border apart."""
    made, said = saved(photo, "c.png", "--kernel", "sharpen")
    wanted = np.asarray(Image.fromarray(COLOURS).filter(ImageFilter.Kernel((3, 3), SHARPEN, 1)))[1:-1, 1:-1]
    np.testing.assert_array_equal(made, wanted)
    assert said.startswith("values 0–255 kept, rounded; ")


NOTE = (
    "note: a named kernel filters each colour of an image apart, here R, G and B;\n"
    "      --no-depthwise (depthwise: false) sums over them\n"
)
READINGS = [
    (["c.png", "--kernel", "sharpen"], (3, 22, 29), True),
    (["c.png", "--kernel", "sharpen", "--no-depthwise"], (1, 22, 29), False),
    (["c.png", "--kernel", "sharpen", "--depthwise"], (3, 22, 29), False),
    (["c.png", "--kernel", "[[0,-1,0],[-1,5,-1],[0,-1,0]]"], (1, 22, 29), False),
    (["c.png", "--kernel", "sharpen", "--groups", "1"], (1, 22, 29), False),
    (["g.png", "--kernel", "sharpen"], (1, 22, 29), False),
    (["apart.yaml"], (3, 22, 29), True),
    (["summed.yaml"], (1, 22, 29), False),
    (["numbers.yaml"], (1, 1, 1), False),
    (["layers.yaml"], (1, 22, 29), False),
]


@pytest.mark.parametrize(("argv", "shape", "is_said"), READINGS, ids=[" ".join(row[0]) for row in READINGS])
def test_only_named_kernels_on_images_are_apart_by_themselves(
    photo: CommandLine, argv: list[str], shape: tuple[int, ...], is_said: bool
) -> None:
    """Numbers, layers and whatever says how channels are read keep the definition, which sums over them."""
    photo.write(
        {
            "apart.yaml": "input: {file: c.png}\nkernel: sharpen\n",
            "summed.yaml": "input: {file: c.png}\nkernel: sharpen\ndepthwise: false\n",
            "numbers.yaml": f"dims: 2\ninput: {np.ones((3, 3, 3), int).tolist()}\nkernel: sharpen\n",
            "layers.yaml": "input: {file: c.png}\nlayers:\n  - conv: {weight: sharpen, bias: false}\n",
        }
    )
    photo.run("run", *argv, "-q", "-o", "x.npy", "--force")
    made = np.load(photo.folder / "x.npy")
    assert (1,) * (3 - made.ndim) + made.shape == shape
    assert (NOTE in photo.run("run", *argv).out) is is_said


def test_gallery_and_run_agree(photo: CommandLine) -> None:
    """The range of a tile is that of the run's output, or for a map of the mean of its colours."""
    gallery = json.loads(photo.run("gallery", "c.png", "--padding", "0", "--format", "json").out)
    for name in ("sharpen", "sobel-x"):
        made = output(photo, "c.png", "--kernel", name)[0]
        made = made if name == "sharpen" else made.mean(axis=0)
        (tile,) = (each for each in gallery["tiles"] if each["name"] == name)
        np.testing.assert_allclose(tile["range"], [made.min(), made.max()])


# Numbers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flags", "wanted"), [([], np.hypot), (["--norm", "l1"], lambda x, y: abs(x) + abs(y))])
def test_a_magnitude_is_that_of_opencvs_sobel(photo: CommandLine, flags: list[str], wanted: Any) -> None:
    """√(gx² + gy²) and |gx| + |gy| of two outputs that OpenCV computes, on grey and on each colour apart."""
    cv2 = pytest.importorskip("cv2")
    for name, pixels in (("g.png", COLOURS[..., :1]), ("c.png", COLOURS)):
        across, down = (cv2.Sobel(pixels.astype(float), cv2.CV_64F, *each, ksize=3) for each in ((1, 0), (0, 1)))
        photo.run(
            "run",
            name,
            "--kernel",
            "sobel-x",
            "--kernel",
            "sobel-y",
            "--magnitude",
            *flags,
            "-q",
            "-o",
            "m.npy",
            "--force",
        )
        made = np.load(photo.folder / "m.npy")
        reference = wanted(across, down).reshape(24, 31, -1)[1:-1, 1:-1].transpose(2, 0, 1)
        np.testing.assert_allclose(made.reshape(reference.shape), reference, rtol=1e-12)


def test_a_magnitude_is_traced_and_written_in_files(photo: CommandLine) -> None:
    """The field is the flag; a trace writes the root out, and a word that is no norm is refused."""
    photo.write({"m.yaml": "input: [[0, 0, 0], [0, 1, 3], [0, 4, 9]]\nkernel: [[[-1, 1]], [[1, -1]]]\nmagnitude: l2\n"})
    done = photo.run("trace", "m.yaml", "--pos", "1,1")
    assert "√(2² + (-2)²) = 2.828427125" in done.out
    photo.write({"n.yaml": "dims: 2\ninput: [[1, 2]]\nkernel: [[1]]\nmagnitude: l3\n"})
    refused = photo.run("run", "n.yaml")
    assert refused.code == 1
    assert "magnitude must be true or false, got 'l3'" in refused.err
    assert "hint: true, false, l2 or l1" in refused.err


def test_luminance_is_pillows_grey_before_its_rounding(photo: CommandLine) -> None:
    """Pillow's L rounds; of linear light it is BT.709's luminance, by the formula."""
    made = output(photo, "c.png", "--kernel", "[[1]]", "--luminance")[0, 0]
    assert np.abs(made - np.asarray(Image.fromarray(COLOURS).convert("L"), float)).max() <= 0.51
    light = output(photo, "c.png", "--kernel", "[[1]]", "--luminance", "--linear-light")[0, 0]
    linear = [[_light(value / 255) for value in channel] for channel in COLOURS.reshape(-1, 3).tolist()]
    np.testing.assert_allclose(light.ravel(), np.array(linear) @ [0.2126, 0.7152, 0.0722], rtol=1e-12)


def _light(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def test_linear_light_is_encoded_again_in_the_picture(photo: CommandLine) -> None:
    """The identity gives the photograph; a mean of black and white is brighter than the mean of their numbers."""
    made, said = saved(photo, "c.png", "--kernel", "identity", "--linear-light")
    np.testing.assert_array_equal(made, COLOURS[1:-1, 1:-1])
    assert said == "linear light 0…1 encoded as sRGB"
    np.testing.assert_allclose(encoded(decoded(np.arange(256), 255)) * 255, np.arange(256), atol=1e-9)
    Image.fromarray(np.array([[0, 255]], np.uint8)).save(photo.folder / "bw.png")
    assert saved(photo, "bw.png", "--kernel", "[[1/2, 1/2]]", "--linear-light")[0].tolist() == [[188]]


def test_linear_light_is_encoded_on_pages_too(photo: CommandLine) -> None:
    """What the identity shows is the photograph itself, in the gallery and in the run, and both say so."""
    small = np.array([[[0, 90, 255], [10, 20, 30]], [[200, 1, 7], [128, 128, 128]]], np.uint8)
    Image.fromarray(small).save(photo.folder / "s.png")
    colours = picture("c", decoded(small.transpose(2, 0, 1), 255), 40, 1.0, is_linear=True).pixels
    assert b"".join(colours) == small.tobytes()
    light = decoded(small.transpose(2, 0, 1), 255)
    np.testing.assert_array_equal(picture_thumbnail(list(light), (9, 9), 1.0, is_linear=True).levels, small)
    done = photo.run("gallery", "s.png", "--linear-light", "--kernel", "box")
    assert "linear light from 0 to 1 as sRGB, each colour apart" in done.out.replace("\n", " ")
    assert "note: linear light: sRGB decoded, 0…255 is 0…1" in done.out


def test_a_direction_is_a_hue_as_python_has_it() -> None:
    """Each pixel against the standard library's conversion."""
    vectors = np.random.default_rng(5).normal(size=(2, 9, 11))
    made = rendition(vectors, DIRECTION).pixels
    longest = np.hypot(*vectors).max()
    for place in np.ndindex(9, 11):
        x, y = vectors[(slice(None), *place)]
        hue = np.arctan2(y, x) / (2 * np.pi) % 1
        wanted = np.array(colorsys.hsv_to_rgb(hue, 1, np.hypot(x, y) / longest)) * 255
        assert np.abs(made[place] - wanted).max() <= 0.51


# Formats -------------------------------------------------------------------------------------------------------------


def test_16_bits_in_are_16_bits_out(photo: CommandLine) -> None:
    """Every number is kept, by the PNG and by the TIFF; a mean is rounded once."""
    for name in ("x.png", "x.tif"):
        made, _ = saved(photo, "deep.png", "--kernel", "[[1]]", name=name)
        np.testing.assert_array_equal(made, DEEP)
    made, said = saved(photo, "deep.png", "--kernel", "box")
    wide = DEEP.astype(float)
    sums = sum(wide[r : r + 15, c : c + 17] for r in range(3) for c in range(3))
    np.testing.assert_array_equal(made, np.rint(sums / 9))
    assert said == "16 bits: values 0–65535 kept, rounded"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("name", ["c.png", "g.png"])
def test_a_tiff_has_the_numbers(photo: CommandLine, name: str, dtype: str) -> None:
    """In the narrowest type that holds them, as tifffile and Pillow read them."""
    tifffile = pytest.importorskip("tifffile")
    kernel = {"uint8": "identity", "uint16": "[[200]]", "float32": "sobel-x"}[dtype]
    argv = [name, "--kernel", kernel, *(["--depthwise"] if name == "c.png" else [])]
    numbers = output(photo, *argv)[0]
    done = photo.run("run", *argv, "-q", "-o", "x.tif")
    assert done.code == 0, done.err
    read = tifffile.imread(photo.folder / "x.tif")
    assert str(read.dtype) == dtype
    if read.ndim == 3 and read.shape[-1] == 3:
        read = read.transpose(2, 0, 1)
    np.testing.assert_array_equal(read.reshape(numbers.shape), numbers)
    with Image.open(photo.folder / "x.tif") as opened:
        assert np.asarray(opened).shape[:2] == numbers.shape[1:]


def test_a_signed_result_is_a_diverging_map(photo: CommandLine) -> None:
    """Blue below 0, orange above, white at 0; of colours their mean."""
    made, said = saved(photo, "c.png", "--kernel", "sobel-x")
    numbers = output(photo, "c.png", "--kernel", "sobel-x")[0].mean(axis=0)
    assert said.startswith("a map of the mean of R, G and B: -")
    low, high = (made[np.unravel_index(end, numbers.shape)] for end in (numbers.argmin(), numbers.argmax()))
    assert (low[2] > low[0]) == (abs(numbers.min()) > abs(numbers.max()) / 4)
    assert (high[0] > high[2]) == (abs(numbers.max()) > abs(numbers.min()) / 4)


@pytest.mark.parametrize(("name", "tolerance"), [("x.jpg", 12), ("x.jpeg", 12), ("x.webp", 0), ("x.png", 0)])
def test_other_formats_hold_the_same_pixels(photo: CommandLine, name: str, tolerance: int) -> None:
    """Exactly, but for JPEG."""
    smooth = np.add.outer(np.arange(40), np.arange(50))[..., None] * np.array([1, 2, 2])
    Image.fromarray(smooth.astype(np.uint8)).save(photo.folder / "s.png")
    made, _ = saved(photo, "s.png", "--kernel", "[[[[1]]], [[[1]]], [[[1]]]]", "--groups", "3", name=name)
    assert np.abs(made.astype(int) - smooth).max() <= tolerance


def test_several_kernels_are_the_frames_of_a_gif(photo: CommandLine) -> None:
    """One after the other; samples of a batch too."""
    photo.run("run", "g.png", *(f"--kernel=kirsch-{side}" for side in ("north", "east", "south")), "-q", "-o", "k.gif")
    with Image.open(photo.folder / "k.gif") as opened:
        assert (opened.n_frames, opened.size, opened.info["loop"]) == (3, (29, 22), 0)
    np.save(photo.folder / "b.npy", np.arange(50).reshape(2, 1, 5, 5))
    photo.run("run", "b.npy", "--kernel", "[[1]]", "-q", "-o", "b.gif")
    with Image.open(photo.folder / "b.gif") as opened:
        assert opened.n_frames == 2
        assert np.asarray(opened.convert("L")).tolist() == np.arange(25).reshape(5, 5).tolist()


def test_a_cell_becomes_a_square_and_a_figure_says_what_it_shows(photo: CommandLine) -> None:
    """Of N × N equal pixels; with a frame the picture is in it, and the bar has the colours of the scale."""
    small, _ = saved(photo, "g.png", "--kernel", "box")
    large, said = saved(photo, "g.png", "--kernel", "box", "--zoom", "4")
    np.testing.assert_array_equal(large, np.kron(small, np.ones((4, 4), np.uint8)))
    assert said.endswith(", each cell 4×4 pixels")
    framed, said = saved(photo, "g.png", "--kernel", "box", "--zoom", "8", "--figure")
    enlarged = np.kron(small, np.ones((8, 8), np.uint8))[8:-8, 8:-8]
    found = framed[..., 0]
    places = [
        place
        for place in np.ndindex(found.shape[0] - enlarged.shape[0], 60)
        if (found[place[0], place[1] : place[1] + 40] == enlarged[0, :40]).all()
    ]
    row, column = places[0]
    np.testing.assert_array_equal(found[row : row + enlarged.shape[0], column : column + enlarged.shape[1]], enlarged)
    assert said.endswith(", with a title and a colour bar, each cell 8×8 pixels")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine, nor named by CHROMIUM")
def test_a_browser_opens_every_format_that_it_knows(photo: CommandLine) -> None:
    """Chromium decodes each to its size."""
    playwright = pytest.importorskip("playwright.sync_api")
    names = ["x.png", "x.jpg", "x.webp", "x.gif", "deep.png"]
    for name in names[:4]:
        photo.run("run", "c.png", "--kernel", "sharpen", "-q", "-o", name)
    page_file = photo.folder / "p.html"
    page_file.write_text("".join(f'<img src="{name}">' for name in names), encoding="ascii")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        tab.goto(page_file.as_uri())
        sizes = tab.evaluate("[...document.images].map(each => [each.naturalWidth, each.naturalHeight])")
        browser.close()
    assert sizes == [[29, 22]] * 4 + [[19, 17]]


# Refusals ------------------------------------------------------------------------------------------------------------

REFUSED = [
    ("run g.png --kernel box --zoom 0 -o x.png", 2, "--zoom: zoom is at least 1, got 0"),
    ("run g.png --kernel box --zoom 3", 2, "--zoom is about a picture that is saved"),
    ("run g.png --kernel box --figure -o x.npy", 2, "--figure is about a picture that is saved"),
    ("run g.png --kernel box --figure -o x.tif", 2, "a TIFF holds the numbers, --figure is a drawing"),
    ("run g.png --kernel box --map direction", 2, "--map direction is about a picture that is saved"),
    ("run g.png --kernel box --map direction -o x.png", 1, "a direction needs two channels, the changes along x and y"),
    ("run g.png --kernel box --zoom 9999 -o x.png", 3, "a picture of 63,787,240,638 pixels, at most 89,478,485"),
    (
        "run g.png --kernel box --luminance",
        2,
        "luminance is of an image in red, green and blue, the input is an image of 1",
    ),
    ("run --luminance", 2, "luminance is of an image in red, green and blue, the input is other numbers"),
    ("run --linear-light", 2, "linear light is a reading of an image, the input is other numbers"),
    ("run g.png --kernel box --norm l3", 2, "--norm: unknown norm 'l3'"),
    ("run wide.png --kernel [[1]] -o x.webp", 1, "16,400 × 1 pixels are too many for WEBP"),
]


@pytest.mark.parametrize(("line", "code", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_drawn_is_refused_without_a_trace(
    photo: CommandLine, line: str, code: int, message: str
) -> None:
    """With a sentence and its exit code, before a file is there."""
    Image.fromarray(np.zeros((1, 16_400), np.uint8)).save(photo.folder / "wide.png")
    before = sorted(photo.folder.iterdir())
    done = photo.run(*line.split())
    assert (done.code, message in done.err.replace("\n", " ")) == (code, True), done.err
    assert sorted(photo.folder.iterdir()) == before


@pytest.mark.parametrize(
    ("width", "height", "code", "message"),
    [
        (0, 5, 1, "an image of 0 × 5 pixels"),
        (5, 0, 1, "an image of 5 × 0 pixels"),
        (40_000, 25_000, 3, "an image of 40,000 × 25,000 pixels, at most 89,478,485 pixels"),
    ],
)
def test_an_image_of_no_pixels_or_a_thousand_million_is_refused_by_its_header(
    photo: CommandLine, width: int, height: int, code: int, message: str
) -> None:
    """Nothing is decoded, by run and by gallery."""
    header = bytearray(png_bytes(np.zeros((1, 1), np.uint8)))
    header[16:24] = struct.pack(">II", width, height)
    header[29:33] = struct.pack(">I", zlib.crc32(header[12:29]))
    (photo.folder / "x.png").write_bytes(header)
    for argv in (("run", "x.png", "--kernel", "box", "-o", "y.jpg"), ("gallery", "x.png")):
        done = photo.run(*argv)
        assert (done.code, done.err.splitlines()[0]) == (code, f"error: x.png: {message}")


def _palette(folder: Path) -> None:
    Image.fromarray(COLOURS).convert("P").save(folder / "x.png")


def _with_alpha(folder: Path) -> None:
    Image.fromarray(COLOURS).convert("RGBA").save(folder / "x.png")


def _inks(folder: Path) -> None:
    Image.fromarray(COLOURS).convert("CMYK").save(folder / "x.jpg", quality=100)


@pytest.mark.parametrize(
    ("make", "name", "channels"), [(_palette, "x.png", 3), (_with_alpha, "x.png", 3), (_inks, "x.jpg", 4)]
)
def test_palettes_alpha_and_inks_are_filtered_apart(photo: CommandLine, make: Any, name: str, channels: int) -> None:
    """As colours, without alpha, and as four inks."""
    make(photo.folder)
    done = photo.run("run", name, "--kernel", "box", "-o", "y.png")
    assert done.code == 0, done.err
    assert f"each of the {channels} channels apart" in done.out.replace("\n", " ")


def test_white_and_rules_are_the_subjects() -> None:
    """Floats from 0 to 1 stretch, a kernel of sum 1 keeps the brightness, others spread."""
    values = np.array([[[0.0, 0.5, 1.2]]])
    assert rendition(values, subject=Subject(1.0, keeps_brightness=True)).pixels.tolist() == [[0, 128, 255]]
    assert rendition(values[..., :2], subject=Subject(1.0)).pixels.tolist() == [[0, 128]]
    assert rendition(values, subject=Subject(1.0)).pixels.tolist() == [[0, 106, 255]]
