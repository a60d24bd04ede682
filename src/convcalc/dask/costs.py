"""What a job costs on a cluster, before anything is computed, however many tiles it has."""

from __future__ import annotations

from typing import NamedTuple

from convcalc.dask.traffic import moved_cells, worker_tiles
from convcalc.streaming.job import StreamJob


class ClusterCosts(NamedTuple):
    """The costs of a job on workers of one thread each."""

    workers: int
    tiles: int
    seconds_each: float
    """Of a tile by one thread, estimated."""
    moved_near: int
    """Bytes that would go between workers if the input were a Dask array with such chunks, each worker with a box of
    neighbouring ones."""
    moved_apart: int
    """The same where no two neighbours are on one worker: the most that can be."""

    @property
    def path(self) -> int:
        """Tiles that one worker computes one after the other: the critical path."""
        return -(-self.tiles // self.workers)

    @property
    def seconds(self) -> float:
        """Of the critical path, estimated, without reading and writing."""
        return self.path * self.seconds_each


def cluster_costs(job: StreamJob, workers: int) -> ClusterCosts:
    """The costs on so many workers."""
    tiling, problem = job.tiling, job.problem
    cells_bytes = problem.batch * problem.in_channels * job.reader.source.dtype.itemsize
    spatial = tiling.counts[1:]
    boxes = worker_tiles(spatial, max(1, min(workers, tiling.tiles) // tiling.counts[0]))
    alone = (1,) * len(spatial)
    near, apart = (moved_cells(tiling.axes, problem.boundary, tiling.steps, each) for each in (boxes, alone))
    return ClusterCosts(workers, tiling.tiles, job.plan.work.seconds, cells_bytes * near, cells_bytes * apart)
