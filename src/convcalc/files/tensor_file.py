"""One array from a file of any kind that is read.

:func:`~convcalc.files.file_kind.open_file` detects the kind of a file, then :func:`tensor` or (for YAML and JSON, which
may also describe a problem) :func:`node` reads it. :func:`read_tensor` does both for callers that need only an array.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcalc.channels import UNNAMED, Channels, SampleAxis
from convcalc.errors import ConvcalcError, FieldError, FieldPath, FormatError, Place
from convcalc.files.file_kind import LABORATORY, OpenedFile, open_file
from convcalc.files.selection import EVERYTHING, SELECTORS, Selection
from convcalc.files.text import size_of
from convcalc.limits import Limits

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.files.tables.columns import ReadTable, Table
    from convcalc.files.tables.options import TableOptions
    from convcalc.files.yaml_reader import Node

__all__ = ["OpenedFile", "Tensor", "node", "open_file", "read_tensor", "tensor", "tensor_at"]

IMAGE_AXES = TABLE_AXES = 2
_NAMED = {"npz", "safetensors", "hdf5", "keras", "workbook"}
NO_MEMBERS = "only .npz, .safetensors, HDF5, .keras and .xlsx files hold named arrays"


@dataclass(frozen=True, eq=False, slots=True)
class Tensor:
    """An array from a file."""

    array: Array
    """Read-only, with the axes of the file."""
    dims: int | None
    """Spatial axes, where the kind of file determines them (2 for an image, whose array is channels first)."""
    notes: tuple[str, ...]
    """Conversions made while reading."""
    source: str
    """The file's name for messages."""
    is_image: bool = False
    """Whether its numbers are the brightness or the colours of pixels."""
    channels: Channels = UNNAMED
    """Names of the channels, and where their samples stand; of a table known once it is read as one."""
    table: Table | None = None
    """Of a table, whose array is (rows, columns) as in the file, what is known of its columns."""

    def read_as(self, dims: int) -> Tensor:
        """A table with so many spatial axes: columns as channels, (channels, samples), or rows and columns as they are.

        Of anything else, itself.
        """
        if self.table is None or self.array.ndim != TABLE_AXES:
            return self
        from convcalc.files.tables.orientation import oriented

        array, channels = oriented(self.array, self.table, dims, self.source)
        return replace(self, array=array, channels=channels, dims=dims, table=None)


def read_tensor(
    path: str,
    limits: Limits,
    *,
    base: Path | None = None,
    keeps_nodata: bool = False,
    options: TableOptions | None = None,
    selection: Selection = EVERYTHING,
) -> Tensor:
    """The array of a file; ``path`` may be ``-`` or ``archive.npz:name``, and is relative to ``base`` if that is given.

    ``keeps_nodata``, ``selection``: as of :class:`OpenedFile`. ``options``: how a table is read.

    Raises:
        ConvcalcError: the file cannot be read, is no array, or is beyond a limit.
    """
    source = open_file(path, limits, base=base)
    return tensor(replace(source, keeps_nodata=keeps_nodata, selection=selection), limits, options)


def node(source: OpenedFile, limits: Limits) -> Node:
    """The document of a YAML or JSON source.

    Raises:
        FormatError: it is of another kind, or not well-formed.
        LimitError: it nests deeper or holds more values than the limits allow.
    """
    from convcalc.files.yaml_reader import parse

    if source.kind != "yaml":
        raise FormatError(source.mismatch or f"expected YAML or JSON, got {source.content}", place=Place(source.name))
    return parse(source.text, source.name, limits)


def tensor(source: OpenedFile, limits: Limits, options: TableOptions | None = None) -> Tensor:
    """The array of a source; of a result that convcalc saved, its output; ``options``: how a table is read.

    Raises:
        ConvcalcError: the source holds no array, is damaged or is beyond a limit.
    """
    if source.member is not None and source.kind not in _NAMED:
        raise FormatError(NO_MEMBERS, place=Place(source.name))
    chosen = set(source.selection.names) - ({"series"} if source.kind == "workbook" else set())
    if chosen and source.kind not in ("image", *LABORATORY):
        word = source.selection.names[0]
        raise FieldError(f"{source.content} has no {word} to choose", hint=f"leave {word} out", field=word)
    try:
        found = (
            _TABLES[source.kind](source, limits, options) if source.kind in _TABLES else _array(source, limits, options)
        )
    except (FormatError, FieldError) as error:
        if source.mismatch:
            error.message = f"{source.mismatch}: {error.message}"
        raise
    if not source.mismatch:
        return found
    return replace(found, notes=(source.mismatch, *found.notes))


def tensor_at(source: OpenedFile, document: Node, limits: Limits, path: FieldPath = ()) -> Tensor:
    """The array at a path of a YAML or JSON document that was read from the source.

    Raises:
        FieldError: there is no array of numbers; with its place.
        LimitError: it has more axes than the limits allow.
    """
    from convcalc.files.numbers import array, array_notes
    from convcalc.files.yaml_reader import place

    found: Any = document
    for step in path:
        found = found[step]
    try:
        values = array(found, limits)
    except ConvcalcError as error:
        error.field = (*path, *error.field)
        error.place = place(source.name, source.text, error.field)
        raise
    return Tensor(values, None, array_notes(values, found), source.name)


def _read_yaml(source: OpenedFile, limits: Limits) -> Tensor:
    document = node(source, limits)
    if not isinstance(document, dict):
        return tensor_at(source, document, limits)
    if is_result(document):
        return tensor_at(source, document, limits, (_result_key(document),))
    raise FormatError(
        "this file holds named fields, not an array", hint="a problem is run by itself", place=Place(source.name)
    )


def is_result(document: dict[str, Node]) -> bool:
    """Whether a mapping is printed output of convcalc with an array as its result: of ``run`` or of ``matrix``."""
    return _result_key(document) in document


def _result_key(document: dict[str, Node]) -> str:
    """The key of the array in a document printed by convcalc; "" in another."""
    schema = str(document.get("schema", ""))
    return "matrix" if schema.startswith("convcalc.matrix/") else "output" if schema.startswith("convcalc") else ""


def _array(source: OpenedFile, limits: Limits, options: TableOptions | None) -> Tensor:
    if options:
        from convcalc.files.tables.options import BY_CONTENT

        told = next((key for key, value in options._asdict().items() if value != getattr(BY_CONTENT, key)), None)
        if told:
            hint = f"leave {told} out"
            raise FieldError(
                f"{told} says how a table is read, {source.name} is {source.content}", hint=hint, field=told
            )
    return _READERS[source.kind](source, limits)


def _read_csv(source: OpenedFile, limits: Limits, options: TableOptions | None) -> Tensor:
    from convcalc.files.csv_reader import read_csv
    from convcalc.files.tables.options import BY_CONTENT

    options = options or BY_CONTENT
    found = None
    if not source.text:
        from convcalc.files.tables.large_table import read_large

        with source.stream() as stream:
            found = read_large(stream, size_of(stream), source.name, limits, options)
    return _of_table(found or read_csv(source.whole_text(limits), source.name, limits, options), source)


def _read_arrow(source: OpenedFile, limits: Limits, options: TableOptions | None) -> Tensor:
    from convcalc.files.tables.arrow import read_arrow
    from convcalc.files.tables.options import BY_CONTENT

    with source.stream() as stream:
        return _of_table(read_arrow(stream, source.name, limits, options or BY_CONTENT), source)


def _read_workbook(source: OpenedFile, limits: Limits, options: TableOptions | None) -> Tensor:
    from convcalc.files.tables.options import BY_CONTENT
    from convcalc.files.tables.workbook import read_workbook

    if source.member is not None and source.selection.series is not None:
        raise FieldError("series is a sheet's number, the file's name has a sheet too", hint="say one", field="series")
    sheet = source.member if source.member is not None else source.selection.series or 0
    with source.stream() as stream:
        return _of_table(read_workbook(stream, source.name, limits, options or BY_CONTENT, sheet), source)


def _of_table(found: ReadTable, source: OpenedFile) -> Tensor:
    from convcalc.files.numbers import array_notes

    # blank lines separate channels, whose axes are rows and columns
    dims = 1 if found.table.is_signal else IMAGE_AXES if found.array.ndim > TABLE_AXES else None
    notes = (*found.notes, *array_notes(found.array))
    return Tensor(found.array, dims, notes, source.name, table=found.table)


def _read_pasted(source: OpenedFile, limits: Limits) -> Tensor:
    from convcalc.files.numbers import array, array_notes
    from convcalc.files.pasted import pasted

    node = pasted(source.text, source.name, limits)
    try:
        values = array(node, limits)
    except ConvcalcError as error:
        error.place = error.place or Place(source.name)
        raise
    return Tensor(values, None, array_notes(values, node), source.name)


def _read_npy(source: OpenedFile, limits: Limits) -> Tensor:
    from convcalc.files.npy import read_npy
    from convcalc.files.numbers import array_notes

    with source.stream() as stream:
        array, notes = read_npy(stream, size_of(stream), source.name, limits)
    return Tensor(array, None, notes + array_notes(array), source.name)


def _read_npz(source: OpenedFile, limits: Limits) -> Tensor:
    from convcalc.files.npz import read_npz
    from convcalc.files.numbers import array_notes

    with source.stream() as stream:
        array, notes = read_npz(stream, source.member, source.name, limits)
    return Tensor(array, None, notes + array_notes(array), source.name)


def _read_safetensors(source: OpenedFile, limits: Limits) -> Tensor:
    from convcalc.files.numbers import array_notes
    from convcalc.files.safetensors import open_safetensors

    found = open_safetensors(source, limits)
    array, notes = found.read(found.only() if source.member is None else source.member)
    return Tensor(array, None, notes + array_notes(array), source.name)


def _read_onnx(source: OpenedFile, limits: Limits) -> Tensor:  # noqa: ARG001
    raise FormatError("an ONNX model holds a network, not an array", place=Place(source.name))


def _read_keras(source: OpenedFile, limits: Limits) -> Tensor:
    from convcalc.files.laboratory.hdf5_arrays import open_hdf5_arrays
    from convcalc.files.numbers import array_notes

    if source.member is None:
        raise FormatError(
            "a Keras model holds layers, not an array",
            hint="weights: {file: FILE} gives its weights to layers of their names, which convcalc summary FILE lists; "
            "the whole model by keras.saving.load_model('FILE').export('model.onnx', format='onnx')",
            place=Place(source.name),
        )
    array, notes = open_hdf5_arrays(source, limits).read(source.member)
    return Tensor(array, None, notes + array_notes(array), source.name)


def _read_image(source: OpenedFile, limits: Limits) -> Tensor:
    from convcalc.files.image import channel_names, read_image
    from convcalc.files.numbers import array_notes

    with source.stream() as stream:
        limits.check_memory(size_of(stream), f"{source.name}: the file")
        array, notes = read_image(
            stream.read(), source.name, limits, keeps_nodata=source.keeps_nodata, selection=source.selection
        )
    return Tensor(
        array,
        IMAGE_AXES,
        notes + array_notes(array),
        source.name,
        is_image=True,
        channels=Channels(channel_names(array, notes)),
    )


def _read_wav(source: OpenedFile, limits: Limits) -> Tensor:
    from convcalc.files.numbers import array_notes
    from convcalc.files.wav import read_wav

    with source.stream() as stream:
        sound = read_wav(stream, size_of(stream), source.name, limits)
    axis = SampleAxis("time", None, "s", float(sound.rate)) if sound.rate else None
    notes = sound.notes + array_notes(sound.samples)
    return Tensor(sound.samples, 1, notes, source.name, channels=Channels(axis=axis, depth=sound.depth))


def _read_laboratory(source: OpenedFile, limits: Limits) -> Tensor:
    from convcalc.files.laboratory.readers import read_stored
    from convcalc.files.numbers import array_notes

    try:
        array, dims, notes, is_image = read_stored(source, limits)
    except ConvcalcError as error:
        if not set(SELECTORS).intersection(error.field):
            error.place = error.place or Place(source.name)
        raise
    return Tensor(array, dims, notes + array_notes(array), source.name, is_image=is_image)


_TABLES: dict[str, Callable[[OpenedFile, Limits, TableOptions | None], Tensor]] = {
    "csv": _read_csv,
    "arrow": _read_arrow,
    "workbook": _read_workbook,
}
_READERS: dict[str, Callable[[OpenedFile, Limits], Tensor]] = {
    "yaml": _read_yaml,
    "pasted": _read_pasted,
    "npy": _read_npy,
    "npz": _read_npz,
    "safetensors": _read_safetensors,
    "onnx": _read_onnx,
    "keras": _read_keras,
    "image": _read_image,
    "wav": _read_wav,
    **dict.fromkeys(LABORATORY, _read_laboratory),
}
