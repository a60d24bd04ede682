#!/usr/bin/env bash
# flax and haiku, both on JAX, disagree on average pooling with SAME.
#
# Guess: with padding="SAME" the mean is over the cells that exist, as in TensorFlow and Keras.
# Seen (flax 0.12.8, dm-haiku 0.0.17): on 1 2 3 4 with windows of three flax.linen.avg_pool gives 1, 2, 3, 2.33 (zeros are counted),
# haiku.avg_pool 1.5, 2, 3, 3.5 (they are not). flax follows the other with count_include_pad=False.
# Source: the default count_include_pad=True of flax.linen.avg_pool.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check flax==0.12.8 dm-haiku==0.0.17 jax==0.10.2 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import flax.linen, haiku, jax.numpy as jnp, numpy as np

x = jnp.arange(1.0, 5).reshape(1, 4, 1)
with_zeros = np.ravel(flax.linen.avg_pool(x, (3,), (1,), "SAME"))
without = np.ravel(haiku.avg_pool(x, (1, 3, 1), (1, 1, 1), "SAME"))
print(with_zeros, without)
assert np.allclose(with_zeros, [1, 2, 3, 7 / 3]) and np.allclose(without, [1.5, 2, 3, 3.5])
PYTHON
echo "as described"
