#!/usr/bin/env bash
# calflops doubles every count after a model without parameters.
#
# Guess: calculate_flops of a lone ReLU counts it, or refuses it; what is counted afterwards does not depend on that.
# Seen (calflops 0.3.2, PyTorch 2.13.0): a model without parameters ends in a StopIteration, and from then on every count
# in the process is doubled, again with each further one: 112,640 FLOPs of Conv2d(3, 8, 3, padding=1) on 16×16 become
# 225,280, then 337,920. The functions of PyTorch that it wraps to count stay wrapped.
# Source: calflops/flops_counter.py, calculate_flops, and calflops/calculate_pipline.py, start_flops_calculate.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check torch==2.13.0
"$work/env/bin/pip" install -q --disable-pip-version-check calflops==0.3.2 transformers==4.57.1 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import warnings

warnings.filterwarnings("ignore")
from calflops import calculate_flops
from torch import nn


def counted(model):
    try:
        return calculate_flops(model, input_shape=(1, 3, 16, 16), print_results=False, output_as_string=False)[0]
    except StopIteration:
        return "StopIteration"


convolution = nn.Conv2d(3, 8, 3, padding=1)
seen = [counted(each) for each in (convolution, convolution, nn.ReLU(), convolution, nn.ReLU(), convolution)]
print(seen)
assert seen == [112640, 112640, "StopIteration", 225280, "StopIteration", 337920]
PYTHON
echo "as described"
