"""What the tests share: one flag, a user whom permissions bind, and the command line in this very process."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings

# how long an example takes is up to the machine and to what else it does
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
# a shell lets its jobs in the background ignore Ctrl-C, and they their children, which would not be what a user starts
signal.signal(signal.SIGINT, signal.default_int_handler)


# plans, and so pages and last bits, must not depend on whether Numba is installed and what it has compiled
os.environ.setdefault("CONVCALC_FUSED", "off")

collect_ignore_glob = ["exported/*.py"]  # scripts that make models, with packages of their own
ROOMS: dict[str, tuple[str, ...]] = {
    "wording": ("doctests",),
    "numerals": ("doctests",),
    "display": ("display",),
    "errors": ("doctests",),
    "limits": ("doctests",),
    "geometry": ("geometry", "geometry_cells", "tile_axis"),
    "arrays": ("epilogue",),
    "channels": ("doctests",),
    "kernels": ("library",),
    "problem": ("worked_examples",),
    "build": ("worked_examples",),
    "engine": ("engines", "plan", "blas", "fused"),
    "context": ("plan",),
    "conventions": ("peer_cases",),
    "tracing": ("tracing", "questions"),
    "layers": ("layer_properties", "layer_settings", "layer_alone"),
    "gradients": ("gradients",),
    "picture": ("picture",),
    "files": ("numbers", "yaml_reader", "csv", "tables", "pasted", "decimal_digits", "npy_npz", "image", "safetensors"),
    "streaming": ("streaming",),
    "models": ("onnx_windows",),
    "causes": ("causes",),
    "quiz": ("quiz",),
    "request": ("network_reading", "spelling"),
    "api": ("worked_examples",),
    "dask": ("dask_traffic",),
    "diagnosis": ("doctor",),
    "bench": ("bench",),
    "programs": ("programs", "explanations"),
    "report": ("pages", "network_pages", "animate"),
    "render": ("markdown", "svg"),
    "page": ("page",),
    "explore": ("explore_session",),
    "cli": ("messages", "network_messages", "completion"),
}
"""The rooms from the bottom up, each with the modules of tests that are the nearest to it; ``fast`` runs these."""
SAMPLE = 10
"""How many rows of a table of cases are fast: they are taken from all over the table."""


def _modules() -> list[str]:
    """The modules of tests that are near to a room, from the bottom up."""
    return list(dict.fromkeys(f"test_{name}" for names in ROOMS.values() for name in names))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Modules that have no fast tests are not even loaded for ``-m fast``."""
    is_far = collection_path.suffix == ".py" and collection_path.stem not in _modules()
    return True if is_far and config.option.markexpr == "fast" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests run from the bottom room up, so that the first to fail is the nearest to the fault; some are fast."""
    modules = _modules()
    tables = Counter(_function(item) for item in items)
    seen: Counter[str] = Counter()
    for item in items:
        every = -(-tables[_function(item)] // SAMPLE)
        if item.path.stem in modules and not _is_slow(item) and seen[_function(item)] % every == 0:
            item.add_marker("fast")
        seen[_function(item)] += 1
    items.sort(key=lambda item: modules.index(item.path.stem) if item.path.stem in modules else len(modules))


def _is_slow(item: pytest.Item) -> bool:
    """Whether it draws problems by the hundred, measures a process of its own, or says so itself."""
    is_drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return is_drawn or "measured" in item.fixturenames or any(map(item.get_closest_marker, ("slow", "oracle")))


def _function(item: pytest.Item) -> str:
    """The test without the row of its table."""
    return item.nodeid.partition("[")[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that rewrites the shown pages."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden pages and the README's output")


@pytest.fixture
def bound_folder() -> Iterator[Path]:
    """A folder of a user whom permissions bind: the super-user steps down for the test."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions of POSIX")
    nobody = 65534
    with tempfile.TemporaryDirectory() as name:
        is_super = os.geteuid() == 0
        if is_super:
            os.chown(name, nobody, nobody)
            os.seteuid(nobody)
        try:
            yield Path(name)
        finally:
            Path(name).chmod(0o700)
            if is_super:
                os.seteuid(0)


class Done(NamedTuple):
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str


class CommandLine:
    """The command line in this process, in a folder of its own: a hundred times faster than a process each."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Make these files."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def files(self) -> dict[str, bytes]:
        """All files with their content."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in sorted(paths)}

    def run(self, *argv: str) -> Done:
        """Run ``convcalc`` with these arguments; an exception that it lets through fails the test."""
        from convcalc.cli.main import main

        self._monkeypatch.setattr(sys, "argv", ["convcalc", *argv])
        with _restored(), pytest.raises(SystemExit) as left:
            main()
        printed = self._capsys.readouterr()
        return Done(int(left.value.code or 0), printed.out, printed.err)


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    """Puts back what a process may change because it ends: its signal handler and its standard output."""
    handler, output = signal.getsignal(signal.SIGTERM), os.dup(1)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        os.dup2(output, 1)
        os.close(output)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line in an empty folder, with a page of 80 columns and none of the user's own settings."""
    for name in ("CONVCALC_LIMITS", "CONVCALC_KERNELS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path.parent / "no-settings"))
    monkeypatch.chdir(tmp_path)
    return CommandLine(tmp_path, monkeypatch, capsys)


class Cost(NamedTuple):
    """What a process took, and its exit code."""

    code: int
    seconds: float
    """Of the processor."""
    megabytes: float
    """The most that it held at a time."""


# A small process in between: a child of the tests' own, large one would begin with its size.
_LAUNCHER = """
import resource, subprocess, sys
with open(sys.argv[1], "wb") as out, open(sys.argv[2], "wb") as err:
    code = subprocess.call([sys.executable, "-W", "error", "-m", "convcalc", *sys.argv[3:]], stdout=out, stderr=err)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


@pytest.fixture
def measured(cli: CommandLine) -> Callable[..., Cost]:
    """Runs convcalc in a process of its own, its streams in the files ``out`` and ``err``, and measures it.

    What takes longer than ``soon`` seconds runs up to twice more and the least is given: other work on the machine
    makes a run dearer, never cheaper.
    """

    def once(argv: tuple[str, ...]) -> Cost:
        launcher = [sys.executable, "-c", _LAUNCHER, "out", "err"]
        command = ["bash", "-c", 'ulimit -t 30; exec "$@"', "bash", *launcher, *argv]
        done = subprocess.run(command, cwd=cli.folder, capture_output=True, check=True)
        code, seconds, megabytes = done.stdout.split()
        return Cost(int(code), float(seconds), float(megabytes))

    def run(*argv: str, soon: float = math.inf) -> Cost:
        costs = [once(argv)]
        while costs[-1].seconds > soon and len(costs) < 3:
            costs.append(once(argv))
        return min(costs, key=lambda cost: cost.seconds)

    return run
