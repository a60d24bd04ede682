"""Kinds of files that are not read, as data: how each is recognised, its name, and what to save instead.

A kind is recognised by bytes at offsets, by the names in an archive or a folder, and by the file's name only where its
content has no marks. The first row that matches counts, so specific rows come before general ones.
"""

from __future__ import annotations

from itertools import islice
from os import scandir
from typing import BinaryIO, NamedTuple

from convcalc.errors import FormatError, Place
from convcalc.files.text import HEAD, may_be_text

Marks = tuple[tuple[int, bytes], ...]


class Foreign(NamedTuple):
    """A kind of files that are not read."""

    name: str
    """With its article, for a sentence."""
    remedy: str
    """What to save instead; FILE is the file, NAME an array in it."""
    marks: Marks = ()
    """Bytes at offsets."""
    suffixes: tuple[str, ...] = ()
    """The name must end in one of these; without marks the kind is recognised by them alone."""
    inside: str = ""
    """Part of a name within an archive or a folder."""
    why: str = ""
    is_text: bool = False
    """Whether a text file may be of this kind; of the other kinds no file that may be text is."""

    def refusal(self, source: str) -> FormatError:
        """The error for such a file."""
        why = f", {self.why}" if self.why else ""
        return FormatError(f"this is {self.name}, which is not read{why}", hint=self.remedy, place=Place(source))

    def has_marks(self, head: bytes) -> bool:
        """Whether its bytes are at their offsets."""
        return all(head.startswith(mark, offset) for offset, mark in self.marks)

    def may_be_named(self, name: str) -> bool:
        """Whether files of this kind are named so."""
        return not self.suffixes or name.lower().endswith(self.suffixes)


def _at(mark: bytes, offset: int = 0) -> Marks:
    return ((offset, mark),)


def _ftyp(brand: bytes) -> Marks:
    """Of the ISO base media file format: a box of this type, its length before it, with the brand of the content."""
    return ((4, b"ftyp"), (8, brand))


_RUNS_CODE = "since reading it could run code"
_ARRAY = "save the array as .npy, .csv or .json"
_PNG = "save it as PNG"
_DEEP = "save it as PNG, or as TIFF where its numbers are signed or no whole ones"
_FLOATS = "save it as a TIFF of 32-bit floats, or the array as .npy"
_RAW = "develop it, and save it as TIFF or PNG"
_SHEET = "save the sheet as CSV"
_UNPACK = "unpack it first"
_DOCUMENT = "save its figure as PNG, its table as CSV"
_SOUND = "ffmpeg -i FILE sound.wav makes a WAV sound of it"
_FRAME = "save a frame as PNG: ffmpeg -i FILE -frames:v 1 frame.png"
_TORCH = (
    "in Python: safetensors.torch.save_file(torch.load('FILE', weights_only=True), 'weights.safetensors'); "
    "of a whole model torch.onnx.export(model, (input,), 'model.onnx')"
)
_KERAS = (
    "in Python: keras.saving.load_model('FILE').export('model.onnx', format='onnx'), "
    "or its weights with numpy.savez, kernels transposed to (out, in, height, width)"
)
_PICKLE = "where it was made: numpy.save('a.npy', array), or numpy.savez('weights.npz', **arrays)"
_TENSORFLOW = "python -m tf2onnx.convert makes an ONNX model of it"
_PANDAS = "in Python: numpy.save('a.npy', pandas.read_{}('FILE').to_numpy())"
_NIFTI = "in Python: numpy.save('a.npy', nibabel.load('FILE').get_fdata().T)"
_NETCDF = "in Python: numpy.save('a.npy', xarray.open_dataset('FILE')['NAME'].to_numpy())"
_MATLAB = "in Python: numpy.save('a.npy', scipy.io.loadmat('FILE')['NAME'])"
_ENVI = "in Python: numpy.save('a.npy', spectral.open_image('FILE').load().transpose(2, 0, 1))"
_ZARR = "in Python: numpy.save('a.npy', zarr.open('FILE', mode='r')[:])"
_IDX = "in Python: numpy.save('a.npy', numpy.fromfile('FILE', 'u1', offset=16).reshape(-1, 28, 28))"
_GGUF = (
    "in Python: numpy.savez('weights.npz', **{t.name: gguf.dequantize(t.data, t.tensor_type) "
    "for t in gguf.GGUFReader('FILE').tensors})"
)
_LFS = "git lfs pull fetches the file that it stands for"
_WRONG_PAGE = "a download may have brought a page instead of the file: look at it in a browser"

# fmt: off
WORKBOOK = "xl/workbook"
"""What the name of a file in a workbook begins with."""
KERAS = "model.weights.h5"
"""The file of weights in a Keras model, which is read elsewhere."""
KINDS: tuple[Foreign, ...] = (
    # images
    Foreign("an AVIF image", _PNG, _ftyp(b"avif")),
    Foreign("an AVIF image", _PNG, _ftyp(b"avis")),
    *(Foreign("a HEIC image", "save it as PNG or JPEG", _ftyp(brand))
      for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")),
    Foreign("a camera's raw image", _RAW, _ftyp(b"crx ")),
    Foreign("a JPEG 2000 image", _DEEP, _at(b"\0\0\0\x0cjP  \r\n\x87\n")),
    Foreign("a JPEG 2000 image", _DEEP, _at(b"\xff\x4f\xff\x51")),
    Foreign("a JPEG XL image", _DEEP, _at(b"\0\0\0\x0cJXL \r\n\x87\n")),
    Foreign("a JPEG XL image", _DEEP, _at(b"\xff\x0a")),
    Foreign("a JPEG XR image", _DEEP, _at(b"II\xbc\x01")),
    Foreign("a Radiance HDR image", _FLOATS, _at(b"#?RADIANCE"), is_text=True),
    Foreign("a Radiance HDR image", _FLOATS, _at(b"#?RGBE"), is_text=True),
    Foreign("a DDS texture", _DEEP, _at(b"DDS |\0\0\0")),
    Foreign("a KTX texture", _DEEP, _at(b"\xabKTX ")),
    Foreign("a QOI image", _PNG, _at(b"qoif")),
    Foreign("a Photoshop document", _PNG, _at(b"8BPS\0")),
    Foreign("a GIMP document", _PNG, _at(b"gimp xcf ")),
    Foreign("an icon", _PNG, ((0, b"\0\0\1\0"), (5, b"\0"), (9, b"\0"))),
    Foreign("a cursor", _PNG, _at(b"\0\0\2\0"), (".cur",)),
    Foreign("an Apple icon", _PNG, _at(b"icns")),
    Foreign("a PCX image", _PNG, suffixes=(".pcx",)),
    Foreign("a TGA image", _PNG, suffixes=(".tga", ".icb", ".vda", ".vst")),
    Foreign("an SGI image", _PNG, _at(b"\x01\xda"), (".sgi", ".rgb", ".rgba", ".bw")),
    Foreign("a Sun raster image", _PNG, _at(b"\x59\xa6\x6a\x95")),
    Foreign("a camera's raw image", _RAW, _at(b"FUJIFILMCCD-RAW")),
    Foreign("a camera's raw image", _RAW, _at(b"IIRO")),
    Foreign("a camera's raw image", _RAW, _at(b"IIRS")),
    Foreign("a camera's raw image", _RAW, _at(b"IIU\0")),
    Foreign("a camera's raw image", _RAW, _at(b"FOVb")),
    Foreign("an SVG drawing", _PNG, _at(b"<svg"), is_text=True),
    Foreign("an SVG drawing", _PNG, _at(b"<?xml"), (".svg",), is_text=True),
    # images and arrays of laboratories
    Foreign("the header of an Analyze image", _NIFTI, ((0, b"\x5c\1\0\0"), (38, b"r"))),
    Foreign("the header of an Analyze image", _NIFTI, ((0, b"\0\0\1\x5c"), (38, b"r"))),
    Foreign("the header of an ENVI image", _ENVI, _at(b"ENVI\n"), is_text=True),
    Foreign("the header of an ENVI image", _ENVI, _at(b"ENVI\r"), is_text=True),
    Foreign("a Zeiss microscope's file", _FLOATS, _at(b"ZISRAWFILE")),
    Foreign("a Nikon microscope's file", _FLOATS, _at(b"\xda\xce\xbe\x0a")),
    Foreign("a NetCDF 3 file", _NETCDF, _at(b"CDF\1")),
    Foreign("a NetCDF 3 file", _NETCDF, _at(b"CDF\2")),
    Foreign("a NetCDF 3 file", _NETCDF, _at(b"CDF\5")),
    Foreign("a GRIB file", _NETCDF, _at(b"GRIB")),
    Foreign("an HDF4 file", _ARRAY, _at(b"\x0e\3\x13\1")),
    Foreign("a MATLAB file", _MATLAB, _at(b"MATLAB 5.0 MAT-file")),
    Foreign("a MATLAB 4 file", _MATLAB, suffixes=(".mat",)),
    Foreign("an IDL file", "in Python: numpy.save('a.npy', scipy.io.readsav('FILE')['NAME'])", _at(b"SR\0\4")),
    Foreign("a Zarr array", _ZARR, inside=".zarray"),
    Foreign("a Zarr group", _ZARR.replace("[:]", "['NAME'][:]"), inside=".zgroup"),
    Foreign("a Zarr array or group", _ZARR, inside="zarr.json"),
    Foreign("an IDX file of images, such as MNIST's", _IDX, _at(b"\0\0\x08\3")),
    Foreign("an IDX file of labels, such as MNIST's", _ARRAY, _at(b"\0\0\x08\1")),
    # tables
    Foreign("a Feather table", _PANDAS.format("feather"), _at(b"FEA1")),
    Foreign("an Arrow stream", _ARRAY, _at(b"\xff\xff\xff\xff"), (".arrow", ".arrows", ".ipc")),
    Foreign("an ORC table", _PANDAS.format("orc"), _at(b"ORC")),
    Foreign("an Avro file", _ARRAY, _at(b"Obj\1")),
    Foreign("an SQLite database", "save the table as CSV", _at(b"SQLite format 3\0")),
    Foreign("an R file", "in R: write.table(array, 'a.csv', sep = ',', row.names = FALSE, col.names = FALSE)",
            _at(b"RDX")),
    Foreign("an Excel workbook", _SHEET, inside=WORKBOOK),  # read by the extra `tables`
    Foreign("an OpenDocument file", _SHEET, inside="content.xml"),
    Foreign("a Word document", _DOCUMENT, inside="word/document"),
    Foreign("a PowerPoint document", _DOCUMENT, inside="ppt/presentation"),
    Foreign("an Excel workbook", _SHEET, _at(b"\xd0\xcf\x11\xe0"), (".xls", ".xlt")),
    Foreign("an old Microsoft Office document", _SHEET, _at(b"\xd0\xcf\x11\xe0")),
    Foreign("an RTF document", _DOCUMENT, _at(b"{\\rtf"), is_text=True),
    Foreign("a PDF document", _DOCUMENT, _at(b"%PDF-"), is_text=True),
    Foreign("a PostScript document", _DOCUMENT, _at(b"%!PS"), is_text=True),
    # models and weights
    Foreign("a PyTorch file (a pickle)", _TORCH, inside="data.pkl", why=_RUNS_CODE),
    Foreign("a PyTorch file (a pickle)", _TORCH, _at(b"\x80\2\x8a\x0al\xfc\x9cF\xf9"), why=_RUNS_CODE),
    *(Foreign("a PyTorch file (a pickle)", _TORCH, _at(b"\x80" + bytes([protocol])), (".pt", ".pth", ".ckpt"),
              why=_RUNS_CODE) for protocol in range(2, 6)),
    *(Foreign("a pickle", _PICKLE, _at(b"\x80" + bytes([protocol])), why=_RUNS_CODE) for protocol in range(2, 6)),
    *(Foreign("a pickle", _PICKLE, _at(start), why=_RUNS_CODE, is_text=True)
      for start in (b"(lp0\n", b"(dp0\n", b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n", b"ccopy_reg\n")),
    Foreign("a Keras model", _KERAS, inside=KERAS),
    Foreign("a TensorFlow model", _TENSORFLOW, inside="saved_model.pb"),
    Foreign("a TensorFlow graph", _TENSORFLOW, suffixes=(".pb",)),
    Foreign("a TensorFlow Lite model", f"{_TENSORFLOW}: --tflite FILE --output model.onnx", _at(b"TFL3", 4)),
    Foreign("a GGUF model", _GGUF, _at(b"GGUF")),
    Foreign("a Git LFS pointer", _LFS, _at(b"version https://git-lfs"), is_text=True),
    # sounds and films
    Foreign("a FLAC sound", _SOUND, _at(b"fLaC")),
    Foreign("an Ogg sound", _SOUND, _at(b"OggS")),
    Foreign("an AIFF sound", _SOUND, ((0, b"FORM"), (8, b"AIF"))),
    Foreign("an AU sound", _SOUND, _at(b".snd")),
    Foreign("an MP3 sound", _SOUND, _at(b"ID3")),
    *(Foreign("an MP3 sound", _SOUND, _at(b"\xff" + sync), (".mp3",)) for sync in (b"\xfb", b"\xf3", b"\xf2")),
    Foreign("an AVI film", _FRAME, ((0, b"RIFF"), (8, b"AVI "))),
    Foreign("a Matroska or WebM film", _FRAME, _at(b"\x1a\x45\xdf\xa3")),
    Foreign("an MPEG-4 or QuickTime film", _FRAME, _at(b"ftyp", 4)),
    # packed files, and what is none of these
    Foreign("a bzip2-packed file", f"{_UNPACK}: bunzip2 FILE", ((0, b"BZh"), (4, b"1AY&SY"))),
    Foreign("an xz-packed file", f"{_UNPACK}: unxz FILE", _at(b"\xfd7zXZ\0")),
    Foreign("a zstd-packed file", f"{_UNPACK}: unzstd FILE", _at(b"\x28\xb5\x2f\xfd")),
    Foreign("an LZ4-packed file", f"{_UNPACK}: unlz4 FILE", _at(b"\x04\x22\x4d\x18")),
    Foreign("a 7-Zip archive", _UNPACK, _at(b"7z\xbc\xaf\x27\x1c")),
    Foreign("a RAR archive", _UNPACK, _at(b"Rar!\x1a\7")),
    Foreign("a tar archive", f"{_UNPACK}: tar -xf FILE", _at(b"ustar", 257)),
    Foreign("an HTML page", _WRONG_PAGE, _at(b"<!DOCTYPE html"), is_text=True),
    Foreign("an HTML page", _WRONG_PAGE, _at(b"<!doctype html"), is_text=True),
    Foreign("an HTML page", _WRONG_PAGE, _at(b"<html"), is_text=True),
    Foreign("an XML file", _ARRAY, _at(b"<?xml"), is_text=True),
    Foreign("a program", _ARRAY, _at(b"\x7fELF")),
)
# fmt: on
_ZIP = Foreign("a zip archive", f"{_UNPACK}: it holds no .npy file")
_GZIP = Foreign("a gzip-packed file", f"{_UNPACK}: gunzip FILE", ((0, b"\x1f\x8b"),))
_MOST_NAMES = 1000
"""The most names examined in a folder."""


def foreign_file(head: bytes, name: str) -> Foreign | None:
    """The kind of a file, if it is one that is not read, by its first bytes and its name."""
    if not _GZIP.has_marks(head):
        return _foreign_kind(head, name)
    packed = _foreign_kind(unpacked(head), name.lower().removesuffix(".gz"))
    if packed is None:
        return _GZIP
    return packed._replace(name=f"{packed.name}, packed with gzip", remedy=f"{_GZIP.remedy}; then {packed.remedy}")


def foreign_archive(head: bytes, stream: BinaryIO) -> Foreign | None:
    """The kind of a zip archive of files that are no arrays."""
    import zipfile

    # Where the first file is an array, the list of all need not be read (APPNOTE.TXT of PKWARE, 4.3.7).
    if head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(b".npy"):
        return None
    try:
        names = zipfile.ZipFile(stream).namelist()
    except Exception:  # damage raises a dozen classes, and reading the arrays reports it
        return None
    if not names or any(name.endswith(".npy") for name in names):
        return None
    return next((row for row in KINDS if row.inside and any(row.inside in name for name in names)), _ZIP)


def foreign_folder(path: str) -> Foreign | None:
    """The kind of a folder that is one array or model, by the names in it."""
    try:
        with scandir(path) as entries:
            names = {entry.name for entry in islice(entries, _MOST_NAMES)}
    except OSError:
        return None
    return next((row for row in KINDS if row.inside in names), None)


def _foreign_kind(head: bytes, name: str) -> Foreign | None:
    is_text = may_be_text(head)
    start = head.lstrip() if is_text else head
    possible = [row for row in KINDS if (row.is_text or not is_text) and row.may_be_named(name)]
    marked = (row for row in possible if row.marks and row.has_marks(start))
    return next(marked, None) or next((row for row in possible if row.suffixes and not row.marks), None)


def unpacked(head: bytes) -> bytes:
    """The first bytes of a gzip file's content, as many as are needed to detect its kind."""
    import zlib

    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD)
    except zlib.error:
        return b""
