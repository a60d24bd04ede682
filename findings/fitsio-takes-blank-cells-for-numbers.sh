#!/usr/bin/env bash
# Two readers of one FITS image: astropy has nan where fitsio has a number.
#
# Guess: a cell of an integer image that holds BLANK is undefined, so both give nan once BSCALE and BZERO make floats.
# Seen (fitsio 1.4.2, astropy 8.0.2): raw 1 2 3 / 4 -1 30 with BSCALE 0.5, BZERO 10, BLANK -1: astropy 12, nan, 25 in the second row,
# fitsio 12, 9.5, 25. A mean around the cell differs without any warning.
# Source: the FITS standard 4.0, 4.4.2.5 (BLANK); seen by running both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check fitsio==1.4.2 astropy==8.0.2 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import warnings

import fitsio, numpy as np
from astropy.io import fits

cards = ["SIMPLE  =                    T", "BITPIX  =                   16", "NAXIS   =                    2",
         "NAXIS1  =                    3", "NAXIS2  =                    2", "BSCALE  =                  0.5",
         "BZERO   =                 10.0", "BLANK   =                   -1", "END"]
data = np.array([[1, 2, 3], [4, -1, 30]], ">i2").tobytes()
with open("a.fits", "wb") as file:
    file.write("".join(card.ljust(80) for card in cards).ljust(2880).encode() + data.ljust(2880, b"\0"))
one, other = fits.getdata("a.fits"), fitsio.read("a.fits")
print(one, other)
assert np.isnan(one[1, 1]) and other[1, 1] == 9.5 and one[1, 2] == other[1, 2] == 25
PYTHON
echo "as described"
