"""Gradients of losses through networks: PyTorch's, the forward derivative's, by hand; the command and its messages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.arrays import added
from convcalc.context import Context
from convcalc.gradients.backward import Gradients, gradients_of
from convcalc.gradients.cell import Node, cell_node, weight_node
from convcalc.gradients.loss import CrossEntropy, GivenGradient, Loss, Mean, SquaredError, Sum
from convcalc.gradients.rule import input_rule, weight_rule
from convcalc.layers.derivative import Point
from convcalc.layers.network import INPUT, Network
from convcalc.layers.pull import pull
from convcalc.layers.table import KINDS
from layer_cases import NUMBERS, drawn, small_cases
from random_networks import random_network

HAND = """input: [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]
kernel: [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
"""
NET = """title: Two layers
input: [[1, 2, 3, 4], [5, 6, -7, 8], [9, -10, 11, 12], [13, 14, 15, 16]]
layers:
  - conv: {weight: [[[[1, 0], [0, -1]]], [[[1, 2], [0, 1]]]], bias: [0, 1]}
  - relu
  - max-pool: {kernel_size: 2, stride: 1}
  - flatten
  - linear: {weight: [[1, 2, 3, 4, -1, -2, -3, -4], [0, 1, 0, 1, 0, 1, 0, 1]], bias: [0, 0]}
  - scale: {weight: [1/100, 1/100]}
  - softmax
"""


def made(seed: int, kind: str, loss: Loss) -> tuple[Gradients, Any]:
    """The gradients of a random network of any kinds."""
    network = random_network(seed, NUMBERS[kind], [each for each in KINDS if each not in ("div", "quantise")], 5)
    cells = NUMBERS[kind].draw(np.random.default_rng(seed), (2, *network.input_shape))
    return gradients_of(network, cells, loss, len(network.stages) - 1, keep=None), cells


def along(found: Gradients, step: Any) -> Any:
    """The loss's change along a step of the input: the forward derivative of the outputs × the gradient."""
    network, number = found.network, found.number
    pairs = {INPUT: (found.outputs[INPUT], step)}

    def pushed(stage: Any, below: list[Any]) -> Any:
        inputs = [each for each, _ in below]
        return stage.compute(inputs, found.context), stage.push(inputs, [each for _, each in below], found.context)

    change = dict(network.carried(pairs[INPUT], pushed, [number]))[number][1]
    return added((change.astype(object) * found.by_output[number].astype(object)).ravel().tolist())


@pytest.mark.parametrize("kind", ["exact", "float64"])
def test_the_gradient_along_a_line_is_the_forward_derivative(kind: str) -> None:
    """⟨gradient, step⟩ is what ``uses`` pushes forwards: exactly where all numbers are rational."""
    for seed in range(25):
        with np.errstate(all="ignore"):
            found, cells = made(seed, kind, Sum())
            step = NUMBERS["whole"].draw(np.random.default_rng(seed + 1), cells.shape)
            forwards = along(found, step if kind == "exact" else step.astype(float))
        back = added((found.of_input.astype(object) * step.astype(object)).ravel().tolist())
        if found.is_exact:
            assert forwards == back, seed
        elif np.isfinite(float(back)):
            assert abs(forwards - back) <= 1e-9 * (1 + abs(back)), seed


LENET = """input: {file: x.npy}
layers:
  - conv: {out_channels: 4, kernel_size: 3, padding: 1, boundary: reflect}
  - batch-norm
  - relu
  - max-pool: 2
  - conv: {out_channels: 6, kernel_size: 3, stride: 2, padding: 1, groups: 2}
  - gelu
  - avg-pool: 2
  - flatten
  - linear: 5
  - softmax
weights: {file: w.npz}
"""
LENET_NAMES = {"0": "conv1", "1": "batch-norm1", "4": "conv2", "8": "linear1"}
"""The layers of ``LENET`` by the names of their twins in :func:`lenet`."""


def lenet_arrays(tensors: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Tensors of :func:`lenet` as arrays, by the names that they have in ``LENET``."""
    split = [(*key.split("."), value) for key, value in tensors if "num_" not in key]
    return {f"{LENET_NAMES[number]}.{of}": value.detach().numpy().copy() for number, of, value in split}


def lenet(torch: Any) -> Any:
    """A small network with everything that is trained often."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect"), nn.BatchNorm2d(4).eval(), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(6, 5), nn.Softmax(1),
    ).double()  # fmt: skip


@pytest.mark.oracle
def test_losses_through_a_network_are_pytorch_s(cli: CommandLine) -> None:
    """Every loss, by the command with weights in a file: inputs, weights and biases of every layer, and the loss."""
    torch = pytest.importorskip("torch", reason="extra `oracle` is not installed")
    torch.manual_seed(0)
    model, x, target = lenet(torch), torch.randn(3, 2, 8, 8).double(), torch.randn(3, 5).double()
    np.savez(cli.folder / "w.npz", **lenet_arrays(model.state_dict().items()))
    np.save(cli.folder / "x.npy", x.numpy())
    np.save(cli.folder / "t.npy", target.numpy())
    cli.write({"f.yaml": LENET})
    functions = {
        "--loss sum": lambda y: (y * torch.arange(1.0, 6.0)).sum(),
        "--loss mean": lambda y: y.mean(),
        "--target t.npy": lambda y: torch.nn.functional.mse_loss(y, target),
        "--label 1,4,0": lambda y: torch.nn.functional.nll_loss(y.log(), torch.tensor([1, 4, 0])),
    }
    np.save(cli.folder / "g.npy", np.tile(np.arange(1.0, 6.0), (3, 1)))
    for flags, function in functions.items():
        told = ["--output-gradient", "g.npy"] if flags == "--loss sum" else flags.split()
        done = cli.run("gradient", "f.yaml", *told, "-o", "out.npz", "--force", "--format", "json")
        assert done.code == 0, done.err
        given = x.clone().requires_grad_()
        loss = function(model(given))
        model.zero_grad()
        loss.backward()
        with np.load(cli.folder / "out.npz") as saved:
            found = dict(saved)
        np.testing.assert_allclose(found["input"], given.grad.numpy(), rtol=1e-7, atol=1e-9)
        for key, value in model.named_parameters():
            name = f"{LENET_NAMES[key.partition('.')[0]]}.{key.partition('.')[2]}"
            np.testing.assert_allclose(found[name], value.grad.numpy(), rtol=1e-7, atol=1e-9, err_msg=name)
        assert json.loads(done.out[done.out.index("{") :])["loss"]["value"] == pytest.approx(loss.item())


def test_a_gradient_by_hand(cli: CommandLine) -> None:
    """The exercise of every course: 4×4, 3×3 and a given gradient of the output, summed with a pencil."""
    cli.write({"f.yaml": HAND})
    done = cli.run("gradient", "f.yaml", "--output-gradient", "[[1, 2], [3, 4]]", "--format", "json")
    found = json.loads(done.out)["gradients"]
    kernel = next(iter(found))
    assert found[kernel] == [[[[44, 54, 64], [84, 94, 104], [124, 134, 144]]]]
    assert found["input"] == [[[[1, 2, -1, -2], [5, 8, -5, -8], [7, 10, -7, -10], [3, 4, -3, -4]]]]


def test_means_stay_fractions(cli: CommandLine) -> None:
    """A mean over 9 cells divides by 9, exactly; the target of mse is what the file expects."""
    cli.write({"f.yaml": "input: [1, 2, 3, 4]\nkernel: [1, 1]\nexpect: [3, 5, 8]\n"})
    found = json.loads(cli.run("gradient", "f.yaml", "--loss", "mean", "--format", "json").out)
    assert found["exact"]
    assert found["gradients"]["input"] == [[["1/3", "2/3", "2/3", "1/3"]]]
    found = json.loads(cli.run("gradient", "f.yaml", "--loss", "mse", "--format", "json").out)
    assert found["loss"]["value"] == "1/3"
    assert found["gradients"]["input"] == [[[0, 0, "-2/3", "-2/3"]]]


def test_margins_add_back_to_the_cells_that_they_copy() -> None:
    """By every boundary: what a window reads outside the input is a copy of a cell, which gets its gradient."""
    for boundary, wanted in (
        ("circular", [2, 2, 2, 2]),
        ("replicate", [2, 2, 2, 2]),
        ("reflect", [1, 3, 3, 1]),
        ("zeros", [1, 2, 2, 1]),
    ):
        network = one(f"{{out_channels: 1, kernel_size: 2, padding: 1, stride: 1, boundary: {boundary}}}")
        found = gradients_of(network, np.arange(4).reshape(1, 1, 4), Sum(), 0).of_input
        ends = {"circular": [3, 2, 2, 3], "replicate": [3, 2, 2, 3], "reflect": [2, 3, 3, 2], "zeros": [2, 2, 2, 2]}
        assert found.ravel().tolist() == ends[boundary], wanted


def one(arguments: str) -> Network:
    """A network of one convolution of ones on a signal of 4 cells."""
    import yaml

    from convcalc.layers.stage import Stage

    layer = KINDS["conv"].make((1, 4), **yaml.safe_load(arguments))
    values = {name: np.ones(shape, np.int64) for name, shape in layer.weight_shapes.items()}
    return Network((1, 4), (Stage("conv1", layer, (INPUT,), lambda: values),))


def test_losses_have_their_formulas() -> None:
    """Values and gradients in fractions, by hand."""
    y, context = np.array([[1, 2, 5]]), Context()
    assert (Mean().value(y), Mean().gradient(y).tolist()) == (Fraction(8, 3), [[Fraction(1, 3)] * 3])
    assert SquaredError(np.array([1, 1, 1])).gradient(y).tolist() == [[0, Fraction(2, 3), Fraction(8, 3)]]
    assert SquaredError(np.array([1, 1, 1])).reason(y, (0, 2)) == "2 (5 - 1) / 3"
    assert GivenGradient(np.array([3, 0, -1])).value(y) == -2
    found = CrossEntropy((2,)).gradient(np.log(np.array([[1.0, 2, 5]])))
    np.testing.assert_allclose(found, [[0.125, 0.25, -0.375]])
    assert CrossEntropy((2,)).reason(np.log(np.array([[1.0, 2, 5]])), (0, 2)) == "p - y = 0.625 - 1"
    assert context.dtype == "auto"


MESSAGES = {
    "--loss wrong": ("--loss: unknown loss 'wrong'", "one of: cross-entropy, mean, mse, sum"),
    "--label 7": ("--label: there is no class 7: the output has 2", "--label 0 to --label 1"),
    "--label x": ("--label: label 'x' is not a whole number", "--label 3, or for several samples --label 3,7"),
    "--label 0,1": ("--label: 2 labels for 1 sample", "one for all samples, or one for each: --label 3,7"),
    "--label 0 --target 1": ("--target and --label are of different losses", "leave all but one out"),
    "--loss cross-entropy": ("cross-entropy needs a label", "--label 3, the number of the class"),
    "--loss mse": ("mse needs a target, and the file expects no output", "--target with numbers, or a file"),
    "--target [1,2,3]": (
        "--target: target has shape 3, the output has 2",
        "as many numbers as the output has cells, in its shape",
    ),
    "--of weight --layer relu1": ("--of: relu1 (relu) has no weight", "--of input"),
    "-o x.npy": (
        "x.npy holds one array, these are several",
        "-o gradients.npz, or --of input, or --layer and --of",
    ),
}


@pytest.mark.parametrize("flags", MESSAGES)
def test_what_is_refused(cli: CommandLine, flags: str) -> None:
    """With what was given, what is needed, and how."""
    cli.write({"f.yaml": NET})
    done = cli.run("gradient", "f.yaml", *flags.split())
    assert (done.code, done.err) == (2, "error: {}\nhint: {}\n".format(*MESSAGES[flags]))


def test_every_format_is_printed_and_saved(cli: CommandLine) -> None:
    """Of one convolution and of a network."""
    cli.write({"one.yaml": HAND, "net.yaml": NET})
    for file, flags in (
        ("one.yaml", []),
        ("net.yaml", ["--label", "1"]),
        ("net.yaml", ["--layer", "conv1", "--loss", "mean"]),
    ):
        for form in ("table", "plain", "markdown", "latex", "html", "json", "csv"):
            done = cli.run("gradient", file, *flags, "--format", form)
            assert (done.code, done.err) == (0, ""), done.err
            assert "loss" in done.out or form == "csv"
        for suffix in (".json", ".yaml", ".csv", ".txt", ".md", ".tex", ".html", ".npz"):
            assert cli.run("gradient", file, *flags, "-o", f"out{suffix}", "-q", "--force") == (0, "", "")


def nodes(node: Node) -> Any:
    """A gradient and all that are written out below it."""
    yield node
    for _, inside in node.below:
        yield from nodes(inside)


@pytest.mark.parametrize("kind", ["exact", "float64"])
def test_every_gradient_written_out_is_the_sum_of_its_products(kind: str) -> None:
    """Of random networks some weights and input cells, three layers deep: exactly where all is rational."""
    written = 0
    for seed in range(40):
        with np.errstate(all="ignore"):
            found, _ = made(seed, kind, Mean())
            if not all(np.isfinite(each.astype(float)).all() for each in (found.of_input, *found.outputs.values())):
                continue
        rng = np.random.default_rng(seed)
        roots = [cell_node(found, INPUT, 1, tuple(int(rng.integers(size)) for size in found.network.input_shape), 3)]
        for layer in found.layers:
            for name, each in layer.weights.items():
                place = tuple(int(rng.integers(size)) for size in each.shape)
                roots.append(weight_node(found, layer.number, name, place, 3))
        for node in (each for root in roots for each in nodes(root)):
            assert node.agrees, f"{seed}: {node.name}{node.place} {node.total} {node.value}"
            assert not found.is_exact or not node.factors or node.total == node.value
            written += bool(node.factors)
    assert written > 200


def test_leaves_sum_to_the_cell(cli: CommandLine) -> None:
    """Through convolution, ReLU, max-pool and linear layers to the mean: the paths' products are the gradient."""
    cli.write({"f.yaml": NET.replace("  - softmax\n", "")})
    argv = ("trace", "f.yaml", "--gradient", "weight", "--layer", "conv1", "--pos", "0,0,0,0", "--target", "[1, 2]")
    told = json.loads(cli.run(*argv, "--depth", "9", "--format", "json").out)["gradient"]

    def paths(node: dict[str, Any]) -> Fraction:
        if not node["products"]:
            return Fraction(node["value"])
        parts = [each for each in node["products"] if each["product"]]
        return sum((paths(each["from"]) * Fraction(each["factor"]) for each in parts), Fraction(0))

    assert paths(told) == Fraction(told["value"]) != 0


def test_a_gradient_is_a_handout_in_every_format(cli: CommandLine) -> None:
    """Printed and saved."""
    cli.write({"one.yaml": HAND, "net.yaml": NET})
    for argv in (
        ("one.yaml", "--gradient", "weight", "--pos", "0,0"),
        ("one.yaml", "--gradient", "input", "--pos", "3,3", "--output-gradient", "[[1,2],[3,4]]"),
        ("net.yaml", "--gradient", "bias", "--layer", "conv1", "--channel", "1", "--label", "0", "--depth", "3"),
    ):
        for form in ("table", "plain", "markdown", "latex", "html", "json", "csv"):
            done = cli.run("trace", *argv, "--format", form)
            assert (done.code, done.err) == (0, ""), done.err
        for suffix in (".json", ".yaml", ".csv", ".txt", ".md", ".tex", ".html"):
            assert cli.run("trace", *argv, "-o", f"out{suffix}", "-q", "--force") == (0, "", "")


HAVE = "--layer with one of: conv1, linear1, scale1"
REFUSED = {
    "--loss mean --pos 1,1": ("a loss is for --gradient", "--gradient weight, bias or input"),
    "--gradient weight --layer conv1 --pos 9": (
        "--pos: a weight is 4 numbers from 0 to 1, 0 to 0, 0 to 1, 0 to 1",
        "--pos 1,0,1,1",
    ),
    "--gradient bias --layer linear1 --pos 7": ("--pos: a bias is 1 number from 0 to 1", "--pos 1"),
    "--gradient weight": ("several layers have a weight", HAVE),
    "--gradient weight --layer relu1": ("--gradient: relu1 (relu) has no weight", HAVE),
    "--gradient wait": ("--gradient: no layer has a wait", "--gradient input"),
    "--gradient bias --all": ("--gradient goes with neither --all, --blank nor --curve", "leave them out"),
    "--gradient bias -o x.svg": ("a gradient is not drawn", "-o gradient.pdf, .html, .tex, .md or .txt"),
    "--gradient input --pos 1,1 --pos 2,2": ("--gradient writes out one gradient at a time", "one --pos"),
}


@pytest.mark.parametrize("flags", REFUSED)
def test_what_trace_refuses(cli: CommandLine, flags: str) -> None:
    """With what was given, what is needed, and how."""
    cli.write({"f.yaml": NET})
    done = cli.run("trace", "f.yaml", *flags.split())
    assert (done.code, done.err) == (2, "error: {}\nhint: {}\n".format(*REFUSED[flags]))


CHECKS = {
    HAND + "padding: 1\nboundary: reflect\nstride: 2\n": ("--loss mean", "all 25 are equal"),
    HAND.replace("[[1, 0, -1], [2, 0, -2], [1, 0, -1]]", "box") + "bias: 1/3\n": ("--loss sum", "all 26 are equal"),
    NET: ("--label 1", "all 46 agree within rounding"),
    NET.replace("  - softmax\n", ""): ("--target [1,2]", "all 46 are equal"),
}


def test_gradients_are_quotients_of_differences(cli: CommandLine) -> None:
    """Exactly where all is rational, otherwise within rounding."""
    for text, (flags, verdict) in CHECKS.items():
        cli.write({"f.yaml": text})
        done = cli.run("gradient", "f.yaml", *flags.split(), "--check")
        assert (done.code, done.err) == (0, ""), done.out
        assert verdict in done.out, done.out
        for form in ("plain", "markdown", "latex", "json", "csv"):
            assert cli.run("gradient", "f.yaml", *flags.split(), "--check", "--format", form).code == 0


def test_a_wrong_gradient_is_found(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is 1 too large in every input cell: each is named with what it should be, and the check fails."""
    cli.write({"f.yaml": HAND})
    monkeypatch.setattr("convcalc.gradients.backward.pull", lambda _, at, cells: [at.inputs[0] * 0 + cells.sum()])
    done = cli.run("gradient", "f.yaml", "--check")
    assert done.code == 1
    assert "input[0, 0, 0, 0] is 4, the quotient of differences is 1" in done.out
    assert "of 25 numbers differ" in done.out


def test_a_kink_is_told(cli: CommandLine) -> None:
    """At 0 a ReLU has a slope on each side, and its gradient of 0 lies between them."""
    cli.write({"f.yaml": "input: [[[0, 1, -1]]]\nlayers:\n  - relu\n"})
    done = cli.run("gradient", "f.yaml", "--check", "--format", "json")
    told = json.loads(done.out)["arrays"][0]
    assert (done.code, told["at_a_kink"], told["different"]) == (0, 1, [])


def test_a_scale_that_nobody_wrote_is_not_said_to_be_written(cli: CommandLine) -> None:
    """A kernel of fractions is held as whole numbers and a scale; the note is true of it and of a scale in the file."""
    for kernel in ("[[1, 1/3]]", "{weights: [[3, 1]], scale: 1/3}"):
        cli.write({"f.yaml": f"input: [[1, 2, 3], [4, 5, 6]]\nkernel: {kernel}\n"})
        told = " ".join(cli.run("gradient", "f.yaml").out.split())
        assert told.endswith("the weights are those that are applied, the scale of the kernel multiplied in")


def test_a_loss_that_is_no_number_is_not_compared(cli: CommandLine) -> None:
    """Of nan no quotient of differences says anything; without ``--check`` there is a gradient to show."""
    cli.write({"f.yaml": "input: [[[4, 1, -1]]]\nlayers:\n  - sqrt\n"})
    done = cli.run("gradient", "f.yaml", "--check")
    assert (done.code, done.out) == (1, "")
    assert "the loss is nan, so no difference of it can be compared" in done.err
    assert cli.run("gradient", "f.yaml").code == 0


def test_gradients_are_convolutions() -> None:
    """Over strides, dilations, groups, paddings and boundaries, on every rank: the same numbers, exactly."""
    context = Context(dtype="exact")
    for case in small_cases("conv", "pointwise", "depthwise"):
        for flip in (False, True):
            layer = case._replace(arguments={**case.arguments, "flip": flip}).layer()
            inputs, values = drawn(layer, NUMBERS["exact"].draw)
            cells = NUMBERS["whole"].draw(np.random.default_rng(2), (2, *layer.output_shape))
            at = Point(inputs, values, context)
            problem = layer.problem(*at)
            weight = layer.pull_weights(at, cells)["weight"]
            assert weight_rule(problem, cells, context).found.tolist() == weight.tolist(), str(case)
            assert input_rule(problem, cells, context).found.tolist() == pull(layer, at, cells)[0].tolist(), str(case)


def test_the_problem_file_of_a_gradient_is_run(cli: CommandLine) -> None:
    """What is printed is a file of ours, and its output is the gradient."""
    cli.write({"f.yaml": HAND})
    argv = ("gradient", "f.yaml", "--output-gradient", "[[1,2],[3,4]]")
    page = cli.run(*argv, "--as-convolution", "--of", "weight").out
    start, end = page.index("title: "), page.index("flip: false") + len("flip: false")
    cli.write({"g.yaml": page[start:end] + "\n"})
    assert cli.run("run", "g.yaml", "--format", "csv").out == "44,54,64\n84,94,104\n124,134,144\n"
    assert "all 9 numbers agree" in page
    for form in ("plain", "markdown", "latex", "html", "json", "csv"):
        done = cli.run(*argv, "--as-convolution", "--format", form)
        assert (done.code, done.err) == (0, ""), done.err
    told = json.loads(cli.run(*argv, "--as-convolution", "--format", "json").out)["gradients"]
    assert [each["agrees"] for each in told.values()] == [True, True]


def test_what_is_no_convolution_is_refused(cli: CommandLine) -> None:
    """By name, with what is one."""
    cli.write({"f.yaml": NET})
    done = cli.run("gradient", "f.yaml", "--as-convolution", "--layer", "relu1")
    said = "--as-convolution is of the weight or the input of one convolution"
    assert (done.code, done.err) == (2, f"error: {said}\nhint: --layer with one of: conv1\n")


def test_numbers_beyond_floats_are_answered_or_refused(cli: CommandLine) -> None:
    """A gradient of whole numbers has none too many; what compares floats refuses in a sentence."""
    for name, cell, weight in (("cell", 10**400, 4), ("weight", 1, 10**400)):
        cli.write({f"{name}.yaml": f"input: [[{cell}, 2], [3, 4]]\nkernel: [[1, {weight}]]\n"})
        done = cli.run("gradient", f"{name}.yaml", "--loss", "mse", "--target", "[[1], [2]]")
        assert (done.code, done.err) == (0, "")
        done = cli.run("explain", f"{name}.yaml", "--got", "[[1], [2]]")
        assert (done.code, done.err.split(" (")[0].splitlines()[0]) == (
            2,
            "error: --got: a number is too large for floats",
        )
