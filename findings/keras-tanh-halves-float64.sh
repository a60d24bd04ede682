#!/usr/bin/env bash
# Keras on JAX, told to compute in float64, computes some functions in float32.
#
# Guess: with floatx float64 and JAX's 64 bits switched on, every function of float64 numbers gives float64.
# Seen (keras 3.15.1, jax 0.10.2): exp, sqrt, sigmoid, relu and softplus do; tanh, sin, arctan and var give float32, and so
# does the layer Activation("tanh"): 8 of 16 digits, without a word. With the backend torch tanh gives float64.
# Source: a network with tanh that is equal to PyTorch's to 1e-8 only.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check keras==3.15.1 jax==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax KERAS_HOME="$work" "$work/env/bin/python" - <<'PYTHON'
import jax, numpy as np

jax.config.update("jax_enable_x64", True)
import keras

keras.config.set_floatx("float64")
x = keras.ops.convert_to_tensor(np.array([1 / 3, 2.0]))
names = ("exp", "sqrt", "sigmoid", "relu", "softplus", "tanh", "sin", "arctan", "var")
types = {name: keras.backend.standardize_dtype(getattr(keras.ops, name)(x).dtype) for name in names}
print(types)
assert keras.backend.standardize_dtype(x.dtype) == keras.config.floatx() == "float64"
assert all(types[name] == "float64" for name in names[:5]) and all(types[name] == "float32" for name in names[5:])
layer = np.asarray(keras.layers.Activation("tanh")(x))
off = np.abs(layer - np.tanh(np.asarray(x))).max()
print(layer.dtype, off)
assert layer.dtype == np.float32 and 1e-10 < off < 1e-6
PYTHON
echo "as described"
