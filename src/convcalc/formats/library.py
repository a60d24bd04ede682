"""The kernel library: folders of kernel files, found by name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from convcalc.errors import ConvcalcError, FieldError, Place, UnknownNameError
from convcalc.formats.kernel_file import read_kernel_file
from convcalc.formats.words import plain_value
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.parametric import PARAMETERS
from convcalc.limits import Limits

ENVIRONMENT_VARIABLE = "CONVCALC_KERNELS"
SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Library:
    """Kernel files in folders; a name in an earlier folder hides the same name in a later one."""

    folders: tuple[Path, ...]
    limits: Limits = field(default_factory=Limits)

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
        """The kernel of a name, with arguments after a colon if it is parametric: ``gaussian:5,1.2``.

        Raises:
            UnknownNameError: there is no kernel of that name; the hint has the nearest.
            FieldError: the arguments are not what the kernel takes.
        """
        name, colon, arguments = text.partition(":")
        found = replace(self._named(name.strip()), is_spatial=True)
        if not colon:
            return found
        if not found.builder:
            raise FieldError(f"kernel {name!r} takes no arguments", hint=f"write {name}", field="kernel")
        return self.with_arguments(found, _arguments(arguments), text)

    def with_arguments(self, kernel: Kernel, arguments: dict[str, object], name: str) -> Kernel:
        """A parametric kernel with arguments.

        Raises:
            UnknownNameError: it has no such parameter.
        """
        for key in arguments:
            if key not in PARAMETERS:
                raise UnknownNameError("parameter", key, PARAMETERS, field="kernel")
        try:
            return kernel.with_arguments(arguments, name)
        except ConvcalcError as error:
            error.field = ("kernel",)
            raise

    def names(self) -> list[str]:
        """The names of all kernels, sorted."""
        return sorted(self._paths())

    def kernels(self) -> Iterator[Kernel]:
        """All kernels, by name."""
        for _, path in sorted(self._paths().items()):
            yield self._read(path)

    def _named(self, name: str) -> Kernel:
        paths = self._paths()
        if name in paths:
            return self._read(paths[name])
        kernels = list(self.kernels())
        for kernel in kernels:
            if name in kernel.aliases:
                return kernel
        known = [*paths, *(alias for kernel in kernels for alias in kernel.aliases)]
        error = UnknownNameError("kernel", name, known, field="kernel")
        if error.hint.startswith("one of"):
            error.hint = "`convcalc kernels` lists the names"
        raise error

    def _read(self, path: Path) -> Kernel:
        kernel = read_kernel_file(path, self.limits)
        if kernel.name != path.stem:
            raise FieldError(
                f"the kernel is named {kernel.name!r} in a file for {path.stem!r}",
                hint="a library finds kernels by the names of their files",
                place=Place(str(path)),
            )
        return kernel

    def _paths(self) -> dict[str, Path]:
        paths: dict[str, Path] = {}
        for folder in self.folders:
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                paths.setdefault(path.stem, path)
        return paths


def shipped(name: str) -> Path:
    """A file or folder that convcalc ships: inside the package when installed, at the top of a source checkout."""
    package = Path(__file__).parents[1]
    installed = package / "data" / name
    return installed if installed.exists() else package.parents[1] / name


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL, is no folder either
        return False


def _user_folder() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or os.path.expanduser("~/.config")  # noqa: PTH111 - Path.home raises where there is no home
    return Path(base) / "convcalc" / "kernels"


def _arguments(text: str) -> dict[str, object]:
    """``5,1.2`` or ``size=5x3,sigma=1.2`` as arguments by name; those without a name in the order of the parameters."""
    arguments: dict[str, object] = {}
    for number, part in enumerate(filter(None, text.split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            key, value = PARAMETERS[min(number, len(PARAMETERS) - 1)], part
        if key.strip() in arguments:
            raise FieldError(f"{key.strip()} is given twice in {text!r}", field="kernel")
        arguments[key.strip()] = plain_value(value.strip())
    return arguments
