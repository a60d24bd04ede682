"""Kernels by themselves in Python: names, records, and arrays without channels."""

import numpy as np
import pytest

import convcalc
from convcalc import ConvcalcError, conv, kernel

IMAGE = np.arange(42).reshape(6, 7) ** 2 % 31
COLOURS = np.stack([IMAGE, IMAGE * 2, 60 - IMAGE])
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
PLAIN = conv(IMAGE[None], SOBEL[None, None])[0]


@pytest.mark.parametrize(
    "given", ["sobel-x", kernel("sobel-x"), SOBEL, SOBEL.tolist()], ids=["name", "record", "array", "list"]
)
def test_an_image_without_channels_gives_one_without(given):
    """The same numbers as with both axes of channels written out."""
    np.testing.assert_array_equal(conv(IMAGE, given), PLAIN, strict=True)


def test_channels_are_summed_or_kept_apart_by_groups():
    """As `run` does without and with --depthwise; a batch stays a batch."""
    np.testing.assert_array_equal(conv(COLOURS, "sobel-x")[0], PLAIN + conv(IMAGE * 2, SOBEL) + conv(60 - IMAGE, SOBEL))
    apart = conv(COLOURS, "sobel-x", groups=3)
    np.testing.assert_array_equal(apart, [conv(plane, SOBEL) for plane in COLOURS])
    np.testing.assert_array_equal(conv(COLOURS[None], SOBEL, groups=3), apart[None])


def test_a_scale_is_applied():
    """A kernel's weights and its scale are exact; results that are not whole are float64."""
    np.testing.assert_array_equal(conv(np.full((3, 3), 16), "gaussian"), [[16]])
    assert conv(np.eye(3, dtype=int), kernel("gaussian")).tolist() == [[6 / 16]]


def test_signals_take_kernels_of_one_axis():
    """Lists too, and a parametric kernel takes the axes of its input."""
    assert conv([1, 2, 3, 4], [1, 0, -1]).tolist() == [-2, -2]
    assert conv([1.0, 2.0, 3.0, 6.0], "box:3").tolist() == [2, 11 / 3]
    assert conv([[1, 2], [3, 5]], [1, -1], groups=2).tolist() == [[-1], [-2]]


def test_what_pytorch_means_stays():
    """A weight with channels is what it was, also where input and weight have as many axes."""
    weight = np.arange(12).reshape(2, 3, 2)
    np.testing.assert_array_equal(conv(np.ones((1, 3, 5), int), weight)[0], conv(np.ones((3, 5), int), weight))


def test_a_trace_explains_it():
    """With the settings of conv, too."""
    found = convcalc.trace(IMAGE, "sobel-x", position=(1, 2), padding=1, boundary="reflect")
    assert found.total == conv(IMAGE, "sobel-x", padding=1, boundary="reflect")[1, 2]


@pytest.mark.parametrize(
    ("image", "given", "message"),
    [
        ([1, 2, 3], "sobel-x", "a kernel of 2 axes needs an input of 2 to 4, got 1"),
        (np.ones((1, 1, 1, 5, 5)), "sobel-x", "a kernel of 2 axes needs an input of 2 to 4, got 5"),
        (IMAGE, "sobl-x", "unknown kernel 'sobl-x'"),
        (COLOURS, "sobel-x", "groups must be"),
    ],
)
def test_what_does_not_fit_is_refused(image, given, message):
    """In the words of the command line."""
    with pytest.raises(ConvcalcError) as caught:
        conv(image, given, groups=0 if message.startswith("groups") else 1)
    assert caught.value.message.startswith(message)
