#!/usr/bin/env bash
# PyWavelets' continuous transform stands half a sample to the right of its signal, at every scale.
#
# Guess: the response of a symmetric wavelet to a spike at sample 100 is symmetric about 100, its largest value there.
# Seen (PyWavelets 1.9.0): it is symmetric about 100.5, and the samples 100 and 101 share the largest value, whether the
# scale is 1 or 16, the wavelet 'mexh' or 'morl', the method 'conv' or 'fft'. Ridges and edges that are read off the
# coefficients stand between two samples, and a correlation with the sampled wavelet, centred, gives other numbers.
# Source: the transform convolves with differences of the wavelet's sampled integral, an even number of them, and cuts
# the result to the signal's length.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check PyWavelets==1.9.0 numpy==2.3.5
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np
import pywt

spike = np.zeros(201)
spike[100] = 1
for wavelet in ("mexh", "morl"):
    for scale in (1, 2, 3, 16):
        for method in ("conv", "fft"):
            [response], _ = pywt.cwt(spike, [scale], wavelet, method=method)
            centre = float((np.arange(201) * np.abs(response)).sum() / np.abs(response).sum())
            print(wavelet, scale, method, round(centre, 2), response[100:102].round(6))
            assert round(centre, 2) == 100.5
            assert abs(response[100] - response[101]) < 1e-9
            assert abs(response[99] - response[101]) > 1e-4
PYTHON
echo "as described"
