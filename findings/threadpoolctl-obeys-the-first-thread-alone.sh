#!/usr/bin/env bash
# Holding NumPy's BLAS to one thread works from the first thread that ever asked, and silently not from others.
#
# Guess: set_num_threads of threadpoolctl's controller of OpenBLAS sets the process's number, whoever calls it.
# Seen (threadpoolctl 3.8.0, NumPy 2.4.6 with its OpenBLAS): the first thread that sets a number becomes the controlling one; what
# another thread sets, 1 here, changes nothing and says nothing, until clear_controlling_thread(). So a library that holds BLAS to one
# thread while its own threads work does so only where nobody else had asked before.
# Source: threadpoolctl's OpenBLASController.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check threadpoolctl==3.8.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import threading

import numpy as np
from threadpoolctl import ThreadpoolController

(blas,) = ThreadpoolController().select(user_api="blas").lib_controllers
print(blas.version, blas.num_threads)
blas.set_num_threads(2)
worker = threading.Thread(target=blas.set_num_threads, args=(1,))
worker.start(); worker.join()
ignored = blas.num_threads
blas.clear_controlling_thread()
worker = threading.Thread(target=blas.set_num_threads, args=(1,))
worker.start(); worker.join()
print(ignored, blas.num_threads)
assert ignored == 2 and blas.num_threads == 1
PYTHON
echo "as described"
