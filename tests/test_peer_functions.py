"""Each convention against the function that it describes, run here: the same numbers on random problems."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcalc.arrays import Array
from convcalc.build import build_problem
from convcalc.conventions.applied import Stated, computed
from convcalc.conventions.table import find

PROBLEMS = 200
Peer = Callable[..., Any]


def ours(name: str, cells: Array, kernel: Array, bias: Any = None, **stated: Any) -> Array:
    """What the convention gives of one channel, (*spatial)."""
    problem = build_problem(cells[None, None], kernel[None, None], bias, padding="full")
    return computed(problem, find(name), Stated(**stated))[0, 0]


def image(random: np.random.Generator, kind: str, rank: int = 2, least: int = 5) -> Array:
    """Cells of a type, many of them at its ends."""
    shape = random.integers(least, 9, rank)
    if kind.startswith("float"):
        return random.integers(-64, 64, shape).astype(kind) / 4
    limits = np.iinfo(kind)
    low, high = max(limits.min, -(1 << 15)), min(limits.max, 1 << 16)
    return random.choice([random.integers(low, high, shape), random.choice([low, high], shape)]).astype(kind)


def weights(random: np.random.Generator, rank: int = 2, sizes: tuple[int, ...] = (1, 2, 3, 4, 5)) -> Array:
    """A small kernel of whole numbers, of any of the sizes on each axis."""
    return random.integers(-3, 6, random.choice(sizes, rank)).astype(np.int64)


def same(expected: Any, got: Array, about: Any = "") -> None:
    """The same numbers of the same type and shape."""
    expected = np.asarray(expected)
    assert (expected.dtype, expected.shape) == (got.dtype, got.shape), about
    assert np.array_equal(expected, got, equal_nan=got.dtype.kind == "f"), f"{about}\n{expected}\n{got}"


@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_scipy_ndimage(name: str) -> None:
    """Every type, rank, size and border, even kernels, and the wrap of narrow types."""
    ndimage = pytest.importorskip("scipy.ndimage")
    borders = {None: "reflect", "mirror": "mirror", "nearest": "nearest", "wrap": "wrap", "constant": "constant"}
    random = np.random.default_rng(1)
    for number in range(PROBLEMS):
        kind = str(random.choice(["uint8", "int16", "uint16", "int64", "float64", "float32"]))
        rank = int(random.integers(1, 4))
        word = random.choice(list(borders))
        cells, kernel = image(random, kind, rank), weights(random, rank)
        theirs = getattr(ndimage, name)(cells, kernel, mode=borders[word])
        same(theirs, ours(f"scipy.ndimage.{name}", cells, kernel, boundary=word), (number, kind, word, cells, kernel))


@pytest.mark.parametrize("name", ["convolve", "correlate", "convolve2d", "correlate2d"])
def test_scipy_signal(name: str) -> None:
    """Every size, and the wrap of the types that both are promoted to."""
    signal = pytest.importorskip("scipy.signal")
    random = np.random.default_rng(2)
    for number in range(PROBLEMS):
        kind = str(random.choice(["uint8", "int16", "int64", "float64"]))
        mode = str(random.choice(["full", "same", "valid"]))
        cells, kernel = image(random, kind), weights(random)
        kernel = kernel.astype(kind if number % 2 else np.int64)
        further = {} if name.endswith("2d") else {"method": "direct"}
        theirs = getattr(signal, name)(cells, kernel, mode, **further)
        same(theirs, ours(f"scipy.signal.{name}", cells, kernel, padding=mode), (number, kind, mode))


def test_scipy_signal_borders() -> None:
    """The words of convolve2d."""
    signal = pytest.importorskip("scipy.signal")
    random = np.random.default_rng(3)
    for _ in range(PROBLEMS):
        word, mode = str(random.choice(["fill", "wrap", "symm"])), str(random.choice(["full", "same"]))
        cells, kernel = image(random, "int64"), weights(random)
        theirs = signal.convolve2d(cells, kernel, mode, word)
        same(theirs, ours("scipy.signal.convolve2d", cells, kernel, padding=mode, boundary=word), (word, mode))


@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_numpy(name: str) -> None:
    """Every size, with either of the two the longer."""
    random = np.random.default_rng(4)
    for _ in range(PROBLEMS):
        cells, kernel = (random.integers(-9, 9, random.integers(1, 8)) for _ in range(2))
        mode = str(random.choice(["full", "same", "valid"]))
        if mode == "valid" and len(kernel) > len(cells):
            continue
        theirs = getattr(np, name)(cells, kernel, mode)
        same(theirs, ours(f"numpy.{name}", cells, kernel, padding=mode), (mode, cells, kernel))


def test_opencv_filter() -> None:
    """Whole and halved weights on all types, a delta, and the borders."""
    cv2 = pytest.importorskip("cv2")
    borders = {"reflect": cv2.BORDER_REFLECT_101, "symmetric": cv2.BORDER_REFLECT, "replicate": cv2.BORDER_REPLICATE}
    random = np.random.default_rng(5)
    for number in range(PROBLEMS):
        kind = str(random.choice(["uint8", "int16", "uint16", "float32", "float64"]))
        cells, kernel, word = image(random, kind), weights(random), str(random.choice(list(borders)))
        kernel = kernel / 4 if number % 2 else kernel
        delta = int(random.integers(0, 20))
        theirs = cv2.filter2D(cells, -1, kernel.astype(np.float32), delta=delta, borderType=borders[word])
        same(theirs, ours("cv2.filter2D", cells, kernel, delta, boundary=word), (number, kind, cells, kernel))


def test_opencv_blur() -> None:
    """Windows of every area on whole numbers: powers of two are biased on 8 bits, and a flat 255 may turn to 0."""
    cv2 = pytest.importorskip("cv2")
    random = np.random.default_rng(6)
    for _ in range(PROBLEMS):
        kind = str(random.choice(["uint8", "int16", "uint16"]))
        # of 16 bits the windows whose sums over the area are exact in OpenCV's floats
        sides = range(1, 19) if kind == "uint8" else (1, 2, 4, 8)
        size = tuple(int(each) for each in random.choice(sides, 2))
        cells = image(random, kind, least=8)
        theirs = cv2.blur(cells, size[::-1], borderType=cv2.BORDER_REPLICATE)
        same(theirs, ours("cv2.blur", cells, np.ones(size, np.int64), boundary="replicate"), (kind, size))
    flat = np.full((4, 4), 255, np.uint8)
    assert not ours("cv2.blur", flat, np.ones((1, 2), np.int64)).any()


def test_opencv_gaussian() -> None:
    """On 8 bits the weights are 256ths."""
    cv2 = pytest.importorskip("cv2")
    random = np.random.default_rng(7)
    for _ in range(PROBLEMS):
        size, sigma = int(random.choice([3, 5, 7, 9])), float(random.integers(4, 30)) / 10
        cells = image(random, "uint8", least=8)
        side = cv2.getGaussianKernel(size, sigma)[:, 0]
        theirs = cv2.GaussianBlur(cells, (size, size), sigma)
        same(theirs, ours("cv2.GaussianBlur", cells, np.outer(side, side)), (size, sigma))


def test_pillow() -> None:
    """Rows upside down, edges kept, its scale and its offset; a sum of 0 is black."""
    pytest.importorskip("PIL")
    from PIL import Image, ImageFilter

    random = np.random.default_rng(8)
    for number in range(PROBLEMS):
        cells, side = image(random, "uint8", least=6), int(random.choice([3, 5]))
        kernel = random.integers(-2, 5, (side, side))
        scale, offset = (None, int(random.integers(0, 9))) if number % 2 else (int(random.choice([1, 2, 4])), 3)
        if scale is None and kernel.sum() % 2 == 0:
            kernel[0, 0] += 1  # an odd sum gives no exact halves, which its float32 weights may round either way
        filtered = Image.fromarray(cells).filter(
            ImageFilter.Kernel((side, side), kernel.reshape(-1).tolist(), scale, offset)
        )
        got = ours("PIL.ImageFilter.Kernel", cells, kernel, offset, divisor=scale)
        same(np.asarray(filtered), got, (scale, offset, cells, kernel))
    black = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    assert not ours("pillow", np.arange(25, dtype=np.uint8).reshape(5, 5), black)[1:-1, 1:-1].any()


def test_torch() -> None:
    """Whole numbers wrap in their type; padding in numbers and same; odd cells behind."""
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(9)
    for number in range(PROBLEMS):
        kind = str(random.choice(["int64", "int8", "uint8", "float64", "float32"]))
        cells, kernel = image(random, kind), weights(random)
        padding = "same" if number % 2 else int(random.integers(0, 3))
        tensors = (torch.from_numpy(each.astype(kind))[None, None] for each in (cells, kernel))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of even kernels it says that same may copy the input
            theirs = torch.nn.functional.conv2d(*tensors, padding=padding)[0, 0].numpy()
        same(theirs, ours("torch", cells, kernel, padding=padding), (number, kind, padding))


def test_jax() -> None:
    """SAME and SAME_LOWER with strides, and whole numbers that wrap."""
    lax = pytest.importorskip("jax.lax")
    random = np.random.default_rng(10)
    for number in range(PROBLEMS // 4):  # each shape is compiled anew
        kind = str(random.choice(["int32", "int8", "float32"]))
        cells, kernel = image(random, kind)[:6, :6][:5], weights(random, sizes=(2, 3))
        word, stride = str(random.choice(["SAME", "SAME_LOWER", "VALID"])), int(random.integers(1, 3))
        theirs = lax.conv(cells[None, None], kernel.astype(kind)[None, None], (stride, stride), word)[0, 0]
        problem = build_problem(cells[None, None], kernel[None, None], stride=stride)
        got = computed(problem, find("lax.conv"), Stated(padding=word))[0, 0]
        same(theirs, got, (number, kind, word, stride))


def test_onnxruntime() -> None:
    """SAME_UPPER and SAME_LOWER with strides, in float32."""
    onnxruntime = pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    sessions = {}
    for word in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        for stride in (1, 2):
            node = helper.make_node("Conv", ["x", "w"], ["y"], auto_pad=word, strides=[stride, stride])
            names = [helper.make_tensor_value_info(each, kind, [1, 1, f"{each}0", f"{each}1"]) for each in "xwy"]
            graph = helper.make_graph([node], "one", names[:2], names[2:])
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
            sessions[word, stride] = onnxruntime.InferenceSession(model.SerializeToString())
    random = np.random.default_rng(11)
    for _ in range(PROBLEMS):
        word, stride = list(sessions)[random.integers(len(sessions))]
        cells, kernel = image(random, "float32"), weights(random, sizes=(2, 3, 4, 5)).astype(np.float32)
        given = {"x": cells[None, None], "w": kernel[None, None]}
        (theirs,) = sessions[word, stride].run(None, given)
        problem = build_problem(given["x"], given["w"], stride=stride)
        same(theirs, computed(problem, find("onnxruntime.Conv"), Stated(padding=word)), (word, stride))


def test_simpleitk() -> None:
    """Turned, edges repeated, wrapped in the pixels' type."""
    sitk = pytest.importorskip("SimpleITK")
    random = np.random.default_rng(12)
    for _ in range(PROBLEMS):
        kind = str(random.choice(["uint8", "int16", "float32"]))
        cells, kernel = image(random, kind), np.abs(weights(random, sizes=(1, 2, 3, 4)))
        images = (sitk.GetImageFromArray(each.astype(kind)) for each in (cells, kernel))
        theirs = sitk.GetArrayFromImage(sitk.Convolution(*images))
        same(theirs, ours("SimpleITK.Convolution", cells, kernel), (kind, cells, kernel))


def test_astropy() -> None:
    """Divided by its sum; zeros, the edge or the other end outside."""
    convolution = pytest.importorskip("astropy.convolution")
    random = np.random.default_rng(13)
    for _ in range(PROBLEMS):
        word = str(random.choice(["fill", "extend", "wrap"]))
        cells, kernel = image(random, "float64", least=6), np.abs(weights(random, sizes=(1, 3, 5))) + 1
        theirs = convolution.convolve(cells, kernel, boundary=word)
        np.testing.assert_allclose(ours("astropy.convolve", cells, kernel, boundary=word), theirs, rtol=1e-14)
