"""The tensors of Keras' files of weights by layer and PyTorch's names: ``conv2d.weight``, ``batch_normalization.bias``.

Keras 3 numbers a layer's tensors (``layers/conv2d/vars/0``), older files name them (``…/conv2d/kernel:0``).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

LAYOUT = "HWIO"
"""The order of the axes of Keras' kernels."""
_NUMBERED = re.compile(r"(?:.*?/)??_?layers?/(?P<layer>.+)/vars/(?P<number>\d+)")
_WORDS = {
    "kernel": "weight",
    "gamma": "weight",
    "bias": "bias",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "depthwise_kernel": "depthwise",
    "pointwise_kernel": "pointwise",
}
_OF_NORM = ("weight", "bias", "running_mean", "running_var")


def keras_names(shapes: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """Each tensor's path by the name given here; empty of a file that is not from Keras.

    ``shapes``: of all tensors of the file, by path; those of a layer's numbered tensors tell which is which.

    >>> keras_names({"layers/conv2d/vars/0": (3, 3, 1, 8), "layers/conv2d/vars/1": (8,)})
    {'conv2d.weight': 'layers/conv2d/vars/0', 'conv2d.bias': 'layers/conv2d/vars/1'}
    >>> keras_names({"model_weights/fc/sequential/fc/kernel:0": (8, 3)})
    {'fc.weight': 'model_weights/fc/sequential/fc/kernel:0'}
    """
    numbered: dict[str, dict[int, str]] = defaultdict(dict)
    found: list[tuple[str, str]] = []
    for path in shapes:
        if path.startswith("optimizer"):
            continue
        if match := _NUMBERED.fullmatch(path):
            numbered[match["layer"].replace("/layers/", ".").replace("/", ".")][int(match["number"])] = path
        elif (word := _WORDS.get(path.rpartition("/")[2].partition(":")[0])) and "/" in path:
            parts = path.removeprefix("model_weights/").split("/")
            found.append((f"{parts[0] if len(parts) < 3 or parts[-2] == parts[0] else parts[-2]}.{word}", path))
    for layer, tensors in numbered.items():
        words = _words([shapes[path] for _, path in sorted(tensors.items())])
        found += [(f"{layer}.{word}", path) for word, (_, path) in zip(words, sorted(tensors.items()), strict=True)]
    counts = Counter(name for name, _ in found)
    return {name: path for name, path in found if counts[name] == 1}


def _words(shapes: Sequence[Sequence[int]]) -> list[str]:
    """The names of a layer's tensors in Keras' order: a kernel and a bias, two kernels and one, or a norm's rows."""
    if not shapes:
        return []
    kernels = sum(len(shape) > 1 for shape in shapes)
    if kernels == 0 and len(shapes) in (2, 4):
        return list(_OF_NORM[: len(shapes)])
    if kernels == 1 and len(shapes) <= 2 and len(shapes[0]) > 1:
        return ["weight", "bias"][: len(shapes)]
    if kernels == 2 and len(shapes[0]) == len(shapes[1]) > 2 and len(shapes) <= 3:
        return ["depthwise", "pointwise", "bias"][: len(shapes)]
    return [str(number) for number in range(len(shapes))]
