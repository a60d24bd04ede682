"""Files that other libraries write at random are read as these libraries read them, two of them where there are two."""

from __future__ import annotations

import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convcalc.files.selection import selection_of
from convcalc.files.tensor_file import read_tensor
from convcalc.limits import Limits

KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
CHANCE = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def chance_of_its_own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test draws the same numbers, whichever ran before it."""
    monkeypatch.setitem(globals(), "CHANCE", np.random.default_rng(zlib.crc32(request.node.name.encode())))


def numbers(kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """Of all that a type holds."""
    if kind.endswith(("f2", "f4", "f8")):
        return (CHANCE.standard_normal(shape) * 100).astype(kind)
    bounds = np.iinfo(kind)
    return CHANCE.integers(bounds.min, bounds.max, shape, dtype=np.dtype(kind).newbyteorder("="), endpoint=True).astype(
        kind
    )


def read(path: Path, **said: object) -> Any:
    return read_tensor(str(path), Limits(), selection=selection_of(said))


def equal(found: Any, expected: np.ndarray, rtol: float = 0) -> None:
    np.testing.assert_allclose(
        np.asarray(found.array, np.float64), np.asarray(expected, np.float64), rtol=rtol, atol=0, equal_nan=True
    )


# NIfTI: nibabel and SimpleITK ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".hdr"])
@pytest.mark.parametrize("kind", KINDS)
def test_nifti(kind: str, suffix: str, tmp_path: Path) -> None:
    """Every type, version, byte order and scale; in one file, packed, and in two."""
    nibabel = pytest.importorskip("nibabel")
    shape = tuple(int(size) for size in CHANCE.integers(1, 5, int(CHANCE.integers(2, 5))))
    version = nibabel.Nifti1Image if kind[-1] < "8" else nibabel.Nifti2Image
    if suffix == ".hdr":
        version = nibabel.Nifti1Pair
    stored = numbers(kind, shape)
    image = version(stored, np.diag([-2.0, 1, 3, 1]), dtype=stored.dtype)
    path = tmp_path / f"a{suffix}"
    if suffix == ".nii" and kind in ("i2", "u1"):
        image.header.set_slope_inter(0.5, -3)
    image.to_filename(path)
    expected = np.asanyarray(nibabel.load(path if suffix != ".hdr" else tmp_path / "a.img").dataobj).T
    found = read(path, frame="all" if len(shape) > 3 else None)
    equal(found, expected.reshape(found.array.shape))
    if kind in ("i8", "u8"):
        assert found.array.dtype == stored.dtype  # whole numbers beyond 2**53 are kept
    sitk = pytest.importorskip("SimpleITK")
    if len(shape) == 3 and kind[-1] < "8":  # version 1
        equal(found, sitk.GetArrayFromImage(sitk.ReadImage(str(path))).reshape(found.array.shape), rtol=1e-6)


@pytest.mark.parametrize("number", range(20))
def test_the_orientation_of_nifti(number: int, tmp_path: Path) -> None:
    """Which way axes run is what nibabel's codes say, by either form of the affine."""
    nibabel = pytest.importorskip("nibabel")
    words = dict(
        zip("RLAPSI", ("the right", "the left", "the front", "the back", "the top", "the bottom"), strict=True)
    )
    turn = np.eye(3)[CHANCE.permutation(3)] * CHANCE.choice([-1, 1], 3)
    affine = np.eye(4)
    affine[:3, :3] = turn * CHANCE.uniform(0.5, 3, 3)
    image = nibabel.Nifti1Image(np.zeros((2, 3, 4), np.int16), None)
    image.set_qform(affine, code=1)
    if number % 2:
        image.set_sform(affine, code=2)
        image.set_qform(np.eye(4), code=1)
    else:
        image.set_sform(None, code=0)
    image.to_filename(tmp_path / "a.nii")
    codes = nibabel.aff2axcodes(nibabel.load(tmp_path / "a.nii").affine)
    said = ", ".join(f"{axis} runs to {words[code]}" for axis, code in zip("xyz", codes, strict=True))
    assert read(tmp_path / "a.nii").notes[0].endswith(said)


# MetaImage and NRRD: SimpleITK and pynrrd ---------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", [".mha", ".mhd", ".nrrd", ".nhdr"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_itk_writes(kind: str, suffix: str, packed: bool, tmp_path: Path) -> None:
    """Every type of 2 and 3 axes and of colours, inside and beside the header, packed and not."""
    sitk = pytest.importorskip("SimpleITK")
    colours = kind == "u1"
    stored = numbers(kind, (3, 4, 3) if colours else (2, 3, 4))
    image = sitk.GetImageFromArray(stored, isVector=colours)
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(image, str(path), packed)
    expected = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    found = read(path)
    equal(found, expected.transpose(2, 0, 1) if colours else expected)
    assert found.array.dtype == stored.dtype
    assert found.dims == (2 if colours else 3)
    if suffix in (".nrrd", ".nhdr"):
        nrrd = pytest.importorskip("nrrd")
        theirs = nrrd.read(str(path), index_order="C")[0]
        equal(found, theirs.transpose(2, 0, 1) if colours else theirs)


@pytest.mark.parametrize("encoding", ["raw", "ASCII", "gzip", "bzip2"])
@pytest.mark.parametrize("kind", [*KINDS, ">i2", ">f8"])
def test_nrrd_of_every_encoding(kind: str, encoding: str, tmp_path: Path) -> None:
    """As pynrrd reads what it writes, with kinds and names of axes."""
    nrrd = pytest.importorskip("nrrd")
    stored = numbers(
        "i4" if encoding == "ASCII" and kind in ("i8", "u8") else kind, (2, 5, 4)
    )  # which it writes as floats
    path = tmp_path / "a.nrrd"
    header = {"encoding": encoding, "kinds": ["time", "domain", "domain"], "labels": ["frames", "down", "across"]}
    nrrd.write(
        str(path),
        stored,
        {key: value[::-1] if isinstance(value, list) else value for key, value in header.items()},
        index_order="C",
    )
    expected = nrrd.read(str(path), index_order="C")[0]
    equal(read(path, frame="1"), expected[1])
    found = read(path)
    equal(found, expected[0])
    assert "axes frames 2, down 5, across 4" in found.notes[0]


# MRC: mrcfile and SimpleITK -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5), (2, 3, 4, 5)])
@pytest.mark.parametrize("kind", ["i1", "i2", "u2", "f4", "f2", ">i2", ">f4"])
def test_mrc(kind: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    """Images, volumes and stacks of volumes of every mode and byte order."""
    mrcfile = pytest.importorskip("mrcfile")
    path = tmp_path / "a.mrc"
    stored = numbers(kind, shape)
    with mrcfile.new(path) as file:
        file.set_data(stored)
        if len(shape) == 3:
            file.set_volume()
    with mrcfile.open(path) as file:
        expected = np.array(file.data)
    found = read(path, frame="all" if len(shape) == 4 else None)
    equal(found, expected[:, None] if len(shape) == 4 else expected)
    assert found.dims == min(3, len(shape))
    equal(read(path, frame="1") if len(shape) > 2 else found, expected[1] if len(shape) > 2 else expected)


def test_a_stack_of_images_in_mrc_is_one_of_frames(tmp_path: Path) -> None:
    """Space group 0 says that sections are images."""
    mrcfile = pytest.importorskip("mrcfile")
    stored = numbers("i2", (3, 4, 5))
    with mrcfile.new(tmp_path / "a.mrc") as file:
        file.set_data(stored)
        file.set_image_stack()
    equal(read(tmp_path / "a.mrc", frame="2"), stored[2])
    found = read(tmp_path / "a.mrc")
    equal(found, stored[0])
    assert found.notes[1] == "only image 0 of 3 is read (--frame N chooses, --frame all reads all)"


# FITS: astropy ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(40))
def test_fits(number: int, tmp_path: Path) -> None:
    """Every type, scale and blank, plain and compressed, as astropy gives it."""
    fits = pytest.importorskip("astropy.io.fits")
    kind = ("u1", "i2", "i4", "i8", "f4", "f8", "u2", "u4")[number % 8]
    packed = number >= 24 and kind != "i8"
    stored = numbers(kind, (6, 7) if number % 3 else (2, 6, 7))
    unit = (fits.CompImageHDU if packed else fits.PrimaryHDU)(
        stored, **({"compression_type": "GZIP_2"} if packed else {})
    )
    if not packed and kind in ("i2", "i4") and number % 5:
        unit = fits.PrimaryHDU(stored)
        unit.header["BSCALE"], unit.header["BZERO"] = (2, -7) if number % 2 else (0.25, 10.5)
        unit.header["BLANK"] = int(stored.flat[0])
    path = tmp_path / "a.fits"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if packed:
            unit.writeto(path)
        else:
            path.write_bytes(fits_bytes(unit, stored))
        expected = fits.getdata(path, 1 if packed else 0)
    found = read(path, frame="all" if stored.ndim == 3 else None)
    equal(found, expected.reshape(found.array.shape), rtol=1e-7)


def fits_bytes(unit: Any, stored: np.ndarray) -> bytes:
    """A unit with its scale in the header and the stored numbers as they are, which astropy would scale back."""
    header = unit.header.copy()
    if stored.dtype.kind == "u" and stored.itemsize > 1:
        sign = {2: np.int16, 4: np.int32}[stored.itemsize]
        stored = (stored.astype(np.int64) - (1 << 8 * stored.itemsize - 1)).astype(sign)
    data = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
    return header.tostring().encode() + data.ljust(-(-len(data) // 2880) * 2880, b"\0")


# OpenEXR ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["f2", "f4", "u4"])
@pytest.mark.parametrize("compression", range(10))
def test_openexr(compression: int, kind: str, tmp_path: Path) -> None:
    """Every compression, of colours and of a single channel."""
    openexr = pytest.importorskip("OpenEXR")
    pixels = {name: numbers("u1", (37, 21)).astype(kind) for name in "RGBA"}
    header = {"compression": openexr.Compression(compression), "type": openexr.scanlineimage}
    path = tmp_path / "a.exr"
    with openexr.File(header, {name: openexr.Channel(cells) for name, cells in pixels.items()}) as file:
        file.write(str(path))
    with openexr.File(str(path), separate_channels=True) as file:
        expected = np.stack([np.array(file.channels()[name].pixels) for name in "RGB"])
    found = read(path)
    equal(found, expected)
    assert found.notes[1].startswith("alpha channel dropped")
    equal(read(path, band="1"), expected[1])


# DICOM: pydicom and SimpleITK ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(24))
def test_dicom(number: int, tmp_path: Path) -> None:
    """Bits, signs, frames, scales and colours at random."""
    pydicom = pytest.importorskip("pydicom")
    bits = (8, 12, 16)[number % 3]
    signed, frames, colours = number % 2, (1, 3)[number % 4 == 3], 3 if bits == 8 and number % 6 == 0 else 1
    allocated = 8 if bits == 8 else 16
    kind = f"{'i' if signed and colours == 1 else 'u'}{allocated // 8}"
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind[0] == "i" else (0, (1 << bits) - 1)
    stored = CHANCE.integers(low, high, (frames, 4, 5, colours), endpoint=True).astype(kind)
    found = pydicom.Dataset()
    found.file_meta = pydicom.dataset.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    found.SOPClassUID, found.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    found.Rows, found.Columns, found.SamplesPerPixel, found.NumberOfFrames = 4, 5, colours, frames
    found.PhotometricInterpretation = "RGB" if colours == 3 else ("MONOCHROME2", "MONOCHROME1")[number % 5 == 0]
    found.BitsAllocated, found.BitsStored, found.HighBit = allocated, bits, bits - 1
    found.PixelRepresentation = int(kind[0] == "i")
    scale = (1, 0)
    if colours == 3:
        found.PlanarConfiguration = 0
    elif number % 2:
        scale = (0.5, -10)
        found.RescaleSlope, found.RescaleIntercept = "0.5", "-10"
    found.PixelData = stored.tobytes()
    path = tmp_path / "a.dcm"
    found.save_as(path, enforce_file_format=True)
    read_all = read(path, frame="all" if frames > 1 else None)
    expected = stored.transpose(0, 3, 1, 2) * scale[0] + scale[1]
    equal(read_all, expected.reshape(read_all.array.shape))
    if frames > 1:
        equal(read(path, frame="2"), expected[2, 0])
    if colours == 3:
        equal(read(path, band="1"), expected[0, 1])
    sitk = pytest.importorskip("SimpleITK")
    if colours == 1 and found.PhotometricInterpretation == "MONOCHROME2":  # ITK inverts the other
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        equal(read_all, sitk.GetArrayFromImage(sitk.ReadImage(str(path))).reshape(read_all.array.shape))


def test_a_slope_of_zero_makes_every_number_the_intercept(tmp_path: Path) -> None:
    """As the standard's formula says, and pydicom; the sentence warns of it."""
    pydicom = pytest.importorskip("pydicom")
    path = Path(__file__).parent / "formats" / "laboratory" / "dicom-rescale" / "a.dcm"
    found = pydicom.dcmread(path)
    found.RescaleSlope = "0"
    found.save_as(tmp_path / "a.dcm")
    tensor = read(tmp_path / "a.dcm")
    assert set(np.asarray(tensor.array).flat) == {-1024}
    assert "RescaleSlope is 0: every number is RescaleIntercept, -1024" in tensor.notes[0]


# TIFF: tifffile -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", ["zstd", "lzma", "lerc", "jpeg2000", "webp"])
@pytest.mark.parametrize("kind", ["u1", "u2", "rgb"])
def test_tiff_of_further_compressions(kind: str, compression: str, tmp_path: Path) -> None:
    """As tifffile decodes them, in strips and in tiles."""
    tifffile = pytest.importorskip("tifffile")
    pytest.importorskip("imagecodecs")
    if compression == "webp" and kind != "rgb":
        pytest.skip("WebP is of colours")
    stored = numbers("u1" if kind == "rgb" else kind, (33, 47, 3) if kind == "rgb" else (33, 47))
    options = {"webp": {"lossless": True}, "jpeg2000": {"reversible": True, "level": 0}}.get(compression, {})
    photometric = "rgb" if kind == "rgb" else "minisblack"
    for tile in (None, (16, 32)):
        path = tmp_path / f"{tile}.tif"
        tifffile.imwrite(
            path, stored, compression=compression, tile=tile, photometric=photometric, compressionargs=options
        )
        expected = tifffile.imread(path)
        equal(read(path), expected.transpose(2, 0, 1) if kind == "rgb" else expected[None])


@pytest.mark.parametrize("way", ["pages", "shaped", "imagej", "ome", "bigtiff"])
def test_stacks_of_tiff(way: str, tmp_path: Path) -> None:
    """Every frame of stacks as tifffile writes them, whichever way."""
    tifffile = pytest.importorskip("tifffile")
    stored = numbers("u2", (2, 3, 2, 5, 4))  # t, z, c, y, x
    path = tmp_path / ("a.ome.tif" if way == "ome" else "a.tif")
    if way == "pages":
        with tifffile.TiffWriter(path) as writer:
            for page in stored.reshape(-1, 5, 4):
                writer.write(page, contiguous=False, metadata=None)
    elif way == "imagej":
        tifffile.imwrite(path, stored, imagej=True, metadata={"axes": "TZCYX"})
    elif way == "ome":
        tifffile.imwrite(path, stored, ome=True, photometric="minisblack", metadata={"axes": "TZCYX"})
    else:
        tifffile.imwrite(path, stored, photometric="minisblack", bigtiff=way == "bigtiff")
    expected = tifffile.imread(path).reshape(2, 3, 2, 5, 4)
    if way in ("imagej", "ome"):
        for frame, step in np.ndindex(2, 3):
            equal(read(path, frame=f"{frame},{step}"), expected[frame, step])
        equal(read(path, frame="all"), expected.reshape(6, 2, 5, 4))
        equal(read(path, frame="1,2", band="1"), expected[1, 2, 1:])
        equal(read(path, frame="1"), expected[1, 0])
    else:
        for number, page in enumerate(expected.reshape(-1, 5, 4)):
            equal(read(path, frame=str(number)), page[None])
        equal(read(path, frame="all"), expected.reshape(12, 1, 5, 4))


def test_levels_and_series_of_tiff(tmp_path: Path) -> None:
    """Smaller copies below an image, and images of another size behind it."""
    tifffile = pytest.importorskip("tifffile")
    large, other = numbers("u1", (64, 64)), numbers("u2", (3, 5))
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(large, subifds=2, metadata=None)
        writer.write(large[::2, ::2], subfiletype=1, metadata=None)
        writer.write(large[::4, ::4], subfiletype=1, metadata=None)
        writer.write(other, metadata=None)
    for level, step in enumerate((1, 2, 4)):
        equal(read(path, level=level), large[None, ::step, ::step])
    equal(read(path, series=1), other[None])
    assert read(path).notes[0] == "first of 2 series (--series N chooses)"
    for said in ({"level": 3}, {"series": 2}, {"frame": 0}, {"band": 1}):
        with pytest.raises(Exception, match=next(iter(said))):
            read(path, **said)
