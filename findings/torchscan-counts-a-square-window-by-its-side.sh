#!/usr/bin/env bash
# torchscan counts a pool of 2×2 as if its window had two cells, and one of (2, 2) as four.
#
# Guess: MaxPool2d(2) and MaxPool2d((2, 2)) are the same layer and have the same count: three comparisons an output.
# Seen (torchscan 0.2.0, PyTorch 2.13.0): of 8 channels of 16×16, MaxPool2d(2) has 512 operations, MaxPool2d((2, 2)) 1,536.
# A kernel written as one number is taken as the number of cells. AvgPool2d likewise: 1,536 against 2,560.
# Source: torchscan's formulas of pooling modules, which read module.kernel_size as it was written.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check torch==2.13.0
"$work/env/bin/pip" install -q --disable-pip-version-check torchscan==0.2.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
from torch import nn
from torchscan import crawl_module


def counted(layer):
    *_, last = crawl_module(nn.Sequential(layer), (8, 16, 16))["layers"]
    return last["metrics"]["macs"]["value"]


seen = [counted(kind(window)) for kind in (nn.MaxPool2d, nn.AvgPool2d) for window in (2, (2, 2))]
print(seen)
assert seen == [512, 1536, 1536, 2560]
PYTHON
echo "as described"
