"""The table: one reader, one row."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from convcalc.kernels.kernel import SYMMETRIES
from convcalc.kernels.parametric import BUILDERS
from convcalc.layers.table import KINDS
from convcalc.models.onnx_nodes import OPERATORS
from convcalc.request.generators import RULES
from convcalc.request.kernel_file import KEYS
from convcalc.request.request import FIELDS, NETWORK_FIELDS

from . import reading, seeds
from .images import IMAGES, SOUNDS
from .laboratory import LABORATORY
from .pieces import Mutator, pieces, tokens
from .raw import scrambled
from .records import npy, npz, safetensors
from .texts import kernels, options
from .trees import as_json, as_yaml, tree, unmarked
from .wire import wire

_LARGEST = 100_000  # bytes of an input
_ON_A_FILE = ("run", "trace --pos 0,0", "uses --pos 0,0", "plan", "matrix", "summary", "gallery --kernel box", "check")
_WITH_OPTIONS = ("run", "trace --pos 0,0", "plan", "matrix", "params --cin 3 --cout 4 -k 3 --size 9", "solve 9 5 -k 3")
_SOURCES = (*RULES, "set", "seed", "low", "high", "file", "weights", "scale", "name", "size", "sigma", ":, 2", "1, 1")
_VALUES = ("zeros", "reflect", "constant", "same", "full", "float32", "exact", "box", "gaussian:5", "sobel-x+flip:x")
_PROBLEM = (*FIELDS, *_SOURCES, *_VALUES)
_ARGUMENTS = sorted({name for kind in KINDS.values() for name in (*kind.defaults, *kind.tensors)})
_LAYER = (*NETWORK_FIELDS, *KINDS, *_ARGUMENTS, *_SOURCES, "shape", "name", "input", "same", "a", "relu", "conv")
_KERNEL = (*KEYS, *BUILDERS, *SYMMETRIES, "-point", "opencv", "matlab", "size", "sigma", "order", "amount", "x")
_NODE = (
    *(name.encode() for name in OPERATORS),
    *(b"LRN", b"x", b"w", b"b", b"", b"pads", b"strides", b"group", b"auto_pad", b"SAME_UPPER", b"axis", b"axes"),
    *(b"value", b"kernel_shape", b"dilations", b"output_shape", b"ceil_mode", b"transB", b"alpha", b"mode"),
    *(b"scales", b"\xff" * 9),
)
_TABLE = (
    *(
        b"time",
        b"ax",
        b"ax (g)",
        b"s",
        b"NA",
        b"",
        b"nan",
        b"-",
        b"2024-01-02",
        b"12:30:00",
        b"1/2/2024",
        b"1,5",
        b"1.234,5",
    ),
    *(b"1'234", b"1 234", b"1 mV", b"#", b"# a b", b"sep=;", b"|---|", b"\n", b"\n\n", b"\xc2\xa0", b"0", b"1", b"2"),
)
_PASTED = (
    *(
        b"tensor(",
        b"array(",
        b"np.",
        b"[",
        b"]",
        b"];",
        b"...",
        b", dtype=float32)",
        b"grad_fn=<X>",
        b"__import__('os')",
    ),
    *(
        b"nan",
        b"True",
        b"1+2j",
        b"x = ",
        b"\\begin{matrix}",
        b"\\end{matrix}",
        b"\\\\",
        b"&",
        b"\\frac{1}{0}",
        b";",
        b"lambda:",
    ),
)


class Reader(NamedTuple):
    """A reader, and how it is attacked."""

    name: str
    seeds: Callable[[], Sequence[bytes]]
    """Valid inputs, documents with marks on what stands without quotes."""
    mutate: Mutator
    read: Callable[[bytes], object]
    """Reads an input, which is standard input too; what it gives is of no matter."""
    suffix: str = ""
    """Of a file with an input; none where inputs stand on the command line."""
    commands: Sequence[str] = _ON_A_FILE
    """Those that take such a file, or such arguments."""
    share: int = 1
    """One in so many inputs is tried: of the many kinds of laboratories, and of what works in a process of its own."""


READERS = {
    reader.name: reader
    for reader in (
        Reader("yaml", seeds.problems, tree(as_yaml, _PROBLEM), reading.problem, ".yaml"),
        Reader("json", seeds.problems, tree(as_json, _PROBLEM), reading.problem, ".json"),
        Reader("stack", seeds.networks, tree(as_yaml, _LAYER), reading.problem, ".yaml"),
        Reader(
            "kernel-file", seeds.kernel_files, tree(as_yaml, _KERNEL), reading.kernel_file, ".yaml", ("run --kernel",)
        ),
        Reader("inline", seeds.kernel_texts, kernels, reading.kernel, "", ("run --kernel", "plan --kernel", "kernels")),
        Reader("options", seeds.option_lines, options, reading.options, "", _WITH_OPTIONS),
        Reader("csv", seeds.tables, pieces(tokens(rb'[^,;\t\n"]+|[,;\t\n"]'), words=_TABLE), reading.table, ".csv"),
        Reader(
            "answers",
            seeds.answer_sheets,
            pieces(tokens(rb"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]")),
            reading.answers,
            ".csv",
            ("check --answers",),
        ),
        Reader(
            "pasted",
            seeds.pastes,
            pieces(tokens(rb"[A-Za-z_.]+|[0-9.eE+-]+|\s+|."), words=_PASTED),
            reading.tensor,
            ".txt",
        ),
        Reader("npy", seeds.arrays, npy, reading.tensor, ".npy"),
        Reader("npz", seeds.archives, npz(functools.cache(seeds.arrays)), reading.named_arrays, ".npz"),
        Reader("safetensors", seeds.tensor_files, safetensors, reading.named_arrays, ".safetensors"),
        Reader("onnx", seeds.models, wire(_NODE), reading.problem, ".onnx"),
        *(
            Reader(kind.lower(), functools.partial(seeds.images, kind), mutate, reading.tensor, f".{kind.lower()}")
            for kind, mutate in IMAGES.items()
        ),
        Reader("wav", seeds.sounds, SOUNDS, reading.tensor, ".wav"),
        *(
            Reader(name, valid, mutate, reading.tensor, suffix, share=400 if name == "hdf5" else 4)
            for name, (valid, mutate, suffix) in LABORATORY.items()
        ),
        Reader("pnm", seeds.netpbm, pieces(tokens(rb"\s+|[0-9]+|.")), reading.tensor, ".pgm"),
    )
}


@functools.cache
def _valid(name: str) -> Sequence[bytes]:
    return READERS[name].seeds()


def input_of(name: str, seed: int, number: int) -> bytes:
    """The input of a reader with a seed and a number: always the same; the first are the valid ones."""
    valid = _valid(name)
    if number < len(valid):
        return unmarked(valid[number])
    chance = Random(f"{name} {seed} {number}")
    way = chance.random()
    data = READERS[name].mutate(chance, valid) if way < 0.85 else unmarked(chance.choice(valid))
    return (scrambled(chance, data, valid) if way > 0.7 else data)[:_LARGEST]
