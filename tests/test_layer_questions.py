"""Questions about layers that are no convolutions: answers by NumPy and PyTorch's definitions, mistakes diagnosed."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.context import Context
from convcalc.layers.network import Network
from convcalc.quiz.kinds import KINDS
from convcalc.quiz.layer_subject import LayerSubject
from convcalc.quiz.marking import Verdict, mark
from convcalc.quiz.questions import Choice, Quiz, draw
from convcalc.quiz.subjects import subjects_of
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve

INPUT = np.array([[[-4, -3, 2, 7], [-1, -5, -6, 5], [-2, 8, 3, -1], [9, -4, 6, 2]]])
FILE = f"""
input: {INPUT.tolist()}
layers:
  - relu
  - max-pool: {{kernel_size: 3, stride: 2, padding: 1, name: largest, input: input}}
  - avg-pool: {{kernel_size: 2, stride: 1, padding: 1, name: mean, input: input}}
  - relu6: {{input: input}}
  - batch-norm: {{input: input, eps: 0, weight: [3], bias: [1], running_mean: [2], running_var: [4]}}
  - add: [relu1, input]
  - flatten
  - linear: {{weight: [{[*range(16)]}, {[*range(15, -1, -1)]}], bias: [5, -7]}}
"""
KIND_OF = {"relu": "relu1", "relu6": "relu61", "batch-norm": "batch-norm1", "add": "add1"}


@pytest.fixture
def network(cli: CommandLine) -> Network:
    """A layer of each kind with a cell that is asked for, on the same input."""
    cli.write({"net.yaml": FILE})
    return resolve(read_request(str(cli.folder / "net.yaml"), Context()), Context())


def quiz_of(network: Network, layer: str, kind: str, count: int = 200) -> Quiz:
    """All questions of a kind about a layer."""
    subjects = subjects_of(network, Context(), network.number(layer))
    return draw(subjects, Choice(count, (kind,)))


def padded(value: float) -> np.ndarray:
    """The plane with a border."""
    return np.pad(INPUT[0].astype(float), 1, constant_values=value)


def expected() -> dict[str, np.ndarray]:
    """The output of every layer, from its definition."""
    plane, zeros, none = INPUT[0], padded(0), padded(-np.inf)
    flat = (plane - 2) / 2 * 3 + 1 + np.maximum(plane, 0) + plane  # the layer before, and the two that are named
    weight = np.array([range(16), range(15, -1, -1)])
    return {
        KIND_OF["relu"]: np.maximum(plane, 0),
        "largest": np.array([[none[2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max() for j in range(2)] for i in range(2)]),
        "mean": np.array([[zeros[i : i + 2, j : j + 2].mean() for j in range(5)] for i in range(5)]),
        KIND_OF["relu6"]: np.clip(plane, 0, 6),
        KIND_OF["batch-norm"]: (plane - 2) / 2 * 3 + 1,
        KIND_OF["add"]: flat,
        "linear1": weight @ flat.reshape(-1) + [5, -7],
    }


def test_every_cell_is_what_the_definition_gives(network: Network) -> None:
    """All of them, each asked once; written as a number or a decimal the answer is right."""
    for layer, output in expected().items():
        quiz = quiz_of(network, layer, "layer-cell")
        assert len(quiz.questions) > output.size // 2, layer
        for question in quiz.questions:
            spot = question.asked.spot
            place = spot.place or (spot.channel,)
            assert question.right == pytest.approx(output[place]), question.text
            assert mark(question, str(float(output[place]))).is_right, question.text


def test_modelled_mistakes_are_diagnosed_as_themselves(network: Network) -> None:
    """What each makes of the numbers, written down here, is told by its words; a number of none is not."""
    mistakes = {
        KIND_OF["relu"]: {"the activation forgotten": lambda i, j: INPUT[0, i, j]},
        "largest": {
            "the smallest taken, not the largest": lambda i, j: windows(i, j, 2, 3).min(),
            "the mean taken, not the largest": lambda i, j: Fraction(
                int(windows(i, j, 2, 3).sum()), windows(i, j, 2, 3).size
            ),
            "the padding taken for zeros, which can be the largest": lambda i, j: padded(0)[
                2 * i : 2 * i + 3, 2 * j : 2 * j + 3
            ].max(),
        },
        "mean": {
            "the padding not counted": lambda i, j: Fraction(int(windows(i, j, 1, 2).sum()), windows(i, j, 1, 2).size),
            "the sum not divided": lambda i, j: windows(i, j, 1, 2).sum(),
            "the largest taken, not the mean": lambda i, j: windows(i, j, 1, 2).max(),
        },
        KIND_OF["relu6"]: {"not cut off above": lambda i, j: max(INPUT[0, i, j], 0)},
        KIND_OF["batch-norm"]: {
            "the mean not subtracted": lambda i, j: INPUT[0, i, j] / 2 * 3 + 1,
            "divided by the variance, not by its root": lambda i, j: (INPUT[0, i, j] - 2) / 4 * 3 + 1,
            "the bias forgotten": lambda i, j: (INPUT[0, i, j] - 2) / 2 * 3,
            "the weight forgotten": lambda i, j: (INPUT[0, i, j] - 2) / 2 + 1,
        },
        KIND_OF["add"]: {"one of the inputs alone": lambda i, j: INPUT[0, i, j]},
    }
    for layer, known in mistakes.items():
        told = set()
        for question in quiz_of(network, layer, "layer-cell").questions:
            for words, made in known.items():
                value = made(*question.asked.spot.place)
                found = mark(question, str(value))
                if value != question.right:
                    assert (found.verdict, words in found.mistakes) == (Verdict.MISTAKE, True), (layer, words, value)
                    told.add(words)
            assert mark(question, "12345.678").verdict is Verdict.UNKNOWN
        assert told == set(known), layer
    first, second = sorted(
        quiz_of(network, "linear1", "layer-cell").questions, key=lambda each: each.asked.spot.channel
    )
    assert mark(first, str(first.right - 5)).mistakes == ("the bias forgotten",)
    assert mark(first, str(second.right)).mistakes == ("the weights of another output taken",)


def windows(row: int, column: int, stride: int, size: int) -> np.ndarray:
    """The cells of the input under a window with a padding of 1."""
    top, left = row * stride - 1, column * stride - 1
    return INPUT[0, max(top, 0) : top + size, max(left, 0) : left + size]


def test_shapes_windows_and_counts(network: Network) -> None:
    """Read off the definitions; a forgotten setting is diagnosed."""
    rows = {
        ("layer-shape", "largest"): ("1x2x2", {"1x4x4": "the stride ignored", "1x1x1": "the padding forgotten"}),
        ("layer-shape", "flatten1"): ("16", {"1": "the channels counted alone"}),
        ("layer-parameters", "linear1"): ("34", {"32": "the bias forgotten"}),
        ("layer-parameters", KIND_OF["batch-norm"]): ("2", {"4": "the running statistics counted too"}),
        ("layer-parameters", "largest"): ("0", {"9": "the places of a window taken for weights"}),
        ("layer-macs", "linear1"): ("32", {"34": "the biases counted too"}),
    }
    for (kind, layer), (right, wrong) in rows.items():
        (question,) = quiz_of(network, layer, kind).questions
        assert mark(question, right).is_right, question.text
        for text, words in wrong.items():
            assert words in mark(question, text).mistakes, (question.text, text)
    question = next(
        each for each in quiz_of(network, "largest", "layer-slice").questions if each.asked.spot.place == (1, 0)
    )
    assert mark(question, "1:4, -1:2").is_right
    assert mark(question, "0:3, -1:2").mistakes == ("the stride ignored",)
    assert mark(question, "2:5, 0:3").mistakes == ("the padding forgotten",)


def test_a_kind_is_asked_of_all_layers(cli: CommandLine) -> None:
    """``shape`` is of convolutions and others; the page tells each layer and the numbers of its cells, not answers."""
    layers = "\n".join(
        ("- conv: {weight: [[[[1, 2], [3, 4]]]], name: first}", "- relu", "- max-pool: 2", "- flatten", "- linear: 3")
    )
    cli.write({"n.yaml": f"input: {{arange: [1, 5, 5]}}\nweights: {{random: 1}}\nlayers:\n{layers}\n"})
    found = json.loads(cli.run("quiz", "n.yaml", "--kind", "shape", "--count", "20", "--format", "json").out)
    assert {each["layer"] for each in found["questions"]} == {"first", "relu1", "max-pool1", "flatten1", "linear1"}
    assert {each["kind"] for each in found["questions"]} == {"shape", "layer-shape"}
    page = cli.run("quiz", "n.yaml", "--kind", "layer-cell", "--count", "20", "--format", "plain", "--key", "none").out
    assert "window 2×2, stride 2, no" in page
    assert all(each in page for each in ("inputs ", "weights ", "bias "))
    assert cli.run("quiz", "n.yaml", "--kind", "layer-cell", "--layer", "first").code == 2


def test_layers_without_numbers_are_asked_for_shapes(cli: CommandLine) -> None:
    """And no cell of them; a layer that no kind computes is not asked about."""
    cli.write(
        {
            "n.yaml": "input: {shape: [3, 8, 8]}\nlayers: [conv: 4, max-pool: 2]\n".replace(
                "conv: 4", "conv: {out_channels: 4, kernel_size: 3}"
            )
        }
    )
    done = cli.run("quiz", "n.yaml", "--kind", "layer-cell")
    assert (done.code, "no question of this kind can be asked here" in done.err) == (2, True)
    assert cli.run("quiz", "n.yaml", "--kind", "layer-shape").code == 0
    rows = {name for name, kind in KINDS.items() if kind.of_layers}
    assert rows == {each for each in KINDS if each.startswith("layer-")}
    assert LayerSubject.__dataclass_fields__["read"].default is None
