"""The page as a file: a whole document that nothing leaves and nothing enters, or a fragment for a page of others."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from convcalc.render.html import html_text
from convcalc.report.blocks import Block
from convcalc.wording import safe_text

PARTS = (
    *("numbers.js", "convolution.js", "network.js", "changes.js", "problem_file.js", "elements.js"),
    *("planes.js", "panels.js", "telling.js", "look.js", "questions.js", "calculator.js", "controls.js"),
)
"""The script's modules, each on those before it."""
_STYLE = """html { color-scheme: light dark }
body { margin: 0; background: #fbfaf7; color: #1d2430 }
pre { padding: 1rem; overflow-x: auto; line-height: 1.2 }
@media (prefers-color-scheme: dark) { body { background: #14171c; color: #e8eaee } }
@media print { body { background: #fff } }
@page { size: A4; margin: 15mm }
"""
_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n|^[ \t]*//[^\n]*\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def document(data: Mapping[str, Any], blocks: Sequence[Block], title: str) -> str:
    """The page as a document of its own; ``blocks``: what is read where no script runs.

    Its policy allows this very script and this very style, and nothing else: no request can be made.
    """
    allowed = f"script-src {_source(script())}; style-src {_source(_STYLE)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    heading = escape(safe_text(title or "Convolution"))
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en">\n<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading} – convcalc</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{_place(data, blocks, 'page')}</main>\n<script>{script()}</script>\n</body>\n</html>\n"
    )


def fragment(data: Mapping[str, Any], blocks: Sequence[Block]) -> str:
    """The page as elements for a page of others, where it has a shadow tree of its own: no style or name leaves it."""
    return f"{_place(data, blocks, 'fragment')}<script>{script()}</script>\n"


def policy_of_fragments() -> str:
    """What a page with fragments must allow in its policy, if it has one: their script, alike in all of them."""
    return f"script-src {_source(script())}"


def _place(data: Mapping[str, Any], blocks: Sequence[Block], kind: str) -> str:
    """An element with the data, and what it says as text, which a script takes the place of.

    A page knows that its own script may run, so its text is not even laid out with one; the host of a fragment may
    not allow any.
    """
    text = _json(data)
    name = f"convcalc-{sha256(text.encode()).hexdigest()[:8]}"
    held = f'<script type="application/json" data-convcalc="{kind}" id="{name}">{text}</script>'
    beneath = f"<noscript>{html_text(blocks, is_styled=False)}</noscript>" if kind == "page" else html_text(blocks)
    return f'<div class="convcalc">\n{beneath}\n{held}\n</div>\n'


def _json(data: Mapping[str, Any]) -> str:
    """JSON that stays inside its element: no tag and no comment can begin in it."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _source(text: str) -> str:
    """What a policy calls a script or style by."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def script() -> str:
    """The whole script, without its comments; nothing of it can be seen from outside."""
    style = json.dumps(_INDENT.sub("", _asset("page.css")))
    parts = "".join(_INDENT.sub("", _COMMENT.sub("", _asset(name))) for name in PARTS)
    return f"(function () {{\n'use strict';\nconst STYLE = {style};\n{parts}startAll();\n}})();\n"


def _asset(name: str) -> str:
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")
