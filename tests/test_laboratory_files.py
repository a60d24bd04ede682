"""Files of laboratories give the numbers that their formats define, a selected part of them, or a clear refusal."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, FieldError, FormatError, LimitError, MissingExtraError
from convcalc.files.laboratory import stored_array
from convcalc.files.selection import Selection, selection_of
from convcalc.files.tensor_file import read_tensor
from convcalc.limits import Limits
from convcalc.request.document import document
from convcalc.request.request import read_request
from fuzz import laboratory

FILES = Path(__file__).parent / "formats" / "laboratory"
MISSING = "1 value is not finite, the first (nan) at [1, 1]"
UPPERMOST = "row 0 is the uppermost"
FITS_ROWS = "row 0 is the first of the file, which viewers of FITS draw at the bottom"
MRC_ROWS = "row 0 is the first of the file, which viewers of maps draw at the bottom"
INVERTED = "MONOCHROME1: low numbers are meant to be shown bright; they are kept, not inverted"
# What each file is said to be, first the sentence on how it was read.
SAID = {
    "dicom-12-in-16-dirty-high-bits": (f"DICOM image of uint12, axes row 2, column 3; {UPPERMOST}",),
    "dicom-monochrome1": (f"DICOM image of uint16, axes row 2, column 3; {INVERTED}; {UPPERMOST}",),
    "dicom-planar-rgb": (f"DICOM image of uint8, axes row 2, column 3, colour 3 (the slowest first); {UPPERMOST}",),
    "dicom-rescale": (
        "DICOM image of uint16, axes row 2, column 3; number = stored × 2 - 1024 (RescaleSlope, RescaleIntercept); "
        + UPPERMOST,
    ),
    "dicom-rle": (f"DICOM image of uint16, compressed (RLE Lossless), axes row 2, column 3; {UPPERMOST}",),
    "esri-ascii-grid": (
        "ESRI grid of whole numbers, axes row 2, column 3; row 0 is the northernmost",
        "1 cell is NODATA (-9999), read as nan",
        MISSING,
    ),
    "exr-depth-only": (f"OpenEXR image of float32 (Z), axes y 2, x 3; {UPPERMOST}",),
    "exr-half": (f"OpenEXR image of float16 (Y), axes y 2, x 3; {UPPERMOST}",),
    "exr-rgb-half": (f"OpenEXR image of float16 (R, G, B), axes channel 3, y 2, x 3 (the slowest first); {UPPERMOST}",),
    "fits-first-image-in-extension": (
        f"FITS image of int16, axes y 2, x 3; {FITS_ROWS}",
        "extension 1 (SCI) is read; 1 further image in extension 2 (ERR) (--series chooses by its number)",
    ),
    "fits-int16-blank": (
        f"FITS image of int16, axes y 2, x 3; {FITS_ROWS}",
        "1 cell is BLANK (-1), read as nan",
        MISSING,
    ),
    "fits-scaled-blank": (
        f"FITS image of int16, axes y 2, x 3; number = stored × 0.5 + 10 (BSCALE, BZERO); {FITS_ROWS}",
        "1 cell is BLANK (-1), read as nan",
        MISSING,
    ),
    "fits-uint16-blank": (
        f"FITS image of int16, axes y 2, x 3; number = stored + 32768 (BSCALE, BZERO); {FITS_ROWS}",
        "1 cell is BLANK (-32768), read as nan",
        MISSING,
    ),
    "fits-uint16-bzero": (f"FITS image of int16, axes y 2, x 3; number = stored + 32768 (BSCALE, BZERO); {FITS_ROWS}",),
    "metaimage-big-endian": ("MetaImage of int16, axes y 2, x 3",),
    "mrc-axis-order": (f"MRC map of int16, axes x 2, y 2, z 3 (the slowest first); {MRC_ROWS}",),
    "mrc-float16-mode12": (f"MRC map of float16, axes image 1, y 2, x 3 (the slowest first); {MRC_ROWS}",),
    "mrc-mode0-imod-unsigned": (
        "MRC map of uint8, axes image 1, y 2, x 3 (the slowest first); bytes are unsigned, as IMOD marks them; "
        + MRC_ROWS,
    ),
    "mrc-mode0-int8": (
        f"MRC map of int8, axes image 1, y 2, x 3 (the slowest first); bytes are signed (mode 0); {MRC_ROWS}",
    ),
    "netcdf-unsigned-attribute": ("NetCDF 4 variable t of int8, axes 2×3; read as unsigned (_Unsigned)",),
    "nifti-2d-gz": ("NIfTI image of int16, axes y 2, x 3; x runs to the right, y runs to the front",),
    "nifti-scaled": (
        "NIfTI image of int16, axes z 2, y 2, x 3 (the slowest first); "
        "number = stored × 2 + 10 (scl_slope, scl_inter); x runs to the right, y runs to the front, z runs to the top",
    ),
    "nrrd": ("NRRD array of int16, axes y 2, x 3",),
    "nrrd-detached-big-endian": ("NRRD array of int16, axes y 2, x 3",),
    "nrrd-rgb": ("NRRD array of uint8, axes y 2, x 3, rgb-color 3 (the slowest first)",),
    "nrrd-text": ("NRRD array of int16, axes y 2, x 3",),
}
NEEDS = {"dicom": "pydicom", "netcdf": "h5py"}


def file_of(name: str) -> Path:
    return next(path for path in sorted((FILES / name).glob("a.*")) if path.suffix != ".raw")


def expected_of(name: str) -> np.ndarray:
    described = json.loads((FILES / name / "expected.json").read_text())
    flat = np.array(described["values"], dtype=object).reshape(-1)
    return np.array(flat, dtype=np.float64).reshape(described["shape"])


def read(path: Path | str, **said: object):
    return read_tensor(str(path), Limits(), selection=selection_of(said))


@pytest.mark.parametrize("name", SAID)
def test_the_numbers_are_those_that_the_format_defines(name: str) -> None:
    """Every number, and in one sentence what was read, what was done to it, and how it lies in space."""
    pytest.importorskip(NEEDS.get(name.partition("-")[0], "numpy"))
    tensor = read(file_of(name))
    np.testing.assert_array_equal(tensor.array.astype(np.float64), expected_of(name))
    assert tensor.notes == SAID[name]
    assert not tensor.array.flags.writeable


def test_every_file_has_its_sentence() -> None:
    """No folder of files is left out of the table."""
    assert {path.name for path in FILES.iterdir()} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_the_content_tells_the_kind_and_standard_input_is_read_alike(name: str, tmp_path: Path, monkeypatch) -> None:
    """Under another name, and as bytes without one, the same numbers come out; only a second file needs a name."""
    pytest.importorskip(NEEDS.get(name.partition("-")[0], "numpy"))
    data = file_of(name).read_bytes()
    (tmp_path / "plain").write_bytes(data)

    class Standard:
        buffer = (tmp_path / "plain").open("rb")

    monkeypatch.setattr("sys.stdin", Standard)
    if name == "nrrd-detached-big-endian":
        with pytest.raises(FormatError, match="which standard input has not"):
            read("-")
    else:
        for source in (tmp_path / "plain", "-"):
            np.testing.assert_array_equal(read(source).array.astype(np.float64), expected_of(name))
    Standard.buffer.close()


# A part of a file ---------------------------------------------------------------------------------------------------


def cube(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A NIfTI image of x 2, y 3, z 4, t 5."""
    numbers = np.arange(120, dtype="<i2").reshape(5, 4, 3, 2)
    head = bytearray(352)
    head[0:4], head[344:348] = (348).to_bytes(4, "little"), b"n+1\0"
    head[40:56] = np.array([4, 2, 3, 4, 5, 1, 1, 1], "<i2").tobytes()
    head[70:74], head[108:112] = np.array([4, 16], "<i2").tobytes(), np.array([352], "<f4").tobytes()
    path = tmp_path / "cube.nii"
    path.write_bytes(bytes(head) + numbers.tobytes())
    return path, numbers


def test_a_frame_is_one_number_for_each_leading_axis(tmp_path: Path) -> None:
    """The first of a series in time without a word; a volume, an image of a volume, or all volumes as samples."""
    path, numbers = cube(tmp_path)
    first = read(path)
    np.testing.assert_array_equal(first.array, numbers[0])
    assert first.dims == 3
    assert first.notes == (
        "NIfTI image of int16, axes t 5, z 4, y 3, x 2 (the slowest first); its orientation is not said",
        "only t 0 of 5 is read (--frame N chooses, --frame all reads all)",
    )
    for said, part, dims in (("3", numbers[3], 3), ("3,1", numbers[3, 1], 2), ("all", numbers[:, None], 3)):
        found = read(path, frame=said)
        np.testing.assert_array_equal(found.array, part)
        assert found.dims == dims
    assert read(path, frame="3,1").notes[1] == "only t 3 of 5, z 1 of 4 is read"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"frame": "5"}, "there is no frame 5: the NIfTI image of int16 has t 0 to 4"),
        (
            {"frame": "0,0,0"},
            "frame takes 2 numbers at most here, got 3: the axes of the NIfTI image of int16 are t 5, z 4, y 3, x 2",
        ),
        ({"band": "0"}, "the NIfTI image of int16 has no bands to choose from: its axes are t 5, z 4, y 3, x 2"),
        ({"series": "0"}, "a NIfTI image has no series to choose"),
        ({"level": "0"}, "a NIfTI image has no level to choose"),
    ],
)
def test_a_part_that_is_not_there_is_refused(tmp_path: Path, said: dict[str, str], message: str) -> None:
    """By the axes that are there, with the word that is wrong."""
    path, _ = cube(tmp_path)
    with pytest.raises(FieldError) as caught:
        read(path, **said)
    assert (caught.value.message, caught.value.field) == (message, tuple(said))


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "", "1,,2", "all,1", "9999999999"])
def test_what_is_no_number_of_a_frame_is_refused(text: str) -> None:
    """Before a file is read."""
    with pytest.raises(FieldError, match="frame takes whole numbers from 0, such as 3 or 0,3, or all, got"):
        selection_of({"frame": text})


def test_flags_and_fields_select_alike(cli, tmp_path: Path) -> None:
    """On the command line and beside ``file``; a flag goes before the field, and an error has its place."""
    path, numbers = cube(tmp_path)
    cli.write({"a.nii": path.read_bytes(), "p.yaml": "input: {file: a.nii, frame: [3, 1]}\nkernel: [[1]]\n"})
    for command in (["run", "a.nii", "--frame", "3,1", "--kernel", "[[1]]"], ["run", "p.yaml"]):
        done = cli.run(*command, "--format", "json")
        assert np.squeeze(json.loads(done.out)["output"]).tolist() == numbers[3, 1].tolist()
    done = cli.run("run", "p.yaml", "--frame", "0,2", "--format", "json")
    assert np.squeeze(json.loads(done.out)["output"]).tolist() == numbers[0, 2].tolist()
    done = cli.run("run", "a.nii", "--frame", "9")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: --frame: there is no frame 9: the NIfTI image of int16 has t 0 to 4\n")
    cli.write({"q.yaml": "input: {file: a.nii, frame: 9}\nkernel: [[1]]\n"})
    done = cli.run("run", "q.yaml")
    assert done.code == 1
    assert done.err.startswith("error: q.yaml:1:29: there is no frame 9")
    done = cli.run("run", "--frame", "1")
    assert done.err == "error: --frame: the input is not read from a file\nhint: leave --frame out\n"


def test_a_kernel_for_images_is_applied_to_each_image_of_a_volume(cli, tmp_path: Path) -> None:
    """And a note says so; a kernel for volumes is applied to the volume, and another rank of the flags refused."""
    path, numbers = cube(tmp_path)
    cli.write({"a.nii": path.read_bytes()})
    done = cli.run("run", "a.nii", "--frame", "2", "--kernel", "[[1]]", "--format", "json")
    found = json.loads(done.out)
    assert np.squeeze(found["output"]).tolist() == numbers[2].tolist()
    assert found["notes"][2] == (
        "the kernel is of 2 axes: it is applied to each of the 4 images of the volume apart (--frame N takes one)"
    )
    done = cli.run("run", "a.nii", "--kernel", "[[[1]],[[1]]]", "--format", "json")
    assert np.squeeze(json.loads(done.out)["output"]).tolist() == (numbers[0, :-1] + numbers[0, 1:]).tolist()
    done = cli.run("run", "a.nii", "--kernel", "sobel-x", "--dims", "3")
    assert "hint: choose one for 3-D inputs, or one image of the volume with --frame\n" in done.err


def test_a_request_is_written_with_what_is_selected(tmp_path: Path) -> None:
    """A problem file that is made of it reads the same part, whether flags or the file said which."""
    path, _ = cube(tmp_path)
    (tmp_path / "p.yaml").write_text("input: {file: cube.nii, frame: 4}\nkernel: [[1]]\n")
    for source in (path, tmp_path / "p.yaml"):
        request = read_request(str(source), selection=Selection(frame=(3, 1)))
        written = document(request, tmp_path)
        assert written["input"] == {"file": written["input"]["file"], "frame": [3, 1]}
        assert Path(written["input"]["file"]).name == "cube.nii"
    everything = document(read_request(str(path), selection=Selection(frame=())), tmp_path)
    assert everything["input"]["frame"] == "all"


def test_a_colour_is_a_band() -> None:
    """Of an image with channels one is read alone, of others none."""
    whole = read(FILES / "nrrd-rgb" / "a.nrrd")
    one = read(FILES / "nrrd-rgb" / "a.nrrd", band=2)
    np.testing.assert_array_equal(one.array, whole.array[2])
    assert one.notes[1] == "only rgb-color 2 of 3 is read"
    with pytest.raises(FieldError, match="there is no band 3"):
        read(FILES / "nrrd-rgb" / "a.nrrd", band=3)


def test_units_of_a_fits_file_are_series(tmp_path: Path) -> None:
    """By their numbers; one without an image is refused by its name."""
    path = file_of("fits-first-image-in-extension")
    assert read(path, series=1).array.tolist() == [[1, 2, 3], [4, 5, 60]]
    assert not np.array_equal(read(path, series=2).array, read(path, series=1).array)
    with pytest.raises(FormatError, match="the primary unit of the FITS file holds no image"):
        read(path, series=0)
    with pytest.raises(FieldError, match="there is no series 9"):
        read(path, series=9)


def test_cells_without_a_value_are_kept_where_it_is_asked_for() -> None:
    """With their stored numbers, the scale applied, and the note says so."""
    found = read_tensor(str(file_of("fits-scaled-blank")), Limits(), keeps_nodata=True)
    assert found.array.tolist() == [[10.5, 11, 11.5], [12, 9.5, 25]]
    assert found.notes[1:] == ("1 cell is BLANK (-1), kept as stored",)


# Damage and bounds --------------------------------------------------------------------------------------------------

CUT = {
    "fits": laboratory.fits,
    "nifti": laboratory.nifti,
    "nrrd": laboratory.nrrd,
    "metaimage": laboratory.metaimage,
    "mrc": laboratory.mrc,
    "exr": laboratory.exr,
    "grid": laboratory.grids,
}


@pytest.mark.parametrize("kind", CUT)
def test_a_file_that_is_cut_off_anywhere_is_refused(kind: str, tmp_path: Path) -> None:
    """No numbers are made up for those that are not there: each cut is an error, or leaves out what is no number."""
    path = tmp_path / "cut"
    for data in CUT[kind]()[:2]:
        path.write_bytes(data)
        whole = read(path).array
        for end in range(1, len(data), 97 if kind == "fits" else 11):
            path.write_bytes(data[:end])
            try:
                found = read(path).array
            except ConvcalcError as error:
                assert len(str(error).splitlines()) == 1
            else:
                assert kind in ("fits", "grid", "nrrd"), end
                assert kind == "grid" or np.array_equal(found, whole, equal_nan=True)


HUGE = {
    "fits": (
        laboratory.fits()[0].replace(b"NAXIS1  =                    3", b"NAXIS1  =          99999999999"),
        FormatError,
    ),
    "nrrd": (laboratory.nrrd()[0].replace(b"sizes: 3 2", b"sizes: 999999999 999999"), FormatError),
    "nrrd text": (laboratory.nrrd()[1].replace(b"sizes: 3 2", b"sizes: 999999999 999999"), LimitError),
    "nrrd gzip": (laboratory.nrrd()[3].replace(b"sizes: 3 2", b"sizes: 999999999 999999"), LimitError),
    "metaimage": (laboratory.metaimage()[0].replace(b"DimSize = 3 2", b"DimSize = 999999999 99999"), FormatError),
    "metaimage zlib": (laboratory.metaimage()[1].replace(b"DimSize = 3 2", b"DimSize = 999999999 99999"), LimitError),
    "grid": (laboratory.grids()[0].replace(b"ncols 3", b"ncols 999999999"), LimitError),
    "exr": (laboratory.exr()[0].replace(b"\2\0\0\0\1\0\0\0", b"\xff\xff\xff\1\xff\xff\xff\1"), FormatError),
    "gzip": (gzip.compress(laboratory.nifti()[0] + bytes(200_000_000), 9), LimitError),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_is_said_to_be_huge_is_refused_before_memory_is_taken(name: str, tmp_path: Path) -> None:
    """Sizes are compared with the file and with the limits first."""
    import tracemalloc

    data, kind = HUGE[name]
    (tmp_path / "huge").write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(kind):
            read_tensor(str(tmp_path / "huge"), Limits(memory=300 << 20))
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../secret", "its numbers are said to be in '../secret', which is not in its own folder"),
        ("/etc/passwd", "its numbers are said to be in '/etc/passwd', which is not in its own folder"),
        ("sub/a.raw", "its numbers are said to be in 'sub/a.raw', which is not in its own folder"),
        ("missing.raw", "no such file"),
    ],
)
@pytest.mark.parametrize("kind", ["nrrd", "metaimage"])
def test_only_a_file_beside_its_header_is_read(kind: str, name: str, message: str, tmp_path: Path) -> None:
    """A header cannot name a file elsewhere on the disk."""
    (tmp_path / "sub").mkdir()
    for path in (tmp_path / "sub" / "a.raw", tmp_path.parent / "secret"):
        path.write_bytes(bytes(12))
    texts = {
        "nrrd": "NRRD0004\ntype: short\ndimension: 2\nsizes: 3 2\nendian: little\nencoding: raw\ndata file: {}\n",
        "metaimage": "NDims = 2\nDimSize = 3 2\nElementType = MET_SHORT\nElementDataFile = {}\n",
    }
    (tmp_path / "head").write_text(texts[kind].format(name))
    with pytest.raises(ConvcalcError, match=re.escape(message)):
        read(tmp_path / "head")
    (tmp_path / "beside.raw").write_bytes(np.arange(6, dtype="<i2").tobytes())
    (tmp_path / "head").write_text(texts[kind].format("beside.raw"))
    assert read(tmp_path / "head").array.tolist() == [[0, 1, 2], [3, 4, 5]]


REFUSED = {
    "complex NIfTI": (
        lambda: laboratory.nifti()[0].replace(b"\4\0\x10\0", b"\x20\0\x10\0", 1),
        "a NIfTI image of complex numbers",
    ),
    "complex MRC": (
        lambda: laboratory.mrc()[2][:12] + b"\4\0\0\0" + laboratory.mrc()[2][16:],
        "an MRC map of complex numbers",
    ),
    "a table": (
        lambda: laboratory.fits()[0].replace(b"NAXIS   =                    2", b"NAXIS   =                    0"),
        "the FITS file holds no image",
    ),
    "NRRD in pieces": (
        lambda: b"NRRD0004\ntype: short\ndimension: 2\nsizes: 3 2\nencoding: raw\ndata file: a%d.raw 1 2 1\n",
        "an NRRD file whose numbers are spread over several files",
    ),
    "a block": (lambda: laboratory.nrrd()[0].replace(b"short", b"block"), "the NRRD file has numbers of type 'block'"),
    "MetaImage": (
        lambda: laboratory.metaimage()[0].replace(b"MET_SHORT", b"MET_STRING"),
        "a MetaImage of numbers of type 'MET_STRING'",
    ),
    "a grid": (lambda: laboratory.grids()[0].replace(b"nrows 2", b"nrows 3"), "6 numbers as text, 9 are needed"),
    "a word": (
        lambda: laboratory.grids()[0].replace(b"4 ", b"four "),
        "'four' stands where a number of float64 is needed",
    ),
    "deep EXR": (lambda: b"v/1\1\2\x08\0\0" + bytes(9), "an OpenEXR image of deep data"),
    "no EXR block": (
        lambda: laboratory.exr()[0][:-40] + bytes(40),
        "a block of the OpenEXR image has 0 of its 6 bytes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_by_what_it_is(name: str, tmp_path: Path) -> None:
    """In one line, with the file."""
    make, message = REFUSED[name]
    (tmp_path / "f").write_bytes(make())
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "f")
    assert caught.value.message.startswith(message)
    assert caught.value.place.source == str(tmp_path / "f")


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With how it is installed."""
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(MissingExtraError) as caught:
        read(file_of("dicom-rescale"))
    assert str(caught.value) == (
        f"{file_of('dicom-rescale')}: reading the DICOM image needs the optional extra 'dicom' "
        "(install it: pip install 'convcalc[dicom]')"
    )


# What numbers become ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "slope", "intercept", "dtype"),
    [
        (np.array([1, 2], np.int16), 1, 0, np.int16),
        (np.array([-32768, 32767], np.int16), 1, 32768, np.uint16),
        (np.array([-5, 7], np.int8), 3, -2, np.int64),
        (np.array([2**63 - 1], np.int64), 2, 0, np.float64),
        (np.array([1, 2], np.uint8), 0.5, 0, np.float64),
        (np.array([1.5], np.float32), 2, 1, np.float64),
    ],
)
def test_whole_numbers_stay_whole_where_a_scale_allows(stored, slope, intercept, dtype) -> None:
    """Exactly, and else in float64; nothing wraps around."""
    found = stored_array.scaled(stored, slope, intercept)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, [float(slope) * float(each) + intercept for each in stored])


def test_a_cell_without_a_value_never_rounds_its_neighbours() -> None:
    """Beside whole numbers that no float keeps, it is refused."""
    with pytest.raises(FormatError, match="beyond 2"):
        stored_array.with_gaps(np.array([2**60 + 1, 0]), np.array([False, True]))
    selection = Selection(frame=(1,), band=0)
    assert selection.names == ("frame", "band")
