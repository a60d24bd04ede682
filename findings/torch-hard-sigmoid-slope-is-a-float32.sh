#!/usr/bin/env bash
# PyTorch's hard sigmoid has another slope in float64 than the function that it computes in float64.
#
# Guess: between -3 and 3 the function is x / 6 + 1/2, so its derivative in float64 is 1/6 to 16 digits.
# Seen (torch 2.13.0, CPU): forward values are right to 1e-16, but the gradient is 0.1666666716337204, the float32 next to
# 1/6, off by 3e-8; hardswish, which has the same sixth in it, is right to 1e-16. A check of gradients in float64 with a
# tolerance below 3e-8 calls every exact implementation wrong.
# Source: the constant of the backward kernel is a float.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import torch

x = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
torch.nn.functional.hardsigmoid(x).backward()
slope = x.grad.item()
value = torch.nn.functional.hardsigmoid(x).item()
y = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
torch.nn.functional.hardswish(y).backward()
print("hardsigmoid: value", value, "slope", slope, "not", 1 / 6, "- hardswish: slope", y.grad.item())
assert abs(value - 3.5 / 6) < 1e-15
assert slope == torch.tensor(1 / 6, dtype=torch.float32).item() != 1 / 6
assert abs(y.grad.item() - (0.5 / 3 + 0.5)) < 1e-15
PYTHON
echo "as described"
