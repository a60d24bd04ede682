"""Documents as YAML."""

from __future__ import annotations

from typing import Any

import yaml

_WIDTH = 120


def yaml_text(document: dict[str, Any]) -> str:
    """The document as YAML text, the innermost lists in brackets."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the fast one where PyYAML was built with libyaml
    return str(yaml.dump(document, Dumper=dumper, sort_keys=False, default_flow_style=None, width=_WIDTH))
