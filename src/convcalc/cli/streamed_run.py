"""``run -o FILE`` tile by tile: of arrays too large to be held, and where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcalc.cli.flags import flags
from convcalc.errors import FieldError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions, ProblemOptions
    from convcalc.cli.stream_options import StreamOptions, TileOptions
    from convcalc.files.blocks.target import BlockTarget
    from convcalc.request.streamed_input import StreamInput
    from convcalc.streaming.job import StreamJob
    from convcalc.streaming.stream import Work

STREAMED_SUFFIXES = (".npy", ".zarr")
_WORTH_A_LOOK = 2 << 20
"""Bytes of a file whose array may be too large to be held."""
_PRINTED = ("table", "plain", "markdown", "latex", "html")


def stream_input(
    options: ProblemOptions, target: OutputOptions, asked: StreamOptions, whole: Mapping[str, Any]
) -> StreamInput | None:
    """The input that is read tile by tile, where the output is computed so; None where it is held.

    ``whole``: options that need a whole output, by their flags.

    Raises:
        UsageError: it is asked for, and the other options do not go with it.
        ConvcalcError: a file or a flag is bad.
    """
    suffix = Path(target.output or "").suffix.lower()
    given = asked.given
    if given and suffix not in STREAMED_SUFFIXES:
        raise UsageError(f"{given[0]} is of a saved array", hint=f"-o out{' or -o out'.join(STREAMED_SUFFIXES)}")
    if suffix not in STREAMED_SUFFIXES:
        return None
    is_asked = bool(given) or suffix != ".npy"
    against = [flag for flag, value in whole.items() if value]
    against += [f"--format {target.format}"] * (not target.quiet and target.format not in _PRINTED)
    against += ["--strict-finite"] * options.strict_finite
    if against:
        if is_asked:
            what = given[0] if given else f"-o {target.output}"
            raise UsageError(f"{against[0]} needs the whole output, {what} computes it tile by tile")
        return None
    return planned_input(options, is_asked=is_asked)


def planned_input(options: ProblemOptions, *, is_asked: bool) -> StreamInput | None:
    """The input that would be read tile by tile; None where it is held: ``is_asked`` says that it is not.

    Raises:
        ConvcalcError: a file or a flag is bad.
    """
    return _opened(options, is_asked=is_asked) if is_asked or _may_be_large(options.file) else None


def _may_be_large(file: str | None) -> bool:
    """Whether it is worth a look: the file itself, or a problem file that may name one."""
    try:
        return file is not None and (Path(file).stat().st_size > _WORTH_A_LOOK or "file:" in _text(file))
    except (OSError, ValueError):
        return False


def _text(file: str) -> str:
    return Path(file).read_text(encoding="utf-8", errors="replace") if _is_document(file) else ""


def _is_document(file: str | None) -> bool:
    return Path(file or "").suffix.lower() in (".yaml", ".yml", ".json")


def _opened(options: ProblemOptions, *, is_asked: bool) -> StreamInput | None:
    from convcalc.cli.network import changed_as_asked, context_asked, request_asked
    from convcalc.files.selection import selection_of
    from convcalc.request.streamed_input import opened_as_blocks, streamed_input

    context = context_asked(options)
    with flags(kind=FieldError):
        selection = selection_of(options.part._asdict())
    lone = None if options.file is None else opened_as_blocks(options.file, context, selection)
    if lone is None and not (is_asked or _is_document(options.file)):  # a model would be read twice
        return None
    request, source = lone or (request_asked(options, context), None)
    return streamed_input(changed_as_asked(request, options, None), context, source, is_asked=is_asked)


def run_streamed(found: StreamInput, target: OutputOptions, asked: StreamOptions) -> None:
    """Compute, save and show it.

    Raises:
        ConvcalcError: a file or a flag is bad, or the layers cannot be computed tile by tile.
    """
    from convcalc import __version__
    from convcalc.cli.heat_map_flags import maps_of
    from convcalc.cli.message import write
    from convcalc.cli.output.emit import print_report
    from convcalc.report.run.streamed import streamed_report

    is_on_cluster = on_cluster(asked.tiles, asked.scheduler)
    job = stream_job(found, asked.tiles, target)
    with flags("-o"):
        place = _target(target, job)
    with ExitStack() as opened:
        work = opened.enter_context(_workers(job, place, asked)) if is_on_cluster else None
        done = opened.enter_context(_watched(job.tiling.tiles, quiet=target.quiet))
        run = job.run(place, __version__, resume=asked.resume, work=work, done=done)
    if not target.quiet:
        write(f"wrote {target.output}")
        print_report(streamed_report(run, maps_of(target, "auto", show=False)), target.format)


def on_cluster(asked: TileOptions, scheduler: str | None = None) -> bool:
    """Whether the workers of a cluster compute.

    Raises:
        UsageError: there is no such place, or two things are asked for that exclude each other.
    """
    if asked.on not in (None, "dask"):
        raise UsageError(f"--on takes dask, got {asked.on[:40]!r}", hint="--on dask")
    is_asked = asked.on is not None or scheduler is not None
    if asked.workers is not None and not is_asked:
        raise UsageError("--workers is of a cluster", hint="--on dask --workers 4; --threads is of this process")
    if asked.workers is not None and scheduler is not None:
        raise UsageError("--workers and --scheduler exclude each other: a running scheduler has its own workers")
    return is_asked


@contextmanager
def _workers(job: StreamJob, place: BlockTarget, asked: StreamOptions) -> Iterator[Work]:
    """A context with the workers of a cluster; raises as :func:`convcalc.dask.cluster.cluster` does."""
    from convcalc import __version__
    from convcalc.dask.cluster import cluster
    from convcalc.dask.workers import on_workers

    with cluster(asked.scheduler, asked.tiles.workers, __version__) as client:
        yield on_workers(client, job, place)


def stream_job(found: StreamInput, asked: TileOptions, target: OutputOptions | None = None) -> StreamJob:
    """What would be computed, and how; ``target``: the output, if it is known.

    Raises:
        ConvcalcError: as :func:`run_streamed`.
    """
    from convcalc.cli.network import settled
    from convcalc.request.resolve import resolve
    from convcalc.streaming.job import AskedOutput, job_of

    network = resolve(found.request, found.context)
    context = settled(found.context, network)
    tile = () if asked.tile is None else _sizes(asked.tile)
    wanted = AskedOutput(asked.output_dtype, asked.saturate, asked.rounding, tile)
    chunks = None
    if target is not None and Path(target.output or "").suffix.lower() == ".zarr":
        from convcalc.files.blocks.zarr import output_chunks

        chunks = output_chunks
    try:
        return job_of(network.as_problem(context), found.source, context, wanted, chunks)
    except (FieldError, UnknownNameError) as error:  # of what the flags ask for
        raise UsageError(error.message, hint=error.hint) from None


def _sizes(text: str) -> tuple[int, ...]:
    """The cells of a tile on each axis.

    Raises:
        UsageError: they are no whole numbers from 1.
    """
    sizes = text.lower().replace("×", "x").split("x")
    if not all(each.strip().isdecimal() and 0 < int(each) < 1 << 62 for each in sizes):
        raise UsageError(f"--tile takes whole numbers from 1, got {text[:40]!r}", hint="--tile 512x512")
    return tuple(map(int, sizes))


def _target(target: OutputOptions, job: StreamJob) -> BlockTarget:
    assert target.output is not None  # it is asked for
    if Path(target.output).suffix.lower() == ".zarr":
        from convcalc.files.blocks.zarr import ZarrTarget

        return ZarrTarget(target.output, job.output_shape, job.numbers.dtype, force=target.force)
    from convcalc.files.blocks.target import NpyTarget

    return NpyTarget(target.output, job.output_shape, job.numbers.dtype, force=target.force)


@contextmanager
def _watched(tiles: int, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A context with a bar; of a run that ends before its end it says what is kept."""
    from convcalc.cli.message import write
    from convcalc.cli.progress import tiles_watched

    finished = 0

    def counted(number: int, every: int) -> None:
        nonlocal finished
        finished = number
        advance(number, every)

    with tiles_watched(tiles, quiet=quiet) as advance:
        try:
            yield counted
        except BaseException:
            if finished:
                write(f"{finished:,} of {tiles:,} tiles are finished and kept: --resume goes on with the others")
            raise
