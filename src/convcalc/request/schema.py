"""The JSON Schemas of the files that users write, problems and networks or kernels, from the readers' own tables.

An editor checks a file with them while it is written. They refuse what the readers refuse, as far as it follows from
one value: not what depends on other fields or files, such as incompatible shapes. They are stricter in one respect:
integers must be written as such, not as 4/2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from convcalc.channels import RATE
from convcalc.files.expression import LONGEST_EXPRESSION
from convcalc.files.selection import ALL, SELECTORS
from convcalc.files.tables.options import GAP_RULES
from convcalc.geometry.arguments import PaddingWord
from convcalc.geometry.boundary import INTERP, BoundaryMode
from convcalc.kernels.kernel import SYMMETRIES
from convcalc.kernels.parametric import BUILDERS
from convcalc.layers.kinds.magnitude import NORMS
from convcalc.layers.network import INPUT_NAME
from convcalc.layers.table import KINDS, NEEDED, Kind
from convcalc.request.expectation import OUTPUT_SHAPE, PARAMETERS
from convcalc.request.generators import OPTIONS, RULES
from convcalc.request.kernel_file import KEYS, NAMESAKE_KEYS
from convcalc.request.layer_list import SEPARABLE, SEPARABLE_KEYS
from convcalc.request.layer_reader import COMMON, OF_KERNELS
from convcalc.request.request import FIELDS, NETWORK_FIELDS
from convcalc.request.resolve import DTYPES

Schema = dict[str, Any]
DRAFT = "http://json-schema.org/draft-07/schema#"
"""The latest version that editors support completely (yaml-language-server, README, "Features")."""

_EXPRESSION = r"^([-+*/(). \t\n0-9]|[0-9.][eE]|sqrt|pi)*([0-9.)]|pi)[ \t\n]*$"
_NOT_FINITE = r"^[-+]?\.?([iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])$"
_SIZES = r"^[0-9]{1,19}(x[0-9]{1,19})+$"
_INDEX = r"^ *-?[0-9:][-0-9:, ]*$"
_FRAMES = r"^ *([0-9]{1,9}( *, *[0-9]{1,9}){0,7}|all) *$"


def _any(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _list(items: Schema, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


def _mapping(properties: Mapping[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _whole(least: int) -> Schema:
    return {"type": "integer", "minimum": least}


def _by_axis(least: int) -> Schema:
    """One whole number, or one for each axis, as a list or as ``5x3``."""
    return _any(_whole(least), _list(_whole(least)), {"type": "string", "pattern": _SIZES})


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


_TEXT: Schema = {"type": ["string", "number", "boolean", "null"]}
_WORD: Schema = {"type": "string", "minLength": 1}
_PLAIN: Schema = {"type": ["number", "string", "array"]}
_TRUTH: Schema = {"enum": [True, False, "yes", "no", "on", "off"]}
_FINITE = _any({"type": "number"}, {"type": "string", "pattern": _EXPRESSION, "maxLength": LONGEST_EXPRESSION})
_NUMBER, _ARRAY, _SOURCE, _KERNEL = map(_ref, ("number", "array", "source", "kernel"))
_VALUES = _any(_ARRAY, _SOURCE)
_PADDING = _any(
    _whole(0),
    {"enum": [*map(str, PaddingWord)]},
    _list(_any(_whole(0), _list(_whole(0), 2) | {"maxItems": 2})),
    {"type": "string", "pattern": _SIZES},
)
_BOUNDARY = _any(
    {"enum": ["zeros", *(str(mode) for mode in BoundaryMode if mode is not BoundaryMode.CONSTANT)]},
    _NUMBER,
    _mapping({"constant": _NUMBER}, ["constant"]),
)
_POSITIONS: Schema = {"patternProperties": {_INDEX: _NUMBER}}
_LAYER_NAME: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S", "not": {"const": INPUT_NAME}}
_LAYOUT: Schema = {"type": "string", "pattern": "^[OIDHWLoidhwl]{2,5}$"}
_WEIGHTS = _any(_mapping({"file": _WORD, "layout": _LAYOUT}, ["file"]), _mapping({"random": _whole(0)}, ["random"]))
_RULES: dict[str, Schema] = {
    **{rule: _by_axis(1) for rule in RULES},
    "set": {"type": "object", "patternProperties": {_INDEX: _NUMBER}, "additionalProperties": False},
    "seed": _whole(0),
    "low": {"type": "integer"},
    "high": {"type": "integer"},
}

_COLUMNS = _any(_WORD, _list(_any(_WORD, _whole(1))))
_TABLE: dict[str, Schema] = {
    "columns": _COLUMNS,
    "skip": _COLUMNS,
    "header": _TRUTH,
    "transpose": _TRUTH,
    "decimal": {"enum": [".", ","]},
    "gaps": {"enum": list(GAP_RULES)},
}
"""How a table is read, where its content does not tell."""
_OF_SELECTOR = {
    "frame": _any(_whole(0), _list(_whole(0)), {"type": "string", "pattern": _FRAMES}),
    "band": _any(_whole(0), {"const": ALL}),
}
_SELECTORS: dict[str, Schema] = {
    name: {"description": text} | _OF_SELECTOR.get(name, _whole(0)) for name, text in SELECTORS.items()
}

_OF_FIELD: dict[str, Schema] = {
    "title": _TEXT,
    "input": _VALUES,
    "dims": _whole(1),
    "rate": _any({"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": RATE}),
    "kernel": _any(_KERNEL, _list(_KERNEL)),
    "bias": _any(_NUMBER, _list(_NUMBER)),
    "stride": _by_axis(1),
    "padding": _PADDING,
    "boundary": _any(_BOUNDARY, {"const": INTERP}),
    "dilation": _by_axis(1),
    "groups": _whole(1),
    "depthwise": _TRUTH,
    "magnitude": _any(_TRUTH, {"enum": list(NORMS)}),
    "luminance": _TRUTH,
    "linear_light": _TRUTH,
    "like": {"type": "string", "minLength": 1},
    "flip": _TRUTH,
    "dtype": {"enum": list(DTYPES)},
    "expect": _any(_ARRAY, _SOURCE, _mapping({}, minProperties=1, **_POSITIONS)),
}
_OF_NETWORK_FIELD: dict[str, Schema] = _OF_FIELD | {
    "input": _any(_ARRAY, _SOURCE, _mapping({"shape": _by_axis(1)}, ["shape"])),
    "dims": _whole(0),
    "resize": _by_axis(1),
    "normalise": {"type": "string", "minLength": 3},
    "layers": _list(_ref("layer")),
    "weights": _WEIGHTS,
    "expect": _any(
        _ARRAY,
        _mapping({"file": _WORD, **_RULES, PARAMETERS: _whole(0), OUTPUT_SHAPE: _by_axis(1)}, **_POSITIONS),
    ),
}
_OF_ARGUMENT: dict[str, Schema] = {
    **{name: _OF_FIELD[name] for name in ("stride", "padding", "boundary", "dilation", "groups")},
    **dict.fromkeys(("out_channels", "out_features", "channel_multiplier", "divisor_override"), _whole(1)),
    **dict.fromkeys(("kernel_size", "output_size", "scale_factor"), _by_axis(1)),
    "output_padding": _by_axis(0),
    **dict.fromkeys(("negative_slope", "min", "max", "alpha", "beta"), _FINITE),
    **dict.fromkeys(("num_groups", "num_parameters", "dims", "upscale_factor", "downscale_factor"), _whole(1)),
    "axis": _whole(0),
    **{key: {"type": "integer"} for key in ("start", "stop", "step")},
    "shape": _any({"type": "integer"}, _list({"type": "integer"})),
    "axes": _list(_whole(0)),
    "approximate": {"enum": ["none", "tanh"]},
    "mode": {"enum": ["CRD", "DCR", "linear", "nearest"]},
    "size": _by_axis(1),
    "norm": {"enum": list(NORMS)},
    "eps": _FINITE | {"minimum": 0},
}
_OF_KERNEL_KEY: dict[str, Schema] = {
    **dict.fromkeys(("name", "title", "family", "shows", "source"), _TEXT),
    "aliases": {"type": "array", "items": _TEXT},
    "weights": _ARRAY,
    "scale": _FINITE,
    "sum": _FINITE,
    "symmetry": {"type": "array", "items": {"enum": [sign + name for name in SYMMETRIES for sign in ("", "-")]}},
    "separable": _TRUTH,
    "namesakes": {"type": "object", "additionalProperties": _ref("namesake")},
    "builder": {"enum": list(BUILDERS)},
    "arguments": {"type": "object"},
}


def problem_schema() -> Schema:
    """The schema of a file with an input and a kernel, or with layers."""
    problem = {name: {"description": text} | _OF_FIELD[name] for name, text in FIELDS.items()}
    network = {name: {"description": text} | _OF_NETWORK_FIELD[name] for name, text in NETWORK_FIELDS.items()}
    definitions = _numbers() | {
        "problem": _mapping(problem, ["input"]),
        "network": _mapping(network, ["layers"]),
        "layer": _layer(),
    }
    return {
        "$schema": DRAFT,
        "title": "A problem or a network of convcalc",
        "type": "object",
        "if": {"required": ["layers"]},
        "then": _ref("network"),
        "else": _ref("problem"),
        "definitions": definitions,
    }


def kernel_schema() -> Schema:
    """The schema of a file with one kernel."""
    said = {"$schema": DRAFT, "title": "A kernel of convcalc", "allOf": [_ref("kernel_file")]}
    return said | {"definitions": _numbers()}


SCHEMAS = {"problem": problem_schema, "kernel": kernel_schema}
"""The function of each schema, by the content of the file."""


def _numbers() -> dict[str, Schema]:
    """The definitions of numbers, arrays and kernels."""
    keys = {name: _OF_KERNEL_KEY[name] for name in KEYS}
    return {
        "number": _any(_FINITE, {"type": "string", "pattern": _NOT_FINITE}),
        "array": _any(_list(_NUMBER), _list(_ARRAY)),
        "source": _any(*_sources()),
        "kernel": _any(
            _WORD,
            _ARRAY,
            {"type": "object", "if": {"required": ["weights"]}, "then": _ref("kernel_file"), "else": _described()},
        ),
        "kernel_file": _mapping(keys, anyOf=[{"required": ["weights"]}, {"required": ["builder"]}]),
        "namesake": _mapping({name: _OF_KERNEL_KEY[name] for name in NAMESAKE_KEYS}),
    }


def _sources(**more: Schema) -> list[Schema]:
    """The sources of numbers: a file, or a rule; ``more``: further keys."""
    rules = {rule: (rule, *(OPTIONS if rule == "random" else OPTIONS[:1])) for rule in RULES}
    return [
        _mapping({"file": _WORD, "nodata": {"enum": ["keep"]}, **_TABLE, **_SELECTORS, **more}, ["file"]),
        *(_mapping({key: _RULES[key] for key in keys} | more, [rule]) for rule, keys in rules.items()),
    ]


def _described() -> Schema:
    """A kernel in braces that does not give its weights: by its name with arguments, from a file or by a rule."""
    return _any({"required": ["name"]}, *_sources(scale=_FINITE))


def _layer() -> Schema:
    """A layer: the name of its kind, or the kind with its arguments."""
    alone = [name for name, kind in KINDS.items() if _stands_alone(kind)]
    said = {name: _said(name, kind) for name, kind in KINDS.items()}
    said[SEPARABLE] = _any({"type": "null"}, _OF_ARGUMENT["out_channels"], _separable())
    return _any({"enum": [*alone, SEPARABLE]}, _mapping(said, minProperties=1, maxProperties=1))


def _stands_alone(kind: Kind) -> bool:
    """Whether it may have no arguments: required ones may follow from a file of weights."""
    return not kind.joins and (bool(kind.tensors) or NEEDED not in kind.defaults.values())


def _said(name: str, kind: Kind) -> Schema:
    """The value of a kind's key."""
    if kind.joins:
        own = {key: _argument(key, default) for key, default in kind.defaults.items()}
        return _any(_WORD, _list(_WORD), _mapping({**own, "name": _LAYER_NAME, "input": _list(_WORD, 2)}, ["input"]))
    keys = {key: _argument(key, default) for key, default in kind.defaults.items()}
    for tensor in kind.tensors:
        values = _OF_FIELD["kernel"] if tensor == "weight" and name in OF_KERNELS else _any(_NUMBER, _VALUES)
        if tensor == "weight":
            values = _any(values, _mapping({"file": _WORD, "layout": _LAYOUT}, ["file", "layout"]))
        keys[tensor] = _any(keys[tensor], values) if tensor in keys else values
    keys |= _common(has_weights=bool(kind.tensors))
    needed = [] if kind.tensors else [key for key, default in kind.defaults.items() if default is NEEDED]
    shorthand = [_argument(kind.main, NEEDED)] if kind.main else []
    nothing: list[Schema] = [{"type": "null"}] if _stands_alone(kind) else []
    return _any(*nothing, *shorthand, _mapping(keys, needed))


def _separable() -> Schema:
    """The value of the key of a depthwise and a pointwise layer in one."""
    defaults = {**KINDS["pointwise"].defaults, **KINDS["depthwise"].defaults}
    keys = {key: _argument(key, defaults[key]) for key in SEPARABLE_KEYS if key in defaults}
    return _mapping(keys | _common(has_weights=True))


def _common(*, has_weights: bool) -> dict[str, Schema]:
    """The keys of every kind."""
    weights = {"weights": _any(_WORD, _WEIGHTS)} if has_weights else {}
    return {**weights, **dict(zip(COMMON, (_LAYER_NAME, _WORD), strict=True))}


def _argument(name: str, default: Any) -> Schema:
    """The type of a layer's argument, and its default for an editor to show."""
    takes = _TRUTH if isinstance(default, bool) else _OF_ARGUMENT.get(name, _PLAIN)
    if name == "scale_factor" and default is None:  # of a resize, which repeats no cells
        takes = _any(_FINITE, _list(_FINITE))
    if default is NEEDED or default is None:
        return takes
    return takes | {"default": str(default) if isinstance(default, Fraction) else default}
