"""``convcalc schema``: it takes what the readers take, and refuses what they refuse where one value tells it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import CommandLine
from convcalc.errors import ConvcalcError
from convcalc.files.yaml_reader import Quoted, parse
from convcalc.layers.table import KINDS
from convcalc.limits import Limits
from convcalc.request.kernel_file import KEYS
from convcalc.request.layer_list import SEPARABLE
from convcalc.request.request import FIELDS, NETWORK_FIELDS
from convcalc.request.schema import SCHEMAS
from test_network_messages import REFUSED
from test_pages import FILES

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
KERNELS = sorted((ROOT / "kernels").glob("*.yaml"))
_CORE = (  # YAML 1.2.2, 10.3.2 "Tag Resolution", which editors follow
    (r"null|Null|NULL|~|", lambda _: None),
    (r"true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
    (r"[-+]?[0-9]+", int),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?\.(inf|Inf|INF)", lambda text: float(text.replace(".", ""))),
    (r"\.nan|\.NaN|\.NAN", lambda _: float("nan")),
)


def resolved(node: Any) -> Any:
    """A document as an editor sees it: plain scalars are the numbers and words of YAML 1.2."""
    if isinstance(node, dict):
        return {key: resolved(value) for key, value in node.items()}
    if isinstance(node, list):
        return [resolved(each) for each in node]
    if isinstance(node, Quoted):
        return str(node)
    return next((make(node) for pattern, make in _CORE if re.fullmatch(pattern, node)), str(node))


def faults(text: str, holds: str = "problem") -> list[str]:
    """What the schema says against a file."""
    jsonschema = pytest.importorskip("jsonschema", reason="checks the schema; the extra `test` has it")
    validator = jsonschema.Draft7Validator(SCHEMAS[holds]())
    try:
        document = resolved(parse(text, "f.yaml", Limits()))
    except ConvcalcError as error:  # it is no YAML, which an editor tells too
        return [error.message]
    return [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("holds", SCHEMAS)
def test_schemas_are_schemas(holds: str) -> None:
    """Each is itself what JSON Schema's draft 7 takes, and every name that it refers to is defined."""
    jsonschema = pytest.importorskip("jsonschema", reason="checks the schema; the extra `test` has it")
    document = SCHEMAS[holds]()
    jsonschema.Draft7Validator.check_schema(document)
    named = set(re.findall(r'"#/definitions/([a-z_]+)"', json.dumps(document)))
    assert named <= set(document["definitions"])


def test_schemas_speak_of_everything_that_the_readers_know() -> None:
    """Every field, kind of layer and key of a kernel file, with what it holds."""
    definitions = SCHEMAS["problem"]()["definitions"]
    for name, fields in (("problem", FIELDS), ("network", NETWORK_FIELDS)):
        properties = definitions[name]["properties"]
        assert {key: each["description"] for key, each in properties.items()} == fields
    alone, said = definitions["layer"]["anyOf"]
    assert list(said["properties"]) == [*KINDS, SEPARABLE]
    assert set(KINDS) - set(alone["enum"]) == {
        *("max-pool", "avg-pool", "adaptive-avg-pool", "upsample", "reshape", "permute", "pad"),
        *("channel-shuffle", "pixel-shuffle", "pixel-unshuffle", "add", "sub", "mul", "div", "concat"),
        *("take", "expand", "matmul", "adaptive-max-pool", "lp-pool"),
    }
    assert list(definitions["kernel_file"]["properties"]) == list(KEYS)
    pool = said["properties"]["avg-pool"]["anyOf"][-1]["properties"]
    assert pool["count_include_pad"]["default"] is True
    assert (
        definitions["layer"]["anyOf"][1]["properties"]["leaky-relu"]["anyOf"][-1]["properties"]["negative_slope"][
            "default"
        ]
        == "1/100"
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_taken(path: Path) -> None:
    """The shipped problems and networks."""
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_every_kernel_file_is_taken(path: Path) -> None:
    """The shipped kernels."""
    assert faults(path.read_text(encoding="utf-8"), "kernel") == []


def test_files_of_the_readme_are_taken() -> None:
    """Each of its blocks of YAML."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    assert [faults(block, "kernel" if block.startswith("name:") else "problem") for block in blocks] == [[]] * 3


# A layer of each kind, and every way to write what a field takes.
TAKEN = [
    "input: [1, 2]\ntitle: 5",
    "input: [[1, 1/2, sqrt(2)/2, -pi, 1e5, .inf, nan, -Infinity, '1/9']]",
    "input: {file: photo.png, nodata: keep}\nkernel: {file: k.csv, scale: 1/9}",
    "input: {file: x.csv, columns: [ax, 2], header: true, gaps: hold}\nkernel: [1, 0, -1]",
    "input: {random: 3x4, seed: 1, low: -5, high: 5, set: {'0, 1:3': 1/2, ':': 2}}\nkernel: box:5+zero-sum",
    "input: {zeros: 5, set: {-1: 2}}\nkernel: {name: gaussian, size: 5, sigma: 1.2, scale: 1/2}",
    "input: {ones: [2, 2]}\nkernel: [sobel-x, {weights: [[1]], scale: 1/4}, [[1, 2]]]\nbias: [1, 2.5, 1/2]",
    "input: {arange: [4, 4]}\nkernel: {ones: [3, 3], scale: 1/9}\npadding: same-lower\nboundary: reflect\nflip: yes",
    "input: {impulse: 5}\npadding: [1]\nboundary: {constant: 7}\nstride: 2\ndilation: [1]\ndtype: exact",
    "input: [[1, 2], [3, 4]]\npadding: [[1, 2], 0]\nboundary: -1/2\nexpect: {'0, 0': 5, ':, 1': 1/2}",
    "input: [[1, 2], [3, 4]]\nstride: 2x1\nbias: 1/2\ngroups: 1\ndepthwise: off\ndims: 1\nexpect: {file: out.npy}",
    "layers: [relu]",
    "input: {shape: 3x8x8}\nlayers: [conv, batch-norm, bias, relu: , sigmoid, tanh, softmax, flatten, linear]",
    "layers: [conv: 3, pointwise: 4, depthwise: 3, transposed-conv: 2, linear: 5, batch-norm: 0.1, leaky-relu: 1/10]",
    "layers: [max-pool: 2, avg-pool: [2, 3], adaptive-avg-pool: 2x2, upsample: 2, global-max-pool, global-avg-pool]",
    "layers: [relu: {name: a, input: input}, add: a, add: [a, input], add: {input: [a, add1], name: b}]",
    "layers: [conv: {weight: sobel-x, bias: 1}, conv: {weight: [sobel-x, [[1]]], bias: [1, 2], weights: features.0}]",
    "layers: [conv: {out_channels: 2, kernel_size: 3x5, stride: [1, 2], padding: full, dilation: 2, groups: 2}]",
    "layers: [batch-norm: {eps: 1/100, affine: false, running_mean: {file: m.npy}, running_var: 1}]",
    "layers: [avg-pool: {kernel_size: 2, stride: 1, padding: 1, ceil_mode: on, divisor_override: 3}]",
    "layers: [depthwise-separable: 4, depthwise-separable: {out_channels: 4, kernel_size: 3, boundary: 0, bias: no}]",
    "layers: [relu]\nweights: {file: w.npz}\nexpect: {parameters: 0, output_shape: [3, 8, 8], '0, 0, 0': 1}",
    "layers: [relu]\nweights: {random: 3}\ndtype: float32\nexpect: [[1, 2]]",
]


@pytest.mark.parametrize("text", [*TAKEN, *(each for name, each in FILES.items() if "input" in each)])
def test_every_way_to_write_a_field_is_taken(text: str) -> None:
    """What a reader takes is no mistake in an editor."""
    assert faults(text) == []


# Wrong in one value; the readers refuse each of them too.
WRONG = [
    "kernel: sobel-x",
    "input: []",
    "input: 5",
    "input: photo.png",
    "input: [[1, x]]",
    "input: [[1, null]]",
    "input: {}",
    "input: {file: a.npy, low: 1}",
    "input: {zeros: [2, 2], seed: 1}",
    "input: {zeros: [0, 2]}",
    "input: {random: 3, seed: 1/2}",
    "input: {ones: 4, set: {x: 1}}",
    "input: {ones: 4, set: {'0': x}}",
    "input: {twos: 4}",
    "input: {shape: [1, 2]}",
    "input: [1, 2, 3]\nkernl: [1]",
    "input: [1, 2, 3]\nkernel: 5",
    "input: [1, 2, 3]\nkernel: []",
    "input: [1, 2, 3]\nkernel: {}",
    "input: [1, 2, 3]\nkernel: {weights: [1], scal: 2}",
    "input: [1, 2, 3]\nkernel: {weights: [1], scale: two}",
    "input: [1, 2, 3]\nkernel: [1]\nbias: x",
    "input: [1, 2, 3]\nkernel: [1]\nstride: 0",
    "input: [1, 2, 3]\nkernel: [1]\nstride: 1.5",
    "input: [1, 2, 3]\nkernel: [1]\nstride: [two]",
    "input: [1, 2, 3]\nkernel: [1]\nstride: true",
    "input: [1, 2, 3]\nkernel: [1]\npadding: -1",
    "input: [1, 2, 3]\nkernel: [1]\npadding: smae",
    "input: [1, 2, 3]\nkernel: [1]\npadding: [[1, 2, 3]]",
    "input: [1, 2, 3]\nkernel: [1]\nboundary: mirror",
    "input: [1, 2, 3]\nkernel: [1]\nboundary: [1]",
    "input: [1, 2, 3]\nkernel: [1]\ndilation: 0",
    "input: [1, 2, 3]\nkernel: [1]\ngroups: [1]",
    "input: [1, 2, 3]\nkernel: [1]\nflip: 1",
    "input: [1, 2, 3]\nkernel: [1]\ndepthwise: maybe",
    "input: [1, 2, 3]\nkernel: [1]\ndims: 0",
    "input: [1, 2, 3]\nkernel: [1]\ndtype: float16",
    "input: [1, 2, 3]\nkernel: [1]\ntitle: [a]",
    "input: [1, 2, 3]\nkernel: [1]\nweights: {random: 0}",
    "input: [1, 2, 3]\nlayers: relu",
    "input: [1, 2, 3]\nlayers: []",
    "input: [1, 2, 3]\nkernel: [1]\nlayers: [relu]",
    "input: [1, 2, 3]\nkernel: [1]\nbias: [[1]]",
    "input: [1, [2]]",
    "input: [[1, 2], 3]",
    f"input: [1, 2, {'+'.join('1' * 101)}]",
    "input: [1, 2, 3]\nkernel: [1]\nexpect: {}",
    "input: [1, 2, 3]\nkernel: [1]\nexpect: {'0': x}",
    "input: {ones: [1, 4, 4]}\nlayers: [max-pool: {stride: 2}]",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_refused_by_both(cli: CommandLine, text: str) -> None:
    """An editor underlines what a command would refuse."""
    cli.write({"f.yaml": text})
    done = cli.run("check" if "expect" in text else "run", "f.yaml", "-q")
    assert (done.code, done.out) == (1, "")
    assert faults(text)


# What only the whole file tells, or another one: sizes that do not meet, names, what a weight says of its layer.
UNSAID = {
    "a tensor that its arguments leave out",
    "an argument is missing",
    "both arguments are missing",
    "arguments are missing in braces",
    "a stride too many",
    "groups that do not divide",
    "a kernel that does not fit",
    "a weight that does not fit",
    "linear before flatten",
    "conv after flatten",
    "sizes that cannot be added",
    "channels that cannot be added",
    "a name twice",
    "a name that is given before it is made",
    "a name that was made before it is given",
    "the name of a part",
    "the name of two parts",
    "a name of 201 characters",
    "a layer that comes after",
    "its own output",
    "a residual that comes after",
    "an unknown layer",
    "a name in no file",
    "an unknown kernel",
    "an unknown kernel of a list",
    "a ragged weight",
    "kernels of two sizes",
    "fewer kernels than output channels",
    "another size than the kernel's",
    "planes for other channels",
    "a bias of two for one",
    "a matrix for other features",
    "a row for a matrix",
    "a number for a matrix",
    "statistics for other channels",
    "depthwise-separable without a size",
    "depthwise-separable without channels",
    "dims against the shape",
}


@pytest.mark.parametrize(("name", "text"), [row[:2] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_networks_that_the_reader_refuses_are_refused(name: str, text: str) -> None:
    """Each in the table of the reader's messages, but for those of which no single value is wrong."""
    assert bool(faults(text)) == (name not in UNSAID)


def test_command_prints_and_saves(cli: CommandLine) -> None:
    """On standard output without a note; a file is JSON and is not replaced unasked."""
    done = cli.run("schema", "kernel")
    assert (done.code, done.err, json.loads(done.out)) == (0, "", SCHEMAS["kernel"]())
    saved = cli.run("schema", "-o", "convcalc.schema.json")
    assert (saved.code, saved.out, saved.err) == (0, "", "wrote convcalc.schema.json\n")
    assert json.loads((cli.folder / "convcalc.schema.json").read_text()) == SCHEMAS["problem"]()
    assert cli.run("schema", "-o", "convcalc.schema.json").code == 1
    assert cli.run("schema", "-o", "convcalc.schema.json", "--force", "-q").err == ""
    assert cli.run("schema", "-q").out == ""


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["layers"], 1, "error: unknown kind of file 'layers'\nhint: one of: kernel, problem\n"),
        (["-o", "s.yaml"], 1, "error: nothing is saved here as '.yaml'\nhint: one of: .json\n"),
    ],
)
def test_command_refuses(cli: CommandLine, argv: list[str], code: int, message: str) -> None:
    """Another kind of file, and a suffix that is not JSON's."""
    done = cli.run("schema", *argv)
    assert (done.code, done.out, done.err) == (code, "", message)
