#!/usr/bin/env bash
# Keras' gaussian_blur without data_format takes the columns of a picture for its rows and the colours for its columns.
#
# Guess: keras.ops.image.gaussian_blur(picture), channels last as Keras' configuration says, blurs rows and columns.
# Seen (Keras 3.15.1 on JAX 0.10.2): a red point is smeared along its row and into green; not one cell of the rows above
# and below changes. A grey picture of 100, one channel, becomes 45.2 in its middle: two of the three taps of an axis
# of one cell are padding. With data_format="channels_last", which is the default, said aloud, all is as guessed; so it
# is without on the NumPy backend. The PyTorch backend mixes as JAX does.
# Source: the backends compare data_format, which is None, with "channels_last".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.3.5
cd "$work"
cat > look.py <<'PYTHON'
import keras
import numpy as np

assert keras.config.image_data_format() == "channels_last"
blur = keras.ops.image.gaussian_blur
picture = np.zeros((7, 7, 3), "float32")
picture[3, 3, 0] = 1
blurred, told = np.asarray(blur(picture)), np.asarray(blur(picture, data_format="channels_last"))
grey = np.full((1, 7, 7, 1), 100, "float32")
print(keras.backend.backend(), *(np.argwhere(each).tolist() for each in (blurred, told)), np.asarray(blur(grey))[0, 3, 3, 0])
rows = [sorted(set(np.argwhere(each)[:, 0].tolist())) for each in (blurred, told)]
colours = [sorted(set(np.argwhere(each)[:, 2].tolist())) for each in (blurred, told)]
assert (rows[1], colours[1]) == ([2, 3, 4], [0])
if keras.backend.backend() == "jax":
    assert (rows[0], colours[0]) == ([3], [0, 1])
    assert round(float(np.asarray(blur(grey))[0, 3, 3, 0]), 1) == 45.2
else:
    assert (rows[0], colours[0]) == ([2, 3, 4], [0])
PYTHON
export TF_CPP_MIN_LOG_LEVEL=3
KERAS_HOME="$work" KERAS_BACKEND=jax "$work/env/bin/python" look.py
KERAS_HOME="$work" KERAS_BACKEND=numpy "$work/env/bin/python" look.py
echo "as described"
