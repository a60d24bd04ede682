#!/usr/bin/env bash
# numba's @stencil writes zeros at the edges instead of padding the input with zeros.
#
# Guess: where the neighbourhood leaves the array, missing cells count as 0, as in a convolution with zero padding.
# Seen (numba 0.68.1): a[-1] + a[0] + a[1] on [1, 2, 3, 4] gives [0, 6, 9, 0]: an output cell whose window leaves the array is
# not computed at all, it is the option cval (0). Zero padding would give [3, 6, 9, 7].
# Source: numba's documentation of stencils, func_or_mode "constant".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check numba==0.68.1 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np
from numba import stencil

@stencil
def three(a):
    return a[-1] + a[0] + a[1]

seen = three(np.array([1.0, 2, 3, 4]))
print(seen)
assert seen.tolist() == [0, 6, 9, 0]
assert np.convolve([1, 2, 3, 4], [1, 1, 1], "same").tolist() == [3, 6, 9, 7]
PYTHON
echo "as described"
