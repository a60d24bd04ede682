"""TIFF images by their tags: every type, layout and compression, and what tags say of the numbers."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError, FormatError, LimitError
from convcalc.files.image import read_image
from convcalc.limits import Limits
from tiff_files import tiff

LIMITS = Limits()
GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
SHAPE = GREY.shape


def read(data, limits=LIMITS, **options):
    return read_image(data, "f.tif", limits, **options)


def grey(pixels=GREY, **tags):
    """A grey image of one sample."""
    plain = {"BitsPerSample": pixels.dtype.itemsize * 8, "Photometric": 1}
    return tiff(pixels.tobytes(), pixels.shape, **{**plain, **tags})


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("is_big", [False, True], ids=["TIFF", "BigTIFF"])
@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
def test_numbers_of_every_type_come_back(kind, is_big, order):
    """Bytes of either order are the numbers that they were made of, in the type of the file."""
    values = (np.arange(12).reshape(3, 4) * 37 - 100 * (kind[0] != "u")).astype(order + kind)
    formats = {"u": 1, "i": 2, "f": 3}[kind[0]]
    array, _ = read(grey(values, order=order, is_big=is_big, SampleFormat=formats))
    wider = np.dtype("f4" if kind == "f2" else kind)
    np.testing.assert_array_equal(array[0], values.astype(wider), strict=True)


@pytest.mark.parametrize("bits", [*range(2, 8), *range(9, 16)])
def test_packed_bits_are_not_stretched(bits):
    """Numbers of any few bits, in rows of whole bytes, are the numbers that they were made of."""
    values = np.random.default_rng(bits).integers(0, 1 << bits, (5, 7))
    digits = (values[..., np.newaxis] >> np.arange(bits)[::-1] & 1).astype(np.uint8).reshape(5, -1)
    array, _ = read(tiff(np.packbits(digits, axis=1).tobytes(), (5, 7), BitsPerSample=bits, Photometric=1))
    np.testing.assert_array_equal(array[0], values)


@pytest.mark.parametrize("photometric", [0, 1])
def test_one_bit_is_black_and_white(photometric):
    """Black is 0 and white is 255, whichever of them a file writes as 1."""
    array, notes = read(tiff(b"\xa0", (1, 4), BitsPerSample=1, Photometric=photometric))
    assert array.tolist() == [[[[0, 255, 0, 255], [255, 0, 255, 0]][photometric]]]
    assert notes == ("black and white read as 0 and 255",)


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_white_as_zero_is_told_and_not_inverted(kind):
    """The stored numbers come out at every depth, with a note."""
    array, notes = read(grey(GREY.astype(kind), Photometric=0, SampleFormat=3 if kind == "f4" else 1))
    np.testing.assert_array_equal(array[0], GREY)
    assert notes[0] == "0 is white: numbers kept as stored, not inverted"


TIFFFILE = [
    *((kind, None, False) for kind in ("u1", "<u2", ">i2", "<u4", "<f4", ">f8")),
    *((kind, "zlib", False) for kind in ("u1", "<u2", ">f8")),
    *((kind, "zlib", 2) for kind in ("u1", "<u2", ">i2", "<u4", ">u8")),
]


@pytest.mark.parametrize(("kind", "compression", "predictor"), TIFFFILE)
@pytest.mark.parametrize("layout", ["strips", "tiles", "planes", "tiled planes"])
def test_tifffile_writes_what_is_read(kind, compression, predictor, layout):
    """Strips, tiles and planes of colours, with differences instead of numbers too, as another library writes them."""
    tifffile = pytest.importorskip("tifffile")
    values = np.random.default_rng(7).integers(0, 100, (37, 45, 3)).astype(kind)
    is_planar = "planes" in layout
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        np.moveaxis(values, -1, 0) if is_planar else values,
        byteorder=kind[0] if kind[0] in "<>" else "<",
        photometric="rgb",
        planarconfig="separate" if is_planar else "contig",
        compression=compression,
        predictor=predictor,
        metadata=None,
        **({"tile": (16, 32)} if "tile" in layout else {"rowsperstrip": 5}),
    )
    array, _ = read(stream.getvalue())
    expected = np.moveaxis(values, -1, 0).astype(np.dtype(kind).newbyteorder("="))
    np.testing.assert_array_equal(array, expected, strict=True)


def floats_apart(values):
    """The bytes of floats (rows, columns) as differences, the highest of all first (predictor 3)."""
    size = values.dtype.itemsize
    apart = values.astype(f">f{size}").view(np.uint8).reshape(*values.shape, size).transpose(0, 2, 1)
    flat = apart.reshape(len(values), -1)
    return np.diff(flat, axis=1, prepend=flat[:, :1] * np.uint8(0))


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_floats_stored_apart_come_back(kind):
    """Predictor 3, made by its definition."""
    values = np.random.default_rng(3).standard_normal((6, 9)).astype(kind)
    stored = zlib.compress(floats_apart(values).tobytes())
    bits = values.dtype.itemsize * 8
    data = tiff(stored, values.shape, BitsPerSample=bits, SampleFormat=3, Compression=8, Predictor=3, Photometric=1)
    np.testing.assert_array_equal(read(data)[0][0], values)


PICTURES = {
    "noise": np.random.default_rng(1).integers(0, 256, (90, 130), dtype=np.uint8),
    "few": np.random.default_rng(2).integers(0, 3, (200, 150), dtype=np.uint8),
    "flat": np.full((300, 400), 9, np.uint8),
    "one": np.zeros((1, 1), np.uint8),
    "colours": np.random.default_rng(3).integers(0, 9, (40, 30, 3), dtype=np.uint8),
}


@pytest.mark.parametrize(("compression", "predictor"), [("tiff_lzw", 1), ("tiff_lzw", 2), ("packbits", 1)])
@pytest.mark.parametrize("name", PICTURES)
def test_compressions_of_libtiff_are_undone(name, compression, predictor):
    """LZW codes of all widths, cleared tables and codes that name themselves, and runs, in many strips and in one."""
    image = pytest.importorskip("PIL.Image")
    for rows in (8, len(PICTURES[name])):
        stream = io.BytesIO()
        tags = {317: predictor, 278: rows}
        image.fromarray(PICTURES[name]).save(stream, "TIFF", compression=compression, tiffinfo=tags)
        array, notes = read(stream.getvalue())
        np.testing.assert_array_equal(array, np.moveaxis(np.atleast_3d(PICTURES[name]), -1, 0))
        assert notes == ()


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr"])
def test_jpeg_strips_are_read(mode):
    """Strips that share their tables, colours as such and as brightness with differences."""
    image = pytest.importorskip("PIL.Image")
    ramp = np.add.outer(np.arange(40), np.arange(48)).astype(np.uint8) * 2
    picture = image.fromarray(ramp if mode == "L" else np.dstack([ramp, 255 - ramp, ramp // 2]))
    stream = io.BytesIO()
    picture.convert(mode).save(stream, "TIFF", compression="jpeg", quality=95, tiffinfo={278: 16})
    array, _ = read(stream.getvalue())
    expected = np.asarray(image.open(io.BytesIO(stream.getvalue())).convert("L" if mode == "L" else "RGB"))
    np.testing.assert_allclose(array.astype(int), np.moveaxis(np.atleast_3d(expected), -1, 0).astype(int), atol=3)


SAMPLES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def colours(extra=(), samples=4, **tags):
    found = {"ExtraSamples": list(extra)} if extra else {}
    pixels = SAMPLES[..., :samples].tobytes()
    plain = {"BitsPerSample": [8] * samples, "SamplesPerPixel": samples, "Photometric": 2}
    return tiff(pixels, (2, 3), **{**plain, **found, **tags})


@pytest.mark.parametrize(
    ("data", "kept", "notes"),
    [
        (colours(samples=3), [0, 1, 2], ()),
        (colours(), [0, 1, 2, 3], ("1 further band without a stated meaning kept",)),
        (colours([0]), [0, 1, 2, 3], ("1 further band without a stated meaning kept",)),
        (colours([2]), [0, 1, 2], ("alpha channel dropped",)),
        (
            colours([1]),
            [0, 1, 2],
            ("alpha channel dropped; colours kept as stored, multiplied by it (associated alpha)",),
        ),
        (colours([0, 2], Photometric=1, samples=3), [0, 1], ("alpha channel dropped",)),
        (colours([2], Photometric=1, samples=2), [0], ("alpha channel dropped",)),
        (colours(Photometric=1), [0, 1, 2, 3], ()),
        (
            colours(Photometric=5),
            [0, 1, 2, 3],
            ("inks kept as stored: cyan, magenta, yellow and black (CMYK)",),
        ),
    ],
)
def test_samples_are_what_their_tags_say(data, kept, notes):
    """Alpha is dropped and told, all else is a channel."""
    array, told = read(data)
    np.testing.assert_array_equal(array, np.moveaxis(SAMPLES[..., kept], -1, 0))
    assert told == notes


def test_a_palette_of_16_bit_colours_becomes_bytes_where_it_was_made_of_them():
    """Colours × 257 and colours × 256 are bytes; others keep their 16 bits."""
    places, colour = np.array([[0, 1]], np.uint8), np.array([[10, 20, 30], [40, 50, 60]])
    for factor, expected in ((257, colour), (256, colour), (255, colour * 255)):
        table = [0] * 768
        for place, entry in enumerate(colour):
            table[place], table[256 + place], table[512 + place] = (int(each) * factor for each in entry)
        array, _ = read(grey(places, Photometric=3, ColorMap=table))
        np.testing.assert_array_equal(array[:, 0], expected.T)


HEIGHTS = np.array([[1, -9999, 3], [4, 5, -9999]], np.int16)


def heights(values=HEIGHTS, **tags):
    return grey(values, SampleFormat={"i": 2, "u": 1, "f": 3}[values.dtype.kind], **tags)


@pytest.mark.parametrize("kind", ["i2", "i4", "f4", "f8"])
def test_nodata_is_never_computed_with(kind):
    """Cells of GDAL's nodata are nan among floats that keep all other numbers, and a note names them."""
    array, notes = read(heights(HEIGHTS.astype(kind), GDAL_NODATA="-9999"))
    np.testing.assert_array_equal(array[0], [[1, np.nan, 3], [4, 5, np.nan]])
    assert notes == ("2 cells are nodata (-9999), read as nan",)


def test_nodata_is_kept_where_it_is_asked_for(cli):
    """As an option and as a field of a problem, with a note that says so, and no other word is taken."""
    data = heights(GDAL_NODATA="-9999")
    array, notes = read(data, keeps_nodata=True)
    np.testing.assert_array_equal(array[0], HEIGHTS, strict=True)
    assert notes == ("2 cells are nodata (-9999), kept as stored",)
    cli.write({"h.tif": data, "p.yaml": "input: {file: h.tif, nodata: keep}\nkernel: [[1, 1]]\n"})
    done = cli.run("run", "p.yaml", "--format", "csv")
    assert (done.code, done.out) == (0, "-9998,-9996\n9,-9994\n")
    assert "2 cells are nodata (-9999), kept as stored" in done.err
    done = cli.run("run", "h.tif", "--kernel", "[[1, 1]]", "--format", "csv")
    assert (done.code, done.out) == (0, "nan,nan\n9.0,nan\n")
    cli.write({"q.yaml": "input: {file: h.tif, nodata: drop}\nkernel: [[1, 1]]\n"})
    done = cli.run("run", "q.yaml")
    assert done.code == 1
    assert "nodata is 'drop'\n" in done.err
    assert "hint: keep, or leave it out to read nan\n" in done.err


def test_nodata_that_no_cell_holds_changes_nothing():
    """Whole numbers stay whole where the value is in no cell, or beyond their type."""
    for text in ("7777", "-1e30", "nan", "0.5"):
        array, notes = read(heights(GDAL_NODATA=text))
        np.testing.assert_array_equal(array[0], HEIGHTS, strict=True)
        assert notes == ("signed whole numbers of 16 bits kept",)


def test_nodata_as_floats_write_it():
    """The lowest float32, written with the digits of float64, is found among float32."""
    values = np.array([[np.finfo("f4").min, 1]], np.float32)
    array, _ = read(heights(values, GDAL_NODATA="-3.4028234663852886e+38"))
    np.testing.assert_array_equal(array[0], [[np.nan, 1]])


def metadata(*items):
    rows = [f'<Item name="X" sample="{sample}" role="{role}">{value}</Item>' for sample, role, value in items]
    return f"<GDALMetadata>{''.join(rows)}</GDALMetadata>"


def test_long_words_in_metadata_cost_little():
    """A hundred thousand letters where an attribute may stand are passed over at once."""
    started = time.process_time()
    array, notes = read(heights(GDAL_METADATA=f"<Item {'a' * 100_000}>1</Item>"))
    assert time.process_time() - started < 1
    np.testing.assert_array_equal(array[0], HEIGHTS)
    assert notes == read(heights())[1]


def test_scale_and_offset_are_applied_and_told():
    """Numbers × scale + offset, each band with its own, nodata before them."""
    both = metadata((0, "scale", 0.5), (0, "offset", 10))
    array, notes = read(heights(GDAL_NODATA="-9999", GDAL_METADATA=both))
    np.testing.assert_array_equal(array[0], [[10.5, np.nan, 11.5], [12, 12.5, np.nan]])
    assert notes[1] == "scale 0.5 and offset 10 applied (GDAL_METADATA)"
    array, notes = read(colours(samples=3, GDAL_METADATA=metadata((1, "scale", 2), (2, "offset", -1))))
    np.testing.assert_array_equal(array, np.moveaxis(SAMPLES[..., :3] * [1, 2, 1.0] + [0, 0, -1], -1, 0))
    assert notes == ("scales and offsets of the bands applied (GDAL_METADATA)",)
    assert read(heights(GDAL_METADATA=metadata((0, "scale", 1))))[1] == ("signed whole numbers of 16 bits kept",)


def page(pixels, **tags):
    height, width = pixels.shape
    return pixels.tobytes(), {"ImageWidth": width, "ImageLength": height, "BitsPerSample": 8, "Photometric": 1, **tags}


CHOOSE = "(--frame N chooses, --frame all reads all)"
SMALL = np.array([[7]], np.uint8)
MASK = np.array([[0, 255, 255, 255], [255] * 4, [255] * 4], np.uint8)


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (grey(pages=[page(255 - GREY)]), (f"TIFF stack, axes page 2; only page 0 of 2 is read {CHOOSE}",)),
        (grey(pages=[page(SMALL, NewSubfileType=1)]), ("1 reduced copy left out",)),
        (
            tiff(
                SMALL.tobytes(),
                (1, 1),
                BitsPerSample=8,
                Photometric=1,
                NewSubfileType=1,
                pages=[page(GREY), page(GREY)],
            ),
            (f"TIFF stack, axes page 2; only page 0 of 2 is read {CHOOSE}", "1 reduced copy left out"),
        ),
        (
            grey(ImageDescription="ImageJ=1.53\nimages=40\nslices=40\n"),
            ("ImageJ stack of 40 images by its description, of which the file holds 1",),
        ),
        (
            grey(ImageDescription='{"shape": [5, 3, 4]}'),
            (f"TIFF stack, axes page 5; only page 0 of 5 is read {CHOOSE}",),
        ),
        (
            grey(ImageDescription="ImageJ=1.53\ncf=0\nc0=-32768\n"),
            ("ImageJ's calibration of the numbers is not applied",),
        ),
        (grey(ImageDepth=2), ("first of 2 planes (ImageDepth)",)),
        (grey(Orientation=6), ("kept as stored, not turned as its Orientation 6 says",)),
    ],
)
def test_the_image_in_full_resolution_is_read_and_all_else_told(data, notes):
    """Thumbnails, pyramids, stacks and masks never take the place of the image, nor are they left out in silence."""
    array, told = read(data)
    np.testing.assert_array_equal(array[0], GREY)
    assert told == notes


def test_masked_cells_are_nan():
    """A page that masks the image leaves its cells without a number."""
    array, notes = read(grey(pages=[page(MASK, NewSubfileType=4)]))
    np.testing.assert_array_equal(array[0], np.where(MASK, GREY, np.nan))
    assert notes == ("1 cell is masked, read as nan",)


def test_a_tile_without_bytes_holds_nodata():
    """GDAL writes nothing for a tile that is empty."""
    places = {
        "TileOffsets": ("I", [8, 0]),
        "TileByteCounts": ("I", [256, 0]),
        "StripOffsets": 8,
        "StripByteCounts": 256,
    }
    data = tiff(
        bytes([3]) * 256,
        (2, 32),
        BitsPerSample=8,
        Photometric=1,
        TileWidth=16,
        TileLength=16,
        GDAL_NODATA="9",
        **places,
    )
    array, _ = read(data)
    np.testing.assert_array_equal(array[0], [[3.0] * 16 + [np.nan] * 16] * 2)


FAULTS = {
    "LZMA": (grey(Compression=34925), "a strip or tile of the TIFF file is damaged (no LZMA stream)"),
    "unknown": (grey(Compression=77), "a TIFF image with compression 77, which is not read"),
    "JBIG": (grey(Compression=34661), "a TIFF image with JBIG compression, which is not read"),
    "old JPEG": (grey(Compression=6), "a TIFF image with old-style JPEG compression, which is not read"),
    "complex": (grey(GREY.astype("c8"), SampleFormat=6), "a TIFF image of complex numbers"),
    "24-bit floats": (
        tiff(bytes(36), SHAPE, BitsPerSample=24, SampleFormat=3),
        "a TIFF image of 24-bit numbers of format 3",
    ),
    "unlike bits": (
        tiff(bytes(36), SHAPE, BitsPerSample=[5, 6, 5], SamplesPerPixel=3),
        "a TIFF image with samples of 5 and 6 bits",
    ),
    "Lab": (colours(samples=3, Photometric=8), "a TIFF image of CIE L*a*b* colours"),
    "YCbCr": (colours(samples=3, Photometric=6), "a TIFF image of YCbCr colours without JPEG compression"),
    "two colours": (colours(samples=2), "a TIFF image of 3 colours with 2 samples"),
    "no pixels": (grey(ImageWidth=0), "an image of 0 × 3 pixels"),
    "short strip": (grey(StripByteCounts=5), "a strip or tile of the TIFF file has 5 of its 12 bytes"),
    "few strips": (grey(RowsPerStrip=1), "the TIFF image has 1 of its 3 strips or tiles"),
    "damaged deflate": (grey(Compression=8), "a strip or tile of the TIFF file is damaged (no Deflate stream)"),
    "predictor": (
        grey(Compression=8, Predictor=3),
        "a TIFF image with predictor 3 of 8-bit numbers",
    ),
    "huge tile": (
        grey(TileWidth=65520, TileLength=65520),
        "a TIFF image with tiles of 65,520 × 65,520 pixels, which is larger than itself",
    ),
    "nodata": (grey(GDAL_NODATA="none"), "the TIFF tag GDAL_NODATA is 'none', and no number"),
    "scale": (
        grey(GDAL_METADATA=metadata((0, "scale", "x"))),
        "a scale or offset of the TIFF image is 'x', and no number",
    ),
    "palette": (grey(Photometric=3), "a TIFF image with a palette that does not fit its samples"),
    "palette beyond 16 bits": (
        grey(Photometric=3, ColorMap=("I", [0, 1, 70_000] * 16)),
        "a TIFF image with a palette that does not fit its samples",
    ),
    "places that are floats": (
        grey(StripOffsets=("f", [8.0])),
        "the TIFF tag STRIP_OFFSETS (273) is of type 11, and no whole number",
    ),
    "a place before the file": (
        grey(StripOffsets=("i", [-12])),
        "the TIFF tag STRIP_OFFSETS (273) is -12, and cannot be negative",
    ),
    "palette place": (grey(Photometric=3, ColorMap=[0, 1, 2] * 16), "a pixel has colour 220, the palette ends with 15"),
    "mask": (grey(pages=[page(SMALL, NewSubfileType=4)]), "the mask of the TIFF image is of another size"),
    "wide": (
        grey(np.array([[2**60 + 1, 5]], np.uint64), GDAL_NODATA="5"),
        "whole numbers beyond 2**53 beside nodata cells or scales, which no float keeps",
    ),
    "no image": (b"II*\0\0\0\0\0", "the TIFF file holds no image"),
    "cut tags": (grey()[:30], "the TIFF file is truncated: it ends before its tags"),
    "bitten tail": (b"II*\0\x08\0\0\0\0\0\x08\0\0\0", "the directories of the TIFF file overlap"),
    "not a TIFF": (b"II\0\0", "not a TIFF file"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_said(name):
    """Each fault has its sentence, with the file in front."""
    data, message = FAULTS[name]
    with pytest.raises(FormatError) as caught:
        read(data)
    assert str(caught.value).startswith(f"f.tif: {message}")


def test_an_lzw_code_before_its_string_is_damage():
    """A first code that names a string of no earlier code is refused."""
    clear_then_258 = int("100000000" + "100000010" + "100000001", 2) << 5
    data = tiff(clear_then_258.to_bytes(4, "big"), (1, 2), BitsPerSample=8, Photometric=1, Compression=5)
    with pytest.raises(FormatError, match="damaged \\(an LZW code before its string\\)"):
        read(data)


def test_an_image_out_of_proportion_to_its_file_is_refused_before_it_is_decoded():
    """What is stored in less than a hundredth is decoded up to a limit, which can be raised."""
    flat = np.zeros((1000, 1000), np.uint8)
    data = tiff(zlib.compress(flat.tobytes()), flat.shape, BitsPerSample=8, Photometric=1, Compression=8)
    with pytest.raises(LimitError, match=r"of 1,000 × 1,000 pixels, 976.6 KiB stored in 1.1 KiB") as caught:
        read(data, Limits(member=999_999))
    assert caught.value.hint == "raise it with --limit member=977KiB"
    assert read(data, Limits(member=1_000_000))[0].shape == (1, 1000, 1000)


def test_memory_is_planned_before_decoding():
    """The numbers and three copies of them are counted, and refused beyond the limit."""
    with pytest.raises(LimitError, match=r"f.tif: the image needs 48 B of memory, 47 B may be used"):
        read(grey(), Limits(memory=47))
    assert read(grey(), Limits(memory=48))[0].size == 12


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_mutated_file_raises_anything_but_our_errors(data):
    """Bytes replaced at random are refused or read, in our words."""
    whole = [grey(), colours([1]), heights(GDAL_NODATA="-9999"), grey(pages=[page(MASK, NewSubfileType=4)])]
    whole.append(tiff(zlib.compress(GREY.tobytes()), SHAPE, BitsPerSample=8, Photometric=1, Compression=8, Predictor=2))
    content = bytearray(data.draw(st.sampled_from(whole)))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content), Limits(pixels=100_000))
    except ConvcalcError as error:
        assert error.message


def test_an_image_below_its_reduced_copy_is_found():
    """As some cameras write it: the thumbnail first, and the image in a directory that only a tag of it names."""
    small = {"NewSubfileType": 1, "SubIFDs": ("I", [0])}
    full = {"ImageWidth": SHAPE[1], "ImageLength": SHAPE[0], "BitsPerSample": 8, "Photometric": 1}
    data = bytearray(tiff(b"\1\2\3\4", (2, 2), BitsPerSample=8, **small, pages=[(GREY.tobytes(), full)]))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    link = first + 2 + 12 * count
    value = next(place + 8 for place in range(first + 2, link, 12) if data[place : place + 2] == b"\x4a\1")
    data[value : value + 4], data[link : link + 4] = data[link : link + 4], bytes(4)
    array, notes = read_image(bytes(data), "f.tif", LIMITS)
    np.testing.assert_array_equal(array, GREY[None])
    assert notes == ("1 reduced copy left out",)
