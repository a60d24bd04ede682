#!/usr/bin/env bash
# Equinox' adaptive pools cut their input into pieces that do not overlap; those of PyTorch overlap.
#
# Guess: AdaptiveAvgPool1d(3) of 1 … 5 is that of PyTorch, windows from ⌊i·5/3⌋ to ⌈(i+1)·5/3⌉: 1.5, 3, 4.5.
# Seen (Equinox 0.13.8, JAX 0.10.2): 1.5, 3.5, 5: pieces of 2, 2 and 1 cells, the larger first. Of two: 2, 4.5 where
# PyTorch has 2, 4. A network that was carried over with its weights answers otherwise unless the sizes divide.
# Source: Equinox' AdaptivePool; its documentation names the target shape alone. PyTorch's rule: aten's adaptive pooling.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check equinox==0.13.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.3.5
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
from math import ceil, floor

import equinox
import jax.numpy as jnp

numbers = jnp.arange(1.0, 6)[None]


def pytorch(cells):
    edges = [(floor(cell * 5 / cells), ceil((cell + 1) * 5 / cells)) for cell in range(cells)]
    return [float(numbers[0, first:last].mean()) for first, last in edges]


seen = [equinox.nn.AdaptiveAvgPool1d(cells)(numbers)[0].tolist() for cells in (2, 3)]
print(seen, [pytorch(cells) for cells in (2, 3)])
assert seen == [[2.0, 4.5], [1.5, 3.5, 5.0]]
assert [pytorch(cells) for cells in (2, 3)] == [[2.0, 4.0], [1.5, 3.0, 4.5]]
PYTHON
echo "as described"
