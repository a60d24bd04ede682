"""Options in groups: a command takes a record of them, Typer sees the fields one by one."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, get_type_hints


def command(function: Callable[..., None]) -> Callable[..., None]:
    """The function with every parameter that is a named tuple replaced by the fields of that tuple."""
    groups = {name: kind for name, kind in get_type_hints(function, include_extras=True).items() if name != "return"}

    def flat(**options: Any) -> None:
        function(**{name: _taken(kind, options) if _is_group(kind) else options[name] for name, kind in groups.items()})

    parameters = [
        parameter
        for own in inspect.signature(function).parameters.values()
        for parameter in _parameters(own, groups[own.name])
    ]
    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it, mypy does not
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    flat.__doc__ = function.__doc__
    flat.__name__ = function.__name__
    return flat


def computing(function: Callable[..., None]) -> Callable[..., None]:
    """The command with arithmetic in which too large is inf and undefined is nan, of which our notes tell.

    NumPy would warn of it on standard error, with paths and lines of the source.
    """

    @wraps(function)
    def quiet(**given: Any) -> None:
        from convcalc.arrays import unwarned

        with unwarned():
            function(**given)

    return quiet


def _is_group(kind: Any) -> bool:
    return hasattr(kind, "_field_defaults")


def _parameters(own: inspect.Parameter, kind: Any) -> list[inspect.Parameter]:
    if not _is_group(kind):
        return [own.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY)]
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=kind._field_defaults.get(name, inspect.Parameter.empty),
            annotation=annotation,
        )
        for name, annotation in kind.__annotations__.items()
    ]


def _taken(kind: Any, options: dict[str, Any]) -> Any:
    return kind(**{name: options[name] for name in kind._fields})
