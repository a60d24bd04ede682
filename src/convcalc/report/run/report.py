"""The report of a run: of one convolution with its numbers, of more layers one after the other."""

from __future__ import annotations

from convcalc.layers.run import NetworkRun
from convcalc.report.blocks import Maps, Report


def run_report(run: NetworkRun, precision: str = "full", *, explain: bool = False, maps: Maps | None = None) -> Report:
    """All there is to say about a computed network; ``explain``: its plans too, made with this ``precision``.

    Without ``maps`` no array is shown as a heat map.
    """
    if run.problem is None:
        from convcalc.report.run.network import network_run_report

        return network_run_report(run, explain=explain, maps=maps)
    from convcalc.report.run.convolution import convolution_run_report

    (layer,) = run.layers
    return convolution_run_report(
        run.problem, run.output, layer.plans[0], precision, explain=explain, maps=maps, verified=layer.verified
    )
