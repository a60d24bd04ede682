"""Saves the weights of a small Keras network in its three kinds of files: ``python save_keras.py``. Needs keras."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

HERE = Path(__file__).parent


def main():
    """Write the files, and the output for the input of ``standard_normal`` with seed 0."""
    model = keras.Sequential(
        [
            layers.Input((6, 5, 2)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(2, depth_multiplier=2),
            layers.Conv2DTranspose(2, 2, strides=2),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.1, 0.5, each.shape).astype(np.float32) for each in model.get_weights()])
    cells = np.random.default_rng(0).standard_normal((1, 6, 5, 2)).astype(np.float32)
    model.save(HERE / "saved.keras")
    model.save_weights(HERE / "saved.weights.h5")
    model.save(HERE / "saved.h5")
    np.savez_compressed(HERE / "saved.npz", keras.ops.convert_to_numpy(model(cells)))


if __name__ == "__main__":
    main()
