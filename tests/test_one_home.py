"""What several pages, commands and files need to agree on comes from one home."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pytest

import convcalc
from convcalc.cli.output import saved_arrays as save
from convcalc.cli.output.figures import FIGURE_SUFFIX
from convcalc.cli.output.picture_look import PICTURE_SUFFIXES
from convcalc.cli.output.report_formats import SAVED
from convcalc.cli.output.saved_matrix import MATRIX_SUFFIXES
from convcalc.cli.output.saved_run import RESULT_SUFFIXES
from convcalc.cli.output.saved_sound import SOUND_SUFFIX
from convcalc.cli.streamed_run import STREAMED_SUFFIXES
from convcalc.context import Context
from convcalc.errors import GeometryError, OutputError
from convcalc.files import whole_file
from convcalc.files.file_kind import KIND_OF_SUFFIX, open_file
from convcalc.limits import Limits
from convcalc.request.gallery_input import gallery_problems, resolve_gallery_input
from convcalc.request.kernel_library import Library
from convcalc.request.request import read_request
from convcalc.tracing.trace import group_slices, readers, scaled

# Settings in words -------------------------------------------------------------------------------------------------

SETTINGS = [
    ((), "stride 1, padding 1 (replicate)"),
    (("--stride", "2"), "stride 2, padding 1 (replicate)"),
    (("--stride", "2,1", "--dilation", "1,1"), "stride (2, 1), padding 1 (replicate)"),
    (("--dilation", "2", "--boundary", "3"), "stride 1, padding 1 (constant 3), dilation 2"),
    (("--padding", "1,2"), "stride 1, padding rows 1+1, columns 2+2 (before+after, replicate)"),
    (("--padding", "[[1,2],[0,0]]"), "stride 1, padding rows 1+2, columns 0+0 (before+after, replicate)"),
    (("--padding", "0"), "stride 1, no padding"),
    (("--padding", "valid"), "stride 1, no padding"),
]


@pytest.mark.parametrize(("words", "said"), SETTINGS, ids=[" ".join(words) or "none" for words, _ in SETTINGS])
@pytest.mark.parametrize("command", ["run", "gallery"])
def test_settings_are_said_alike(cli, monkeypatch, command, words, said):
    """The headline of a run and the description of a gallery call the same settings the same."""
    monkeypatch.setenv("COLUMNS", "300")
    usual = ("--padding", "1", "--boundary", "replicate")
    asked = (*(usual[:2] if "--padding" not in words else ()), *(usual[2:] if "--boundary" not in words else ()))
    done = cli.run(command, "--kernel", "sobel-x", *asked, *words, "--format", "plain")
    assert re.search(r", (stride .*?)(?:: gives|\.$)", done.out, re.MULTILINE)[1] == said


def test_a_word_for_padding_stays_a_word(cli):
    """The kernels of a gallery differ in size, so that ``same`` is not the same number for all of them."""
    done = cli.run("gallery", "--kernel", "sobel-x", "--kernel", "box:5", "--format", "plain")
    assert "stride 1, padding same (replicate)." in " ".join(done.out.split())


# Groups ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("in_channels", "out_channels", "groups"), [(1, 1, 1), (3, 2, 1), (6, 9, 3), (4, 8, 4)])
def test_groups_part_the_channels(in_channels, out_channels, groups):
    """The slices are every channel once; who reads a channel, and what a filter sums over, agree with them."""
    weight = np.ones((out_channels, in_channels // groups, 1))
    problem = convcalc.build_problem(np.ones((1, in_channels, 4)), weight, groups=groups)
    inputs, outputs = list(range(in_channels)), list(range(out_channels))
    slices = list(group_slices(problem))
    assert [each for _, ins in slices for each in inputs[ins]] == inputs
    assert [each for outs, _ in slices for each in outputs[outs]] == outputs
    assert len(slices) == groups
    for outs, ins in slices:
        for channel in inputs[ins]:
            assert list(readers(problem, channel)) == outputs[outs]
        for channel in outputs[outs]:
            assert list(problem.group_channels(channel)) == inputs[ins]
    for channel, filters in product(inputs, outputs):
        assert (filters in readers(problem, channel)) == (channel in problem.group_channels(filters))


@pytest.mark.parametrize(("dtype", "expected"), [("exact", [Fraction(1, 3), Fraction(4)]), ("float64", [1 / 3, 4.0])])
def test_scales_are_those_of_the_output_channels(dtype, expected):
    """Each output channel has its own; of some channels these are theirs."""
    problem = convcalc.build_problem([[[1, 2]]], [[[1]], [[2]]], scale=[Fraction(1, 3), Fraction(2)], dtype=dtype)
    values = problem.weight.astype(object if dtype == "exact" else np.float64)
    assert scaled(problem, values).ravel().tolist() == expected
    assert scaled(problem, values[1:], slice(1, 2)).ravel().tolist() == expected[1:]


# Files -------------------------------------------------------------------------------------------------------------


def test_text_is_written_as_it_comes(tmp_path):
    """Lines reach the file in UTF-8, half of a surrogate pair as its escape; bytes as they are; nothing is replaced."""
    whole_file.write_lines(str(tmp_path / "a.txt"), iter(["ä\n", "\ud800\n"]), force=False)
    whole_file.write_bytes(str(tmp_path / "b"), b"\0\xff", force=False)
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa4\n\\ud800\n"
    assert (tmp_path / "b").read_bytes() == b"\0\xff"
    for write in (partial(whole_file.write_bytes, data=b""), partial(whole_file.write_lines, lines=[])):
        with pytest.raises(OutputError, match="exists already"):
            write(str(tmp_path / "b"), force=False)
    assert (tmp_path / "b").read_bytes() == b"\0\xff"


# Many kernels ------------------------------------------------------------------------------------------------------


def test_kernels_that_do_not_fit_are_told_apart():
    """Those that fit have a problem each, others their reason; none is drawn as a picture unless there is a rule."""
    request = read_request().override(padding="valid")
    library = Library.standard([], Limits())
    subject = resolve_gallery_input(request, Context(library=library))
    kernels = [library.find(name) for name in ("box:9", "sobel-x", "box:7", "box")]
    for rule, pictures in ((None, [False, False]), ("auto", [False, True]), ("clip", [True, True])):
        works = gallery_problems(subject, kernels, rule)
        assert [work.kernel.name for work in works.fitting] == ["sobel-x", "box"]
        assert [work.is_picture for work in works.fitting] == pictures
        assert list(works.unfit) == ["box:9", "box:7"]
    with pytest.raises(GeometryError, match="reaches over 9 cells"):
        gallery_problems(subject, kernels[::2], None)


# Suffixes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", save.ARRAY_SUFFIXES)
def test_an_array_is_read_back_as_what_its_suffix_says(tmp_path, suffix):
    """Readers and savers mean the same by every suffix: none is saved as what it would not be taken for."""
    path = tmp_path / f"a{suffix}"
    save.save_array(str(path), {"output": np.arange(6.0).reshape(1, 2, 3)}, force=False)
    source = open_file(str(path), Limits())
    assert (source.kind, source.mismatch) == (KIND_OF_SUFFIX[suffix], "")


@pytest.mark.parametrize("suffix", [suffix for suffix in SAVED if suffix in KIND_OF_SUFFIX])
def test_a_document_is_read_back_as_what_its_suffix_says(cli, suffix):
    """So do the documents among them."""
    assert cli.run("kernels", "--family", "edge", "-q", "-o", f"a{suffix}").code == 0
    assert open_file(str(cli.folder / f"a{suffix}"), Limits()).kind == KIND_OF_SUFFIX[suffix]


def test_what_is_saved_as_an_array_is_known_to_the_library():
    """The command line's lists of suffixes name what :func:`save_array` writes, and every document."""
    arrays = {*save.ARRAY_SUFFIXES, *STREAMED_SUFFIXES}
    assert set(RESULT_SUFFIXES) == {*arrays, *PICTURE_SUFFIXES, SOUND_SUFFIX, FIGURE_SUFFIX, *SAVED}
    assert set(MATRIX_SUFFIXES) == {*save.ARRAY_SUFFIXES, *SAVED}
