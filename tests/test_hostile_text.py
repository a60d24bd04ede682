"""What comes from files drives no terminal: a real one gets escapes for every control character in every text."""

from __future__ import annotations

import re

import pytest

from test_streams import Screen

DRIVING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
STYLE = re.compile(r"\x1b\[[0-9;]*m")  # colours of ours; what is left after them may hold no control character
HOSTILE_TITLE = r"\e]0;pwned\a\e[2J\x9b2J\x9d0;t\x9c\u202eabc\u2066\0\x7f\x85\r\nnew line=1+1"
HOSTILE_PAGES = [
    *(["run", "p.yaml", "--format", form] for form in ("table", "plain", "markdown", "latex", "json", "csv")),
    *(["trace", "n.yaml", "--pos", "0,0", "--format", form] for form in ("table", "csv")),
    *(["summary", "n.yaml", "--format", form] for form in ("table", "csv")),
    *(["kernels", "hostile", "--kernels", "own", "--format", form] for form in ("table", "csv")),
    ["kernels", "--search", "line=1", "--kernels", "own", "--format", "csv"],
    ["gallery", "p.yaml", "--kernels", "own", "--kernel", "hostile", "--format", "csv"],
    ["check", "p.yaml", "--format", "csv"],
    ["plan", "p.yaml"],
    ["run", "bad.yaml"],
    ["run", "\x1b]0;pwned\x07\x9b2J\u202e.yaml"],
]


@pytest.fixture(scope="module")
def hostile_folder(tmp_path_factory):
    """A problem, a network and a kernel whose every text would drive a terminal, and a file with such a key."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "own").mkdir()
    said = f'"{HOSTILE_TITLE}"'
    kernel = (
        f"title: {said}\nshows: {said}\nsource: {said}\naliases: [{said}]\nfamily: {said}\nweights: [[1, 2], [3, 4]]\n"
    )
    problem = (
        f"title: {said}\ninput: {{ones: [4, 4]}}\nkernel: {{name: {said}, weights: [[1]]}}\ndims: 2\nexpect: [[1]]\n"
    )
    layers = f"- conv: {{weight: [[1]], name: {said}}}"
    (folder / "own" / "hostile.yaml").write_text(kernel)
    (folder / "p.yaml").write_text(problem)
    (folder / "n.yaml").write_text(f"title: {said}\ninput: {{ones: [1, 4, 4]}}\nlayers:\n{layers}\n")
    (folder / "bad.yaml").write_text(f"input: [1]\n{said}: 1\n")
    return folder


@pytest.mark.parametrize("page", HOSTILE_PAGES, ids=map(" ".join, HOSTILE_PAGES))
def test_no_text_of_a_file_drives_a_terminal(hostile_folder, page):
    """On a real terminal, titles, names and errors show control characters as escapes: colours are all that is left."""
    screen = Screen(*page, folder=hostile_folder)
    assert screen.code in (0, 1)
    assert screen.text.strip()
    assert not DRIVING.search(STYLE.sub("", screen.text))
