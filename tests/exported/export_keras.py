"""Exports small networks by Keras, whose channels come last: ``python export_keras.py``.

Needs keras, tensorflow and tf2onnx.
"""

import json
from pathlib import Path

import keras
import numpy as np
import onnx
from keras import layers

HERE = Path(__file__).parent


def network(*found, shape):
    """A chain of layers on an input of (height, width, channels)."""
    return keras.Sequential([layers.Input(shape), *found])


NETWORKS = {
    "lenet": network(
        layers.Conv2D(6, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Conv2D(8, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
        shape=(28, 28, 1),
    ),
    "same": network(
        layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
        layers.MaxPooling2D(2, padding="same"),
        layers.Conv2D(5, 3),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Dense(3),
        shape=(19, 15, 3),
    ),
    "transposed": network(
        layers.Conv2DTranspose(4, 2, strides=3, padding="same"),
        layers.Conv2DTranspose(3, 3, strides=2, padding="same"),
        layers.Conv2DTranspose(2, 3, strides=2, padding="valid"),
        shape=(4, 5, 3),
    ),
    "mobilenet": network(
        layers.Conv2D(8, 3, strides=2, padding="same"),
        layers.ReLU(6.0),
        layers.DepthwiseConv2D(3, padding="same"),
        layers.Conv2D(12, 1),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3),
        shape=(16, 16, 3),
    ),
}


def main():
    """Write every model, and its output for the input of ``standard_normal`` with seed 0."""
    rng = np.random.default_rng(1)
    outputs, shapes = {}, {}
    for name, model in NETWORKS.items():
        model.set_weights([rng.uniform(0.1, 0.5, each.shape).astype(np.float32) for each in model.get_weights()])
        shapes[name] = model.input_shape[1:]
        cells = np.random.default_rng(0).standard_normal((1, *shapes[name])).astype(np.float32)
        outputs[name] = np.asarray(model(cells))
        path = HERE / f"keras-{name}.onnx"
        model.export(path, format="onnx", verbose=False)
        found = onnx.load(path)
        for each in (found, found.graph, *found.graph.node):
            each.ClearField("doc_string")
            each.ClearField("metadata_props")
        path.write_bytes(found.SerializeToString())
    (HERE / "keras.json").write_text(json.dumps(shapes, indent=2) + "\n")
    np.savez_compressed(HERE / "keras.npz", **outputs)


if __name__ == "__main__":
    main()
