#!/usr/bin/env bash
# MindSpore's pools move by one cell, and its convolutions pad, unless told otherwise.
#
# Guess: MaxPool2d(2) halves the picture (stride = window, as PyTorch and Keras), Conv2d(1, 1, 3) shrinks it by two (no padding).
# Seen (MindSpore 2.10.0): on 5 x 5 MaxPool2d(2) and AvgPool2d(2) give 4 x 4 (stride 1), Conv2d(1, 1, 3) gives 5 x 5 (pad_mode "same") and has
# no bias. mindspore.ops.conv2d, the function beside the layer, pads nothing.
# Source: MindSpore's API pages of mindspore.nn.MaxPool2d and mindspore.nn.Conv2d.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check mindspore==2.10.0 'numpy<2'
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import mindspore, numpy as np
from mindspore import nn, ops

x = mindspore.Tensor(np.ones((1, 1, 5, 5), np.float32))
layer = nn.Conv2d(1, 1, 3, weight_init="ones")
shapes = [nn.MaxPool2d(2)(x).shape, nn.AvgPool2d(2)(x).shape, layer(x).shape, ops.conv2d(x, mindspore.Tensor(np.ones((1, 1, 3, 3), np.float32))).shape]
print(shapes, layer.has_bias)
assert shapes == [(1, 1, 4, 4), (1, 1, 4, 4), (1, 1, 5, 5), (1, 1, 3, 3)] and not layer.has_bias
PYTHON
echo "as described"
