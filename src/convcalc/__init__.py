"""A convolution calculator: the right numbers, and where each one comes from.

``conv`` computes, ``trace`` explains one cell, ``load`` reads a file and ``kernel`` names a kernel. Behind them stand
the nouns: a request is resolved into a network of one or more layers, a plan picks the engine for each convolution, the
engines make the outputs, and an explanation retells one cell of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from convcalc.api import conv, kernel, load, trace
    from convcalc.build import build_problem
    from convcalc.engine.compute import Result, compute
    from convcalc.engine.plan import Plan, make_plan
    from convcalc.engine.table import ENGINES
    from convcalc.errors import ConvcalcError
    from convcalc.geometry.axis import Axis
    from convcalc.geometry.boundary import Boundary
    from convcalc.kernels.kernel import Kernel
    from convcalc.layers.network import Network
    from convcalc.problem import Problem
    from convcalc.request.request import Request, read_request
    from convcalc.request.resolve import resolve
    from convcalc.tracing.trace import Trace, trace_at, traces

# Loaded on first use (PEP 562): `convcalc --version` must not wait for numpy.
_HOMES = {
    "ENGINES": "engine.table",
    "Axis": "geometry.axis",
    "Boundary": "geometry.boundary",
    "ConvcalcError": "errors",
    "Kernel": "kernels.kernel",
    "Network": "layers.network",
    "Plan": "engine.plan",
    "Problem": "problem",
    "Request": "request.request",
    "Result": "engine.compute",
    "Trace": "tracing.trace",
    "build_problem": "build",
    "compute": "engine.compute",
    "conv": "api",
    "kernel": "api",
    "load": "api",
    "make_plan": "engine.plan",
    "read_request": "request.request",
    "resolve": "request.resolve",
    "trace": "api",
    "trace_at": "tracing.trace",
    "traces": "tracing.trace",
}

__all__ = [
    "ENGINES",
    "Axis",
    "Boundary",
    "ConvcalcError",
    "Kernel",
    "Network",
    "Plan",
    "Problem",
    "Request",
    "Result",
    "Trace",
    "build_problem",
    "compute",
    "conv",
    "kernel",
    "load",
    "make_plan",
    "read_request",
    "resolve",
    "trace",
    "trace_at",
    "traces",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
