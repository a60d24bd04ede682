#!/usr/bin/env bash
# A moving mean is wrong in cells whose windows do not hold the huge number.
#
# Guess: the mean of a window depends on the numbers in that window alone.
# Seen (SciPy 1.17.1, Bottleneck 1.6.0, OpenCV 5.0.0.93): scipy.ndimage.uniform_filter1d, bottleneck.move_mean and
# cv2.blur on floats slide a running sum: one number in, one out. What the huge number has swallowed does not come back, so
# [1e17, 1, 2, 3, 4, 5] with windows of two gives 0, 1, 2, 3 where 1.5, 2.5, 3.5, 4.5 are right, and a flat picture of ones
# with one cell of 1e30 becomes 1/3 in the rows below. A nan makes the whole column below it nan in cv2.blur.
# The same means as a convolution (correlate1d, filter2D) are right.
# Source: the running totals in scipy/ndimage/src/ni_filters.c (NI_UniformFilter1D), OpenCV box_filter (ColumnSum).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 bottleneck==1.6.0 opencv-python-headless==5.0.0.93
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import bottleneck, cv2, numpy as np
from scipy import ndimage

line = np.array([1e17, 1, 2, 3, 4, 5])
running = ndimage.uniform_filter1d(line, 2, mode="constant")
direct = ndimage.correlate1d(line, [0.5, 0.5], mode="constant")
moved = bottleneck.move_mean(line, 2)
print("uniform_filter1d", running, "correlate1d", direct, "move_mean", moved)
assert running[2:].tolist() == [0, 1, 2, 3] and moved[2:].tolist() == [0, 1, 2, 3]
assert direct[2:].tolist() == [1.5, 2.5, 3.5, 4.5]

flat = np.ones((6, 6), np.float32)
flat[0, 0] = 1e30
blurred, filtered = cv2.blur(flat, (3, 3)), cv2.filter2D(flat, -1, np.full((3, 3), 1 / 9, np.float32))
print("cv2.blur, first column", blurred[:, 0], "filter2D", filtered[:, 0])
assert np.allclose(blurred[2:, 0], 1 / 3) and np.allclose(filtered[3:, 0], 1)
flat[0, 0] = np.nan
assert np.isnan(cv2.blur(flat, (3, 3))[:, 0]).all() and not np.isnan(cv2.filter2D(flat, -1, np.ones((3, 3)))[3:]).any()
PYTHON
echo "as described"
