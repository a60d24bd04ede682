"""What a job costs on a cluster, as lines and data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.dask.costs import ClusterCosts
from convcalc.limits import bytes_text
from convcalc.report.blocks import Block, say
from convcalc.report.number_data import number_data
from convcalc.report.text import seconds_text
from convcalc.wording import counted


def cluster_blocks(costs: ClusterCosts) -> Iterator[Block]:
    """Tasks, what moves between workers, and the critical path."""
    yield say(
        f"on {counted(costs.workers, 'worker')} of one thread: {counted(costs.tiles, 'task')}, one a tile; each reads "
        "its cells from the file and writes its own, so nothing goes from one worker to another"
    )
    yield say(
        f"critical path: {counted(costs.path, 'tile')} one after the other, computed in about "
        f"{seconds_text(costs.seconds)}"
    )
    yield say(
        f"as a Dask array with such chunks (convcalc.dask.conv): at most {counted(2 * costs.tiles, 'task')}; "
        f"{bytes_text(costs.moved_near)} between workers if each has neighbouring chunks, "
        f"{bytes_text(costs.moved_apart)} if none has"
    )


def cluster_data(costs: ClusterCosts) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "cluster": {
            "workers": costs.workers,
            "tasks": costs.tiles,
            "bytes_between_workers": 0,
            "critical_path_tiles": costs.path,
            "critical_path_seconds": number_data(costs.seconds),
            "dask_array": {
                "most_tasks": 2 * costs.tiles,
                "bytes_between_workers": costs.moved_near,
                "most_bytes_between_workers": costs.moved_apart,
            },
        }
    }
