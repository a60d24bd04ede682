"""The kernel library: what its files state holds, namesakes are what libraries give; builders and transformations."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from convcalc.arrays import read_only
from convcalc.errors import ConvcalcError
from convcalc.kernels.kernel import SYMMETRIES, Kernel
from convcalc.kernels.parametric import BUILDERS, build
from convcalc.kernels.transform import TRANSFORMS
from convcalc.kernels.transformation import Transformation
from convcalc.limits import Limits
from convcalc.request import kernel_file
from convcalc.request.kernel_library import KernelReference, Library, arguments_by_name, parse_kernel_reference

FOLDER = Path(__file__).parents[1] / "kernels"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
LIBRARY = Library((FOLDER,))
REASON = "extra `oracle` is not installed"

Cells = dict[tuple[int, ...], Any]


def written(name: str) -> dict[str, Any]:
    """A kernel file as plain YAML, read by PyYAML itself."""
    document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return document


def value(text: Any) -> Any:
    """A weight or scale as it is written: a fraction, or a float of a product or of a root of 2."""
    if re.fullmatch(r"-?[0-9]+(/[0-9]+)?", str(text)):
        return Fraction(str(text))
    total = 1.0
    for factor in str(text).removeprefix("-").split("*"):
        root, _, divisor = factor.partition("/")
        total *= (math.sqrt(2) if root == "sqrt(2)" else float(root)) / float(divisor or 1)
    return -total if str(text).startswith("-") else total


def cells_of(nested: Any, place: tuple[int, ...] = ()) -> Cells:
    """Nested lists as cells by index."""
    if not isinstance(nested, list):
        return {place: value(nested)}
    return {at: each for number, part in enumerate(nested) for at, each in cells_of(part, (*place, number)).items()}


def weights_of(name: str) -> Cells:
    """The cells of weights × scale: as written in the file, or for a file without weights as its builder makes them."""
    document = written(name)
    if "weights" not in document:
        values = LIBRARY.find(name).values
        return {place: each if isinstance(each, Fraction) else each.item() for place, each in np.ndenumerate(values)}
    return {place: each * value(document.get("scale", 1)) for place, each in cells_of(document["weights"]).items()}


def sizes(cells: Cells) -> tuple[int, ...]:
    """Taps by axis."""
    return tuple(last + 1 for last in max(cells))


def mirrored(place: tuple[int, ...], counts: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """The place on the other side of the middle, along one axis counted from the end."""
    number = len(place) - axis
    return (*place[:number], counts[number] - 1 - place[number], *place[number + 1 :])


def moved(place: tuple[int, ...], counts: tuple[int, ...], symmetry: str) -> tuple[int, ...]:
    """Where a symmetry takes a place."""
    if symmetry == "transpose":
        return (*place[:-2], place[-1], place[-2])
    if symmetry == "point":
        return tuple(count - 1 - at for count, at in zip(counts, place, strict=True))
    return mirrored(place, counts, ("left-right", "up-down", "front-back").index(symmetry) + 1)


def close(one: Any, other: Any) -> bool:
    """Whether two weights are one: to the last digit where they are exact, else but for rounding."""
    exact = isinstance(one, int | Fraction) and isinstance(other, int | Fraction)
    return one == other if exact else math.isclose(one, other, abs_tol=1e-12)


def symmetries(cells: Cells) -> list[str]:
    """All symmetries that hold, by comparing every cell with the one that it goes to."""
    counts, found = sizes(cells), []
    for symmetry, axes in zip(SYMMETRIES, (1, 2, 3, 2, 2), strict=True):
        if len(counts) < axes:
            continue
        pairs = [(each, cells.get(moved(place, counts, symmetry))) for place, each in cells.items()]
        if any(other is None for _, other in pairs):
            continue
        if all(close(each, other) for each, other in pairs):
            found.append(symmetry)
        elif all(close(each, -other) for each, other in pairs):
            found.append(f"-{symmetry}")
    return found


def is_separable(cells: Cells) -> bool:
    """Whether every exchange of two cells' indices along one axis keeps their product: rank one along each axis."""
    largest = max(map(abs, cells.values()))
    nonzero = [place for place, each in cells.items() if each]
    for one, other in combinations(nonzero, 2):
        for axis in range(len(one)):
            first = (*one[:axis], other[axis], *one[axis + 1 :])
            second = (*other[:axis], one[axis], *other[axis + 1 :])
            left, right = cells[one] * cells[other], cells[first] * cells[second]
            if not math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-14 * float(largest) ** 2):
                return False
    return True


# Every file --------------------------------------------------------------------------------------------------------


def test_the_library_is_rich():
    """There are at least 60 kernels, of every rank from 1 to 3, in a few families, and no name means two of them."""
    kernels = list(LIBRARY.kernels())
    assert len(kernels) == len(NAMES) >= 60
    assert {kernel.weights.ndim for kernel in kernels} == {1, 2, 3}
    assert len({kernel.family for kernel in kernels}) <= 12
    names = [*NAMES, *(alias for kernel in kernels for alias in kernel.aliases)]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_explains_its_kernel(name):
    """The file is named like the kernel, says what it shows and cites a source; so does every namesake."""
    document = written(name)
    assert document["name"] == name
    assert re.fullmatch(r"[a-z0-9-]+", name)
    for key in ("title", "family", "shows", "source"):
        assert document[key].strip() == document[key] != ""
    assert document["shows"].endswith(".")
    assert document["source"].endswith(".")
    assert {"sum", "symmetry"} <= set(document)
    for library, namesake in document.get("namesakes", {}).items():
        assert namesake["source"].endswith(".")
        assert "weights" in namesake or f"{name}@{library}" in BUILDERS


@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_is_what_is_written(name):
    """Weights × scale are those of the file, exact where it says whole numbers and fractions."""
    kernel, cells = LIBRARY.find(name), weights_of(name)
    assert sizes(cells) == kernel.weights.shape
    for place, each in np.ndenumerate(kernel.values):
        assert close(each if isinstance(each, Fraction) else each.item(), cells[place]), place


@pytest.mark.parametrize("name", NAMES)
def test_the_stated_sum_holds(name):
    """The sum of weights × scale is the stated one."""
    total, stated = sum(weights_of(name).values()), value(written(name)["sum"])
    assert total == stated if isinstance(total, Fraction) else math.isclose(total, stated, abs_tol=1e-9)
    assert close(LIBRARY.find(name).stated.sum, stated)


@pytest.mark.parametrize("name", NAMES)
def test_the_stated_symmetry_holds(name):
    """All symmetries that hold are stated, and none that does not."""
    assert symmetries(weights_of(name)) == written(name)["symmetry"] == list(LIBRARY.find(name).stated.symmetry)


@pytest.mark.parametrize("name", NAMES)
def test_the_stated_separability_holds(name):
    """A kernel of two or more axes says whether it is a product of one factor for each; one axis is no question."""
    cells, document = weights_of(name), written(name)
    assert document.get("separable") == (is_separable(cells) if len(sizes(cells)) > 1 else None)
    assert LIBRARY.find(name).stated.separable == document.get("separable")


@pytest.mark.parametrize("name", [name for name in NAMES if "builder" in written(name)])
def test_a_builder_makes_what_its_file_shows(name):
    """Weights that stand beside a builder are those that it makes of the file's arguments."""
    kernel = LIBRARY.find(name)
    weights, scale = build(kernel.builder, kernel.arguments)
    np.testing.assert_array_equal(weights, kernel.weights)
    assert scale == kernel.scale


SEEDS = {
    "identity": ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 1),
    "sobel-x": ([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], 1),
    "sobel-y": ([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], 1),
    "box": ([[1, 1, 1]] * 3, Fraction(1, 9)),
    "gaussian": ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], Fraction(1, 16)),
    "sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1),
    "laplacian": ([[0, 1, 0], [1, -4, 1], [0, 1, 0]], 1),
    "emboss": ([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], 1),
}


@pytest.mark.parametrize("name", SEEDS)
def test_the_kernels_that_everybody_asks_for(name):
    """These eight have exactly these numbers."""
    kernel = LIBRARY.find(name)
    np.testing.assert_array_equal(kernel.weights, SEEDS[name][0])
    assert kernel.scale == SEEDS[name][1]


def test_frei_chen_masks_are_an_orthonormal_basis():
    """The product of any two is 0, of each with itself 1."""
    masks = np.array([np.ravel(LIBRARY.find(f"frei-chen-{number}").values).astype(float) for number in range(1, 10)])
    np.testing.assert_allclose(masks @ masks.T, np.eye(9), atol=1e-12)


DIRECTIONS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
BRIGHT = {"north": (0, 1), "east": (1, 2), "south": (2, 1), "west": (1, 0)}


@pytest.mark.parametrize("family", ["kirsch", "prewitt", "robinson", "emboss"])
def test_compass_sets_turn_by_steps_of_45_degrees(family):
    """Each is the one before turned clockwise, and the largest weight lies where its name says."""
    names = [f"{family}-{direction}" for direction in DIRECTIONS]
    for before, after in zip(names, names[1:] + names[:1], strict=True):
        np.testing.assert_array_equal(LIBRARY.find(f"{before}+rotate:45").weights, LIBRARY.find(after).weights)
    for direction, place in BRIGHT.items():
        weights = LIBRARY.find(f"{family}-{direction}").weights
        assert weights[place] == weights.max() > weights[tuple(2 - at for at in place)]


# Namesakes ---------------------------------------------------------------------------------------------------------

Filter = Callable[[Any], Any]


def real_calls() -> dict[str, Filter]:
    """Every namesake of a library that can be asked, with the call that gives it."""
    cv2 = pytest.importorskip("cv2", reason=REASON)
    ndimage = pytest.importorskip("scipy.ndimage", reason=REASON)
    skimage = pytest.importorskip("skimage.filters", reason=REASON)
    f64 = cv2.CV_64F
    calls: dict[str, Filter] = {
        "box@opencv": lambda image: cv2.blur(image, (3, 3)),
        "box@scipy": lambda image: ndimage.uniform_filter(image, 3),
        "box-3d@scipy": lambda image: ndimage.uniform_filter(image, 3),
        "gaussian@opencv": lambda image: cv2.GaussianBlur(image, (3, 3), 0),
        "gaussian:7@opencv": lambda image: cv2.GaussianBlur(image, (7, 7), 0),
        "gaussian:9@opencv": lambda image: cv2.GaussianBlur(image, (9, 9), 0),
        "gaussian:13@opencv": lambda image: cv2.GaussianBlur(image, (13, 13), 0),
        "gaussian:5x7,1.2@opencv": lambda image: cv2.GaussianBlur(image, (7, 5), 1.2),
        "gaussian@scipy": lambda image: ndimage.gaussian_filter(image, 1),
        "gaussian:1.3,2.5@scipy": lambda image: ndimage.gaussian_filter(image, 1.3, truncate=2.5),
        "gaussian@scikit-image": lambda image: skimage.gaussian(image, 1),
        "gaussian:0.7,3@scikit-image": lambda image: skimage.gaussian(image, 0.7, truncate=3),
        "binomial@opencv": lambda image: cv2.GaussianBlur(image, (5, 5), 0),
        "sobel-x@opencv": lambda image: cv2.Sobel(image, f64, 1, 0, ksize=3),
        "sobel-y@opencv": lambda image: cv2.Sobel(image, f64, 0, 1, ksize=3),
        "sobel-5x5-x@opencv": lambda image: cv2.Sobel(image, f64, 1, 0, ksize=5),
        "sobel-5x5-y@opencv": lambda image: cv2.Sobel(image, f64, 0, 1, ksize=5),
        "scharr-x@opencv": lambda image: cv2.Scharr(image, f64, 1, 0),
        "scharr-y@opencv": lambda image: cv2.Scharr(image, f64, 0, 1),
        "laplacian@opencv": lambda image: cv2.Laplacian(image, f64, ksize=1),
        "laplacian-diagonal@opencv": lambda image: cv2.Laplacian(image, f64, ksize=3),
        "laplacian-5x5@opencv": lambda image: cv2.Laplacian(image, f64, ksize=5),
        "laplacian@scipy": ndimage.laplace,
        "laplacian@scikit-image": skimage.laplace,
        "laplacian-3d@scipy": ndimage.laplace,
        "laplacian-3d@scikit-image": skimage.laplace,
        "roberts-x@scikit-image": skimage.roberts_pos_diag,
        "roberts-y@scikit-image": skimage.roberts_neg_diag,
    }
    for axis, name in enumerate("yx"):
        direction = "hv"[axis]
        for kind in ("sobel", "prewitt", "scharr", "farid"):
            calls[f"{kind}-{name}@scikit-image"] = getattr(skimage, f"{kind}_{direction}")
        calls[f"sobel-{name}@scipy"] = lambda image, axis=axis: ndimage.sobel(image, axis)
        calls[f"prewitt-{name}@scipy"] = lambda image, axis=axis: ndimage.prewitt(image, axis)
    for axis, name in enumerate("zyx"):
        calls[f"sobel-3d-{name}@scipy"] = lambda image, axis=axis: ndimage.sobel(image, axis)
        calls[f"sobel-3d-{name}@scikit-image"] = lambda image, axis=axis: skimage.sobel(image, axis=axis)
    return calls


REAL = ("opencv", "scipy", "scikit-image")
ASKED = sorted(f"{kernel.name}@{each.library}" for kernel in LIBRARY.kernels() for each in kernel.namesakes)


@pytest.mark.oracle
def test_namesakes_agree_with_the_real_libraries():
    """The impulse response through each library's own call is the namesake, turned as a cross-correlation turns it."""
    calls = real_calls()
    assert {name for name in ASKED if name.partition("@")[2] in REAL} == {re.sub(r":[^@]*", "", name) for name in calls}
    for name, call in calls.items():
        values = LIBRARY.find(name).values.astype(float)
        impulse = np.zeros((19,) * values.ndim)
        impulse[(9,) * values.ndim] = 1
        expected = np.zeros_like(impulse)
        expected[tuple(slice(9 - (taps - 1) // 2, 9 + taps // 2 + 1) for taps in values.shape)] = values
        if values.shape == (2, 2):  # scikit-image puts the upper left of the two in the middle
            expected = np.zeros_like(impulse)
            expected[9:11, 9:11] = values
        np.testing.assert_allclose(np.flip(call(impulse)), expected, rtol=0, atol=1e-12, err_msg=name)


OTHERS = {  # as the source of ImageMagick, the source of libvips and the documentation of fspecial have them
    "sobel-x@imagemagick": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "prewitt-x@imagemagick": [[1, 0, -1]] * 3,
    "roberts-x@imagemagick": [[0, 0, 0], [1, -1, 0], [0, 0, 0]],
    "prewitt-west@imagemagick": [[1, 1, -1], [1, -2, -1], [1, 1, -1]],
    "kirsch-west@imagemagick": [[5, -3, -3], [5, 0, -3], [5, -3, -3]],
    "laplacian@imagemagick": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "point@imagemagick": [[1, -2, 1], [-2, 4, -2], [1, -2, 1]],
    "sobel-y@matlab": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "prewitt-y@matlab": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
    "sobel-y@libvips": [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
    "scharr-x@libvips": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]],
    "prewitt-x@libvips": [[-1, 0, 1]] * 3,
    "outline@setosa": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
}


@pytest.mark.parametrize("name", OTHERS)
def test_namesakes_that_cannot_be_asked(name):
    """Kernels of libraries that are not installed are as those publish them, unscaled."""
    np.testing.assert_array_equal(LIBRARY.find(name).values, OTHERS[name])


@pytest.mark.oracle
@pytest.mark.parametrize("phase", [0, 40])
def test_gabor_agrees_with_opencv(phase):
    """OpenCV fills its kernel from the lower right, so that its picture is ours turned by 180 degrees."""
    cv2 = pytest.importorskip("cv2", reason=REASON)
    ours = LIBRARY.find(f"gabor:9x7,5,30,2,0.6,{phase}").weights
    theirs = cv2.getGaborKernel((7, 9), 2, math.radians(30), 5, 0.6, math.radians(phase))
    np.testing.assert_allclose(ours, np.flip(theirs), atol=1e-12)


# Builders against the formulas, cell by cell -----------------------------------------------------------------------


def offsets(size: int) -> list[int]:
    """Cells from the middle."""
    return list(range(-(size // 2), size // 2 + 1))


def fspecial_log(size: int, sigma: float) -> list[list[float]]:
    """The formula of fspecial('log'): the Gaussian normalised, times (x² + y² − 2σ²) / σ⁴, less its mean."""
    bell = {(y, x): math.exp(-(x * x + y * y) / 2 / sigma**2) for y in offsets(size) for x in offsets(size)}
    total = sum(bell.values())
    raw = {(y, x): g / total * (x * x + y * y - 2 * sigma**2) / sigma**4 for (y, x), g in bell.items()}
    mean = sum(raw.values()) / size**2
    return [[raw[y, x] - mean for x in offsets(size)] for y in offsets(size)]


def test_log_is_that_of_fspecial():
    """The Laplacian of Gaussian, by its formula."""
    np.testing.assert_allclose(LIBRARY.find("log:9,1.4").values, fspecial_log(9, 1.4), atol=1e-15)


@pytest.mark.parametrize(("size", "sigma"), [(3, 0.5), (6, 0.11), (7, 2)])
def test_gaussian_of_matlab(size, sigma):
    """fspecial('gaussian'): what is below eps times the largest is 0, then the sum is 1."""
    middle = (size - 1) / 2
    places = [at - middle for at in range(size)]
    raw = [[math.exp(-(x * x + y * y) / 2 / sigma**2) for x in places] for y in places]
    least = 2**-52 * max(map(max, raw))
    kept = [[each if each >= least else 0 for each in row] for row in raw]
    total = sum(map(sum, kept))
    np.testing.assert_allclose(
        LIBRARY.find(f"gaussian:{size},{sigma}@matlab").values, np.array(kept) / total, rtol=1e-12
    )


@pytest.mark.parametrize("alpha", [Fraction(0), Fraction(1, 5), Fraction(1, 3), Fraction(1)])
def test_laplacian_and_unsharp_of_matlab(alpha):
    """Exact by the formulas of fspecial, for decimals too: 0.2 is 1/5."""
    a, b, c = alpha / (alpha + 1), (1 - alpha) / (alpha + 1), -4 / (alpha + 1)
    expected = np.array([[a, b, a], [b, c, b], [a, b, a]])
    for name in ("laplacian:{}", "laplacian:{}@matlab"):
        np.testing.assert_array_equal(LIBRARY.find(name.format(alpha)).values, expected)
    unsharp = np.array([[-a, -b, -a], [-b, 1 - c, -b], [-a, -b, -a]])
    np.testing.assert_array_equal(LIBRARY.find(f"unsharp:{alpha}@matlab").values, unsharp)
    np.testing.assert_array_equal(LIBRARY.find("laplacian:0.2").values, LIBRARY.find("laplacian:1/5").values)


def covered(y: int, x: int, radius: float, parts: int = 400) -> float:
    """The part of a cell that a disk covers, by summing the lengths of its columns."""
    total = 0.0
    for number in range(parts):
        across = x - 0.5 + (number + 0.5) / parts
        half = math.sqrt(max(0.0, radius * radius - across * across))
        total += max(0.0, min(y + 0.5, half) - max(y - 0.5, -half)) / parts
    return total


@pytest.mark.parametrize("radius", [0.3, 0.8, 1, 2.5, 3, 4.2])
def test_a_disk_weighs_cells_by_what_it_covers(radius):
    """Numerical integration gives the same; of radius 1 they are the numbers in the documentation of fspecial."""
    weights = LIBRARY.find(f"disk:{radius}").values
    reach = weights.shape[0] // 2
    cells = [[covered(y, x, radius) for x in range(-reach, reach + 1)] for y in range(-reach, reach + 1)]
    np.testing.assert_allclose(weights, np.array(cells) / np.sum(cells), atol=2e-4)
    assert covered(0, reach + 1, radius) == 0
    if radius == 1:
        assert weights.round(4).tolist() == [
            [0.0251, 0.1453, 0.0251],
            [0.1453, 0.3183, 0.1453],
            [0.0251, 0.1453, 0.0251],
        ]


def fspecial_motion(length: float, angle: float) -> Any:
    """The recipe of fspecial('motion'): half of the line in one quadrant, completed by its point symmetry."""
    half, phi = (length - 1) / 2, math.radians(angle % 180)
    cos, sin = math.cos(phi), math.sin(phi)
    sign = -1 if cos < 0 else 1
    right = math.trunc(half * cos + sign - length * 2**-52)
    up = math.trunc(half * sin + 1 - length * 2**-52)
    quadrant = np.zeros((up + 1, abs(right) + 1))
    for y, x in product(range(up + 1), range(abs(right) + 1)):
        across = y * cos - sign * x * sin
        if math.hypot(x, y) >= half and abs(across) <= 1:
            across = math.hypot(across, half - abs((sign * x + across * sin) / cos))
        quadrant[y, x] = max(0, 1 + 2**-52 - abs(across))
    whole = np.zeros((2 * up + 1, 2 * abs(right) + 1))
    whole[: up + 1, : abs(right) + 1] = np.rot90(quadrant, 2)
    whole[up:, abs(right) :] = quadrant
    whole /= whole.sum() + 2**-52 * length**2
    return np.flipud(whole) if cos > 0 else whole


@pytest.mark.parametrize("length", [1, 2, 3, 7, 9.5, 15])
@pytest.mark.parametrize("angle", [0, 20, 45, 61, 100, 135, 179, -45])
def test_motion_is_that_of_fspecial(length, angle):
    """The same weights; where the libraries differ in a border of zeros, it is the border that is cut off."""
    ours, theirs = LIBRARY.find(f"motion:{length},{angle}").values.astype(float), fspecial_motion(length, angle)
    wide = [max(counts) for counts in zip(ours.shape, theirs.shape, strict=True)]
    padded = [
        np.pad(each, [((most - count) // 2,) * 2 for most, count in zip(wide, each.shape, strict=True)])
        for each in (ours, theirs)
    ]
    np.testing.assert_allclose(*padded, atol=1e-9)


def test_motion_upwards_is_a_column():
    """At 90 degrees it is an exact column, along the axes it is whole."""
    column, row = LIBRARY.find("motion:5,90"), LIBRARY.find("motion:5")
    np.testing.assert_array_equal(column.weights, np.ones((5, 1)))
    np.testing.assert_array_equal(row.weights, np.ones((1, 5)))
    assert column.scale == row.scale == Fraction(1, 5)


@given(order=st.integers(1, 8), half=st.integers(1, 5))
def test_a_derivative_is_exact_on_polynomials(order, half):
    """At 0 it gives order! on x to the power of order, and 0 on every other power below order + accuracy."""
    values = LIBRARY.find(f"derivative:{order},{2 * half}").values
    middle = len(values) // 2
    for power in range(order + 2 * half):
        total = sum(Fraction(int(tap) - middle) ** power * Fraction(each) for tap, each in enumerate(values))
        assert total == (math.factorial(order) if power == order else 0)
    assert len(values) == 2 * ((order + 1) // 2) - 1 + 2 * half


def test_dog_is_a_difference_of_gaussians():
    """A Gaussian less one that is 1.6 times as wide, or as wide as asked."""
    narrow, wide = LIBRARY.find("gaussian:9,1").values, LIBRARY.find("gaussian:9,1.6").values
    np.testing.assert_allclose(LIBRARY.find("dog:9,1").values, narrow - wide, atol=1e-15)
    wider = LIBRARY.find("gaussian:9,3").values
    np.testing.assert_allclose(LIBRARY.find("dog:9,1,wider=3").values, narrow - wider, atol=1e-15)


def test_a_tent_is_a_box_blurred_by_a_box():
    """In one, two and three axes, exactly."""
    for rank in (1, 2, 3):
        tent = LIBRARY.find(f"tent:size=5,rank={rank}")
        line = np.convolve([1, 1, 1], [1, 1, 1])
        expected = line
        for _ in range(rank - 1):
            expected = np.multiply.outer(expected, line)
        np.testing.assert_array_equal(tent.weights, expected)
        assert tent.scale == Fraction(1, 9**rank)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_sharpening_is_what_its_formula_says(rank):
    """Unsharp is (1 + a) δ − a G and high boost A δ − mean, exact in every number of axes."""
    delta = np.zeros((5,) * rank, dtype=object)
    delta[(2,) * rank] = 1
    gaussian = LIBRARY.find(f"gaussian:size=5,rank={rank}").values
    unsharp = LIBRARY.find(f"unsharp:size=5,amount=0.3,rank={rank}").values
    np.testing.assert_array_equal(unsharp, delta * Fraction(13, 10) - gaussian * Fraction(3, 10))
    boost = LIBRARY.find(f"high-boost:amount=2.5,size=5,rank={rank}").values
    np.testing.assert_array_equal(boost, delta * Fraction(5, 2) - Fraction(1, 5**rank))
    np.testing.assert_array_equal(LIBRARY.find("high-boost:1").values, LIBRARY.find("high-pass").values)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_zero_sum_builders_sum_to_zero(rank):
    """Laplacian, log and dog give 0 on flat inputs in every number of axes."""
    assert LIBRARY.find(f"laplacian:rank={rank}").weights.sum() == 0
    for call in (f"log:7,1.1,rank={rank}", f"dog:7,1.1,rank={rank}"):
        weights = LIBRARY.find(call).weights
        assert abs(weights.sum()) < 1e-14 * np.abs(weights).sum() * weights.size


@pytest.mark.parametrize("name", [name for name in BUILDERS if "@" not in name])
def test_every_builder_has_a_kernel_file(name):
    """What can be built has a name, an example and an explanation."""
    assert LIBRARY.find(name).builder == name


# Transformations ---------------------------------------------------------------------------------------------------

WEIGHTS = st.integers(-(10**6), 10**6)
SCALES = st.fractions(max_denominator=50).filter(bool)


@st.composite
def kernels(draw, shape=None, odd=False):
    """A kernel of whole weights and a rational scale."""
    count = st.integers(0, 2).map(lambda half: 2 * half + 1) if odd else st.integers(1, 4)
    counts = shape or draw(st.lists(count, min_size=1, max_size=3))
    flat = draw(st.lists(WEIGHTS, min_size=math.prod(counts), max_size=math.prod(counts)))
    return Kernel("drawn", read_only(np.array(flat).reshape(counts)), draw(SCALES))


def after(kernel: Kernel, *steps: str) -> Kernel:
    """The kernel after steps written as in a call."""
    for step in parse_kernel_reference("+".join(["name", *steps])).steps:
        kernel = kernel.transformed(step)
    return kernel


def same(one: Kernel, other: Kernel) -> None:
    """Both have the same values, to the last digit."""
    np.testing.assert_array_equal(one.values, other.values)


@given(kernels(shape=(3, 4)))
def test_four_quarter_turns_are_nothing(kernel):
    """Each turn goes clockwise: the first column becomes the first row, and four of them the kernel itself."""
    same(after(kernel, *["rotate:90"] * 4), kernel)
    np.testing.assert_array_equal(after(kernel, "rotate:90").weights[0], kernel.weights[::-1, 0])
    same(after(kernel, "rotate:180"), after(kernel, "flip"))
    same(after(kernel, "rotate:-90"), after(kernel, "rotate:270"))


@given(kernels(shape=(3, 3)))
def test_eight_eighths_of_a_turn_are_nothing(kernel):
    """Two of them are a quarter turn; the middle stays where it is."""
    same(after(kernel, *["rotate:45"] * 8), kernel)
    same(after(kernel, "rotate:45", "rotate:45"), after(kernel, "rotate:90"))
    same(after(kernel, "rotate:405"), after(kernel, "rotate:45"))
    turned = after(kernel, "rotate:45").weights
    assert turned[1, 1] == kernel.weights[1, 1]
    assert turned[0, 1] == kernel.weights[0, 0]


@given(kernels())
def test_two_flips_are_nothing(kernel):
    """Along one axis or all; along all is along each in turn."""
    same(after(kernel, "flip", "flip"), kernel)
    same(after(kernel, "flip:x", "flip:x"), kernel)
    same(after(kernel, *[f"flip:{axis}" for axis in "xyz"[: kernel.weights.ndim]]), after(kernel, "flip"))
    np.testing.assert_array_equal(after(kernel, "flip:x").weights[..., 0], kernel.weights[..., -1])


@given(kernels(shape=(2, 3)))
def test_two_transpositions_are_nothing(kernel):
    """Rows and columns are exchanged, and back; a turn is a transposition and a flip."""
    same(after(kernel, "transpose", "transpose"), kernel)
    assert after(kernel, "transpose").weights[2, 1] == kernel.weights[1, 2]
    same(after(kernel, "rotate:90"), after(kernel, "transpose", "flip:x"))


@given(kernels().filter(lambda kernel: kernel.weights.sum() != 0))
def test_normalised_kernels_sum_to_one(kernel):
    """Exactly, and the weights stay in proportion."""
    normal = after(kernel, "normalise")
    assert sum(map(Fraction, normal.values.flat)) == 1
    np.testing.assert_array_equal(normal.weights, kernel.weights)


@given(kernels(odd=True))
def test_zero_sum_kernels_sum_to_zero(kernel):
    """Exactly, and none but the middle cell changes."""
    zero = after(kernel, "zero-sum")
    assert sum(map(Fraction, zero.values.flat)) == 0
    changed = {place for place, each in np.ndenumerate(zero.values) if each != kernel.values[place]}
    assert changed <= {tuple(count // 2 for count in kernel.weights.shape)}


@given(kernels(odd=True), st.fractions(max_denominator=9), SCALES)
def test_blend_and_scale_are_exact(kernel, share, factor):
    """A share t of the identity and 1 − t of the kernel; a scale multiplies every value."""
    delta = np.zeros(kernel.weights.shape, dtype=object)
    delta[tuple(count // 2 for count in delta.shape)] = 1
    own = kernel.values.astype(object)
    np.testing.assert_array_equal(after(kernel, f"blend:{share}").values, delta * share + own * (1 - share))
    np.testing.assert_array_equal(after(kernel, f"scale:{factor}").values, own * factor)
    same(after(kernel, "blend:0"), kernel)


def test_transformations_of_floats():
    """Kernels of floats take the same steps, as exact as floats are."""
    log = LIBRARY.find("log")
    blended = LIBRARY.find("log+blend:1/4").values
    assert blended[4, 4] == pytest.approx(1 / 4 + 3 / 4 * log.values[4, 4])
    assert LIBRARY.find("disk+scale:3+normalise").values.sum() == pytest.approx(1)
    zero = LIBRARY.find("disk+zero-sum").values
    assert abs(zero.sum()) < 1e-15
    with pytest.raises(ConvcalcError, match="sum 0 cannot be normalised"):
        LIBRARY.find("log+normalise")


def test_well_known_kernels_are_transformations_of_each_other():
    """Sobel turns into Sobel, a blur blended beyond 1 into an unsharp mask, a mean without its sum into a high pass."""
    for one, other in (
        ("sobel-x+rotate:90", "sobel-y"),
        ("sobel-x+transpose", "sobel-y"),
        ("sobel-x+rotate:45", "robinson-south-east"),
        ("gaussian:5+blend:2", "unsharp"),
        ("box+zero-sum+scale:-1", "high-pass"),
        ("laplacian-8+scale:-1", "outline"),
        ("gaussian+resize:5", "binomial"),
        ("identity+blend:1/3", "identity"),
        ("sobel-x@matlab+flip", "sobel-x"),
        ("sobel-x@scikit-image+scale:4", "sobel-x@opencv"),
    ):
        same(LIBRARY.find(one), LIBRARY.find(other))


def test_steps_are_taken_in_order():
    """From left to right; resize goes back to the builder and takes the steps before it again."""
    assert LIBRARY.find("box+scale:3+zero-sum").values[1, 1] == Fraction(-8, 3)
    same(LIBRARY.find("box:3+scale:1/2+resize:5"), LIBRARY.find("box:5+scale:1/2"))
    same(LIBRARY.find("box-3d+resize:5"), LIBRARY.find("box:size=5,rank=3"))
    kernel = LIBRARY.find("log+flip+resize:5")
    assert (kernel.name, kernel.weights.shape) == ("log+flip+resize:5", (5, 5))
    same(kernel, LIBRARY.find("log:5,1.4"))


def test_transformed_kernels_of_any_rank_wait_for_the_input():
    """A step is taken again on the weights that the builder makes for the rank of the input."""
    kernel = LIBRARY.find("gaussian:5+zero-sum+scale:1/2")
    assert kernel.rank is None
    line = kernel.at_rank(1)
    np.testing.assert_array_equal(line.weights, [1, 4, -10, 4, 1])
    assert (line.scale, line.name) == (Fraction(1, 32), kernel.name)
    assert LIBRARY.find("box-3d:5").weights.shape == (5, 5, 5)
    assert LIBRARY.find("motion").rank == 2


def test_what_need_not_hold_any_more_is_not_said():
    """A transformed kernel and a namesake do not say what the kernel shows, nor what its file states."""
    for name in ("sobel-x+rotate:90", "sobel-y@matlab"):
        found = LIBRARY.find(name)
        assert (found.name, found.shows, found.stated.sum) == (name, "", None)
    assert LIBRARY.find("sobel-x+rotate:90").title == "Sobel, horizontal change; rotate 90"
    assert LIBRARY.find("sobel-y@matlab").reference.startswith("MATLAB, fspecial('sobel')")


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transformation_has_an_example_that_works(name):
    """The example that its message gives is a step that a parametric 3×3 kernel takes."""
    assert TRANSFORMS[name].example.startswith(name)
    LIBRARY.find(f"gaussian+{TRANSFORMS[name].example}")


# Calls -------------------------------------------------------------------------------------------------------------

CALLS = {
    "sobel-x": KernelReference("sobel-x"),
    "gaussian:": KernelReference("gaussian", ""),
    "gaussian:5,1.2": KernelReference("gaussian", "5,1.2"),
    "sobel-x@opencv": KernelReference("sobel-x", None, "opencv"),
    "gaussian:5,1.2@matlab+flip+scale:1/2": KernelReference(
        "gaussian", "5,1.2", "matlab", (Transformation("flip"), Transformation("scale", Fraction(1, 2)))
    ),
    " box:5 + zero-sum ": KernelReference("box", "5 ", "", (Transformation("zero-sum"),)),
    "gaussian:5,1e+1+flip:x": KernelReference("gaussian", "5,1e+1", "", (Transformation("flip", "x"),)),
    "box+resize:5x3": KernelReference("box", None, "", (Transformation("resize", [5, 3]),)),
}


@pytest.mark.parametrize("text", CALLS)
def test_a_call_is_taken_apart(text):
    """Name, arguments, library and steps, each as it is written."""
    assert parse_kernel_reference(text) == CALLS[text]


def test_arguments_by_name_and_by_place():
    """Those without a name go to the parameters in their order."""
    parameters = ("size", "sigma", "amount")
    expected = {"size": [5, 3], "sigma": 1.2, "amount": 2}
    for text in ("5x3,1.2,2", "size=5x3, sigma=1.2, amount=2", "amount=2,sigma=1.2,size=5x3", "5x3,amount=2,sigma=1.2"):
        assert arguments_by_name(text, parameters) == expected


@given(st.text(alphabet="abx-+:@=,0123456789./ ", max_size=30))
def test_any_text_is_a_kernel_or_an_error(text):
    """No call leads to anything but a kernel or an error of ours."""
    try:
        LIBRARY.find(text)
    except ConvcalcError as error:
        assert error.field == ("kernel",)


def test_a_name_reads_one_file(monkeypatch):
    """Whatever the library holds: only an alias or an unknown name has more of them read, and each once."""
    read: list[str] = []
    real = kernel_file.read_kernel_file
    monkeypatch.setattr(
        kernel_file, "read_kernel_file", lambda path, limits: read.append(path.stem) or real(path, limits)
    )
    library = Library((FOLDER,))
    library.find("sobel-x+rotate:45")
    library.find("sobel-x@opencv")
    assert read == ["sobel-x"]
    assert library.find("gauss").name == "gaussian"
    assert 1 < len(read) < len(NAMES) / 4
    with pytest.raises(ConvcalcError, match="unknown kernel"):
        library.find("gausian")
    assert sorted(read) == NAMES


def test_a_file_may_have_any_name(tmp_path):
    """A file whose whole name is asked for comes before the grammar of calls."""
    (tmp_path / "a+b@c.yaml").write_text("weights: [1, 2]\n", encoding="utf-8")
    assert Library((tmp_path,)).find("a+b@c").weights.tolist() == [1, 2]


# The command line --------------------------------------------------------------------------------------------------

SAME = [
    ("sobel-x+rotate:90", "sobel-y"),
    ("{name: 'sobel-x+rotate:90', scale: 1/2}", "sobel-y+scale:1/2"),
    ("sobel-x@scikit-image", "{weights: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], scale: 1/4}"),
    ("{name: unsharp, size: 5, amount: 1}", "unsharp"),
    ("{name: 'box+flip', size: 5}", "box:5"),
    ("{name: log, size: 5, sigma: 1.4}", "log:5,1.4"),
    ("frei-chen-9", "{ones: [3, 3], scale: 1/3}"),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=[one for one, _ in SAME])
def test_calls_work_on_the_command_line_and_in_files(cli, one, other):
    """Both give the same output, from the flag and from a problem file."""
    runs = [cli.run("run", "--padding", "same", "--format", "csv", "--kernel", each) for each in (one, other)]
    quoted = one if one.startswith("{") else f"'{one}'"
    cli.write({"f.yaml": "input: {random: [5, 5]}\ndims: 2\nkernel: " + quoted + "\n"})
    cli.write({"g.yaml": "input: {random: [5, 5]}\ndims: 2\n"})
    runs += [
        cli.run("run", "f.yaml", "--format", "csv"),
        cli.run("run", "g.yaml", "--kernel", other, "--format", "csv"),
    ]
    assert [each.code for each in runs] == [0] * 4
    for first, second in (runs[:2], runs[2:]):
        rows = [np.array([line.split(",") for line in each.out.splitlines()[1:]], float) for each in (first, second)]
        np.testing.assert_allclose(*rows, atol=1e-9)
    assert runs[0].out != runs[2].out


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_builder_takes_the_rank_of_the_input(cli, rank):
    """So does what is transformed."""
    cli.write({"f.yaml": f"input: {{ones: {[7] * rank}}}\ndims: {rank}\nkernel: 'tent:3+scale:2'\n"})
    done = cli.run("run", "f.yaml", "--format", "plain")
    assert done.code == 0
    assert f"with tent:3+scale:2 ({'×'.join(['3'] * rank)})" in done.out.replace("\n", " ")


@pytest.mark.parametrize("columns", [60, 80, 90, 120, 200])
def test_titles_of_the_list_give_way_before_names(cli, monkeypatch, columns):
    """No line is wider than the page, and from 80 columns on no name is broken."""
    monkeypatch.setenv("COLUMNS", str(columns))
    page = cli.run("kernels").out
    assert max(map(len, page.splitlines())) <= columns
    broken = [name for name in NAMES if name not in set(page.split())]
    assert broken == [] or columns < 80


@pytest.mark.parametrize("call", ["mine", "mine:3", "mine:5", "mine+resize:3", "mine+flip", "mine+resize:7+flip"])
def test_the_scale_of_a_file_stays(cli, call):
    """What a file multiplies its builder's kernel with is a part of the kernel in every size."""
    cli.write({"own/mine.yaml": "builder: box\narguments: {size: 3}\nscale: 2\n"})
    done = cli.run("kernels", call, "--kernels", "own", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["sum"] == 2


@pytest.mark.parametrize("call", ["unsharp:amount=2,9", "gaussian:sigma=1.2,5", "dog:9,sigma=1,2"])
def test_arguments_without_a_name_come_first(cli, call):
    """One that follows a named one would have to be guessed."""
    done = cli.run("kernels", call)
    assert done.code == 2
    told = f"error: '{call.rpartition(',')[2]}' has no name and follows one that has\n"
    assert done.err == f"{told}hint: first those without a name\n"


@pytest.mark.slow
def test_a_plain_name_loads_no_builders():
    """Starting up with a fixed kernel imports neither builders nor transformations."""
    import subprocess
    import sys

    program = (
        "from convcalc.request.kernel_library import Library\nLibrary.standard().find('sobel-x')\nimport sys\n"
        "print(*[name for name in sys.modules if name.startswith('convcalc.kernels.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"convcalc.kernels.kernel", "convcalc.kernels.transformation"}


def test_a_kernel_is_found_by_the_name_of_its_file(tmp_path):
    """A file that says another name is refused, since a search would never find it."""
    (tmp_path / "a.yaml").write_text("name: b\nweights: [1]\n", encoding="utf-8")
    with pytest.raises(ConvcalcError, match=r"the kernel is named 'b' in a file for 'a'") as caught:
        Library((tmp_path,)).find("a")
    assert caught.value.hint == "a library finds kernels by the names of their files"


def test_a_file_that_cannot_be_read_is_named_when_an_alias_is_looked_for(tmp_path):
    """It might hold the alias, so it is not passed over."""
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(ConvcalcError, match=r"a\.yaml"):
        Library((tmp_path,)).find("other")


@pytest.mark.parametrize("text", ["Sobel_X", "SOBEL-X", "sobel_x", "sobel-X"])
def test_a_name_is_found_however_it_is_spelt(text):
    """In small letters or not, with hyphens or underscores; the kernel keeps its own name."""
    library = Library.standard([], Limits())
    assert library.find(text).name == "sobel-x"
    assert library.find(f"{text}+rotate:90").weights.tolist() == library.find("sobel-x+rotate:90").weights.tolist()
    assert library.find("Gauss").name == "gaussian"  # another name of it


def test_the_exact_spelling_comes_first(tmp_path):
    """Of kernels whose names differ only so, and then the folder that comes first."""
    for folder, name, weight in (("a", "My_Edge", 1), ("a", "my-edge", 2), ("b", "MY-EDGE", 3)):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.yaml").write_text(f"name: {name}\nweights: [[{weight}]]\n", encoding="utf-8")
    library = Library((tmp_path / "a", tmp_path / "b"), Limits())
    found = {name: library.find(name).weights.tolist() for name in ("My_Edge", "my-edge", "MY-EDGE")}
    assert found == {"My_Edge": [[1]], "my-edge": [[2]], "MY-EDGE": [[3]]}
    assert library.find("my_edge").weights.tolist() in ([[1]], [[2]])


@pytest.mark.parametrize(("word", "family"), [("blur", "smoothing"), ("edge", "edge"), ("Smoothing", "smoothing")])
def test_a_family_is_named_for_a_word_of_it(cli, word, family):
    """For its own name, and for a word of its kernels' titles."""
    done = cli.run("run", "--kernel", word)
    assert done.code == 2
    assert done.err.startswith(f"error: --kernel: unknown kernel '{word}'\nhint: the family {family}: ")
    assert done.err.endswith(f"; `convcalc kernels --family {family}` lists it\n")
