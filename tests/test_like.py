"""The field ``like`` and its flag on the command line: lists, the commands that take it, and who refuses it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.conventions.table import CONVENTIONS

IMAGE = np.random.default_rng(7).integers(0, 256, (6, 7))
PROBLEM = f"input: {IMAGE.tolist()}\nkernel: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]\n"
LIKE = "cv2.filter2D:uint8"


def filtered() -> list[list[int]]:
    """Differences by loops: the border reflected, cut off at 0 and 255."""
    padded = np.pad(IMAGE, 1, mode="reflect")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    found: list[list[int]] = (rows[:, 2:] - rows[:, :-2]).clip(0, 255).tolist()
    return found


def test_the_functions_are_listed_and_each_is_told(cli: CommandLine) -> None:
    """Every one of the table is in the list, and has a page with a worked line; an unknown one is refused."""
    page = cli.run("like").out
    assert f"{len(CONVENTIONS)} functions" in page
    assert [row.split(",")[0] for row in cli.run("like", "--format", "csv").out.splitlines()[1:]] == list(CONVENTIONS)
    for name in CONVENTIONS:
        told = cli.run("like", name)
        assert told.code == 0, told.err
        assert told.out.startswith(f"{name}\n"), name
        assert "\nFor example " in told.out, name
    refused = cli.run("like", "cv2.filter2d.")
    assert refused.code == 2
    assert refused.err.startswith("error: unknown function of another program 'cv2.filter2d.'\n")


def test_run_check_and_summary_take_the_flag(cli: CommandLine) -> None:
    """The numbers are the function's, and what is checked and listed are they; without the flag they are not."""
    cli.write({"p.yaml": f"{PROBLEM}expect: {filtered()}\n"})
    made = cli.run("run", "p.yaml", "--like", LIKE, "--format", "json", "-o", "out.npy")
    assert made.code == 0, made.err
    assert np.load(cli.folder / "out.npy").squeeze().tolist() == filtered()
    assert cli.run("check", "p.yaml", "--like", LIKE).code == 0
    assert cli.run("check", "p.yaml").code == 1
    layers = json.loads(cli.run("summary", "p.yaml", "--like", LIKE, "--format", "json").out)["layers"]
    assert [(layer["kind"], layer["output_shape"]) for layer in layers] == [
        ("conv", [1, 1, 6, 7]),
        ("stored", [1, 1, 6, 7]),
    ]


def test_a_kernel_in_a_flag_makes_a_summary(cli: CommandLine) -> None:
    """A bare input has a kernel then; without one it is still refused."""
    np.save(cli.folder / "a.npy", IMAGE)
    assert "3×3" in cli.run("summary", "a.npy", "--kernel", "sobel-x", "--like", LIKE).out
    assert "there is neither a network nor a kernel in it" in cli.run("summary", "a.npy").err


def test_a_padding_that_looks_like_a_number_is_the_functions_word(cli: CommandLine) -> None:
    """In ncnn -233 is same and -234 same-lower; elsewhere they are no padding."""
    cli.write({"p.yaml": f"input: {IMAGE.tolist()}\nkernel: [[1, 2], [3, 4]]\n"})
    for said, ours in (("-233", "same"), ("-234", "same-lower")):
        made = cli.run("run", "p.yaml", "--like", "ncnn.Convolution", "--padding", said, "--format", "csv")
        plain = cli.run("run", "p.yaml", "--padding", ours, "--format", "csv")
        assert np.array_equal(numbers(made.out), numbers(plain.out)), said
    refused = cli.run("run", "p.yaml", "--like", "torch.nn.functional.conv2d", "--padding", "-233")
    assert "padding must be a whole number >= 0, got -233" in refused.err


def numbers(page: str) -> np.ndarray:
    """The numbers of a CSV page."""
    return np.loadtxt(page.splitlines(), delimiter=",")


@pytest.mark.parametrize(
    ("command", "text", "message"),
    [
        ("gallery", f"{PROBLEM}like: {LIKE}\n", "a gallery does not compute as another program does"),
        (
            "gallery",
            "input: [1, 2, 3, 4, 5, 6, 7]\nkernel: savitzky-golay:5,2\nboundary: interp\n",
            "boundary interp fits the ends of one savitzky-golay kernel's output, a gallery shows many kernels",
        ),
        ("run", f"input: {IMAGE.tolist()}\nlayers: [relu]\nlike: {LIKE}\n", "like is of a single convolution"),
    ],
)
def test_who_does_not_take_it_says_so(cli: CommandLine, command: str, text: str, message: str) -> None:
    """In a sentence, rather than showing numbers of another rule."""
    cli.write({"p.yaml": text})
    done = cli.run(command, "p.yaml")
    assert done.code != 0
    assert message in done.err
    assert not done.out


def test_an_array_with_a_function_is_held(cli: CommandLine) -> None:
    """Tiles and types of their own are refused by their flags."""
    np.save(cli.folder / "a.npy", IMAGE)
    for flag in ("--tile 3x3", "--output-dtype int16", "--saturate uint8"):
        done = cli.run("run", "a.npy", "--kernel", "sobel-x", "--like", LIKE, "-o", "out.npy", *flag.split())
        assert done.code != 0
        assert f"--like needs the whole output, {flag.split()[0]} computes it tile by tile" in done.err
        assert not (cli.folder / "out.npy").exists()
