"""PBM, PGM, PPM, PAM and PFM: the numbers in them, whatever their highest one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError, FormatError, LimitError
from convcalc.files.image import read_image
from convcalc.limits import Limits

VALUES = np.random.default_rng(5)
BLACK_AND_WHITE = "black and white read as 0 and 255"


def read(data, limits=Limits()):  # noqa: B008
    return read_image(data, "f.pnm", limits)


def stored(values, highest):
    return values.astype(np.uint8 if highest < 256 else ">u2").tobytes()


@pytest.mark.parametrize("highest", [1, 3, 15, 100, 255, 256, 1000, 4095, 65535])
@pytest.mark.parametrize("kind", ["P2", "P3", "P5", "P6", "P7"])
def test_numbers_are_not_stretched(kind, highest):
    """As text and as bytes, grey and in colours, the numbers are those that were written."""
    channels = 3 if kind in {"P3", "P6", "P7"} else 1
    values = VALUES.integers(0, highest + 1, (4, 5, channels))
    if kind == "P7":
        header = f"P7\n# made here\nWIDTH 5\nHEIGHT 4\nDEPTH 3\nMAXVAL {highest}\nTUPLTYPE RGB\nENDHDR\n"
    else:
        header = f"{kind}\n# made here\n5 4\n{highest}\n"
    numbers = " ".join(map(str, values.reshape(-1))).encode() if kind in {"P2", "P3"} else stored(values, highest)
    array, notes = read(header.encode() + numbers)
    np.testing.assert_array_equal(array, np.moveaxis(values, -1, 0))
    assert array.dtype == (np.uint8 if highest < 256 else np.uint16)
    assert notes == (("whole numbers of 16 bits kept",) if highest > 255 else ())
    assert not array.flags.writeable


@pytest.mark.parametrize(
    "data",
    [
        b"P1 3 2 1 0 1 0 1 1",
        b"P1\n3 2\n101\n011",
        b"P1 3 2 1#one\n01 011",
        b"P4 3 2\n\xa0\x60",
        b"P7\nWIDTH 3\nHEIGHT 2\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\0\1\0\1\0\0",
    ],
)
def test_black_and_white(data):
    """A 1 is black in a PBM and white in a PAM; black is read as 0 and white as 255."""
    array, notes = read(data)
    assert array.tolist() == [[[0, 255, 0], [255, 0, 0]]]
    assert notes == (BLACK_AND_WHITE,)


@pytest.mark.parametrize(("kind", "channels"), [("Pf", 1), ("PF", 3)])
@pytest.mark.parametrize("order", "<>")
def test_floats_begin_with_the_lowest_row(kind, channels, order):
    """PFM in both byte orders, whose scale has the sign of the order and is not applied."""
    values = VALUES.standard_normal((3, 4, channels)).astype(np.float32)
    sign = "-" if order == "<" else ""
    for scale, notes in (("1.0", ()), ("2.5", ("the scale 2.5 of the file is not applied",))):
        data = f"{kind}\n4 3\n{sign}{scale}\n".encode() + values[::-1].astype(f"{order}f4").tobytes()
        array, told = read(data)
        np.testing.assert_array_equal(array, np.moveaxis(values, -1, 0), strict=True)
        assert told == (*notes, "floats of 32 bits kept")


@pytest.mark.parametrize("highest", [15, 255, 1000, 65535])
@pytest.mark.parametrize("colours", [False, True])
def test_opencv_reads_the_same_numbers(highest, colours, tmp_path):
    """Another library agrees, where nothing is converted."""
    cv2 = pytest.importorskip("cv2")
    values = VALUES.integers(0, highest + 1, (4, 5, 3) if colours else (4, 5))
    path = tmp_path / "f.pnm"
    path.write_bytes(f"P{6 if colours else 5} 5 4 {highest}\n".encode() + stored(values, highest))
    found = np.atleast_3d(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))[..., ::-1]
    np.testing.assert_array_equal(read(path.read_bytes())[0], np.moveaxis(found, -1, 0))


PAM_ALPHA = b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + bytes(range(8))


def test_alpha_is_dropped_and_further_images_are_told():
    """The last channel of what is called alpha is left out, and images behind the first are mentioned."""
    array, notes = read(PAM_ALPHA)
    assert array.tolist() == [[[0, 4]], [[1, 5]], [[2, 6]]]
    assert notes == ("alpha channel dropped",)
    assert read(b"P5 1 1 9 \x07P5 1 1 9 \x08")[1] == ("first of several images",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"P5 3 2 255\n12345", "the image is truncated: 6 bytes of numbers are needed, it has 5"),
        (b"P5 3 2 255\n1234567", "the image has bytes after its end"),
        (b"P2 2 1 9 1 2 3", "the image has 3 numbers, 2 are needed"),
        (b"P2 2 1 9 1", "the image has 1 number, 2 are needed"),
        (b"P2 2 1 9   ", "the image has 0 numbers, 2 are needed"),
        (b"P2 2 1 9 1 -2", "the image holds '-' where numbers are needed"),
        (b"P2 2 1 9 1 10", "the image has the number 10, and 9 as its highest one"),
        (b"P2 1 1 9 " + b"9" * 100, "the image has the number 9223372036854775807, and 9 as its highest one"),
        (b"P1 2 1 12", "the image has the number 2, and 1 as its highest one"),
        (b"P5 1 1 9 \x0a", "the image has the number 10, and 9 as its highest one"),
        (b"P5 1 1 0 \x00", "the highest number (maxval) is 0, and must be from 1 to 65535"),
        (b"P5 1 1 65536 \x00", "the highest number (maxval) is 65536, and must be from 1 to 65535"),
        (b"P5 0 1 9 ", "an image of 0 × 1 pixels"),
        (b"P5 1 x", "the header of the Netpbm image is damaged"),
        (b"P5 1 1 9", "the header of the Netpbm image is damaged"),
        (b"Pf 1 1 0\n\0\0\0\0", "the header of the PFM image is damaged"),
        (b"P7\nWIDTH 1\nENDHDR\n\0", "the header of the PAM image is damaged"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 0\nMAXVAL 9\nENDHDR\n", "a PAM image without channels"),
        (b"P9 1 1", "the header of the Netpbm image is damaged"),
    ],
)
def test_what_is_wrong_is_said(data, message):
    """Each fault has its sentence, with the file in front."""
    with pytest.raises(FormatError) as caught:
        read(data)
    assert str(caught.value).startswith(f"f.pnm: {message}")


def test_limits_are_checked_before_numbers_are_read():
    """Pixels, memory and numbers as text are counted from the header."""
    for data, limits, message in (
        (b"P5 9999 9999 9\n", Limits(), r"9,999 × 9,999 pixels, at most"),
        (b"P5 4 3 9\n", Limits(memory=35), "the image needs 36 B"),
        (b"P2 4 3 9\n", Limits(values=11), "12 values as text, at most 11"),
    ):
        with pytest.raises(LimitError, match=message):
            read(data, limits)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_mutated_file_raises_anything_but_our_errors(data):
    """Bytes replaced at random are refused or read, in our words."""
    whole = [b"P2 2 2 9 1 2 3 4", b"P5 3 2 255\n123456", b"P4 3 2\n\xa0\x60", PAM_ALPHA, b"Pf 1 1 -1\n\0\0\0\0"]
    content = bytearray(data.draw(st.sampled_from(whole)))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(1, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content), Limits(pixels=100_000))
    except ConvcalcError as error:
        assert error.message
