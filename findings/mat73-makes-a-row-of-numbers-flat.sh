#!/usr/bin/env bash
# mat73 drops axes of one, so a 1 x 3 kernel of a MATLAB 7.3 file is no row any more.
#
# Guess: shapes are MATLAB's: a row is (1, 3), a column (3, 1), a number (1, 1), as scipy.io.loadmat gives them for older files.
# Seen (mat73 0.65): (3,), (3,) and a float: whether a one-dimensional kernel runs along rows or columns is lost.
# Source: seen by running it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check mat73==0.65 hdf5storage==0.2.2 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import hdf5storage, mat73, numpy as np

row, column = np.array([[1.0, 2, 3]]), np.array([[1.0], [2], [3]])
hdf5storage.savemat("a.mat", {"row": row, "column": column, "number": np.array([[5.0]])}, format="7.3")
seen = {name: np.shape(value) for name, value in mat73.loadmat("a.mat").items()}
kept = {name: np.shape(value) for name, value in hdf5storage.loadmat("a.mat").items() if not name.startswith("__")}
print(seen, kept)
assert seen == {"row": (3,), "column": (3,), "number": ()} and kept["row"] == (1, 3) and kept["column"] == (3, 1)
PYTHON
echo "as described"
