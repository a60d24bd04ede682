"""A report that folds as an HTML document: its source and its cards, without script; all text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from convcalc.render.html import html_text
from convcalc.report.blocks import Block, Fold, Source
from convcalc.wording import safe_text

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; margin: 1rem auto; max-width: 62rem; padding: 0 1rem; }
pre { margin: .3rem 0; overflow-x: auto; } pre.source { background: #8882; padding: .4rem .7rem; }
details { margin: .2rem 0 .2rem 1.5rem; } details > :not(summary) { margin-left: 1rem; }
summary { cursor: pointer; font-family: monospace; }
"""


def folding_page(blocks: Iterable[Block], title: str) -> Iterator[str]:
    """The lines of a whole document, without line ends; a browser runs nothing of it and loads nothing for it."""
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>"
    for block in blocks:
        yield from _elements(block)
    yield "</main>\n</body>\n</html>"


def source_lines(source: Source) -> Iterator[str]:
    """The lines of a program as one element."""
    lines = "\n".join(_escaped(f"{number}{text}") for number, text in source.numbered())
    yield f'<pre class="source"><code>{lines}</code></pre>'


def _elements(block: Block) -> Iterator[str]:
    match block:
        case Source():
            yield from source_lines(block)
        case Fold():
            yield f"<details><summary>{_escaped(''.join(span.text for span in block.title))}</summary>"
            for each in block.blocks:
                yield from _elements(each)
            yield "</details>"
        case _:
            yield html_text([block])


def _escaped(text: str) -> str:
    return escape(safe_text(text))
