"""HDF5, NetCDF 4 and MATLAB 7.3: datasets by their paths, in the numbers that are meant, and hostile files."""

from __future__ import annotations

import resource
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, FieldError, FormatError, LimitError, MissingExtraError, UnknownNameError
from convcalc.files.laboratory import hdf5
from convcalc.files.laboratory.cf_conventions import decoded, decoding_of
from convcalc.files.laboratory.isolated import Isolated
from convcalc.files.selection import selection_of
from convcalc.files.tensor_file import read_tensor
from convcalc.limits import Limits

h5py: Any = pytest.importorskip("h5py")
NUMBERS = np.arange(24).reshape(2, 3, 4)


def read(path: Path | str, **said: object) -> Any:
    return read_tensor(str(path), Limits(), selection=selection_of(said))


class InThisProcess(Isolated):
    """The service without its process, for what is not about processes."""

    def ask(self, request: Any, data: Any = b"", expected: int = 0) -> Any:  # noqa: ARG002
        return hdf5.answer(request, data)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read within this process."""
    monkeypatch.setattr(hdf5, "Isolated", InThisProcess)


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """A file with two arrays, one of them packed in chunks, and things that are no array of numbers."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as made:
        made["g/deep/a"] = NUMBERS.astype(">i2")
        made.create_dataset("g/conv/kernel:0", data=NUMBERS / 7, chunks=(1, 3, 4), compression="gzip", shuffle=True)
        made["half"] = np.array([1.5, 2], "f2")
        made["bits"] = np.array([[True, False]])
        made["text"] = "words"
        made["complex"] = np.array([1 + 2j])
        made["records"] = np.zeros(2, [("x", "f8")])
        made["alone"] = 5.0
        made["empty"] = np.zeros((0, 3))
        made["elsewhere"] = h5py.ExternalLink("other.h5", "/secret")
        made["soft"] = h5py.SoftLink("/g/deep/a")
        layout = h5py.VirtualLayout((2,), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", (2,))
        made.create_virtual_dataset("virtual", layout)
        made.create_dataset("outside", (2,), "f8", external=[(str(tmp_path / "raw"), 0, 16)])
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.array([42.0, 43])
    (tmp_path / "raw").write_bytes(np.array([42.0, 43]).tobytes())
    return path


def test_a_dataset_is_named_by_its_path(file: Path) -> None:
    """Deep ones, those with a colon in their names, by a link within the file; in their own types."""
    for name, expected in (
        ("g/deep/a", NUMBERS),
        ("/g/deep/a", NUMBERS),
        ("soft", NUMBERS),
        ("g/conv/kernel:0", NUMBERS / 7),
        ("half", [1.5, 2]),
        ("bits", [[1, 0]]),
    ):
        np.testing.assert_array_equal(read(f"{file}:{name}").array, expected)
    assert read(f"{file}:g/deep/a").array.dtype == np.int16
    assert read(f"{file}:g/deep/a").notes == ("HDF5 dataset g/deep/a of int16, axes 2×3×4 (the slowest first)",)
    np.testing.assert_array_equal(read(f"{file}:g/deep/a", frame="1").array, NUMBERS[1])


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("text", FormatError, "text holds texts or lists"),
        ("complex", FormatError, "complex holds complex numbers"),
        ("records", FormatError, "records holds records"),
        ("alone", FormatError, "alone holds a lone number, not an array"),
        ("empty", FormatError, "the HDF5 dataset empty of float64 has no numbers: its axes are 0×3"),
        ("elsewhere", FormatError, "elsewhere is in another file, which is not read"),
        ("virtual", FormatError, "virtual has its numbers in another file, which is not read"),
        ("outside", FormatError, "outside has its numbers in another file, which is not read"),
        ("g", UnknownNameError, "unknown dataset 'g'"),
        ("g/b", UnknownNameError, "unknown dataset 'g/b'"),
    ],
)
def test_what_is_no_array_of_the_file_is_refused(
    at_once: None, file: Path, name: str, kind: type, message: str
) -> None:
    """And nothing outside of the file is read."""
    with pytest.raises(kind) as caught:
        read(f"{file}:{name}")
    assert caught.value.message == message
    assert caught.value.place.source == str(file)


def test_of_several_arrays_one_must_be_named(at_once: None, file: Path, tmp_path: Path) -> None:
    """Each is listed; an only one needs no name."""
    with pytest.raises(FieldError) as caught:
        read(file)
    assert caught.value.message.startswith("the HDF5 file holds 4 arrays: 'bits', 'g/conv/kernel:0', 'g/deep/a'")
    assert caught.value.hint == "name one: FILE:bits"
    with h5py.File(tmp_path / "one.h5", "w") as made:
        made["only"], made["note"] = NUMBERS, "words"
    np.testing.assert_array_equal(read(tmp_path / "one.h5").array, NUMBERS)
    with h5py.File(tmp_path / "none.h5", "w") as made:
        made["note"] = "words"
    with pytest.raises(FormatError, match="the HDF5 file holds no array of numbers: 'note'"):
        read(tmp_path / "none.h5")


def test_an_array_of_a_file_is_a_kernel_too(cli, file: Path) -> None:
    """As any other file of numbers."""
    cli.write({"a.h5": file.read_bytes(), "i.csv": "1,2,3\n4,5,6\n"})
    done = cli.run("run", "i.csv", "--kernel", "a.h5:bits", "--format", "csv")
    assert (done.code, done.out) == (0, "1,2\n4,5\n")


# NetCDF -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(30))
def test_netcdf_means_what_netcdf4_makes_of_it(at_once: None, number: int, tmp_path: Path) -> None:
    """Fill, missing and valid numbers, scales, offsets and signs at random."""
    netcdf = pytest.importorskip("netCDF4")
    chance = np.random.default_rng(number)
    kind = ("i1", "i2", "i4", "u1", "u2", "f4", "f8", "i8")[number % 8]
    stored = chance.integers(0, 100, (2, 3, 4)).astype(kind)
    path = tmp_path / "a.nc"
    with netcdf.Dataset(path, "w") as made:
        for name, size in (("time", 2), ("lat", 3), ("lon", 4)):
            made.createDimension(name, size)
            made.createVariable(name, "f8", (name,))[:] = np.arange(size)
        fill = stored.flat[0] if chance.random() < 0.6 else None
        variable = made.createVariable("t", kind, ("time", "lat", "lon"), fill_value=fill)
        if chance.random() < 0.5:
            variable.scale_factor, variable.add_offset = 0.25, -3.0
        if chance.random() < 0.3:
            variable.missing_value = stored.dtype.type(stored.flat[1])
        if chance.random() < 0.4:
            variable.valid_range = np.array([10, 90], kind)
        if kind == "i1" and number % 2:
            variable.setncattr("_Unsigned", "true")
        variable.set_auto_maskandscale(False)
        variable[:] = stored
    with netcdf.Dataset(path) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = np.ma.filled(made["t"][:].astype(np.float64), np.nan)
    found = read(path, frame="all")
    np.testing.assert_allclose(found.array[:, 0].astype(np.float64), expected, rtol=1e-12)
    assert "axes time 2, lat 3, lon 4" in found.notes[0]
    one = read(path, frame="1")
    np.testing.assert_allclose(one.array.astype(np.float64), expected[1], rtol=1e-12)
    assert one.dims == 2
    assert read(f"{path}:lat").array.tolist() == [0, 1, 2]


def test_what_was_never_written_has_no_value(at_once: None, tmp_path: Path) -> None:
    """The default fill of the type stands there, as netCDF4 masks it and xarray does not."""
    netcdf = pytest.importorskip("netCDF4")
    with netcdf.Dataset(tmp_path / "a.nc", "w") as made:
        made.createDimension("y", 2)
        made.createDimension("x", 3)
        made.createVariable("t", "i2", ("y", "x"))[0] = [1, 2, 3]
    found = read(tmp_path / "a.nc")
    np.testing.assert_array_equal(found.array, [[1, 2, 3], [np.nan] * 3])
    assert found.notes[1] == "3 cells are -32767, which NetCDF fills in where nothing is written, read as nan"


class Dataset:
    """As much of a dataset as says what its numbers mean."""

    def __init__(self, dtype: str, **attributes: object) -> None:
        self.dtype, self.attrs = np.dtype(dtype), attributes


def test_numbers_of_cf_by_hand() -> None:
    """The order of its rules: sign, then gaps of the stored numbers, then the scale."""
    said = decoding_of(
        Dataset("i1", _Unsigned=b"true", _FillValue=np.int8(-1), scale_factor=2.0, valid_max=np.int8(-3)),
        is_netcdf=True,
    )
    numbers, gaps = decoded(np.array([-56, -1, -2, 5], "i1"), said)
    np.testing.assert_array_equal(numbers, [400, 510, 508, 10])
    assert [(gap.what, gap.empty.tolist()) for gap in gaps] == [
        ("missing (_FillValue, missing_value)", [False, True, False, False]),
        ("outside of the valid range", [False, False, True, False]),
    ]
    whole = decoding_of(Dataset("i2", add_offset=np.array([10.0])), is_netcdf=False)
    numbers, gaps = decoded(np.array([-5, 5], "i2"), whole)
    assert (numbers.tolist(), numbers.dtype.kind) == ([5, 15], "u")
    assert not any(gap.empty.any() for gap in gaps)
    with pytest.raises(FormatError, match="the attribute scale_factor of the dataset is no number"):
        decoding_of(Dataset("i2", scale_factor="two"), is_netcdf=True)


# MATLAB -------------------------------------------------------------------------------------------------------------


def test_matlab_arrays_have_the_axes_of_matlab(at_once: None, tmp_path: Path) -> None:
    """HDF5 stores them reversed, behind a block of text; cells and texts are refused by what they are."""
    matrix = np.array([[1.0, 2, 3], [4, 5, 60]])
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as made:
        made["A"] = matrix.T
        made["A"].attrs["MATLAB_class"] = np.bytes_("double")
        made["B"] = np.arange(24).reshape(4, 3, 2)
        made["B"].attrs["MATLAB_class"] = np.bytes_("int64")
        made["C"] = np.zeros((2, 2))
        made["C"].attrs["MATLAB_class"] = np.bytes_("cell")
    data = bytearray((tmp_path / "a.mat").read_bytes())
    data[:24] = b"MATLAB 7.3 MAT-file, xyz"
    (tmp_path / "a.mat").write_bytes(data)
    found = read(f"{tmp_path}/a.mat:A")
    np.testing.assert_array_equal(found.array, matrix)
    assert found.notes == ("MATLAB 7.3 array A of float64, axes 2×3; axes as in MATLAB, which HDF5 stores reversed",)
    cube = np.arange(24).reshape(4, 3, 2).T
    np.testing.assert_array_equal(read(f"{tmp_path}/a.mat:B").array, cube)
    np.testing.assert_array_equal(read(f"{tmp_path}/a.mat:B", frame="1").array, cube[1])
    with pytest.raises(FormatError, match="C holds a MATLAB cell"):
        read(f"{tmp_path}/a.mat:C")


# Damage -------------------------------------------------------------------------------------------------------------


def test_a_bomb_is_refused_before_it_is_unpacked(at_once: None, tmp_path: Path) -> None:
    """A gigabyte of zeros in a few bytes, or in none."""
    with h5py.File(tmp_path / "a.h5", "w") as made:
        made.create_dataset("a", (20_000, 20_000), "f4", chunks=(1000, 1000), compression="gzip")
    with pytest.raises(LimitError, match=r"20000×20000 numbers, 1\.5 GiB stored in 0 B"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize("fault", ["while True: pass", "import os; os.abort()", "bytearray(4 << 30)"])
def test_a_library_that_hangs_or_breaks_down_is_stopped(fault: str, tmp_path: Path, monkeypatch) -> None:
    """After two seconds of processor time; one line says that the file is damaged."""
    (tmp_path / "h5py.py").write_text(fault)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(ConvcalcError) as caught:
        read(tmp_path / "a.h5")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime < 4
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).startswith(f"{tmp_path}/a.h5: the HDF5 file ")


def test_the_process_of_a_library_ends_with_its_context() -> None:
    """Also after an error, and where nothing was asked."""
    service = Isolated("hdf5", "the HDF5 file", "hdf5")
    service.close()
    with service, pytest.raises(FormatError):
        service.ask({"path": None, "member": None}, b"no file")
    assert service._process is None


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process looks for it, where an empty file of its name stands in the way."""
    (tmp_path / "h5py.py").write_text("raise ModuleNotFoundError('h5py')")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(MissingExtraError) as caught:
        read(tmp_path / "a.h5")
    assert str(caught.value) == (
        f"{tmp_path}/a.h5: reading the HDF5 file needs the optional extra 'hdf5' "
        "(install it: pip install 'convcalc[hdf5]')"
    )
