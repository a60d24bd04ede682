"""DICOM images through pydicom (the extra ``dicom``), with the numbers that the standard defines (PS3.3, C.7.6.3).

Stored bits become numbers by the modality's table, or number = RescaleSlope × stored + RescaleIntercept. What only says
how they are shown, windows and MONOCHROME1, is not applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from math import isfinite
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError, MissingExtraError
from convcalc.files.laboratory.stored_array import (
    BAND,
    FRAME,
    Axis,
    Gap,
    Index,
    StoredArray,
    library,
    scale_words,
    scaled,
)
from convcalc.limits import Limits

_WHAT = "the DICOM image"
_GREY = ("MONOCHROME1", "MONOCHROME2")
_FLOATS = {"FloatPixelData": "f4", "DoubleFloatPixelData": "f8"}
_MOST_FRAMES, _MOST_SIZE = 1_000_000, 1 << 16
_KEEPING = ("RGB", "PALETTE COLOR")


def open_dicom(data: bytes | memoryview, limits: Limits) -> StoredArray:
    """The image of a DICOM file.

    Raises:
        FormatError: the file is damaged, or holds no image.
        MissingExtraError: pydicom is not installed, or a package that its compression needs.
    """
    limits.check_memory(2 * len(data), "the DICOM file")
    with library("pydicom", _WHAT, "dicom"):
        import pydicom

        found = pydicom.dcmread(BytesIO(data), force=bytes(data[128:132]) != b"DICM")
        said = _said(found)
    return _stored(found, said, len(data))


def _said(found: Any) -> dict[str, Any]:
    """What the file says of its pixels, as plain numbers and texts."""
    shared = (found.get("SharedFunctionalGroupsSequence") or [{}])[0]
    groups = [found, *(shared.get("PixelValueTransformationSequence") or [])]
    per_frame = found.get("PerFrameFunctionalGroupsSequence") or []
    own = [each.get("PixelValueTransformationSequence") for each in per_frame]
    scale: Any = next((group for group in groups if group.get("RescaleSlope") is not None), {})
    slopes = [
        (_real(each[0].get("RescaleSlope"), 1), _real(each[0].get("RescaleIntercept"), 0)) for each in own if each
    ]
    numbers = {
        name: int(found.get(name) or 0) for name in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit")
    }
    syntax = found.file_meta.get("TransferSyntaxUID") if hasattr(found, "file_meta") else None
    return {
        **numbers,
        "frames": int(found.get("NumberOfFrames") or 1),
        "samples": int(found.get("SamplesPerPixel") or 1),
        "is_signed": int(found.get("PixelRepresentation") or 0) == 1,
        "photometric": str(found.get("PhotometricInterpretation") or ""),
        "floats": next((name for name in _FLOATS if name in found), ""),
        "has_pixels": any(name in found for name in ("PixelData", *_FLOATS)),
        "has_table": bool(found.get("ModalityLUTSequence")),
        "scales": slopes if len(slopes) == len(per_frame) and slopes else [],
        "scale": (_real(scale.get("RescaleSlope"), 1), _real(scale.get("RescaleIntercept"), 0)),
        "type": str(scale.get("RescaleType") or found.get("Units") or ""),
        "compression": "" if syntax is None or not syntax.is_compressed else str(syntax.name),
    }


def _real(value: Any, default: float) -> float:
    found = default if value is None else float(value)
    return found if isfinite(found) else default


def _stored(found: Any, said: dict[str, Any], size: int) -> StoredArray:
    if not said["has_pixels"]:
        raise FormatError(
            "the DICOM file holds no image",
            hint="a report, a plan or a directory has no pixels, nor has a file that is cut off",
        )
    frames, rows, columns = said["frames"], said["Rows"], said["Columns"]
    if not 1 <= frames <= _MOST_FRAMES or said["samples"] not in (1, 3, 4):
        raise FormatError(f"a DICOM image of {frames} frames and {said['samples']} samples a pixel")
    is_palette = said["photometric"] == "PALETTE COLOR"
    bands = 3 if is_palette or said["samples"] >= 3 else 1
    axes = [Axis("frame", frames, FRAME)] * (frames > 1)
    axes += [Axis("row", rows), Axis("column", columns)] + [Axis("colour", bands, BAND)] * (bands > 1)

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        frame = index[0] if frames > 1 else 0
        numbers = _pixels(found, said, frame if isinstance(frame, int) else None)
        expected = tuple(axis.size for axis in axes if not (axis.role == FRAME and isinstance(frame, int)))
        if numbers.shape != expected:
            raise FormatError("the DICOM image is not of the size that its header says")
        rest = index[1:] if frames > 1 else index
        numbers = numbers[rest if isinstance(frame, int) else index]
        return _meant(found, said, numbers, frame), []

    kind = said["floats"] and np.dtype(_FLOATS[said["floats"]]).name
    kind = kind or f"{'int' if said['is_signed'] else 'uint'}{said['BitsStored'] or said['BitsAllocated']}"
    packed = f", compressed ({said['compression'][:60]})" if said["compression"] else ""
    return StoredArray(
        f"DICOM image of {kind}{packed}",
        tuple(axes),
        max(1, said["BitsAllocated"] // 8),
        size,
        read,
        _words(said),
        is_image=bands > 1 and said["BitsAllocated"] == 8,
    )


def _words(said: dict[str, Any]) -> tuple[str, ...]:
    """What is done to the numbers, and what is not."""
    words = [*_scale_words(said)]
    if said["has_table"]:
        words = ["numbers looked up in the modality's table"]
    if said["type"].isprintable() and said["type"]:
        words.append(f"in {said['type'][:20]}")
    if said["photometric"] == "MONOCHROME1":
        words.append("MONOCHROME1: low numbers are meant to be shown bright; they are kept, not inverted")
    elif said["photometric"] == "PALETTE COLOR":
        words.append("palette converted to RGB")
    elif said["photometric"].startswith("YBR"):
        words.append(f"{said['photometric'][:20]} converted to RGB")
    return (*words, "row 0 is the uppermost")


def _scale_words(said: dict[str, Any]) -> tuple[str, ...]:
    if said["scales"] and len(set(said["scales"])) > 1:
        return ("number = stored × RescaleSlope + RescaleIntercept of its frame",)
    slope, intercept = said["scales"][0] if said["scales"] else said["scale"]
    if slope == 0:
        return (f"RescaleSlope is 0: every number is RescaleIntercept, {intercept:.10g}",)
    return scale_words(slope, intercept, "RescaleSlope, RescaleIntercept")


def _pixels(found: Any, said: dict[str, Any], frame: int | None) -> Array:
    """The stored numbers ([frames,] rows, columns[, colours]), in the bits that are said to be used."""
    try:
        with library("pydicom", _WHAT, "dicom"):
            from pydicom import pixels

            functions: Any = pixels

            try:
                numbers = np.asarray(functions.pixel_array(found, index=frame if said["frames"] > 1 else None))
            except RuntimeError as error:
                if "missing dependencies" not in str(error):
                    raise
                raise MissingExtraError(f"{_WHAT} ({said['compression']})", "dicom") from None
            if said["photometric"] == "PALETTE COLOR":
                return np.asarray(functions.apply_color_lut(numbers, found))
    except MissingExtraError as error:
        if said["compression"]:
            error.hint = f"{error.hint}; of JPEG also pylibjpeg[all]"
        raise
    return _used_bits(numbers, said)


def _used_bits(numbers: Array, said: dict[str, Any]) -> Array:
    """The numbers without the bits above those that are used, where old machines have drawn overlays."""
    bits, allocated = said["BitsStored"], said["BitsAllocated"]
    if numbers.dtype.kind not in "iu" or not 0 < bits < allocated or said["photometric"] not in _GREY:
        return numbers
    if said["HighBit"] != bits - 1:
        raise FormatError(f"a DICOM image of {bits} bits, the highest of which is bit {said['HighBit']}")
    spare = numbers.dtype.itemsize * 8 - bits
    shifted = np.left_shift(numbers, spare)
    return np.asarray(np.right_shift(shifted, spare))


def _meant(found: Any, said: dict[str, Any], numbers: Array, frame: int | slice) -> Array:
    """The numbers after the modality's table or scale."""
    if said["photometric"] not in _GREY:
        return numbers
    if said["has_table"]:
        with library("pydicom", _WHAT, "dicom"):
            from pydicom import pixels

            functions: Any = pixels

            return np.asarray(functions.apply_modality_lut(numbers, found))
    scales = said["scales"] or [said["scale"]]
    if len(set(scales)) == 1:
        return scaled(numbers, *scales[0])
    if isinstance(frame, int):
        return scaled(numbers, *scales[frame])
    return np.stack([scaled(each, *scale).astype(np.float64) for each, scale in zip(numbers, scales, strict=True)])
