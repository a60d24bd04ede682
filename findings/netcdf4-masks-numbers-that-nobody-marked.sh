#!/usr/bin/env bash
# netCDF4 masks measured numbers of a variable that has no fill value; xarray reads them.
#
# Guess: without _FillValue and missing_value nothing is masked.
# Seen (netCDF4 1.7.5.1, xarray 2026.9.0): numbers that equal the library's default fill value of the type are masked all the same: -32767 in int16,
# 65535 in uint16, -2147483647 in int32, also when the variable was made with fill_value=False. Bytes are spared. xarray gives
# the numbers, so the same filter has a hole with one reader and none with the other. set_auto_mask(False) turns it off.
# Source: netCDF4-python's documentation of set_auto_mask; netcdf.h, NC_FILL_*.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check netCDF4==1.7.5.1.post1 xarray==2026.9.0 numpy==2.4.6
cd "$work"
"$work/env/bin/python" - <<'PYTHON'
import netCDF4, numpy as np, xarray

extremes = {"i2": -32767, "u2": 65535, "i4": -2147483647, "i1": -127}
with netCDF4.Dataset("a.nc", "w") as file:
    file.createDimension("x", 3)
    for kind, number in extremes.items():
        file.createVariable(kind, kind, ("x",), fill_value=False)[:] = np.array([1, number, 2], kind)
with netCDF4.Dataset("a.nc") as file:
    masked = {kind: bool(np.ma.getmaskarray(file[kind][:])[1]) for kind in extremes}
    attributes = {kind: file[kind].ncattrs() for kind in extremes}
print(masked, attributes)
assert masked == {"i2": True, "u2": True, "i4": True, "i1": False} and not any(attributes.values())
with xarray.open_dataset("a.nc", engine="netcdf4") as file:
    assert {kind: int(file[kind][1]) for kind in extremes} == extremes
PYTHON
echo "as described"
