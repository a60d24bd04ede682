#!/usr/bin/env bash
# polars' rolling_mean with weights that sum to 0 is 0 everywhere, whatever the numbers are.
#
# Guess: rolling_mean(weights=[1, 0, -1]) is the difference of the ends divided by the weights' sum, so infinite, or
# refused; or the sum of products over 3.
# Seen (polars 2.1.0): 0.0 in every row, for a difference that rolling_sum gives as -2. Weights that sum to 0.5 are
# divided by it. rolling_var, rolling_std and rolling_median with such weights are refused in words.
# Source: the documentation says that values are multiplied by the weights, and not by what the sum is divided.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check polars==2.1.0
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import polars

numbers = polars.Series([1.0, 2, 4, 8, 16])
difference = [1.0, 0.0, -1.0]
means = numbers.rolling_mean(3, weights=difference).to_list()
sums = numbers.rolling_sum(3, weights=difference).to_list()
halves = numbers.rolling_mean(2, weights=[1.0, -0.5]).to_list()
try:
    numbers.rolling_var(3, weights=difference)
    refused = ""
except polars.exceptions.ComputeError as error:
    refused = str(error).splitlines()[0]
print(means, sums, halves, refused)
assert means == [None, None, 0.0, 0.0, 0.0]
assert sums == [None, None, -3.0, -6.0, -12.0]
assert halves == [None, 0.0, 0.0, 0.0, 0.0]
assert "sum to 0" in refused
PYTHON
echo "as described"
