#!/usr/bin/env bash
# MONAI's Gaussian filters darken: their weights do not add to one, and its filters do not turn the kernel.
#
# Guess: a Gaussian kernel for smoothing is divided by its sum, as in SciPy, OpenCV, scikit-image and torchvision.
# Seen (MONAI 1.6.1): gaussian_1d(sigma 1) sums to 0.9999932 (erf, the default) and to 0.99978 with approx="scalespace" unless normalize=True;
# GaussianFilter has zeros outside, so the edge of a flat picture falls to 0.69. apply_filter is a cross-correlation: an impulse with
# [1, 10, 100] gives 100, 10, 1.
# Source: monai.networks.layers.gaussian_1d and apply_filter.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check monai==1.6.1 torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import torch
from monai.networks.layers import GaussianFilter, apply_filter, gaussian_1d

sums = {kind: float(gaussian_1d(torch.tensor(1.0), approx=kind).sum()) for kind in ("erf", "scalespace")}
flat = GaussianFilter(1, 1.0)(torch.ones(1, 1, 9)).ravel()
impulse = torch.zeros(1, 1, 5)
impulse[0, 0, 2] = 1
seen = apply_filter(impulse, torch.tensor([1.0, 10, 100])).ravel().tolist()
print(sums, flat, seen)
assert abs(sums["erf"] - 0.9999932) < 1e-6 and abs(sums["scalespace"] - 0.9997825) < 1e-6
assert abs(float(flat[0]) - 0.6915) < 1e-3 and seen == [0, 100, 10, 1, 0]
PYTHON
echo "as described"
