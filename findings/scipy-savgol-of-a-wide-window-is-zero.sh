#!/usr/bin/env bash
# scipy.signal.savgol_filter(x, 501, 6) gives nothing: a constant 1 becomes 0.00000002, without a warning.
#
# Guess: a fit of degree 6 keeps a constant to ten digits or so, or says that it is badly conditioned.
# Seen (SciPy 1.17.1): the weights of 501 samples and degree 6 add up to 2e-8 in place of 1, so all of the output is
# next to 0; of degree 8 to -1e-15; of degree 5 six digits are left. Every call is silent. Legendre's polynomials on
# places from -1 to 1 give weights of sum 1 to 15 digits.
# Source: scipy.signal.savgol_coeffs solves a Vandermonde system in powers of the index (up to 250 ** 6) with lstsq,
# whose cut-off of small singular values drops the row of the constant.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$work"
"$work/env/bin/python" -W error - <<'PYTHON'
import numpy as np
from scipy.signal import savgol_coeffs, savgol_filter

ones = np.ones(2000)
seen = {degree: float(savgol_filter(ones, 501, degree)[1000]) for degree in (2, 5, 6, 8)}
print("a constant 1 through 501 samples, by degree:", seen)
places = np.polynomial.legendre.legvander(np.linspace(-1, 1, 501), 6)
right = np.linalg.pinv(places).T @ np.polynomial.legendre.legvander([0.0], 6)[0]
print("sum of the weights of degree 6:", savgol_coeffs(501, 6).sum(), "and as they should be:", right.sum())
assert abs(seen[2] - 1) < 1e-9
assert 1e-9 < abs(seen[5] - 1) < 1e-6
assert abs(seen[6]) < 1e-6 and abs(seen[8]) < 1e-9
assert abs(right.sum() - 1) < 1e-12
PYTHON
echo "as described"
