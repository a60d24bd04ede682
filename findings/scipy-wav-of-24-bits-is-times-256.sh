#!/usr/bin/env bash
# scipy.io.wavfile gives the samples of a 24-bit WAV 256 times too large.
#
# Guess: 24-bit samples come as int32 within -8388608 ... 8388607, the numbers in the file.
# Seen (SciPy 1.17.1): they stand in the upper three bytes: 1, 2, -1, 1000 are read as 256, 512, -256, 256000. Samples of 16 bits are as they
# are, so thresholds and filter outputs of the two kinds of file differ by 256, not by 1. Writing has no 24 bits at all.
# Source: the documentation of scipy.io.wavfile.read (left-justified).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import struct

from scipy.io import wavfile

samples = [1, 2, -1, 1000]
data = b"".join(each.to_bytes(3, "little", signed=True) for each in samples)
head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 24000, 3, 24)
body = b"WAVE" + head + struct.pack("<4sI", b"data", len(data)) + data
with open("a.wav", "wb") as file:
    file.write(b"RIFF" + struct.pack("<I", len(body)) + body)
seen = wavfile.read("a.wav")[1]
print(seen.dtype, seen)
assert seen.dtype.name == "int32" and seen.tolist() == [256 * each for each in samples]
PYTHON
echo "as described"
