"""Files with their kind, detected from the content and not the name, each opened and read once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from convcalc.errors import FormatError, Place
from convcalc.files.pasted import BARE_NUMBERS, is_pasted
from convcalc.files.selection import EVERYTHING, Selection
from convcalc.files.text import (
    HEAD,
    STANDARD_INPUT,
    STANDARD_INPUT_NAME,
    UTF_16_MARKS,
    check_size,
    decode,
    may_be_text,
    open_binary,
    read_bytes,
    read_standard_input,
    size_of,
)
from convcalc.files.unread_kinds import KERAS, WORKBOOK, foreign_archive, foreign_file, foreign_folder, unpacked
from convcalc.limits import Limits

# One pattern, since each costs its compilation on every start.
_MAGIC = re.compile(
    rb"""(?P<npy>\x93NUMPY) | (?P<npz>PK(?:\x03\x04|\x05\x06))
      | (?P<image>\x89PNG|\xff\xd8\xff|GIF8[79]a|II[*+]\0|MM\0[*+]|RIFF....WEBP|P[1-7Ff]\s|BM.{4}\0{4})
      | (?P<arrow>PAR1|ARROW1)
      | (?P<wav>(?:RIFF|RIFX|RF64|BW64)....WAVE)
      | (?P<hdf5>(?:.{512}|.{1024}|.{2048})?\x89HDF\r\n\x1a\n|MATLAB\ 7\.3\ MAT-file) | (?P<exr>v/1\x01)
      | (?P<fits>SIMPLE\ \ =) | (?P<nrrd>NRRD000[1-5]) | (?P<metaimage>\s*(?:ObjectType|NDims)\s*=)
      | (?P<grid>(?i:ncols\s+\d+\s+nrows\s+\d)) | (?P<nifti>.{344}n[+i]1\0|.{4}n[+i]2\0\r\n\x1a\n)
      | (?P<dicom>.{128}DICM) | (?P<mrc>.{208}MAP[\ \0](?:D[DA]|\x11\x11|\0\0))
      | (?P<safetensors>.{4}\0{4}\{)              # the length of its header, and the header
      | (?P<onnx>\x08[\x01-\x7f][\x12\x1a\x22\x28\x32\x3a\x42\x72])  # its version, and any of its next fields""",
    re.DOTALL | re.VERBOSE,
)
KIND_OF_SUFFIX = {
    ".npy": "npy",
    ".npz": "npz",
    ".safetensors": "safetensors",
    ".onnx": "onnx",
    ".keras": "keras",
    ".wav": "wav",
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "workbook",
    **dict.fromkeys((".parquet", ".arrow", ".feather"), "arrow"),
    **dict.fromkeys((".yaml", ".yml", ".json"), "yaml"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"), "image"),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".pfm"), "image"),
    **dict.fromkeys((".fits", ".fit", ".fts"), "fits"),
    **dict.fromkeys((".mha", ".mhd"), "metaimage"),
    **dict.fromkeys((".nrrd", ".nhdr"), "nrrd"),
    **dict.fromkeys((".dcm", ".dicom"), "dicom"),
    **dict.fromkeys((".h5", ".hdf5", ".nc", ".nc4"), "hdf5"),
    **{".mat": "hdf5", ".nii": "nifti", ".mrc": "mrc", ".exr": "exr"},
}
_CALLED = {
    "npy": "a .npy file",
    "npz": "a .npz archive",
    "safetensors": "a .safetensors file",
    "onnx": "an ONNX model",
    "keras": "a Keras model",
    "image": "an image",
    "wav": "a WAV sound",
    "csv": "a table",
    "arrow": "a Parquet or Arrow table",
    "workbook": "an Excel workbook",
    "yaml": "YAML or JSON",
    "pasted": "pasted numbers",
    "fits": "a FITS file",
    "nifti": "a NIfTI image",
    "dicom": "a DICOM image",
    "nrrd": "an NRRD file",
    "metaimage": "a MetaImage",
    "mrc": "an MRC map",
    "exr": "an OpenEXR image",
    "hdf5": "an HDF5 file",
    "grid": "an ESRI grid",
}
LABORATORY = ("fits", "nifti", "dicom", "nrrd", "metaimage", "mrc", "exr", "hdf5", "grid")
"""Kinds of stored arrays, of which a part may be selected."""
_BINARY = {"npy", "npz", "safetensors", "onnx", "keras", "image", "wav", "arrow", "workbook", *LABORATORY}
INLINE_NAME = "the numbers given"
LARGE = 1 << 20
"""Bytes from which a table is read block by block."""
_UNMARKED = {"safetensors", "onnx", "dicom", "metaimage"}
"""Kinds without a magic number, or not always; a file of such a name that cannot be text is taken for one."""
_NO_TEXT = {*range(9), 0xFF}
_YAML_LINE = re.compile(
    r"""(?!"?sep=) (?: [\[{&*!%] | -(?:\s|$) | --- | \?\s | <<
      | [A-Za-z_][\w .-]*:            # key: value, and the mistake key:value
      | (?:"[^"]*"|'[^']*') \s* (?:$|:) | (?:"[^"]*|'[^']*)$ )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file whose kind is known: a text (yaml or JSON, csv, pasted), npy, onnx, image, or one of laboratories …"""

    name: str
    """The path, or "standard input", for messages."""
    kind: str
    member: str | None = None
    """The selected array of a .npz archive, a .safetensors or an HDF5 file."""
    text: str = field(default="", repr=False)
    """The content of a text file; empty of a large table, see :meth:`whole_text`."""
    data: bytes | None = field(default=None, repr=False)
    """The content of a binary file from standard input; other binary files are read when they are used."""
    keeps_nodata: bool = False
    """Whether an image's empty cells are read with their stored numbers."""
    selection: Selection = EVERYTHING
    """Which of several images in it is read."""

    @property
    def mismatch(self) -> str:
        """A note if the name suggests another kind of content, such as "named .png, but its content is text"."""
        suffix = Path(self.name).suffix.lower()
        promised = KIND_OF_SUFFIX.get(suffix, self.kind)
        if promised == self.kind:
            return ""
        both_text = promised not in _BINARY and self.kind not in _BINARY
        content = self.content if both_text or self.kind in _BINARY else "text"
        return f"named {suffix}, but its content is {content}"

    @property
    def content(self) -> str:
        """The kind with its article, for a sentence."""
        return _CALLED[self.kind]

    def whole_text(self, limits: Limits) -> str:
        """The content of a text file, also of a large table.

        Raises:
            FormatError: it is no text.
        """
        if self.text:
            return self.text
        return decode(read_bytes(self.name, limits.file) if self.data is None else self.data, self.name)

    def stream(self) -> BinaryIO:
        """The open content of a binary file, or of a large table."""
        return open_binary(self.name) if self.data is None else BytesIO(self.data)


def open_file(path: str, limits: Limits, *, base: Path | None = None) -> OpenedFile:
    """The file with its kind; the content of text is read, that of other files when it is used.

    Raises:
        DataError: there is no such file, or it may not be read.
        FormatError: it is neither text nor of a known kind.
        LimitError: it is a text file beyond the limit.
    """
    if path == STANDARD_INPUT:
        data = read_standard_input(lambda head: limits.memory_bytes if _binary_kind(head) else limits.file)
        kind = _binary_kind(data[:HEAD], stream=BytesIO(data)) or _large_table(data[:HEAD], len(data))
        return (
            OpenedFile(STANDARD_INPUT_NAME, kind, data=data) if kind else _text_source(STANDARD_INPUT_NAME, data, None)
        )
    name, member = _split(str(base / path) if base else path)
    with _opened(name) as stream:
        head = stream.read(HEAD)
        kind = _binary_kind(head, name, stream)
        if not kind and (kind := _large_table(head, size_of(stream))):
            check_size(name, size_of(stream), limits.file)
    return OpenedFile(name, kind, member) if kind else _text_source(name, read_bytes(name, limits.file), member)


def open_inline(text: str) -> OpenedFile | None:
    """Numbers in place of a file's name: ``[1, 2, 3]``, a print of an array, or ``1,2,3``; None of any other text.

    Raises:
        FormatError: it holds control characters.
    """
    if is_file(text):
        return None
    is_bare = len(text) < HEAD and re.fullmatch(BARE_NUMBERS, text)
    if not (text.lstrip()[:1] == "[" or is_bare or is_pasted(text)):
        return None
    return _text_source(INLINE_NAME, text.encode("utf-8", "surrogateescape"), None)


def sniff(data: bytes) -> str:
    """The kind of a file with this content, as of :class:`OpenedFile`.

    Raises:
        FormatError: it is text of no known encoding, or of a known kind that is not read.
    """
    return _binary_kind(data[:HEAD], stream=BytesIO(data)) or _text_kind(decode(data, ""))


def _opened(name: str) -> BinaryIO:
    try:
        return open_binary(name)
    except FormatError:
        if found := foreign_folder(name):
            raise found.refusal(name) from None
        raise


def _binary_kind(head: bytes, source: str = STANDARD_INPUT_NAME, stream: BinaryIO | None = None) -> str:
    """The kind of a file that is no text, or None; that of an archive is detected from its ``stream``.

    Raises:
        FormatError: it is of a known kind that is not read.
    """
    found = _MAGIC.match(head) or _packed(head)
    kind = (found and found.lastgroup) or ""
    foreign = None if kind else foreign_file(head, source)
    if kind == "npz" and stream:
        foreign = foreign_archive(head, stream)
        if foreign and foreign.inside == WORKBOOK:
            return "workbook"
        if foreign and foreign.inside == KERAS:
            return "keras"
    if foreign:
        raise foreign.refusal(source)
    promised = "" if kind else KIND_OF_SUFFIX.get(Path(source).suffix.lower(), "")
    return promised if promised in _UNMARKED and not _NO_TEXT.isdisjoint(head) else kind


def _large_table(head: bytes, size: int) -> str:
    """The kind of a large table of text in UTF-8, which is read block by block; "" of anything else."""
    whole = head[: head.rfind(b"\n")]
    if size < LARGE or not whole.strip() or head.startswith(UTF_16_MARKS) or not may_be_text(head):
        return ""
    return "csv" if _text_kind(decode(whole, "")) == "csv" else ""


def _packed(head: bytes) -> re.Match[bytes] | None:
    """The kind of a file packed with gzip, if it is one that is read so."""
    found = _MAGIC.match(unpacked(head)) if head.startswith(b"\x1f\x8b") else None
    return found if found and found.lastgroup in LABORATORY else None


def _text_source(name: str, data: bytes, member: str | None) -> OpenedFile:
    try:
        text = decode(data, name)
    except FormatError as error:
        kind = KIND_OF_SUFFIX.get(Path(name).suffix.lower(), "yaml")
        if kind in _BINARY:
            error.message = f"not {_CALLED[kind]}, nor text: {error.message}"
        raise
    kind = _text_kind(text)
    if not kind:
        raise FormatError("file is empty", place=Place(name))
    return OpenedFile(name, kind, member, text)


def _text_kind(text: str) -> str:
    """YAML if its first line (no comment, not blank) looks like it; or a paste, or a table; "" of no line."""
    if is_pasted(text):
        return "pasted"
    for line in re.finditer(r"^[ \t]*+(?!#)\S.*$", text, re.MULTILINE):
        return "yaml" if _YAML_LINE.match(line[0].strip()) else "csv"
    return ""


def _split(path: str) -> tuple[str, str | None]:
    """The file and the member of ``archive.npz:name``, ``file.h5:group/name`` or ``book.xlsx:sheet``.

    A file that has that very name comes first.
    """
    if ":" not in path or is_file(path):
        return path, None
    # A name of another library may contain colons itself, such as conv/kernel:0.
    archive = re.match(r"(.+?\.(?:npz|safetensors|h5|hdf5|nc4?|mat|keras|xlsx)):(.+)", path, re.IGNORECASE | re.DOTALL)
    name, _, member = (archive[1], ":", archive[2]) if archive else path.rpartition(":")
    return (name, member) if name and member and (archive or is_file(name)) else (path, None)


def is_file(path: str) -> bool:
    """Whether the file exists; false for names that are too long or contain a NUL."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_path(text: str) -> bool:
    """Whether a text is written like a file's path: with a folder, or with a suffix that convcalc reads."""
    suffix = Path(text.partition(":")[0]).suffix.lower()
    return suffix in KIND_OF_SUFFIX or text.startswith(("./", "../", "/", "~"))
