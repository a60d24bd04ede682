"""What several pages, commands and files need to agree on comes from one home."""

from __future__ import annotations

import re

import pytest

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
