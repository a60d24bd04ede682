"""Names in an ONNX model as texts, and names of layers made of them."""

from __future__ import annotations

import re
from collections import Counter

from convcalc.files.text import shown


def word(text: str | bytes) -> str:
    """A name of a model; Protocol Buffers return bytes where it is no UTF-8."""
    return text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text


def quoted(text: str | bytes) -> str:
    """A name of a model in quotes, cut when it is long."""
    return shown(word(text))


class LayerNames:
    """Gives every layer a unique name, that of its node where it has one."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._taken: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._tried: Counter[str] = Counter()  # so that none of a thousand of one name is tried a thousand times

    def release(self, name: str) -> None:
        """Give back the last name, whose layer came to nothing."""
        self._taken.discard(name)

    def new(self, given: str, operator: str, kind: str) -> str:
        """A name that no layer has."""
        self._counts[kind] += 1
        wanted = _readable(given, operator)[: self._longest] or f"{kind}{self._counts[kind]}"
        if wanted.isdecimal():  # PyTorch numbers the layers of a Sequential
            wanted = f"{kind}-{wanted}"
        name = wanted
        while name in self._taken or name == "input":
            self._tried[wanted] += 1
            name = f"{wanted}-{self._tried[wanted] + 1}"
        self._taken.add(name)
        return name


def _readable(name: str, operator: str) -> str:
    r"""A node's name as a word; of PyTorch's paths the modules without repetition and without the operator.

    >>> _readable("/layer1/layer1.0/conv1/Conv", "Conv"), _readable("Conv_0", "Conv"), _readable("a\tb", "Conv")
    ('layer1.0/conv1', 'Conv_0', 'a_b')
    """
    parts = [part for part in name.split("/") if part]
    if len(parts) > 1 and re.fullmatch(rf"{re.escape(operator)}(_\d+)?", parts[-1]):
        parts.pop()
    kept = [part for part, after in zip(parts, [*parts, ""][1:], strict=True) if not after.startswith(f"{part}.")]
    return "".join(letter if letter.isprintable() and letter != " " else "_" for letter in "/".join(kept))
