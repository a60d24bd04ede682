"""What each key does, once: for the bindings, the line at the foot and the page of help."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """A key, or several that do the same."""

    keys: str
    """As Textual calls them, with commas between."""
    action: str
    shown: str
    """How it is written on the page of help."""
    words: str


KEYS = (
    Key("up", "move(-1,0)", "arrows", "move the cursor: an output cell shows its window, an input cell its uses"),
    Key("down", "move(1,0)", "", ""),
    Key("left", "move(0,-1)", "", ""),
    Key("right", "move(0,1)", "", ""),
    Key("shift+up", "move(-8,0)", "shift+arrows", "eight cells at a time"),
    Key("shift+down", "move(8,0)", "", ""),
    Key("shift+left", "move(0,-8)", "", ""),
    Key("shift+right", "move(0,8)", "", ""),
    Key("home", "move(0,-1000000000)", "home end", "the first, the last column"),
    Key("end", "move(0,1000000000)", "", ""),
    Key("tab", "pane(1)", "tab", "from input to kernel to output; a mouse picks too, and its wheel scrolls"),
    Key("shift+tab", "pane(-1)", "", ""),
    Key("enter", "edit", "enter", "another number here: 3, -0.5, 1/9; a digit begins one too"),
    Key("k", "kernel", "k", "choose a kernel"),
    Key("s", "step('stride',1)", "s S", "stride larger, smaller"),
    Key("S", "step('stride',-1)", "", ""),
    Key("p", "step('padding',1)", "p P", "padding larger, smaller"),
    Key("P", "step('padding',-1)", "", ""),
    Key("d", "step('dilation',1)", "d D", "dilation larger, smaller"),
    Key("D", "step('dilation',-1)", "", ""),
    Key("b", "step('boundary',1)", "b B", "the next boundary, the one before"),
    Key("B", "step('boundary',-1)", "", ""),
    Key("f", "step('flip',1)", "f", "turn the kernel, or not: convolution, cross-correlation"),
    Key("g", "step('groups',1)", "g G", "more groups of channels, fewer"),
    Key("G", "step('groups',-1)", "", ""),
    Key("a", "step('depthwise',1)", "a", "each channel apart, or all together"),
    Key("right_square_bracket", "channel(1)", "[ ]", "the channel before, the next one, of the grid with the cursor"),
    Key("left_square_bracket", "channel(-1)", "", ""),
    Key("comma", "slice(-1)", ", .", "of three axes: the slice before, the next one"),
    Key("full_stop", "slice(1)", "", ""),
    Key("greater_than_sign", "layer(1)", "< >", "the layer before, the next one"),
    Key("less_than_sign", "layer(-1)", "", ""),
    Key("n", "sample(1)", "n N", "the next sample, the one before"),
    Key("N", "sample(-1)", "", ""),
    Key("z", "zoom", "z", "numbers, pixels, the whole picture"),
    Key("x", "expand", "x", "the explanation alone, and back"),
    Key("pagedown", "story(1)", "page up down", "scroll the explanation"),
    Key("pageup", "story(-1)", "", ""),
    Key("u,ctrl+z", "undo", "u", "take back the last change"),
    Key("w,ctrl+s", "save", "w", "save as a problem file"),
    Key("y", "copy", "y", "copy the explanation"),
    Key("question_mark", "help", "?", "this page"),
    Key("q", "quit", "q", "leave"),
    Key("ctrl+c", "quit", "", ""),
)
FOOT = "? help  tab grids  enter edit  k kernel  s p d b f set  u undo  w save  q leave"


HELP_INDENT = 14
"""Columns of the page of help that the keys take."""


def help_lines() -> list[str]:
    """The page of help."""
    return [f"{key.shown:<{HELP_INDENT}}{key.words}" for key in KEYS if key.shown]
