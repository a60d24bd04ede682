"""Curves of signals: what they are reduced to, and how the terminal, documents, SVG and PNG draw them."""

from __future__ import annotations

import io
import json
import re
import subprocess
from fractions import Fraction
from itertools import pairwise
from shutil import which
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.channels import SampleAxis, even_rate, places_of
from convcalc.render.boxes import ASCII, ROUNDED
from convcalc.render.curves import columns_of, plot_lines
from convcalc.render.latex_curve import curve_lines
from convcalc.render.lines import line_width
from convcalc.render.svg.document import svg_text
from convcalc.report.arrays.curves import plot_of, span_of, title_of
from convcalc.report.arrays.figure import Figure
from convcalc.report.plot import aligned
from convcalc.request.kernel_library import Library

FINITE = st.floats(-1e6, 1e6)


def plot(values, axis=None, **more):
    """The curve of some samples."""
    samples = np.asarray(values)
    places = places_of(axis, len(samples))
    return plot_of("caption", samples, places, span_of(places), title_of(axis), **more)


def stretches(drawn):
    return [stretch for piece in drawn.pieces for stretch in piece]


# --- what a curve is reduced to


@given(st.lists(FINITE, min_size=1, max_size=50))
@settings(deadline=None)
def test_few_samples_are_each_drawn(values):
    """Each at its place, by its share of the range; the range and the first and last places are marked."""
    found = stretches(plot(values))
    low, high = min(values), max(values)
    assert len(found) == len(values)
    for number, (stretch, value) in enumerate(zip(found, values, strict=True)):
        assert stretch.low == stretch.high == pytest.approx((value - low) / (high - low) if high > low else 0.5)
        assert stretch.across == pytest.approx(number / (len(values) - 1) if len(values) > 1 else 0.5)


@pytest.mark.parametrize("count", [601, 1200, 5003, 100_000])
def test_many_samples_keep_their_extremes(count):
    """No more than 600 stretches, each from the least to the largest of its samples; a lone spike is not lost."""
    values = np.random.default_rng(count).normal(size=count)
    values[count // 3] = 100
    found = stretches(plot(values))
    each = -(-count // 600)
    blocks = [values[start : start + each] for start in range(0, count, each)]
    assert len(found) == len(blocks) <= 600
    span = 100 - values.min()
    np.testing.assert_allclose([stretch.low * span + values.min() for stretch in found], [b.min() for b in blocks])
    np.testing.assert_allclose([stretch.high * span + values.min() for stretch in found], [b.max() for b in blocks])
    assert max(stretch.high for stretch in found) == 1


def test_the_line_is_interrupted_where_nothing_is_known():
    """By samples that are not finite, and by a gap of the axis; not by uneven steps."""
    nan = float("nan")
    assert [len(piece) for piece in plot([1, 2, nan, 3, np.inf, nan, 4, 5, 6]).pieces] == [2, 1, 3]
    axis = SampleAxis("time", np.array([0, 1, 2, 3.2, 9, 10]), "s")
    assert [len(piece) for piece in plot([1, 2, 3, 4, 5, 6], axis).pieces] == [4, 2]
    assert plot([nan, nan]).pieces == ()


def test_numbers_of_every_kind_are_drawn():
    """Fractions, whole numbers beyond 64 bits, and lone and constant ones."""
    found = plot(np.array([Fraction(1, 3), Fraction(2, 3), 1], dtype=object))
    assert [stretch.low for stretch in stretches(found)] == pytest.approx([0, 0.5, 1])
    assert [mark.text for mark in plot(np.array([0, 10**30], dtype=object)).up] == ["0", "1e+30"]
    assert [mark.text for mark in plot([7, 7, 7]).up] == ["7"]


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (0.0, 0.99, ["0", "0.2", "0.4", "0.6", "0.8"]),
        (-3.0, 12.0, ["0", "5", "10"]),
        (99.7, 100.3, ["99.8", "100", "100.2"]),
        (0.0, 44099.0, ["0", "10000", "20000", "30000", "40000"]),
        (5.0, 5.0, ["5"]),
    ],
)
def test_the_axis_has_round_numbers(low, high, texts):
    axis = SampleAxis("time", np.array([low, high]) if high > low else np.array([low]), "s")
    found = plot([1.0, 2.0][: 1 + (high > low)], axis)
    assert [mark.text for mark in found.across] == texts
    assert all(0 <= mark.share <= 1 for mark in found.across)


def test_zero_is_marked_where_there_is_room():
    assert [mark.text for mark in plot([-1, 1]).up] == ["-1", "0", "1"]
    assert [mark.text for mark in plot([-1, 20]).up] == ["-1", "20"]


# --- the axis


def test_an_axis_of_times_gives_places_between_and_beyond_its_samples():
    axis = SampleAxis("time", np.array([0.0, 1.0, 3.0]), "s")
    np.testing.assert_allclose(axis.at(np.array([-1, 0, 0.5, 1.5, 2, 3])), [-1.5, 0, 0.5, 2, 3, 4.5])
    even = SampleAxis("time", None, "s", 4.0, first=10.0)
    np.testing.assert_allclose(even.at(np.array([-1, 0, 2])), [9.75, 10, 10.5])
    assert even.thinned(1, 2, 5)[3:6] == (2.0, "", 10.25)


@pytest.mark.parametrize(
    ("times", "unit", "hertz", "note"),
    [
        ([0, 0.01, 0.02, 0.03], "s", 100, ""),
        ([0, 10, 20, 30], "ms", 100, ""),
        ([0, 1, 2, 3], "min", 1 / 60, ""),
        ([0, 1, 2, 3], "mm", None, ""),
        (
            [0, 0.033, 0.067, 0.1, 0.133],
            "s",
            4 / 0.133,
            "time is uneven: steps of 0.033 to 0.034 s, usual 0.033 s; the kernel counts samples",
        ),
        (
            [0, 1, 2, 5, 6],
            "s",
            None,
            "time has 1 gap, the longest of 3 s after sample 2, usual 1 s; the kernel counts samples, so no frequency "
            "is in Hz",
        ),
        (
            [0, 2, 1],
            "s",
            None,
            "time does not always increase: curves count samples instead, and no frequency is in Hz",
        ),
    ],
)
def test_gaps_and_uneven_steps_are_noted(times, unit, hertz, note):
    """Times that are rounded still give Hz; a gap and what does not increase do not."""
    values = np.array(times, dtype=float)
    axis = SampleAxis("time", values, unit, even_rate(values))
    assert axis.hertz == (None if hertz is None else pytest.approx(hertz))
    assert axis.notes == ((note,) if note else ())


def test_times_that_run_backwards_are_counted_instead():
    axis = SampleAxis("time", np.array([0.0, 2.0, 1.0]), "s")
    found = plot([1, 2, 3], axis)
    assert found.title == "sample"
    assert [stretch.across for stretch in stretches(found)] == [0, 0.5, 1]


# --- lines of text


@given(st.lists(FINITE, min_size=1, max_size=300), st.integers(1, 200), st.sampled_from([ROUNDED, ASCII]))
@settings(max_examples=60, deadline=None)
def test_no_line_is_wider_than_the_page(values, width, frame):
    """From 30 columns on; a narrower page still has eight columns of curve."""
    drawn = list(plot_lines(plot(values), width, frame))
    assert max(map(line_width, drawn)) <= max(30, width)


@given(st.lists(FINITE, min_size=1, max_size=300), st.integers(1, 250))
@settings(max_examples=100, deadline=None)
def test_every_sample_is_in_its_column_and_the_line_has_no_hole(values, count):
    """Columns between the first and the last sample are all crossed, each next to the one before it."""
    drawn = plot(values)
    columns = columns_of(drawn.pieces, count)
    for stretch in stretches(drawn):
        low, high = columns[min(count - 1, int(stretch.across * count))]
        assert low <= stretch.low <= stretch.high <= high
    if len(values) > 1:
        assert None not in columns
        for one, other in pairwise(columns):
            assert one[0] <= other[1] + 1e-9
            assert other[0] <= one[1] + 1e-9


STEP = {
    ASCII: """\
caption
8 |          .:'''''''
  |          :
  |         :'
  |        .:
  |        :
0 |.......:'
  ++--=====---+---+--+
   0  1   2   3   4  5
sample; 0 to 8, mean 4
""",
    ROUNDED: """\
caption
8 ┤          ⢠⠏⠉⠉⠉⠉⠉⠉⠉
  ┤          ⡞
  ┤         ⣸⠁
  ┤        ⢀⡇
  ┤        ⡼
0 ┤⣀⣀⣀⣀⣀⣀⣀⣰⠃
  └┬──━━━━━───┬───┬──┬
   0  1   2   3   4  5
sample; 0 to 8, mean 4
""",
}


@pytest.mark.parametrize("frame", STEP)
def test_dots_stand_where_the_values_are(frame):
    """A step, in ASCII and in braille, its second and third sample in the window."""
    lines = plot_lines(plot([0, 0, 0, 8, 8, 8], window=(1.0, 2.0)), 22, frame)
    assert "".join(f"{''.join(span.text for span in line)}\n" for line in lines) == STEP[frame]


def test_the_window_is_told_without_colour():
    """By a heavier axis, over the columns of its samples; so is a lone sample."""
    drawn = plot(np.arange(100.0), window=(10.0, 20.0))
    rounded = ["".join(span.text for span in line) for line in plot_lines(drawn, 103, ROUNDED)]
    assert rounded[7].count("━") in (11, 12)
    plain = ["".join(span.text for span in line) for line in plot_lines(plot(np.arange(100.0), place=50.0), 80, ASCII)]
    assert plain[7].count("^") == 1


# --- documents and pictures


def test_a_figure_is_valid_xml_with_the_curve_in_it():
    """Each piece is one path, from the first place to the last, within its area."""
    nan = float("nan")
    curves = [plot([1, 3, 2, nan, 5, 4, 9]), plot(np.sin(np.arange(5000) / 50), window=(100.0, 300.0))]
    document = svg_text(Figure("<&>", "d", tuple((each,) for each in aligned(curves))))
    root = ElementTree.fromstring(document)
    paths = [each.get("d") for each in root.iter("{http://www.w3.org/2000/svg}path")]
    assert [path.count("L") + 1 for path in paths] == [3, 3, 2 * 556]
    assert [path.endswith("Z") for path in paths] == [False, False, True]
    assert sum(each.get("data-patch") == "window" for each in root.iter()) == 1


def test_a_picture_has_the_curve_where_the_values_are(cli):
    """Blue at the top where the signal is high, at the bottom where it is low, white elsewhere; Pillow opens it."""
    image = pytest.importorskip("PIL.Image")
    cli.write({"a.yaml": "input: [" + ", ".join(["0"] * 50 + ["1"] * 50) + "]\nkernel: [1]\ndims: 1\n"})
    assert cli.run("run", "a.yaml", "-o", "a.png", "-q").code == 0
    pixels = np.asarray(image.open(io.BytesIO(cli.files()["a.png"])).convert("RGB")).astype(int)
    blue = (pixels[..., 2] > 180) & (pixels[..., 0] < 80)
    columns = np.flatnonzero(blue.any(axis=0))
    tops = np.array([np.flatnonzero(blue[:, column])[0] for column in columns])
    left, right = tops[: len(columns) // 3], tops[-len(columns) // 3 :]
    assert np.ptp(left) <= 2
    assert np.ptp(right) <= 2
    assert left.mean() - right.mean() == pytest.approx(140 * 1.5, abs=3)


@pytest.mark.skipif(which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_draws_it(cli, tmp_path):
    cli.write({"a.yaml": "title: 50% of a_b\ninput: {random: [400]}\nrate: 10\nkernel: box:5\ndims: 1\n"})
    assert cli.run("run", "a.yaml", "-o", "a.tex", "-q").code == 0
    subprocess.run(["pdflatex", "-interaction=batchmode", "a.tex"], cwd=cli.folder, capture_output=True, check=True)
    assert b"Overfull" not in cli.files()["a.log"]


def test_a_hostile_caption_is_inert():
    drawn = plot([1, 2])._replace(caption="\x1b[31m</svg>\\input{x}", title="% $")
    lines = ["".join(span.text for span in line) for line in plot_lines(drawn, 60, ROUNDED)]
    assert "\x1b" not in "".join(lines)
    assert "\\input" not in "".join(curve_lines(drawn))
    ElementTree.fromstring(svg_text(Figure("t", "d", ((drawn,),))))


# --- as a user


SIGNAL = "input: {random: [2, 100], seed: 1}\ndims: 1\ndepthwise: true\nkernel: box:3\nrate: 50 Hz\n"


def test_curves_are_shown_where_a_table_is_too_short(cli):
    """Long signals always, short ones when they are asked for, and never more than one axis."""
    cli.write({"long.yaml": SIGNAL, "short.yaml": "input: [1, 2, 3]\nkernel: [1, 1]\ndims: 1\n"})
    assert cli.run("run", "long.yaml").out.count("time (s); ") == 4
    assert "sample; " not in cli.run("run", "short.yaml").out
    assert cli.run("run", "short.yaml", "--curve").out.count("sample; ") == 2
    assert cli.run("trace", "short.yaml", "--pos", "0", "--curve").out.count("the window marked") == 1
    assert cli.run("trace", "long.yaml", "--all", "--curve", "-q", "-o", "a.md").code == 0
    assert cli.files()["a.md"].count(b"the window marked") == 2 * 98


def test_markdown_keeps_the_columns_of_a_curve(cli):
    cli.write({"long.yaml": SIGNAL})
    done = cli.run("run", "long.yaml", "--format", "markdown")
    assert done.out.count("```text\n") == 4


def test_the_axis_is_part_of_the_data(cli):
    cli.write({"long.yaml": SIGNAL})
    document = json.loads(cli.run("run", "long.yaml", "--format", "json").out)
    assert document["input"]["axis"] == {"name": "time", "unit": "s", "first": 0.0, "samples_a_second": 50.0}


def test_outputs_of_layers_are_curves_on_the_inputs_axis(cli):
    """Of a stride of 2 after a kernel of 5: the first cell lies two samples after the first one."""
    cli.write(
        {
            "net.yaml": "input: {random: [1, 400]}\ndims: 1\nrate: 100\nlayers:\n"
            "  - conv: {weight: box:5, stride: 2}\n  - relu\n"
        }
    )
    done = cli.run("run", "net.yaml", "--keep", "-o", "a.npz")
    assert done.out.count("time (s); ") == 2
    done = cli.run("run", "net.yaml", "-o", "a.wav", "-q")
    assert (done.code, done.err) == (0, "")


def test_frequencies_are_in_hertz_where_the_rate_is_known(cli):
    """A low-pass of 10 Hz has half the power of its peak a little below: its gain at 10 is a half."""
    cli.write({"a.yaml": "input: {random: [300]}\ndims: 1\nkernel: 'lowpass:10,taps=101,rate=100'\n"})
    assert "Hz" not in cli.run("run", "a.yaml").out.replace("rate=100", "")
    text = " ".join(cli.run("run", "a.yaml", "--rate", "100").out.split())
    assert "frequencies lowpass:10,taps=101,rate=100 at 100 samples a second, low-pass: gain 1 at 0 Hz" in text
    taps, waves = np.arange(101) - 50, np.linspace(0, 10, 100_001)
    values = Library.standard().find("lowpass:10,taps=101,rate=100").values
    gains = np.abs(values @ np.cos(2 * np.pi * np.outer(taps, waves) / 100))
    half = waves[np.abs(gains - np.sqrt(0.5) * gains.max()).argmin()]
    assert float(re.search(r"half the power at (\S+) Hz", text)[1]) == pytest.approx(half, abs=0.001)
    alone = cli.run("run", "[1, 2, 3, 4]", "--rate", "100", "--kernel", "[1]", "--padding", "same").out
    assert "all-pass: gain 1 at 0 Hz, 1 at 50 Hz" in alone
    assert "0.25" not in cli.run("kernels", "box:size=5,rank=1", "--rate", "100").out
