"""The order of a weight's axes in a file, such as HWIO of Keras, and its way into PyTorch's order."""

from __future__ import annotations

import re
from typing import NamedTuple

from convcalc.errors import FieldError
from convcalc.layers.layer import Shape

_FORM = re.compile(r"(?:(?:D?H)?W|L|)(?:[OI](?:(?:D?H)?W|L|)){2}")
HINT = "O for out_channels, I for in_channels, D, H and W for the kernel: OIHW (PyTorch), HWIO (Keras), OHWI, WIO"


class WeightLayout(NamedTuple):
    """Letters for axes: those of the kernel stand together.

    Of a transposed convolution they are those of the convolution that it transposes, as PyTorch and Keras store it: O
    are the channels of its input.
    """

    letters: str

    def order(self, axes: int) -> tuple[int, ...] | None:
        """The axes of a weight in PyTorch's order; None of one that has no two channels.

        >>> WeightLayout("HWIO").order(4), WeightLayout("HWIO").order(2)
        ((3, 2, 0, 1), (1, 0))
        """
        if axes < 2:
            return None
        channels = "".join(each if each in "OI" else "." for each in self.letters)
        spread = re.sub(r"\.+", "." * (axes - 2), channels if "." in channels else f"{channels}.")
        kernel = tuple(place for place, each in enumerate(spread) if each == ".")
        return (spread.index("O"), spread.index("I"), *kernel)

    def shape(self, stored: Shape) -> Shape:
        """A stored weight's shape in PyTorch's order."""
        order = self.order(len(stored))
        return stored if order is None else tuple(stored[axis] for axis in order)


def weight_layout(text: str) -> WeightLayout:
    """The layout of a text.

    Raises:
        FieldError: it is none.
    """
    letters = text.strip().upper()
    kernel = re.findall(r"[DHWL]+", letters)
    if not _FORM.fullmatch(letters) or len(kernel) > 1 or {"O", "I"} - set(letters):
        raise FieldError(f"layout is {text!r}", hint=HINT, field="layout")
    return WeightLayout(letters)


def fitting(stored: Shape, needed: Shape) -> list[str]:
    """The usual layouts, PyTorch's first, in which a stored weight of a convolution has the shape that is needed."""
    kernel = {3: "W", 4: "HW", 5: "DHW"}.get(len(stored))
    if kernel is None:
        return []
    known = (f"OI{kernel}", f"{kernel}IO", f"O{kernel}I")
    return [name for name in known if WeightLayout(name).shape(stored) == needed]
