#!/usr/bin/env bash
# xarray-spatial's focal statistics count only the cells whose weight is exactly 1.
#
# Guess: focal_stats(raster, kernel, ["sum"]) sums weight times cell, as a focal sum with a weighted kernel does in GIS.
# Seen (xarray-spatial 0.5.3): of a flat 10 the cross [[0, 1, 0], [1, 2, 1], [0, 1, 0]] gives 40 where weights give 60:
# the middle, whose weight is 2, is left out. A cross of twos gives 0 for the sum and nan for the mean, and a smoothing
# kernel from 1/4 to 1 sees its middle alone. convolve_2d of the same kernels multiplies. Neither warns.
# Source: the documentation calls the kernel an array that tells which cells are used.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check xarray-spatial==0.5.3 numpy==2.3.5 xarray==2026.9.0 numba==0.68.1
cd "$work"
"$work/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import xarray
from xrspatial.convolution import convolve_2d
from xrspatial.focal import focal_stats

flat = xarray.DataArray(np.full((5, 5), 10.0))
kernels = [
    [[0, 1, 0], [1, 2, 1], [0, 1, 0]],
    [[0, 2, 0], [2, 2, 2], [0, 2, 0]],
    [[0.25, 0.5, 0.25], [0.5, 1, 0.5], [0.25, 0.5, 0.25]],
]
sums, means, products = [], [], []
for kernel in map(np.array, kernels):
    total, mean = focal_stats(flat, kernel.astype(float), ["sum", "mean"]).values[:, 2, 2]
    sums.append(float(total))
    means.append(str(mean))
    products.append(float(convolve_2d(flat.values, kernel.astype(float))[2, 2]))
print(sums, means, products)
assert sums == [40.0, 0.0, 10.0]
assert means == ["10.0", "nan", "10.0"]
assert products == [60.0, 100.0, 40.0]
PYTHON
echo "as described"
