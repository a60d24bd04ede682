#!/usr/bin/env bash
# librosa's pre-emphasis starts with a number that no filter of the signal gives.
#
# Guess: y[0] = x[0], as a causal filter 1, -0.97 on zeros before the signal, or 0.03 x[0] if the first sample is repeated.
# Seen (librosa 0.11.0): [5, 1, 2, 3] gives 14 first: the state before the signal is 2 x[0] - x[1] = 9, added, not subtracted.
# From the second sample on all agree. zi=[0.0] gives 5.
# Source: librosa.effects.preemphasis, the default of zi.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check librosa==0.11.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import librosa, numpy as np
from scipy.signal import lfilter

x = np.array([5.0, 1, 2, 3])
seen = librosa.effects.preemphasis(x, coef=0.97)
plain = lfilter([1, -0.97], [1], x)
print(seen, plain)
assert np.isclose(seen[0], 14) and plain[0] == 5 and np.allclose(seen[1:], plain[1:])
PYTHON
echo "as described"
