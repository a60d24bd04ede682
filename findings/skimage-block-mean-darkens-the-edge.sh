#!/usr/bin/env bash
# scikit-image's block means halve the last block of an odd picture.
#
# Guess: where a block hangs over the edge, the mean is over the cells that exist (as average pooling in ceil mode), or it is left out.
# Seen (scikit-image 0.26.0): block_reduce and downscale_local_mean first pad with zeros, which are counted: five cells of 10 in blocks of
# two give 10, 10, 5, and with np.min 10, 10, 0.
# Source: skimage.measure.block_reduce, the argument cval.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scikit-image==0.26.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np
from skimage.measure import block_reduce
from skimage.transform import downscale_local_mean

flat = np.full((1, 5), 10.0)
seen = block_reduce(flat, (1, 2), np.mean), downscale_local_mean(flat, (1, 2)), block_reduce(flat, (1, 2), np.min)
print(*seen)
assert seen[0].tolist() == seen[1].tolist() == [[10, 10, 5]] and seen[2].tolist() == [[10, 10, 0]]
PYTHON
echo "as described"
