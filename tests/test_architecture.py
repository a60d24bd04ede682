"""Who may import whom, what `import convcalc` may load, and how long things may be."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

import convcalc
from conftest import ROOMS

ROOT = Path(convcalc.__file__).parent
COMPILED = ("engine.fused.blocks", "engine.fused.kept", "engine.fused.loops")
"""The modules that import Numba, which the extra `fast` brings."""
LONGEST_BODY, LONGEST_FILE = 40, 350

# Every room with the rooms below it that it may import, from the bottom up, and with its third-party packages.
# `request` and `report` do not know each other.
CORE = (
    "wording",
    "numerals",
    "display",
    "errors",
    "limits",
    "geometry",
    "arrays",
    "channels",
    "kernels",
    "problem",
    "build",
    "engine",
    "context",
    "conventions",
    "tracing",
    "layers",
    "gradients",
)
BELOW: dict[str, tuple[str, ...]] = {
    **{room: CORE[:level] for level, room in enumerate(CORE)},
    "picture": ("wording", "numerals", "errors", "arrays"),  # values, levels and colours: it knows no problem
    "files": ("wording", "numerals", "errors", "limits", "arrays", "channels"),  # it knows nothing of convolution
    "streaming": (*CORE, "files"),  # tile by tile from a file into a file
    "models": (*CORE, "files"),
    "causes": CORE,  # why a matrix from elsewhere differs: it knows no file and no request
    "quiz": (*CORE, "files"),  # questions about networks: it knows neither files' words nor pages
    "request": (*CORE, "picture", "files", "models"),
    "api": (*CORE, "request"),
    "dask": (*CORE, "files", "streaming", "request", "api"),  # it knows no command and no page
    "bench": (*CORE, "api"),
    "diagnosis": (*CORE, "__init__", "request", "api", "bench"),
    "programs": CORE,  # it writes what other libraries compute; it knows no file and no request
    "report": (*CORE, "causes", "dask", "diagnosis", "bench", "picture", "programs", "quiz", "streaming"),
    "render": (*CORE, "files", "report", "picture"),
    "page": (*CORE, "quiz", "request", "report", "render"),
    "explore": (*CORE, "picture", "files", "request", "report", "render"),
    "__init__": (*CORE, "request", "api"),
    "cli": (
        *CORE,
        "causes",
        "picture",
        "files",
        "streaming",
        "models",
        "quiz",
        "request",
        "diagnosis",
        "programs",
        "report",
        "render",
        "page",
        "explore",
        "api",
        "dask",
        "bench",
        "__init__",
    ),
    "__main__": ("cli",),
}
BELOW["engine"] += ("__init__",)  # the version, in the name of the folder of compiled code
THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "arrays": ("numpy",),
    "channels": ("numpy",),
    "kernels": ("numpy",),
    "problem": ("numpy",),
    "build": ("numpy",),
    "engine": ("numpy", "numba", "llvmlite"),  # the extra `fast`, in engine.fused alone
    "conventions": ("numpy",),
    "tracing": ("numpy",),
    "layers": ("numpy",),
    "gradients": ("numpy",),
    "picture": ("numpy",),
    "files": (
        "numpy",
        "yaml",
        "PIL",
        "pyarrow",
        "openpyxl",
        "h5py",
        "pydicom",
        "astropy",
        "OpenEXR",
        "imagecodecs",
        "zarr",
    ),
    "streaming": ("numpy",),
    "models": ("numpy", "onnx"),
    "causes": ("numpy",),
    "request": ("numpy",),
    "render": ("rich", "numpy", "PIL", "reportlab"),  # PIL draws a contact sheet as PNG, ReportLab writes PDF
    "page": ("numpy",),
    "explore": ("numpy", "rich", "textual"),
    "api": ("numpy",),
    "dask": ("numpy", "dask", "distributed"),
    "programs": ("numpy",),
    "bench": ("numpy", "torch", "scipy", "cv2"),
    "diagnosis": ("yaml",),
    "cli": ("typer", "rich"),
}


@dataclass(frozen=True)
class Import:
    """One import: where it stands, and the dotted module that it names."""

    module: str
    """The importing module, below the package: ``engine.plan``; the package itself is ``__init__``."""
    line: int
    target: str
    """The imported module, ``convcalc.engine.table`` or ``numpy.typing``."""

    @property
    def room(self) -> str:
        """The room that it stands in."""
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def modules(root: Path) -> dict[str, Path]:
    """Every module below a package's folder, by its dotted name there."""
    named = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return named


def imports(root: Path) -> Iterator[Import]:
    """Every import below a package's folder: in functions and under TYPE_CHECKING too, relative ones resolved."""
    known = modules(root)
    for module, path in known.items():
        package = module.split(".") if path.stem == "__init__" else module.split(".")[:-1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (Import(module, node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = ["convcalc", *package][: len(package) + 2 - node.level] if node.level else []
                source = ".".join([*above, *filter(None, [node.module])])
                for alias in node.names:
                    deeper = f"{source}.{alias.name}"
                    is_module = deeper.removeprefix("convcalc.") in known
                    yield Import(module, node.lineno, deeper if is_module else source)


def violations(root: Path) -> list[str]:
    """Every import that the rooms do not allow, and every circle inside a room."""
    return [*filter(None, map(_fault, imports(root))), *_circles(root)]


def _fault(found: Import) -> str | None:
    package, _, inside = found.target.partition(".")
    if found.room not in BELOW:
        return f"{found.module}: {found.room} is no room"
    if package != "convcalc":
        allowed = package in sys.stdlib_module_names or package in THIRD_PARTY.get(found.room, ())
    else:
        room = inside.partition(".")[0] or "__init__"
        allowed = room == found.room or room in BELOW[found.room]
    return None if allowed else str(found)


def _circles(root: Path) -> Iterator[str]:
    """Modules of one room that import each other round about."""
    edges: dict[str, set[str]] = {}
    for found in imports(root):
        package, _, target = found.target.partition(".")  # a room may have the name of a package, as Dask's has
        if package == "convcalc" and target.partition(".")[0] == found.room and target != found.module:
            edges.setdefault(found.module, set()).add(target)
    for start, nearest in edges.items():
        reached, ahead = set(), list(nearest)
        while ahead:
            module = ahead.pop()
            if module not in reached:
                reached.add(module)
                ahead += edges.get(module, ())
        if start in reached:
            yield f"{start} imports itself round about"


def python(program: str) -> str:
    """What a program prints in a fresh interpreter that has only the package's own folder on its path."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def loaded(program: str, *names: str) -> str:
    """Which of these packages a program has loaded at its end."""
    return python(f"{program}\nimport sys\nprint(*[name for name in {names!r} if name in sys.modules])")


# Imports -----------------------------------------------------------------------------------------------------------


def test_rooms_import_only_what_lies_below() -> None:
    """No module imports from a room above or beside its own, or a package that its room does without."""
    assert violations(ROOT) == []


def test_every_import_was_seen() -> None:
    """The check reads the whole package: an import known to be there is found."""
    found = {(each.module, each.target) for each in imports(ROOT)}
    assert ("engine.plan", "convcalc.engine.table") in found
    assert ("engine.algorithms.gemm", "convcalc.engine.tile") in found
    assert ("api", "convcalc.request.kernel_library") in found  # inside a function
    assert ("arrays", "numpy") in found


def test_every_room_has_fast_tests() -> None:
    """The fast tests go through all rooms, from the bottom up, and the modules that they name are there."""
    rooms = [room for room in BELOW if not room.startswith("__")]
    assert sorted(ROOMS) == sorted(rooms)
    assert [room for room in ROOMS if room in CORE] == list(CORE)
    here = Path(__file__).parent
    named = [(room, here / f"test_{name}.py") for room, names in ROOMS.items() for name in names]
    missing = [f"{room}: {path.name}" for room, path in named if not path.exists()]
    assert missing == []
    assert all(ROOMS.values())


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("geometry/planted.py", "import numpy", "geometry.planted:1 imports numpy"),
        ("geometry/planted.py", "from convcalc.engine import plan", "geometry.planted:1 imports convcalc.engine.plan"),
        ("geometry/planted.py", "from ..engine.plan import x", "geometry.planted:1 imports convcalc.engine.plan"),
        ("arrays.py", "from convcalc.problem import Problem", "arrays:1 imports convcalc.problem"),
        ("engine/planted.py", "def f():\n    import scipy.signal", "engine.planted:2 imports scipy.signal"),
        ("files/planted.py", "import convcalc.geometry.axis", "files.planted:1 imports convcalc.geometry.axis"),
        ("request/planted.py", "import convcalc.report.text", "request.planted:1 imports convcalc.report.text"),
        ("report/planted.py", "from convcalc import request", "report.planted:1 imports convcalc.request"),
        ("report/planted.py", "import numpy as np", "report.planted:1 imports numpy"),
        ("report/planted.py", "import rich", "report.planted:1 imports rich"),
        ("render/planted.py", "import typer", "render.planted:1 imports typer"),
        ("render/planted.py", "from ..cli import main", "render.planted:1 imports convcalc.cli"),
        ("errors.py", "from convcalc.limits import Limits", "errors:1 imports convcalc.limits"),
        ("errors.py", "from convcalc import __version__", "errors:1 imports convcalc"),
        ("api.py", "def f():\n    from convcalc.render import x", "api:2 imports convcalc.render"),
        ("api.py", "if TYPE_CHECKING:\n    import convcalc.cli", "api:2 imports convcalc.cli"),
        ("attic/planted.py", "import os", "attic.planted: attic is no room"),
        ("engine/a.py", "from convcalc.engine.b import x", None),
        ("engine/a.py", "from . import b", None),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, module: str, source: str, fault: str | None) -> None:
    """Each kind of violation, planted in an empty package, is named with its place."""
    for name, text in {
        module: source,
        "engine/plan.py": "",
        "request/__init__.py": "",
        "engine/b.py": "import convcalc.engine.c",
        "engine/c.py": "from convcalc.engine import a" if fault is None else "import os",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if fault is None:
        (tmp_path / "engine/__init__.py").touch()
        assert violations(tmp_path) == [f"engine.{name} imports itself round about" for name in "abc"]
    else:
        assert violations(tmp_path) == [fault]


# Loading -----------------------------------------------------------------------------------------------------------


def test_import_convcalc_loads_no_yaml_rich_or_typer() -> None:
    """`import convcalc` and computing with it need NumPy alone."""
    assert loaded("import convcalc", "yaml", "rich", "typer", "click", "PIL") == ""
    program = "import convcalc\nassert convcalc.conv([[1, 2]], [[[1, 1]]]).tolist() == [[3]]"
    assert loaded(program, "numpy", "yaml", "rich", "typer", "click", "PIL", "scipy", "torch") == "numpy"
    trace = "import convcalc\nassert convcalc.trace([[1, 2]], [[[1, 1]]], position=[0]).total == 3"
    assert loaded(trace, "yaml", "rich", "typer", "click", "PIL") == ""


MAPS = ("convcalc.picture", "convcalc.report.arrays.heat_maps", "convcalc.render.heat_map", "convcalc.render.paint")


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("--help", ""),
        ("params --cin 1 --cout 1 -k 3", ""),
        ("kernels", ""),
        ("kernels sobel-x", " ".join(MAPS)),
        ("solve 7 14", ""),
        ("plan", ""),
        ("trace --pos 1,1", ""),
        ("uses --pos 1,1 --adjoint", ""),
        ("matrix --format csv", ""),
        ("matrix", " ".join(MAPS)),
        ("run", ""),
        ("run --format plain", ""),
        ("run --show --quiet", ""),
        ("run --show --format json", ""),
        ("run --show", " ".join(MAPS)),
        ("gallery --format json --kernel box -q", "convcalc.picture convcalc.report.arrays.heat_maps"),
    ],
)
def test_what_draws_heat_maps_is_loaded_where_one_is_drawn(command: str, names: str) -> None:
    """A command that draws nothing does not pay for it."""
    start = (
        f"import sys\nsys.argv = ['convcalc', *{command.split()!r}]\nfrom convcalc.cli.app import run_app\nrun_app()"
    )
    assert set(MAPS) & set(loaded(start, *MAPS).split()) == set(names.split())


@pytest.mark.parametrize("command", ["--help", "params --cin 1 --cout 1 -k 3", "kernels box", "run", "run --show"])
def test_what_makes_sheets_is_loaded_by_galleries_alone(command: str) -> None:
    """No other command pays for contact sheets."""
    start = (
        f"import sys\nsys.argv = ['convcalc', *{command.split()!r}]\nfrom convcalc.cli.app import run_app\nrun_app()"
    )
    ours = (
        "convcalc.report.gallery.contact_sheet",
        "convcalc.report.gallery.gallery",
        "convcalc.render.tiles",
        "convcalc.picture.thumbnail",
        "convcalc.files.png",
        "PIL",
    )
    assert set(ours) & set(loaded(start, *ours).split()) == set()


@pytest.mark.parametrize("command", ["--help", "run", "kernels box", "trace --pos 1,1"])
def test_what_the_explorer_needs_is_loaded_by_it_alone(command: str) -> None:
    """No other command pays for Textual."""
    start = (
        f"import sys\nsys.argv = ['convcalc', *{command.split()!r}]\nfrom convcalc.cli.app import run_app\nrun_app()"
    )
    ours = ("textual", "convcalc.explore", "convcalc.request.edited", "convcalc.request.document")
    assert set(ours) & set(loaded(start, *ours).split()) == set()


@pytest.mark.parametrize("command", ["--help", "run", "kernels box", "trace --pos 1,1", "check --help"])
def test_what_asks_questions_is_loaded_by_it_alone(command: str) -> None:
    """No other command pays for questions and worksheets."""
    start = (
        f"import sys\nsys.argv = ['convcalc', *{command.split()!r}]\nfrom convcalc.cli.app import run_app\nrun_app()"
    )
    ours = ("convcalc.quiz", "convcalc.report.quiz", "convcalc.report.worksheet", "convcalc.files.answer_sheet")
    assert set(ours) & set(loaded(start, *ours).split()) == set()


def test_all_of_the_explorer_but_its_screen_does_without_textual() -> None:
    """Its sessions, grids and pictures are plain Python."""
    names = ("session", "planes", "board", "story", "picture_view", "tabs", "keys", "kernel_offers")
    assert loaded("\n".join(f"import convcalc.explore.{name}" for name in names), "textual", "asyncio") == ""


@pytest.mark.parametrize("module", sorted(path.stem for path in (ROOT / "geometry").glob("*.py")))
def test_geometry_loads_no_numpy(module: str) -> None:
    """Whole numbers need the standard library alone."""
    assert loaded(f"import convcalc.geometry.{module}", "numpy", "yaml", "rich", "typer") == ""


def test_shapes_and_counts_of_layers_load_no_numpy() -> None:
    """Every kind of layer is made, asked for its shape and counted without the packages that compute it."""
    program = """
from convcalc.layers.table import KINDS, NEEDED
needed = {"out_channels": 4, "kernel_size": 2, "out_features": 3, "scale_factor": 2, "output_size": 1}
needed |= {"num_groups": 2, "shape": -1, "axes": [2, 0, 1], "padding": 1, "groups": 2}
needed |= {"upscale_factor": 2, "downscale_factor": 2, "indices": 0}
for name, kind in KINDS.items():
    arguments = {each: needed[each] for each, default in kind.defaults.items() if default is NEEDED}
    arguments |= {"size": 3} if name == "resize" else {"shape": [4, 6, 6]} if "shape" in arguments else {}
    layer = kind.make(*[(4,) if name == "linear" else (4, 6, 6)] * (1 + (name == "matmul")), **arguments)
    assert layer.output_shape and layer.parameters >= 0 and layer.work.macs >= 0
    layer.index_maps
"""
    assert loaded(program, "numpy", "yaml", "rich", "typer") == ""


def test_importing_any_module_prints_nothing() -> None:
    """No module of the core does any work at import that can be seen."""
    core = [name for name in modules(ROOT) if name.partition(".")[0] in (*CORE, "api")]
    if find_spec("numba") is None:
        core = [name for name in core if name not in COMPILED]
    assert python("\n".join(f"import convcalc.{name}" for name in core)) == ""


# The public names --------------------------------------------------------------------------------------------------


def test_public_names_are_sorted_and_resolve() -> None:
    """``__all__`` has constants, classes and functions in this order, each sorted; every name is there."""
    kind = lambda name: 0 if name.isupper() else 1 if name[0].isupper() else 2  # noqa: E731
    assert convcalc.__all__ == sorted(set(convcalc.__all__), key=lambda name: (kind(name), name))
    for name in convcalc.__all__:
        assert getattr(convcalc, name).__doc__ or name.isupper(), name


def test_public_names_are_listed_before_they_are_loaded() -> None:
    """``dir`` tells them all, beside what the package has anyway; in a fresh process none of them is there yet."""
    assert {*convcalc.__all__, "__version__"} <= set(dir(convcalc))
    program = "import convcalc\nprint(set(convcalc.__all__) <= set(dir(convcalc)), 'conv' in vars(convcalc))"
    assert python(program).strip() == "True False"


def test_public_names_are_those_of_the_lazy_table() -> None:
    """``__all__``, the lazy table and what type checkers see are the same names from the same homes."""
    assert set(convcalc.__all__) == set(convcalc._HOMES)
    typed = {}
    for node in ast.walk(ast.parse(modules(ROOT)["__init__"].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("convcalc."):
            typed |= {alias.name: str(node.module).removeprefix("convcalc.") for alias in node.names}
    assert typed == convcalc._HOMES


def test_other_names_are_attribute_errors() -> None:
    """A name that is not public is missing in Python's own words."""
    with pytest.raises(AttributeError, match="module 'convcalc' has no attribute 'nothing'"):
        convcalc.nothing  # noqa: B018


# Sizes -------------------------------------------------------------------------------------------------------------


def long_functions(source: str) -> list[str]:
    """Functions whose body, its docstring not counted, is longer than allowed."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]
            if lines > LONGEST_BODY:
                found.append(f"{node.name}: {lines} lines")
    return found


@pytest.mark.parametrize("module", modules(ROOT))
def test_no_function_and_no_file_is_too_long(module: str) -> None:
    """A function body has at most 40 lines, a file at most 300."""
    source = modules(ROOT)[module].read_text(encoding="utf-8")
    assert long_functions(source) == []
    assert len(source.splitlines()) <= LONGEST_FILE


def test_a_planted_long_function_is_found() -> None:
    """Forty lines pass, forty-one do not; the docstring is not counted."""
    head = 'def f():\n    """One.\n\n    Two.\n    """\n'
    assert long_functions(head + "    a = 1\n" * 40) == []
    assert long_functions(head + "    a = 1\n" * 41) == ["f: 41 lines"]
