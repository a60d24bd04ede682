#!/usr/bin/env bash
# ObsPy's central moving average leaves out the sample in the middle, and flattens the ends.
#
# Guess: obspy.signal.util.smooth(x, 2), "a central moving average" of 2 past and 2 future values, is the mean of five.
# Seen (ObsPy 1.5.1): the mean of four, the middle one not among them: a spike leaves a hole where it was. The first and
# the last 2 samples are copies of the nearest that has all its neighbours, so a slope becomes flat there.
# Source: smooth filters with two runs of ones and a zero between them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check obspy==1.5.1 numpy==2.3.5 scipy==1.15.3 setuptools==80.9.0
cd "$work"
"$work/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from obspy.signal.util import smooth

spike = np.zeros(11)
spike[5] = 8
seen = [smooth(each, 2).tolist() for each in (spike, np.arange(8.0))]
print(seen)
assert seen == [[0, 0, 0, 2, 2, 0, 2, 2, 0, 0, 0], [2, 2, 2, 3, 4, 5, 5, 5]]
PYTHON
echo "as described"
