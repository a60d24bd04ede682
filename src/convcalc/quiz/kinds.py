"""The table of questions: what each asks, its right answer, how answers are read, and the mistakes modelled for it.

An answer is computed from the asked convolution; a mistake's from the convolution that the mistake makes of it, by the
same function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convcalc.quiz import count_questions as counts
from convcalc.quiz import window_questions as windows
from convcalc.quiz.forms import Form
from convcalc.quiz.kind import Kind

_GEOMETRY = ("padding-forgotten", "stride-ignored", "dilation-ignored")
_CHANNELS = ("channels-not-summed", "one-filter")
_EXCHANGED = ("position-exchanged", "kernel-exchanged")


def _layers(name: str) -> Callable[..., Any]:
    """A function of :mod:`convcalc.quiz.layer_questions`, which is loaded where a layer is asked about."""

    def call(*arguments: Any) -> Any:
        from convcalc.quiz import layer_questions

        return getattr(layer_questions, name)(*arguments)

    return call


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "slice", 1, Form.SLICES, windows.any_output, windows.ask_window, windows.window_slices,
            (*_GEOMETRY, *_EXCHANGED), windows.slice_slips,
        ),
        Kind(
            "parameters", 1, Form.COUNT, counts.anywhere, counts.ask_parameters, counts.parameters,
            ("bias-forgotten", "bias-added", *_CHANNELS, "groups-ignored"), counts.parameters_slips,
        ),
        Kind(
            "shape", 1, Form.SHAPE, counts.anywhere, counts.ask_shape, counts.shape_out,
            (*_GEOMETRY, "padding-on-one-side", "kernel-exchanged", "one-filter"), counts.shape_slips,
        ),
        Kind(
            "planes", 1, Form.COUNT, counts.planes_drawn, counts.ask_planes, counts.planes,
            ("channels-not-summed", "groups-ignored"), counts.planes_slips,
        ),
        Kind(
            "flipped", 1, Form.TRUTH, counts.anywhere, windows.ask_flipped, windows.is_flipped, ("kernel-turned",),
        ),
        Kind(
            "shared", 2, Form.TRUTH, windows.shared_drawn, windows.ask_shared, windows.is_shared,
            (), windows.shared_slips,
        ),
        Kind(
            "cell", 2, Form.NUMBER, windows.cell_drawn, windows.ask_cell, windows.cell_value,
            (
                "kernel-turned", *_GEOMETRY, "padding-read-as-zeros", *_EXCHANGED,
                "bias-forgotten", "scale-forgotten", *_CHANNELS, "slice-too-short",
            ),
            slack=windows.slack_of,
        ),
        Kind(
            "uses", 2, Form.SLICES, windows.used_cell, windows.ask_uses, windows.using_cells,
            (*_GEOMETRY, "padding-read-as-zeros", *_EXCHANGED), windows.slice_slips,
        ),
        Kind(
            "macs", 2, Form.COUNT, counts.anywhere, counts.ask_macs, counts.mac_count,
            (*_GEOMETRY, *_CHANNELS, "groups-ignored"), counts.macs_slips,
        ),
        Kind(
            "stride", 3, Form.COUNT, counts.stride_drawn, counts.ask_stride, counts.right_strides,
            ("padding-forgotten", "dilation-ignored"), counts.stride_slips,
        ),
        Kind(
            "field", 3, Form.COUNT, counts.field_drawn, counts.ask_field, counts.field, (), counts.field_slips,
        ),
        Kind(
            "layer-shape", 1, Form.SHAPE, _layers("any_layer"), _layers("ask_shape"), _layers("shape_out"),
            (), _layers("shape_slips"), of_layers=True,
        ),
        Kind(
            "layer-parameters", 1, Form.COUNT, _layers("any_layer"), _layers("ask_parameters"), _layers("parameters"),
            (), _layers("parameters_slips"), of_layers=True,
        ),
        Kind(
            "layer-slice", 1, Form.SLICES, _layers("pooled"), _layers("ask_window"), _layers("window_slices"),
            (), _layers("window_slips"), of_layers=True,
        ),
        Kind(
            "layer-cell", 2, Form.NUMBER, _layers("cell_drawn"), _layers("ask_cell"), _layers("cell_value"),
            (), _layers("cell_slips"), slack=_layers("cell_slack"), of_layers=True,
        ),
        Kind(
            "layer-macs", 2, Form.COUNT, _layers("multiplying"), _layers("ask_macs"), _layers("macs"),
            (), _layers("macs_slips"), of_layers=True,
        ),
        Kind(
            "layer-field", 3, Form.COUNT, counts.field_drawn, counts.ask_field, counts.field,
            (), counts.field_slips, of_layers=True,
        ),
    )
}  # fmt: skip
"""The table of questions."""
LEVELS = tuple(sorted({kind.level for kind in KINDS.values()}))
