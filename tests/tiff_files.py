"""TIFF files made of tags and bytes, for the tests."""

import struct

CODES = {"i": 9, "f": 11, "H": 3, "I": 4, "d": 12, "Q": 16, "b": 6}


def tiff(pixels, shape, *, order="<", is_big=False, pages=(), **tags):
    """The bytes of an image of (height, width), uncompressed in one strip unless tags say otherwise.

    ``tags``: numbers (16 bits), texts, or (code, numbers), by their names in the standard; ``pages``: further files'
    tags, whose pixels come first.
    """
    files = [(pixels, {"ImageWidth": shape[1], "ImageLength": shape[0], **tags}), *pages]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + ("HHHQ" if is_big else "HI"), *_start(is_big))
    body, places = bytearray(head), []
    for data, _ in files:
        places.append(len(body))
        body += data + b"\0" * (len(data) % 2)
    link = 8 if is_big else 4
    for (data, named), place in zip(files, places, strict=True):
        body[link : link + (8 if is_big else 4)] = struct.pack(order + ("Q" if is_big else "I"), len(body))
        link = (
            len(body) + (8 if is_big else 2) + (20 if is_big else 12) * (len(named) + 2 * ("StripOffsets" not in named))
        )
        body += _directory(
            {"StripOffsets": ("I", [place]), "StripByteCounts": ("I", [len(data)]), **named}, len(body), order, is_big
        )
    return bytes(body)


NUMBERS = {
    "NewSubfileType": 254, "ImageWidth": 256, "ImageLength": 257, "BitsPerSample": 258, "Compression": 259,
    "Photometric": 262, "FillOrder": 266, "ImageDescription": 270, "StripOffsets": 273, "Orientation": 274,
    "SamplesPerPixel": 277, "RowsPerStrip": 278, "StripByteCounts": 279, "PlanarConfiguration": 284, "Predictor": 317,
    "ColorMap": 320, "SubIFDs": 330, "TileWidth": 322, "TileLength": 323, "TileOffsets": 324, "TileByteCounts": 325,
    "ExtraSamples": 338, "SampleFormat": 339, "ImageDepth": 32997, "GDAL_METADATA": 42112, "GDAL_NODATA": 42113,
}  # fmt: skip


def _start(is_big):
    return (43, 8, 0, 0) if is_big else (42, 0)


def _directory(named, start, order, is_big):
    count, entry, wide = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    values = struct.calcsize("=" + wide)
    rest = start + struct.calcsize("=" + count) + entry * len(named) + values
    head, tail = struct.pack(order + count, len(named)), b""
    for tag, value in sorted((NUMBERS[name], value) for name, value in named.items()):
        kind, number, data = _packed(value, order)
        if len(data) > values:
            tail, data = tail + data + b"\0" * (len(data) % 2), struct.pack(order + wide, rest + len(tail))
        head += struct.pack(order + "HH" + wide, tag, kind, number) + data.ljust(values, b"\0")
    return head + struct.pack(order + wide, 0) + tail


def _packed(value, order):
    if isinstance(value, str):
        return 2, len(value) + 1, value.encode() + b"\0"
    code, numbers = value if isinstance(value, tuple) else ("H", [value] if isinstance(value, int) else value)
    return CODES[code], len(numbers), struct.pack(f"{order}{len(numbers)}{code}", *numbers)
