"""Attacks on what stands on a command line: kernels in one text, and the texts of options."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .extremes import NUMBERS, WORDS
from .pieces import TEXT, pieces, tokens

_KERNEL_WORDS = (
    *(b"sobel-x", b"gaussian", b"box", b"log", b"gabor", b"unsharp", b"motion", b"identity", b"disk", b"binomial"),
    *(b"dog", b"@opencv", b"@scipy", b"@matlab", b"@x", b"+flip:x", b"+rotate:45", b"+rotate:", b"+transpose"),
    *(b"+zero-sum", b"+x", b"+scale:1/2", b"+normalise", b"+blend:1/3", b"+resize:2", b"+", b":5", b":5x3,sigma=1.2"),
    *(b":size=99", b":sigma=0", b"k.yaml", b"k.npy:x", b"/dev/zero", b"..", b"{ones: [3, 3]}"),
    *(b"{name: gaussian, size: 5}", b"{weights: [[1]]}", b"{file: x.npy}", b"{gradient: [9, 9]}"),
    *(b"{zeros: [100000, 100000]}", b"[[0, 1], [1, 0]]", b"[[1, 2], [3]]", b"[]"),
)
kernels = pieces(tokens(rb"[A-Za-z_-]+|[0-9.eE]+|."), words=(*_KERNEL_WORDS, *TEXT))
"""Attacks kernels as ``--kernel`` takes them: names with arguments and transformations, mappings, and numbers."""

_OPTIONS = ("stride", "padding", "dilation", "groups", "boundary", "bias", "dims", "dtype", "kernel")
_OPTION_WORDS = (
    *("same", "valid", "full", "same-lower", "zeros", "reflect", "symmetric", "replicate", "circular", "auto", "exact"),
    *("float32", "float64", "[[1,2],[0,0]]", "2,1", "1,2,3", "3x3", "{constant: 7}", "{file: x}", "sobel-x", "box:5"),
    *("[[0,1],[1,0]]", "[1", "{a", "1,,2", ",", "-1", "2.0", "1e3", "[[[1,2],[3,4]]]", "direct", "[1]", "[]", "{}"),
)


def options(chance: Random, seeds: Sequence[bytes]) -> bytes:
    """Names and texts of options, one to four of them, a line each: valid ones, extreme ones, and two joined."""
    lines = chance.choice(seeds).decode().splitlines()
    for _ in range(chance.choice((1, 1, 2, 3))):
        words = (chance.choice(_OPTION_WORDS), chance.choice(NUMBERS), chance.choice(WORDS), chance.choice(NUMBERS))
        text = chance.choice(words)
        if chance.random() < 0.3:
            text += chance.choice((",", "x", "", " ", "/", "+")) + chance.choice(words)
        lines += [f"--{chance.choice(_OPTIONS)}", text.replace("\n", " ").replace("\r", " ")]
    return "\n".join(lines).encode("utf-8", "surrogatepass")
