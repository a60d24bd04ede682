"""Documents as YAML."""

from __future__ import annotations

from typing import Any

import yaml

_WIDTH = 120


def yaml_text(document: dict[str, Any]) -> str:
    """The document as YAML text, the innermost lists in brackets."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the fast one where PyYAML was built with libyaml
    return str(yaml.dump(_plain(document), Dumper=dumper, sort_keys=False, default_flow_style=None, width=_WIDTH))


def _plain(value: Any) -> Any:
    """The value in JSON's types, since PyYAML accepts no subclasses of text and no other sequences."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
