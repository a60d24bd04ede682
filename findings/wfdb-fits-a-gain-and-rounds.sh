#!/usr/bin/env bash
# A physical signal written by wfdb comes back changed in the fifth digit.
#
# Guess: p_signal is written and read as it is.
# Seen (wfdb 4.3.1): wrsamp chooses gain and baseline from the signal's range and stores 16-bit numbers: with a range of -3 to 0.7,
# 0.1 is read as 0.0999906 and 0.2 as 0.1999812. nan is kept (it has a code of its own). A wider range rounds more, so a filtered record
# with one spike loses the small signal.
# Source: wfdb's documentation of wrsamp; the WFDB signal format 16.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check wfdb==4.3.1 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np, wfdb

signal = np.array([[0.1], [0.2], [np.nan], [0.7], [-3.0]])
wfdb.wrsamp("r", fs=100, units=["mV"], sig_name=["a"], p_signal=signal, fmt=["16"])
again = wfdb.rdrecord("r")
print(again.p_signal.ravel(), again.adc_gain)
error = np.abs(again.p_signal - signal).ravel()
assert 5e-6 < error[0] < 6e-5 and 5e-6 < error[1] < 6e-5 and np.isnan(again.p_signal[2, 0])
PYTHON
echo "as described"
