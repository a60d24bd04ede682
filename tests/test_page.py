"""The interactive page as text: what stands in it, what may not, and what the command refuses."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from fractions import Fraction
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import convcalc
import page_tasks
from conftest import CommandLine, Cost
from convcalc import build_problem, compute, conv
from convcalc.errors import DataError
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS
from convcalc.page import excerpt
from convcalc.page.data import Picked, numbers_data, page_data
from convcalc.page.document import PARTS, script
from convcalc.page.excerpt import cropped, network_of_problem, of_sample, sliced
from test_architecture import loaded

EXAMPLES = Path(__file__).parents[1] / "examples"
MOST_BYTES = 150_000
"""Of a page without the numbers that are put in."""


def written(cli: CommandLine, *argv: str) -> str:
    """The page that a command writes."""
    done = cli.run("page", *argv, "-o", "page.html", "--force", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    return (cli.folder / "page.html").read_text(encoding="utf-8")


def data_of(page: str) -> dict[str, Any]:
    """The numbers in a page."""
    found = re.search(r'<script type="application/json" [^>]*>(.*?)</script>', page, re.DOTALL)
    assert found
    held: dict[str, Any] = json.loads(found[1])
    return held


def array_of(record: dict[str, Any]) -> Any:
    """An array of the page's data."""
    if "base64" in record:
        return np.frombuffer(b64decode(record["base64"]), record["as"]).reshape(record["shape"])
    exact = record["type"] == "whole"
    values = [Fraction(each) if exact else float(each) for each in record["values"]]
    return np.array(values, object if exact else record["type"]).reshape(record["shape"])


# The document ------------------------------------------------------------------------------------------------------


def test_a_page_is_small_and_says_so(cli: CommandLine) -> None:
    """Script, styles, library and text are less than 150 kB; the command tells how much it wrote."""
    done = cli.run("page", "-o", "page.html")
    page = (cli.folder / "page.html").read_bytes()
    size, held = len(page), len(json.dumps(data_of(page.decode()), separators=(",", ":")))
    assert size - held < MOST_BYTES - 10_000
    assert done.err == f"wrote page.html: {size / 1000:,.0f} kB\n"


def test_the_policy_allows_this_script_and_this_style_alone(cli: CommandLine) -> None:
    """It is the first element of the head; nothing may be loaded, and the hashes are those of what stands there."""
    page = written(cli)
    policy = re.search(r'<head>\s*<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert policy
    assert policy[1].startswith("default-src 'none'; ")
    for tag in ("script", "style"):
        held = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert held
        digest = b64encode(sha256(held[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert not re.search(r"\s(style|on\w+|src|href)=", page.partition("<script>")[0])
    assert "http://" not in page and "https://" not in page


def test_the_text_beneath_is_the_report_of_the_run(cli: CommandLine) -> None:
    """Where no script runs, the numbers are those that ``run`` prints."""
    page = written(cli)
    text = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert text
    lines = [line.rstrip() for line in unescape(text[1]).splitlines()]
    assert "A 5×5 gradient" in lines
    assert [line for line in lines if "│ 240  240  240 │" in line]


HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \x1b]0;x\x07\u202e"


def test_text_of_a_file_is_inert(cli: CommandLine) -> None:
    """Titles and names of layers, of kernels and of files end no element, begin no comment and hold no escape codes."""
    document = {
        "title": HOSTILE,
        "input": [[1, 2], [3, 4]],
        "layers": [{"conv": {"name": "a</script><!--", "weight": [[1, 0], [0, 1]], "bias": False}}],
    }
    cli.write({"bad.yaml": yaml.safe_dump(document)})
    page = written(cli, "bad.yaml")
    assert page.count("</script>") == page.count("<script") == 2
    assert "<!--" not in page
    assert "\x1b" not in page and "\u202e" not in page
    assert data_of(page)["layers"][0]["name"] == "a</script><!--"


def test_a_fragment_is_elements_alone(cli: CommandLine) -> None:
    """It has no head and no policy; the hash that a page's own policy must allow is told."""
    done = cli.run("page", "--embed", "-o", "part.html")
    part = (cli.folder / "part.html").read_text(encoding="utf-8")
    assert part.startswith('<div class="convcalc">\n<pre style=')
    assert "<html" not in part and "Content-Security-Policy" not in part
    digest = b64encode(sha256(script().encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in done.err


def test_what_is_not_saved_is_printed(cli: CommandLine) -> None:
    """Without ``-o`` the page goes to standard output."""
    done = cli.run("page", "--embed")
    assert done.out.startswith('<div class="convcalc">')
    assert done.err == ""


def test_a_page_is_opened_in_the_browser(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that was saved, by its address."""
    seen: list[str] = []
    monkeypatch.setattr("webbrowser.open", seen.append)
    assert cli.run("page", "-o", "page.html", "--open").code == 0
    assert seen == [(cli.folder / "page.html").as_uri()]


@pytest.mark.slow
def test_a_page_is_written_as_fast_as_a_figure(cli: CommandLine, measured: Callable[..., Cost]) -> None:
    """Library, script and report included, it takes less than 1.3 times what ``run -o out.svg`` does.

    In turns and by the best of each, with more turns where other work runs beside it.
    """
    runs, pages = [], []
    while len(runs) < 5 or (min(pages) >= 1.3 * min(runs) and len(runs) < 40):
        runs.append(measured("run", "-o", "out.svg", "--force", "-q").seconds)
        pages.append(measured("page", "-o", "out.html", "--force", "-q").seconds)
    assert min(pages) < 1.3 * min(runs)


@pytest.mark.parametrize("command", ["--help", "run", "trace --pos 1,1", "kernels box"])
def test_other_commands_load_nothing_of_it(command: str) -> None:
    """Nobody else pays for the page."""
    start = (
        f"import sys; sys.argv = ['convcalc', *{command.split()!r}]; from convcalc.cli.app import run_app; run_app()"
    )
    ours = {"convcalc.page", "convcalc.cli.page_view", "convcalc.cli.page_target"}
    assert not ours & set(loaded(start, *ours).split())


def test_the_script_is_strict_and_lean() -> None:
    """Every part is in it, without comments, and nothing of it is global."""
    text = script()
    assert text.startswith("(function () {\n'use strict';\n")
    assert "/**" not in text
    assert "startAll();\n})();" in text
    assert "innerHTML" not in text and "eval(" not in text
    folder = Path(convcalc.__file__).parent / "page" / "assets"
    assert sorted(PARTS) == sorted(path.name for path in folder.glob("*.js"))
    for path in folder.glob("*.js"):
        lines = [
            line for line in path.read_text(encoding="utf-8").splitlines() if not re.match(r"\s*(/?\*|//|$)", line)
        ]
        assert [line for line in lines if line.strip() not in text] == []


def test_every_kind_of_layer_is_computed() -> None:
    """The table of the script has the kinds that the page takes; networks of others are refused in words."""
    text = (page_tasks.ASSETS / "convolution.js").read_text(encoding="utf-8")
    table = text.partition("const KINDS = {")[2].partition("};")[0]
    known = set(re.findall(r"^  '?([\w-]+)'?[,:]", table, re.MULTILINE))
    assert known == excerpt._SCRIPTED
    assert known < set(KINDS)
    network = Network((2, 3), (Stage("gate", KINDS["silu"].make((2, 3)), (INPUT,)),))
    with pytest.raises(DataError, match="the page's script computes no silu as gate is"):
        excerpt.check_drawn(network)
    assert PARTS[:3] == ("numbers.js", "convolution.js", "network.js")


def test_one_module_knows_windows() -> None:
    """Where an index outside comes from, and how large an output is, stands in one file of the script."""
    folder = Path(convcalc.__file__).parent / "page" / "assets"
    for word in ("function sourceOf", "function outputSize", "function wordPadding", "function readsOf"):
        assert [path.name for path in folder.glob("*.js") if word in path.read_text()] == ["convolution.js"]


# The numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, -2, 3]),
        np.array([2**53, -(2**63), 3]),
        np.array([2**60] * 300),
        np.array([Fraction(1, 3), 10**40], object),
        np.array([0.5, np.inf, -np.inf, np.nan, -0.0]),
        np.arange(300, dtype=np.float32) / 7,
        np.arange(1000).reshape(10, 100) - 500,
        np.full((2, 200), 255, np.uint8),
        np.arange(300, dtype=">f8"),
        np.arange(300, dtype=np.uint64) + 2**40,
    ],
    ids=lambda values: f"{values.dtype}-{values.size}",
)
def test_numbers_arrive_whole(values: Any) -> None:
    """Whatever is put in can be read from the JSON again, to the last digit."""
    record = json.loads(json.dumps(numbers_data(values), allow_nan=False))
    found = array_of(record)
    assert found.shape == values.shape
    wanted = values.astype(object) if record["type"] == "whole" else values
    np.testing.assert_array_equal(found.astype(wanted.dtype), wanted)
    if record["type"] == "whole" and "values" in record:
        assert all(isinstance(each, str) or abs(each) < 2**53 for each in record["values"])


def test_every_kind_of_layer_becomes_json() -> None:
    """Arguments and numbers of random layers of all kinds, and of random problems."""
    tasks = [task for number in range(30) for task in page_tasks.network_tasks(2, number)]
    tasks += [page_tasks.problem_task(2, number) for number in range(30)]
    for task in tasks:
        record = json.loads(json.dumps(task.record, allow_nan=False))
        shapes = {name: tuple(each["shape"]) for name, each in record["layer"]["numbers"].items()}
        assert shapes == {**task.stage.layer.weight_shapes, **task.stage.layer.buffer_shapes}
    assert {task.stage.layer.kind for task in tasks} >= {"conv", "transposed-conv", "avg-pool", "batch-norm", "add"}


def test_fractions_in_floats_are_of_the_floats_that_are_computed_with() -> None:
    """The script tells from the arrays in which floats it computes, as Python has decided before."""
    cells = np.array([[[Fraction(1, 3), 2]]], object)
    problem = build_problem(cells, np.ones((1, 1, 1), np.float32))
    data = page_data(network_of_problem(problem), problem.input[0], Picked(0, (0, 0)))
    assert data["input"]["numbers"]["type"] == data["layers"][0]["numbers"]["weight"]["type"] == "float32"


def test_numbers_of_python_beside_floats_are_floats() -> None:
    """A bias of whole numbers and a float."""
    problem = build_problem(np.ones((1, 1, 2), int), np.ones((2, 1, 1), int), [1, 0.5])
    data = page_data(network_of_problem(problem), problem.input[0], Picked(0, (0, 0)))
    assert data["layers"][0]["numbers"]["bias"] == {"shape": [2], "type": "float64", "values": [1.0, 0.5]}


def test_kernels_that_are_for_other_axes_are_left_out() -> None:
    """A kernel whose arguments fix its axes, and one of hundreds of taps."""
    names = ("gaussian:3,1", "sobel-x", "box:25", "laplacian-nine-point")
    kernels = [*map(convcalc.kernel, names)]
    problem = build_problem(np.ones((1, 1, 2, 2, 2), int), np.ones((1, 1, 1, 1, 1), int))
    data = page_data(network_of_problem(problem), problem.input[0], Picked(0, (0, 0, 0, 0)), kernels)
    assert [kernel[0] for kernel in data["kernels"]] == ["gaussian:3,1"]


def test_a_page_holds_the_layers_and_the_kernels(cli: CommandLine) -> None:
    """Kinds, arguments and weights of each layer, and the library's kernels of the input's rank."""
    data = data_of(written(cli, str(EXAMPLES / "lenet-5.yaml"), "--input", "{random: [1, 32, 32], seed: 1}"))
    assert [layer["kind"] for layer in data["layers"]][:3] == ["conv", "tanh", "avg-pool"]
    assert data["layers"][0]["numbers"]["weight"]["shape"] == [6, 1, 5, 5]
    names = [kernel[0] for kernel in data["kernels"]]
    assert {"sobel-x", "box", "gaussian"} <= set(names)
    assert not {"box-3d"} & set(names)
    assert data["picked"] == {"layer": 11, "cell": [0]}


def test_a_page_ends_at_the_layer_that_is_named(cli: CommandLine) -> None:
    """What is above it is left out, and a cell of it is picked."""
    network = [str(EXAMPLES / "lenet-5.yaml"), "--input", "{random: [1, 32, 32], seed: 1}"]
    data = data_of(written(cli, *network, "--layer", "S2", "--pos", "3,4", "--channel", "5"))
    assert [layer["name"] for layer in data["layers"]] == ["C1", "tanh1", "S2"]
    assert data["picked"] == {"layer": 2, "cell": [5, 3, 4]}


# Parts of a problem ------------------------------------------------------------------------------------------------


def output_of(network: Network) -> Any:
    problem = network.stages[0].problem
    assert problem is not None
    return compute(problem).output


def test_a_crop_is_the_same_convolution_on_a_part() -> None:
    """Rows and columns are kept, and so are padding, stride and kernel."""
    rng = np.random.default_rng(3)
    problem = build_problem(
        rng.integers(0, 9, (2, 1, 9, 8)), rng.integers(-2, 3, (1, 1, 3, 3)), stride=2, padding="same"
    )
    found = cropped(network_of_problem(problem), [slice(2, 7), slice(None, 5)])
    assert found.input_shape == (1, 5, 5)
    pads = [[axis.before, axis.after] for axis in problem.axes]
    wanted = conv(problem.input[:, :, 2:7, :5], problem.weight, stride=2, padding=pads)
    np.testing.assert_array_equal(output_of(found), wanted)


@pytest.mark.parametrize("boundary", ["zeros", "reflect", 7, Fraction(1, 2)])
@pytest.mark.parametrize("flip", [False, True])
def test_a_slice_is_a_part_of_the_output(boundary: Any, flip: bool) -> None:
    """The output at an index of the first axes, of groups and kernels that are turned too."""
    rng = np.random.default_rng(5)
    problem = build_problem(
        rng.integers(0, 9, (1, 2, 3, 4, 4, 3)),
        rng.integers(-2, 3, (4, 1, 2, 3, 2, 2)),
        [1, 2, 3, 4],
        padding=[[1, 0], [1, 1], [0, 1], [0, 0]],
        stride=[1, 2, 1, 1],
        dilation=[2, 1, 1, 1],
        groups=2,
        boundary=boundary,
        flip=flip,
    )
    whole = compute(problem).output
    network = network_of_problem(problem)
    for place in range(whole.shape[2]):
        np.testing.assert_array_equal(output_of(sliced(network, [place])), whole[:, :, place])
        np.testing.assert_array_equal(output_of(sliced(network, [place, 1])), whole[:, :, place, 1])


def test_a_page_is_of_one_sample() -> None:
    """The others are not put in."""
    problem = build_problem(np.arange(18).reshape(2, 1, 3, 3), np.ones((1, 1, 2, 2), int))
    found = of_sample(network_of_problem(problem), 1)
    np.testing.assert_array_equal(found.input(), problem.input[1:])
    np.testing.assert_array_equal(output_of(found), compute(problem).output[1:])


def test_a_terminal_is_not_flooded_with_a_page(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a browser reads is for a file or a pipe."""
    import sys

    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True, raising=False)
    done = cli.run("page")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "error: a page is for a browser, not for a terminal",
        "hint: -o page.html, or into a pipe",
    ]


def test_questions_have_one_right_choice_and_others_with_their_mistakes(cli: CommandLine) -> None:
    """As many as are asked for, with the answers that quiz knows; without the flag there are none."""
    assert "questions" not in data_of(written(cli))
    questions = data_of(written(cli, "--questions", "7", "--seed", "4"))["questions"]
    quiz = json.loads(cli.run("quiz", "--count", "7", "--seed", "4", "--format", "json").out)["questions"]
    known = {each["question"]: each for each in quiz}
    assert len(questions) == len([each for each in quiz if each["mistakes"]])
    for question in questions:
        texts = [choice["text"] for choice in question["choices"]]
        assert len(texts) == len(set(texts)) > 1
        assert [not choice["mistakes"] for choice in question["choices"]].count(True) == 1
        wrong = [choice["mistakes"] for choice in question["choices"] if choice["mistakes"]]
        assert all(each in [mistake["mistakes"] for mistake in known[question["text"]]["mistakes"]] for each in wrong)
    done = cli.run("page", "--questions", "5000")
    assert (done.code, done.err) == (2, "error: --questions: 5,000 questions\nhint: 1 to 1,000\n")
