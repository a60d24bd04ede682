"""Networks as figures: every box apart from the others, words inside, arrows from box to box and past all others."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from conftest import CommandLine
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS
from convcalc.render.svg.document import svg_text
from convcalc.render.svg.marks import Arrow, Box, Node, Page
from convcalc.render.svg.network import network_page
from convcalc.report.network.figure import BoxKind, network_figure
from layer_cases import LINEAR, NUMBERS
from random_networks import random_network

SVG = "{http://www.w3.org/2000/svg}"


def branches(count: int, deep: int = 2) -> Network:
    """So many branches from the input, each longer than the one before, and their sum; then both once more."""
    conv = KINDS["conv"].make((2, 8, 8), out_channels=2, kernel_size=3, padding=1)
    stages: list[Stage] = []
    source = INPUT
    for _ in range(deep):
        ends = []
        for branch in range(count):
            below = source
            for _ in range(branch + 1):
                stages.append(Stage(f"conv{len(stages)}", conv, (below,)))
                below = len(stages) - 1
            ends.append(below)
        stages.append(Stage(f"add{len(stages)}", KINDS["add"].make(*[(2, 8, 8)] * (count + 1)), (*ends, source)))
        source = len(stages) - 1
    return Network((2, 8, 8), tuple(stages), "Branches")


def chain(length: int, name: str = "relu") -> Network:
    """So many layers one upon the other."""
    layer = KINDS["relu"].make((3, 9, 9))
    return Network((3, 9, 9), tuple(Stage(f"{name}{number}", layer, (number - 1,)) for number in range(length)))


NETWORKS = {
    **{f"branches-{count}": branches(count) for count in (1, 2, 3, 5)},
    **{f"chain-{length}": chain(length) for length in (1, 2, 9, 40, 200)},
    "long-names": chain(30, "a/path/of/an/exporter/that/never/ends/and/has/no/space/"),
    **{f"drawn-{seed}": random_network(seed, NUMBERS["whole"], (*LINEAR, "add", "relu"), 9) for seed in range(20)},
}


def nodes(page: Page) -> list[Box]:
    """The boxes of layers, the input first."""
    return [mark.box for group in page.groups for mark in group.marks if isinstance(mark, Node)]


def arrows(page: Page) -> list[Arrow]:
    """All arrows."""
    return [mark for group in page.groups for mark in group.marks if isinstance(mark, Arrow)]


@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
def test_boxes_are_apart_and_hold_their_words(network: Network) -> None:
    """One for each layer and the input; no two touch, all lie on the page, and every word lies in its box."""
    figure = network_figure(network)
    page = network_page(figure)
    boxes = nodes(page)
    assert len(boxes) == len(network.stages) + 1
    for number, one in enumerate(boxes):
        assert 0 < one.x < one.right < page.width
        assert 0 < one.y < one.bottom < page.height
        for other in boxes[:number]:
            assert one.right < other.x or other.right < one.x or one.bottom < other.y or other.bottom < one.y
    for group in page.groups:
        for mark in group.marks:
            if isinstance(mark, Node):
                assert [words.text for words in mark.lines]
                for words in mark.lines:
                    assert words.width <= mark.box.width
                    assert mark.box.y <= words.box.y < words.box.bottom <= mark.box.bottom + 1e-9


@pytest.mark.parametrize("network", NETWORKS.values(), ids=list(NETWORKS))
def test_arrows_go_from_box_to_box_and_past_all_others(network: Network) -> None:
    """From the lower edge of what is taken to the upper edge of what takes it, and no piece lies on any box."""
    page = network_page(network_figure(network))
    boxes, found = nodes(page), arrows(page)
    wanted = [
        (below + 1, number + 1) for number, stage in enumerate(network.stages) for below in dict.fromkeys(stage.inputs)
    ]
    assert len(found) == len(wanted)
    for arrow, (source, target) in zip(found, wanted, strict=True):
        (x, y), (to, top) = arrow.points[0], arrow.points[-1]
        assert (x, y) == (pytest.approx(boxes[source].middle[0]), pytest.approx(boxes[source].bottom))
        assert top == pytest.approx(boxes[target].y)
        assert boxes[target].x < to < boxes[target].right
        for start, end in zip(arrow.points, arrow.points[1:], strict=False):
            left, right = sorted((start[0], end[0]))
            high, low = sorted((start[1], end[1]))
            for box in boxes:
                crosses = left < box.right - 0.01 and right > box.x + 0.01 and high < box.bottom - 0.01
                assert not (crosses and low > box.y + 0.01), (arrow, box)


def test_a_residual_connection_goes_beside_its_block() -> None:
    """The layers of the block stand straight below each other, the other way is drawn to their right."""
    page = network_page(network_figure(branches(1, deep=1)))
    boxes = nodes(page)
    assert len({box.x for box in boxes}) == 1
    (beside,) = [arrow for arrow in arrows(page) if max(x for x, _ in arrow.points) > boxes[0].right]
    assert len(beside.points) > 2


@pytest.mark.parametrize("length", [9, 40, 200])
def test_long_networks_stand_in_columns(length: int) -> None:
    """As wide as a page of other figures at most, with columns of about the same height."""
    page = network_page(network_figure(chain(length)))
    assert page.width < 1200
    columns: dict[float, float] = {}
    for box in nodes(page):
        columns[box.x] = columns.get(box.x, 0) + box.height
    assert len(columns) == ({9: 1, 40: 4, 200: 7}[length])
    assert min(columns.values()) > 0.4 * max(columns.values())


def test_what_a_box_says() -> None:
    """Kind, kernel, stride, groups and parameters where there are some, and the shape or the features."""
    conv = KINDS["conv"].make((4, 8, 8), out_channels=8, kernel_size=3, stride=2, dilation=2, groups=2, padding=2)
    shape = conv.output_shape
    flat = KINDS["flatten"].make(shape)
    stages = (
        Stage("stem", conv, (INPUT,)),
        Stage("relu1", KINDS["relu"].make(shape), (0,)),
        Stage("pool", KINDS["max-pool"].make(shape, kernel_size=2), (1,)),
        Stage("flatten1", flat, (1,)),
        Stage("head", KINDS["linear"].make(flat.output_shape, out_features=1), (3,)),
    )
    figure = network_figure(Network((4, 8, 8), stages))
    assert [(box.kind, box.name, box.lines, box.inputs) for box in figure.boxes] == [
        (BoxKind.INPUT, "input", ("4×8×8",), ()),
        (BoxKind.CONVOLUTION, "stem", ("conv 3×3 /2 d2", "in 2 groups", "152 parameters", "8×4×4"), (0,)),
        (BoxKind.ACTIVATION, "relu1", ("8×4×4",), (1,)),
        (BoxKind.POOL, "pool", ("max-pool 2×2 /2", "8×2×2"), (2,)),
        (BoxKind.OTHER, "flatten1", ("128 features",), (2,)),
        (BoxKind.LINEAR, "head", ("linear", "129 parameters", "1 feature"), (4,)),
    ]
    assert figure.title == "A network of 5 layers"
    assert figure.description.startswith("5 layers, 281 parameters. ")
    assert "(/2 is stride 2, d2 dilation 2)" in figure.description


def test_the_document_is_inert() -> None:
    """Names of layers are text, whatever is in them; there is no script, style sheet or reference."""
    layer = KINDS["relu"].make((1, 2, 2))
    name = "</text><script>alert(1)</script>&\x1b[2J\u202e"
    text = svg_text(network_figure(Network((1, 2, 2), (Stage(name, layer, (INPUT,)),), name)))
    root = ElementTree.fromstring(text.encode())
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "rect",
        "g",
        "text",
        "path",
    }
    assert "\x1b" not in text
    assert "\u202e" not in text


# On the command line -------------------------------------------------------------------------------------------------

NET = "input: [[1, -2], [3, -4]]\ntitle: Small\nlayers:\n  - conv: {weight: [[[[1]]]]}\n  - relu\n  - add: conv1\n"


def told(path: Any) -> list[str]:
    """All texts of a drawing."""
    return [element.text for element in ElementTree.parse(path).getroot().iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        ("summary net.yaml", ["input", "conv1", "relu1", "add1"]),
        ("summary", ["input", "sobel-x"]),
        ("summary one.yaml", ["input", "conv"]),
    ],
)
def test_networks_are_drawn(cli: CommandLine, argv: str, names: list[str]) -> None:
    """A problem file is a network of one layer."""
    cli.write({"net.yaml": NET, "one.yaml": "input: [[1, 2]]\nkernel: [[1]]\ndims: 2\n"})
    done = cli.run(*argv.split(), "-o", "net.svg")
    assert (done.code, done.err) == (0, "wrote net.svg\n")
    texts = told(cli.folder / "net.svg")
    assert [text for text in texts if text in names] == names
    again = cli.run(*argv.split(), "-o", "net.svg")
    assert again.code == 1
    assert "net.svg" in again.err


def test_tensors_are_not_drawn(cli: CommandLine) -> None:
    """A file of tensors has no layers."""
    from network_files import npz

    cli.write({"t.npz": npz(**{"conv__weight": __import__("numpy").ones((1, 1, 1, 1))})})
    done = cli.run("summary", "t.npz", "-o", "net.svg")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: nothing is saved here as '.svg'\nhint: one of: .json")
