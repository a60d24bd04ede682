#!/usr/bin/env bash
# mrcfile stores unsigned bytes as unsigned 16-bit numbers.
#
# Guess: uint8 data become mode 0, the format's mode of one byte, and come back as uint8.
# Seen (mrcfile 1.5.4): mode 0 is signed in MRC2014, so uint8 is written as mode 6 and read back as uint16, twice the size;
# int8 stays int8. Sums of the array that fitted uint8's rules (wrapping at 256) come out otherwise after a round trip.
# Source: mrcfile's documentation of data types; MRC2014.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check mrcfile==1.5.4 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import mrcfile, numpy as np

for given, mode, kept in (("uint8", 6, "uint16"), ("int8", 0, "int8")):
    with mrcfile.new(f"{given}.mrc") as volume:
        volume.set_data(np.array([[1, 2], [3, 4]], given))
    with mrcfile.open(f"{given}.mrc") as volume:
        print(given, "->", int(volume.header.mode), volume.data.dtype)
        assert (int(volume.header.mode), volume.data.dtype.name) == (mode, kept)
PYTHON
echo "as described"
