"""The loops line by line: the values are those of the run, cards are the engine's own windows, texts stay inert."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from shutil import which

import numpy as np
import pytest

from convcalc.programs.execution import execute
from convcalc.programs.table import write_program
from program_problems import PLANE
from test_programs import HOSTILE, gradient, subject, subject_from


def explained(name):
    """A problem's NumPy program, and its run."""
    program = write_program("numpy", subject(name), "none.npz")
    return program, execute(program)


def test_the_cards_are_the_traces(cli):
    """Window, kernel and products of every iteration are those of convcalc's own trace of that cell."""
    import convcalc

    program = write_program("numpy", gradient(), "none.npz")
    (loop,) = execute(program).loops
    image = np.array([[r * c for c in range(10, 60, 10)] for r in range(1, 6)])
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    assert loop.iterations == len(loop.first) == 9
    for iteration in loop.first:
        place = tuple(value for _, value in iteration.indices)
        window, products, cell = iteration.made
        trace = convcalc.trace(image[None], kernel[None, None], position=place)
        assert window.result.value.reshape(-1).tolist() == [each.value for each in trace.terms]
        assert products.factors[1].value.tolist() == kernel.tolist()
        assert products.result.value.reshape(-1).tolist() == [each.product for each in trace.terms]
        assert cell.result.value == trace.total
        assert cell.result.text == f"output[{place[0]}, {place[1]}]"


@pytest.mark.parametrize(
    "name", ["sobel", "groups-reflect", "volume", "batch", "residual", "transposed-2", "pool-3", "exact", "digit"]
)
def test_every_line_has_what_it_made(name):
    """The last value of the output is the engine's; the values come from the very program."""
    _, execution = explained(name)
    assert execution.is_complete
    (output,) = [
        made.result for line in sorted(execution.made) for made in execution.made[line] if made.result.text == "output"
    ][-1:]
    wanted = subject(name).output
    shown = output.value.astype(float).reshape(-1)[:5]
    if output.is_whole:
        np.testing.assert_allclose(shown, wanted.astype(float).reshape(-1)[:5], atol=1e-5)
    assert output.shape is not None and np.prod(output.shape) == wanted.size


def test_a_changed_program_shows_changed_values():
    """There is no second story: another kernel in the source, other products in the cards."""
    program = write_program("numpy", gradient(), "none.npz")
    statements = tuple(
        each._replace(text=each.text.replace("window * kernel", "window * kernel * 2").replace("assert ", "output # "))
        for each in program.statements
    )
    (loop,) = execute(program._replace(statements=statements)).loops
    assert loop.first[0].made[-1].result.value == 320


def test_a_program_that_is_wrong_says_so():
    from convcalc.errors import ConvcalcError

    program = write_program("numpy", gradient(), "none.npz")
    wrong = tuple(
        each._replace(text=each.text.replace("[160, 160, 160]", "[160, 160, 161]")) for each in program.statements
    )
    with pytest.raises(ConvcalcError, match="does not get the engine's output"):
        execute(program._replace(statements=wrong))


def test_a_run_is_bounded():
    """It stops after so many steps or seconds, keeps what was seen, and leaves no trace function behind."""
    import sys

    program, whole = explained("digit")
    before = sys.gettrace()
    stopped = execute(program, steps=500)
    assert not stopped.is_complete and stopped.steps == 501 < whole.steps
    assert not execute(program, seconds=-1.0).is_complete
    assert sys.gettrace() is before


def test_long_loops_are_shortened():
    """Of 576 iterations the first and the last are kept."""
    _, execution = explained("digit")
    (loop,) = execution.loops
    assert loop.iterations == 24 * 24
    assert [each.indices for each in loop.last] == [(("i", 23), ("j", 22)), (("i", 23), ("j", 23))]
    assert len(loop.first) < 20


def test_the_page_has_cards_in_the_middle_shortened(cli):
    cli.write({"f.yaml": "input: {arange: [9, 9]}\nkernel: sobel-x\ndims: 2\n"})
    page = cli.run("code", "f.yaml", "--explain").out
    assert "… 44 iterations like these …" in page
    assert page.count("i = ") == 5


class Elements(HTMLParser):
    """Counts elements, and notes attributes that could run or load anything."""

    def __init__(self):
        super().__init__()
        self.names, self.bad, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.bad += [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("title", HOSTILE[:5], ids=range(5))
def test_the_html_page_folds_and_is_inert(cli, tmp_path, title):
    """A card is <details>; there is no script, and a hostile title is text."""
    cli.write({"f.yaml": json.dumps({"title": title, "input": PLANE, "kernel": "sobel-x"})})
    done = cli.run("code", "f.yaml", "--explain", "-o", "page.html")
    if done.code:  # a text that YAML itself refuses
        assert "f.yaml" in done.err
        return
    page = Elements()
    page.feed((tmp_path / "page.html").read_text("utf-8"))
    assert page.names.count("details") == page.names.count("summary") == 6
    assert not {"script", "iframe", "img", "object", "link"} & set(page.names) and not page.bad
    assert "np.sum(products)" in page.text and "i = 0, j = 0" in page.text


def test_markdown_and_latex_show_the_lines(cli):
    markdown = cli.run("code", "--explain", "--format", "markdown").out
    assert markdown.count("```python") == markdown.count("\n```\n") > 5
    assert "**i = 0, j = 0: output\\[0, 0\\] = 160**" in markdown
    latex = cli.run("code", "--explain", "--format", "latex").out
    assert "output[i, j] = np.sum(products)" not in latex and r"products" in latex


@pytest.mark.slow
@pytest.mark.skipif(which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(cli, tmp_path):
    cli.write({"f.yaml": json.dumps({"title": r"\end{document} \input{x} $%#", "input": PLANE, "kernel": "box"})})
    assert cli.run("code", "f.yaml", "--explain", "-o", "page.tex").code == 0
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_network_shows_each_call():
    """The loops of two layers are two calls of one function."""
    found = subject_from(
        "input: {arange: [4, 4]}\ndims: 2\nlayers:\n  - conv: {weight: [[1, 2]]}\n  - conv: {weight: [[3], [4]]}\n"
    )
    execution = execute(write_program("numpy", found, "none.npz"))
    assert [loop.iterations for loop in execution.loops] == [12, 9]
    assert len({loop.line for loop in execution.loops}) == 1


def test_large_arrays_are_told_by_shape(cli):
    cli.write({"f.yaml": "input: {arange: [60, 60]}\nkernel: sobel-x\ndims: 2\n"})
    done = cli.run("code", "f.yaml", "--explain")
    assert done.code == 0
    assert "I = 60×60 of int64" in done.out


def test_json_has_the_execution(cli):
    document = json.loads(cli.run("code", "--explain", "--format", "json").out)["execution"]
    assert document["complete"] is True
    (loop,) = document["loops"]
    assert loop["iterations"] == 9
    assert loop["shown"][4]["indices"] == {"i": 1, "j": 1}
    assert loop["shown"][4]["made"][-1] == {
        "line": loop["shown"][4]["made"][-1]["line"],
        "name": "output[1, 1]",
        "value": 240,
    }
