"""``run -o`` tile by tile: what a user types, what is saved, what is said, what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import convcalc
from conftest import CommandLine, Done

ndimage = pytest.importorskip("scipy.ndimage")  # the independent reference

CELLS = np.random.default_rng(5).integers(0, 256, (60, 50), dtype=np.uint8)
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
WANTED = ndimage.correlate(CELLS.astype(int), SOBEL, mode="constant")
"""By SciPy, an implementation that shares nothing with ours."""


Command = Callable[..., Done]


@pytest.fixture
def command(cli: CommandLine) -> Command:
    """The command line in a folder with an image as x.npy; it checks the exit code."""
    np.save("x.npy", CELLS)

    def run(*argv: str, code: int = 0) -> Done:
        done = cli.run(*argv)
        assert done.code == code, done.err
        return done

    return run


def sobel(command: Command, *arguments: str) -> Done:
    """``convcalc run`` with Sobel and padding 1."""
    return command("run", *arguments, "--kernel", "sobel-x", "--padding", "1")


def test_the_numbers_are_those_of_scipy_in_any_tiles(command: Command) -> None:
    """Tiles of one cell, of uneven parts, of more than the array; int16, since that holds what could come out."""
    for tile in ("1x50", "7x11", "100x100"):
        sobel(command, "x.npy", "-o", "out.npy", "--tile", tile, "--force")
        found = np.load("out.npy")
        assert found.dtype == np.int16
        np.testing.assert_array_equal(found, WANTED)


def test_the_page_says_tiles_halo_numbers_and_range(command: Command) -> None:
    """All that is known of an output that nobody holds."""
    done = sobel(command, "x.npy", "-o", "out.npy", "--tile", "20x50", "--format", "plain")
    said = done.out.replace("\n", " ")
    assert "3 tiles of 20×50, neighbours share 2 rows of the input (the halo): 6.67 % of it is read again" in said
    assert "output numbers: int16, the narrowest that holds -1,020 to 1,020, which could come out" in said
    assert f"output 60×50: {WANTED.min()} … {WANTED.max()}, mean {WANTED.mean():.6g}" in done.out
    assert "wrote out.npy" in done.err


@pytest.mark.parametrize("boundary", ["reflect", "symmetric", "replicate", "circular", "7"])
def test_boundaries_at_the_true_border_alone(command: Command, boundary: str) -> None:
    """Against SciPy's modes, with a kernel that reaches over two tiles."""
    mode = {"reflect": "mirror", "symmetric": "reflect", "replicate": "nearest", "circular": "grid-wrap"}
    command(
        *("run", "x.npy", "--kernel", "[[1,2,3,4,5,6,7]]", "--padding", "same", "--boundary", boundary),
        *("-o", "out.npy", "--tile", "9x3"),
    )
    wanted = ndimage.correlate1d(CELLS.astype(int), range(1, 8), mode=mode.get(boundary, "constant"), cval=7)
    np.testing.assert_array_equal(np.load("out.npy"), wanted)


def test_every_kind_of_source(command: Command) -> None:
    """Uncompressed and compressed archives, raw numbers beside their type and shape, Fortran order, other bytes."""
    np.savez("stored.npz", a=CELLS, b=CELLS[:3])
    np.savez_compressed("packed.npz", a=CELLS)
    CELLS.astype(">u2").tofile("x.raw")
    Path("raw.yaml").write_text(
        "input: {file: x.raw, dtype: '>u2', shape: [60, 50]}\nkernel: sobel-x\npadding: 1\n", encoding="utf-8"
    )
    np.save("fortran.npy", np.asfortranarray(CELLS.astype(">i4")))
    for name in ("stored.npz:a", "packed.npz:a", "raw.yaml", "fortran.npy"):
        sobel(command, name, "-o", "out.npy", "--tile", "13x17", "--force", "-q")
        np.testing.assert_array_equal(np.load("out.npy"), WANTED)
    sobel(command, "raw.yaml", "-o", "held.npy", "-q")  # read whole, too
    np.testing.assert_array_equal(np.load("held.npy"), WANTED)


def test_samples_channels_and_filters(command: Command) -> None:
    """An array with batch and channels, against a loop over SciPy's planes."""
    many = np.random.default_rng(6).integers(-9, 9, (3, 2, 11, 12), dtype=np.int8)
    np.save("many.npy", many)
    weight = np.random.default_rng(7).integers(-3, 4, (4, 2, 3, 3))
    np.save("w.npy", weight)
    command("run", "many.npy", "--kernel", "w.npy", "--dims", "2", "-o", "out.npy", "--tile", "4x5", "-q")

    def of(cells: np.ndarray, taps: np.ndarray) -> np.ndarray:
        planes = zip(cells.astype(int), taps, strict=True)
        return np.sum([ndimage.correlate(plane, tap)[1:-1, 1:-1] for plane, tap in planes], axis=0)

    wanted = [[of(cells, taps) for taps in weight] for cells in many]
    np.testing.assert_array_equal(np.load("out.npy"), np.array(wanted))


def test_saturated_and_rounded_numbers(command: Command) -> None:
    """An image comes back as one: a box of ninths, rounded by two rules."""
    for rule, function in (("half-even", np.rint), ("down", np.floor)):
        asked = ("run", "x.npy", "--kernel", "box", "--padding", "1", "-o", "out.npy", "--force", "-q")
        command(*asked, "--saturate", "uint8", "--rounding", rule)
        sums = ndimage.correlate(CELLS.astype(int), np.ones((3, 3), int), mode="constant")
        np.testing.assert_array_equal(np.load("out.npy"), function(sums / 9).astype(np.uint8))
    sobel(command, "x.npy", "-o", "out.npy", "--force", "-q", "--output-dtype", "float32")
    assert np.load("out.npy").dtype == np.float32


def test_a_result_in_memory_has_the_narrowest_type_too(command: Command) -> None:
    """Without tiles: the same type and the same bytes."""
    sobel(command, "x.npy", "-o", "held.npy", "-q")
    sobel(command, "x.npy", "-o", "tiles.npy", "-q", "--tile", "20x50")
    assert Path("held.npy").read_bytes() == Path("tiles.npy").read_bytes()


def test_json_tells_the_tiles(command: Command) -> None:
    """For other programs."""
    Path("p.yaml").write_text("input: {file: x.npy}\nkernel: sobel-x\npadding: 1\n", encoding="utf-8")
    done = command("plan", "p.yaml", "--tile", "20x50", "--format", "json")
    told = json.loads(done.out)["tiles"]
    assert (told["count"], told["size"], told["halo"]) == (3, [20, 50], [2, 0])
    assert told["bytes_read"] == (60 + 2 * 2) * 50
    assert told["bytes_written"] == 60 * 50 * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tile", "20x50"], "--tile is of a saved array"),
        (["-o", "out.png", "--saturate", "uint8"], "--saturate is of a saved array"),
        (["-o", "out.npy", "--tile", "20"], "--tile 20 has 1 sizes, the output 2 spatial axes"),
        (["-o", "out.npy", "--tile", "0x5"], "--tile takes whole numbers from 1"),
        (["-o", "out.npy", "--tile", "5x5", "--verify"], "--verify needs the whole output"),
        (["-o", "out.npy", "--output-dtype", "int8"], "--output-dtype int8 does not hold -1,020 to 1,020"),
        (["-o", "out.npy", "--output-dtype", "float16"], "unknown --output-dtype 'float16'"),
    ],
)
def test_refusals(command: Command, arguments: list[str], message: str) -> None:
    """In one line, with nothing written."""
    done = command("run", "x.npy", "--kernel", "sobel-x", "--padding", "1", *arguments, code=2)
    assert message in done.err
    assert [path.name for path in Path().iterdir()] == ["x.npy"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{file: x.raw, dtype: u3, shape: [4]}", "dtype 'u3' is no type of raw numbers"),
        ("{file: x.raw, dtype: u1}", "raw numbers need their shape"),
        ("{file: x.raw, dtype: u1, shape: [4, 4]}", "4 × 4 numbers of 1 bytes are 16 bytes, x.raw holds 12"),
        ("{file: x.raw, dtype: u1, shape: [12], order: F}", "unknown key beside 'dtype' 'order'"),
        ("{file: x.raw, dtype: u1, shape: [9223372036854775807, 8]}", "73,786,976,294,838,206,456 bytes"),
    ],
)
def test_raw_numbers_that_are_not_there(command: Command, value: str, message: str) -> None:
    """What is said must account for the file."""
    Path("x.raw").write_bytes(bytes(12))
    Path("p.yaml").write_text(f"input: {value}\nkernel: [[1]]\ndims: 1\n", encoding="utf-8")
    for more in ((), ("-o", "out.npy", "--tile", "3")):
        assert message in command("run", "p.yaml", *more, code=1).err


def test_zarr_in_and_out(command: Command) -> None:
    """Versions 2 and 3, sharded and big-endian; chunks that were never written are said; a group needs a name."""
    zarr = pytest.importorskip("zarr")
    for version, further in ((2, {"chunks": (16, 20)}), (3, {"chunks": (8, 10), "shards": (16, 20)})):
        stored = zarr.create_array(f"v{version}.zarr", shape=(60, 50), dtype=">i2", zarr_format=version, **further)
        stored[...] = CELLS
        sobel(command, f"v{version}.zarr", "-o", "out.zarr", "--tile", "20x30", "--force", "-q")
        np.testing.assert_array_equal(zarr.open_array("out.zarr", mode="r")[...], WANTED)
    gaps = zarr.create_array("gaps.zarr", shape=(60, 50), chunks=(30, 50), dtype="u1", fill_value=3)
    gaps[:30] = CELLS[:30]
    done = sobel(command, "gaps.zarr", "-o", "gaps.npy", "--format", "plain", "--tile", "60x50")
    assert "note: 1 of 2 chunks were never written: read as the fill value 3" in done.out
    filled = np.where(np.arange(60)[:, None] < 30, CELLS, 3).astype(int)
    np.testing.assert_array_equal(np.load("gaps.npy"), ndimage.correlate(filled, SOBEL, mode="constant"))
    group = zarr.open_group("group.zarr", mode="w")
    for name in ("a", "b"):
        group.create_array(name, shape=(60, 50), dtype="u1")[...] = CELLS
    message = command("run", "group.zarr", "--kernel", "box", "-o", "g.npy", "--tile", "9x9", code=1).err
    assert "the Zarr group holds 2 arrays: 'a', 'b'" in message
    sobel(command, "group.zarr:b", "-o", "g.npy", "--tile", "9x9", "-q")
    np.testing.assert_array_equal(np.load("g.npy"), WANTED)


def test_zarr_that_is_damaged_or_in_the_way(command: Command) -> None:
    """A chunk of other bytes, and folders that are no stores, are told in one line; nothing is replaced unasked."""
    zarr = pytest.importorskip("zarr")
    stored = zarr.create_array("x.zarr", shape=(60, 50), chunks=(60, 50), dtype="u1")
    stored[...] = CELLS
    (chunk,) = [path for path in Path("x.zarr/c").rglob("*") if path.is_file()]
    chunk.write_bytes(b"no such bytes")
    assert (
        "x.zarr: the Zarr array cannot be read"
        in command("run", "x.zarr", "--kernel", "box", "-o", "o.npy", "--tile", "9x9", code=1).err
    )
    assert "exists already" in command("run", "x.npy", "--kernel", "box", "-o", "x.zarr", code=1).err
    Path("own.zarr").mkdir()
    assert (
        "own.zarr exists and is no Zarr array"
        in command("run", "x.npy", "--kernel", "box", "-o", "own.zarr", "--force", code=1).err
    )


def test_without_zarr_it_is_said_what_to_install(command: Command) -> None:
    """For a store to read, and for one to write."""
    program = (
        "import sys; sys.modules['zarr'] = None\n"
        "sys.argv = ['convcalc', 'run', 'x.npy', '--kernel', 'box', '-o', 'x.zarr']\n"
        "from convcalc.cli.app import run_app\nrun_app()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "install it: pip install 'convcalc[zarr]'" in done.stderr


def test_interrupted_it_says_how_to_go_on(command: Command) -> None:
    """The fifth read fails; when the disk is well again the run goes on, and nothing else stays."""
    program = (
        "import sys; left = 5\n"
        "from convcalc.files.blocks import source\n"
        "read = source.FlatSource._fill\n"
        "def failing(self, memory, start):\n"
        "    global left; left -= 1\n"
        "    if not left: self.path = '/proc/self/mem'; self._descriptor = -1\n"
        "    return read(self, memory, 0 if not left else start)\n"
        "source.FlatSource._fill = failing\n"
        "from convcalc.cli.main import main\nmain()"
    )
    asked = ["run", "x.npy", "--kernel", "sobel-x", "--padding", "1", "-o", "out.npy", "--tile", "7x50", "--resume"]
    done = subprocess.run([sys.executable, "-c", program, *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "4 of 9 tiles are finished and kept: --resume goes on with the others" in done.stderr
    assert "error: the disk or the network failed: x.npy" in done.stderr
    assert "note: 4 tiles had been finished by an earlier run" in command(*asked).out
    np.testing.assert_array_equal(np.load("out.npy"), WANTED)
    assert sorted(path.name for path in Path().iterdir()) == ["out.npy", "x.npy"]


def test_a_stored_member_is_read_in_place(command: Command) -> None:
    """A large member of an archive is not unpacked: it is read where it lies, behind another one."""
    with zipfile.ZipFile("two.npz", "w") as archive:
        for name, cells in (("first", CELLS[:1]), ("second", CELLS)):
            np.save("part.npy", cells)
            archive.write("part.npy", f"{name}.npy")
    sobel(command, "two.npz:second", "-o", "out.npy", "--tile", "60x50", "-q")
    np.testing.assert_array_equal(np.load("out.npy"), WANTED)


def test_a_named_kernel_does_not_widen_float32(command: Command) -> None:
    """A formula's weights have the digits that are asked for; numbers of a float64 file are meant as they are."""
    np.save("f.npy", CELLS.astype(np.float32))
    np.save("w.npy", np.full((1, 3), 0.1))
    for kernel, dtype in (("gaussian:9,2", "float32"), ("box", "float32"), ("w.npy", "float64")):
        command("run", "f.npy", "--kernel", kernel, "-o", "out.npy", "--force", "-q")
        assert np.load("out.npy").dtype == dtype
    command("run", "f.npy", "--kernel", "gaussian:9,2", "--dtype", "float64", "-o", "out.npy", "--force", "-q")
    assert np.load("out.npy").dtype == np.float64
    assert convcalc.conv(CELLS.astype(np.float32), "gaussian:9,2").dtype == np.float32
