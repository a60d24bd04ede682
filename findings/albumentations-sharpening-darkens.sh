#!/usr/bin/env bash
# albumentations' Sharpen, as it comes, darkens a picture that has nothing to sharpen.
#
# Guess: a sharpening kernel sums to 1, so a flat grey stays what it is; "larger lightness, more contrast".
# Seen (albumentations 2.0.8): a flat 200 becomes 152 to 199 in 30 draws. The kernel's sum is 1 − alpha · (1 − lightness), and the
# default lightness is drawn from 0.5 to 1: up to a quarter of the light is lost, never any won. lightness=(1, 1) keeps it.
# Source: the class's documentation gives the formula; that the sum is below 1 is not said.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check albumentations==2.0.8 numpy==2.3.5 scipy==1.15.3
cd "$work"
NO_ALBUMENTATIONS_UPDATE=1 "$work/env/bin/python" - <<'PYTHON'
import albumentations
import numpy as np

flat = np.full((8, 8, 1), 200, np.uint8)


def greys(**settings):
    found = []
    for seed in range(30):
        chain = albumentations.Compose([albumentations.Sharpen(p=1, **settings)], seed=seed)
        found.append(int(chain(image=flat)["image"][4, 4, 0]))
    return found


default, kept = greys(), greys(lightness=(1, 1))
print(min(default), max(default), set(kept))
assert 150 <= min(default) < 185
assert max(default) <= 200
assert set(kept) == {200}
PYTHON
echo "as described"
