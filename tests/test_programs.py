"""Programs of every library: written for a table of problems, run, and their assertions seen to hold and to fail."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import yaml

from convcalc.context import STANDARD
from convcalc.errors import DataError
from convcalc.layers.basic import is_common
from convcalc.layers.network import InputTensor
from convcalc.programs.literals import array_literal, docstring, identifier, number_literal
from convcalc.programs.subject import Subject, subject_of
from convcalc.programs.table import LIBRARIES, write_program
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve
from layer_cases import NUMBERS
from program_problems import EVERY, REFUSED
from random_networks import random_network

PACKAGES = {
    "numpy": ("numpy",),
    "scipy": ("scipy",),
    "torch": ("torch",),
    "keras": ("keras", "jax"),
    "jax": ("jax",),
    "onnx": ("onnx", "onnxruntime"),
    "opencv": ("cv2",),
    "skimage": ("skimage",),
}
# Runs each program, then its assertion again with another number wanted, which must fail.
RUNNER = """
import contextlib, io, json, runpy, sys
failed = {}
for path in json.loads(sys.stdin.read()):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            names = runpy.run_path(path)
        lines = open(path, encoding="utf-8").read().splitlines()
        (assertion,) = [line for line in lines if line.startswith(("assert ", "np.testing."))]
        expected = names["expected"]
        change = max(1.0, float(abs(expected.astype(float))[expected == expected].max())) if expected.size else 1
        names["expected"] = expected + (change if change < float("inf") else 1)
        if (expected == expected).any() and change < float("inf"):
            try:
                exec(assertion, names)
            except AssertionError:
                pass
            else:
                failed[path] = "its assertion holds for other numbers too"
    except BaseException as error:
        failed[path] = f"{type(error).__name__}: {error}"[:500]
print(json.dumps(failed))
"""


@cache
def subject(name: str) -> Subject:
    """What the program of a problem is about."""
    return subject_from(yaml.safe_dump(EVERY[name], allow_unicode=True))


def subject_from(text: str) -> Subject:
    """What the program of a file is about."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problem.yaml"
        path.write_text(text, encoding="utf-8")
        found = resolve(read_request(str(path), STANDARD), STANDARD)
        context = STANDARD._replace(dtype=found.dtype)
        network = found.as_problem(context)
        return subject_of(network, network.input(), len(network.stages) - 1, context)


def executed(source: str) -> dict[str, object]:
    """The names of a NumPy program after it has run here."""
    names: dict[str, object] = {"__name__": "__main__"}
    with redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        exec(compile(source, "<program>", "exec"), names)
    return names


def test_the_table_is_large_enough():
    assert len(EVERY) >= 60
    assert set(PACKAGES) == set(LIBRARIES)


@pytest.mark.oracle
@pytest.mark.parametrize("library", LIBRARIES)
def test_every_program_gets_its_output(library, tmp_path):
    """In a process of its own, once for all; what a library refuses is said, and known here."""
    missing = [each for each in PACKAGES[library] if find_spec(each) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    paths, refused = [], []
    for name in EVERY:
        try:
            program = write_program(library, subject(name), f"{name}.npz")
        except DataError as error:
            refused.append(name)
            assert error.hint
            continue
        path = tmp_path / f"{name}.py"
        path.write_text(program.source, encoding="utf-8")
        if program.arrays:
            np.savez(tmp_path / f"{name}.npz", **program.arrays)
        paths.append(str(path))
    assert refused == REFUSED.get(library, [])
    done = subprocess.run(
        [sys.executable, "-c", RUNNER], input=json.dumps(paths), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {}
    assert "Warning" not in done.stderr


@pytest.mark.parametrize("name", EVERY)
def test_whole_numbers_are_equal_to_the_last_digit(name):
    """Whole numbers and fractions are computed as they are; the dtype is said."""
    found = subject(name)
    program = write_program("numpy", found, "none.npz")
    if program.arrays:
        pytest.skip("its arrays are in a file")
    assert ("assert np.array_equal" in program.source) == found.numbers.is_exact
    output = executed(program.source)["output"]
    wanted = found.output.reshape(np.shape(output))
    if found.numbers.is_exact:
        assert output.tolist() == wanted.tolist()
    else:
        np.testing.assert_allclose(output, wanted, atol=1e-5)
    assert f"dtype={found.numbers.value}" in program.source


@pytest.mark.parametrize("seed", range(30))
def test_random_problems_by_the_loops(seed):
    """Ranks, channels, groups, strides, padding, boundaries and turning at random: equal to the engine."""
    rng = np.random.default_rng(seed)
    rank, groups = int(rng.integers(1, 4)), int(rng.choice([1, 2]))
    ins, outs = groups * int(rng.integers(1, 3)), groups * int(rng.integers(1, 3))
    taps = rng.integers(1, 4, rank).tolist()
    problem = {
        "input": {"random": [int(rng.integers(1, 3)), ins, *rng.integers(4, 7, rank).tolist()], "seed": seed,
                  "low": -9, "high": 9},
        "dims": rank,
        "kernel": {"random": [outs, ins // groups, *taps], "seed": seed + 1, "low": -9, "high": 9},
        "groups": groups,
        "stride": rng.integers(1, 3, rank).tolist(),
        "dilation": rng.integers(1, 3, rank).tolist(),
        "padding": rng.integers(1, 4, (rank, 2)).tolist(),
        "boundary": str(rng.choice(["zeros", "reflect", "symmetric", "replicate", "circular"])),
        "flip": bool(rng.integers(2)),
        "bias": int(rng.integers(-3, 4)),
    }  # fmt: skip
    found = subject_from(yaml.safe_dump(problem))
    program = write_program("numpy", found, "none.npz")
    if not program.arrays:
        output = executed(program.source)["output"]
        assert output.reshape(found.output.shape).tolist() == found.output.tolist()


WRITTEN = [
    *("conv", "pointwise", "depthwise", "transposed-conv", "linear", "bias", "batch-norm", "relu", "leaky-relu"),
    *("sigmoid", "tanh", "softmax", "max-pool", "avg-pool", "global-max-pool", "global-avg-pool", "adaptive-avg-pool"),
    *("upsample", "flatten", "add"),
]
"""Kinds of layers that programs are written for."""


def test_what_no_program_is_written_for_is_told(cli):
    """In a sentence, with the layer."""
    cli.write({"n.yaml": "input: [[1, 2]]\nlayers:\n  - silu\n"})
    done = cli.run("code", "n.yaml")
    assert (done.code, done.err) == (
        1,
        "error: no program is written for a layer silu\nhint: --layer NAME ends the program at a layer before it\n",
    )


@pytest.mark.parametrize("seed", range(40))
def test_random_networks(seed):
    """Layers that fit upon each other, of every kind of numbers, one sample or two, by NumPy's loops."""
    numbers = list(NUMBERS.values())[seed % len(NUMBERS)]
    network = random_network(seed, numbers, WRITTEN, 4)
    if any(getattr(stage.layer, "is_shared", False) for stage in network.stages):
        return  # one number for all channels is refused
    if not all(is_common(stage.layer) for stage in network.stages):
        return  # windows of several sizes are refused, too
    cells = numbers.draw(np.random.default_rng(seed), (1 + seed % 2, *network.input_shape))
    network = replace(network, tensor=InputTensor(cells), dtype=numbers.dtype)
    context = STANDARD._replace(dtype=numbers.dtype)
    try:
        found = subject_of(network, network.input(), len(network.stages) - 1, context)
    except DataError:  # numbers that no fraction is, where fractions are asked for
        return
    program = write_program("numpy", found, "none.npz")
    assert executed(program.source)["output"].shape == found.output[0 if len(cells) == 1 else slice(None)].shape


def test_a_program_is_short_and_readable():
    """The loops of the definition are those of a textbook, line by line."""
    source = write_program("numpy", subject("sobel"), "none.npz").source
    assert len(source.splitlines()) < 45
    assert "    for i in range(out_H):\n        for j in range(out_W):\n" in source
    assert "products = window * kernel" in source
    torch = write_program("torch", subject("sobel"), "none.npz").source
    assert "output = F.conv2d(I, K)\n" in torch


HOSTILE = (
    '"""; import os; os.system("true") #',
    '\\"""\nimport os',
    "# -*- coding: utf-7 -*-",
    "' + __import__('os').getcwd() + '",
    "{0} %s $HOME `id` <script>alert(1)</script> \\end{document} \u202e\u2028\x00\x1b[2J",
    "a\\",
    "\ud800",
    "x" * 5000,
)


def shape_of(source: str) -> str:
    """The syntax tree without texts and numbers."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = type(node.value).__name__
    return ast.dump(tree)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("library", LIBRARIES)
def test_texts_of_a_file_stay_texts(library, text):
    """A hostile title changes one constant of the syntax tree, and nothing that a terminal obeys is printed."""
    plain, hostile = (subject("sobel")._replace(headline=f"{title}: cross-correlation") for title in ("A title", text))
    wanted, found = (write_program(library, each, "none.npz").source for each in (plain, hostile))
    assert shape_of(found) == shape_of(wanted)
    assert all(character.isprintable() or character == "\n" for character in found)
    assert compile(found.encode(), "x", "exec")


@pytest.mark.parametrize("name", ["print", "__import__", "a;b", "x", "I", "K", "conv_weight", "π", "3d", "class", "np"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_names_of_layers_become_names(library, name):
    """A layer's name is an identifier that hides nothing, and the program is otherwise the same."""
    layers = [{"conv": {"weight": [[1, 2]], "name": called}} for called in (name, "second", "last")]
    told, plain = (
        subject_from(yaml.safe_dump({"input": [[1, 2, 3, 4, 5]], "layers": layers, "dims": 2}, allow_unicode=True))
        for layers in (layers, [{"conv": {**layers[0]["conv"], "name": "first"}}, *layers[1:]])
    )
    names = [step.name for step in told.steps]
    assert len(set(names)) == 3 and all(each.isidentifier() and each not in dir(__builtins__) for each in names)
    source = write_program(library, told, "none.npz").source
    trees = [ast.parse(text) for text in (source, write_program(library, plain, "none.npz").source)]
    assert len(set(map(kinds, trees))) == 1


def kinds(tree: ast.AST) -> tuple[str, ...]:
    """The kinds of the nodes of a tree, in order."""
    return tuple(type(node).__name__ for node in ast.walk(tree))


@pytest.mark.parametrize("text", [*HOSTILE, "", "A title"])
def test_a_docstring_holds_any_text(text):
    (node,) = ast.parse(docstring(text)).body
    assert isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize("values", [[[1, 2], [30, -4]], [0.1, 1e300, -0.0], [float("inf")], [[[[5]]]], [2**70], [[]]])
def test_a_literal_is_its_array(values):
    array = np.array(values, dtype=object if values == [2**70] else None)
    assert eval(array_literal(array)) == array.tolist()


def test_numbers_that_no_program_takes():
    with pytest.raises(DataError, match="5,001 digits cannot be written"):
        number_literal(10**5000)


def test_names_do_not_meet():
    assert identifier("a b", ("a_b", "a_b_2"), "x") == "a_b_3"
    assert identifier("", (), "layer1") == "layer1"


def test_too_many_fractions_are_refused():
    text = "input: {random: [40, 40], seed: 1}\nkernel: {ones: [1, 1], scale: 1/3}\ndtype: exact\n"
    exact = subject_from(text.replace("seed: 1}", "seed: 1, low: 0, high: 9}"))
    with pytest.raises(DataError, match="fractions or whole numbers beyond 64 bits are too many"):
        write_program("numpy", exact, "none.npz")


def test_onnx_says_that_it_rounds():
    notes = write_program("onnx", subject("floats"), "none.npz").notes
    assert notes == ("ONNX Runtime convolves in float32 alone: numbers are rounded to 24 binary digits there.",)
    assert not write_program("onnx", subject("sobel"), "none.npz").notes


# --- the command


LARGE = "input: {random: [40, 40], seed: 1, low: 0, high: 9}\nkernel: sobel-x\ntitle: Large\n"


def run(path, folder):
    """A program in a process of its own, started elsewhere."""
    done = subprocess.run([sys.executable, str(path)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_program_is_saved_with_its_arrays(cli, tmp_path):
    """Both files or none; it runs from any folder."""
    cli.write({"large.yaml": LARGE})
    (tmp_path / "lessons").mkdir()
    done = cli.run("code", "large.yaml", "-o", "lessons/one.py")
    assert (done.code, done.out, done.err) == (0, "", "wrote lessons/one.py and lessons/one.npz\n")
    assert run(tmp_path / "lessons" / "one.py", tmp_path.parent).count("[") > 3
    assert sorted(each.name for each in (tmp_path / "lessons").iterdir()) == ["one.npz", "one.py"]
    again = cli.run("code", "large.yaml", "-o", "lessons/one.py")
    assert again.code == 1 and "exists" in again.err
    (tmp_path / "lessons" / "one.py").unlink()
    beside = cli.run("code", "large.yaml", "-o", "lessons/one.py")
    assert beside.code == 1 and "one.npz" in beside.err
    assert not (tmp_path / "lessons" / "one.py").exists()
    assert cli.run("code", "large.yaml", "-o", "lessons/one.py", "--force").code == 0


def test_nothing_half_written(cli, tmp_path, monkeypatch):
    """If the program cannot be written, its arrays are not there either."""
    from convcalc.errors import OutputError
    from convcalc.files import whole_file

    def fails(*_args, **_keywords):
        raise OutputError("cannot write it: the disk is full")

    cli.write({"large.yaml": LARGE})
    monkeypatch.setattr(whole_file, "write_lines", fails)
    assert cli.run("code", "large.yaml", "-o", "one.py").code == 1
    assert [each.name for each in tmp_path.iterdir()] == ["large.yaml"]


def test_a_program_is_printed_as_it_is(cli):
    """What is said of it goes to standard error."""
    done = cli.run("code", "--for", "skimage")
    assert done.err.startswith("note: scikit-image has no convolution with a kernel of one's own")
    assert done.out == write_program("skimage", gradient(), "program.npz").source
    cli.write({"large.yaml": LARGE})
    large = cli.run("code", "large.yaml")
    assert large.err == "note: its large arrays are read from program.npz: -o program.py saves both\n"


def gradient():
    """The built-in example."""
    return subject_from((Path(__file__).parents[1] / "examples" / "gradient.yaml").read_text())


@pytest.mark.slow
def test_the_documents_loop_and_its_replay(cli, tmp_path):
    """The loops of the 5×5 gradient come out of one command, the same by PyTorch out of another."""
    assert cli.run("code", "-o", "loop.py").code == 0
    wanted = "[[160 160 160]\n [240 240 240]\n [320 320 320]]\n"
    assert run(tmp_path / "loop.py", tmp_path) == wanted
    pytest.importorskip("torch")
    assert cli.run("code", "--for", "torch", "-o", "replay.py").code == 0
    assert "240. 240. 240." in run(tmp_path / "replay.py", tmp_path)


@pytest.mark.parametrize("form", ["json", "csv", "markdown", "latex"])
def test_every_format_has_the_lines(cli, form):
    done = cli.run("code", "--format", form)
    assert done.code == 0
    if form == "json":
        document = json.loads(done.out)
        assert document["schema"] == "convcalc.program/1"
        assert document["source"] == write_program("numpy", gradient(), "program.npz").source
    elif form == "csv":
        assert done.out.splitlines()[0] == "line,code,stands for"
    else:
        assert "np.sum(products)" in done.out.replace("\\_", "_")


@pytest.mark.slow
def test_nothing_of_another_library_is_imported():
    """The program of a library is written where that is not installed."""
    code = (
        "import sys; sys.argv = ['convcalc', 'code', '--for', sys.argv[1]]\n"
        "from convcalc.cli.app import run_app\nrun_app()\n"
        "assert not {'torch', 'jax', 'keras', 'cv2', 'scipy', 'skimage', 'onnxruntime'} & set(sys.modules)"
    )
    for library in ("torch", "onnx", "keras"):
        subprocess.run([sys.executable, "-c", code, library], check=True, capture_output=True)
