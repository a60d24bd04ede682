"""Programs with OpenCV: ``filter2D`` on one channel at a time, in floats."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.kinds.convolution import Convolution
from convcalc.programs.numpy_arrays import ArrayWriter
from convcalc.programs.scipy_signal import dilated, strides
from convcalc.programs.subject import Numbers, Step, Subject
from convcalc.programs.writer import is_padded, is_zero, pads_of

if TYPE_CHECKING:
    from convcalc.geometry.boundary import Boundary

_BORDERS = {
    "constant": "cv2.BORDER_CONSTANT",
    "reflect": "cv2.BORDER_REFLECT_101",
    "symmetric": "cv2.BORDER_REFLECT",
    "replicate": "cv2.BORDER_REPLICATE",
    "circular": "cv2.BORDER_WRAP",
}
_BY_FOURIER = 50  # taps from which filter2D goes through a Fourier transform, which rounds


class OpencvWriter(ArrayWriter):
    """Correlation about an anchor; the library has no strides, dilations and sums over channels, NumPy has."""

    library: ClassVar[str] = "opencv"
    package: ClassVar[str] = "OpenCV"
    ranks: ClassVar[tuple[int, ...]] = (1, 2)
    keeps: ClassVar[tuple[Numbers, ...]] = (Numbers.FLOAT64, Numbers.FLOAT32)

    def __init__(self, subject: Subject, data_name: str) -> None:
        super().__init__(subject, data_name)
        self.draft.need("import cv2")
        if subject.rank == 1:
            self.draft.note("OpenCV's images have two axes: each channel is an image of one row here.")

    @property
    def is_exact(self) -> bool:
        """Not where a kernel is so large that it takes a Fourier transform."""
        layers = [step.layer for step in self.subject.steps]
        reaches = [prod(axis.reach for axis in getattr(layer, "axes", ())) for layer in layers]
        return super().is_exact and max(reaches) < _BY_FOURIER

    def convolution(self, step: Step, layer: Convolution) -> None:
        """With its own border where the output is as large as the input and the window centred."""
        boundary, pads = layer.geometry.boundary, pads_of(layer)
        taps = layer.counts.kernel_size
        is_centred = pads == [(each // 2, each - 1 - each // 2) for each in taps] and is_padded(pads)
        has_border = str(boundary.mode) != "circular" and (str(boundary.mode) != "constant" or is_zero(boundary))
        is_inside = all(max(pad) < axis.size for pad, axis in zip(pads, layer.axes, strict=True))
        is_plain = self.subject.is_plane and layer.rank == 2 and max(layer.axes.dilations) == 1
        if not (is_plain and is_centred and has_border and is_inside):
            super().convolution(step, layer)
            return
        kernel = self.weights(step, "weight")
        if layer.geometry.flip:
            kernel = self.turned(step, kernel, 2)
        border = f"borderType={_BORDERS[boundary.mode]}"
        self.draft.add(
            f"{step.name} = cv2.filter2D({step.inputs[0]}, {self.depth}, {kernel}, {border}){strides(layer)}"
        )
        self._finish(step, layer.rank)

    def padded(self, x: str, pads: Sequence[tuple[int, int]], boundary: Boundary | None, value: str = "") -> str:
        """A single image by ``copyMakeBorder``, others by NumPy."""
        if not (self.subject.is_plane and len(pads) == 2 and is_padded(list(pads)) and boundary):
            return super().padded(x, pads, boundary, value)
        (top, bottom), (left, right) = pads
        inside = "" if str(boundary.mode) != "constant" else f", value={self.literal(boundary.value)}"
        sides = f"{top}, {bottom}, {left}, {right}"
        self.draft.add(f"padded = cv2.copyMakeBorder({x}, {sides}, {_BORDERS[boundary.mode]}{inside})")
        return "padded"

    @property
    def depth(self) -> str:
        """The type of the results."""
        return "cv2.CV_32F" if self.numbers is Numbers.FLOAT32 else "cv2.CV_64F"

    def correlate(self, step: Step, layer: Convolution, x: str, kernels: str) -> str:
        """The part of ``filter2D`` whose windows lie inside: the anchor is the first tap."""
        if layer.rank == 2 or max(layer.axes.dilations) > 1:
            kernels = dilated(self, layer, kernels)
        row, first = ("[None]", "[0]") if layer.rank == 1 else ("", "")
        ends = [
            f":{(size - 1) * axis.stride + 1}{f':{axis.stride}' * (axis.stride > 1)}"
            for size, axis in zip(layer.axes.output_sizes, layer.axes, strict=True)
        ]
        if self.subject.is_plane:
            text = f"cv2.filter2D({x}{row}, {self.depth}, {kernels}{row}, anchor=(0, 0))"
            return f"{text}{first}[{', '.join(ends)}]"
        counts = layer.counts
        filters, depth = counts.out_channels // counts.groups, counts.channels_per_group
        channel = "c" if counts.groups == 1 else f"f // {filters} * {depth} + c"
        each = f"cv2.filter2D({x}[{channel}]{row}, {self.depth}, kernel[c]{row}, anchor=(0, 0)){first}"
        self.draft.add(f"{step.name} = np.stack([")
        self.draft.add(f"    sum({each} for c in range({depth}))")
        self.draft.add(f"    for f, kernel in enumerate({kernels})")
        self.draft.add(f"])[{', '.join([':', *ends])}]")
        return step.name
