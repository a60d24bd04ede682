"""The valid inputs that the attacks begin with: the shipped examples and kernels, and small files of every kind."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from convcalc.files.wav import DEPTHS, write_wav

from .trees import UNQUOTED

_ROOT = Path(__file__).parents[2]
_LARGEST = 3000  # bytes of an example; the attacks on larger ones would mostly hit its numbers
_FRACTION = re.compile(r"-?[0-9.]+/[0-9]+|-?sqrt\(.*|.*\*sqrt\(.*")


def _documents(folder: str) -> list[Any]:
    texts = (path.read_text() for path in sorted((_ROOT / folder).glob("*.yaml")))
    return [yaml.safe_load(text) for text in texts if len(text) < _LARGEST and "file:" not in text]


def _as_json(documents: Iterable[Any]) -> list[bytes]:
    return [json.dumps(_as_written(each)).encode() for each in documents]


def _as_written(node: Any) -> Any:
    """A document whose fractions will stand without quotes, as they do in the files."""
    if isinstance(node, dict):
        return {key: _as_written(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_as_written(each) for each in node]
    return UNQUOTED + node if isinstance(node, str) and _FRACTION.fullmatch(node) else node


_PROBLEMS = (
    {"title": "t", "input": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "kernel": [[0, 1], [-1, 0.5]], "dims": 2, "padding": 1},
    {
        "input": {"random": [2, 6, 7], "seed": 3},
        "kernel": "gaussian:3,1.2",
        "dims": 2,
        "boundary": "reflect",
        "bias": 1,
    },
    {"input": {"zeros": [5, 5], "set": {"2, 2": 1}}, "kernel": {"weights": [[1, 2], [3, 4]], "scale": "1/10"}},
    {
        "input": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]],
        "kernel": ["sobel-x", "box"],
        "padding": [[1, 2], [0, 1]],
        "dims": 2,
    },
    {"input": [1, 2, 3, 4], "kernel": [1, 0, -1], "stride": 2, "dilation": 1, "flip": True, "expect": [2]},
    {
        "input": {"arange": [4, 9], "set": {":, 2": -1}},
        "kernel": {"name": "gaussian", "size": 3},
        "depthwise": True,
        "groups": 1,
        "dtype": "float32",
    },
)


def problems() -> list[bytes]:
    """Problems of one convolution, as JSON."""
    return _as_json((*(each for each in _documents("examples") if "layers" not in each), *_PROBLEMS))


_NETWORKS = (
    {
        "input": {"ones": [2, 6, 6]},
        "weights": {"random": 1},
        "layers": [
            {"conv": {"out_channels": 3, "kernel_size": 3, "padding": 1, "name": "a"}},
            {"batch-norm": {"eps": 0.1, "name": "n"}},
            "relu",
            {"add": {"input": ["a", "n"]}},
            {"max-pool": {"kernel_size": 2, "ceil_mode": True}},
            {"transposed-conv": {"out_channels": 2, "kernel_size": 2, "stride": 2}},
            "flatten",
            {"linear": {"out_features": 4, "bias": False}},
            "softmax",
        ],
    },
    {
        "input": {"arange": [1, 8, 8]},
        "layers": [
            {"conv": {"weight": ["sobel-x", "box"], "bias": [1, 2]}},
            {"avg-pool": {"kernel_size": [2, 1], "stride": 2, "padding": [1, 0]}},
            {"leaky-relu": {"negative_slope": 0.1}},
            {"upsample": {"scale_factor": 2}},
            {"depthwise": {"kernel_size": 3, "dilation": 1, "boundary": "reflect", "weights": {"random": 2}}},
            {"pointwise": {"weight": [[[[1]], [[2]]]], "bias": False}},
            {"adaptive-avg-pool": {"output_size": [1, 2]}},
        ],
        "expect": {"parameters": 10, "output_shape": [2, 3, 4]},
    },
)


def networks() -> list[bytes]:
    """Networks, as JSON."""
    return _as_json((*(each for each in _documents("examples") if "layers" in each), *_NETWORKS))


def kernel_files() -> list[bytes]:
    """The shipped kernel files, as JSON."""
    return _as_json(_documents("kernels"))


def kernel_texts() -> list[bytes]:
    """Kernels as one text."""
    texts = (
        *("sobel-x", "gaussian:5,1.2", "sobel-x@opencv", "box:5+zero-sum", "log:9,sigma=1.4"),
        *("gabor:size=7,wavelength=4", "[[0,1],[1,0]]", "[1, 0, -1]", "[[1/9, 1/9], [sqrt(2)/2, 0.5]]"),
        *("{weights: [[1, 2]], scale: 1/3}", "{name: gaussian, size: 5x3, sigma: 1.2}", "[sobel-x, box:3]"),
        *("sobel-x+rotate:45+scale:1/8", "[[[1]], [[2]]]"),
    )
    return [text.encode() for text in texts]


def option_lines() -> list[bytes]:
    """Options and their texts, a line each."""
    texts = (
        *("--stride\n2\n--padding\n1", "--padding\nsame\n--boundary\nreflect", "--kernel\nbox:3\n--bias\n1/2"),
        *("--dilation\n2,1\n--padding\n[[1,2],[0,0]]", "--dims\n2\n--dtype\nfloat64", "--groups\n1\n--boundary\n7", ""),
    )
    return [text.encode() for text in texts]


def tables() -> list[bytes]:
    """CSV of several dialects."""
    return [
        *(b"1,2,3\n4,5,6\n7,8,9\n", b"1;2.5;3\n4;5;6\n", b"1\t2\n3\t4\n", b"1 2 3\n4 5 6\n", b'"1","2"\n"3","4"\n'),
        *(b"time,ax,ay (g)\n0.0,1,2\n0.1,3,4\n0.2,5,6\n", b"t;x\ns;m\n0,5;1.234,5\n1,5;2,5\n", b",0,1\n0,5,6\n1,7,8\n"),
        *(b"date,v\n2024-01-02T03:04:05Z,3\n2024-01-02T03:04:06Z,4\n", b"sep=;\nax;ay\n1,5;2\n", b"# a b\n1 2\n3 4\n"),
        *(b"| a | b |\n|---|---|\n| 1 | 2 |\n", b'"1,000",2\n3,4\n', b"id,x,what\n1,2,a\n2,3,b\n3,4,c\n"),
        *(b"1,2\n3,4\n\n5,6\n7,8\n", b"\xef\xbb\xbf1,2\r\n3,4\r\n", b"1e3,-.5,nan\ninf,1/3,0\n", b"5\n6\n7"),
    ]


def answer_sheets() -> list[bytes]:
    """Answers of students as CSV of several dialects, and as YAML."""
    return [
        b'# problem: built-in\n# seed: 3\n# count: 9\n# kind: slice, cell\nstudent,1,2\nAda,"1:3, 0:2",-240\nBob,,x\n',
        *(b"name;Q1;question 2\nAda;1/9;3x3\n", b"id\t2 cell\t1 slice\nAda\t7\t1:3\n", b"student,1\r\n\r\nAda,yes\r\n"),
        b"seed: 3\ncount: 9\nanswers:\n  Ada: ['1:3', 9, [3, 3]]\n  Bob: {1: 5, 3: 'rows 1 to 3'}\n",
        b'{"kind": ["slice"], "answers": {"Ada": [1, "no"]}}',
    ]


def pastes() -> list[bytes]:
    """Prints of arrays, and matrices of MATLAB and LaTeX."""
    return [
        *(b"[[0. 1.]\n [2. 3.]]", b"[1 2; 3 4]", b"I = [[1, 2], [3, 4]]", b"A = [1 0 -1\n2 0 -2];"),
        *(
            b"array([[1., 0.],\n       [0., 1.]], dtype=float32)",
            b"np.array([1, 2, 3])",
            b"[[True False]\n [False True]]",
        ),
        *(b"tensor([[1., 2.]], device='cuda:0', grad_fn=<AddBackward0>)", b"[array([1, 2]), array([3, 4])]"),
        b"<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>",
        rb"\begin{bmatrix} 1 & 2 \\ \frac{1}{2} & 4 \end{bmatrix}",
    ]


def _npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    stream = BytesIO()
    np.lib.format.write_array(stream, array, version=version)
    return stream.getvalue()


def arrays() -> list[bytes]:
    """NPY of many dtypes, in both byte orders and memory layouts."""
    numbers = np.arange(6).reshape(2, 3)
    kinds = ("<f8", ">f8", "<f4", "<f2", "|u1", "|i1", ">u2", "<i4", "<u8", "|b1")
    return [
        *(_npy(numbers.astype(kind)) for kind in kinds),
        _npy(np.asfortranarray(numbers)),
        _npy(numbers.astype("<f8"), (2, 0)),
        *(_npy(np.zeros(shape, "<f4")) for shape in ((), (0,), (1, 2, 2, 2), (3, 1, 4))),
    ]


def archives() -> list[bytes]:
    """NPZ of one array and of two, as they are and compressed."""
    numbers = np.arange(6).reshape(2, 3)
    made = []
    for save in (np.savez, np.savez_compressed):
        for members in ({"a": numbers}, {"conv.weight": numbers / 7, "conv.bias": numbers[0]}):
            save(stream := BytesIO(), **members)
            made.append(stream.getvalue())
    return made


def _safetensors(header: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor_files() -> list[bytes]:
    """Small safetensors files: one tensor, several, and one of each dtype."""
    sizes = {"BOOL": 1, "U8": 1, "I16": 2, "BF16": 2, "F16": 2, "F32": 4, "I64": 8, "F64": 8}

    def entry(dtype: str, start: int) -> dict[str, Any]:
        return {"dtype": dtype, "shape": [2, 3], "data_offsets": [start, start + 6 * sizes[dtype]]}

    def packed(dtypes: list[str]) -> Iterator[tuple[str, Any]]:
        start = 0
        for dtype in dtypes:
            yield f"{dtype}.weight", entry(dtype, start)
            start += 6 * sizes[dtype]

    data = bytes(range(200))
    return [
        _safetensors({"a": entry("F32", 0)}, data[:24]),
        _safetensors({"__metadata__": {"format": "pt"}, **dict(packed(["F64", "U8"]))}, data[:54]),
        _safetensors(dict(packed(list(sizes))), data[: 6 * sum(sizes.values())]),
    ]


def images(kind: str) -> list[bytes]:
    """Images of a kind, in each way that Pillow writes it."""
    image = pytest.importorskip("PIL.Image")
    grey = image.fromarray((np.arange(63, dtype=np.uint8) * 4).reshape(7, 9))
    colour = image.fromarray((np.arange(189, dtype=np.uint8)).reshape(7, 9, 3))
    deep = image.fromarray((np.arange(63, dtype=np.uint16) * 1000).reshape(7, 9))
    floats = image.fromarray(np.linspace(0, 1, 63, dtype=np.float32).reshape(7, 9))
    pictures = {"L": grey, "RGB": colour, "I;16": deep, "F": floats, "I": deep.convert("I")}
    pictures |= {mode: colour.convert(mode) for mode in ("RGBA", "P", "1", "LA", "CMYK", "YCbCr")}
    made = []
    for mode, options in _WAYS[kind]:
        stream = BytesIO()
        if options.pop("more", False):
            options |= {"save_all": True, "append_images": [pictures[mode]]}
        pictures[mode].save(stream, kind, **options)
        made.append(stream.getvalue())
    return made


def sounds() -> list[bytes]:
    """Sounds of each depth, of one channel, two and 64, and one with a chunk that is passed over."""
    made = []
    for number, depth in enumerate(DEPTHS):
        channels = (1, 2, 64)[number % 3]
        stream = BytesIO()
        write_wav(stream, np.arange(6 * channels).reshape(channels, 6) - 9, 8000, depth)
        made.append(stream.getvalue())
    listed = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    return [*made, made[1][:12] + listed + made[1][12:]]


def _ways() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """How images are written: the mode, and the options of the writer."""
    squeezed = [{"compression": name} for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits")]
    return {
        "PNG": [(mode, {}) for mode in ("L", "RGB", "RGBA", "P", "1", "LA", "I;16")],
        "JPEG": [("L", {}), ("RGB", {}), ("CMYK", {}), ("RGB", {"progressive": True}), ("RGB", {"quality": 5})],
        "BMP": [(mode, {}) for mode in ("L", "RGB", "P", "1", "RGBA")],
        "GIF": [("L", {}), ("P", {}), ("P", {"more": True}), ("1", {"interlace": 0})],
        "TIFF": [
            *((mode, {}) for mode in ("L", "RGB", "RGBA", "P", "1", "LA", "I;16", "I", "F", "CMYK")),
            *(("RGB", options) for options in squeezed),
            *((mode, {"compression": "jpeg"}) for mode in ("L", "RGB")),
            ("L", {"more": True}),
        ],
        "WEBP": [
            *((mode, {}) for mode in ("RGB", "RGBA", "L", "P")),
            *((mode, {"lossless": True}) for mode in ("RGB", "RGBA")),
            *((mode, {"more": True}) for mode in ("RGB", "RGBA")),
            ("RGB", {"quality": 5, "method": 0}),
        ],
    }


_WAYS = _ways()


def netpbm() -> list[bytes]:
    """PBM, PGM and PPM as text and as bytes, and PFM."""
    bits, greys, colours = bytes(range(3)), bytes(range(0, 240, 40)), bytes(range(18))
    return [
        *(b"P1\n3 2\n1 0 1\n0 1 0\n", b"P2\n# made by hand\n3 2\n255\n0 50 100\n150 200 250\n"),
        *(b"P3\n2 1\n15\n1 2 3 4 5 6\n", b"P4\n7 3\n" + bits, b"P5\n3 2\n255\n" + greys),
        *(b"P5 3 1 4095\n" + bytes(range(6)), b"P6\n3 2\n255\n" + colours, b"P6\n3 1\n65535\n" + colours),
        *(b"Pf\n3 1\n-1.0\n" + struct.pack("<3f", 0, 0.5, 1), b"PF 1 1 1.0\n" + bytes(12)),
    ]


def models() -> list[bytes]:
    """Small ONNX models."""
    onnx = pytest.importorskip("onnx")
    helper, numbers = onnx.helper, onnx.numpy_helper

    def model(nodes: list[Any], shape: tuple[Any, ...], constants: dict[str, Any]) -> bytes:
        held = [numbers.from_array(np.asarray(each), name) for name, each in constants.items()]
        inputs = [helper.make_tensor_value_info("x", 1, shape)]
        outputs = [helper.make_tensor_value_info(nodes[-1].output[0], 1, None)]
        graph = helper.make_graph(nodes, "g", inputs, outputs, held)
        made: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
        return made

    node = helper.make_node
    floats = np.linspace(-1, 1, 18, dtype=np.float32)
    layers = [
        node("Conv", ["x", "w", "b"], ["a"], "conv", pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["c"]),
        node("MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Add", ["d", "t"], ["e"]),
        node("Constant", [], ["s"], value=numbers.from_array(np.array([0, -1]))),
        node("Reshape", ["e", "s"], ["f"]),
        node("Gemm", ["f", "v"], ["g"], alpha=0.5),
        node("Softmax", ["g"], ["y"]),
    ]
    constants = {"w": floats[:9].reshape(1, 1, 3, 3), "b": floats[:1], "t": floats[:1], "v": floats[:8].reshape(4, 2)}
    norm = [
        node("ConvTranspose", ["x", "w"], ["a"], strides=[2], output_padding=[1]),
        node("BatchNormalization", ["a", "s", "s", "s", "t"], ["b"], epsilon=0.1),
        node("Clip", ["b", "low"], ["y"]),
    ]
    scales = {"s": floats[:2], "t": floats[16:], "low": np.float32(0), "w": floats[:6].reshape(1, 2, 3)}
    paths = [
        node("AveragePool", ["x"], ["a"], kernel_shape=[3, 1], ceil_mode=1),
        node("Resize", ["a", "", "s"], ["b"], mode="nearest"),
        node("LeakyRelu", ["b"], ["c"], alpha=0.1),
        node("Flatten", ["c"], ["y"], axis=1),
    ]
    return [
        model(layers, (1, 1, 4, 4), constants),
        model(norm, ("N", 1, 9), scales),
        model(paths, (2, 3, 5, 6), {"s": np.array([1, 1, 2, 2], np.float32)}),
    ]
