"""Gradient descent: PyTorch's steps, a step by hand, Sobel learned, divergence, what is saved, and the messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import CommandLine
from test_gradients import LENET, lenet, lenet_arrays

SOBEL = str(Path(__file__).parents[1] / "examples" / "learn-sobel.yaml")
ONE = "input: [[1, 2], [3, 4]]\nkernel: [[1]]\nexpect: [[2, 4], [6, 8]]\n"
NET = """input: {random: [2, 1, 5, 5], seed: 1, low: -3, high: 3}
layers:
  - conv: {out_channels: 2, kernel_size: 2}
  - relu
  - flatten
  - linear: 3
weights: {random: 1}
"""


def learned(cli: CommandLine, *argv: str) -> dict[str, Any]:
    """The JSON of a run that ends well."""
    done = cli.run("learn", *argv, "--format", "json")
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.mark.parametrize("method", ["plain", "momentum", "adam"])
def test_a_random_kernel_learns_sobel(cli: CommandLine, method: str) -> None:
    """In one command, the same bits every time; the loss falls to what was asked for."""
    flags = (SOBEL, "--target-kernel", "sobel-x", "--rate", "0.05", "--steps", "1500", "--method", method)
    found = learned(cli, *flags)
    assert found["end"] == "learned"
    assert found["losses"][-1] <= 1e-12 < found["losses"][-2]
    assert len(found["losses"]) == found["step"] + 1
    np.testing.assert_allclose(found["after"]["weight"], [[[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]], atol=1e-5)
    assert np.abs(np.subtract(found["before"]["weight"], found["after"]["weight"])).max() > 1
    assert learned(cli, *flags) == found


def test_a_step_by_hand(cli: CommandLine) -> None:
    """The loss (w - 2)² · 30 / 4 at w = 1 has the slope -15: each rule's first two steps."""
    cli.write({"f.yaml": ONE})
    lines = {}
    for method in ("plain", "momentum", "adam"):
        flags = ("--rate", "0.01", "--steps", "2", "--method", method)
        found = learned(cli, "f.yaml", *flags)
        lines[method] = [found["losses"][0], found["moves"][0]["gradient"], *(each["after"] for each in found["moves"])]
        page = cli.run("learn", "f.yaml", *flags, "--format", "plain").out
        assert f"{lines[method][2]:.6g}" in page
        assert "× (-15)" in page or "+ (-15)" in page
    assert lines["plain"] == pytest.approx([7.5, -15, 1.15, 1.15 + 0.01 * 15 * 0.85])
    assert lines["momentum"] == pytest.approx([7.5, -15, 1.15, 1.15 + 0.01 * (0.9 * 15 + 15 * 0.85)])
    mean = (0.9 * 0.1 * 15 + 0.1 * 15 * 0.99) / (1 - 0.9**2)
    square = (0.999 * 0.001 * 15**2 + 0.001 * (15 * 0.99) ** 2) / (1 - 0.999**2)
    assert lines["adam"] == pytest.approx([7.5, -15, 1.01, 1.01 + 0.01 * mean / square**0.5], rel=1e-8)


@pytest.mark.oracle
@pytest.mark.parametrize("method", ["plain", "momentum", "adam"])
def test_the_steps_of_a_network_are_pytorch_s(cli: CommandLine, method: str) -> None:
    """Ten steps of every weight and bias by cross-entropy, of three samples."""
    torch = pytest.importorskip("torch", reason="extra `oracle` is not installed")
    torch.manual_seed(0)
    model, x = lenet(torch), torch.randn(3, 2, 8, 8).double()
    np.savez(cli.folder / "w.npz", **lenet_arrays(model.state_dict().items()))
    np.save(cli.folder / "x.npy", x.numpy())
    cli.write({"f.yaml": LENET})
    flags = ("--label", "1,4,0", "--rate", "0.01", "--steps", "10", "--method", method)
    found = learned(cli, "f.yaml", *flags)
    momentum = 0.9 if method == "momentum" else 0
    rule = (
        torch.optim.Adam(model.parameters(), lr=0.01)
        if method == "adam"
        else torch.optim.SGD(model.parameters(), lr=0.01, momentum=momentum)
    )
    losses = []
    for step in range(11):
        rule.zero_grad()
        loss = torch.nn.functional.nll_loss(model(x).log(), torch.tensor([1, 4, 0]))
        losses.append(loss.item())
        if step < 10:
            loss.backward()
            rule.step()
    np.testing.assert_allclose(found["losses"], losses, rtol=1e-8)
    wanted = lenet_arrays(model.named_parameters())
    assert found["after"].keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found["after"][name], value, rtol=1e-6, atol=1e-9, err_msg=name)


def test_what_is_saved_goes_on(cli: CommandLine) -> None:
    """Three steps, saved, and four more from there are seven; of a problem its kernel is a file."""
    cli.write({"net.yaml": NET, "next.yaml": NET.replace("random: 1}", "file: w.npz}"), "one.yaml": ONE})
    flags = ("--label", "0,2", "--rate", "0.1", "--steps")
    assert cli.run("learn", "net.yaml", *flags, "3", "-o", "w.npz", "-q") == (0, "", "")
    parts = [learned(cli, name, *flags, count)["losses"] for name, count in (("net.yaml", "7"), ("next.yaml", "4"))]
    assert parts[1] == pytest.approx(parts[0][3:], rel=1e-12)
    assert cli.run("learn", "one.yaml", "--rate", "0.1", "-o", "one.npz", "-q") == (0, "", "")
    cli.write({"two.yaml": "input: [[1, 2], [3, 4]]\nkernel: {file: 'one.npz:weight'}\n"})
    found = json.loads(cli.run("run", "two.yaml", "--format", "json").out)["output"]
    np.testing.assert_allclose(found, [[[[2, 4], [6, 8]]]], atol=1e-5)


def test_a_rate_that_diverges_stops_and_says_where(cli: CommandLine) -> None:
    """The weight's distance from 2 is multiplied by 1 - 15 rate; no weights are saved, the page is."""
    cli.write({"f.yaml": ONE})
    done = cli.run("learn", "f.yaml", "--rate", "1e30", "--steps", "100", "--format", "plain")
    # distance² · 7.5 = (1.5e31)^(2 step) · 7.5 is beyond 1.8e308 at step 5
    assert done.code == 1
    assert "diverged at step 5: the loss is inf; a smaller rate may help, such as --rate 1e+29" in " ".join(
        done.out.split()
    )
    done = cli.run("learn", "f.yaml", "--rate", "1e300", "--steps", "100", "-o", "w.npz")
    assert (done.code, done.err) == (1, "error: diverged at step 1: no weights are saved\nhint: a smaller --rate\n")
    done = cli.run("learn", "f.yaml", "--rate", "1.7e308", "--format", "plain")
    assert "diverged at step 1: a weight is no longer finite" in done.out
    assert not (cli.folder / "w.npz").exists()
    done = cli.run("learn", "f.yaml", "--rate", "1", "--steps", "3", "--format", "plain")
    assert done.code == 0
    assert done.out.endswith("note: the loss grew: a smaller rate may help, such as --rate 0.1\n")


REFUSED = {
    "one.yaml --rate 0": "--rate: a rate is a number above 0, not 0",
    "one.yaml --rate nan": "--rate: a rate is a number above 0, not nan",
    "one.yaml --steps 0": "--steps: 0 steps are none",
    "one.yaml --until=-1": "--until: a loss to be reached is 0 or above, not -1",
    "one.yaml --method sgd": "--method: unknown method 'sgd'",
    "one.yaml --dtype exact": "--dtype: learning rounds, so that nothing stays exact",
    "one.yaml --target-kernel nope": "--target-kernel: unknown kernel 'nope'",
    "one.yaml --target-kernel box:2": "--target-kernel: its output is 1×1×1×1, that of the learned kernel 1×1×2×2",
    "one.yaml --target-kernel box:1 --label 1": "--target-kernel is what mse compares with",
    "one.yaml --pos 1,1": "--pos: a weight here is 4 numbers from 0 to 0, 0 to 0, 0 to 0, 0 to 0",
    "one.yaml -o w.npy": "nothing is saved here as '.npy'",
    "net.yaml": "mse needs a target, and the file expects no output",
    "net.yaml --label 9": "--label: there is no class 9: the output has 3",
    "net.yaml --layer relu1 --label 0": "--layer: relu1 has no weights to learn",
    "net.yaml --layer nope --label 0": "--layer: unknown layer 'nope'",
    "net.yaml --target-kernel box:3": "--target-kernel: only a file of one convolution has another kernel's output",
    "relu.yaml --loss sum": "--layer: no layer has weights to learn",
    "shared.yaml --loss sum": "a.weight and b.weight are one tensor, which steps of each would tear apart",
}


def test_what_is_refused(cli: CommandLine) -> None:
    """In words that say what to write instead."""
    cli.write(
        {
            "one.yaml": ONE,
            "net.yaml": NET,
            "relu.yaml": "input: [1, -2]\nlayers: [relu]\n",
            "shared.yaml": "input: [[1, 2], [3, 4]]\nlayers:\n"
            "  - conv: {name: a, weights: s, out_channels: 1, kernel_size: 1, bias: false}\n"
            "  - conv: {name: b, weights: s, out_channels: 1, kernel_size: 1, bias: false}\nweights: {file: s.npz}\n",
        }
    )
    arrays: dict[str, Any] = {"s.weight": np.ones((1, 1, 1, 1))}
    np.savez(cli.folder / "s.npz", **arrays)
    for words, message in REFUSED.items():
        done = cli.run("learn", *words.split())
        assert done.code in (1, 2), words
        assert message in done.err.partition("hint: ")[0].replace("\n", " "), (words, done.err)
        assert "hint: " in done.err, words
