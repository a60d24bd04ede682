"""The diagnosis of an installation: packages, the machine, limits and kernels."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import fields
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import NamedTuple

from convcalc.errors import ConvcalcError
from convcalc.limits import ENVIRONMENT_VARIABLE, Limits, bytes_text, usable_cores
from convcalc.wording import counted


class Finding(NamedTuple):
    """One finding of the diagnosis."""

    name: str
    found: str
    remark: str = ""
    """The problem, if there is one, or how to install what is missing."""
    is_fault: bool = False
    """Whether convcalc does not work correctly with it."""


class Section(NamedTuple):
    """Findings of one kind."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Those with problems."""
        return tuple(each for each in self.findings if each.is_fault)


class Package(NamedTuple):
    """A package, and its supported versions."""

    name: str
    """Its name on the package index."""
    module: str
    """The name that it is imported by."""
    least: str
    below: str = ""

    @property
    def wanted(self) -> str:
        """The versions in words."""
        return f">={self.least}" + (f",<{self.below}" if self.below else "")


REQUIRED = (
    Package("numpy", "numpy", "2.0"),
    Package("typer", "typer", "0.20", "0.29"),
    Package("rich", "rich", "13.7"),
    Package("pyyaml", "yaml", "6.0"),
)
OPTIONAL = {
    "image": (Package("pillow", "PIL", "10.3"),),
    "onnx": (Package("onnx", "onnx", "1.16"),),
    "fast": (Package("numba", "numba", "0.60"),),
    "tui": (Package("textual", "textual", "3"),),
    "pdf": (Package("reportlab", "reportlab", "4.2"),),
    "zarr": (Package("zarr", "zarr", "3.0"),),
    "tables": (Package("pyarrow", "pyarrow", "16"), Package("openpyxl", "openpyxl", "3.1")),
    "tiff": (Package("imagecodecs", "imagecodecs", "2024.6.1"),),
    "hdf5": (Package("h5py", "h5py", "3.11"),),
    "dicom": (Package("pydicom", "pydicom", "3.0"),),
    "exr": (Package("OpenEXR", "OpenEXR", "3.3"),),
    "fits": (Package("astropy", "astropy", "6.1"),),
    "dask": (Package("dask", "dask", "2025.1"), Package("distributed", "distributed", "2025.1")),
    "bench": (
        Package("torch", "torch", "2.13.0"),
        Package("scipy", "scipy", "1.11"),
        Package("opencv-python-headless", "cv2", "4.8"),
    ),
}
"""The packages of each extra."""
_PEERS = "bench"
_NOT_IMPORTED = (_PEERS, "fast", "tiff", "hdf5", "dicom", "exr", "fits", "dask")
"""Extras whose packages take seconds to import together, so that only their versions are read."""


def packages() -> Section:
    """Python and the required packages."""
    from convcalc import __version__

    python = f"{platform.python_version()} ({platform.python_implementation()})"
    found = (Finding("convcalc", __version__), Finding("python", python), *map(_required, REQUIRED))
    return Section("packages", found)


def extras() -> Section:
    """The optional packages, each with how to install it."""
    found = (_optional(extra, package) for extra, packages in OPTIONAL.items() for package in packages)
    return Section("extras", tuple(found))


def machine() -> Section:
    """The processor, its cores and the library of matrix products."""
    from convcalc.bench.machine import this_machine

    here = this_machine(usable_cores())
    system = " ".join((platform.system(), platform.release(), here.architecture))
    cores = f"{here.threads} of {os.cpu_count() or here.threads} may be used"
    processor = Finding("processor", here.processor or "not told by the system")
    return Section("machine", (Finding("system", system), processor, Finding("cores", cores), _blas(here.blas)))


def limits() -> Section:
    """The limits, those that the environment changes marked."""
    remark, usual, requested = "", Limits(), Limits()
    try:
        requested = Limits.from_environment()
    except ConvcalcError as error:
        error.place = None  # the line says which variable it is
        remark = str(error)
    found = [Finding(ENVIRONMENT_VARIABLE, os.environ.get(ENVIRONMENT_VARIABLE, ""), remark, True)] if remark else []
    for name in (field.name for field in fields(Limits)):
        amount = requested.memory_bytes if name == "memory" else getattr(requested, name)
        is_changed = getattr(requested, name) != getattr(usual, name)
        text = bytes_text(amount) if name in ("file", "member", "memory") else f"{amount:,}"
        found.append(Finding(name, text, f"by {ENVIRONMENT_VARIABLE}" if is_changed else ""))
    return Section("limits", tuple(found))


def kernels() -> Section:
    """The kernels in each folder; every file is read."""
    from convcalc.request.kernel_library import Library

    try:
        library = Library.standard(limits=Limits())  # those of the environment are checked elsewhere
        count = sum(1 for _ in library.kernels())
    except ConvcalcError as error:
        return Section("kernels", (Finding("library", "cannot be read", str(error), True),))
    folders = ", ".join(str(folder) for folder in library.folders[:-1] if folder.is_dir())
    return Section("kernels", (Finding("library", f"{count} kernels", f"with those in {folders}" if folders else ""),))


def loops() -> Section:
    """The loops of the engine ``fused``, compiled now and kept, each with the time that it took."""
    from convcalc.engine.fused import readiness

    problem = readiness.trouble()
    if problem:
        return Section("compiled loops", (Finding("fused", "not compiled", problem, True),))
    found = [
        Finding(f"{each.kind.cells} in {each.kind.sums}", f"ready after {each.seconds:.1f} s")
        for each in readiness.warm()
    ]
    problem = readiness.trouble()
    if problem:
        return Section("compiled loops", (Finding("fused", "not compiled", problem, True),))
    kept = readiness.kept_in()
    where = Finding("kept in", str(kept)) if kept else Finding("kept", "nowhere", readiness.not_kept(), True)
    return Section("compiled loops", (*found, where))


def _required(package: Package) -> Finding:
    version = _version(package)
    try:
        module = import_module(package.module)
    except ImportError as error:
        return Finding(package.name, version or "not installed", f"cannot be imported: {error}", True)
    version = version or str(getattr(module, "__version__", "of an unknown version"))
    if not _is_taken(version, package):
        return Finding(package.name, version, f"convcalc takes {package.wanted}", True)
    return Finding(package.name, version, _library(package.module))


def _library(module: str) -> str:
    """PyYAML's parser: its own Python code takes ten times as long as libyaml."""
    if module != "yaml":
        return ""
    import yaml

    if not getattr(yaml, "__with_libyaml__", False):
        return "without libyaml: reading is slow"
    return f"with libyaml {import_module('yaml._yaml').get_version_string()}"


def _optional(extra: str, package: Package) -> Finding:
    install = f"pip install 'convcalc[{extra}]'"
    if find_spec(package.module) is None:
        return Finding(package.name, "not installed", install)
    version = _version(package) or "of an unknown version"
    if not _is_taken(version, package):
        return Finding(package.name, version, f"convcalc takes {package.wanted}: {install}", extra != _PEERS)
    try:
        if extra not in _NOT_IMPORTED:
            import_module(package.module)
    except ImportError as error:
        return Finding(package.name, version, f"cannot be imported: {error}", True)
    return Finding(package.name, version)


def _version(package: Package) -> str:
    """The installed version, or None; OpenCV has two package names."""
    for name in (package.name, package.name.removesuffix("-headless")):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""


def _is_taken(version: str, package: Package) -> bool:
    """Whether a version is supported; one without numbers is assumed to be."""
    numbers = _numbers(version)
    return not numbers or (
        numbers >= _numbers(package.least) and not (package.below and numbers >= _numbers(package.below))
    )


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers at the beginning of a version.

    >>> _numbers("2.13.0+cpu"), _numbers("0.29rc1")
    ((2, 13, 0), (0, 29))
    """
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def _blas(built: str) -> Finding:
    """The loaded BLAS library, or the one that NumPy was built with if its threads cannot be set."""
    from convcalc.engine.blas import blas

    found = blas()
    if found is None:
        return Finding("BLAS", built, "the threads of its products cannot be set")
    count = found.get()  # 0 of Accelerate, -1 of BLIS where nobody has set a number
    threads = counted(max(count, 1), "thread") if count else "any number of threads"
    return Finding("BLAS", f"{found.name}, {threads}")
