"""Convolutions of Dask arrays, and of files by the workers of a cluster: the numbers of one machine, to the bit."""

from __future__ import annotations

import os
import signal
import socket
import warnings
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from random import Random
from time import perf_counter, process_time, sleep
from typing import Any

import numpy as np
import pytest

import convcalc
from convcalc.context import Context
from convcalc.dask.cluster import check_scheduler, check_workers, cluster
from convcalc.dask.workers import on_workers
from convcalc.errors import ClusterError, ConvcalcError, DataError, FieldError
from convcalc.files.blocks.npy import npy_source
from convcalc.files.blocks.source import FlatSource, HeldSource, stand_in
from convcalc.files.blocks.target import NpyTarget
from convcalc.files.tensor_file import Tensor
from convcalc.limits import Limits
from convcalc.report.run.streamed import streamed_plan_report
from convcalc.request.request import Field, Origin, Request
from convcalc.request.resolve import resolve
from convcalc.streaming.job import AskedOutput, job_of

da = pytest.importorskip("dask.array", reason="the extra `dask` is not installed")
distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
dask = pytest.importorskip("dask")

from convcalc.dask.array import conv  # noqa: E402 - where Dask is installed

WORKERS = 4


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Without a cluster graphs are computed here, one task after the other."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A cluster of four processes on this machine, of which two tests kill one each; it comes back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Dask's own sockets at its end
        with cluster(None, WORKERS, convcalc.__version__) as found:
            yield found


def unique(*shape: int, dtype: str = "int32") -> Any:
    """Every cell has a number of its own."""
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def random_problem(rng: Random) -> tuple[Any, Any, dict[str, Any]]:
    """Input, weight and arguments of every kind, of which some do not fit together."""
    rank, groups, batch = rng.choice([1, 2, 2, 3]), rng.choice([1, 2]), rng.choice([1, 3])
    channels = groups * rng.choice([1, 2])
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    size = [rng.randint(5, 13) for _ in range(rank)]
    dtype = rng.choice(["uint8", "int16", "int64", "bool", "float16", "float32", "float64", ">i4"])
    cells = numbers.integers(0, 9, (batch, channels, *size)).astype(dtype)
    kernel = [rng.randint(1, 4) for _ in range(rank)]
    weight = numbers.integers(-3, 4, (2 * groups, channels // groups, *kernel))
    further = {
        "stride": rng.choice([1, 1, 2, 3]),
        "dilation": rng.choice([1, 1, 2]),
        "padding": [(rng.randint(0, 5), rng.randint(0, 5)) for _ in range(rank)],
        "groups": groups,
        "boundary": rng.choice(["zeros", 3, "reflect", "symmetric", "replicate", "circular"]),
        "flip": rng.choice([True, False]),
    }
    return cells, weight.astype("float64" if rng.random() < 0.2 else "int8"), further


def test_chunks_give_the_numbers_of_the_whole() -> None:
    """Of all arguments, chunked in any way: numbers, their type, the chunks asked for; at most two tasks each."""
    rng, seen = Random(5), 0
    while seen < 60:
        cells, weight, further = random_problem(rng)
        try:
            wanted = convcalc.conv(cells, weight, [1] * len(weight), engine="direct", **further)
        except ConvcalcError:
            continue
        rank = cells.ndim - 2
        chunked = da.from_array(
            cells, (rng.choice([1, 3]), rng.choice([1, 2]), *(rng.choice([1, 2, 5, 20]) for _ in range(rank)))
        )
        asked = rng.choice([None, 4, tuple(rng.choice([2, 9]) for _ in range(rank))])
        made = conv(chunked, weight, [1] * len(weight), chunks=asked, engine="direct", **further)
        found = made.compute()
        assert found.dtype == made.dtype == wanted.dtype
        assert found.shape == made.shape == wanted.shape
        assert np.array_equal(found, wanted), (further, chunked.chunks, asked)
        assert len(made.__dask_graph__().layers[made.name]) - 1 <= 2 * made.npartitions  # one is the kernel
        seen += 1


@pytest.mark.parametrize("boundary", ["zeros", "reflect", "symmetric", "replicate", "circular"])
def test_the_edges_of_chunks_hold_the_right_cells(boundary: str) -> None:
    """A kernel that picks one cell finds the unique number of that cell, on both sides of every edge."""
    cells = unique(23, 19)
    padded = np.pad(
        cells, 4, mode={"zeros": "constant", "replicate": "edge", "circular": "wrap"}.get(boundary, boundary)
    )
    for row, column in [(0, 0), (0, 8), (8, 0), (8, 8), (3, 5), (4, 4)]:
        kernel = np.zeros((9, 9), int)
        kernel[row, column] = 1
        found = conv(da.from_array(cells, (5, 7)), kernel, padding=4, boundary=boundary).compute()
        assert np.array_equal(found, padded[row : row + 23, column : column + 19])


def test_bytes_that_a_graph_cuts_are_those_of_the_closed_form() -> None:
    """The cuts of a real graph, computed: as many bytes as the plan counts where no tiles share a worker."""
    from convcalc.dask.traffic import blocks_like, moved_cells
    from convcalc.geometry.axis import Axis
    from convcalc.geometry.boundary import Boundary

    axes = [Axis(40, 5, before=2, after=2), Axis(37, 4, stride=2, before=1)]
    chunks = tuple(blocks_like(axis, step) for axis, step in zip(axes, (10, 6), strict=True))
    cells = da.from_array(unique(40, 37, dtype="uint16"), chunks)
    made = conv(cells, np.ones((5, 4), int), stride=(1, 2), padding=[(2, 2), (1, 0)])
    graph = dict(made.__dask_graph__().layers[made.name])
    cuts = {key for key in graph if "-cut" in key[0]}
    moved = 0
    for key, cut in zip(cuts, dask.get(dict(made.__dask_graph__()), list(cuts)), strict=True):
        readers = sum(key in task.dependencies for task in graph.values())
        moved += readers * sum(part.nbytes for part in cut.values())
    assert moved == 2 * moved_cells(axes, Boundary(), (10, 6), (1, 1)) > 0


def test_named_kernels_and_numbers() -> None:
    """Planes and colours take a kernel by name; fractions give floats; a narrow type must hold all."""
    image = unique(3, 20, 21, dtype="uint8")
    chunked = da.from_array(image, (1, 8, 8))
    for name, groups in [("sobel-x", 3), ("gaussian:5,1.2", 1), ("box", 3)]:
        found = conv(chunked, name, groups=groups, padding="same").compute()
        assert np.allclose(found, convcalc.conv(image, name, groups=groups, padding="same"), rtol=1e-15)
    plane = da.from_array(image[0], 8)
    narrow = conv(plane, "sobel-x", output_dtype="int16")
    assert narrow.compute().dtype == narrow.dtype == np.int16
    assert np.array_equal(narrow.compute(), convcalc.conv(image[0], "sobel-x"))
    with pytest.raises(ConvcalcError, match="int8 does not hold"):
        conv(plane, "sobel-x", output_dtype="int8")


def test_dask_image_and_scipy_have_the_same_numbers() -> None:
    """Second opinions, on chunks and on the whole."""
    filters = pytest.importorskip("dask_image.ndfilters", reason="dask-image is not installed")
    ndimage = pytest.importorskip("scipy.ndimage")
    cells, kernel = unique(50, 41), np.arange(15).reshape(3, 5) - 7
    chunked = da.from_array(cells, (17, 12))
    theirs = {
        "reflect": "symmetric",
        "mirror": "reflect",
        "nearest": "replicate",
        "wrap": "circular",
        "constant": "zeros",
    }
    for mode, boundary in theirs.items():
        ours = conv(chunked, kernel, padding="same", boundary=boundary).compute()
        assert np.array_equal(ours, ndimage.correlate(cells.astype("int64"), kernel, mode=mode))
        if mode in ("reflect", "constant"):
            assert np.array_equal(ours, filters.correlate(chunked.astype("int64"), kernel, mode=mode).compute())


def test_what_is_no_dask_array_is_refused() -> None:
    """In one sentence, before anything is computed."""
    plane = da.from_array(unique(8, 8), 4)
    with pytest.raises(FieldError, match="input must be a Dask array, got"):
        conv(unique(8, 8), "box")
    with pytest.raises(FieldError, match="sizes of the Dask array's chunks are unknown"):
        conv(plane[plane[:, 0] > 3], "box")
    with pytest.raises(DataError, match="complex128 values"):
        conv(plane.astype(complex), "box")
    with pytest.raises(ConvcalcError, match="engine"):
        conv(plane, "box", engine="nothing")
    with pytest.raises(ConvcalcError, match="kernel does not fit"):
        conv(plane, "gaussian:15")


def test_a_block_that_is_not_what_its_array_says_is_named() -> None:
    """Dask itself computes on with blocks of another shape or type."""
    plane = da.from_array(unique(8, 8), 4)
    smaller = plane.map_blocks(lambda block: block[:3], dtype="int32", meta=np.empty((0, 0), "int32"))
    with pytest.raises(DataError, match="a block of the Dask array is 3×4 of int32, the array says 4×4 of int32"):
        conv(smaller, "box").compute()
    floats = plane.map_blocks(lambda block: block * 1.5, dtype="int32", meta=np.empty((0, 0), "int32"))
    with pytest.raises(DataError, match="4×4 of float64, the array says 4×4 of int32"):
        conv(floats, "box").compute()
    wide = da.from_array(np.full((6, 6), 1 << 62), 3)
    with pytest.raises(DataError, match="beyond int64"):
        conv(wide, [[1, 1]]).compute()


def test_a_scheduler_that_is_not_there_is_said_at_once() -> None:
    """Nothing listens, something else listens and is silent, or sends what no scheduler sends: one line, within 5 s."""
    start = perf_counter()
    with socket.socket() as silent, socket.socket() as closed:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        closed.bind(("127.0.0.1", 0))
        for port in (silent.getsockname()[1], closed.getsockname()[1]):
            with pytest.raises(ClusterError, match=f"no Dask scheduler answers at tcp://127.0.0.1:{port}: "):
                check_scheduler(f"tcp://127.0.0.1:{port}")
    for address in ("here", "http://127.0.0.1:8786", "tcp://127.0.0.1", "tcp://127.0.0.1:70000"):
        with pytest.raises(ClusterError, match="is no address of a scheduler"):
            check_scheduler(address)
    assert perf_counter() - start < 5


# A cluster ---------------------------------------------------------------------------------------------------------


def test_workers_with_another_convcalc_or_none_are_named(client: Any) -> None:
    """Each is asked before anything is computed."""
    workers = list(client.scheduler_info(n_workers=-1)["workers"])
    with pytest.raises(ClusterError, match=r"another version of convcalc than this one, 9.9: tcp://\S+ has "):
        check_workers(client, "tcp://s:1", "9.9")

    def hide() -> None:
        import sys

        sys.modules["convcalc"] = None  # type: ignore[assignment]

    def show() -> None:
        import sys

        del sys.modules["convcalc"]

    client.run(hide, workers=workers[:1])
    with pytest.raises(ClusterError, match=f"1 worker of tcp://s:1 cannot import convcalc: {workers[0]}"):
        check_workers(client, "tcp://s:1", convcalc.__version__)
    client.run(show, workers=workers[:1])
    check_workers(client, "tcp://s:1", convcalc.__version__)


def test_a_graph_on_a_cluster_loses_a_worker(client: Any) -> None:
    """One of four processes is killed in the middle; floats by the same engine have the same bits."""
    cells = np.random.default_rng(0).standard_normal((600, 500)).astype("float32")

    def slow(block: Any) -> Any:  # within the test, so that it is sent as it is
        from time import sleep

        sleep(0.05)
        return block

    chunked = da.from_array(cells, (75, 70)).map_blocks(slow, dtype="float32", meta=np.empty((0, 0), "float32"))
    made = conv(chunked, "gaussian:9,2", padding="same", boundary="reflect", engine="direct")
    first, *_ = processes(client)
    future = client.compute(made)
    sleep(0.5)
    os.kill(first, signal.SIGKILL)
    found = future.result(timeout=60)
    assert np.array_equal(
        found, convcalc.conv(cells, "gaussian:9,2", padding="same", boundary="reflect", engine="direct")
    )


class Slow(FlatSource):
    """A file that is read slowly, so that a worker can be killed in the middle."""

    def read(self, box: Any) -> Any:
        sleep(0.03)
        return super().read(box)


def job_on(source: Any, kernel: str, tile: tuple[int, ...], **further: Any) -> Any:
    """What ``run`` makes of a source."""
    context = Context()
    tensor = Tensor(stand_in(source), None, (), source.name)
    request = Request(source.name, {"input": Field(tensor, Origin(source.name))}).override(kernel=kernel, **further)
    network = resolve(request, context).as_problem(context)
    return job_of(network, source, context, AskedOutput(tile=tile))


def computed(job: Any, path: Path, client: Any = None, **further: Any) -> Any:
    """A job run into a file, here or on a cluster."""
    target = NpyTarget(str(path), job.output_shape, job.numbers.dtype, force=True)
    work = on_workers(client, job, target) if client else None
    return job.run(target, convcalc.__version__, work=work, **further)


def test_a_file_on_a_cluster_loses_a_worker(client: Any, tmp_path: Path) -> None:
    """The same bytes and the same page as by this process, though one of four processes is killed in the middle."""
    np.save(tmp_path / "x.npy", unique(300, 280, dtype="uint16"))
    source = npy_source(str(tmp_path / "x.npy"), Limits())
    flags = {"padding": "same", "boundary": "reflect"}
    here = computed(job_on(source, "gaussian:9,2", (40, 50), **flags), tmp_path / "here.npy")
    done, (first, *_) = [], processes(client)

    def killing(count: int, _all: int) -> None:
        done.append(count)
        if count == 5:
            os.kill(first, signal.SIGKILL)

    job = job_on(Slow(**vars_of(source)), "gaussian:9,2", (40, 50), **flags)
    there = computed(job, tmp_path / "there.npy", client, done=killing)
    assert done == list(range(1, job.tiling.tiles + 1))
    assert (tmp_path / "here.npy").read_bytes() == (tmp_path / "there.npy").read_bytes()
    assert np.array_equal(here.found.output.picture, there.found.output.picture)
    assert np.array_equal(here.found.input.cells, there.found.input.cells)
    assert here.found.output.statistics[:2] == there.found.output.statistics[:2]
    assert here.found.output.statistics.mean == pytest.approx(there.found.output.statistics.mean, rel=1e-12)
    assert {each.name for each in tmp_path.iterdir()} == {"x.npy", "here.npy", "there.npy"}


def test_an_array_in_memory_goes_to_the_workers_with_its_tiles(client: Any, tmp_path: Path) -> None:
    """Numbers that are in no file that workers could read; whole ones in the narrowest type, of a circular boundary."""
    cells = unique(3, 40, 41, dtype="uint16")
    further = {"padding": "1", "boundary": "circular", "depthwise": True}
    job = job_on(HeldSource(cells, "cells"), "sobel-x", (16, 16), **further)
    computed(job, tmp_path / "out.npy", client)
    weight = np.stack([convcalc.kernel("sobel-x").weights] * 3)[:, np.newaxis]
    wanted = convcalc.conv(cells, weight, padding=1, boundary="circular", groups=3)
    assert np.array_equal(np.load(tmp_path / "out.npy"), wanted)


def test_workers_that_do_not_see_the_files_are_named(client: Any, tmp_path: Path) -> None:
    """Before any tile is computed; what is begun stays for --resume."""
    np.save(tmp_path / "x.npy", unique(30, 30))
    job = job_on(npy_source(str(tmp_path / "x.npy"), Limits()), "box", (10, 10))
    (tmp_path / "x.npy").unlink()
    with pytest.raises(ClusterError, match=r"worker tcp://\S+: .*x.npy.* \(workers read the input"):
        computed(job, tmp_path / "out.npy", client)


def test_a_million_squared_is_planned_without_a_list() -> None:
    """10^12 bytes on 1,000 workers: under a second, and the counts are those of the tiles' product."""
    job = job_on(Huge((1_000_000, 1_000_000)), "gaussian:9,2", (8192, 8192), padding="same")
    start = process_time()
    report = streamed_plan_report(job_on(Huge((1_000_000, 1_000_000)), "gaussian:9,2", (8192, 8192)), 1_000).data()
    assert process_time() - start < 1
    assert job.tiling.tiles == report["tiles"]["count"] == report["cluster"]["tasks"] == 123**2
    assert report["cluster"]["critical_path_tiles"] == 16
    assert report["tiles"]["bytes_read"] == (1_000_000 + 122 * 8) ** 2


class Huge(HeldSource):
    """An array that nobody could hold."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(np.broadcast_to(np.uint8(0), shape), "huge")


def vars_of(source: FlatSource) -> dict[str, Any]:
    return {each.name: getattr(source, each.name) for each in fields(source) if each.init}


def processes(client: Any) -> list[int]:
    """Of the workers."""
    return list(client.run(os.getpid).values())
