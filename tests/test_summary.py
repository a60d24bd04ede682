"""``convcalc summary``: its books balance, its conventions are those that it names, its figures those of the papers."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import time
from contextlib import suppress
from fractions import Fraction
from math import prod
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from conftest import CommandLine
from convcalc.errors import GeometryError
from convcalc.files.csv_writer import csv_lines
from convcalc.layers.costs import Convention, tallies
from convcalc.layers.network import INPUT, Network
from convcalc.layers.receptive_field import ReceptiveField
from convcalc.layers.stage import Stage
from convcalc.layers.table import kind_of
from convcalc.render.boxes import ASCII, ROUNDED, bar
from convcalc.render.latex import latex_lines
from convcalc.render.layout import lines_of
from convcalc.render.markdown import markdown_lines
from convcalc.report.blocks import Role, Span, Table
from convcalc.report.network.summary import summary_report
from network_files import network
from test_architecture import MAPS, loaded

EXAMPLES = Path(__file__).parents[1] / "examples"


def network_of(shape, *layers, title=""):
    """A chain of layers, each a kind with its arguments, under numbered names."""
    stages = []
    for number, (kind, arguments) in enumerate(layers):
        layer = kind_of(kind).make(shape, **arguments)
        stages.append(Stage(f"{kind}{number}", layer, (number - 1,)))
        shape = layer.output_shape
    return Network(stages[0].layer.input_shape if stages else shape, tuple(stages), title)


KERNELS = {"kernel_size": st.integers(1, 4), "stride": st.integers(1, 3), "dilation": st.integers(1, 2)}
SPATIAL = {
    "conv": {**KERNELS, "padding": st.integers(0, 3), "out_channels": st.sampled_from([1, 4]), "bias": st.booleans()},
    "max-pool": {"kernel_size": st.integers(1, 3), "stride": st.integers(1, 3)},
    "avg-pool": {"kernel_size": st.integers(1, 3), "stride": st.integers(1, 2)},
    "transposed-conv": {**KERNELS, "out_channels": st.sampled_from([1, 3]), "bias": st.booleans()},
    "upsample": {"scale_factor": st.integers(1, 3)},
    "batch-norm": {},
    "relu": {},
}
ON_FEATURES = {"linear": {"out_features": st.integers(1, 9), "bias": st.booleans()}, "relu": {}, "softmax": {}}


SIZES = st.integers(5, 30)


class Growing:
    """A network to which layers are added while it is drawn; those that do not fit are left out."""

    def __init__(self, shape):
        self.shape, self.stages = shape, []

    def shape_of(self, number):
        """The output shape of a layer, or of the input."""
        return self.shape if number == INPUT else self.stages[number].layer.output_shape

    @property
    def top(self):
        """The layer that was added last, or the input."""
        return len(self.stages) - 1

    def add(self, kind, below, **arguments):
        """A layer on some others; its number."""
        layer = kind_of(kind).make(*(self.shape_of(each) for each in below), **arguments)
        self.stages.append(Stage(f"layer-{self.top + 1}", layer, tuple(below)))
        return self.top

    def fork(self, draw):
        """Two convolutions that read different cells, of different strides perhaps, and their sum."""
        size, below = self.shape_of(self.top)[1:], self.top
        if draw(st.booleans()):
            half = [-(-each // 2) for each in size]
            kernel = [each - few + 1 for each, few in zip(size, half, strict=True)]
            dense = self.add("conv", [below], out_channels=1, kernel_size=kernel)
            sparse = self.add("conv", [below], out_channels=1, kernel_size=1, stride=2)
            self.add("add", draw(st.permutations([dense, sparse])))
            return
        ends = []
        for taps, dilation in draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2)), min_size=2, max_size=2)):
            before = draw(st.integers(0, dilation * (taps - 1)))
            padding = [[before, dilation * (taps - 1) - before]] * len(size)
            told = {"out_channels": 1, "kernel_size": taps, "dilation": dilation, "padding": padding}
            ends.append(self.add("conv", [below], **told))
        self.add("add", ends)

    def grow(self, draw, name):
        """A layer of a kind with arguments that are drawn."""
        if name == "fork":
            self.fork(draw)
        elif name == "add":
            like = [number for number in range(INPUT, self.top) if self.shape_of(number) == self.shape_of(self.top)]
            if like:
                self.add("add", [self.top, draw(st.sampled_from(like))])
        else:
            told = {key: draw(values) for key, values in {**SPATIAL, **ON_FEATURES, "flatten": {}}[name].items()}
            if name == "linear" and draw(st.booleans()):
                told["out_features"] = self.shape_of(self.top)[0]
            self.add(name, [self.top], **told)


@st.composite
def networks(draw, most=6, kinds=(*SPATIAL, "add", "fork"), sizes=SIZES):
    """Networks of random layers on one or two axes, with paths that part and meet; some end in features."""
    network = Growing((draw(st.integers(1, 3)), *draw(st.lists(sizes, min_size=1, max_size=2))))
    names = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=most))
    on_features = st.sampled_from([*ON_FEATURES, "add"])
    tail = ["flatten", *draw(st.lists(on_features, max_size=3))] if draw(st.booleans()) else []
    for name in [*names, *tail]:
        with suppress(GeometryError):
            network.grow(draw, name)
    return Network(network.shape, tuple(network.stages))


CONVENTIONS = st.builds(Convention, st.integers(1, 9), st.booleans(), st.sampled_from(["input", "output"]))


# --- books balance


def printed(report, width=400):
    """The cells of the printed table as texts by column, the total last."""
    lines = ["".join(span.text for span in line) for line in lines_of(report.blocks, width, ASCII)]
    edges = [number for number, line in enumerate(lines) if line and set(line) == {"-"}]
    head = lines[edges[0] + 1]
    ends = [found.span() for found in re.finditer(r"(% )?\S+", head)]
    rows = [*lines[edges[1] + 1 : edges[-2]], lines[edges[-1] - 1]]
    return [head[start:end] for start, end in ends], rows


def numbers_below(report, name):
    """The whole numbers of a right-aligned column, the total last."""
    names, rows = printed(report)
    head = next(
        "".join(span.text for span in line)
        for line in lines_of(report.blocks, 400, ASCII)
        if name in "".join(s.text for s in line)
    )
    end = head.index(name) + len(name)
    assert name in names
    return [int(row[:end].split()[-1].replace(",", "")) for row in rows]


@given(networks(), CONVENTIONS)
@settings(max_examples=60, deadline=None)
def test_totals_are_the_sums_of_the_rows(network, convention):
    """The totals of table, JSON and CSV are the sums of what is printed above them, and are the same in all three."""
    if not network.stages:
        return
    report = summary_report(network, convention)
    document = report.data()
    header, *rows = csv.reader(csv_lines(report.rows()))
    for column, key in (("parameters", "parameters"), ("MACs", "macs"), ("bytes", "activation_bytes")):
        *cells, total = numbers_below(report, column)
        assert sum(cells) == total == document["totals"][key]
        assert cells == [layer[key] for layer in document["layers"]]
        assert cells == [int(row[header.index(key)]) for row in rows]
    for share, key in (("parameter_share", "parameters"), ("mac_share", "macs")):
        whole = document["totals"][key]
        assert sum(layer[share] for layer in document["layers"]) == pytest.approx(1 if whole else 0)


def test_shares_are_drawn_as_bars():
    """A half is half a bar and says 50%; what has no share has an empty one."""
    shown = network_of(
        (1, 4, 4),
        ("conv", {"out_channels": 1, "kernel_size": 2}),
        ("relu", {}),
        ("conv", {"out_channels": 1, "kernel_size": 2}),
    )
    table = next(block for block in summary_report(shown).blocks if isinstance(block, Table))
    assert [row[table.columns.index("% parameters")] for row in table.rows] == [
        Span("50%", share=0.5),
        Span("", share=0.0),
        Span("50%", share=0.5),
        Span("", Role.TOTAL),
    ]
    page = ["".join(span.text for span in line) for line in lines_of([table], 200, ROUNDED)]
    assert page[3].endswith("████     50%  █████▌   69%")  # 9 × 4 of 9 × 4 + 4 × 4 = 52 products


# --- conventions

UP = {"out_channels": 2, "kernel_size": 3, "stride": 2}


@pytest.mark.parametrize(
    ("convention", "macs"),
    [
        (Convention(), [3 * 3 * 2 * 4 * 4, 4 * 4 * 2 * 2 * 9]),
        (Convention(count_bias=True), [3 * 3 * 2 * 4 * 4 + 2 * 4 * 4, 4 * 4 * 2 * 2 * 9 + 2 * 9 * 9]),
        (Convention(transposed_by="output"), [3 * 3 * 2 * 4 * 4, 9 * 9 * 2 * 2 * 9]),
        (Convention(5), [5 * 3 * 3 * 2 * 4 * 4, 5 * 4 * 4 * 2 * 2 * 9]),
        (Convention(2, count_bias=True, transposed_by="output"), [2 * (288 + 32), 2 * (9 * 9 * 36 + 162)]),
    ],
    ids=str,
)
def test_macs_follow_the_convention(convention, macs):
    """One channel of 6×6 through two filters of 3×3, then 4×4 cells enlarged to 9×9: counted by hand."""
    network = network_of((1, 6, 6), ("conv", {"out_channels": 2, "kernel_size": 3}), ("transposed-conv", UP))
    assert [row.macs for row in tallies(network, convention)] == macs


def test_a_batch_multiplies_work_and_activations_alone(cli):
    """Eight samples have eight times the MACs and bytes, the same parameters, and show in the shapes."""
    one, eight = (
        json.loads(cli.run("summary", lenet(), "--format", "json", *flags).out) for flags in ((), ("--batch", "8"))
    )
    assert {key: eight["totals"][key] / one["totals"][key] for key in one["totals"]} == {
        "parameters": 1, "macs": 8, "activation_bytes": 8
    }  # fmt: skip
    assert eight["layers"][0]["output_shape"] == [8, 6, 28, 28]
    page = cli.run("summary", lenet(), "--batch", "8").out
    assert "8×6×28×28" in page
    assert "of 8 samples" in page


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            [],
            "MACs: products of convolutions and linear layers, the bias not counted; of a transposed convolution by "
            "its input cells.",
        ),
        (
            ["--count-bias", "--transposed-by", "output"],
            "MACs: products of convolutions and linear layers, and each addition of a bias; of a transposed "
            "convolution by its output cells.",
        ),
    ],
)
def test_the_page_names_its_convention(cli, monkeypatch, flags, sentence):
    """One line says how the MACs were counted."""
    monkeypatch.setenv("COLUMNS", "160")
    assert sentence in cli.run("summary", lenet(), *flags).out.splitlines()


def test_the_page_says_that_a_batch_norm_counts_none(cli, monkeypatch):
    """It has parameters and no MACs, which one line says where there is one."""
    monkeypatch.setenv("COLUMNS", "160")
    cli.write({"f.yaml": "input: {shape: [2, 3]}\nlayers: [batch-norm, relu]\n"})
    done = cli.run("summary", "f.yaml")
    assert (
        "MACs: products of convolutions and linear layers, the bias not counted; of a transposed convolution by its "
        "input cells; batch norm counts none."
    ) in done.out.splitlines()
    assert json.loads(cli.run("summary", "f.yaml", "--format", "json").out)["totals"]["macs"] == 0


# --- published figures


def lenet():
    """The path of the example."""
    return str(EXAMPLES / "lenet-5.yaml")


def figures(cli, name, *flags):
    """The JSON of an example's summary, with its layers by name."""
    document = json.loads(cli.run("summary", str(EXAMPLES / f"{name}.yaml"), "--format", "json", *flags).out)
    return document["totals"], {layer["name"]: layer for layer in document["layers"]}


def test_lenet_5(cli):
    """61,706 parameters, as frameworks count the full C3 layer."""
    assert figures(cli, "lenet-5")[0]["parameters"] == 61_706


def test_alexnet(cli):
    """34,944 parameters of conv1 (CS231n), 60,965,224 of all, with the groups of the paper."""
    totals, layers = figures(cli, "alexnet")
    assert (layers["conv1"]["parameters"], totals["parameters"]) == (34_944, 60_965_224)
    assert layers["conv1"]["output_shape"] == [1, 96, 55, 55]
    assert layers["conv2"]["groups"] == 2


def test_vgg_16(cli):
    """138,357,544 parameters, 15.47 thousand million MACs, of which 123,633,664 are linear; pool5 sees 212 cells."""
    totals, layers = figures(cli, "vgg-16")
    assert (totals["parameters"], totals["macs"]) == (138_357_544, 15_470_264_320)
    by_kind = {
        kind: sum(layer["macs"] for layer in layers.values() if layer["kind"] == kind) for kind in ("conv", "linear")
    }
    assert by_kind == {"conv": 15_346_630_656, "linear": 123_633_664}
    assert (layers["pool5"]["receptive_field"], layers["pool5"]["jump"]) == ([212, 212], [32, 32])
    assert layers["fc8"]["jump"] == []


def test_resnet_18_stem(cli):
    """9,408 parameters and 118,013,952 MACs of conv1."""
    conv = figures(cli, "resnet-18-stem")[1]["conv1"]
    assert (conv["parameters"], conv["macs"]) == (9_408, 118_013_952)


def test_mobilenet_first_block(cli):
    """The products of the paper's first rows: 3·3·3·32, 3·3·32 and 32·64, each at 112×112 places."""
    layers = [layer for layer in figures(cli, "mobilenet-block")[1].values() if layer["kind"] == "conv"]
    assert [layer["macs"] // 112**2 for layer in layers] == [864, 288, 2048]
    assert [layer["groups"] for layer in layers] == [1, 32, 1]


def test_the_keras_table_in_one_command(cli, monkeypatch):
    """2,400; 4,896; 1,989; 819; together 10,104: printed as they are."""
    monkeypatch.setenv("COLUMNS", "100")
    page = cli.run("summary", str(EXAMPLES / "keras-table.yaml")).out
    rows = [line.split() for line in page.splitlines() if line.startswith(("conv", "total"))]
    assert [next(cell for cell in row[1:] if re.fullmatch(r"[\d,]+", cell)) for row in rows] == [
        "2,400", "4,896", "1,989", "819", "10,104"
    ]  # fmt: skip


def test_another_input_gives_other_shapes(cli):
    """--input takes a shape: VGG-16's convolutions on 64×64 cells cost 4/49 of those on 224×224, parameters stay."""
    text = "input: {shape: [3, 224, 224]}\nlayers:\n  - conv: {out_channels: 64, kernel_size: 3, padding: 1}\n"
    cli.write({"net.yaml": text})
    whole, part = (
        json.loads(cli.run("summary", "net.yaml", "--format", "json", *flags).out)["totals"]
        for flags in ([], ["--input", "3x64x64"])
    )
    assert part["parameters"] == whole["parameters"]
    assert Fraction(part["macs"], whole["macs"]) == Fraction(64, 224) ** 2


# --- receptive fields


@pytest.mark.parametrize(
    ("layers", "sizes"),
    [
        ([{"kernel_size": 3}] * 3, [3, 5, 7]),
        ([{"kernel_size": 5}] * 2, [5, 9]),
        ([{"kernel_size": 3}, {"kernel_size": 3, "stride": 2}, None, {"kernel_size": 3, "dilation": 2}], [3, 5, 7, 23]),
    ],
)
def test_receptive_fields_of_the_textbook(layers, sizes):
    """Three 3×3 see 7; the chain with strides, a pool and dilation sees 3, 5, 7, 23; two 5×5 see 5, then 9."""
    chain = [
        ("max-pool", {"kernel_size": 2}) if each is None else ("conv", {"out_channels": 1, **each}) for each in layers
    ]
    rows = tallies(network_of((1, 64, 64), *chain), Convention())
    assert [{field.size for field in row.fields} for row in rows] == [{size} for size in sizes]


class Walk:
    """Which cells of the input, those of the padding too, paths to a cell start from on an axis, found tap by tap."""

    def __init__(self, network, axis):
        self.network, self.axis, self.known = network, axis, {}

    def seen(self, number, cell):
        """Of a cell of a layer: its place on the axis, or the number of a feature."""
        if number == INPUT:
            return {cell}
        if (number, cell) not in self.known:
            stage = self.network.stages[number]
            below = self.below(stage.layer, cell)
            paths = [self.seen(each, one) for each in stage.inputs for one in below]
            self.known[number, cell] = set().union(*paths)
        return self.known[number, cell]

    def below(self, layer, cell):
        """The cells of the layer's inputs that a cell is made of."""
        axis, told = self.axis, layer.settings
        if len(layer.output_shape) == 1:
            if len(layer.input_shape) > 1:
                return [cell // prod(layer.input_shape[axis + 2 :]) % layer.input_shape[axis + 1]]
            return range(layer.channels) if layer.kind in ("linear", "softmax") else [cell]
        if layer.kind == "upsample":
            return [cell // told["scale_factor"][axis]]
        if "kernel_size" not in told:
            return [cell]
        taps, stride, dilation = (told.get(name, (1, 1))[axis] for name in ("kernel_size", "stride", "dilation"))
        offsets = [tap * dilation - layer.axes[axis].before for tap in range(taps)]
        if layer.kind != "transposed-conv":
            return [cell * stride + offset for offset in offsets]
        return [(cell - offset) // stride for offset in offsets if (cell - offset) % stride == 0]

    def widest(self, number):
        """The most that a cell of a layer sees, from the first to the last."""
        shape = self.network.shape_of(number)
        every = [self.seen(number, cell) for cell in range(shape[0] if len(shape) == 1 else shape[self.axis + 1])]
        return max((max(each) - min(each) + 1 for each in every if each), default=0)


@given(networks(most=5, sizes=st.integers(3, 9)))
@settings(max_examples=200, deadline=None)
def test_receptive_fields_are_what_the_taps_reach(network):
    """In every layer, from the first to the last cell that a walk down all paths finds, where they are farthest."""
    for axis in range(len(network.input_shape) - 1):
        walk = Walk(network, axis)
        for number, fields in enumerate(network.every_field()):
            shape = network.shape_of(number)
            assume(max(shape) < 500)
            assert fields[axis].size == walk.widest(number), number
            assert (fields[axis].jump is None) == (len(shape) == 1)


@given(networks(most=5, kinds=("conv", "max-pool", "avg-pool", "relu", "batch-norm")))
@settings(max_examples=60, deadline=None)
def test_jumps_are_from_neighbour_to_neighbour(network):
    """What the next cell sees begins one jump further on; a transposed layer divides the jump by its stride."""
    walk = Walk(network, 0)
    for number, (stage, fields) in enumerate(zip(network.stages, network.every_field(), strict=True)):
        if len(stage.layer.output_shape) == 1 or number > 4:
            break
        here, next_one = (walk.seen(number, cell) for cell in (0, 1))
        assert fields[0] == ReceptiveField(max(here) - min(here) + 1, Fraction(min(next_one) - min(here)))
    up = network_of(
        (1, 9), ("conv", {"out_channels": 1, "kernel_size": 3, "stride": 2}), ("upsample", {"scale_factor": 3})
    )
    assert [fields[0].jump for fields in up.every_field()] == [2, Fraction(2, 3)]


def summed(shape, *told):
    """Convolutions of one input, and their sum."""
    layers = [kind_of("conv").make(shape, out_channels=1, **each) for each in told]
    both = kind_of("add").make(*(each.output_shape for each in layers))
    stages = [Stage(f"conv{number}", each, (INPUT,)) for number, each in enumerate(layers)]
    return Network(shape, (*stages, Stage("add", both, tuple(range(len(layers))))))


@pytest.mark.parametrize(
    ("told", "sizes"),
    [
        ([{"kernel_size": 3, "padding": 1}, {"kernel_size": 5, "padding": 2}], [3, 5, 5]),
        ([{"kernel_size": 3, "padding": [[2, 0]]}, {"kernel_size": 3, "padding": [[0, 2]]}], [3, 3, 5]),
        (
            [{"kernel_size": 3, "stride": 2, "padding": "same"}, {"kernel_size": 3, "stride": 2, "padding": 1}],
            [3, 3, 4],
        ),
    ],
)
def test_where_paths_meet_the_field_is_their_union(told, sizes):
    """A window within the other adds nothing; 3 cells back and 3 ahead, which share one, are 5."""
    assert [fields[0].size for fields in summed((1, 16), *told).every_field()] == sizes


def test_windows_that_vary_are_the_widest_there_is():
    """Three cells, doubled, in windows of 3, doubled: the mean of all sees the three and one of the padding, not 5."""
    network = network_of(
        (1, 3), ("transposed-conv", {"out_channels": 1, "kernel_size": 2, "stride": 2}),
        ("max-pool", {"kernel_size": 3, "stride": 2, "padding": 1}), ("upsample", {"scale_factor": 2}),
        ("global-avg-pool", {}),
    )  # fmt: skip
    assert [fields[0].size for fields in network.every_field()] == [1, 2, 2, 4]


def test_neighbours_that_see_farther_back_count():
    """Taps 3 apart at every second cell: 2, 3, 4 see 1, 0, 2, so that three neighbours see three cells."""
    up = ("transposed-conv", {"out_channels": 1, "kernel_size": 2, "stride": 2, "dilation": 3})
    network = network_of((1, 8), up, ("conv", {"out_channels": 1, "kernel_size": 3}), ("avg-pool", {"kernel_size": 2}))
    walk = Walk(network, 0)
    assert [walk.seen(0, cell) for cell in (2, 3, 4)] == [{1}, {0}, {2}]
    assert (
        [fields[0].size for fields in network.every_field()]
        == [walk.widest(number) for number in range(3)]
        == [1, 3, 3]
    )


def test_cells_that_no_kernel_is_written_to_see_nothing():
    """Every third cell has a writer, and a stride of 3 from the second one never meets any."""
    network = network_of(
        (1, 4), ("transposed-conv", {"out_channels": 1, "kernel_size": 1, "stride": 3, "padding": [[0, 0]]}),
        ("conv", {"out_channels": 1, "kernel_size": 2, "dilation": 3, "stride": 3, "padding": [[2, 0]]}),
        ("relu", {}),
    )  # fmt: skip
    assert [fields[0].size for fields in network.every_field()] == [1, 0, 0]


@given(networks(most=5, sizes=st.integers(3, 9)), st.sampled_from([1, 2, 4]))
@settings(max_examples=100, deadline=None)
def test_beyond_the_phases_told_apart_fields_are_bounds(network, most):
    """With few phases told apart a field may come out larger, never smaller, and jumps stay as they are."""
    exact = list(network.every_field())
    with pytest.MonkeyPatch.context() as patch:
        for module in ("geometry.receptive_axis", "layers.receptive_field"):
            patch.setattr(f"convcalc.{module}.MOST_PHASES", most)
        bounds = list(network.every_field())
    for one, bound in itertools.chain.from_iterable(
        zip(*both, strict=True) for both in zip(exact, bounds, strict=True)
    ):
        assert bound.size >= one.size
        assert bound.jump == one.jump


@pytest.mark.parametrize("stride", [257, 2**40])
def test_huge_strides_upwards_are_quick(stride):
    """Each cell is seen by one below, neighbours by two at most: bounds take no time, however many phases there are."""
    network = network_of(
        (1, 8), ("upsample", {"scale_factor": stride}), ("conv", {"out_channels": 1, "kernel_size": 3})
    )
    assert list(network.every_field()) == [((1, Fraction(1, stride)),), ((2, Fraction(1, stride)),)]


def test_where_paths_of_different_jumps_meet_each_is_followed():
    """Every second cell, or five neighbours: three cells of their sum see 5 cells by one path and 7 by the other."""
    shape = (1, 8)
    sparse, dense = (kind_of("conv").make(shape, out_channels=1, kernel_size=k, stride=s) for k, s in ((1, 2), (5, 1)))
    both = kind_of("add").make((1, 4), (1, 4))
    top = kind_of("conv").make((1, 4), out_channels=1, kernel_size=3)
    stages = (
        Stage("a", sparse, (INPUT,)), Stage("b", dense, (INPUT,)), Stage("c", both, (0, 1)), Stage("d", top, (2,))
    )  # fmt: skip
    assert [fields[0].size for fields in Network(shape, stages).every_field()] == [1, 5, 5, 7]


def test_five_hundred_layers_are_quick():
    """Their fields are found in one pass, each from those below it."""
    chain = [("conv", {"out_channels": 4, "kernel_size": 3, "padding": 1}), ("relu", {})] * 250
    network = network_of((4, 32, 32), *chain)
    start = time.process_time()
    rows = list(tallies(network, Convention()))
    assert time.process_time() - start < 0.1
    assert rows[-1].fields[0].size == 501


# --- pages


@pytest.mark.parametrize("width", [30, 45, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("frame", [ASCII, ROUNDED], ids=["plain", "table"])
def test_a_page_fits_and_keeps_its_counts(width, frame):
    """At any width no line is too long, and the counts of parameters and MACs are there, whole."""
    network = network_of(
        (3, 32, 32), ("conv", {"out_channels": 64, "kernel_size": 3}), ("max-pool", {"kernel_size": 2}),
        ("flatten", {}), ("linear", {"out_features": 1000}),
    )  # fmt: skip
    lines = ["".join(span.text for span in line) for line in lines_of(summary_report(network).blocks, width, frame)]
    assert max(map(cell_len, lines)) <= width
    assert [count for count in ("1,792", "1,555,200", "14,401,000", "14,400,000") if count not in " ".join(lines)] == []


def test_a_narrow_page_says_what_it_leaves_out():
    """Columns go in their order, the page names them, and how wide it would have to be is wide enough."""
    table = Table(
        ("a", "b", "c"), ((Span("1" * 9), Span("2" * 9), Span("3" * 9)),), numeric=("a", "b", "c"), spare=("b", "c")
    )
    said = [
        " ".join("".join(span.text for span in line) for line in lines_of([table], width, ASCII))
        for width in (31, 30, 20)
    ]
    assert "left out" not in said[0]
    assert "left out here: b; a page of 31 columns, --format csv and json have every column" in re.sub(
        " +", " ", said[1]
    )
    assert "left out here: b;" in re.sub(" +", " ", said[2])


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "        "), (1, "████████"), (0.5, "████    "), (1 / 64, "▏       "), (0.99, "███████▉"), (9, "████████")],
)
def test_bars_have_their_length(share, text):
    """A bar is filled by eighths of a cell, and is always as wide as the whole."""
    assert bar(ROUNDED, share, 8) == text
    assert bar(ASCII, share, 8) == "#" * round(8 * min(share, 1)) + " " * (8 - round(8 * min(share, 1)))


def test_documents_say_shares_in_words():
    """Markdown and LaTeX have percentages instead of bars, and LaTeX leaves out what a page has no room for."""
    network = network_of((3, 300, 300), *[("conv", {"out_channels": 500, "kernel_size": 9})] * 2)
    blocks = summary_report(network).blocks
    markdown, latex = "\n".join(markdown_lines(blocks)), "\n".join(latex_lines(blocks))
    assert "| % parameters |" in markdown.replace("\\", "")
    assert "99%" in markdown
    assert r"\midrule" in latex
    assert "█" not in markdown + latex
    assert "left out here" in latex


def test_columns_that_say_nothing_are_not_there():
    """No groups where all are 1, no kernels of linear layers, no fields without axes, no kind that names tell."""
    report = summary_report(network_of((5,), ("linear", {"out_features": 2}), ("relu", {})))
    table = next(block for block in report.blocks if isinstance(block, Table))
    assert table.columns == ("layer", "output", "parameters", "MACs", "bytes", "% parameters", "% MACs")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"kernel_size": 3}, "3×3"),
        ({"kernel_size": 3, "stride": 2}, "3×3 /2"),
        ({"kernel_size": [3, 5], "stride": [2, 1], "dilation": 2}, "3×5 /2×1 d2"),
    ],
)
def test_kernels_with_their_strides(arguments, text):
    """One number stands for all axes where it is the same; a stride or dilation of 1 is not written."""
    table = summary_report(network_of((1, 20, 20), ("conv", {"out_channels": 1, **arguments}))).blocks[2]
    assert table.rows[0][table.columns.index("kernel")].text == text


def test_names_and_notes_are_shown_and_never_obeyed(cli):
    """A name of a file is text in every format: no escape code, no markup, no formula."""
    name = "=cmd|[red]\\u001b[2J"
    cli.write(
        {
            "net.yaml": "input: {shape: [1, 8]}\nlayers:\n"
            f'  - conv: {{out_channels: 1, kernel_size: 3, name: "{name}"}}\n'
        }
    )
    for form in ("table", "plain", "markdown", "latex", "csv", "json"):
        done = cli.run("summary", "net.yaml", "--format", form)
        assert (done.code, done.err) == (0, "")
        assert "\x1b" not in done.out
    assert next(
        itertools.islice(csv.reader(io.StringIO(cli.run("summary", "net.yaml", "--format", "csv").out)), 1, None)
    )[0].startswith("'=")


def test_notes_of_the_network_stand_below_the_table():
    """What was left out on the way from the file is said on the page, in JSON and beside CSV."""
    layer = kind_of("relu").make((1, 4))
    report = summary_report(Network((1, 4), (Stage("a", layer, (INPUT,)),), notes=("stops at node 7 (LSTM)",)))
    last = "".join(span.text for line in list(lines_of(report.blocks, 80, ASCII))[-1:] for span in line)
    assert last == "note: stops at node 7 (LSTM)"
    assert report.notes == tuple(report.data()["notes"]) == ("stops at node 7 (LSTM)",)


def test_a_summary_is_saved(cli):
    """-o writes the page in the format of its suffix."""
    assert cli.run("summary", lenet(), "-o", "page.md", "-q").code == 0
    assert (cli.folder / "page.md").read_text(encoding="utf-8").startswith("# LeNet-5\n")


# --- start-up


@pytest.mark.parametrize("form", ["table", "plain", "json", "csv"])
def test_a_summary_of_shapes_loads_no_numpy(form):
    """Neither does it load what computes or draws, nor rich where it prints JSON or CSV."""
    command = ["summary", str(EXAMPLES / "vgg-16.yaml"), "--format", form, "--input", "3x64x64"]
    start = f"import sys\nsys.argv = ['convcalc', *{command!r}]\nfrom convcalc.cli.app import run_app\nrun_app()"
    heavy = ("numpy", "PIL", "convcalc.arrays", "convcalc.problem", "convcalc.engine", "convcalc.tracing.trace", *MAPS)
    rich = ["rich"] if form in ("table", "plain") else []
    assert loaded(start, "yaml", "rich", *heavy).splitlines()[-1].split() == ["yaml", *rich]


# --- requests

NET = "input: {shape: [1, 8, 8]}\nlayers:\n  - conv: {out_channels: 2, kernel_size: 3}\n"
BAD = [
    (["net.yaml", "--batch", "0"], 2, "error: --batch: batch must be a whole number >= 1, got 0\n"),
    (["net.yaml", "--batch", "-3"], 2, "error: --batch: batch must be a whole number >= 1, got -3\n"),
    (
        ["net.yaml", "--transposed-by", "outptu"],
        2,
        "error: --transposed-by: unknown side 'outptu'\nhint: did you mean output?\n",
    ),
    (
        ["numbers.yaml"],
        1,
        "error: numbers.yaml: there is neither a network nor a kernel in it\n"
        "hint: write a file with layers: [conv: {out_channels: 8, kernel_size: 3}]\n",
    ),
    (
        ["problem.yaml", "--input", "1x1"],
        1,
        "error: problem.yaml:2:9: the kernel does not fit on axis 0: it reaches over 2 cells, the padded input has 1\n"
        "  kernel: [1, 1]\n          ^\nhint: pad with at least 1 more, or take a smaller kernel\n",
    ),
    (
        ["net.yaml", "--input", "nonsense"],
        2,
        "error: --input: no such file: nonsense\nhint: --input takes a path, or a shape such as 3x224x224\n",
    ),
    (["net.yaml", "--input", "0x8x8"], 2, "error: --input: a size of shape must be a whole number >= 1, got 0\n"),
    (
        ["net.yaml", "--input", "1x2x8"],
        1,
        "error: net.yaml:3:42: conv1: the kernel does not fit on axis 0: it reaches over 3 cells, the padded input "
        "has 2\n"
        "    - conv: {out_channels: 2, kernel_size: 3}\n"
        "                                           ^\n"
        "hint: pad with at least 1 more, or take a smaller kernel; conv1 takes 1×2×8 from input\n",
    ),
    (
        ["net.yaml", "--format", "xml"],
        2,
        "error: --format: unknown format 'xml'\nhint: one of: csv, html, json, latex, markdown, plain, table\n",
    ),
    (
        ["net.yaml", "-o", "page.png"],
        1,
        "error: nothing is saved here as '.png'\n"
        "hint: one of: .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf, .svg\n",
    ),
]


@pytest.mark.parametrize(("argv", "code", "message"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_a_bad_request_has_its_message(cli, argv, code, message):
    """What was given, what is needed, how to mend it, and nothing is printed."""
    cli.write(
        {
            "net.yaml": NET,
            "numbers.yaml": "input: [[1, 2], [3, 4]]\n",
            "problem.yaml": "input: [1, 2, 3]\nkernel: [1, 1]\n",
        }
    )
    done = cli.run("summary", *argv)
    assert (done.code, done.out, done.err) == (code, "", message)


def test_a_problem_is_a_network_of_one_layer(cli):
    """A file with an input and a kernel is its one convolution: groups, bias and all."""
    cli.write(
        {"p.yaml": "dims: 2\ninput: {arange: [4, 3, 3]}\nkernel: {arange: [2, 2, 2, 2]}\ngroups: 2\nbias: [1, -2]\n"}
    )
    document = json.loads(cli.run("summary", "p.yaml", "--format", "json").out)
    [layer] = document["layers"]
    assert (layer["kind"], layer["groups"], layer["output_shape"]) == ("conv", 2, [1, 2, 2, 2])
    assert (layer["parameters"], layer["macs"]) == (18, 64)


SPLIT = """
input: {shape: [1, 1, 6]}
layers:
  - conv: {name: wide, out_channels: 2, kernel_size: [1, 4]}
  - flatten: {name: one}
  - conv: {name: narrow, out_channels: 3, kernel_size: [1, 5], input: input}
  - flatten: {name: other}
  - add: {input: [one, other]}
"""
MANY_PHASES = """
input: {shape: [1, 1, 1]}
layers:
  - upsample: {name: one, scale_factor: [1, 17]}
  - upsample: {name: other, scale_factor: [1, 19], input: input}
  - conv: {name: shorter, out_channels: 1, kernel_size: [1, 3]}
  - add: {input: [one, shorter]}
"""


@pytest.mark.parametrize("text", [SPLIT, MANY_PHASES], ids=["features of other shapes", "more phases than told apart"])
def test_fields_of_joined_branches_hold_what_both_see(cli, text):
    """No less than a walk down all paths finds, and no more than the input has cells."""
    found = network(cli, text)
    for axis in range(2):
        walk = Walk(found, axis)
        for number, fields in enumerate(found.every_field()):
            assert walk.widest(number) <= fields[axis].size <= 6


def test_numbers_with_a_kernel_are_a_network(cli: CommandLine) -> None:
    """A kernel given beside them is one, as in ``run``; a stride alone makes none."""
    done = cli.run("summary", "[[1,2,3],[4,5,6],[7,8,9]]", "--kernel", "sobel-x", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert [each["macs"] for each in json.loads(done.out)["layers"]] == [9]
    assert cli.run("summary", "[1,2,3]", "--stride", "2").code == 1
