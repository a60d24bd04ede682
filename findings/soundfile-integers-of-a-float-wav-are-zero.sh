#!/usr/bin/env bash
# Reading a floating-point WAV as int16 with soundfile gives zeros and ones.
#
# Guess: dtype="int16" scales -1 ... 1 to -32768 ... 32767, as it does for 24-bit files.
# Seen (soundfile 0.14.0): 0.5, -0.25, 1.5, 1.0 of a FLOAT file come back as 0, 0, 2, 1: rounded, not scaled. Written the other way,
# 0.5 into a 16-bit file is 16384. A signal in 0 ... 1 looks like silence after this.
# Source: libsndfile, SFC_SET_SCALE_FLOAT_INT_READ, off by default.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check soundfile==0.14.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import numpy as np, soundfile

samples = np.array([0.5, -0.25, 1.5, 1.0], np.float32)
soundfile.write("float.wav", samples, 8000, subtype="FLOAT")
soundfile.write("whole.wav", samples[:2], 8000, subtype="PCM_24")
seen, scaled = soundfile.read("float.wav", dtype="int16")[0], soundfile.read("whole.wav", dtype="int16")[0]
print(seen, scaled)
assert seen.tolist() == [0, 0, 2, 1] and scaled.tolist() == [16384, -8192]
PYTHON
echo "as described"
