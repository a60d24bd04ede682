#!/usr/bin/env bash
# A filtered NIfTI volume that is saved with the input's header is rounded to 65,536 levels.
#
# Guess: Nifti1Image(float64 array, affine, header of the int16 input) keeps the floats.
# Seen (nibabel 5.4.2): the header's int16 wins. The array is scaled into int16 by a slope of its own, without a word; read again
# 0.1234 is 0.12354 and 1000.001 is 999.984. header.set_data_dtype(float) first, or no header, keeps the numbers.
# Source: nibabel's manual on saving images: the on-disk type is the header's.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check nibabel==5.4.2 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import nibabel, numpy as np

nibabel.save(nibabel.Nifti1Image(np.arange(8, dtype=np.int16).reshape(2, 2, 2), np.eye(4)), "input.nii")
volume = nibabel.load("input.nii")
filtered = volume.get_fdata() * 1000 + np.array([0.0, 0.001])
filtered[0, 0, 0] = 0.1234
nibabel.save(nibabel.Nifti1Image(filtered, volume.affine, volume.header), "output.nii")
again = nibabel.load("output.nii")
print(again.header.get_data_dtype(), filtered.ravel()[:2], again.get_fdata().ravel()[:2])
assert again.header.get_data_dtype() == np.int16
assert abs(again.get_fdata()[0, 0, 1] - 1000.001) > 0.01
volume.header.set_data_dtype(np.float64)
nibabel.save(nibabel.Nifti1Image(filtered, volume.affine, volume.header), "kept.nii")
assert np.array_equal(nibabel.load("kept.nii").get_fdata(), filtered)
PYTHON
echo "as described"
