"""The kernel library: folders of kernel files, found by name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.context import Context, Kernels
from convcalc.errors import ConvcalcError, FieldError, Place, UnknownNameError
from convcalc.files.text import read_bytes
from convcalc.geometry.arguments import text as check_text
from convcalc.limits import Limits
from convcalc.request.kernel_reference import KernelReference, arguments_by_name, parse_kernel_reference
from convcalc.request.shipped import shipped

if TYPE_CHECKING:
    from convcalc.kernels.kernel import Kernel

ENVIRONMENT_VARIABLE = "CONVCALC_KERNELS"
SUFFIX = ".yaml"


@dataclass(frozen=True)
class Library:
    """Kernel files in folders, each looked at once; a name in an earlier folder hides the same name in a later one."""

    folders: tuple[Path, ...]
    limits: Limits = field(default_factory=Limits)
    _read_files: dict[Path, Kernel] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def standard(cls, own: Sequence[Path] = (), limits: Limits | None = None) -> Library:
        """The folders given, those of ``CONVCALC_KERNELS``, the user's own and the ones that convcalc ships.

        Raises:
            FieldError: a folder that was asked for does not exist.
        """
        asked = [Path(folder) for folder in os.environ.get(ENVIRONMENT_VARIABLE, "").split(os.pathsep) if folder]
        for folders, source in ((own, "--kernels"), (asked, ENVIRONMENT_VARIABLE)):
            for folder in folders:
                if not _is_folder(folder):
                    raise FieldError(f"no such folder: {folder}", place=Place(source, is_flag=True))
        return cls((*own, *asked, _user_folder(), shipped("kernels")), limits or Limits.from_environment())

    def find(self, text: str) -> Kernel:
        """The kernel that a call asks for: ``gaussian:5,1.2``, ``sobel-x@opencv``, ``sobel-x+rotate:45``.

        A kernel whose file has the whole text as its name comes first; else it is read as a
        kernel reference, see :mod:`convcalc.request.kernel_reference`.

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
        if len(name) > self.limits.name:  # no file holds such a name, and to look for it would take long
            raise UnknownNameError("kernel", name, (), hint="`convcalc kernels` lists the names")
        aliases: list[str] = []
        mention = re.compile(rb"(?<![\w-])%s(?![\w-])" % re.escape(name.encode("utf-8", "surrogatepass")))
        known = self._read_files
        for path in sorted(paths.values(), key=lambda path: path not in known and not self._matches(path, mention)):
            kernel = self._read(path)
            if name in kernel.aliases:
                return kernel
            aliases += kernel.aliases
        error = UnknownNameError("kernel", name, [*paths, *aliases])
        if error.hint.startswith("one of"):
            error.hint = "`convcalc kernels` lists the names"
        raise error

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
        """Whether a pattern is in a file, in a fraction of the time that it takes to read it as a kernel."""
        try:
            return bool(pattern.search(read_bytes(str(path), self.limits.file)))
        except ConvcalcError:
            return True  # reading it as a kernel says what is wrong

    @cached_property
    def _paths(self) -> dict[str, Path]:
        paths: dict[str, Path] = {}
        for folder in self.folders:
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                paths.setdefault(path.stem, path)
        return paths


def library_of(context: Context) -> Kernels:
    """The library that is asked for, or the standard one; raises as :meth:`Library.standard` does."""
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
    """Says of an error that it is about the field ``kernel``, unless it stands in a kernel's file."""
    try:
        yield
    except ConvcalcError as error:
        if error.place is None:
            error.field = ("kernel",)
        raise
