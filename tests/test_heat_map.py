"""Heat maps: what is shown of an array, how it is drawn with and without colour, and when a run has them."""

from __future__ import annotations

import io
import re
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from convcalc.picture.colours import DIVERGING, SEQUENTIAL, nearest_of_256
from convcalc.render.boxes import ASCII, ROUNDED
from convcalc.render.heat_map import heat_map_box
from convcalc.render.layout import lines_of
from convcalc.render.paint import Depth, depth_of, painted
from convcalc.render.plain import plain_lines
from convcalc.render.terminal import print_blocks
from convcalc.report.arrays.heat_maps import columns_each, heat_maps, is_picture, picture
from convcalc.report.blocks import Flow, HeatMap, Span

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 90))


def drawn(*maps, width=200, color_system="truecolor"):
    """What a terminal of so many colours gets."""
    stream = io.StringIO()
    options = {"no_color": False, "highlight": False, "markup": False, "emoji": False}
    console = Console(
        file=stream, width=width, color_system=color_system, force_terminal=color_system is not None, **options
    )
    print_blocks(console, [Flow(maps)])
    return stream.getvalue()


def plain(*maps, width=200):
    """The lines of the plain format."""
    return list(plain_lines([Flow(maps)], width))


def cells_of(text):
    """The half blocks of a text, line by line, as (upper, lower) colour codes: a small reader of escape codes."""
    lines = []
    for line in text.splitlines():
        upper = lower = None
        cells = []
        for codes, character in re.findall(r"\x1b\[([0-9;]*)m|(.)", line):
            if character:
                cells += [(upper, lower)] * (character == "▀")
                continue
            if codes == "0":
                upper = lower = None
            for layer, code in re.findall(r"([34]8);(2;\d+;\d+;\d+|5;\d+)", codes):
                upper, lower = (code, lower) if layer == "38" else (upper, code)
        lines.append(cells)
    return [cells for cells in lines if cells]


# What is shown -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "count", "each"),
    [(80, 1, 80), (80, 2, 38), (80, 4, 38), (60, 2, 60), (120, 2, 58), (120, 3, 38), (200, 2, 98), (30, 5, 30)],
)
def test_maps_share_the_page(columns, count, each):
    """As many beside each other as are legible, with gaps of three columns."""
    assert columns_each(columns, count) == each


def test_a_matrix_is_one_map():
    """Levels in rows, the numbers of its ends, range and mean."""
    [found] = heat_maps("input 2×3", np.array([[0, 5, 10], [10, 5, 0]]), 80)
    assert found == HeatMap(
        "input 2×3", (bytes([0, 128, 255]), bytes([255, 128, 0])), "0", "10", footer="0 to 10, mean 5"
    )


def test_signed_values_have_zero_in_the_middle():
    """The ends are equally far from 0, also where no value is there."""
    [found] = heat_maps("x", np.array([[-1.0, 0, 0.5]]), 80)
    assert (found.low, found.high, found.is_diverging) == ("-1", "1", True)
    assert found.levels == (bytes([0, 128, 191]),)


def test_a_row_is_a_strip():
    """One dimension by the same code: a single row of levels."""
    [found] = heat_maps("x", np.arange(1000), 50)
    assert (len(found.levels), len(found.levels[0])) == (1, 50)
    assert found.caption == "x (means of 20 cells)"


def test_slices_of_a_volume_share_their_scale():
    """Four of them, from the first to the last; their own range stands below."""
    found = list(heat_maps("x", np.arange(11 * 2 * 3).reshape(11, 2, 3), 80))
    assert [each.caption for each in found] == ["x, depth 0", "x, depth 3", "x, depth 6", "x, depth 10"]
    assert {(each.low, each.high) for each in found} == {("0", "65")}
    assert found[1].footer == "18 to 23, mean 20.5"
    assert (found[0].levels[0][0], found[-1].levels[-1][-1]) == (0, 255)


def test_four_dimensions_name_every_leading_axis():
    """Rank is data."""
    found = list(heat_maps("x", np.zeros((2, 2, 1, 1)), 80))
    assert [each.caption for each in found][1::2] == [
        "x, axis-0 cell 0, axis-1 cell 1",
        "x, axis-0 cell 1, axis-1 cell 1",
    ]


def test_large_arrays_are_reduced_and_say_so():
    """Means of values on one side of 0, on both sides the peaks, whose range is that of all cells."""
    ramp = np.add.outer(np.arange(300), np.arange(450))
    [found] = heat_maps("x", ramp, 90)
    assert (len(found.levels), len(found.levels[0])) == (60, 90)
    assert found.caption == "x (means of 5×5)"
    assert (found.low, found.high) == ("4", "744")
    [found] = heat_maps("x", ramp - 300, 90)
    assert (found.caption, found.low, found.high) == ("x (peaks of 5×5)", "-448", "448")
    assert found.footer == "-300 to 448, mean 74"


@pytest.mark.parametrize(
    ("rule", "low", "high", "levels"),
    [
        ("clip", "≤ 0", "≥ 255", [0, 0, 100, 255]),
        ("minmax", "-300", "300", [0, 128, 170, 255]),
        ("signed", "-300", "300", [0, 128, 170, 255]),
    ],
)
def test_the_rule_may_be_chosen(rule, low, high, levels):
    """The scale says where values were cut off."""
    [found] = heat_maps("x", np.array([-300, 0, 100, 300]), 80, rule)
    assert (found.low, found.high, list(found.levels[0])) == (low, high, levels)
    assert found.is_diverging == (rule == "signed")


def test_what_is_not_finite_is_counted():
    """It is left out of an area with others; a cell of nothing else is drawn as 0, which is said."""
    values = np.array([[1, np.nan, 5, 5], [1, np.inf, 5, 5]])
    [found] = heat_maps("x", values, 80)
    assert found.footer == "1 to 5, mean 3.66667; 2 values not finite; 2 cells drawn as 0"
    [found] = heat_maps("x", np.repeat(values, 40, axis=1), 80)
    assert found.footer == "1 to 5, mean 3.66667; 80 values not finite; 40 cells drawn as 0"
    [found] = heat_maps("x", np.tile([1, np.nan], (4, 60)), 60)
    assert found.footer == "1 to 1, mean 1; 240 values not finite"


@pytest.mark.parametrize("values", [np.zeros((3, 3)), np.full((2, 2), -7.5), np.array([[np.nan]]), np.array([5])])
def test_constant_arrays_have_a_map(values):
    """No range to divide by, and in no format an error."""
    [found] = heat_maps("x", values, 80)
    assert len({level for row in found.levels for level in row}) == 1
    assert plain(found)
    assert drawn(found)


def test_fractions_are_drawn():
    """Exact arrays have levels as well, and their ends are written as floats of four digits."""
    [found] = heat_maps("x", np.array([Fraction(1, 3), Fraction(1, 2), 1], dtype=object), 80)
    assert (found.low, found.high, list(found.levels[0])) == ("0.3333", "1", [0, 64, 255])


def test_a_picture_keeps_its_colours():
    """Pixels in rows of three bytes, beside them how bright they are; grey ones are equal parts."""
    colours = np.array([[[255, 0]], [[0, 10]], [[0, 20]]], np.uint8)
    found = picture("x", colours, 80)
    assert found.pixels == (bytes([255, 0, 0, 0, 10, 20]),)
    assert found.levels == (bytes([76, 8]),)
    assert picture("x", colours[:1], 80).pixels == (bytes([255] * 3 + [0] * 3),)


@pytest.mark.parametrize(
    ("values", "rule", "verdict"),
    [([0, 255], "auto", True), ([0, 256], "auto", False), ([-1, 9], "auto", False), ([0, 9], "minmax", False)],
)
def test_a_picture_stays_within_its_bytes(values, rule, verdict):
    """An output that leaves them, or another rule, makes a heat map of it."""
    assert is_picture(np.array(values), rule) is verdict


# How it is drawn ---------------------------------------------------------------------------------------------------


def test_true_colour_is_that_of_the_levels():
    """Two rows in a line: the upper one in front, the lower one behind; the scale below has all levels in order."""
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (6, 40)).astype(np.uint8)
    for is_diverging, scale in ((False, SEQUENTIAL), (True, DIVERGING)):
        heat_map = HeatMap("x", tuple(row.tobytes() for row in levels), "-1", "1", is_diverging)
        *lines, below = cells_of(drawn(heat_map))
        code = [f"2;{red};{green};{blue}" for red, green, blue in scale]
        expected = [
            [(code[a], code[b]) for a, b in zip(upper, lower, strict=True)]
            for upper, lower in zip(levels[::2], levels[1::2], strict=True)
        ]
        assert lines == expected
        places = [code.index(upper) for upper, _ in below]
        assert places == sorted(places)
        assert (places[0], places[-1]) == (0, 255)
        assert all(upper == lower for upper, lower in below)


def test_256_colours_are_the_nearest():
    """The same cells by number."""
    heat_map = HeatMap("x", (bytes(range(0, 250, 10)), bytes(range(5, 255, 10))), "0", "1")
    [cells, _] = cells_of(drawn(heat_map, color_system="256"))
    assert cells[3] == tuple(f"5;{nearest_of_256(SEQUENTIAL[level])}" for level in (30, 35))


def test_pictures_are_drawn_in_their_own_colours():
    """Without a scale; in 256 colours the nearest ones."""
    colours = np.array([[[255, 0]] * 24, [[9, 10]] * 24, [[1, 20]] * 24], np.uint8).transpose(0, 2, 1)
    found = picture("x", colours, 80)
    [cells] = cells_of(drawn(found))
    assert cells == [("2;255;9;1", "2;0;10;20")] * 24
    [cells] = cells_of(drawn(found, color_system="256"))
    assert cells == [("5;196", f"5;{nearest_of_256((0, 10, 20))}")] * 24


def test_a_last_row_without_a_pair_leaves_the_background():
    """Three rows are a line and a half."""
    lines = cells_of(drawn(HeatMap("x", (bytes(24),) * 3, "0", "1")))
    assert len(lines) == 3  # the scale is the third
    assert {lower for _, lower in lines[1]} == {None}
    assert {upper for upper, _ in lines[1]} == {"2;68;1;84"}


def test_codes_are_written_where_the_colour_changes():
    """A flat area costs one code a line, and each line ends without colour."""
    text = drawn(HeatMap("x", (bytes(100),) * 2, "0", "1"))
    flat = text.splitlines()[1]
    assert flat.count("\x1b") == 2
    assert flat.endswith("\x1b[0m")


def console(monkeypatch, encoding="utf-8", **environment):
    """A console on a terminal with this environment."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    return Console(file=Terminal(io.BytesIO(), encoding=encoding))


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Depth.TRUE),
        ({"TERM": "xterm-256color"}, Depth.OF_256),
        ({"TERM": "xterm"}, Depth.NONE),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, Depth.NONE),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, Depth.NONE),
        ({"TERM": "xterm-256color", "encoding": "latin-1"}, Depth.NONE),
    ],
    ids=str,
)
def test_the_terminal_decides_how_many_colours(monkeypatch, environment, depth):
    """NO_COLOR, a dumb terminal, sixteen colours and an encoding without half blocks mean signs."""
    assert depth_of(console(monkeypatch, **environment)) is depth


def test_a_pipe_has_no_colours():
    """What is not read on a terminal has no codes."""
    assert depth_of(Console(file=io.StringIO())) is Depth.NONE
    assert "\x1b" not in drawn(HeatMap("x", (bytes(3),), "0", "1"), color_system=None)


def test_signs_tell_levels_and_sign_without_colour():
    """More signs than a sixteenth of the levels need, none of them a space, and none on both sides of 0."""
    [rising] = heat_map_box(HeatMap("x", (bytes(range(0, 256, 2)),), "0", "1"), 200).lines[1]
    assert len(set(rising.text)) == 9
    [signed] = heat_map_box(HeatMap("x", (bytes(range(0, 256, 2)),), "-1", "1", is_diverging=True), 200).lines[1]
    negative, positive = set(signed.text[:56]), set(signed.text[72:])
    assert (len(negative), len(positive)) == (4, 4)
    assert not negative & positive
    assert set(signed.text[57:71]) == {"."}
    assert " " not in rising.text + signed.text


def test_a_sign_shows_the_mean_of_its_two_cells():
    """A line has two rows of cells, but one sign for both."""
    light, dense = (
        plain(HeatMap("x", (bytes(24), bytes(24)), "0", "1"))[1],
        plain(HeatMap("x", (bytes([255] * 24),) * 2, "0", "1"))[1],
    )
    both = plain(HeatMap("x", (bytes(24), bytes([255] * 24)), "0", "1"))[1]
    assert (set(light), set(dense), set(both)) == ({"."}, {"@"}, {"+"})


def test_small_maps_are_enlarged():
    """Up to four columns a cell, half as many lines, for a matrix as for a strip."""
    cells = HeatMap("x", (bytes([0, 255]), bytes([255, 0])), "0", "1")
    assert plain(cells)[1:5] == ["....@@@@", "....@@@@", "@@@@....", "@@@@...."]
    assert plain(HeatMap("x", (bytes([0, 255]),), "0", "1"))[1:3] == ["....@@@@", "....@@@@"]


def test_captions_and_rows_of_neighbours_are_aligned():
    """A long caption takes two lines, and the map beside it begins where this one does."""
    one = HeatMap("one", (bytes(40),) * 4, "0", "1")
    other = one._replace(caption="a caption that is longer than its map is wide")
    assert plain(one, other)[:3] == [
        "one                                        a caption that is longer than its map is",
        "                                           wide",
        "." * 40 + "   " + "." * 40,
    ]


def test_a_scale_without_room_is_two_numbers():
    """The numbers are never cut."""
    [*_, scale] = plain(HeatMap("x", (bytes(3),), "-123456789012", "123456789012", is_diverging=True))
    assert scale == "-123456789012 to 123456789012"


def test_foreign_text_is_inert():
    """Escape codes in a caption or below a map are shown, not obeyed."""
    text = drawn(HeatMap("\x1b]0;pwned\x07[/red]", (bytes(2),), "\x1b[2J", "1", footer="\u202eabc"))
    assert "\\x1b]0;pwned\\x07[/red]" in text
    assert "\\x1b[2J" in text
    assert "\\u202eabc" in text
    assert not re.search(r"\x1b(?!\[[0-9;]*m)", text)


MAPS = st.builds(
    lambda size, seed, is_diverging, caption, number, has_pixels: HeatMap(
        caption,
        tuple(row.tobytes() for row in np.random.default_rng(seed).integers(0, 256, size).astype(np.uint8)),
        f"-{number}",
        str(number),
        is_diverging,
        caption,
        tuple(bytes(3 * size[1]) for _ in range(size[0])) if has_pixels else (),
    ),
    SIZES,
    st.integers(0, 9),
    st.booleans(),
    st.text(max_size=60) | st.just("畳" * 30),
    st.integers(0, 10**20),
    st.booleans(),
)


@given(st.lists(MAPS | st.just(Span("×")), min_size=1, max_size=3).map(tuple), st.integers(30, 200))
@settings(max_examples=60, deadline=None)
def test_no_line_is_wider_than_the_page(items, width):
    """Any maps at any width, in all formats; what colours show is as wide as the signs."""
    for frame in (ASCII, ROUNDED):
        texts = ["".join(span.text for span in line) for line in lines_of([Flow(items)], width, frame)]
        assert all(cell_len(text) <= width for text in texts)
    for line in drawn(*items, width=width).splitlines():
        assert cell_len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= width


def test_a_map_wider_than_the_page_loses_columns():
    """A block that was made for a wider page is thinned out, its ends kept."""
    row = bytes([0] + [128] * 98 + [255])
    box = heat_map_box(HeatMap("x", (row, row), "0", "1"), 50)
    assert box.width == 50
    assert box.lines[1][0].upper[0] == 0


def test_160_by_100_cells_are_drawn_in_less_than_10_milliseconds():
    """Noise, which is the dearest: from values to the terminal's codes, the best of many rounds."""
    values = np.random.default_rng(0).normal(size=(100, 160))
    for color_system in ("truecolor", "256", None):
        best = min(_seconds(values, color_system) for _ in range(30))
        assert best < 0.010


def _seconds(values, color_system):
    start = time.process_time()
    drawn(*heat_maps("noise", values, 160), color_system=color_system)
    return time.process_time() - start


def test_painting_without_colour_is_the_signs():
    """The same text that the plain format has."""
    [strip] = heat_map_box(HeatMap("x", (bytes(range(40)),), "0", "1"), 80).lines[1]
    assert painted(strip, Depth.NONE) == strip.text


# When a run has them -----------------------------------------------------------------------------------------------

LARGE = "dims: 2\ninput: {arange: [40, 60]}\nkernel: {ones: [3, 3]}\n"
MAP_LINE = r"(?m)^[.:\-=+*%#@]{30,}"


def test_a_large_array_replaces_its_table(cli):
    """The kernel keeps its table; range and mean stay."""
    cli.write({"f.yaml": LARGE})
    page = cli.run("run", "f.yaml").out
    assert len(re.findall(MAP_LINE, page)) == 20 + 19
    assert page.count("╭") == 1
    assert "0 to 2399, mean 1199.5" in page


def test_a_large_row_keeps_its_table(cli):
    """A row of cells takes three lines, so its ends are shown above its curve; strips are drawn where asked for."""
    cli.write({"f.yaml": "input: {arange: [100]}\nkernel: [1, 1]\ndims: 1\n"})
    page = cli.run("run", "f.yaml").out
    assert page.count("╭") == 3
    assert page.count("┤") == 12
    assert len(re.findall(MAP_LINE, page)) == 0
    assert len(re.findall(MAP_LINE, cli.run("run", "f.yaml", "--show").out)) == 4


def test_only_what_is_too_large_is_drawn(cli):
    """A large input and a small output: one map, one table each of kernel and output."""
    cli.write({"f.yaml": LARGE + "stride: 20\n"})
    page = cli.run("run", "f.yaml").out
    assert len(re.findall(MAP_LINE, page)) == 20
    assert page.count("╭") == 2
    assert "output 2×3" in page


def test_show_draws_what_has_a_table_too(cli):
    """Tables first, then both maps beside each other."""
    page = cli.run("run", "--show").out
    assert page.count("╭") == 3
    assert re.search(r"(?m)^input 5×5 {10,}output 3×3$", page)
    assert "............::::::::" in page


def test_plain_pages_have_maps_only_if_asked_for(cli):
    """Without --show the plain format is what it was."""
    cli.write({"f.yaml": LARGE})
    assert not re.search(MAP_LINE, cli.run("run", "f.yaml", "--format", "plain").out)
    assert re.search(MAP_LINE, cli.run("run", "f.yaml", "--format", "plain", "--show").out)


@pytest.mark.parametrize("form", ["json", "csv"])
def test_data_have_no_maps(cli, form):
    """--show and --map change nothing in what programs read."""
    plain_run = cli.run("run", "--format", form)
    assert cli.run("run", "--format", form, "--show", "--map", "signed") == plain_run


def test_a_text_file_has_the_maps_that_are_asked_for(cli):
    """Written without colour, whatever the terminal; quiet on the terminal or not."""
    assert cli.run("run", "--show", "-q", "-o", "a.txt").code == 0
    assert b"............::::::::" in cli.files()["a.txt"]
    cli.run("run", "-q", "-o", "b.txt")
    assert b"::::" not in cli.files()["b.txt"]


def test_numbers_beyond_floats_keep_their_table(cli):
    """A page is shown all the same, with a note if maps were wanted."""
    cli.write({"f.yaml": f"dims: 2\ninput: [{[10**400] * 30}, {[1] * 30}]\nkernel: [[1]]\n"})
    done = cli.run("run", "f.yaml")
    assert done.code == 0
    for name in ("input", "output"):
        assert f"note: no heat map of the {name}, whose numbers are beyond the range of floats" in done.out
        assert f"{name} 2×30" in done.out
    assert "0" * 70 in done.out


def test_outputs_of_layers_are_drawn_or_keep_their_table(cli):
    """A large one is a map alone; one beyond floats is a table, with a note."""
    layers = "layers:\n  - conv: {weight: [[[[1]]]]}\n  - relu\n"
    cli.write({"large.yaml": f"input: {{arange: [1, 30, 40]}}\n{layers}"})
    cli.write({"beyond.yaml": f"input: [[{[10**400] * 30}, {[1] * 30}]]\n{layers}"})
    large = cli.run("run", "large.yaml").out
    assert "relu1 output 30×40\n" + "." * 40 + "\n" in large
    assert large.count("relu1 output 30×40") == 1
    beyond = " ".join(cli.run("run", "beyond.yaml").out.split())
    assert "note: no heat map of the relu1 output, whose numbers are beyond the range of floats" in beyond
    assert "relu1 output 2×30 0 … 29" in beyond


def test_samples_and_channels_have_their_own_maps(cli):
    """Each channel has its scale, and what is not shown is counted."""
    cli.write({"f.yaml": "dims: 2\ninput: {arange: [3, 5, 20, 30]}\nkernel: [[1]]\ndepthwise: true\n"})
    page = cli.run("run", "f.yaml").out
    assert page.count("input sample 1, channel 3") == 1
    assert "sample 2" not in page
    assert "1 more sample and 1 more channel of each sample (over all 0 to 8999" in page


def test_feature_maps_bear_the_names_of_their_kernels(cli):
    """Two kernels, two maps with a scale each."""
    cli.write({"f.yaml": "dims: 2\ninput: {arange: [20, 30]}\nkernel: [sobel-x, gaussian]\n"})
    page = cli.run("run", "f.yaml").out
    assert "output channel 0, sobel-x" in page
    assert "output channel 1, gaussian" in page


@pytest.fixture
def photo(cli):
    """A folder with a small colour picture and a grey one."""
    image = pytest.importorskip("PIL.Image")
    values = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    image.fromarray(values).save(cli.folder / "rgb.png")
    image.fromarray(values[..., 0]).save(cli.folder / "grey.png")
    return cli


def in_colour(cli, monkeypatch, *argv):
    """The cells of a page on a terminal of all colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    done = cli.run(*argv)
    assert done.code == 0
    return cells_of(done.out)


def test_an_image_is_shown_in_its_colours(photo, monkeypatch):
    """Input and blurred output are pictures: the very pixels where there is room, and no scale."""
    image = pytest.importorskip("PIL.Image")
    lines = in_colour(photo, monkeypatch, "run", "rgb.png", "--kernel", "box", "--depthwise")
    pixels = np.asarray(image.open(photo.folder / "rgb.png"))
    code = lambda pixel: "2;" + ";".join(map(str, pixel))  # noqa: E731
    assert lines[0][:30] == [(code(a), code(b)) for a, b in zip(pixels[0], pixels[1], strict=True)]
    assert len(lines) == 10
    grey = in_colour(photo, monkeypatch, "run", "grey.png", "--kernel", "box")
    assert all(len(set(code.split(";")[1:])) == 1 for line in grey for cell in line for code in cell if code)


def test_an_output_beyond_bytes_is_a_heat_map(photo, monkeypatch):
    """Edges of a picture have signs, so they get the diverging colours and a scale."""
    lines = in_colour(photo, monkeypatch, "run", "grey.png", "--kernel", "sobel-x")
    scale = {f"2;{red};{green};{blue}" for red, green, blue in DIVERGING}
    assert {code for cell in lines[0][30:] for code in cell} <= scale
    assert not {code for cell in lines[0][:30] for code in cell} <= scale


def test_three_channels_of_numbers_are_no_picture(cli, monkeypatch):
    """Only an image has colours; numbers in three channels have a map each."""
    cli.write({"f.yaml": "dims: 2\ninput: {random: [3, 20, 30], high: 255}\nkernel: box\ndepthwise: true\n"})
    scale = {f"2;{red};{green};{blue}" for red, green, blue in SEQUENTIAL}
    lines = in_colour(cli, monkeypatch, "run", "f.yaml")
    assert {code for line in lines for cell in line for code in cell} <= scale


PNG_RULES = [
    ("auto", "-512…512 from blue to orange, 0 is white"),
    ("signed", "-512…512 from blue to orange, 0 is white"),
    ("minmax", "-512…384 mapped to 0…255"),
    ("clip", "values 0–255 kept, rounded; 3 values below 0 and 1 value above 255 cut off"),
]


@pytest.mark.parametrize(("rule", "stated"), PNG_RULES)
def test_a_picture_is_saved_by_the_rule_which_is_said(cli, rule, stated):
    """The levels of the file are those of the rule."""
    image = pytest.importorskip("PIL.Image")
    cli.write({"f.yaml": "dims: 2\ninput: [[-512, -1, -3, 0], [17, 255, 384, 128]]\nkernel: [[1]]\n"})
    done = cli.run("run", "f.yaml", "-o", "a.png", "--map", rule)
    assert (done.code, done.err) == (0, f"wrote a.png: {stated}\n")
    levels = np.asarray(image.open(cli.folder / "a.png")).astype(float)
    low, high = {"clip": (0, 255), "minmax": (-512, 384)}.get(rule, (-512, 512))
    expected = np.interp([[-512, -1, -3, 0], [17, 255, 384, 128]], [low, high], [0, 255])
    np.testing.assert_allclose(levels, expected, atol=0.51)


def test_an_unknown_map_writes_nothing(cli):
    """The rule is looked at before any work is done."""
    done = cli.run("run", "-o", "a.png", "--map", "log")
    assert done.code == 2
    assert "--map: unknown map 'log'" in done.err
    assert cli.files() == {}


@pytest.mark.parametrize("value", [0, 7, -3])
def test_cells_that_are_all_alike_have_no_scale(cli, value):
    """Only their number is said, where it is one."""
    cells = "\n".join([",".join([str(value)] * 30)] * 30)
    cli.write({"a.csv": cells})
    page = cli.run("run", "a.csv", "--kernel", "[[1]]", "--show").out
    scales = [line for line in page.splitlines() if "all " in line]
    assert len(scales) == (value >= 0)
    if value >= 0:
        assert scales[0].split() == ["all", str(value)] * 2
    assert cli.run("run", "a.csv", "--kernel", "[[1]]", "--show", "-q", "-o", "a.html").code == 0
    assert (f"<p>all {value}</p>" in (cli.folder / "a.html").read_text(encoding="utf-8")) == (value >= 0)
