"""Programs with SciPy: ``ndimage`` where its window lies as asked for, otherwise ``signal`` on a padded array."""

from __future__ import annotations

from typing import ClassVar

from convcalc.layers.kinds.convolution import Convolution
from convcalc.programs.numpy_arrays import ArrayWriter
from convcalc.programs.program import inner_tuple
from convcalc.programs.subject import Numbers, Step
from convcalc.programs.writer import is_padded, is_zero, pads_of

_MODES = {
    "constant": "constant",
    "reflect": "mirror",
    "symmetric": "reflect",
    "replicate": "nearest",
    "circular": "wrap",
}
"""Boundaries by the names of ``scipy.ndimage``, whose reflect is another one than NumPy's."""


class ScipyWriter(ArrayWriter):
    """Direct sums, which keep whole numbers; the library has no strides, dilations and channels, NumPy has."""

    library: ClassVar[str] = "scipy"
    package: ClassVar[str] = "SciPy"
    words: ClassVar = {
        **ArrayWriter.words,
        "sigmoid": "special.expit({x})",
        "softmax": "special.softmax({x}, axis=0)",
    }

    def simple(self, step: Step) -> None:
        """With its special functions."""
        if step.layer.kind in ("sigmoid", "softmax"):
            self.draft.need("from scipy import special")
        super().simple(step)

    def convolution(self, step: Step, layer: Convolution) -> None:
        """By ``ndimage``, which pads by itself, where the output is as large as the input and the window centred."""
        if not self.subject.is_plane or not self._is_centred(layer):
            super().convolution(step, layer)
            return
        self.draft.need("from scipy import ndimage")
        boundary, kernels = layer.geometry.boundary, self.weights(step, "weight")
        mode = f'mode="{_MODES[boundary.mode]}"'
        if str(boundary.mode) == "constant" and not is_zero(boundary):
            mode += f", cval={self.literal(boundary.value)}"
        function = "convolve" if layer.geometry.flip else "correlate"
        text = f"ndimage.{function}({step.inputs[0]}, {kernels}, {mode}){strides(layer)}"
        self.draft.add(f"{step.name} = {text}", "turns the kernel" if layer.geometry.flip else "")
        self._finish(step, layer.rank)

    def turned(self, step: Step, kernels: str, rank: int) -> str:
        """A single kernel is turned by ``convolve``; of several channels the channels must stay."""
        return kernels if self.subject.is_plane else super().turned(step, kernels, rank)

    def correlate(self, step: Step, layer: Convolution, x: str, kernels: str) -> str:
        """The valid part of ``signal.correlate``, whose sum over the channels is that of an axis that fits once."""
        self.draft.need("from scipy import signal")
        kernels = dilated(self, layer, kernels)
        if self.subject.is_plane:
            function = "convolve" if layer.geometry.flip else "correlate"
            return f'signal.{function}({x}, {kernels}, mode="valid", method="direct"){strides(layer)}'
        counts, stride = layer.counts, strides(layer, channels=True)
        depth, filters = counts.channels_per_group, counts.out_channels // counts.groups
        if counts.groups == 1:
            each = f'signal.correlate({x}, kernel, mode="valid", method="direct") for kernel in {kernels}'
        else:
            start = f"f // {filters} * {depth}"
            each = f'signal.correlate({x}[{start} : {start} + {depth}], kernel, mode="valid", method="direct")'
            each += f" for f, kernel in enumerate({kernels})"
        self.draft.add(f"{step.name} = np.concatenate([{each}]){stride}")
        return step.name

    def _is_centred(self, layer: Convolution) -> bool:
        """Whether ndimage's own window is meant: of an even kernel the odd cell before, or after one that is turned."""
        is_small = self.subject.steps[0].bound < 1 << 53 or self.numbers is not Numbers.WHOLE  # it sums in float64
        pads = pads_of(layer)
        centres = [(taps - 1) // 2 if layer.geometry.flip else taps // 2 for taps in layer.counts.kernel_size]
        wanted = [(centre, taps - 1 - centre) for centre, taps in zip(centres, layer.counts.kernel_size, strict=True)]
        return is_small and is_padded(pads) and pads == wanted and max(layer.axes.dilations) == 1


def strides(layer: Convolution, *, channels: bool = False) -> str:
    """The index that takes every so many cells."""
    if max(layer.axes.strides) == 1:
        return ""
    return f"[{', '.join([':'] * channels + [f'::{each}' if each > 1 else ':' for each in layer.axes.strides])}]"


def dilated(writer: ArrayWriter, layer: Convolution, kernels: str) -> str:
    """Add the kernel with zeros between its taps, and return its name."""
    if max(layer.axes.dilations) == 1:
        return kernels
    lead = "" if writer.subject.is_plane else f"*{kernels}.shape[:2], "
    reaches = inner_tuple([axis.reach for axis in layer.axes])[1:-1].rstrip(",")
    ending = "," if not lead and layer.rank == 1 else ""
    writer.draft.add(f"dilated = np.zeros(({lead}{reaches}{ending}), dtype={kernels}.dtype)", "zeros between the taps")
    index = ", ".join(["..."] * bool(lead) + [f"::{axis.dilation}" for axis in layer.axes])
    writer.draft.add(f"dilated[{index}] = {kernels}")
    return "dilated"
