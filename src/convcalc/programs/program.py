"""A program in the language of a library: its statements, the arrays beside it, and what the library cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import DataError
from convcalc.programs.literals import LINE, array_literal, docstring, string

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.programs.subject import Subject

_MOST = 1000  # numbers of an array that are still written into the program
_SHORT = 30  # characters of an array that is written with all its brackets


class Statement(NamedTuple):
    """One or more lines of source that belong together."""

    text: str
    stands_for: str = ""
    """What it is, in words of ours; a comment of the program."""

    @property
    def source(self) -> str:
        """Its lines with the comment: behind a line where it fits, otherwise before it."""
        if not self.stands_for:
            return self.text
        margin = self.text[: len(self.text) - len(self.text.lstrip())]
        beside = f"{self.text}  # {self.stands_for}"
        return beside if "\n" not in self.text and len(beside) <= LINE else f"{margin}# {self.stands_for}\n{self.text}"


class Program(NamedTuple):
    """A program that computes a network and asserts the output that must come out."""

    library: str
    statements: tuple[Statement, ...]
    arrays: Mapping[str, Array]
    """What is too large to be written into it, by the names of an .npz file."""
    notes: tuple[str, ...]
    """What the library does otherwise, a sentence each."""
    data_name: str
    """The .npz file that it reads, in its own folder."""

    @property
    def source(self) -> str:
        """All of its text."""
        return "".join(f"{each.source}\n" for each in self.statements)


class Draft:
    """A program while it is written: constants, functions, and what is computed with them."""

    def __init__(self, library: str, subject: Subject, data_name: str) -> None:
        self.library = library
        self.subject = subject
        self.data_name = data_name
        self.imports: list[str] = []
        self.settings: list[Statement] = []
        """What must come before the imports."""
        self.constants: list[Statement] = []
        self.functions: list[Statement] = []
        self.body: list[Statement] = []
        self.arrays: dict[str, Array] = {}
        self.notes: list[str] = []
        self.margin = ""

    def need(self, *imports: str) -> None:
        """Add imports that are not there yet."""
        self.imports += [each for each in imports if each not in self.imports]

    def note(self, text: str) -> None:
        """Add a note that is not there yet."""
        self.notes += [text] if text not in self.notes else []

    def add(self, text: str = "", stands_for: str = "") -> None:
        """Add a statement to what is computed."""
        self.body.append(Statement(f"{self.margin}{text}" if text else "", stands_for))

    def array(
        self,
        name: str,
        values: Array,
        form: str,
        dtype: str,
        stands_for: str = "",
        *,
        ending: str = "",
        late: bool = False,
    ) -> None:
        """Add ``name = form(values, dtype=…)``, or what reads it from the .npz file, with ``ending`` behind it.

        ``form``: the function that takes nested lists or an array, such as ``np.array``. ``late``: where it is needed,
        instead of among the constants.

        Raises:
            DataError: there are too many fractions to be written here.
        """
        if values.dtype.kind == "f" and dtype.endswith("float64"):
            values = values.astype(dtype.rpartition(".")[2])  # float32 is written in fewer digits than it has
        inner = (
            values
            if values.size <= _SHORT and len(str(values.tolist())) <= _SHORT
            else values.reshape(_without_leading_ones(values.shape))
        )
        if values.size > _MOST:
            self.need("from pathlib import Path", "import numpy as np")
            self.arrays[name] = _stored(values)
            held = f'data["{name}"]'
        else:
            held = array_literal(inner, is_exact=dtype == "object")
            self.need(*["from fractions import Fraction"] * ("Fraction(" in held))
            ending = (f".reshape{inner_tuple(values.shape)}" if inner.shape != values.shape else "") + ending
        text = f"{name} = {form}({held}, dtype={dtype}){ending}"
        if late:
            self.add(text.replace("\n", f"\n{self.margin}"), stands_for)
        else:
            self.constants.append(Statement(text, stands_for))

    def program(self, headline: str) -> Program:
        """The whole program."""
        plain = sorted((each for each in self.imports if not _is_foreign(each)), key=lambda each: each.split()[1])
        foreign = sorted((each for each in self.imports if _is_foreign(each)), key=lambda each: each.split()[1])
        parts = [[Statement(line) for line in plain], self.settings, [Statement(line) for line in foreign]]
        if self.arrays:
            place = f"Path(__file__).with_name({string(self.data_name)})"
            parts.append([Statement(f"data = dict(np.load({place}))", "the arrays too large to be written here")])
        parts += [self.constants, self.functions, self.body]
        statements = [Statement(docstring(headline))]
        for part in parts:
            statements += [Statement(""), *part] if part else []
        return Program(self.library, tuple(statements), self.arrays, tuple(self.notes), self.data_name)


def _is_foreign(line: str) -> bool:
    """Whether an import is not of the standard library."""
    return line.split()[1].partition(".")[0] not in ("fractions", "os", "pathlib")


def _stored(values: Array) -> Array:
    """An array as an .npz file holds it without pickles.

    Raises:
        DataError: it holds fractions, or whole numbers beyond 64 bits.
    """
    if values.dtype != object:
        return values
    import numpy as np

    if all(isinstance(each, int) and abs(each) < 1 << 63 for each in values.flat):
        return values.astype(np.int64)
    raise DataError(
        f"{values.size:,} fractions or whole numbers beyond 64 bits are too many for a program",
        hint=f"take an input of at most {_MOST:,} numbers, or --dtype float64",
    )


def data_name_of(path: str | None) -> str:
    """The .npz file beside a program, by the program's own file.

    >>> data_name_of("lesson/prog.py"), data_name_of(None)
    ('prog.npz', 'program.npz')
    """
    return PurePath(path).with_suffix(".npz").name if path else "program.npz"


def inner_tuple(numbers: Any) -> str:
    """Numbers as Python writes a tuple.

    >>> inner_tuple([1, 2]), inner_tuple([3])
    ('(1, 2)', '(3,)')
    """
    return str(tuple(int(each) for each in numbers))


def _without_leading_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape from its first axis with several cells on; at least one axis stays."""
    kept = shape
    while len(kept) > 1 and kept[0] == 1:
        kept = kept[1:]
    return kept
