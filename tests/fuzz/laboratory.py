"""Small files of laboratories, and how they are taken apart: headers of text by their words, others by their fields."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import pytest

from .pieces import Mutator, pieces, tokens

_GREYS = np.arange(6, dtype=np.int16).reshape(2, 3) * 7 - 3


def _fits(*units: tuple[Sequence[tuple[str, object]], bytes]) -> bytes:
    made = b""
    for cards, data in units:
        lines = [f"{name:<8}= {_card(value):>20}".ljust(80) for name, value in cards]
        text = "".join([*lines, "END".ljust(80)]).encode()
        made += text.ljust(-(-len(text) // 2880) * 2880) + data.ljust(-(-len(data) // 2880) * 2880, b"\0")
    return made


def _card(value: object) -> str:
    return (
        f"'{value}'"
        if isinstance(value, str)
        else {True: "T", False: "F"}[value]
        if isinstance(value, bool)
        else str(value)
    )


def fits() -> list[bytes]:
    """FITS images of several types, one in an extension, one with a table."""
    head: list[tuple[str, object]] = [("SIMPLE", True), ("BITPIX", 16), ("NAXIS", 2), ("NAXIS1", 3), ("NAXIS2", 2)]
    empty: list[tuple[str, object]] = [("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0)]
    table: list[tuple[str, object]] = [("XTENSION", "BINTABLE"), ("BITPIX", 8), *head[2:], ("PCOUNT", 0), ("GCOUNT", 1)]
    image = [("XTENSION", "IMAGE"), *head[1:], ("PCOUNT", 0), ("GCOUNT", 1), ("EXTNAME", "SCI")]
    data = _GREYS.astype(">i2").tobytes()
    cube = [*head[:1], ("BITPIX", -32), ("NAXIS", 3), *head[3:], ("NAXIS3", 2), ("CTYPE3", "FREQ")]
    return [
        _fits((head, data)),
        _fits(([*head, ("BZERO", 32768), ("BSCALE", 1), ("BLANK", -3), ("BUNIT", "adu")], data)),
        _fits((empty, b""), (table, bytes(6)), (image, data)),
        _fits((cube, np.arange(12, dtype=">f4").tobytes())),
    ]


def fits_parts(data: bytes) -> list[bytes]:
    """The cards of the first headers, and the rest."""
    end = data.rfind(b"END     ")
    stop = -(-end // 2880) * 2880
    return [data[place : place + 80] for place in range(0, stop, 80)] + [data[stop:]]


def nifti() -> list[bytes]:
    """NIfTI of both versions and both byte orders, packed and not."""
    made = []
    for order, kind, code in (("<", "i2", 4), (">", "f4", 16), ("<", "u1", 2)):
        head = bytearray(352)
        struct.pack_into(order + "i", head, 0, 348)
        struct.pack_into(order + "8h", head, 40, 4, 3, 2, 2, 2, 1, 1, 1)
        struct.pack_into(order + "2h", head, 70, code, 8 * np.dtype(kind).itemsize)
        struct.pack_into(order + "3f", head, 108, 352.0, 2.0, 10.0)
        struct.pack_into(order + "2h", head, 252, 0, 1)
        struct.pack_into(order + "12f", head, 280, -1, 0, 0, 5, 0, 2, 0, 5, 0, 0, 3, 5)
        head[344:348] = b"n+1\0"
        made.append(bytes(head) + np.arange(24).astype(order + kind).tobytes())
    second = bytearray(544)
    struct.pack_into("<i", second, 0, 540)
    second[4:12] = b"n+2\0\r\n\x1a\n"
    struct.pack_into("<h", second, 12, 8)
    struct.pack_into("<8q", second, 16, 2, 3, 2, 1, 1, 1, 1, 1)
    struct.pack_into("<q2d", second, 168, 544, 1.0, 0.0)
    made.append(bytes(second) + np.arange(6, dtype="<i4").tobytes())
    return [*made, gzip.compress(made[0], 1, mtime=0)]


def nrrd() -> list[bytes]:
    """NRRD in every encoding."""
    head = b"NRRD0004\ntype: short\ndimension: 2\nsizes: 3 2\nendian: little\nencoding: %s\n\n"
    raw = _GREYS.astype("<i2").tobytes()
    colours = b"NRRD0005\n# made by hand\ntype: uchar\ndimension: 3\nsizes: 3 3 2\nkinds: RGB-color domain domain\n"
    packed = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return [
        head % b"raw" + raw,
        head % b"ascii" + b"1 2 3\n4 5 -6\n",
        head % b"hex" + raw.hex().encode(),
        head % b"gzip" + packed.compress(raw) + packed.flush(),
        colours + b"byte skip: -1\nencoding: raw\n\n" + bytes(20),
    ]


def metaimage() -> list[bytes]:
    """MetaImages, packed, as text and of colours."""
    head = b"ObjectType = Image\nNDims = 2\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = %s\n"
    size = b"DimSize = 3 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    raw = _GREYS.astype("<i2").tobytes()
    text = b"NDims = 2\nDimSize = 3 2\nBinaryData = False\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n"
    colours = (
        b"NDims = 3\nDimSize = 2 1 2\nElementNumberOfChannels = 3\nElementType = MET_UCHAR_ARRAY\nHeaderSize = -1\n"
    )
    return [
        head % b"False" + size + raw,
        head % b"True" + b"CompressedDataSize = 20\n" + size + zlib.compress(raw, 1),
        text + b"1 2 3 4 5 6.5\n",
        colours + b"ElementDataFile = LOCAL\n" + bytes(12),
    ]


def grids() -> list[bytes]:
    """ESRI grids."""
    head = b"ncols 3\nnrows 2\nxllcorner 0\nyllcorner 0.5\ncellsize 30\n"
    return [head + b"NODATA_value -9999\n1 2 3\n4 -9999 6\n", head.upper() + b"1.5 2 3\n4e1 nan 6\n"]


def mrc() -> list[bytes]:
    """MRC of every mode and both byte orders."""
    made = []
    for mode, kind, order, group in ((0, "i1", "<", 0), (1, "i2", ">", 1), (2, "f4", "<", 401), (12, "f2", "<", 1)):
        head = bytearray(1024)
        struct.pack_into(order + "10i", head, 0, 3, 2, 2, mode, 0, 0, 0, 3, 2, 1)
        struct.pack_into(order + "3i", head, 64, 1, 2, 3)
        struct.pack_into(order + "2i", head, 88, group, 8)
        head[208:214] = b"MAP " + (b"\x44\x44" if order == "<" else b"\x11\x11")
        made.append(bytes(head) + bytes(8) + np.arange(12).astype(order + kind).tobytes())
    return made


class _ExrKind(NamedTuple):
    compression: int
    channels: bytes
    pixel: int
    flags: int = 2


def exr() -> list[bytes]:
    """OpenEXR of scan lines and tiles, stored and packed."""
    grey, colours = b"Y\0" + _exr_channel(1), b"".join(name + b"\0" + _exr_channel(2) for name in (b"B", b"G", b"R"))
    kinds = [_ExrKind(0, grey, 2), _ExrKind(3, colours, 12), _ExrKind(2, grey, 2), _ExrKind(1, grey, 2)]
    return [*map(_exr, kinds), _exr(_ExrKind(0, grey, 2, 0x202))]


def _exr_channel(kind: int) -> bytes:
    return struct.pack("<4i", kind, 0, 1, 1)


def _exr_attribute(name: bytes, kind: bytes, value: bytes) -> bytes:
    return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value


def _exr(kind: _ExrKind) -> bytes:
    """An image of 3 × 2 pixels."""
    window = struct.pack("<4i", 0, 0, 2, 1)
    head = b"v/1\x01" + struct.pack("<I", kind.flags)
    head += _exr_attribute(b"channels", b"chlist", kind.channels + b"\0")
    head += _exr_attribute(b"compression", b"compression", bytes([kind.compression]))
    head += _exr_attribute(b"dataWindow", b"box2i", window) + _exr_attribute(b"displayWindow", b"box2i", window)
    head += _exr_attribute(b"tiles", b"tiledesc", struct.pack("<2IB", 3, 2, 0)) * (kind.flags == 0x202) + b"\0"
    rows = 1 if kind.compression < 3 and kind.flags == 2 else 2
    blocks, places = b"", []
    for top in range(0, 2, rows):
        numbers = bytes(rows * 3 * kind.pixel)
        packed = {0: numbers, 1: bytes([len(numbers) - 1, 0])}.get(kind.compression) or zlib.compress(
            b"\0" + b"\x80" * (len(numbers) - 1), 1
        )
        places.append(len(head) + 8 * (2 // rows) + len(blocks))
        start = struct.pack("<i", top) if kind.flags == 2 else bytes(16)
        blocks += start + struct.pack("<i", len(packed)) + packed
    return head + struct.pack(f"<{len(places)}Q", *places) + blocks


def dicom() -> list[bytes]:
    """DICOM images of greys and of colours, with a scale, and packed by RLE."""
    pydicom = pytest.importorskip("pydicom")
    made = []
    for colours, frames, packed in ((1, 1, False), (3, 1, False), (1, 2, False), (1, 1, True)):
        found = pydicom.Dataset()
        found.file_meta = pydicom.dataset.FileMetaDataset()
        found.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        found.SOPClassUID, found.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
        found.Rows, found.Columns, found.SamplesPerPixel, found.NumberOfFrames = 2, 3, colours, frames
        found.PhotometricInterpretation = "RGB" if colours == 3 else "MONOCHROME1"
        found.BitsAllocated = 8 if colours == 3 else 16
        found.BitsStored = 8 if colours == 3 else 12
        found.HighBit, found.PixelRepresentation = found.BitsStored - 1, 0
        if colours == 3:
            found.PlanarConfiguration = 0
        else:
            found.RescaleSlope, found.RescaleIntercept = "2", "-1024"
        found.PixelData = bytes(range(2 * 3 * colours * frames * found.BitsAllocated // 8))
        if packed:
            found.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
        found.save_as(stream := BytesIO(), enforce_file_format=True)
        made.append(stream.getvalue())
    return made


def hdf5() -> list[bytes]:
    """HDF5 with a dataset, plain or in packed chunks, in a group, and with the attributes of NetCDF."""
    h5py: Any = pytest.importorskip("h5py")

    def made(fill: Callable[[Any], None]) -> bytes:
        with h5py.File(stream := BytesIO(), "w", track_order=False) as file:
            fill(file)
        return stream.getvalue()

    def scaled(file: Any) -> None:
        data = file.create_dataset("t", data=_GREYS, chunks=(1, 3), compression="gzip")
        data.attrs.update({"scale_factor": 0.5, "add_offset": 1.0, "_FillValue": np.int16(4), "units": "K"})

    return [
        made(lambda file: file.create_dataset("a", data=_GREYS)),
        made(lambda file: file.create_dataset("g/b", data=_GREYS / 7)),
        made(scaled),
    ]


_text = tokens(rb"[A-Za-z_-]+|[0-9.]+|\s+|.")
_binary = tokens(rb".{1,16}")
LABORATORY: dict[str, tuple[Callable[[], list[bytes]], Mutator, str]] = {
    "fits": (fits, pieces(fits_parts), ".fits"),
    "nifti": (nifti, pieces(_binary), ".nii"),
    "nrrd": (nrrd, pieces(_text), ".nrrd"),
    "metaimage": (metaimage, pieces(_text), ".mha"),
    "grid": (grids, pieces(_text), ".asc"),
    "mrc": (mrc, pieces(_binary), ".mrc"),
    "exr": (exr, pieces(_binary), ".exr"),
    "dicom": (dicom, pieces(_binary), ".dcm"),
    "hdf5": (hdf5, pieces(_binary), ".h5"),
}
"""The valid files of each kind, the attacks on them, and their suffix."""
