#!/usr/bin/env bash
# scipy.io.loadmat gives MATLAB's doubles as uint8, which wrap around in the next sum.
#
# Guess: a variable of class double is read as float64.
# Seen (SciPy 1.17.1): MATLAB and Octave store a double array of small whole numbers in the narrowest type that holds them; loadmat
# hands over that storage type unless mat_dtype=True. [1, 200, 100, 250] comes as uint8, and np.convolve(_, [1, 1]) in uint8 arithmetic
# has 300 - 256 = 44 where the numbers of the variable add to 300.
# Source: the MAT-file format, level 5 (compression of numeric data); loadmat's mat_dtype.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import io, struct

import numpy as np
from scipy.io import loadmat

def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

INT8, UINT8, INT32, UINT32, MATRIX, DOUBLE_CLASS = 1, 2, 5, 6, 14, 6
header = b"MATLAB 5.0 MAT-file".ljust(116) + bytes(8) + struct.pack("<H", 0x0100) + b"IM"
parts = (UINT32, struct.pack("<II", DOUBLE_CLASS, 0)), (INT32, struct.pack("<ii", 1, 4)), (INT8, b"A"), (UINT8, bytes([1, 200, 100, 250]))
stored = header + element(MATRIX, b"".join(element(*part) for part in parts))
seen, told = loadmat(io.BytesIO(stored))["A"], loadmat(io.BytesIO(stored), mat_dtype=True)["A"]
ones = np.array([1, 1], seen.dtype)
print(seen.dtype, told.dtype, np.convolve(seen[0], ones), np.convolve(told[0], ones))
assert seen.dtype == np.uint8 and told.dtype == np.float64
assert np.convolve(seen[0], ones)[2] == 44 and np.convolve(told[0], ones)[2] == 300
PYTHON
echo "as described"
