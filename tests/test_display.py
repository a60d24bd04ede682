"""Records show themselves: in one line at a prompt, in a notebook as the page of their command, its text inert."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcalc
from conftest import CommandLine
from convcalc import build_problem, compute, make_plan, read_request, trace_at
from convcalc.context import Context
from convcalc.display import Displayed
from convcalc.layers.uses import uses_of
from convcalc.problem import Labels, Problem
from convcalc.render.boxes import ROUNDED
from convcalc.render.html import WIDTH, html_text
from convcalc.render.plain import plain_lines
from convcalc.report.blocks import Report, Role, Span, Table, say
from convcalc.report.kernel.report import kernel_report
from convcalc.report.network.summary import summary_report
from convcalc.report.plan import plan_report
from convcalc.report.run.convolution import convolution_run_report
from convcalc.report.run.report import run_report
from convcalc.report.trace.convolution import trace_report
from convcalc.report.uses.report import uses_report
from convcalc.request.kernel_library import Library
from convcalc.request.resolve import resolve

EXAMPLES = Path(__file__).parents[1] / "examples"
GRADIENT = convcalc.load(EXAMPLES / "gradient.yaml").as_problem().stages[0].problem
ONES = np.ones((2, 8, 9, 9), "float32")
DEPTHWISE = build_problem(ONES, ONES[0, :, None, :3, :3], groups=8, padding=1, stride=2, boundary="reflect", flip=True)
FRACTIONS = build_problem(np.ones((1, 1, 3), int), np.ones((1, 1, 2), int), bias=0, dtype="exact")


def page_of_run(problem: Problem) -> Report:
    """What run shows of a convolution."""
    result = compute(problem)
    return convolution_run_report(problem, result.output, result.plan)


def network() -> Any:
    """A network of twelve layers, without its numbers."""
    return resolve(read_request(str(EXAMPLES / "lenet-5.yaml")), Context(library=Library.standard()))


RUN = convcalc.load(EXAMPLES / "two-layers.yaml").run()
THROUGH = convcalc.load(EXAMPLES / "two-layers.yaml").uses((1, 1))
LINES: list[tuple[Any, str]] = [
    (GRADIENT, "<Problem 'A 5×5 gradient': 1×1×5×5 → 1×1×3×3, sobel-x (3×3), stride 1, no padding>"),
    (
        DEPTHWISE,
        "<Problem 2×8×9×9 → 2×8×5×5, 8 filters of 3×3, turned, stride 2, padding 1 (reflect), 8 groups, float32>",
    ),
    (FRACTIONS, "<Problem 1×1×3 → 1×1×2, a kernel of 2, stride 1, no padding, exact>"),
    (compute(GRADIENT), "<Result 1×1×3×3 int64 by gemm (the problem is small)>"),
    (
        make_plan(GRADIENT, threads=1),
        "<Plan: gemm (the problem is small), whole numbers, held exactly in float32, 1 tile, 1 thread>",
    ),
    (trace_at(GRADIENT, (1, 1)), "<Trace output[0, 1, 1] = 240, 9 products>"),
    (uses_of(GRADIENT, (1, 1)), "<Uses input[0, 1, 1] = 40, reaches 4 of 9 output cells>"),
    (THROUGH, "<Uses input[0; 1,1] = 4, can reach 2 of 2 cells of conv2>"),
    (convcalc.kernel("gaussian:5"), "<Kernel 'gaussian:5': 5×5 × 1/256, Gaussian blur>"),
    (
        RUN,
        "<NetworkRun 'Two layers of 2×2': 1×2×1×1 float64, the output of 2 layers>",
    ),
    (network(), "<Network 'LeNet-5': 1×32×32 → 10, 12 layers, 61,706 parameters>"),
    (read_request(), f"<Request {read_request().source!r}: title, input, kernel, expect>"),
]


@pytest.mark.parametrize(("record", "line"), LINES, ids=[type(row[0]).__name__ for row in LINES])
def test_the_line_at_a_prompt(record: Any, line: str) -> None:
    """What it is, without the numbers that it holds."""
    assert repr(record) == line


def large() -> Problem:
    """A problem that takes seconds, though its arrays are small."""
    return build_problem(np.ones((1, 64, 500, 500), "float32"), np.ones((4096, 64, 3, 3), "float32"))


def the_trace() -> Report:
    trace = trace_at(GRADIENT, (1, 1))
    return trace_report(trace, 240)


PAGES: dict[str, tuple[Any, Any]] = {
    "problem": (GRADIENT, lambda: page_of_run(GRADIENT)),
    "result": (compute(DEPTHWISE), lambda: page_of_run(DEPTHWISE)),
    "trace": (trace_at(GRADIENT, (1, 1)), the_trace),
    "uses": (uses_of(GRADIENT, (1, 1)), lambda: uses_report(uses_of(GRADIENT, (1, 1)))),
    "uses through layers": (THROUGH, lambda: uses_report(THROUGH)),
    "kernel": (convcalc.kernel("sobel-x"), lambda: kernel_report(convcalc.kernel("sobel-x"))),
    "run of a network": (RUN, lambda: run_report(RUN)),
    "network": (network(), lambda: summary_report(network())),
}


class Page(HTMLParser):
    """The text of a piece of HTML, and its elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.elements = "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, [name for name, _ in attrs]))

    def handle_data(self, data: str) -> None:
        self.text += data


def text_of(record: Any) -> str:
    """What a record shows where no script runs: its element of text."""
    page: str = record._repr_html_()
    return page if page.startswith("<pre") else page[page.index("<pre") : page.index("</pre>") + len("</pre>")]


def test_a_network_and_a_trace_show_the_interactive_fragment() -> None:
    """The text first, then the numbers and the script; a network without numbers is text alone."""
    for record in (trace_at(GRADIENT, (1, 1)), convcalc.load(EXAMPLES / "gradient.yaml")):
        page = record._repr_html_()
        assert page.startswith('<div class="convcalc">\n<pre style=')
        assert [tag for tag, _ in Page(page).elements if tag not in ("pre", "span")] == ["div", "script", "script"]
    assert '"picked":{"layer":0,"cell":[0,1,1]}' in trace_at(GRADIENT, (1, 1))._repr_html_()
    assert network()._repr_html_().startswith("<pre")


def test_what_a_page_cannot_draw_is_text_alone() -> None:
    """A trace of four axes, or of more numbers than a page holds."""
    many = build_problem(np.ones((1, 1, 3, 3, 3, 3), int), np.ones((1, 1, 2, 2, 2, 2), int))
    large = build_problem(np.ones((1, 1, 3000, 3000)), np.ones((1, 1, 1, 1)))
    for problem in (many, large):
        assert trace_at(problem, (0,) * problem.rank)._repr_html_().startswith("<pre")


@pytest.mark.parametrize("name", PAGES)
def test_the_page_in_a_notebook(name: str) -> None:
    """It has the lines of the command's page, in one element that holds nothing but coloured text."""
    record, report = PAGES[name]
    page = Page(text_of(record))
    assert page.text.split("\n") == list(plain_lines(report().blocks, WIDTH, ROUNDED))
    assert page.elements[0] == ("pre", ["style"])
    assert {(tag, *names) for tag, names in page.elements[1:]} == {("span", "style")}


def test_a_problem_that_takes_long_shows_its_plan() -> None:
    """A glance does not compute for seconds."""
    problem = large()
    plan = make_plan(problem, explain=True)
    assert plan.seconds > 1
    assert Page(problem._repr_html_()).text.split("\n") == list(
        plain_lines(plan_report(problem, plan, "full").blocks, WIDTH, ROUNDED)
    )


HOSTILE = "<script>alert(1)</script>\x1b]0;x\x07\u202e&amp;\n\"'"


def test_foreign_text_is_inert() -> None:
    """Names and titles of a file are shown as they are: no element, no entity, no control character of theirs."""
    problem = build_problem(
        np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)), labels=Labels(HOSTILE, kernels=(HOSTILE,), notes=(HOSTILE,))
    )
    for record in (problem, compute(problem), trace_at(problem, (0, 0))):
        page = Page(text_of(record))
        assert {tag for tag, _ in page.elements} == {"pre", "span"}
        line = repr(record)
        assert line.isprintable()
        assert "\n" not in line
    text = Page(problem._repr_html_()).text
    assert "<script>alert(1)</script>\\x1b]0;x\\x07\\u202e&amp;\\x0a\"'" in text.replace("\n", "")
    table = Table(("a<b",), ((Span(HOSTILE, Role.BAD),),))
    assert {tag for tag, _ in Page(html_text([say(HOSTILE), table])).elements} == {"pre", "span"}


def test_a_record_without_a_page_says_so() -> None:
    """In Python's own words for a kind of argument that is not taken."""

    class Other(Displayed):
        """Of no known kind."""

    with pytest.raises(TypeError, match="no line for Other"):
        repr(Other())
    with pytest.raises(TypeError, match="no page for Other"):
        Other()._repr_html_()


def test_records_load_nothing_to_be_shown_before_somebody_looks(cli: CommandLine) -> None:
    """Neither reports nor what draws them."""
    program = (
        "import sys, convcalc\nresult = convcalc.compute(convcalc.build_problem([[[1, 2]]], [[[1]]]))\n"
        "above = ('convcalc.report', 'convcalc.render', 'rich')\n"
        "names = lambda: [name for name in sys.modules if name.startswith(above)]\n"
        "print(names())\nrepr(result)\nprint('rich' in names(), bool(names()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "False True"]
