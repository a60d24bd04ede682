"""The kernel library: folders of kernel files, found by name.

A kernel reference in one text: ``name[:arguments][@library][+transformation[:argument]]...``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.context import Context, Kernels
from convcalc.errors import ConvcalcError, FieldError, Place, UnknownNameError
from convcalc.files.text import read_bytes
from convcalc.geometry.arguments import text as check_text
from convcalc.kernels.transformation import Transformation
from convcalc.limits import Limits
from convcalc.request.shipped import shipped
from convcalc.request.text_values import plain_value

if TYPE_CHECKING:
    from convcalc.kernels.kernel import Kernel


_PLUS = re.compile(r"(?<![0-9.][eE])\+")  # the plus of 1e+3 begins no transformation


class KernelReference(NamedTuple):
    """A parsed kernel reference; nothing is looked up."""

    name: str
    arguments: str | None = None
    """The text after the colon: ``5,1.2`` or ``size=5x3,sigma=1.2``; None without a colon."""
    library: str = ""
    """The library of the namesake."""
    steps: tuple[Transformation, ...] = ()

    @property
    def is_name(self) -> bool:
        """Whether it is a name and nothing else."""
        return self.arguments is None and not self.library and not self.steps


def parse_kernel_reference(text: str) -> KernelReference:
    """The parts of a call.

    >>> parse_kernel_reference("gaussian:5@matlab+flip").arguments, parse_kernel_reference("sobel-x+rotate:45").steps
    ('5', (Transformation(name='rotate', argument=45),))

    Raises:
        FieldError: the parts are in another order.
    """
    kernel, *steps = _PLUS.split(text.strip())
    before, at, library = kernel.partition("@")
    if ":" in library:
        raise FieldError(f"the arguments in {text!r} stand before the @", hint="gaussian:5,1.2@matlab")
    if at and not library:
        raise FieldError(f"{text!r} lacks a library after the @", hint="sobel-x@opencv")
    name, colon, arguments = before.partition(":")
    return KernelReference(name.strip(), arguments if colon else None, library.strip(), tuple(map(_step, steps)))


def arguments_by_name(text: str, parameters: Sequence[str]) -> dict[str, Any]:
    """Arguments as they are written, by name; those without a name are taken in the order of the parameters.

    >>> arguments_by_name("5x3,sigma=1.2", ("size", "sigma"))
    {'size': [5, 3], 'sigma': 1.2}

    Raises:
        FieldError: there are more than parameters, one is given twice, or one without a name follows one with.
    """
    parts = [part for part in text.split(",") if part.strip()]
    unnamed = sum("=" not in part for part in parts)
    if unnamed > len(parameters):
        takes = "1 argument" if len(parameters) == 1 else f"{len(parameters)} arguments"
        order = f"in this order: {', '.join(parameters)}"
        raise FieldError(f"at most {takes} without a name, got {unnamed} in {text!r}", hint=order)
    arguments: dict[str, Any] = {}
    for number, part in enumerate(parts):
        key, equals, value = part.partition("=")
        if not equals and any("=" in before for before in parts[:number]):
            shown = repr(part.strip())
            raise FieldError(f"{shown} has no name and follows one that has", hint="first those without a name")
        name, value = (key.strip(), value) if equals else (parameters[number], part)
        if name in arguments:
            raise FieldError(f"{name} is given twice in {text!r}")
        arguments[name] = plain_value(value.strip())
    return arguments


def _step(text: str) -> Transformation:
    name, colon, argument = text.partition(":")
    if not name.strip():
        raise FieldError("a + without a transformation after it", hint="sobel-x+rotate:45")
    if colon and not argument.strip():
        raise FieldError(f"the transformation {name.strip()} has a colon and no argument")
    return Transformation(name.strip(), plain_value(argument.strip()) if colon else None)


ENVIRONMENT_VARIABLE = "CONVCALC_KERNELS"
SUFFIX = ".yaml"
_MOST_NAMED = 4  # kernels of a hint


@dataclass(frozen=True)
class Library:
    """Kernel files in folders, each listed once; a name in an earlier folder hides the same name in a later one."""

    folders: tuple[Path, ...]
    limits: Limits = field(default_factory=Limits)
    _read_files: dict[Path, Kernel] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def standard(cls, own: Sequence[Path] = (), limits: Limits | None = None) -> Library:
        """The folders given, those of ``CONVCALC_KERNELS``, the user's own and the ones that convcalc ships.

        Raises:
            FieldError: a given folder does not exist.
        """
        requested = [Path(folder) for folder in os.environ.get(ENVIRONMENT_VARIABLE, "").split(os.pathsep) if folder]
        for folders, source in ((own, "--kernels"), (requested, ENVIRONMENT_VARIABLE)):
            for folder in folders:
                if not _is_folder(folder):
                    raise FieldError(f"no such folder: {folder}", place=Place(source, is_flag=True))
        return cls((*own, *requested, _user_folder(), shipped("kernels")), limits or Limits.from_environment())

    def find(self, text: str) -> Kernel:
        """The kernel of a reference: ``gaussian:5,1.2``, ``sobel-x@opencv``, ``sobel-x+rotate:45``.

        A kernel whose file has the whole text as its name comes first; else it is read as a
        kernel reference, see :mod:`convcalc.request.kernel_library`.

        Raises:
            UnknownNameError: there is no kernel, namesake, parameter or transformation of a name.
            FieldError: an argument is not what it must be.
        """
        with of_kernel():
            check_text("kernel", text)
            call = KernelReference(text.strip()) if text.strip() in self._paths else parse_kernel_reference(text)
            found = replace(self._named(call.name), is_spatial=True)
            if call.library:
                found = found.namesake(call.library)
            if call.arguments is not None:
                given = arguments_by_name(call.arguments, found.parameters) if found.builder else {}
                found = found.with_arguments(given, text)
            for step in call.steps:
                found = found.transformed(step)
        return found if call.is_name else replace(found, name=text)

    def names(self) -> list[str]:
        """The names of all kernels, sorted."""
        return sorted(self._paths)

    def kernels(self) -> Iterator[Kernel]:
        """All kernels, by name."""
        for _, path in sorted(self._paths.items()):
            yield self._read(path)

    def _named(self, name: str) -> Kernel:
        paths = self._paths
        if name in paths:
            return self._read(paths[name])
        alike = {_spelling(known): path for known, path in reversed(paths.items())}
        if _spelling(name) in alike:
            return self._read(alike[_spelling(name)])
        if len(name) > self.limits.name:  # no file has such a name, and to search for it would take long
            raise UnknownNameError("kernel", name, (), hint="`convcalc kernels` lists the names")
        aliases: list[str] = []
        words = re.escape(_spelling(name).encode("utf-8", "surrogatepass")).replace(rb"\-", rb"[-_]")
        mention = re.compile(rb"(?<![\w-])%s(?![\w-])" % words, re.IGNORECASE)
        known = self._read_files
        for path in sorted(paths.values(), key=lambda path: path not in known and not self._matches(path, mention)):
            kernel = self._read(path)
            if _spelling(name) in map(_spelling, kernel.aliases):
                return kernel
            aliases += kernel.aliases
        error = UnknownNameError("kernel", name, [*paths, *aliases])
        said = self._described(name)
        if said or error.hint.startswith("one of"):
            error.hint = said or "`convcalc kernels` lists the names"
        raise error

    def _described(self, words: str) -> str:
        """A hint for the name of a family, or for a word of the titles of one; empty where it is neither."""
        try:
            found = [kernel for kernel in self.kernels() if kernel.title]
        except ConvcalcError:  # of a file that has nothing to do with the name
            return ""
        family = next((kernel.family for kernel in found if kernel.family.casefold() == words.casefold()), "")
        if not family and re.fullmatch(r"\w+", words):
            titled = [kernel.family for kernel in found if words.casefold() in kernel.title.casefold()]
            family = max(titled, key=titled.count, default="")
        names = [kernel.name for kernel in found if kernel.family == family]
        return f"the family {family}: {_some(names)}; `convcalc kernels --family {family}` lists it" if family else ""

    def _read(self, path: Path) -> Kernel:
        if path in self._read_files:
            return self._read_files[path]
        from convcalc.request.kernel_file import read_kernel_file  # with NumPy, which the names do without

        kernel = read_kernel_file(path, self.limits)
        if kernel.name != path.stem:
            raise FieldError(
                f"the kernel is named {kernel.name!r} in a file for {path.stem!r}",
                hint="a library finds kernels by the names of their files",
                place=Place(str(path)),
            )
        self._read_files[path] = kernel
        return kernel

    def _matches(self, path: Path, pattern: re.Pattern[bytes]) -> bool:
        """Whether a pattern is in a file, in a fraction of the time of reading it as a kernel."""
        try:
            return bool(pattern.search(read_bytes(str(path), self.limits.file)))
        except ConvcalcError:
            return True  # reading it as a kernel reports the error

    @cached_property
    def _paths(self) -> dict[str, Path]:
        paths: dict[str, Path] = {}
        for folder in self.folders:
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                paths.setdefault(path.stem, path)
        return paths


def _spelling(name: str) -> str:
    """A name in small letters with hyphens, by which it is found however it is written."""
    return name.casefold().replace("_", "-")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + ", …" * (len(names) > _MOST_NAMED)


def library_of(context: Context) -> Kernels:
    """The given library, or the standard one; raises as :meth:`Library.standard` does."""
    return context.library or Library.standard(limits=context.limits)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL, is no folder either
        return False


def _user_folder() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or os.path.expanduser("~/.config")  # noqa: PTH111 - Path.home raises where there is no home
    return Path(base) / "convcalc" / "kernels"


@contextmanager
def of_kernel() -> Iterator[None]:
    """A context that adds the field ``kernel`` to errors, unless they are in a kernel's file."""
    try:
        yield
    except ConvcalcError as error:
        if error.place is None:
            error.field = ("kernel",)
        raise
