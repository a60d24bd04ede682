"""Small files of what cameras, instruments and laboratories write: their numbers, a true note, or a refusal."""

import json
from pathlib import Path

import numpy as np
import pytest

from convcalc.errors import ConvcalcError
from convcalc.files.selection import Selection
from convcalc.files.tensor_file import read_tensor
from convcalc.limits import Limits

pytest.importorskip("PIL")
FILES = Path(__file__).parent / "formats" / "images"
DEEP = "whole numbers of 16 bits kept"
WIDE = "whole numbers of 32 bits kept"
FLOATS = "floats of 32 bits kept"
TURNED = "turned upright as its Exif orientation says"
ALPHA = "alpha channel dropped"
LOOKED_UP = "palette converted to RGB"

EXACT = {
    "bmp-grey-palette": (),
    "geotiff-nodata-scale": (
        "1 cell is nodata (-9999), read as nan",
        "scale 0.1 and offset 5 applied (GDAL_METADATA)",
        "1 value is not finite, the first (nan) at [0, 1, 1]",
    ),
    "gif-animated": (
        "first of 2 frames (--frame N chooses, --frame all reads all)",
        "palette of greys read as one channel",
    ),
    "jpeg-exif6": (TURNED,),
    "pam-depth2": (ALPHA,),
    "pam-odd-tupltype": (),
    "pfm": (FLOATS,),
    "pfm-colour": (FLOATS,),
    "pfm-scale": ("the scale 2.5 of the file is not applied", FLOATS),
    "pgm-ascii-65535": (DEEP,),
    "pgm-maxval-1000": (DEEP,),
    "pgm-maxval-15": (),
    "png-cicp-pq": (),
    "png-grey16": (DEEP,),
    "png-grey16-alpha": (ALPHA, DEEP),
    "png-grey16-trns": (DEEP, "cells of 258 are marked transparent, and kept"),
    "png-grey8-sbit": (),
    "png-icc": (),
    "png-palette-grey": (),
    "tiff-2band-u16": (DEEP,),
    "tiff-3band-u8-minisblack": (),
    "tiff-4band": ("1 further band without a stated meaning kept",),
    "tiff-5band-u8-planar": (),
    "tiff-associated-alpha": (f"{ALPHA}; colours kept as stored, multiplied by it (associated alpha)",),
    "tiff-fillorder2": (),
    "tiff-float32-nan": (FLOATS, "1 value is not finite, the first (nan) at [0, 1, 1]"),
    "tiff-float64": ("floats of 64 bits kept",),
    "tiff-int16-big-endian": (f"signed {DEEP}",),
    "tiff-int32": (f"signed {WIDE}",),
    "tiff-lerc-compressed": (DEEP,),
    "tiff-int8": ("signed whole numbers of 8 bits kept",),
    "tiff-mask-page": (
        "1 cell is masked, read as nan",
        "1 value is not finite, the first (nan) at [0, 1, 1]",
    ),
    "tiff-orientation": ("kept as stored, not turned as its Orientation 3 says",),
    "tiff-planar-rgb": (),
    "tiff-predictor3": (FLOATS,),
    "tiff-pyramid": (),
    "tiff-rgb-float32": (FLOATS,),
    "tiff-rgb16": (DEEP,),
    "tiff-uint16-planar-rgb": (DEEP,),
    "tiff-uint32": (WIDE,),
    "tiff-uint32-packbits": (WIDE,),
    "tiff-uint64": ("whole numbers of 64 bits kept",),
    "tiff-unassociated-alpha": (ALPHA,),
}
"""Files whose numbers are read, with the notes."""
CHOOSE = "(--frame N chooses, --frame all reads all)"
FIRST = {
    "tiff-imagej-hyperstack": f"ImageJ stack, axes t 2, z 3, c 2; only t 0 of 2, z 0 of 3 is read {CHOOSE}",
    "tiff-ome": f"OME stack, axes z 3, c 2; only z 0 of 3 is read {CHOOSE}",
    "tiff-shaped-stack-1-ifd": f"TIFF stack, axes page 3; only page 0 of 3 is read {CHOOSE}",
}
"""Stacks, of which the first frame is read with all its channels, with the note that says so."""
PALETTES = {
    "png-palette": ((LOOKED_UP,), lambda places: [places, 2 * places, 255 - places]),
    "tiff-palette16": ((LOOKED_UP, DEEP), None),
}
"""Palettes of colours, which are looked up: the notes, and the colours of places where they follow a rule."""
REFUSED = {
    "tiff-complex": "a TIFF image of complex numbers (save its real part, or its magnitude)",
}


def file_of(name):
    [path] = (FILES / name).glob("a.*")
    return path


def expected_of(name):
    described = json.loads((FILES / name / "expected.json").read_text())
    flat = np.array(described["values"], dtype=object).reshape(-1)
    return np.array(flat, dtype=np.float64).reshape(described["shape"])


@pytest.mark.parametrize("name", EXACT)
def test_the_numbers_are_those_of_the_file(name):
    """All numbers come out, matrices as one channel, and the notes say what was done and nothing else."""
    if name == "tiff-lerc-compressed":
        pytest.importorskip("imagecodecs", reason="the extra `tiff` decodes LERC")
    tensor = read_tensor(str(file_of(name)), Limits())
    expected = expected_of(name)
    tolerance = 2 if name.startswith("jpeg") else 0
    found = tensor.array if expected.ndim == 3 else tensor.array[0]
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=0, atol=tolerance, err_msg=name)
    assert tensor.notes == EXACT[name]
    assert (tensor.dims, tensor.is_image) == (2, True)


@pytest.mark.parametrize("name", FIRST)
def test_of_a_stack_the_first_image_is_read_and_the_note_says_of_how_many(name):
    """The first frame of the stack comes out, and what the stack is."""
    tensor = read_tensor(str(file_of(name)), Limits())
    frames = expected_of(name).reshape(-1, *tensor.array.shape)
    np.testing.assert_array_equal(tensor.array, frames[0])
    assert tensor.notes == (FIRST[name], DEEP)


@pytest.mark.parametrize("name", FIRST)
def test_of_a_stack_any_frame_is_read_and_all_of_them(name):
    """Frames by one number for each axis, all as samples, a channel alone: the numbers of the file each time."""
    path, stored = str(file_of(name)), expected_of(name)
    whole = read_tensor(path, Limits(), selection=Selection(frame=())).array
    np.testing.assert_array_equal(whole.reshape(stored.shape), stored)
    axes = {"tiff-imagej-hyperstack": 2}.get(name, 1)
    for place in np.ndindex(*stored.shape[:axes]):
        found = read_tensor(path, Limits(), selection=Selection(frame=place)).array
        np.testing.assert_array_equal(found.reshape(stored[place].shape), stored[place])
    if name != "tiff-shaped-stack-1-ifd":
        alone = read_tensor(path, Limits(), selection=Selection(band=1)).array
        np.testing.assert_array_equal(alone[0], stored[(0,) * axes][1])


@pytest.mark.parametrize("name", PALETTES)
def test_a_palette_is_looked_up(name):
    """The colours of the places come out, and a note says so."""
    tensor = read_tensor(str(file_of(name)), Limits())
    notes, colours_of = PALETTES[name]
    assert tensor.notes == notes
    places = expected_of(name)
    assert tensor.array.shape == (3, *places.shape)
    if colours_of:
        np.testing.assert_array_equal(tensor.array, colours_of(places))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_by_what_it_is(name):
    """The message says what the file holds and what to save instead."""
    path = str(file_of(name))
    with pytest.raises(ConvcalcError) as caught:
        read_tensor(path, Limits())
    assert str(caught.value) == f"{path}: {REFUSED[name]}"


def test_every_file_has_its_place_in_a_table():
    """No folder of files is left out of the tests above."""
    assert {path.name for path in FILES.iterdir()} == {*EXACT, *FIRST, *PALETTES, *REFUSED}
