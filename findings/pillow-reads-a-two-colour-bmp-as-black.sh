#!/usr/bin/env bash
# A BMP of 8 bits whose palette has two entries, black and white, is all black in Pillow.
#
# Guess: the bytes are looked up in the palette, as in any 8-bit BMP.
# Seen (Pillow 13.0.0): the image opens as mode "1", and the bytes are read as packed bits: 0 1 1 0 / 1 0 0 1 becomes all False.
# OpenCV 5.0.0.93 gives 0 255 255 0 / 255 0 0 255. With three entries, or two other colours, Pillow is right.
# Source: PIL/BmpImagePlugin.py, where the mode is chosen from the palette.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6 opencv-python-headless==5.0.0.93
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import io, struct

import cv2, numpy as np
from PIL import Image

rows = bytes([1, 0, 0, 1]) + bytes([0, 1, 1, 0])  # the bottom row first
palette = bytes(4) + bytes([255, 255, 255, 0])
head = struct.pack("<IiiHHIIiiII", 40, 4, 2, 1, 8, 0, len(rows), 0, 0, 2, 0)
offset = 14 + len(head) + len(palette)
data = b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + head + palette + rows
with Image.open(io.BytesIO(data)) as image:
    mode, seen = image.mode, np.asarray(image)
other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
print(mode, seen, other)
assert mode == "1" and not seen.any()
assert other.tolist() == [[0, 255, 255, 0], [255, 0, 0, 255]]
PYTHON
echo "as described"
