"""Exports every family of families.py by both of PyTorch's exporters and says what is read to its end and right.

``python reach.py [NAME…]``: needs torch, onnx and onnxscript, and takes about five minutes for all of them.
"""

import contextlib
import io
import logging
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from families import FAMILIES, SIZES

from convcalc.context import STANDARD
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve

CLOSE = 2e-5
"""Of the largest number of an output, as float32 sums in another order differ."""
EXPORTERS = {"default": {}, "torchscript": {"dynamo": False}}


def made(name):
    """A family's network with statistics that are not 0 and 1, and its input."""
    torch.manual_seed(0)
    model = FAMILIES[name]().eval()
    for layer in model.modules():
        if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
    shape = SIZES.get(name, (1, 3, 32, 32))
    return model, torch.tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32))


def verdict(path, cells, wanted):
    """What becomes of an exported model: right, wrong, cut with the operators that stop it, or refused."""
    try:
        network = resolve(read_request(str(path), STANDARD), STANDARD)
    except Exception as error:  # whatever it is, it counts as refused
        return f"refused: {error}"
    if network.cut is not None:
        return f"cut: {network.cut}"
    *_, (_, found) = network.outputs(cells)
    error = np.abs(found.reshape(wanted.shape) - wanted).max() / np.abs(wanted).max()
    return "right" if error < CLOSE else f"wrong by {error:.2g}"


def main():
    """Print a line for every model that is not right, and the counts."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    for exporter, options in EXPORTERS.items():
        counts: Counter[str] = Counter()
        for name in sys.argv[1:] or FAMILIES:
            model, cells = made(name)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"{name}.onnx"
                try:
                    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                        torch.onnx.export(model, (cells,), path, **options)
                except Exception as error:  # the exporter's own
                    found = f"not exported: {type(error).__name__}"
                else:
                    with torch.no_grad():
                        found = verdict(path, cells.numpy(), model(cells).numpy())
            counts[found.partition(":")[0].partition(" by")[0]] += 1
            if found != "right":
                print(f"{exporter} {name}: {found}", flush=True)
        print(exporter, dict(counts), flush=True)


if __name__ == "__main__":
    main()
