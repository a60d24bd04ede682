"""Filters of signals: against their formulas written anew, by their properties, and against SciPy."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import ConvcalcError
from convcalc.kernels.signal_filters import WINDOWS
from convcalc.request.kernel_library import Library

LIBRARY = Library.standard()
SIGNAL = np.random.default_rng(3).normal(size=(1, 200)).cumsum(axis=1)


def taps_of(text):
    """The weights × scale of a kernel, as floats."""
    return LIBRARY.find(text).values.astype(float)


def gain(text, frequency):
    """The gain of a symmetric filter at a frequency in cycles per sample, with its sign."""
    taps = taps_of(text)
    return sum(tap * math.cos(2 * math.pi * frequency * (n - (len(taps) - 1) / 2)) for n, tap in enumerate(taps))


# --- Savitzky-Golay


@given(half=st.integers(1, 8), degree=st.integers(0, 6), derivative=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_a_fit_is_exact_on_its_polynomials(half, degree, derivative):
    """At the middle, d! on x to the power of d and 0 on every other power up to the degree, in fractions."""
    if not derivative <= degree < 2 * half + 1:
        return
    values = LIBRARY.find(f"savitzky-golay:{2 * half + 1},{degree},{derivative}").values
    for power in range(degree + 1):
        total = sum(Fraction(tap - half) ** power * Fraction(each) for tap, each in enumerate(values.tolist()))
        assert total == (math.factorial(derivative) if power == derivative else 0)


def test_a_fit_is_that_of_least_squares():
    """Each output is the middle of the polynomial that NumPy fits to the window."""
    window = SIGNAL[0, 50:61]
    fit = np.polynomial.Polynomial.fit(np.arange(-5, 6) * 0.5, window, 3, domain=[-1, 1])
    for derivative in (0, 1, 2):
        ours = taps_of(f"savitzky-golay:11,3,derivative={derivative},spacing=0.5") @ window
        assert ours == pytest.approx((fit.deriv(derivative) if derivative else fit)(0), rel=1e-9)


@pytest.mark.parametrize("degree", [3, 8, 15])
def test_wide_fits_keep_a_constant(degree):
    """Of 501 samples, where powers of the index in floats lose the constant; and a cubic keeps a cube's slope."""
    assert math.fsum(taps_of(f"savitzky-golay:501,{degree}")) == pytest.approx(1, abs=1e-12)
    slope = taps_of(f"savitzky-golay:501,{degree},1")
    assert math.fsum(slope * np.arange(-250, 251)) == pytest.approx(1, abs=1e-9)


def test_small_fits_are_the_published_ones():
    """The tables of 1964: -3 12 17 12 -3 over 35, and the cubic slope of five, 1 -8 0 8 -1 over 12."""
    assert LIBRARY.find("savitzky-golay:5,3").weights.tolist() == [-3, 12, 17, 12, -3]
    slope = LIBRARY.find("savitzky-golay:5,3,1")
    assert (slope.weights.tolist(), slope.scale) == ([1, -8, 0, 8, -1], Fraction(1, 12))


@pytest.mark.oracle
@pytest.mark.parametrize("size", [3, 5, 11, 51, 101, 501])
@pytest.mark.parametrize("degree", [0, 1, 2, 3, 5])
def test_fits_are_scipys(size, degree):
    """``savgol_coeffs`` for every derivative, up to its rounding."""
    signal = pytest.importorskip("scipy.signal")
    for derivative in range(min(degree, size - 1) + 1):
        if degree >= size:
            continue
        theirs = signal.savgol_coeffs(size, degree, deriv=derivative, delta=0.25, use="dot")
        ours = taps_of(f"savitzky-golay:{size},{degree},{derivative},spacing=0.25")
        np.testing.assert_allclose(ours, theirs, atol=1e-6 * np.abs(theirs).max())  # SciPy solves in floats


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("boundary", "mode"), [("reflect", "mirror"), ("replicate", "nearest"), ("zeros", "constant"), ("circular", "wrap")]
)
def test_the_ends_are_those_of_scipys_modes(boundary, mode):
    """With padding same the whole output is ``savgol_filter``'s; its interp has the same samples between the ends."""
    signal = pytest.importorskip("scipy.signal")
    weight = taps_of("savitzky-golay:11,3,derivative=1")[None, None]
    ours = convcalc.conv(SIGNAL, weight, padding="same", boundary=boundary)
    theirs = signal.savgol_filter(SIGNAL, 11, 3, deriv=1, mode=mode)
    np.testing.assert_allclose(ours, theirs, atol=1e-11)
    inside = signal.savgol_filter(SIGNAL, 11, 3, deriv=1, mode="interp")[:, 5:-5]
    np.testing.assert_allclose(convcalc.conv(SIGNAL, weight), inside, atol=1e-11)


FITS = {
    "savitzky-golay:11,3": {"window_length": 11, "polyorder": 3},
    "savitzky-golay:5": {"window_length": 5, "polyorder": 2},
    "savitzky-golay:7,4,derivative=2,spacing=0.5": {"window_length": 7, "polyorder": 4, "deriv": 2, "delta": 0.5},
    "savitzky-golay:9,5,derivative=5": {"window_length": 9, "polyorder": 5, "deriv": 5},
    "savitzky-golay:199,2": {"window_length": 199, "polyorder": 2},
    "savitzky-golay:1,0": {"window_length": 1, "polyorder": 0},
}


@pytest.mark.oracle
def test_fitted_ends_are_those_of_scipys_default(cli):
    """Boundary interp gives the whole output of ``savgol_filter``, of several signals, by flags and in files."""
    signal = pytest.importorskip("scipy.signal")
    np.save(cli.folder / "two.npy", np.stack([SIGNAL, SIGNAL[:, ::-1] ** 2])[:, :, :199].reshape(2, 199))
    both = np.load(cli.folder / "two.npy")
    for kernel, arguments in FITS.items():
        cli.write(
            {"fit.yaml": f"input: {{file: two.npy}}\nkernel: '{kernel}'\nboundary: interp\ndepthwise: true\ndims: 1"}
        )
        done = cli.run("run", "fit.yaml", "-o", "out.npy", "--force", "-q")
        assert (done.code, done.err) == (0, ""), kernel
        theirs = signal.savgol_filter(both, **arguments)
        np.testing.assert_allclose(
            np.load(cli.folder / "out.npy"), theirs, atol=1e-10 * abs(both).max(), err_msg=kernel
        )
    cli.run("run", "two.npy", "--kernel", "savitzky-golay:11,3", "--boundary", "interp", "--dims", "1", "-o", "sum.npy")
    theirs = signal.savgol_filter(both, 11, 3).sum(axis=0)
    np.testing.assert_allclose(np.load(cli.folder / "sum.npy"), theirs, atol=1e-10 * abs(both).max())


def test_fitted_ends_keep_polynomials(cli):
    """Of a cubic every sample stays, and its slope is its slope to the ends, in fractions; a trace says why."""
    cubic = [n**3 - 2 * n**2 + n // 1 for n in range(12)]
    slope = [3 * n**2 - 4 * n + 1 for n in range(12)]
    for kernel, wanted in (("savitzky-golay:7,3", cubic), ("savitzky-golay:7,3,derivative=1", slope)):
        rest = ("--kernel", kernel, "--boundary", "interp", "--bias", "2", "--dtype", "exact")
        done = cli.run("run", str(cubic), *rest, "-o", "out.json", "--force", "-q")
        assert (done.code, done.err) == (0, "")
        assert json.loads(cli.files()["out.json"])["output"][0][0] == [each + 2 for each in wanted], kernel
        done = cli.run("trace", str(cubic), *rest, "--pos", "0", "--depth", "4")
        assert (done.code, f"= {wanted[0] + 2}" in done.out) == (0, True)


def test_what_fitted_ends_are_not(cli):
    """Each setting that has no meaning with them is refused, and what was read is said."""
    given = ("run", "[1, 4, 9, 16, 25, 36]", "--boundary", "interp", "--kernel")
    kernel = "savitzky-golay:5,2"
    refused = {
        ("1,2,1",): "boundary interp is of savitzky-golay kernels, not of weights",
        ("moving-average:3",): "boundary interp is of savitzky-golay kernels, not of moving-average:3",
        (f"{kernel}+flip",): f"boundary interp is of savitzky-golay kernels, not of {kernel}+flip",
        (kernel, "--stride", "2"): "boundary interp has stride 1, got 2",
        (kernel, "--padding", "2"): "boundary interp makes the output as long as the input",
        (kernel, "--convolve"): "boundary interp is of cross-correlation, as savgol_filter is",
        ("savitzky-golay:7,2",): "boundary interp fits a whole window: take a smaller kernel, or another boundary",
    }
    for flags, message in refused.items():
        done = cli.run(*given, *flags)
        assert (done.code in (1, 2), message in " ".join(done.err.split())) == (True, True), (flags, done.err)
    done = cli.run("run", "[[1, 2], [3, 4]]", "--kernel", "box", "--boundary", "interp")
    assert "not of box" in done.err
    assert "boundary interp: the first and the last 2 samples" in cli.run(*given, kernel, "--padding", "same").out


# --- windowed sinc


def test_a_low_pass_is_its_formula():
    """2f sinc(2fn) times Hamming's window, of sum 1, written out tap by tap."""
    taps, f = 21, 0.15
    ideal = [2 * f if n == 10 else math.sin(2 * math.pi * f * (n - 10)) / (math.pi * (n - 10)) for n in range(taps)]
    windowed = [each * (0.54 - 0.46 * math.cos(2 * math.pi * n / 20)) for n, each in enumerate(ideal)]
    expected = [each / math.fsum(windowed) for each in windowed]
    np.testing.assert_allclose(taps_of("lowpass:0.15,taps=21"), expected, atol=1e-15)


@pytest.mark.parametrize("window", WINDOWS)
def test_filters_pass_what_they_say(window):
    """Gain 1 where it is said, half of it at the edges, and little beyond, with every window."""
    text = f"taps=201,window={window}"
    for name, one, half, nothing in (
        ("lowpass:0.1", 0, (0.1,), (0.15, 0.3, 0.5)),
        ("highpass:0.1", 0.5, (0.1,), (0, 0.05)),
        ("bandpass:0.1,0.2", 0.15, (0.1, 0.2), (0, 0.05, 0.25, 0.5)),
        ("bandstop:0.1,0.2", 0, (0.1, 0.2), (0.15,)),
    ):
        assert gain(f"{name},{text}", one) == pytest.approx(1)
        for edge in half:
            assert gain(f"{name},{text}", edge) == pytest.approx(0.5, abs=0.02)
        for place in nothing:
            assert abs(gain(f"{name},{text}", place)) < 0.05


def test_hertz_are_cycles_per_sample_times_the_rate():
    np.testing.assert_array_equal(taps_of("lowpass:3000,rate=30000"), taps_of("lowpass:0.1"))
    np.testing.assert_array_equal(taps_of("bandstop:45,55,taps=9,rate=1000"), taps_of("bandstop:0.045,0.055,taps=9"))


@pytest.mark.oracle
@pytest.mark.parametrize("taps", [1, 2, 3, 20, 51, 401])
@pytest.mark.parametrize("window", WINDOWS)
def test_filters_are_scipys(window, taps):
    """``firwin`` with the same cutoffs in Hz, of every window and every kind."""
    signal = pytest.importorskip("scipy.signal")
    called = {"rectangular": "boxcar", "blackman-harris": "blackmanharris", "kaiser": ("kaiser", 8.6)}
    theirs_window = called.get(window, window)
    for name, cutoff, kind in (
        ("lowpass:100", 100, "lowpass"),
        ("highpass:100", 100, "highpass"),
        ("bandpass:100,220", [100, 220], "bandpass"),
        ("bandstop:100,220", [100, 220], "bandstop"),
    ):
        if taps % 2 == 0 and kind in ("highpass", "bandstop"):
            continue
        try:
            ours = taps_of(f"{name},taps={taps},window={window},rate=1000")
        except ConvcalcError:
            assert taps <= 3
            continue
        theirs = signal.firwin(taps, cutoff, window=theirs_window, pass_zero=kind, fs=1000)
        np.testing.assert_allclose(ours, theirs, atol=1e-12 * max(1, np.abs(theirs).max()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lowpass:0.5", "cutoff must be above 0 and below 0.5 cycles per sample, half the sampling rate; got 0.5"),
        ("lowpass:600,rate=1000", "cutoff must be above 0 and below 500 Hz, half the sampling rate; got 600"),
        ("lowpass:0", "cutoff must be above 0 and below 0.5 cycles per sample, half the sampling rate; got 0"),
        ("bandpass:0.2,0.1", "low must be below high, got 0.2 and 0.1"),
        ("highpass:0.1,taps=50", "taps must be odd, got 50: an even number has gain 0 at half the sampling rate"),
        ("lowpass:0.1,window=hanning", "unknown window 'hanning'"),
        ("lowpass:0.1,beta=3", "beta is for window=kaiser"),
        ("lowpass:0.1,window=kaiser,beta=-1", "beta must be from 0 to 500, got -1"),
        ("lowpass:0.1,rate=0", "rate must be greater than 0, got 0"),
        ("lowpass:0.1,taps=2,window=hann", "2 taps are too few for this window"),
        ("savitzky-golay:5,5", "degree must be below the size 5, and at most 20, got 5"),
        ("savitzky-golay:5,2,3", "derivative 3 of a polynomial of degree 2 is 0"),
        ("savitzky-golay:5,2,spacing=0", "spacing must be greater than 0, got 0"),
        ("savitzky-golay:4", "size must be odd, so that a cell is in the middle, got 4"),
    ],
)
def test_what_cannot_be_built_is_refused(text, message):
    with pytest.raises(ConvcalcError) as caught:
        LIBRARY.find(text)
    assert caught.value.message == message
