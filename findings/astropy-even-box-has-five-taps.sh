#!/usr/bin/env bash
# astropy's Box1DKernel(4) is no mean of four numbers.
#
# Guess: a box of width 4 is four taps of 1/4, or is refused, since convolve takes odd sizes only.
# Seen (astropy 8.0.2): five taps, 1/8 1/4 1/4 1/4 1/8: an even width is laid over one cell more, whose ends count half.
# So the answer is neither pandas' nor SciPy's moving mean of four. Box2DKernel(2) likewise has nine taps.
# Source: astropy.convolution, Box1DKernel, discretised with mode "linear_interp".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check astropy==8.0.2 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np
from astropy.convolution import Box1DKernel, Box2DKernel

seen = Box1DKernel(4).array
print(seen, Box2DKernel(2).array.tolist())
assert seen.tolist() == [0.125, 0.25, 0.25, 0.25, 0.125]
assert Box2DKernel(2).shape == (3, 3) and np.isclose(Box2DKernel(2).array[0, 0], 1 / 16)
PYTHON
echo "as described"
