"""Every kind of layer beside PyTorch and ONNX: shapes, numbers and refusals."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
import pytest

from convcalc.context import Context
from convcalc.errors import ConvcalcError
from convcalc.layers.kinds.quantised import RANGES
from convcalc.layers.layer import Layer
from convcalc.layers.table import KINDS
from layer_cases import (
    CHANNELS,
    FLAT,
    GRID,
    QUANTISED,
    REAL,
    SMALL,
    WHOLE,
    Case,
    cases,
    drawn,
    gaps,
    ranks,
    small_cases,
)

oracle = pytest.mark.oracle
REASON = "extra `oracle` is not installed"


@pytest.fixture(scope="module")
def torch() -> Any:
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason=REASON)


def tensor(torch: Any, values: Any) -> Any:
    """The numbers in float64, or float32 if they are."""
    array = np.asarray(values)
    return torch.from_numpy(np.ascontiguousarray(array if array.dtype == np.float32 else array.astype(np.float64)))


# PyTorch's own functions ------------------------------------------------------------------------------------------

Peer = Callable[[Any, list[Any], dict[str, Any], dict[str, Any]], Any]


def _conv(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    function = getattr(torch.nn.functional, f"conv{inputs[0].ndim - 2}d")
    names = {"stride", "padding", "dilation", "groups"}
    options = {name: value for name, value in told.items() if name in names}
    cells = inputs[0]
    if "boundary" in told:  # what torch.nn.Conv2d does with its padding_mode
        sides = (options.pop("padding"),) * 2 * (cells.ndim - 2)
        cells = torch.nn.functional.pad(cells, sides, mode=told["boundary"])
    return function(cells, values["weight"], values.get("bias"), **options)


def _depthwise(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    return _conv(torch, inputs, values, {**told, "groups": inputs[0].shape[1]})


def _transposed(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    function = getattr(torch.nn, f"ConvTranspose{inputs[0].ndim - 2}d")
    layer = function(inputs[0].shape[1], dtype=inputs[0].dtype, **told)
    return torch.func.functional_call(layer, values, inputs[0])


def _batch_norm(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    return torch.nn.functional.batch_norm(inputs[0], **values, eps=told.get("eps", 1e-5))


def _pool(name: str) -> Peer:
    def peer(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
        rank = inputs[0].ndim - 2
        layer = getattr(torch.nn, f"{name}{rank}d")
        if rank == 1 and "divisor_override" in told:  # AvgPool1d has none, but lines are planes of one row
            flat = {name: value for name, value in told.items() if name not in ("kernel_size", "stride", "padding")}
            taps, stride, padding = told["kernel_size"], told.get("stride"), told.get("padding", 0)
            plane = torch.nn.AvgPool2d((1, taps), (1, stride or taps), (0, padding), **flat)
            return plane(inputs[0].unsqueeze(2)).squeeze(2)
        return layer(**told)(inputs[0])

    return peer


def _global(name: str) -> Peer:
    return lambda torch, inputs, _values, _told: getattr(torch.nn, f"Adaptive{name}Pool{inputs[0].ndim - 2}d")(1)(
        inputs[0]
    )


def _function(name: str, **renamed: str) -> Peer:
    """A module of torch.nn without weights; ``renamed``: our names of arguments by its own."""

    def peer(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
        given = {renamed.get(key, key): float(v) if not isinstance(v, str | int) else v for key, v in told.items()}
        return getattr(torch.nn, name)(**given)(inputs[0])

    return peer


def _clip(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    least, most = float(told.get("min", -np.inf)), float(told.get("max", np.inf))
    if least == most:  # a Hardtanh refuses that
        return torch.clamp(inputs[0], least, most)
    return torch.nn.Hardtanh(least, most)(inputs[0])


def _over_axis(name: str) -> Peer:
    def peer(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
        axis = _axis(inputs[0], told)
        return getattr(torch.nn, name)(dim=axis)(inputs[0])

    return peer


def _axis(cells: Any, told: dict[str, Any]) -> int:
    """The axis with the batch counted; PyTorch's own IndexError is no refusal that is told from a mistake here."""
    axis = int(told.get("axis", 0)) + 1
    if axis >= cells.ndim:
        raise ValueError("there is no such axis")
    return axis


def _last_axes(name: str, default: float = 1e-5) -> Peer:
    def peer(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
        axes = inputs[0].ndim - 1
        dims = axes if told.get("dims") is None else told["dims"]
        if dims > axes:
            raise ValueError("there are not so many axes")
        function = getattr(torch.nn.functional, name)
        return function(inputs[0], inputs[0].shape[1 + axes - dims :], **values, eps=told.get("eps", default))

    return peer


def _slice(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    axis = _axis(inputs[0], told)
    cells = range(inputs[0].shape[axis])[slice(told.get("start"), told.get("stop"), told.get("step"))]
    if not cells:
        raise ValueError("nothing is left")
    return inputs[0].index_select(axis, torch.tensor(list(cells)))


def _pad(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    boundary = told.get("boundary", "zeros")
    sides = (told["padding"],) * 2 * (inputs[0].ndim - 2)
    if not isinstance(boundary, str) or boundary == "zeros":
        found = torch.nn.functional.pad(inputs[0], sides, value=0.0 if boundary == "zeros" else float(boundary))
    else:
        found = torch.nn.functional.pad(inputs[0], sides, mode=boundary)
    if not found.numel():
        raise ValueError("nothing is left")
    return found


def _pixels(shuffles: bool) -> Peer:
    """PixelShuffle where PyTorch has it; its definition in loops on other ranks and for the other mode."""

    def peer(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
        [cells] = inputs
        factor, rank = told["upscale_factor" if shuffles else "downscale_factor"], cells.ndim - 2
        if rank == 2 and told.get("mode", "CRD") == "CRD":
            name = "PixelShuffle" if shuffles else "PixelUnshuffle"
            return getattr(torch.nn, name)(factor)(cells)
        batch, channels, *size = cells.shape
        block = factor**rank
        if channels % block if shuffles else any(each % factor for each in size):
            raise ValueError("it does not divide")
        deep = channels // block if shuffles else channels
        fine = [each * factor for each in size] if shuffles else size
        shape = (batch, deep, *fine) if shuffles else (batch, channels * block, *(each // factor for each in size))
        found = torch.zeros(shape, dtype=cells.dtype)
        for channel, *place in np.ndindex(deep, *fine):
            within = int(np.ravel_multi_index([each % factor for each in place], (factor,) * rank))
            depth = channel * block + within if told.get("mode", "CRD") == "CRD" else within * deep + channel
            coarse = (slice(None), depth, *(each // factor for each in place))
            one, other = (slice(None), channel, *place), coarse
            if shuffles:
                found[one] = cells[other]
            else:
                found[other] = cells[one]
        return found

    return peer


def _shuffled(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    [cells] = inputs
    parted = cells.reshape(len(cells), told["groups"], -1, *cells.shape[2:])
    return torch.stack(list(parted.unbind(1)), 2).reshape(cells.shape)


def _cubic(torch: Any, cells: Any, told: dict[str, Any]) -> Any:
    """PyTorch has it of planes alone: axis by axis, as rows of one line."""
    for axis in range(2, cells.ndim):
        lines = cells.movedim(axis, -1)
        named = {"size": (1, told["size"])} if "size" in told else {"scale_factor": (1.0, float(told["scale_factor"]))}
        aligned = told.get("align_corners", False)
        flat = lines.reshape(-1, 1, 1, lines.shape[-1])
        made = torch.nn.functional.interpolate(flat, mode="bicubic", align_corners=aligned, **named)
        cells = made.reshape(*lines.shape[:-1], -1).movedim(-1, axis)
    return cells


def _resize(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    word = ("linear", "bilinear", "trilinear")[inputs[0].ndim - 3]
    if told.get("mode") == "cubic":
        return _cubic(torch, inputs[0], told)
    if told.get("mode", "").startswith("nearest"):
        more: dict[str, Any] = {"mode": told["mode"]}
    else:
        more = {"mode": word, "align_corners": told.get("align_corners", False)}
    named = {name: told[name] for name in ("size", "scale_factor") if name in told}
    return torch.nn.Upsample(**named, **more)(inputs[0])


def _reduced(operation: Callable[[Any, Any], Any]) -> Peer:
    return lambda _torch, inputs, _values, _told: reduce(operation, inputs)


def _side_by_side(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    return torch.cat(inputs, _axis(inputs[0], told))


def _grouped(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    return torch.nn.functional.group_norm(inputs[0], told["num_groups"], **values, eps=told.get("eps", 1e-5))


def _by_instance(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    return torch.nn.functional.instance_norm(inputs[0], **values, eps=told.get("eps", 1e-5))


def _of_channels(cells: Any, numbers: Any, told: dict[str, Any]) -> Any:
    if told.get("num_parameters", 1) not in (1, cells.shape[1]):
        raise ValueError("a number for each channel, or one")
    return numbers.reshape(-1, *(1,) * (cells.ndim - 2))


def _prelu(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    _of_channels(inputs[0], values["weight"], told)
    return torch.nn.functional.prelu(inputs[0], values["weight"])


def _called(name: str) -> Peer:
    return lambda torch, inputs, _values, _told: getattr(torch, name)(inputs[0])


def _taken(torch: Any, inputs: list[Any], values: dict[str, Any], told: dict[str, Any]) -> Any:
    axis, given = _axis(inputs[0], told), told["indices"]
    size = inputs[0].shape[axis]
    indices = [each + size if each < 0 else each for each in (given if isinstance(given, tuple) else (given,))]
    if not all(0 <= each < size for each in indices):
        raise ValueError("there is no such cell")
    return inputs[0].index_select(axis, torch.tensor(indices))


def _quantised(operation: Callable[[Any, Any], Any], factor: str) -> Peer:
    def peer(torch: Any, x: list[Any], v: dict[str, Any], told: dict[str, Any]) -> Any:
        scale, zero = (_of_channels(x[0], v[name], told) for name in (factor, "zero_point"))
        scaled = operation(x[0], scale)
        is_first = told.get("rounding", "round-then-add") == "round-then-add"
        whole = torch.round(scaled) + zero if is_first else torch.round(scaled + zero)
        return torch.clamp(whole, *RANGES[told.get("dtype", "uint8")])

    return peer


def _dequantised(_: Any, x: list[Any], v: dict[str, Any], told: dict[str, Any]) -> Any:
    scale, zero = (_of_channels(x[0], v[name], told) for name in ("scale", "zero_point"))
    return (x[0] - zero) * scale


def _over_axes(name: str) -> Peer:
    def peer(torch: Any, x: list[Any], _: dict[str, Any], told: dict[str, Any]) -> Any:
        given = told.get("axes")
        axes = range(x[0].ndim - 1) if given is None else [given] if isinstance(given, int) else given
        if max(axes) > x[0].ndim - 2:
            raise ValueError("no such axis")
        return getattr(torch, name)(x[0], tuple(axis + 1 for axis in axes), keepdim=True)

    return peer


TORCH: dict[str, Peer] = {
    "reduce-mean": _over_axes("mean"),
    "reduce-sum": _over_axes("sum"),
    "reduce-max": _over_axes("amax"),
    "quantise": _quantised(operator.truediv, "scale"),
    "requantise": _quantised(operator.mul, "multiplier"),
    "dequantise": _dequantised,
    "prelu": _prelu,
    "clip": _clip,
    "relu6": _function("ReLU6"),
    "hard-sigmoid": _function("Hardsigmoid"),
    "hard-swish": _function("Hardswish"),
    "silu": _function("SiLU"),
    "gelu": _function("GELU"),
    "elu": _function("ELU"),
    "softplus": lambda torch, x, _v, told: torch.nn.Softplus(float(told.get("beta", 1)), 1e3)(x[0]),
    "mish": _function("Mish"),
    "selu": _function("SELU"),
    "celu": _function("CELU"),
    **{name: _called(name) for name in ("abs", "sign", "sqrt", "exp", "log", "erf")},
    "pow": lambda torch, x, _v, told: torch.pow(x[0], float(told.get("exponent", 2))),
    "take": _taken,
    "expand": lambda _torch, x, _v, told: x[0].expand(-1, *told["shape"]),
    "matmul": lambda torch, x, _v, _told: torch.matmul(*x),
    "constant": lambda _torch, x, v, _told: v["weight"].expand(len(x[0]), *v["weight"].shape),
    "log-softmax": _over_axis("LogSoftmax"),
    "group-norm": _grouped,
    "instance-norm": _by_instance,
    "layer-norm": _last_axes("layer_norm"),
    "rms-norm": _last_axes("rms_norm", default=2.0**-23),
    "reshape": lambda _torch, x, _v, told: x[0].reshape(len(x[0]), *told["shape"]),
    "permute": lambda _torch, x, _v, told: x[0].permute(0, *(each + 1 for each in told["axes"])),
    "slice": _slice,
    "pad": _pad,
    "resize": _resize,
    "channel-shuffle": _shuffled,
    "pixel-shuffle": _pixels(shuffles=True),
    "pixel-unshuffle": _pixels(shuffles=False),
    "sub": _reduced(operator.sub),
    "mul": _reduced(operator.mul),
    "div": _reduced(operator.truediv),
    "concat": _side_by_side,
    "conv": _conv,
    "pointwise": _conv,
    "depthwise": _depthwise,
    "transposed-conv": _transposed,
    "linear": lambda torch, x, v, _told: torch.nn.functional.linear(x[0], v["weight"], v.get("bias")),
    "bias": lambda _torch, x, v, told: x[0] + _of_channels(x[0], v["bias"], told),
    "scale": lambda _torch, x, v, told: x[0] * _of_channels(x[0], v["weight"], told),
    "batch-norm": _batch_norm,
    "relu": lambda torch, x, _v, _told: torch.nn.ReLU()(x[0]),
    "leaky-relu": lambda torch, x, _v, told: torch.nn.LeakyReLU(float(told.get("negative_slope", 0.01)))(x[0]),
    "sigmoid": lambda torch, x, _v, _told: torch.nn.Sigmoid()(x[0]),
    "tanh": lambda torch, x, _v, _told: torch.nn.Tanh()(x[0]),
    "softmax": _over_axis("Softmax"),
    "magnitude": lambda torch, x, _v, told: torch.linalg.vector_norm(
        x[0].unflatten(1, (told.get("groups", 1), -1)), int(told.get("norm", "l2")[1]), dim=2
    ),
    "max-pool": _pool("MaxPool"),
    "avg-pool": _pool("AvgPool"),
    "global-max-pool": _global("Max"),
    "global-avg-pool": _global("Avg"),
    "adaptive-avg-pool": _pool("AdaptiveAvgPool"),
    "adaptive-max-pool": _pool("AdaptiveMaxPool"),
    "lp-pool": lambda torch, x, _v, told: getattr(torch.nn, f"LPPool{x[0].ndim - 2}d")(**{"norm_type": 2, **told})(
        x[0].abs()
    ),
    "upsample": lambda torch, x, _v, told: torch.nn.Upsample(scale_factor=told["scale_factor"], mode="nearest")(x[0]),
    "flatten": lambda torch, x, _v, _told: torch.nn.Flatten()(x[0]),
    "add": lambda _torch, x, _v, _told: sum(x[1:], start=x[0]),
}
CLOSE = (
    *(*REAL, "leaky-relu", "avg-pool", "global-avg-pool", "adaptive-avg-pool", "reduce-mean"),
    *("resize", "clip", "pad", "hard-sigmoid", "hard-swish", "div"),
)
"""Kinds whose results are no whole numbers, and are rounded on other ways than PyTorch's."""


def test_no_kind_is_without_its_peer_and_grid() -> None:
    """A kind that is added to the table needs agreement tests, a grid for them and small cases for every cell."""
    assert gaps(KINDS, TORCH=TORCH, GRID=GRID, SMALL=SMALL) == []


def test_a_planted_kind_is_found_without_rows() -> None:
    """A kind that no table of cases knows is collected as no cases at all, and each table is named."""
    kinds = {**KINDS, "planted": KINDS["relu"]}
    assert small_cases("planted") == list(cases("planted", 1)) == []
    wanted = ["TORCH has no planted", "GRID has no planted", "SMALL has no planted"]
    assert gaps(kinds, TORCH=TORCH, GRID=GRID, SMALL=SMALL) == wanted


def unanswered(layer: type[Layer]) -> list[str]:
    """What a kind neither says itself nor leaves to the common class for a part that it says."""
    pairs = [("compute", "of_arrays"), ("trace", "terms"), ("push", "push")]
    own = {name for pair in pairs for name in pair if getattr(layer, name) is not getattr(Layer, name)}
    return [way for way, part in pairs if not {way, part} & own and not (way == "push" and layer.is_linear)]


def test_no_kind_leaves_an_answer_open() -> None:
    """Every kind says how it computes and traces, and one that is not linear how it pushes changes through."""
    for case in small_cases(*KINDS):
        layer = type(case.layer())
        assert not unanswered(layer), f"{case}: {layer.__name__} has no {unanswered(layer)[0]}"


def test_a_planted_kind_without_answers_is_found() -> None:
    """Each missing answer is named; a linear kind is pushed through as it is computed."""

    class Open(Layer):
        is_linear = False

    class Linear(Open):
        is_linear = True

    assert (unanswered(Open), unanswered(Linear)) == (["compute", "trace", "push"], ["compute", "trace"])


def ours(case: Case, draw: Any, **context: Any) -> tuple[Layer, Any, list[Any], dict[str, Any]] | None:
    """The layer of a case, its output and what went in; None where it is refused."""
    try:
        layer = case.layer()
    except ConvcalcError:
        return None
    inputs, values = drawn(layer, draw, len(case.shapes))
    return layer, layer.compute(inputs, values, Context(**context)), inputs, values


def theirs(torch: Any, case: Case, inputs: list[Any], values: dict[str, Any]) -> Any:
    """PyTorch's output; None where it refuses. Padding beyond half a kernel, which it does, it gets as cells."""
    try:
        with torch.no_grad():
            given = {name: tensor(torch, value) for name, value in values.items()}
            if beyond_half(case):
                return padded_pool(torch, case, tensor(torch, inputs[0])).numpy()
            return TORCH[case.kind](torch, [tensor(torch, each) for each in inputs], given, case.arguments).numpy()
    except (RuntimeError, ValueError):
        return None


def beyond_half(case: Case) -> bool:
    """Whether a pool is padded with more than PyTorch takes, as ONNX allows it."""
    told = case.arguments
    return case.kind in ("max-pool", "avg-pool") and told.get("padding", 0) > told["kernel_size"] // 2


def padded_pool(torch: Any, case: Case, cells: Any) -> Any:
    """A pool whose padding are cells that never win a maximum and add nothing to a sum."""
    told = {**case.arguments, "padding": 0}
    is_max, pad, rank = case.kind == "max-pool", case.arguments["padding"], cells.ndim - 2

    def pooled(values: Any, told: dict[str, Any]) -> Any:
        wider = torch.nn.functional.pad(values, (pad,) * 2 * rank, value=float("-inf") if is_max else 0.0)
        found = TORCH[case.kind](torch, [wider], {}, told)
        stride = told.get("stride") or told["kernel_size"]
        kept = (slice(-(-(size + pad) // stride)) for size in values.shape[2:])  # no window begins in what is behind
        return found[(..., *kept)]

    if is_max or told.get("count_include_pad", True) or told.get("divisor_override"):
        return pooled(cells, told)
    sums = {**told, "divisor_override": 1}
    return pooled(cells, sums) / pooled(torch.ones_like(cells), sums)


def unchecked_numbers(case: Case) -> tuple[list[Any], dict[str, Any]]:
    """Numbers for a case that we refuse, from which PyTorch can tell whether it would."""
    rng = np.random.default_rng(1)
    told, channels = case.arguments, case.shapes[0][0]
    out, rank = told.get("out_channels", channels), len(case.shapes[0]) - 1
    groups = told.get("groups", channels if case.kind == "depthwise" else 1)
    taps = (told.get("kernel_size", 1),) * rank
    split = (channels, out // groups) if case.kind == "transposed-conv" else (out, channels // groups)
    if case.kind in ("conv", "pointwise", "depthwise", "transposed-conv"):
        return [rng.normal(size=(2, *case.shapes[0]))], {"weight": rng.normal(size=(*split, *taps))}
    numbers = rng.normal(size=told.get("num_parameters") or channels)
    if case.kind in QUANTISED:
        return [rng.normal(size=(2, *case.shapes[0]))], dict.fromkeys(("scale", "multiplier", "zero_point"), numbers)
    return [rng.normal(size=(2, *case.shapes[0]))], {"weight": numbers, "bias": numbers}


def whole(rng: Any, shape: tuple[int, ...]) -> Any:
    """Whole numbers whose sums float64 holds exactly."""
    return rng.integers(-9, 10, size=shape)


@oracle
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.parametrize(("kind", "rank"), [(kind, rank) for kind in KINDS for rank in ranks(kind)])
def test_torch_agrees(torch: Any, kind: str, rank: int) -> None:
    """The whole grid: the same shape and the same numbers, and a refusal wherever PyTorch refuses, and nowhere else."""
    for case in cases(kind, rank):
        done = ours(case, whole)
        if done is None:
            if alone_in_padding(torch, case):
                continue
            assert theirs(torch, case, *unchecked_numbers(case)) is None, f"{case} is refused"
            continue
        layer, output, inputs, values = done
        wanted = theirs(torch, case, inputs, values)
        if wanted is None and only_3d(case):
            continue
        assert wanted is not None, f"PyTorch refuses {case}"
        assert output.shape == wanted.shape == (2, *layer.output_shape), str(case)
        tolerance = 1e-12 if kind in CLOSE else 0
        np.testing.assert_allclose(output.astype(float), wanted, rtol=tolerance, atol=tolerance, err_msg=str(case))
        if kind not in CLOSE:
            assert output.dtype.kind == "i" or (output == output.astype(np.int64)).all(), str(case)


def alone_in_padding(torch: Any, case: Case) -> bool:
    """Whether a case is the one that PyTorch takes and we do not: a maximum of nothing, which it calls -inf."""
    if case.kind == "avg-pool" and beyond_half(case):
        told = {name: value for name, value in case.arguments.items() if name in ("kernel_size", "stride", "padding")}
        case = case._replace(kind="max-pool", arguments={**told, "ceil_mode": case.arguments.get("ceil_mode", False)})
    if case.kind != "max-pool":
        return False
    wanted = theirs(torch, case, *unchecked_numbers(case))
    return wanted is not None and bool(np.isneginf(wanted).any())


def only_3d(case: Case) -> bool:
    """Whether AvgPool3d alone refuses the case: a kernel larger than the input, however much is padded."""
    return (
        case.kind == "avg-pool" and len(case.shapes[0]) == 4 and case.arguments["kernel_size"] > min(case.shapes[0][1:])
    )


@oracle
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_torch_agrees_on_floats(torch: Any, kind: str, dtype: str) -> None:
    """Floats keep their type through every kind and agree closely; those that only choose, exactly."""
    for rank in ranks(kind):
        for case in cases(kind, rank):
            done = ours(case, lambda rng, shape: rng.normal(size=shape).astype(dtype))
            if done is None:
                continue
            _, output, inputs, values = done
            assert output.dtype == (np.int64 if kind in WHOLE else dtype), str(case)
            close = 2e-5 if dtype == "float32" else 1e-12
            wanted = theirs(torch, case, inputs, values)
            if wanted is None and only_3d(case):
                continue
            np.testing.assert_allclose(output, wanted, rtol=close, atol=close, err_msg=str(case))


def test_the_grid_has_both_answers() -> None:
    """Of the kinds that can refuse their arguments, the grid has some refused, some taken."""
    for kind in ("conv", "transposed-conv", "max-pool", "avg-pool"):
        answers = {ours(case, whole) is None for case in cases(kind, 2)}
        assert answers == {True, False}, kind


@oracle
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("flatten", "resize", *WHOLE)])
def test_torch_agrees_on_what_is_not_finite(torch: Any, kind: str) -> None:
    """Inf and nan go the same ways as in PyTorch, whose interpolation multiplies some cells by 0."""
    for case in small_cases(kind):
        layer = case.layer()
        inputs, values = drawn(layer, lambda rng, shape: rng.normal(size=shape), len(case.shapes))
        cells = inputs[0].reshape(-1)
        cells[0], cells[-1], cells[cells.size // 2] = np.nan, np.inf, -np.inf
        if any(isinstance(value, list) for value in case.arguments.values()):
            continue  # PyTorch's layers pad both sides alike
        wanted = theirs(torch, case, inputs, values)
        np.testing.assert_allclose(layer.compute(inputs, values), wanted, rtol=1e-12, atol=1e-12, err_msg=str(case))


def test_a_resize_reads_no_cell_of_weight_zero() -> None:
    """The cell in the middle of three that become two stays where it is."""
    layer = KINDS["resize"].make((1, 3), size=2, align_corners=True)
    assert layer.compute([np.array([[[1.0, np.inf, 2.0]]])], {}).tolist() == [[[1.0, 2.0]]]


@oracle
@pytest.mark.parametrize("size", [4, 5, 6])
def test_torchs_winner(torch: Any, size: int) -> None:
    """Of equal maxima the first wins, of several nan the last, and -inf wins over what is not there."""
    layer = KINDS["max-pool"].make((1, size, size), kernel_size=3, stride=1, padding=1)
    rng = np.random.default_rng(size)
    for choice in ([1.0, 2.0], [-np.inf], [1.0, np.nan], [np.nan]):
        cells = rng.choice(choice, size=(1, 1, size, size))
        _, index = torch.nn.functional.max_pool2d(torch.from_numpy(cells), 3, 1, 1, return_indices=True)
        for place in np.ndindex(*layer.output_shape):
            step = layer.trace([cells], {}, place)
            assert step.terms[step.winner].cell == (0, *divmod(int(index[(0, *place)]), size))


@oracle
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("case", small_cases(*KINDS), ids=str)
def test_push_is_torchs_derivative(torch: Any, case: Case) -> None:
    """The derivative along a tangent is that of torch.func.jvp."""
    if any(isinstance(value, list) for value in case.arguments.values()):
        pytest.skip("PyTorch's layers pad both sides alike")
    layer = case.layer()
    inputs, values = drawn(layer, lambda rng, shape: rng.normal(size=shape), len(case.shapes))
    tangents = [np.random.default_rng(number).normal(size=each.shape) for number, each in enumerate(inputs)]
    given = {name: tensor(torch, value) for name, value in values.items()}
    function = lambda *x: TORCH[case.kind](torch, list(x), given, case.arguments)  # noqa: E731
    both = (tuple(tensor(torch, each) for each in arrays) for arrays in (inputs, tangents))
    _, wanted = torch.func.jvp(function, *both)
    pushed = layer.push(inputs, values, tangents)
    close = 1e-7 if case.kind == "hard-sigmoid" else 1e-12  # PyTorch's slope of 1/6 is a float32 in float64 too
    np.testing.assert_allclose(pushed, wanted.detach().numpy(), rtol=close, atol=close)


# ONNX --------------------------------------------------------------------------------------------------------------

ONNX: dict[str, tuple[str, Case, dict[str, Any]]] = {
    "asymmetric max-pool": (
        "MaxPool",
        Case("max-pool", ((2, 6, 5),), {"kernel_size": [3, 2], "stride": 1, "padding": [[0, 1], [1, 0]]}),
        {"kernel_shape": [3, 2], "strides": [1, 1], "pads": [0, 1, 1, 0]},
    ),
    "asymmetric avg-pool": (
        "AveragePool",
        Case("avg-pool", ((2, 6, 5),), {"kernel_size": 3, "stride": 2, "padding": [[1, 0], [0, 1]]}),
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 0, 0, 1], "count_include_pad": 1},
    ),
    "asymmetric avg-pool of what is there": (
        "AveragePool",
        Case(
            "avg-pool",
            ((2, 6, 5),),
            {"kernel_size": 3, "stride": 2, "padding": [[1, 0], [0, 1]], "count_include_pad": False},
        ),
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 0, 0, 1], "count_include_pad": 0},
    ),
    "asymmetric transposed-conv": (
        "ConvTranspose",
        Case(
            "transposed-conv",
            ((2, 4, 3),),
            {"out_channels": 3, "kernel_size": 3, "stride": 2, "padding": [[0, 1], [2, 1]], "output_padding": [1, 0]},
        ),
        {"strides": [2, 2], "pads": [0, 2, 1, 1], "output_padding": [1, 0]},
    ),
    "asymmetric conv": (
        "Conv",
        Case("conv", ((2, 6, 5),), {"out_channels": 3, "kernel_size": 3, "padding": [[0, 1], [2, 1]]}),
        {"pads": [0, 2, 1, 1]},
    ),
    "global-max-pool": ("GlobalMaxPool", Case("global-max-pool", ((3, 4, 3),), {}), {}),
    "global-avg-pool": ("GlobalAveragePool", Case("global-avg-pool", ((3, 4, 3),), {}), {}),
    "add": ("Add", Case("add", ((3, 4), (3, 4)), {}), {}),
}


@oracle
@pytest.mark.parametrize("name", ONNX)
def test_onnx_agrees(name: str) -> None:
    """What PyTorch's layers do not have, padding that differs before and after, in ONNX's reference evaluator."""
    onnx = pytest.importorskip("onnx", reason="extra `onnx` is not installed")
    reference = pytest.importorskip("onnx.reference", reason="extra `onnx` is not installed")
    operator, case, attributes = ONNX[name]
    layer = case.layer()
    inputs, values = drawn(layer, lambda rng, shape: rng.normal(size=shape), len(case.shapes))
    given = [*inputs, *values.values()]
    names = [f"x{number}" for number in range(len(given))]
    node = onnx.helper.make_node(operator, names, ["y"], **attributes)
    (wanted,) = reference.ReferenceEvaluator(node).run(None, dict(zip(names, given, strict=True)))
    np.testing.assert_allclose(layer.compute(inputs, values), wanted, rtol=1e-12, atol=1e-12)


# Worked examples ---------------------------------------------------------------------------------------------------

TWO = np.array([[[[0, 1], [2, 3]]]])
FIGURE = np.array([[[[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]]])


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({}, [[0, 0, 1], [0, 4, 6], [4, 12, 9]]),
        ({"padding": 1}, [[4]]),
        ({"stride": 2}, [[0, 0, 0, 1], [0, 0, 2, 3], [0, 2, 0, 3], [4, 6, 6, 9]]),
    ],
)
def test_transposed_figures(arguments: dict[str, Any], wanted: Any) -> None:
    """Dive into Deep Learning, "Transposed Convolution"."""
    layer = KINDS["transposed-conv"].make((1, 2, 2), out_channels=1, kernel_size=2, bias=False, **arguments)
    output = layer.compute([TWO], {"weight": TWO})
    assert output.dtype == np.int64
    np.testing.assert_array_equal(output[0, 0], wanted)


def test_pooling_figures() -> None:
    """Dumoulin & Visin, figures of max and average pooling; CS231n, max pool of 2×2 with stride 2."""
    maximum = KINDS["max-pool"].make((1, 5, 5), kernel_size=3, stride=1).compute([FIGURE], {})
    np.testing.assert_array_equal(maximum[0, 0], [[3, 3, 3], [3, 3, 3], [3, 2, 3]])
    mean = KINDS["avg-pool"].make((1, 5, 5), kernel_size=3, stride=1).compute([FIGURE], {})
    np.testing.assert_array_equal(mean[0, 0].round(1), [[1.7, 1.7, 1.7], [1.0, 1.2, 1.8], [1.1, 0.8, 1.3]])
    cells = np.array([[[[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]]])
    np.testing.assert_array_equal(
        KINDS["max-pool"].make((1, 4, 4), kernel_size=2).compute([cells], {})[0, 0], [[6, 8], [3, 4]]
    )


@pytest.mark.parametrize(
    ("size", "arguments", "wanted"),
    [
        ((50,), {"kernel_size": 3, "stride": 2}, (24,)),
        ((50, 100), {"kernel_size": (3, 5), "stride": (2, 1), "padding": (4, 2)}, (28, 100)),
        ((50, 100), {"kernel_size": (3, 5), "stride": (2, 1), "padding": (4, 2), "dilation": (3, 1)}, (26, 100)),
        ((10, 50, 100), {"kernel_size": (3, 5, 2), "stride": (2, 1, 1), "padding": (4, 2, 0)}, (8, 50, 99)),
    ],
)
def test_pytorchs_shapes(size: tuple[int, ...], arguments: dict[str, Any], wanted: tuple[int, ...]) -> None:
    """The examples in PyTorch's documentation of Conv1d to Conv3d."""
    layer = KINDS["conv"].make((16, *size), out_channels=33, **arguments)
    assert layer.output_shape == (33, *wanted)


def test_flat_kinds_and_channels_are_what_the_grid_says() -> None:
    """The grid's shapes: as many channels as its groups divide, and features for flat kinds."""
    assert all(next(cases(kind, 0)).shapes == ((CHANNELS,),) for kind in FLAT)


def test_formulas_read_as_arithmetic_give_the_number() -> None:
    """Also where the argument or the cell is a fraction, which stands in brackets wherever it would be read apart."""
    names = {"exp": math.exp, "log": math.log}
    arguments = ("pow", "exponent", [3, -2, Fraction(1, 3)]), ("celu", "alpha", [2, Fraction(2, 3)])
    for kind, name, values in (*arguments, ("softplus", "beta", [2, Fraction(2, 3)])):
        for argument, cell in product(values, (3, Fraction(2, 3), *([] if kind == "pow" else [Fraction(-5, 2)]))):
            layer = KINDS[kind].make((1, 1), **{name: argument})
            cells = [np.array([[[cell]]], object)]
            step = layer.trace(cells, {}, (0, 0))
            told = step.formula.replace("×", "*").replace("^", "**")
            assert eval(told, names) == pytest.approx(float(layer.compute(cells, {})[0, 0, 0])), told
