"""The loop compiled for some number types, and kept in a folder of ours by Numba's own cache."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

from convcalc.engine.fused.loops import planes, signature


def compiled_for(cells: str, sums: str, folder: Path | None) -> Any:
    """The loop for cells and sums of these types, from the folder or compiled; None: it is not kept."""
    if folder is not None:
        _Locator.folder = folder
        with suppress(OSError):
            planes._cache = _Kept(planes.py_func)  # what `cache=True` does, with another folder
    planes.compile(signature(np.dtype(cells), np.dtype(sums)))
    return planes


class _Locator(_CacheLocator):  # type: ignore[misc]
    """Where Numba keeps what it compiles; everything else is Numba's own."""

    folder = Path()

    @classmethod
    def from_function(cls, function: Any, path: str) -> _Locator:  # noqa: ARG003 - the signature of every locator
        """A locator of any function."""
        return cls()

    def get_cache_path(self) -> str:
        """The folder, which is there."""
        return str(self.folder)

    def get_source_stamp(self) -> str:
        """Of all our code here: Numba would know the loop by its own file alone, without the blocks that it calls."""
        return sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()

    def get_disambiguator(self) -> str:
        """Nothing: there is one function of that name."""
        return ""


class _Places(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes: ClassVar[list[type]] = [_Locator]


class _Kept(FunctionCache):  # type: ignore[misc]
    """Numba's cache in our folder; with a damaged file or a full disk the loop is compiled for this process alone."""

    _impl_class = _Places

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled function, or None; a damaged cache is begun anew."""
        try:
            return super().load_overload(signature, context)
        except Exception:  # whatever damage does to a pickle
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep a compiled function."""
        with suppress(OSError):
            super().save_overload(signature, data)
