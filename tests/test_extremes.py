"""Extreme numbers in every numeric field and option: an answer or a refusal of ours, never another program's words."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import convcalc
from convcalc.errors import ConvcalcError
from convcalc.geometry.arguments import whole
from convcalc.numerals import exact_text, is_finite, nearest_float

NUMBERS = {
    "zero": "0",
    "minus zero": "-0.0",
    "minus one": "-1",
    "a third": "1/3",
    "a fraction of long numbers": f"{3**100}/{2**150}",
    "denormal": "1e-320",
    "1e308": "1e308",
    "-1e308": "-1e308",
    "310 digits": "1" + "0" * 310,
    "-310 digits": "-1" + "0" * 310,
    "4,001 digits": "9" * 4001,
    "2^53": str(2**53),
    "2^63": str(2**63),
    "-2^63": str(-(2**63)),
    "2^64": str(2**64),
    "nan": "nan",
    "inf": "inf",
    "-inf": "-inf",
}

PROBLEM = {"input": "[[1, 2, 3], [4, 5, 6], [7, 8, 9]]", "kernel": "[[1, 0], [0, -1]]"}


def problem(**fields: str) -> Callable[[str], str]:
    """A problem file with the number in place of every N."""
    text = "".join(f"{name}: {value}\n" for name, value in {**PROBLEM, **fields}.items())
    return lambda number: text.replace("N", number)


def network(
    layer: str, cells: str = "[[[1, 2, 3, 4], [4, 5, 6, 7], [7, 8, 9, 1], [1, 2, 3, 4]]]"
) -> Callable[[str], str]:
    """A file of one layer with the number in place of every N."""
    text = f"input: {cells}\nlayers:\n  - {layer}\n"
    return lambda number: text.replace("N", number)


FIELDS = {
    "an input cell": problem(input="[[1, 2, 3], [4, N, 6], [7, 8, 9]]"),
    "an input cell among floats": problem(input="[[1, 2, 3], [4, N, 6.5], [7, 8, 9]]"),
    "an input cell in float32": problem(input="[[1, 2, 3], [4, N, 6], [7, 8, 9]]", dtype="float32"),
    "a weight": problem(kernel="[[1, 0], [N, -1]]"),
    "a weight among floats": problem(kernel="[[1, 0.5], [N, -1]]"),
    "a weight in float64": problem(kernel="[[1, 0], [N, -1]]", dtype="float64"),
    "a cell and a weight": problem(input="[[1, 2, 3], [4, N, 6], [7, 8, 9]]", kernel="[[1, 0], [N, -1]]"),
    "all, exact": problem(kernel="[[1, 0], [N, -1]]", dtype="exact", bias="N", boundary="N", padding="1"),
    "a scale": problem(kernel="{weights: [[1, 0], [0, -1]], scale: N}"),
    "a scale of floats": problem(input="[[1, 2.5], [3, 4]]", kernel="{weights: [[1, 0], [0, -1]], scale: N}"),
    "kernels, one of fractions": problem(
        kernel="[{weights: [[1, N], [0, 1]]}, {weights: [[1/3, 0], [0, 1]], scale: N}]"
    ),
    "a bias": problem(bias="N"),
    "a bias of floats": problem(input="[[1, 2.5], [3, 4]]", bias="N"),
    "a bias in float32": problem(bias="N", dtype="float32"),
    "a stride": problem(stride="N"),
    "a stride by axis": problem(stride="[1, N]"),
    "a padding": problem(padding="N"),
    "a padding by side": problem(padding="[[0, N], [0, 0]]"),
    "a dilation": problem(dilation="N"),
    "a dilation that is padded": problem(dilation="N", padding="same"),
    "groups": problem(groups="N"),
    "dims": problem(dims="N"),
    "a boundary": problem(boundary="N", padding="1"),
    "a boundary of floats": problem(boundary="N", padding="1", input="[[1, 2.5], [3, 4]]"),
    "an expected cell": problem(expect="[[N, -4], [-4, -4]]"),
    "an expected position": problem(expect="{'N,0': 1}"),
    "a kernel's argument": problem(kernel="{name: gaussian, size: 3, sigma: N}"),
    "a kernel's size": problem(kernel="{name: gaussian, size: N}"),
    "a kernel's rank": problem(kernel="{name: box, rank: N}"),
    "a transformation": problem(kernel="'sobel-x+scale:N'"),
    "a share": problem(kernel="'high-boost:N'"),
    "a size of zeros": problem(input="{zeros: [N, 3]}"),
    "a seed": problem(input="{random: [3, 3], seed: N}"),
    "a setting": problem(input="{zeros: [3, 3], set: {'1, 1': N}}"),
    "a setting's place": problem(input="{zeros: [3, 3], set: {'N, 1': 1}}"),
    "a layer's weight": network("conv: {weight: [[[[1, 0], [0, N]]]], bias: [1]}"),
    "a layer's bias": network("conv: {weight: [[[[1, 0], [0, 2]]]], bias: [N]}"),
    "a layer's stride": network("conv: {weight: [[[[1, 0], [0, 2]]]], stride: N}"),
    "a layer's boundary": network("conv: {weight: [[[[1, 0], [0, 2]]]], padding: 1, boundary: N}"),
    "output padding": network("transposed-conv: {weight: [[[[1, 0], [0, 2]]]], stride: 2, output_padding: N}"),
    "a transposed weight": network("transposed-conv: {weight: [[[[1, 0], [0, N]]]], bias: [N]}"),
    "a window": network("max-pool: {kernel_size: N}"),
    "a window's padding": network("average-pool: {kernel_size: 2, padding: N}"),
    "a divisor": network("average-pool: {kernel_size: 2, divisor: N}"),
    "a slope": network("leaky-relu: {negative_slope: N}", "[[[-1, 2], [0, -5]]]"),
    "a slope of floats": network("leaky-relu: {negative_slope: N}", "[[[-1, 2], [0, -5.5]]]"),
    "a cell of relu": network("relu", "[[[1, 2], [N, -5]]]"),
    "a cell of sigmoid": network("sigmoid", "[[[1, 2], [N, -5]]]"),
    "a cell of tanh": network("tanh", "[[[1, 2.5], [N, -5]]]"),
    "a cell of softmax": network("softmax", "[[[1, 2.5], [N, -5]]]"),
    "a mean of pooling": network("average-pool: 2", "[[[1, 2], [N, -5]]]"),
    "a variance": network("batch-norm: {weight: [1], bias: [N], running_mean: [N], running_var: [N]}"),
    "an epsilon": network("batch-norm: {weight: [1], bias: [0], running_mean: [0], running_var: [1], eps: N}"),
    "a linear weight": network("linear: {weight: [[1, N, 3], [N, 1, 1]], bias: [1, N]}", "[1, 2, 3]"),
    "a factor": network("upsample: {scale_factor: N}"),
    "sizes of a shape": network("conv: {out_channels: N, kernel_size: 3, padding: 1}", "{shape: [N, N, N]}"),
    "features of a shape": network("linear: N", "{shape: [3]}"),
}

COMMANDS = [
    "run f.yaml",
    "run f.yaml --explain --format plain",
    "run f.yaml --format json",
    "run f.yaml --format csv",
    "run f.yaml --show --format markdown",
    "run f.yaml --format latex",
    "run f.yaml -q -o o.json",
    "run f.yaml -q -o o.yaml",
    "run f.yaml -q -o o.csv",
    "run f.yaml -q -o o.npy",
    "run f.yaml -q -o o.npz",
    "run f.yaml -q -o o.png",
    "run f.yaml -q -o o.svg",
    "run f.yaml --dtype float32 --precision fast",
    "trace f.yaml --pos 0,0",
    "trace f.yaml --pos 0,0 --format json",
    "trace f.yaml --all --format csv",
    "trace f.yaml --all --format latex",
    "uses f.yaml --pos 1,1",
    "uses f.yaml --pos 1,1 --format json",
    "uses f.yaml --adjoint",
    "matrix f.yaml",
    "matrix f.yaml --im2col --format json",
    "plan f.yaml",
    "plan f.yaml --format json --precision fast",
    "summary f.yaml",
    "summary f.yaml --format json",
    "check f.yaml",
    "gallery f.yaml --family edge --format csv",
]

OPTIONS = {
    **{f"run {name}": f"run f.yaml {name} N" for name in ("--stride", "--padding", "--dilation", "--groups", "--dims")},
    **{f"run {name}": f"run f.yaml {name} N" for name in ("--bias", "--boundary", "--threads", "--dtype", "--engine")},
    **{
        f"gallery {name} in {form}": f"gallery f.yaml --kernel box {name} N --format {form}"
        for name in ("--stride", "--padding", "--dilation", "--boundary")
        for form in ("json", "table")
    },
    **{
        f"run --dilation by {name}": f"run --kernel sharpen --padding same --dtype float32 --dilation N --engine {name}"
        for name in convcalc.ENGINES
    },
    "run --kernel": "run f.yaml --kernel [[1,0],[0,N]]",
    "run --limit": "run f.yaml --limit memory=N",
    "plan --padding": "plan f.yaml --padding N,N",
    "plan of a large kernel": "plan large.yaml --kernel [[1,0,2],[0,N,0],[2,0,1]]",
    "run of kernels with and without fractions": "run large.yaml --kernel [[1/3,0],[0,1]] --kernel [[1,0],[0,N]]",
    "planes with and without fractions": "run large.yaml --dims 2 --kernel [[[1/3,0],[0,1]],[[1,0],[0,N]]]",
    "json of a large kernel": "run large.yaml --kernel [[1,0,2],[0,N,0],[2,0,1]] --format json",
    "trace --pos": "trace f.yaml --pos N,0",
    "trace --channel": "trace f.yaml --pos 0,0 --channel N",
    "uses --seed": "uses f.yaml --adjoint --seed N",
    "matrix --batch": "matrix f.yaml --batch N",
    "summary --input": "summary f.yaml --input 1xNxN",
    "summary --batch": "summary f.yaml --batch N",
    **{f"params {name}": f"params --cin 3 --cout 4 -k 3 {name} N" for name in ("--cin", "--cout", "-k", "--groups")},
    **{f"params {name}": f"params --cin 3 --cout 4 -k 3 --size 8x8 {name} N" for name in ("--stride", "--padding")},
    "params --size": "params --cin 3 --cout 4 -k 3 --size NxN",
    "solve": "solve N 112",
    **{f"solve {name}": f"solve 224 112 {name} N" for name in ("-k", "--stride", "--padding", "--dilation", "--most")},
    "kernels --rank": "kernels --rank N",
    **{
        f"kernels {name}": f"kernels {name} --format json"
        for name in ("box:N", "gaussian:3,N", "disk:N", "motion:N", "motion:5,N", "log:5,N", "dog:5,1,N", "gabor:5,N")
    },
    **{f"kernels +{name}": f"kernels sobel-x+{name}:N" for name in ("rotate", "scale", "blend", "resize")},
    "kernels my": "kernels my --kernels . --format json",
    "kernels my -o yaml": "kernels my --kernels . -q -o o.yaml",
    "kernels my --format csv": "kernels my --kernels . --format csv",
    "kernels lint": "kernels lint my.yaml",
}
OWN_KERNEL = (
    "name: my\nweights: [[1, 0.5], [N, 1]]\nscale: N\nnamesakes: {opencv: {weights: [[N, 1]], scale: N, source: a}}\n"
)
LARGE = "input: {random: [60, 60]}\nkernel: sobel-x\n"

OURS = re.compile(r"(?:error|hint|note|wrote)\b.*|  .*|")
FOREIGN = re.compile(r"Traceback|[a-z]Warning|Errno|invalid literal|int too large|Exceeds the limit|src/convcalc|numpy")


def check_answer(cli, argv, case):
    """The exit code is one of ours, and so is every word."""
    done = cli.run(*argv)
    assert done.code in (0, 1, 2, 3), (case, argv, done)
    foreign = FOREIGN.search(done.err + done.out)
    assert not foreign, (case, argv, foreign)
    assert all(OURS.fullmatch(line) for line in done.err.splitlines()), (case, argv, done.err[:500])


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_takes_or_refuses_every_number(cli, name):
    """Each number in the field, each time with another command and format, ends in an answer or an error of ours."""
    first = list(FIELDS).index(name)
    for number, (case, text) in enumerate(NUMBERS.items()):
        command = COMMANDS[(7 * first + number) % len(COMMANDS)]
        cli.write({"f.yaml": FIELDS[name](text)})
        check_answer(cli, [*command.split(), *(["--force"] if "-o" in command else [])], case)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_takes_or_refuses_every_number(cli, name):
    """Each number after the option ends in an answer or an error of ours."""
    for case, text in NUMBERS.items():
        cli.write({"f.yaml": problem()(""), "large.yaml": LARGE, "my.yaml": OWN_KERNEL.replace("N", text)})
        argv = OPTIONS[name].split()
        check_answer(cli, [*(part.replace("N", text) for part in argv), *(["--force"] if "-o" in argv else [])], case)


class Other:
    """What no argument is."""


WRONG = {
    "None": None,
    "an empty text": "",
    "a text": "x",
    "bytes": b"x",
    "a number": 5,
    "a negative number": -(2**70),
    "a very long number": 10**5000,
    "a float": 1.5,
    "nan": float("nan"),
    "inf": float("inf"),
    "a complex number": 1j,
    "a truth": True,
    "a list": [],
    "a list of None": [None],
    "a ragged list": [[1], [2, 3]],
    "a tuple": (),
    "a mapping": {"a": 1},
    "a set": set(),
    "an object": Other(),
    "a class": Other,
    "a function": len,
    "a fraction": Fraction(1, 3),
    "an empty array": np.zeros((0, 3)),
    "an array of texts": np.array(["a"]),
    "an array of None": np.array([None]),
    "an array without axes": np.array(1.5),
    "a complex array": np.array([1j]),
    "a date": np.datetime64("2020-01-01"),
    "half of a surrogate pair": "\ud800",
}
CELLS, WEIGHT = np.arange(25.0).reshape(1, 5, 5), np.ones((1, 1, 3, 3))
READY = convcalc.build_problem(CELLS[None], WEIGHT)
SETTINGS = ("bias", "stride", "padding", "dilation", "groups", "boundary", "flip")
GRADIENT = Path(__file__).parents[1] / "examples" / "gradient.yaml"
LOADED = convcalc.load(GRADIENT)
CALLS: dict[str, Callable[[object], object]] = {
    "conv input": lambda value: convcalc.conv(value, WEIGHT),
    "conv weight": lambda value: convcalc.conv(CELLS, value),
    **{
        f"conv {name}": lambda value, name=name: convcalc.conv(CELLS, WEIGHT, **{name: value})
        for name in (*SETTINGS, "engine", "precision", "threads")
    },
    **{
        f"trace {name}": lambda value, name=name: convcalc.trace(CELLS, WEIGHT, **{"position": (0, 0), name: value})
        for name in (*SETTINGS, "position", "channel", "batch")
    },
    **{
        f"build_problem {name}": lambda value, name=name: convcalc.build_problem(CELLS[None], WEIGHT, **{name: value})
        for name in ("scale", "dtype", "labels")
    },
    **{
        f"run of a file, {name}": lambda value, name=name: LOADED.run(**{name: value})
        for name in ("layer", "keep", "engine", "precision", "threads")
    },
    **{
        f"trace of a file, {name}": lambda value, name=name: LOADED.trace(**{"position": (0, 0), name: value})
        for name in ("position", "layer", "channel", "batch", "depth")
    },
    **{
        f"uses of a file, {name}": lambda value, name=name: LOADED.uses(**{"position": (0, 0), name: value})
        for name in ("position", "layer", "channel", "batch")
    },
    "summary of a file": LOADED.summary,
    "load": convcalc.load,
    "make_plan": lambda value: convcalc.make_plan(READY, value),
    "kernel": convcalc.kernel,
    "read_request": lambda value: convcalc.read_request(value) if value is not None else None,
    "trace_at": lambda value: convcalc.trace_at(READY, value),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_argument_of_a_wrong_type_is_told(name):
    """Whatever an argument is given, the function takes it or raises an error of ours, without a warning."""
    for case, value in WRONG.items():
        try:
            CALLS[name](value)
        except ConvcalcError:
            continue
        except Exception as error:
            pytest.fail(f"{name} of {case}: {type(error).__name__}: {error}")


def test_a_wrong_type_is_named():
    """The message says which argument it is, what it takes and what was given."""
    for argument, call in (
        ("engine", lambda: convcalc.conv(CELLS, WEIGHT, engine=None)),
        ("precision", lambda: convcalc.conv(CELLS, WEIGHT, precision=[])),
        ("kernel", lambda: convcalc.kernel(5)),
        ("layer", lambda: LOADED.run(5)),
        ("layer", lambda: LOADED.trace((0, 0), [])),
        ("layer", lambda: LOADED.uses((0, 0), 5)),
    ):
        with pytest.raises(ConvcalcError, match=rf"^{argument} must be a text, got (None|\[\]|5)$"):
            call()


def test_a_path_is_a_text_or_a_path():
    """Not the name of a file that is not there."""
    with pytest.raises(ConvcalcError, match=r"^path must be a text or a path, got 5$"):
        convcalc.load(5)


@pytest.mark.parametrize("batch", [0, -1, 2.5, "a", None, True])
def test_a_summary_of_no_number_of_samples_counts_nothing(batch):
    """A text would be repeated, and half a sample has half the MACs."""
    with pytest.raises(ConvcalcError, match=r"^batch must be a whole number >= 1, got"):
        LOADED.summary(batch)


def test_limits_of_the_environment_that_are_wrong_say_where_they_stand(monkeypatch):
    """In Python as on the command line."""
    monkeypatch.setenv("CONVCALC_LIMITS", "memory=much")
    with pytest.raises(ConvcalcError, match=r"^CONVCALC_LIMITS: limit 'much' is not an amount"):
        convcalc.load(GRADIENT)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_at_the_ends_of_their_floats_warn_of_nothing_foreign(dtype):
    """Convolutions of numbers at both ends of a float type give no warning but the one of ours."""
    ends = [0, -0.0, np.finfo(dtype).tiny / 4, np.finfo(dtype).max, -np.finfo(dtype).max, np.inf, np.nan, 1]
    cells = np.resize(np.array(ends, dtype), (1, 40, 40))
    for weight in ends:
        kernel = np.full((1, 1, 3, 3), weight, dtype)
        for name, engine in convcalc.ENGINES.items():
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="the output is too large for its floats")
                try:
                    convcalc.conv(cells, kernel, bias=[weight], engine=name)
                except ConvcalcError as error:
                    assert str(error), engine


FLOATS = [
    (10**310, float("inf")),
    (-(10**5000), float("-inf")),
    (Fraction(10**400, 10**399), 10.0),
    (Fraction(1, 10**400), 0.0),
    (float("inf"), float("inf")),
    (2**53 + 1, float(2**53)),
]


@pytest.mark.parametrize(("number", "value"), FLOATS, ids=range(len(FLOATS)))
def test_every_number_has_a_nearest_float(number, value):
    """Beyond the floats that is an infinity, and a quotient of long numbers is no longer than it is."""
    assert nearest_float(number) == value
    assert is_finite(number) == (number != float("inf"))


@pytest.mark.parametrize("digits", [1, 4299, 4300, 4301, 9000])
def test_every_number_has_a_text(digits):
    """All digits of whole numbers and fractions, of more too than Python writes."""
    assert exact_text(10**digits) == "1" + "0" * digits
    assert exact_text(Fraction(-(10**digits), 3)) == "-1" + "0" * digits + "/3"


def test_whole_arguments_end_where_their_products_would_be_too_long_to_write():
    """A size, stride or count below 10**100 is taken, one that is not is refused."""
    assert whole("stride", 10**100 - 1, 1) == 10**100 - 1
    with pytest.raises(
        ConvcalcError, match=r"^stride must be a whole number below 10\*\*100, got a number of more than"
    ):
        whole("stride", 10**100, 1)
