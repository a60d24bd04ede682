"""The figure of a kernel: its weights, coloured by their values."""

from __future__ import annotations

from convcalc.kernels.kernel import Kernel
from convcalc.report.arrays.coloured_panels import check_drawable, coloured, scales_text, slice_panels
from convcalc.report.arrays.figure import Figure, PanelKind
from convcalc.report.text import scale_text
from convcalc.wording import shape_text


def kernel_figure(kernel: Kernel) -> Figure:
    """The weights as they are written, with their scale in the caption.

    Raises:
        OutputError: there are too many of them.
    """
    check_drawable([(1, 1, *kernel.weights.shape)], "the kernel has", ".json")
    array = coloured(PanelKind.KERNEL, kernel.weights)
    caption = ", ".join(filter(None, (f"weights {shape_text(kernel.weights.shape)}", scale_text(kernel.scale))))
    return Figure(
        title=kernel.name,
        description=". ".join(filter(None, (kernel.title, kernel.shows))),
        rows=(tuple(slice_panels(array, (), caption)), (array.legend,)),
        remark=scales_text([array]),
    )
