"""Galleries: what is shown is what is computed, every sheet holds its words, and nothing foreign is alive in it."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.cli import gallery_views, progress
from convcalc.cli.output import saved_gallery
from convcalc.errors import MissingExtraError
from convcalc.files.png import png_bytes
from convcalc.picture.colours import DIVERGING_ON_WHITE, SEQUENTIAL
from convcalc.picture.thumbnail import Thumbnail, map_thumbnail, means, peaks, picture_thumbnail
from convcalc.render.raster import png_page
from convcalc.render.svg.marks import Box, Group, Page, Photo, Style, Words

images = pytest.importorskip("PIL.Image")

SVG = "{http://www.w3.org/2000/svg}"
SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
EVIL = '</script><img src=x onerror=alert(1)>"&[red]\u202e'


def picture(array):
    """An image file."""
    stream = io.BytesIO()
    images.fromarray(np.asarray(array, np.uint8)).save(stream, format="PNG")
    return stream.getvalue()


def photograph(*shape, seed=0):
    """Random pixels."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def correlated(values, kernel):
    """The sums at every cell, border cells repeated outside: loops over Python integers."""
    rows, columns = len(values), len(values[0])
    reach = len(kernel) // 2
    at = lambda r, c: int(values[min(max(r, 0), rows - 1)][min(max(c, 0), columns - 1)])  # noqa: E731
    taps = [(i, j, kernel[i][j]) for i in range(len(kernel)) for j in range(len(kernel[0]))]
    return np.array(
        [[sum(w * at(r + i - reach, c + j - reach) for i, j, w in taps) for c in range(columns)] for r in range(rows)]
    )


def opened(data):
    """The pixels of PNG bytes, by Pillow, as red, green and blue."""
    with images.open(io.BytesIO(data)) as image:
        image.load()
        return np.asarray(image.convert("RGB"))


def embedded(text):
    """The pictures in a page."""
    return [opened(base64.b64decode(data)) for data in re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", text)]


# What is computed and drawn ----------------------------------------------------------------------------------------


def test_a_grey_photograph_is_seen_through_each_kernel(cli):
    """Sums 1 give greys cut off at 0 and 255, others levels around 0; ranges are those of the whole output."""
    grey = photograph(9, 7)
    cli.write({"p.png": picture(grey)})
    kernels = ("--kernel", "sharpen", "--kernel", "sobel-x")
    assert cli.run("gallery", "p.png", *kernels, "-q", "-o", "s.svg").code == 0
    sharp = correlated(grey, [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    edges = correlated(grey, SOBEL)
    first, second, third = embedded((cli.folder / "s.svg").read_text())
    np.testing.assert_array_equal(first, np.stack([grey] * 3, -1))
    np.testing.assert_array_equal(second, np.stack([sharp.clip(0, 255)] * 3, -1))
    levels = np.rint(edges / np.abs(edges).max() * 127.5 + 127.5).astype(int)
    np.testing.assert_array_equal(third, np.array(DIVERGING_ON_WHITE)[levels])
    found = json.loads(cli.run("gallery", "p.png", *kernels, "--format", "json").out)
    assert found["schema"] == "convcalc.gallery/1"
    assert [each["range"] for each in found["tiles"]] == [[int(a.min()), int(a.max())] for a in (sharp, edges)]
    assert [each["name"] for each in found["tiles"]] == ["sharpen", "sobel-x"]
    assert found["tiles"][1]["weights"] == SOBEL


def test_a_colour_photograph_keeps_its_colours_or_is_averaged(cli):
    """Sums 1 give each colour apart; others the map of the mean of the channels, which is said."""
    colours = photograph(6, 8, 3)
    cli.write({"p.png": picture(colours)})
    done = cli.run(
        "gallery", "p.png", "--kernel", "shift-right", "--kernel", "sobel-x", "-o", "s.html", "--format", "json"
    )
    assert done.code == 0
    assert "each colour apart" in done.err
    assert "of the mean of the 3 channels" in done.err
    first, second, third = embedded((cli.folder / "s.html").read_text())
    np.testing.assert_array_equal(first, colours)
    moved = colours[:, [0, *range(7)]]
    np.testing.assert_array_equal(second, moved)
    edges = correlated(colours.astype(int).sum(2), SOBEL) / 3
    levels = np.rint(edges / np.abs(edges).max() * 127.5 + 127.5).astype(int)
    np.testing.assert_allclose(third, np.array(DIVERGING_ON_WHITE)[levels], atol=3)
    low, high = json.loads(done.out)["tiles"][1]["range"]
    np.testing.assert_allclose([low, high], [edges.min(), edges.max()])


# A grey photograph as bytes, as floats from 0 to 1, and in colours whose channels are each convolved by themselves.
KINDS = {
    "bytes": (picture, "p.png", ()),
    "floats": (lambda grey: b"Pf 7 9 -1\n" + (grey[::-1] / 255).astype("<f4").tobytes(), "p.pfm", ()),
    "colours": (lambda grey: picture(np.dstack([grey] * 3)), "p.png", ("--depthwise",)),
}


@pytest.mark.parametrize("kernel", ["sharpen", "box", "sobel-x"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_picture_is_that_of_the_gallery(cli, kind, kernel):
    """What run saves as PNG by itself is what the gallery shows: an image under a sum of 1, else levels around 0."""
    grey = photograph(9, 7)
    make, name, options = KINDS[kind]
    cli.write({name: make(grey)})
    same = ("--padding", "same", "--boundary", "replicate")
    done = cli.run("run", name, "--kernel", kernel, *same, *options, "-q", "-o", "o.png")
    assert (done.code, done.out) == (0, "")
    assert cli.run("gallery", name, "--kernel", kernel, "-q", "-o", "s.svg").code == 0
    saved = opened((cli.folder / "o.png").read_bytes())
    shown = embedded((cli.folder / "s.svg").read_text())
    np.testing.assert_allclose(shown[0], np.stack([grey] * 3, -1), atol=1, err_msg="the input is not black")
    np.testing.assert_allclose(saved.astype(int), shown[1].astype(int), atol=1)


def test_what_is_cut_off_of_a_saved_picture_is_told(cli):
    """The rule that is printed says how many values lie beyond black and white."""
    grey = photograph(9, 7)
    cli.write({"p.png": picture(grey), "f.npy": b""})
    np.save(cli.folder / "f.npy", (grey / 255).astype(np.float32))
    sharp = correlated(grey, [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    done = cli.run("run", "p.png", "--kernel", "sharpen", "--padding", "same", "--boundary", "replicate", "-o", "o.png")
    assert (
        f"values 0–255 kept, rounded; {(sharp < 0).sum()} values below 0 and {(sharp > 255).sum()} values above 255"
        in (done.out + done.err)
    )
    done = cli.run("run", "f.npy", "--kernel", "box", "-o", "o.png", "--force")
    assert "0…1 mapped to 0…255" in done.out + done.err
    assert opened((cli.folder / "o.png").read_bytes()).mean() > 50


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("clip", "Drawn as pictures: values from 0 to 255 as they are, those beyond cut off"),
        ("minmax", "own scale: from the least value (dark) to the largest (bright)"),
        ("signed", "own scale: 0 in the middle"),
    ],
)
def test_the_rule_is_followed_and_said(cli, rule, said):
    """Each rule of --map gives its own pixels, and is said on the page and on standard error; pictures tell colours."""
    grey = photograph(5, 6)
    cli.write({"p.png": picture(grey)})
    done = cli.run("gallery", "p.png", "--kernel", "sobel-x", "--map", rule, "-o", "s.svg", "--format", "plain")
    assert said in done.err
    assert said in " ".join(done.out.split())
    edges = correlated(grey, SOBEL)
    low, high = edges.min(), edges.max()
    reach = max(-low, high)
    expected = {
        "clip": np.stack([edges.clip(0, 255)] * 3, -1),
        "minmax": np.array(SEQUENTIAL)[np.rint((edges - low) / (high - low) * 255).astype(int)],
        "signed": np.array(DIVERGING_ON_WHITE)[np.rint(edges / reach * 127.5 + 127.5).astype(int)],
    }[rule]
    drawn = (cli.folder / "s.svg").read_text()
    np.testing.assert_array_equal(embedded(drawn)[1], expected)
    assert ("blue" in drawn, "blue" in done.out) == (rule == "signed", False)


@given(st.tuples(st.integers(1, 300), st.integers(1, 300)), st.tuples(st.integers(8, 60), st.integers(8, 60)))
def test_a_thumbnail_fits_and_stands_for_every_cell(size, room):
    """There are at most as many cells as there is room for; peaks keep the farthest value, means the middle."""
    values = np.random.default_rng(size[0]).integers(-1000, 1000, size)
    for reduced in (means(values, room), peaks(values, room)):
        assert all(cells <= most for cells, most in zip(reduced.shape, room, strict=True))
    assert np.abs(peaks(values, room)).max() == np.abs(values).max()
    assert values.min() <= means(values, room).min() <= values.mean() + 1e-3
    assert values.max() >= means(values, room).max() >= values.mean() - 1e-3


def test_whole_steps_are_what_loops_say():
    """Many cells are parted into areas of equal steps, the last one smaller: loops over each area agree."""
    values = np.random.default_rng(1).integers(-99, 99, (130, 131))
    areas = [[values[r : r + 3, c : c + 3] for c in range(0, 131, 3)] for r in range(0, 130, 3)]
    np.testing.assert_allclose(
        means(values, (50, 50)), [[a.mean() for a in row] for row in areas], rtol=1e-5, atol=1e-5
    )
    far = [[a.max() if a.max() >= -a.min() else a.min() for a in row] for row in areas]
    np.testing.assert_array_equal(peaks(values, (50, 50)), far)


def test_values_that_are_not_finite_are_drawn_as_0():
    """They have the level of 0, however many cells there are."""
    values = np.full((200, 200), 5.0)
    values[:40, :40] = np.nan
    found = map_thumbnail(values, (20, 20), "signed", (-5, 5))
    assert (found.levels[0, 0], found.levels[-1, -1]) == (128, 255)


@given(st.tuples(st.integers(1, 20), st.integers(1, 20)), st.sampled_from(["grey", "colours", "palette"]))
def test_a_png_is_read_back_by_another_reader(size, kind):
    """Greys, colours and palettes come back to the byte."""
    pixels = photograph(*size, *([3] if kind == "colours" else []), seed=size[1])
    found = opened(png_bytes(pixels, SEQUENTIAL if kind == "palette" else None))
    expected = {"grey": lambda: np.stack([pixels] * 3, -1), "colours": lambda: pixels}.get(
        kind, lambda: np.array(SEQUENTIAL)[pixels]
    )()
    np.testing.assert_array_equal(found, expected)


def test_a_picture_thumbnail_is_cut_off():
    """Brightness beyond 0 to 255 is cut off, halves rounded to even."""
    found = picture_thumbnail([np.array([[-9.0, 0.5, 300.0]])], (9, 9))
    assert found.levels.tolist() == [[0, 0, 255]]


# Which kernels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_kernels_of_another_rank_are_left_out_with_a_note(cli, rank):
    """Those that are shown and those that are counted as left out make up the library."""
    cli.write({"f.yaml": f"input: {np.arange(4**rank).reshape((4,) * rank).tolist()}\ndims: {rank}\n"})
    done = cli.run("gallery", "f.yaml", "--format", "json")
    found = json.loads(done.out)
    all_of_them = json.loads(cli.run("kernels", "--format", "json").out)["kernels"]
    [note] = [each for each in found["notes"] if "left out: the input has" in each]
    counts = {axes: int(count) for count, axes in re.findall(r"(\d+) kernels? for (\d)-D", note)}
    assert len(found["tiles"]) + sum(counts.values()) == len(all_of_them)
    assert str(rank) not in counts
    assert all(np.ndim(each["weights"]) == rank for each in found["tiles"])


def test_a_family_a_search_and_names_choose(cli):
    """The family's, those that mention a word, or those named in the order in which they are."""
    names = lambda *words: [t["name"] for t in json.loads(cli.run("gallery", *words, "--format", "json").out)["tiles"]]  # noqa: E731
    assert len(names("--family", "compass")) == 24
    assert names("--search", "roberts") == ["roberts-x", "roberts-y"]
    assert names("--kernel", "sobel-y", "--kernel", "box:5+zero-sum") == ["sobel-y", "box:5+zero-sum"]
    assert names("--kernel", "[[1,2],[3,4]]") == ["kernel 1"]


def test_kernels_that_do_not_fit_are_named(cli):
    """Without padding a kernel larger than the input is left out with the reason, others are shown."""
    done = cli.run("gallery", "--kernel", "sobel-x", "--kernel", "box:9", "--padding", "valid", "--format", "json")
    found = json.loads(done.out)
    assert [each["name"] for each in found["tiles"]] == ["sobel-x"]
    assert found["tiles"][0]["shape"] == [1, 3, 3]
    [note] = [each for each in found["notes"] if each.startswith("box:9 is left out: the kernel does not fit")]
    assert "it reaches over 9 cells" in note


def test_channels_beyond_all_floats_have_an_exact_mean(cli):
    """The mean of two channels of 310 digits is a whole number of 310 digits."""
    cli.write({"f.yaml": f"input: [[[{3 * 10**309}]], [[{10**309}]]]\nkernel: [[1]]\ndims: 2\n"})
    done = cli.run("gallery", "f.yaml", "--kernel", "[[1]]", "--format", "csv")
    assert (done.code, str(2 * 10**309) in done.out) == (0, True), done.err


def test_one_cell_and_slices_are_shown(cli):
    """A lone cell goes through every kernel; of a volume the slice in the middle is drawn and named."""
    cli.write({"one.yaml": "[[7]]", "cube.yaml": f"input: {np.arange(27).reshape(3, 3, 3).tolist()}\ndims: 3\n"})
    assert cli.run("gallery", "one.yaml").code == 0
    refused = cli.run("gallery", "cube.yaml", "--kernel", "identity+scale:1", "--format", "plain")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("error: --kernel: ")
    done = cli.run("gallery", "cube.yaml", "--kernel", "box-3d", "-o", "s.svg")
    assert "the slice in the middle is drawn (of the input depth 1)" in " ".join(done.out.split())
    assert embedded((cli.folder / "s.svg").read_text())[0].shape == (3, 3, 3)


# Sheets ------------------------------------------------------------------------------------------------------------


def sheet(cli, suffix, name="s"):
    """A sheet of several kinds of tiles under a title that would do harm; its bytes."""
    (cli.folder / "mine").mkdir(exist_ok=True)
    kernel = {"name": "own", "title": EVIL, "weights": [[1, -1]], "shows": f"{EVIL} and 文字"}
    cli.write({"mine/own.yaml": json.dumps(kernel), "f.yaml": f"input: {photograph(6, 7).tolist()}\ndims: 2\n"})
    names = [word for each in ("own", "gaussian:9", "sobel-5x5-x", "box") for word in ("--kernel", each)]
    done = cli.run("gallery", "f.yaml", "--kernels", "mine", *names, "-q", "-o", f"{name}{suffix}")
    assert (done.code, done.err) == (0, "")
    return (cli.folder / f"{name}{suffix}").read_bytes()


def test_the_svg_has_its_texts_inside_and_nothing_overlaps(cli):
    """Pictures lie inside the page and apart from each other, texts apart from pictures; no script, all text inert."""
    root = ElementTree.fromstring(sheet(cli, ".svg"))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "text", "image"}
    _, _, width, height = map(float, root.get("viewBox").split())
    boxes = [tuple(float(e.get(k)) for k in ("x", "y", "width", "height")) for e in root.iter(f"{SVG}image")]
    assert len(boxes) == 5
    for x, y, w, h in boxes:
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
    for (ax, ay, aw, ah), (bx, by, bw, bh) in combinations(boxes, 2):
        assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay
    for text in root.iter(f"{SVG}text"):
        x, y, size = (float(text.get(k)) for k in ("x", "y", "font-size"))
        assert 0 <= x <= width and size <= y <= height
        assert not any(bx < x < bx + bw and by < y - size / 2 < by + bh for bx, by, bw, bh in boxes)
    said = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert "<img src=x" in said
    assert "\\u202e" in said


def test_the_page_of_a_sheet_has_everything_apart(cli, monkeypatch):
    """No text's box reaches over another's or out of its tile, by the widths that the layout measures."""
    from convcalc.render import sheet as sheets
    from convcalc.render.svg.marks import Photo, Words

    pages = []
    real = sheets.sheet_page
    monkeypatch.setattr(sheets, "sheet_page", lambda gallery: pages.append(real(gallery)) or pages[-1])
    sheet(cli, ".svg")
    cli.write({"line.yaml": "input: [1, 2, 9, 4, 5, 5]\n"})
    for words in (["line.yaml"], ["f.yaml"]):
        assert cli.run("gallery", *words, "-q", "-o", "s.svg", "--force").code == 0
    assert [len(page.groups) > 15 for page in pages] == [False, True, True]
    for page in pages:
        assert_apart(page, Photo, Words)


def assert_apart(page, Photo, Words):  # noqa: N803 - classes
    """Nothing reaches over anything else, or out of its tile."""
    for group in page.groups:
        for mark in group.marks:
            assert isinstance(mark, Words | Photo)
            right = mark.box.x + (mark.width if isinstance(mark, Words) else mark.box.width)
            assert right <= group.box.right + 0.01
            assert mark.box.bottom <= group.box.bottom + 0.01
        for one, other in combinations(group.marks, 2):
            a, b = one.box, other.box
            apart = a.right <= b.x + 0.01 or b.right <= a.x + 0.01 or a.bottom <= b.y + 0.01 or b.bottom <= a.y + 0.01
            assert apart, (one, other)
    for one, other in combinations(page.groups, 2):
        a, b = one.box, other.box
        assert a.right <= b.x or b.right <= a.x or a.bottom <= b.y + 0.01 or b.bottom <= a.y + 0.01


class _Reader(HTMLParser):
    """The tags, the addresses and the text of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.sources, self.text, self.attributes = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.text.append(data)


def test_the_html_is_one_inert_file(cli):
    """A real parser finds five pictures that the file itself holds, no script, and foreign tags as text."""
    reader = _Reader()
    reader.feed(sheet(cli, ".html").decode())
    assert reader.tags.count("img") == reader.tags.count("figure") == 5
    assert "script" not in reader.tags
    assert not {name for name in reader.attributes if name.startswith("on")}
    assert all(each.startswith("data:image/png;base64,") for each in reader.sources)
    assert len(reader.sources) == 5
    said = "".join(reader.text)
    assert "<img src=x onerror=alert(1)>" in said
    assert "\\u202e" in said
    assert "\u202e" not in said


def test_the_png_is_as_large_as_the_page_and_holds_the_pictures(cli):
    """Pillow reads it, at one and a half pixels for each of the page; where a picture is, its colours are."""
    pixels = opened(sheet(cli, ".png"))
    root = ElementTree.fromstring(sheet(cli, ".svg"))
    _, _, width, height = map(float, root.get("viewBox").split())
    assert pixels.shape == (round(height * 1.5), round(width * 1.5), 3)
    image = next(root.iter(f"{SVG}image"))
    x, y, w, h = (1.5 * float(image.get(name)) for name in ("x", "y", "width", "height"))
    [first, *_] = embedded(ElementTree.tostring(root).decode())
    for row in range(6):
        for column in range(7):
            middle = pixels[round(y + (row + 0.5) * h / 6), round(x + (column + 0.5) * w / 7)]
            np.testing.assert_array_equal(middle, first[row, column])


def test_a_colour_picture_is_drawn_in_its_own_colours():
    """No scale stands for its levels."""
    levels = np.array([[[250, 10, 20], [30, 240, 50]]], np.uint8)
    shown = Photo(Box(10, 10, 40, 20), Thumbnail(levels, 0, 255, is_picture=True), "two pixels")
    pixels = opened(png_page(Page(60, 40, "", "", (Group(Box(0, 0, 60, 40), (shown,)),))))
    np.testing.assert_array_equal(pixels[30, [30, 60]], levels[0])
    assert pixels.shape == (60, 90, 3)


def test_a_sheet_as_png_needs_pillow(monkeypatch):
    """Without it the message says how to install it."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError) as caught:
        png_page(Page(60, 40, "", "", ()))
    assert caught.value.message == "drawing a sheet as PNG needs the optional extra 'image'"
    assert caught.value.hint == "install it: pip install 'convcalc[image]'"


def test_the_page_of_a_terminal_has_tiles_below_each_other(cli, monkeypatch):
    """At every width the names of a column of tiles begin below each other, and no line is too long."""
    for width, beside in ((60, 2), (80, 3), (120, 4), (200, 7)):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = cli.run("gallery", "--family", "compass", "--format", "plain").out.splitlines()
        assert max(map(len, lines)) <= width
        starts = {match.start() for line in lines for match in re.finditer(r"(?<!\S)(?:kirsch|robinson)-\S+", line)}
        assert len(starts) == beside


def test_nothing_is_drawn_for_who_does_not_look(cli, monkeypatch):
    """Data formats reduce no picture."""
    from convcalc.report.gallery import tiles

    monkeypatch.setattr(tiles, "map_thumbnail", None)
    monkeypatch.setattr(tiles, "picture_thumbnail", None)
    for form in ("json", "csv", "markdown", "latex"):
        assert cli.run("gallery", "--kernel", "sobel-x", "--format", form).code == 0
    assert cli.run("gallery", "--kernel", "sobel-x", "-q").code == 0


MESSAGES = [
    (["--family", "egde"], 2, "error: --family: unknown family 'egde'\nhint: did you mean edge?\n"),
    (["--kernel", "sobel-z"], 2, "error: --kernel: unknown kernel 'sobel-z'\n"),
    (["--map", "clop"], 2, "error: --map: unknown map 'clop'\nhint: did you mean clip?\n"),
    (["--search", "zzz"], 2, "error: --search: no kernel is like that\nhint: `convcalc kernels` lists all\n"),
    (["--kernel", "box", "--family", "edge"], 2, "error: --family chooses among all kernels, --kernel names one\n"),
    (
        ["--kernel", "sobel-3d-x"],
        2,
        "error: --kernel: 1 kernel for 3-D inputs is left out: the input has 2 spatial axes\n",
    ),
    (["--stride", "x"], 2, "error: --stride: stride must be a whole number >= 1, got 'x'\n"),
    (["-o", "s.gif"], 1, "error: nothing is saved here as '.gif'\n"),
    (["one.yaml", "--padding", "valid"], 1, "error: the kernel does not fit on axis 0: it reaches over 3 cells"),
    (["empty.npy"], 1, "error: empty.npy: the input has no cells\n"),
    (["s.png"], 1, "error: no such file: s.png\n"),
]


@pytest.mark.parametrize(("words", "code", "message"), MESSAGES, ids=[" ".join(row[0]) for row in MESSAGES])
def test_what_is_wrong_is_said(cli, words, code, message):
    """Each bad request has its exit code and begins its message so; nothing is printed or written."""
    stream = io.BytesIO()
    np.save(stream, np.zeros((0, 5)))
    cli.write({"one.yaml": "[[7]]", "empty.npy": stream.getvalue()})
    done = cli.run("gallery", *words)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(message), done.err


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ({"d/f.yaml": "title: My photo\ninput: [[1, 2], [3, 4]]\n"}, "My photo through 1 kernel"),
        ({"d/f.yaml": "input: {file: n.csv}\n", "d/n.csv": "1,2\n3,4\n"}, "n.csv through 1 kernel"),
        ({"d/n.csv": "1,2\n3,4\n"}, "n.csv through 1 kernel"),
    ],
)
def test_the_title_is_the_files(cli, file, title):
    """That in the file, or the file's name without its folder."""
    cli.write(file)
    assert cli.run("gallery", next(iter(file)), "--kernel", "box").out.splitlines()[0] == title


@pytest.mark.parametrize("sign", ["×", "−", "⋆", "Σ", "é"])
def test_signs_are_drawn_as_themselves(sign):
    """Neither as another letter nor as the box of a missing one."""

    def drawn(text):
        words = Words(Box(0, 0, 40, 20), text, 16, Style.TEXT)
        return png_page(Page(40, 20, "", "", (Group(Box(0, 0, 40, 20), (words,)),)))

    others = {drawn(other) for other in ("x", "-", "*", "S", "e", "", "\u0378", "\u0379")}
    assert drawn("\u0378") == drawn("\u0379")
    assert drawn(sign) not in others


# Large inputs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(150, 210), (150, 210, 3)], ids=["grey", "colours"])
@pytest.mark.parametrize("rule", ["auto", "minmax", "signed", "clip"])
def test_what_is_folded_while_it_is_computed_is_what_is_drawn_of_whole_outputs(cli, monkeypatch, size, rule):
    """The ranges are equal, the pixels but for their rounding, on the sheet and on the page; with nothing drawn too."""
    cli.write({"p.png": picture(photograph(*size, seed=3))})
    argv = ("gallery", "p.png", "--map", rule, *(f"--kernel={name}" for name in ("box", "sobel-x", "sharpen", "log")))
    made = []
    for large in (1, 10**9):
        monkeypatch.setattr(gallery_views, "_LARGE", large)
        monkeypatch.setattr(saved_gallery, "_SHARP", (50, 50))
        folder = ("-q", "-o", f"s{large}.svg")
        assert cli.run(*argv, *folder).code == 0
        pictures = embedded((cli.folder / f"s{large}.svg").read_text())
        made.append((cli.run(*argv, "--format", "json").out, pictures))
    assert made[0][0] == made[1][0]
    for folded, whole in zip(made[0][1], made[1][1], strict=True):
        np.testing.assert_allclose(folded.astype(int), whole.astype(int), atol=3)


def test_a_bar_shows_how_many_kernels_are_done(cli, monkeypatch):
    """On a terminal it advances by the work of each, up to all of it; -q and pipes have none."""
    advanced, totals = [], []

    @contextmanager
    def drawn(total):
        totals.append(total)
        yield lambda work, _: advanced.append(work) if work else None

    monkeypatch.setattr(progress, "_drawn", drawn)
    monkeypatch.setattr(progress, "_LONG", 0)
    cli.write({"p.png": picture(photograph(30, 40))})
    argv = ("gallery", "p.png", "--kernel", "box", "--kernel", "gaussian-5x5")
    assert cli.run(*argv).code == 0
    assert (advanced, totals) == ([], [])
    monkeypatch.setattr(progress, "_is_watched", lambda: True)
    assert cli.run(*argv, "-q").code == 0
    assert (advanced, totals) == ([], [])
    assert cli.run(*argv).code == 0
    assert (advanced, totals) == ([30 * 40 * 9, 30 * 40 * 25], [30 * 40 * 34])
