"""Programs with scikit-image: its windows, multiplied by the kernel."""

from __future__ import annotations

from typing import ClassVar

from convcalc.layers.kinds.convolution import Convolution
from convcalc.programs.numpy_arrays import ArrayWriter
from convcalc.programs.program import inner_tuple
from convcalc.programs.subject import Step, Subject

_NOTE = (
    "scikit-image has no convolution with a kernel of one's own, so its windows are multiplied here; its filters, such "
    "as sobel_h, bring their own scale, and divide whole numbers by the largest of their type first."
)
_OUT, _TAPS = "xyzuvw", "ijklmn"


class SkimageWriter(ArrayWriter):
    """``view_as_windows`` has steps; dilation is a step within a window."""

    library: ClassVar[str] = "skimage"
    package: ClassVar[str] = "scikit-image"

    def __init__(self, subject: Subject, data_name: str) -> None:
        super().__init__(subject, data_name)
        self.draft.note(_NOTE)

    def correlate(self, step: Step, layer: Convolution, x: str, kernels: str) -> str:  # noqa: ARG002
        """The sum of window × kernel for every window."""
        self.draft.need("from skimage.util import view_as_windows")
        rank, counts = layer.rank, layer.counts
        reach, stride = [axis.reach for axis in layer.axes], list(layer.axes.strides)
        taps = f"[..., {', '.join(f'::{each}' for each in layer.axes.dilations)}]"
        inside = taps if max(layer.axes.dilations) > 1 else ""
        if self.subject.is_plane:
            steps = f", step={inner_tuple(stride)}" if max(stride) > 1 else ""
            text = f"view_as_windows({x}, {inner_tuple(reach)}{steps}){inside}"
            self.draft.add(f"windows = {text}", f"every window of {'×'.join(map(str, counts.kernel_size))}")
            return f"(windows * {kernels}).sum(axis={inner_tuple(range(-rank, 0))})"
        depth = counts.channels_per_group
        window, steps = inner_tuple([depth, *reach]), inner_tuple([depth, *stride])
        self.draft.add(
            f"windows = view_as_windows({x}, {window}, step={steps}){inside}", "(group, *place, channel, *tap)"
        )
        out, tap = _OUT[:rank], _TAPS[:rank]
        if counts.groups == 1:
            return f'np.einsum("{out}c{tap},fc{tap}->f{out}", windows[0], {kernels})'
        shape = inner_tuple([counts.groups, counts.out_channels // counts.groups, depth, *counts.kernel_size])
        text = f'np.einsum("g{out}c{tap},gfc{tap}->gf{out}", windows, {kernels}.reshape{shape})'
        return f"{text}.reshape{inner_tuple([counts.out_channels, *layer.axes.output_sizes])}"
