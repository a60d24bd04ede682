"""The errors of convcalc, as a tree of classes.

::

    ConvcalcError
    ├── UsageError          the command line is bad                                exit 2
    ├── DataError           the data or a file is bad                              exit 1
    │   ├── FormatError     a file is not what its kind of file must be
    │   ├── FieldError      a field of a problem has a value that it cannot take
    │   ├── GeometryError   sizes that do not fit together
    │   ├── UnknownNameError  a name that is not known
    │   ├── ClusterError    no Dask cluster, or its workers are lost
    │   ├── MissingExtraError  an optional package is needed and not installed
    │   ├── EngineError     the requested engine cannot compute the problem
    │   └── OutputError     a result cannot be written
    ├── DisagreementError   a number and its verification differ                   exit 1
    └── LimitError          a limit was exceeded; nothing was allocated            exit 3

Code that finds an error states what was given and what is needed (``message``), how to fix it (``hint``), and the path
of the ``field`` where it knows one. The command line, which knows the file or flag of the field, adds the ``place``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

FieldPath = tuple[str | int, ...]
_MOST_NAMES = 100  # in a hint; a model may have thousands of tensors
_LONGEST_NAME = 200  # characters; to compare a longer one takes seconds and finds nothing near


class Place(NamedTuple):
    """Where a value was written: a file, with line and column counted from 1, or a command line flag."""

    source: str
    line: int | None = None
    column: int | None = None
    excerpt: str = ""
    is_flag: bool = False

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)


class ConvcalcError(Exception):
    """Base class of the errors that convcalc raises on purpose.

    ``message``: what was given and what is needed. ``hint``: how to fix it. ``place``: where the value was written.
    ``field``: the path of the field concerned, such as ``("stride", 1)``.
    """

    _exit_code = 1

    def __init__(
        self, message: str, *, hint: str = "", place: Place | None = None, field: FieldPath | str = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place
        self.field: FieldPath = (field,) if isinstance(field, str) else field
        self.at_key = False
        """Whether it is the key of the field that is wrong, not its value."""

    @property
    def exit_code(self) -> int:
        """The exit code of the process: 2 when the value came from a flag, otherwise that of the class."""
        return UsageError._exit_code if self.place and self.place.is_flag else self._exit_code

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        how = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{how}"


@contextmanager
def below(*path: str | int) -> Iterator[None]:
    """Puts a path in front of the field of an error from within: it was raised by who knows only the part below."""
    try:
        yield
    except ConvcalcError as error:
        error.field = (*path, *error.field)
        raise


class UsageError(ConvcalcError):
    """The command line is bad."""

    _exit_code = 2


class DataError(ConvcalcError):
    """The data or a file is bad."""


class FormatError(DataError):
    """A file is not what its kind of file must be."""


class FieldError(DataError):
    """A field of a problem has a value that it cannot take."""


class GeometryError(DataError):
    """Sizes that do not fit together."""


class UnknownNameError(DataError):
    """A name that is not known; the nearest known names become the hint."""

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        *,
        hint: str = "",
        field: FieldPath | str = (),
        at_key: bool = False,
    ) -> None:
        from difflib import get_close_matches

        names = sorted(set(known))
        near = get_close_matches(name.lower(), names, n=3, cutoff=0.6) if len(name) <= _LONGEST_NAME else []
        super().__init__(f"unknown {kind} {name!r}", hint=hint or _guess(near, names), field=field)
        self.at_key = at_key


def _guess(near: list[str], names: list[str]) -> str:
    if near:
        return f"did you mean {' or '.join(near)}?"
    more = ", …" if len(names) > _MOST_NAMES else ""
    return f"one of: {', '.join(names[:_MOST_NAMES])}{more}" if names else "there is none at all"


class MissingExtraError(DataError):
    """An optional package is needed and not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the optional extra {extra!r}", hint=f"install it: pip install 'convcalc[{extra}]'"
        )


class ClusterError(DataError):
    """There is no Dask cluster, its workers lack convcalc or have another one, or they were lost."""


class EngineError(DataError):
    """The requested engine cannot compute the problem."""


class OutputError(DataError):
    """A result cannot be written."""


class DisagreementError(ConvcalcError):
    """A number and its verification differ by more than rounding: a bug of convcalc itself."""

    def __init__(self, place: tuple[int, ...], maker: str, number: object, other: str, wanted: object) -> None:
        super().__init__(
            f"output[{', '.join(map(str, place))}] is {number} by {maker}, and {wanted} by {other}",
            hint="one of them is wrong, which is a fault of convcalc: please report it with its input",
        )


class LimitError(ConvcalcError):
    """A limit was exceeded, and nothing was allocated; the hint says how to raise the limit."""

    _exit_code = 3

    @property
    def exit_code(self) -> int:
        """Always 3, whichever place the value came from."""
        return self._exit_code
