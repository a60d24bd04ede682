#!/usr/bin/env bash
# safetensors.numpy saves a Fortran-ordered array, or every second element, as other numbers, without a word.
#
# Guess: save writes the elements in C order, whatever the array's layout in memory (or refuses, as its PyTorch side does).
# Seen (safetensors 0.8.0): [[0, 1, 2], [3, 4, 5]] in Fortran order comes back as [[0, 3, 1], [4, 2, 5]], its memory read straight
# through; a transposed weight (the usual way from a HWIO layout to OIHW) likewise, and arange(6)[::2] is 0, 1, 2.
# np.ascontiguousarray before saving gives the right file. A big-endian array is right.
# Source: seen by running it; the format itself is row-major.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np
from safetensors.numpy import load, save

def again(array):
    return load(save({"a": array}))["a"].tolist()

fortran, transposed, second = np.asfortranarray(np.arange(6).reshape(2, 3)), np.arange(6).reshape(2, 3).T, np.arange(6)[::2]
print(again(fortran), again(transposed), again(second))
assert again(fortran) == [[0, 3, 1], [4, 2, 5]] and again(transposed) == [[0, 1], [2, 3], [4, 5]] and again(second) == [0, 1, 2]
assert again(np.ascontiguousarray(fortran)) == [[0, 1, 2], [3, 4, 5]]
assert again(np.arange(3, dtype=">i4")) == [0, 1, 2]
PYTHON
echo "as described"
