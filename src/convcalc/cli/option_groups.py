"""Options in groups: a command takes a record of them, Typer sees the fields one by one."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints


def command(function: Callable[..., None], *, without: frozenset[str] = frozenset()) -> Callable[..., None]:
    """The function with every parameter that is a named tuple replaced by its fields, and those by theirs.

    Fields named in ``without`` keep their defaults: another option of the command has their flag.
    """
    groups = {name: kind for name, kind in get_type_hints(function, include_extras=True).items() if name != "return"}

    def flat(**options: Any) -> None:
        function(**{name: _taken(name, kind, options, without) for name, kind in groups.items()})

    own = inspect.signature(function).parameters
    every = [each for name, kind in groups.items() for each in _parameters(name, kind, own[name].default)]
    parameters = [each for each in every if each.name not in without]
    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it, mypy does not
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    flat.__doc__ = function.__doc__
    flat.__name__ = function.__name__
    return flat


def computing(function: Callable[..., None]) -> Callable[..., None]:
    """The command with arithmetic in which overflow is inf and undefined is nan, which our notes report.

    NumPy would warn about it on standard error, with paths and lines of the source.
    """

    @wraps(function)
    def quiet(**given: Any) -> None:
        from convcalc.arrays import unwarned

        with unwarned():
            function(**given)

    return quiet


def _is_group(kind: Any) -> bool:
    return hasattr(kind, "_field_defaults")


def _parameters(name: str, kind: Any, default: Any) -> list[inspect.Parameter]:
    if not _is_group(kind):
        return [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)]
    defaults = kind._field_defaults
    fields = (
        (field, each, defaults.get(field, inspect.Parameter.empty)) for field, each in kind.__annotations__.items()
    )
    return [parameter for each in fields for parameter in _parameters(*each)]


def _taken(name: str, kind: Any, options: dict[str, Any], without: frozenset[str]) -> Any:
    if not _is_group(kind):
        return options[name]
    fields = {field: each for field, each in kind.__annotations__.items() if field not in without}
    return kind(**{field: _taken(field, each, options, without) for field, each in fields.items()})


def flat_options(group: Any) -> dict[str, Any]:
    """The options of a group, and of the groups in it, by their names: as another command takes them."""
    found: dict[str, Any] = {}
    for name, value in group._asdict().items():
        found |= flat_options(value) if hasattr(value, "_asdict") else {name: value}
    return found
