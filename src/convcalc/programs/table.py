"""The libraries that programs are written for: each with the module and the writer, imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from convcalc.errors import UnknownNameError

if TYPE_CHECKING:
    from convcalc.programs.program import Program
    from convcalc.programs.subject import Subject

LIBRARIES = {
    "numpy": "numpy_loops.NumpyWriter",
    "scipy": "scipy_signal.ScipyWriter",
    "torch": "pytorch.TorchWriter",
    "keras": "keras_ops.KerasWriter",
    "jax": "jax_lax.JaxWriter",
    "onnx": "onnx_graph.OnnxWriter",
    "opencv": "opencv_filters.OpencvWriter",
    "skimage": "skimage_windows.SkimageWriter",
}
"""Each library by its name on the command line: module in this package and its writer."""


def check_library(name: str) -> None:
    """Refuse a library that is not known.

    Raises:
        UnknownNameError: it is none.
    """
    if name not in LIBRARIES:
        raise UnknownNameError("library", name, LIBRARIES)


def write_program(library: str, subject: Subject, data_name: str) -> Program:
    """The program of a library; ``data_name``: the .npz file beside it.

    Raises:
        UnknownNameError: there is no such library.
        DataError: the library cannot compute it.
    """
    check_library(library)
    module, writer = LIBRARIES[library].split(".")
    made: Program = getattr(import_module(f"convcalc.programs.{module}"), writer)(subject, data_name).write()
    return made
