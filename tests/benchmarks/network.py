"""How long a network takes beside PyTorch, and what one layer of a large file costs.

`python tests/benchmarks/network.py`.

VGG-16's 13 convolutions with ReLU and max pooling on 3×224×224 in float32, random weights. Each contender is a process
of its own that computes the network several times; they take turns, and the minimum and the median of the rounds are
printed. Then a file of 100 MB in the safetensors format, of which one small layer is read. Nothing is asserted.
PyTorch and safetensors are needed.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

PLAN = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]
"""Output channels of each convolution (Simonyan & Zisserman, 2015, configuration D); 0 is a max pooling."""
ROUNDS, TIMES = 5, 5
SHAPE = (3, 224, 224)


def weights() -> list[tuple[np.ndarray, np.ndarray]]:
    """(weight, bias) of each convolution, as PyTorch begins: uniform within 1/√fan_in."""
    numbers = np.random.default_rng(0)
    found, channels = [], SHAPE[0]
    for filters in filter(None, PLAN):
        bound = 1 / np.sqrt(9 * channels)
        shapes = ((filters, channels, 3, 3), (filters,))
        found.append(tuple(numbers.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes))
        channels = filters
    return found


def ours(precision: str) -> Callable[[np.ndarray], np.ndarray]:
    """The network as a network."""
    from convcalc.context import Context
    from convcalc.layers.network import Network
    from convcalc.layers.stage import Stage
    from convcalc.layers.table import kind_of

    shape, stages, given = SHAPE, [], iter(weights())
    for filters in PLAN:
        kinds = [("conv", {"out_channels": filters, "kernel_size": 3, "padding": 1}), ("relu", {})]
        for kind, arguments in kinds if filters else [("max-pool", {"kernel_size": 2})]:
            layer = kind_of(kind).make(shape, **arguments)
            values = dict(zip(("weight", "bias"), next(given), strict=True)) if kind == "conv" else {}
            stages.append(Stage(f"{kind}{len(stages)}", layer, (len(stages) - 1,), lambda values=values: values))
            shape = layer.output_shape
    network, context = Network(SHAPE, tuple(stages)), Context(precision=precision)

    def run(cells: np.ndarray) -> np.ndarray:
        output = cells
        for _, output in network.outputs(cells, context):  # noqa: B007 - the last one is the result
            pass
        return output

    return run


def torchs() -> Callable[[np.ndarray], np.ndarray]:
    """The network of PyTorch's own functions."""
    import torch

    given = [tuple(map(torch.from_numpy, pair)) for pair in weights()]
    functional = torch.nn.functional

    def run(cells: np.ndarray) -> np.ndarray:
        output, pairs = torch.from_numpy(cells), iter(given)
        with torch.no_grad():
            for filters in PLAN:
                if filters:
                    output = functional.relu(functional.conv2d(output, *next(pairs), padding=1))
                else:
                    output = functional.max_pool2d(output, 2)
        return output.numpy()

    return run


def work(contender: str) -> None:
    """Print the seconds of the fastest time, and a number that must be the same for all contenders."""
    run = torchs() if contender == "torch" else ours(contender)
    cells = np.random.default_rng(1).uniform(0, 1, (1, *SHAPE)).astype(np.float32)
    output = run(cells)
    print(least(lambda: run(cells), TIMES), float(np.abs(output).sum()))


def large_file() -> None:
    """Print what it takes to read one small tensor out of 100 MB."""
    from safetensors.numpy import save_file

    from convcalc.files.file_kind import open_file
    from convcalc.files.safetensors import open_safetensors
    from convcalc.limits import Limits

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "large.safetensors")
        save_file({f"layer{n}": np.full((25, 1 << 18), n, np.float32) for n in range(4)} | {"small": np.ones(9)}, path)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = least(lambda: open_safetensors(open_file(path, Limits()), Limits()).read("small"), TIMES)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"one small tensor of {Path(path).stat().st_size / 1e6:.0f} MB: {1e3 * seconds:.2f} ms, {grown} KiB more")


def least(action: Callable[[], object], times: int) -> float:
    """The seconds of the fastest time."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Print a row for each contender."""
    contenders = ("torch", "full", "fast")
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    sums = set()
    for _ in range(ROUNDS):
        for name in contenders:
            done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True)
            seconds, total = map(float, done.stdout.split())
            taken[name].append(seconds)
            sums.add(f"{total:.4g}")
    print(f"sums of all outputs: {', '.join(sorted(sums))}")
    for name, seconds in taken.items():
        low, middle = min(seconds), statistics.median(seconds)
        print(
            f"{name:6} {1e3 * low:6.0f} ms, median {1e3 * middle:6.0f} ms, "
            f"/ torch {low / min(taken['torch']):.2f}, median {middle / statistics.median(taken['torch']):.2f}"
        )
    large_file()


if __name__ == "__main__":
    work(sys.argv[1]) if len(sys.argv) > 1 else main()
