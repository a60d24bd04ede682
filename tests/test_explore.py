"""The explorer on its screen: keys, mouse, small terminals, none at all; once in a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from conftest import CommandLine
from convcalc.cli.commands.explore import _has_terminal
from convcalc.explore.app import Explorer
from convcalc.explore.dialogs import KernelList, Page, Prompt
from convcalc.explore.grid import Zoom
from convcalc.explore.keys import FOOT, KEYS, help_lines
from convcalc.explore.look import Pane
from convcalc.explore.session import Session
from convcalc.render.paint import Depth
from test_explore_session import FILES, opened, plane_of, texts, whole

ROOT = Path(__file__).parents[1]
PHOTOGRAPH = f"title: A photograph\ninput: {{file: {ROOT / 'examples' / 'camera.png'}}}\nkernel: sobel-x\n"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

Steps = Callable[[Explorer, Pilot[None]], Awaitable[Any]]


def driven(session: Session, steps: Steps, size: tuple[int, int] = (80, 24), depth: Depth = Depth.TRUE) -> Any:
    """What some steps give on the screen of a session."""

    async def run() -> Any:
        app = Explorer(session, depth)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            return await steps(app, pilot)

    return asyncio.run(run())


def page(app: Explorer) -> str:
    """The text of the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def pressed(session: Session, *keys: str, size: tuple[int, int] = (80, 24)) -> tuple[str, Session]:
    """The screen and the session after some keys."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> tuple[str, Session]:
        await pilot.press(*keys)
        await pilot.pause()
        return page(app), app.session

    found: tuple[str, Session] = driven(session, steps, size)
    return found


@pytest.fixture
def gradient(tmp_path: Path) -> Session:
    """The default example."""
    return opened(tmp_path, (ROOT / "examples" / "gradient.yaml").read_text(encoding="utf-8"))


# Looking -----------------------------------------------------------------------------------------------------------


def test_the_page_of_the_example(gradient: Session) -> None:
    """Input, kernel, output and the whole story fit on 80×24."""
    shown, _ = pressed(gradient, "n")
    assert shown.splitlines()[:9] == [
        "A 5×5 gradient  5×5 → 3×3, stride 1, no padding",
        "input 5×5                     sobel-x 3×3      output 3×3",
        "     0    1    2    3    4        0   1   2         0    1    2",
        "0   10   20   30   40   50    0  -1   0   1    0  160  160  160",
        "1   20   40   60   80  100  ⋆ 1  -2   0   2  = 1  240 [240] 240",
        "2   30   60   90  120  150    2  -1   0   1    2  320  320  320",
        "3   40   80  120  160  200",
        "4   50  100  150  200  250",
        "",
    ]
    assert "channel 0   -40 + 80 - 120 + 240 - 80 + 160 = 240" in shown
    assert "equals the engine's output 240" in shown
    assert shown.endswith(FOOT)


def test_nothing_of_textual_lies_on_the_grids(gradient: Session) -> None:
    """A terminal has tooltips, tests have none unless they ask: an empty one would hide a corner."""

    async def run() -> str:
        app = Explorer(gradient, Depth.TRUE)
        async with app.run_test(size=(80, 24), tooltips=True) as pilot:
            await pilot.pause()
            return page(app)

    assert asyncio.run(run()).splitlines()[1].startswith("input 5×5  ")


@pytest.mark.parametrize("keys", [(), ("?",), ("k",), ("w",), ("tab", "enter")])
def test_ctrl_c_leaves_from_everywhere(gradient: Session, keys: tuple[str, ...]) -> None:
    """From a box above the screen too."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> bool:
        await pilot.press(*(key.replace("?", "question_mark") for key in keys), "ctrl+c")
        await pilot.pause()
        return app._exit

    assert driven(gradient, steps)


def test_a_long_message_is_read_to_its_end(gradient: Session) -> None:
    """It takes two lines, and one again when there is nothing to say."""
    shown, session = pressed(gradient, "d", "d")
    assert shown.splitlines()[-3:] == [
        "the kernel does not fit on axis 0: it reaches over 3 × (3 − 1) + 1 = 7 cells,",
        "the padded input has 5 (pad with at least 2 more, or take a smaller kernel)",
        FOOT,
    ]
    assert "the padded input" not in pressed(session, "d", "right")[0]


def test_a_number_that_does_not_fit_ends_with_dots(tmp_path: Path) -> None:
    """No digit is left out without a word, and a short number beside long ones is seen."""
    session = opened(tmp_path, f"input: [[{10**60}, 5], [7, 8]]\nkernel: [[3]]\n")
    shown, _ = pressed(session, "n")
    assert shown.splitlines()[3].count("…") == 2
    assert str(10**60) not in "".join(shown.splitlines()[1:6])
    assert shown.splitlines()[4].split() == ["1", "7", "1", "21"]
    narrow, _ = pressed(session, "n", size=(40, 24))
    assert "…" in narrow.splitlines()[3]


def test_arrows_pick_an_output_cell_and_its_window_lights_up(gradient: Session) -> None:
    """The window is in reverse video, so that it is seen without colours; the sum is that of the cell."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> tuple[str, list[str]]:
        await pilot.press("down", "right")
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        lit = [segment.text for strip in strips[3:8] for segment in strip if segment.style and segment.style.reverse]
        return page(app), " ".join(lit).replace("[", " ").replace("]", " ").split()

    shown, lit = driven(gradient, steps)
    assert "output[0, 2, 2] = 320" in shown
    assert "[320]" in shown
    assert lit == ["90", "120", "150", "320", "120", "160", "200", "150", "200", "250"]


def test_an_input_cell_lights_up_what_uses_it(gradient: Session) -> None:
    """Tab goes to the input, in the middle of the window; each output cell has its weight behind its number."""
    shown, session = pressed(gradient, "tab")
    assert session.look.input == (0, 2, 2)
    assert session.look.is_inverse
    assert "input[0, 2, 2] = 90" in shown
    assert "160×1   160×0  160×-1" in shown
    assert "reaches 9 of 9 output cells" in shown


def test_a_mouse_picks_and_its_wheel_scrolls(gradient: Session) -> None:
    """A click on a cell of each grid, one beside them all, and the wheel over a long output."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> list[Any]:
        looks = []
        for x, y in ((51, 5), (4, 3), (34, 3), (70, 6)):
            await pilot.click("Grids", offset=(x, y - 1))
            await pilot.pause()
            looks.append((app.session.look.pane, app.session.look.cell(app.session.look.pane)))
        return looks

    assert driven(gradient, steps) == [
        (Pane.OUTPUT, (0, 2, 0)),
        (Pane.INPUT, (0, 0, 0)),
        (Pane.KERNEL, (0, 0)),
        (Pane.KERNEL, (0, 0)),
    ]


def test_a_large_array_scrolls(tmp_path: Path) -> None:
    """With the cursor, with the wheel, to its very end."""
    session = opened(tmp_path, "input: {random: [60, 90], seed: 1, low: 0, high: 9}\nkernel: sobel-x\n")

    async def steps(app: Explorer, pilot: Pilot[None]) -> None:
        await pilot.press("end", *["shift+down"] * 8)
        await pilot.pause()
        shown = page(app)
        assert app.session.look.output == (0, 57, 87)
        assert "output[0, 57, 87]" in shown
        assert re.search(r"rows 4\d–59, columns 8\d–89", shown)
        assert "[" in shown
        board = app.query_one("Grids").board  # type: ignore[attr-defined]
        before = board.views[Pane.INPUT].first
        await pilot._post_mouse_events([events.MouseScrollUp], "Grids", offset=(3, 5))
        await pilot.pause()
        assert board.views[Pane.INPUT].first == (before[0] - 3, before[1])

    driven(session, steps)


@pytest.mark.parametrize("name", [*FILES])
@pytest.mark.parametrize("size", [(80, 24), (160, 50), (40, 12)])
def test_every_kind_of_problem_fits(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    """No line is wider than the terminal, whatever is looked at; what is picked is on the screen."""
    session = opened(tmp_path, FILES[name])
    shown, after = pressed(session, "down", "right", "tab", "right", "tab", "down", ">", "greater_than_sign", size=size)
    assert all(len(line) <= size[0] for line in shown.splitlines())
    assert len(shown.splitlines()) == size[1]
    assert after.look.number == (2 if name == "network" else 0)


def test_layers_and_channels_are_tabs(tmp_path: Path) -> None:
    """By key and by mouse; the chosen one stands in brackets."""
    session = opened(tmp_path, FILES["network"])
    shown, after = pressed(session, "greater_than_sign", "greater_than_sign", "right_square_bracket")
    assert shown.splitlines()[1].startswith(" layer  edges  relu1 [max-pool1] depthwise-separable1.depthwise")
    assert shown.splitlines()[2].startswith(" input channel [0] 1  2")
    assert "output channel  0 [1] 2" in shown
    assert after.look.output[0] == 1

    async def steps(app: Explorer, pilot: Pilot[None]) -> Any:
        await pilot.click("#layers", offset=(16, 0))
        await pilot.click("#channels", offset=(18, 0))
        await pilot.pause()
        return app.session.look.number, app.session.look.input[0]

    assert driven(session, steps) == (1, 1)


def test_a_layer_that_needs_much_is_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the screen stands still; then it is there."""
    monkeypatch.setattr("convcalc.explore.session._LONG", 0)
    session = opened(tmp_path, FILES["network"])

    async def steps(app: Explorer, pilot: Pilot[None]) -> int:
        said = []
        monkeypatch.setattr(app, "_say", lambda text, *_: said.append(text))
        await pilot.press("greater_than_sign")
        await pilot.pause()
        assert said[0] == "computing what relu1 needs …"
        return app.session.look.number

    assert driven(session, steps) == 1


def test_samples_and_slices_have_keys(tmp_path: Path) -> None:
    """Of a batch and of a volume."""
    _, session = pressed(opened(tmp_path, FILES["batch"]), "n")
    assert session.look.sample == 1
    assert texts(plane_of(session, Pane.INPUT))[(1, 1)] == "-5"
    _, session = pressed(opened(tmp_path, FILES["cube"]), "full_stop")
    assert session.look.output == (0, 3, 1, 3)


def test_every_action_has_an_answer_everywhere(tmp_path: Path) -> None:
    """All keys on a pool, on features and on an addition: nothing fails, whatever is there."""
    session = opened(tmp_path, FILES["network"])
    keys = [
        part for key in KEYS for part in key.keys.split(",")[:1] if part not in ("q", "ctrl+c", "w", "question_mark")
    ]

    async def steps(app: Explorer, pilot: Pilot[None]) -> None:
        for number in (2, 6, 8):
            app._try(lambda number=number: session.at_layer(number))  # type: ignore[misc]
            for key in keys:
                await pilot.press(key)
                if app.screen is not app.screen_stack[0]:
                    await pilot.press("escape")
            await pilot.pause()
        app._try(lambda: session.at_layer(2))
        await pilot.press("k")
        await pilot.pause()
        assert "max-pool1 has no kernel" in page(app)
        await pilot.press("5")
        await pilot.pause()
        assert "this cell is computed" in page(app)

    driven(session, steps)


def test_the_story_has_room_of_its_own(gradient: Session) -> None:
    """X hides the grids and brings them back; page down and the wheel scroll it."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> None:
        await pilot.press("x")
        await pilot.pause()
        assert "input 5×5" not in page(app)
        await pilot.press("x", "p", "pagedown")
        await pilot.pause()
        assert "output[0, 1, 1]" not in page(app)
        bottom = app.query_one("#story").first  # type: ignore[attr-defined]
        await pilot._post_mouse_events([events.MouseScrollUp], "#story", offset=(3, 2))
        await pilot._post_mouse_events([events.MouseScrollUp], "#story", offset=(3, 2))
        await pilot._post_mouse_events([events.MouseScrollDown], "#story", offset=(3, 2))
        await pilot._post_mouse_events([events.MouseScrollDown], "Grids", offset=(3, 2))
        await pilot.pause()
        assert app.query_one("#story").first == min(bottom, max(0, bottom - 6) + 3)  # type: ignore[attr-defined]

    driven(gradient, steps)


def test_a_kernel_is_chosen_by_the_mouse(gradient: Session) -> None:
    """A click on a line of the list."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> Any:
        await pilot.press("k", *"sobel-x")
        await pilot.pause()
        await pilot.click("KernelList Lines", offset=(2, 0))
        await pilot.pause()
        return app.session.scene.problem.labels.kernels, len(app.session.past)  # type: ignore[union-attr]

    assert driven(gradient, steps) == (("sobel-x",), 1)


# Changing ----------------------------------------------------------------------------------------------------------


def test_a_digit_begins_an_edit(gradient: Session) -> None:
    """In the kernel and in the input; the output changes at once, and u takes it back."""
    shown, session = pressed(gradient, "shift+tab", "minus", "5", "enter")
    assert session.scene.problem.weight[0, 0, 0, 0] == -5
    assert whole(session)[0, 0, 0].tolist() == [120, 80, 40]
    assert "[ -5]" in shown or "[-5]" in shown
    _, session = pressed(session, "u")
    assert whole(session)[0, 0, 0].tolist() == [160, 160, 160]


def test_enter_edits_what_is_there(gradient: Session) -> None:
    """The number is there to be replaced or edited; escape leaves it."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> Any:
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Prompt)
        assert "input [0, 2, 2] instead of 90:" in page(app)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, Prompt)
        await pilot.press("enter", "1", "slash", "9", "enter")
        await pilot.pause()
        return str(app.session.value)

    assert driven(gradient, steps) == "1/9"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("1,5", "a decimal comma: write 1.5"),
        ("abc", "expected a number"),
        ("", "expected a number, got nothing"),
        ("2**3", "powers are not read"),
    ],
)
def test_an_edit_that_is_no_number_says_so(gradient: Session, typed: str, sentence: str) -> None:
    """And nothing changes."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> None:
        app._edited(typed)
        await pilot.pause()
        assert sentence in page(app)
        assert app.session.past == ()

    driven(gradient.picked(Pane.INPUT, (0, 0, 0)), steps)


def test_settings_by_keys(gradient: Session) -> None:
    """Each key its setting; one that does not fit is answered by its sentence, the last valid state stays."""
    shown, session = pressed(gradient, "p", "b", "f", "s")
    assert shown.startswith("A 5×5 gradient  5×5 → 3×3, stride 2, padding 1 (reflect), kernel turned")
    shown, after = pressed(gradient, "d", "d", "d")
    assert "dilation 2" in shown
    assert "the kernel does not fit" in shown
    assert whole(after).shape == (1, 1, 1, 1)
    shown, _ = pressed(gradient, "S")
    assert "stride is 1 at the least" in shown
    shown, _ = pressed(gradient, "g")
    assert "one input channel is one group" in shown
    assert session.look.output == (0, 1, 1)


def test_kernels_are_searched(gradient: Session) -> None:
    """What is typed narrows the list; enter takes the chosen one, or a name with arguments as it is."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> Any:
        await pilot.press("k")
        await pilot.pause()
        assert isinstance(app.screen, KernelList)
        assert "compass" in page(app)
        await pilot.press(*"lapl")
        await pilot.pause()
        shown = page(app)
        assert "Laplacian of four neighbours" in shown
        assert "sobel-x" not in shown.replace("words", "")
        await pilot.press("down", "down", "up", "enter")
        await pilot.pause()
        first = app.session.scene.problem.labels.kernels  # type: ignore[union-attr]
        await pilot.press("k", *"gaussian", "colon", "5", "enter")
        await pilot.pause()
        second = app.session.scene.problem.labels.kernels  # type: ignore[union-attr]
        await pilot.press("k", *"nonesuch", "enter")
        await pilot.pause()
        assert "unknown kernel 'nonesuch'" in page(app)
        await pilot.press("k", "escape")
        return first, second, app.session.scene.problem.labels.kernels  # type: ignore[union-attr]

    first, second, third = driven(gradient, steps)
    assert first == ("laplacian",)
    assert second == third == ("gaussian:5",)


def test_the_page_of_help_names_every_key(gradient: Session) -> None:
    """It scrolls on a low terminal; what it says is what is bound."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Page)
        assert "move the cursor" in page(app)
        assert "cell its uses" in page(app)  # a long line goes on below
        await pilot.press("pagedown", "pagedown", "pagedown")
        await pilot.pause()
        assert "leave" in page(app)
        await pilot.press("q")
        await pilot.pause()
        assert not isinstance(app.screen, Page)
        bound = set(app._bindings.key_to_bindings)
        assert {part for key in KEYS for part in key.keys.split(",")} <= bound

    driven(gradient, steps)
    assert all(line.strip() for line in help_lines())


# Keeping -----------------------------------------------------------------------------------------------------------


def test_save_asks_for_a_file(gradient: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there is replaced after a ! alone."""
    monkeypatch.chdir(tmp_path)
    shown, session = pressed(gradient, "p", "w", *["backspace"] * 20, *"mine.yaml", "enter")
    assert "saved mine.yaml: convcalc run mine.yaml" in shown
    assert "padding: 1" in (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    shown, _ = pressed(session, "p", "w", *["backspace"] * 20, *"mine.yaml", "enter")
    assert "mine.yaml exists already (a ! before the name replaces it)" in shown
    pressed(session, "p", "w", *["backspace"] * 20, "exclamation_mark", *"mine.yaml", "enter")
    assert "padding: 2" in (tmp_path / "mine.yaml").read_text(encoding="utf-8")


def test_copy_gives_the_story_to_the_terminal(gradient: Session) -> None:
    """As plain text, by OSC 52."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> str:
        await pilot.press("y")
        await pilot.pause()
        assert "copied" in page(app)
        return app.clipboard

    copied = driven(gradient, steps)
    assert copied.startswith("output[0, 1, 1] = 240")
    assert "│ 60   90  120 │   ×   │ -2  0  2 │" in copied


# Pictures ----------------------------------------------------------------------------------------------------------


def test_a_photograph_is_a_picture_with_the_window_as_a_frame(tmp_path: Path) -> None:
    """Half blocks in its colours, or signs where there are none; numbers where it is zoomed in."""
    session = opened(tmp_path, PHOTOGRAPH)

    async def steps(app: Explorer, pilot: Pilot[None]) -> list[str]:
        found = [page(app)]
        for _ in range(2):
            await pilot.press("z")
            await pilot.pause()
            found.append(page(app))
        return found

    coloured, numbers, pixels = driven(session, steps)
    assert "▀▀▀▀" in coloured
    assert coloured.count("┌") >= 2
    assert "output 510×510, whole" in coloured
    assert re.search(r"\[ *-4\]", numbers)
    assert "output 510×510, pixels" in pixels
    signs = driven(session, steps, depth=Depth.NONE)[0]
    assert "▀" not in signs
    assert "┌" in signs


def test_the_cursor_goes_over_a_picture_by_what_is_seen(tmp_path: Path) -> None:
    """An arrow key goes one sign on, a click to the cell that is drawn there."""
    session = opened(tmp_path, PHOTOGRAPH)

    async def steps(app: Explorer, pilot: Pilot[None]) -> tuple[Any, Any]:
        await pilot.press("down")
        await pilot.pause()
        moved = app.session.look.output
        board = app.query_one("Grids").board  # type: ignore[attr-defined]
        left = board.spots[-1].left
        await pilot.click("Grids", offset=(left, 1))
        await pilot.pause()
        return moved, app.session.look.output

    moved, clicked = driven(session, steps)
    assert moved[1] - 255 == pytest.approx(20, abs=8)
    assert max(clicked[1:]) < 40
    assert session.scene.shown.is_whole
    assert Zoom.WHOLE.value == "whole"


# Bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(39, 24), (80, 11), (1, 1), (10, 3)])
def test_a_terminal_that_is_too_small_says_so(gradient: Session, size: tuple[int, int]) -> None:
    """And works again when it is larger."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> tuple[str, str]:
        small = page(app)
        await pilot.press("down", "p", "question_mark", "escape")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        return small, page(app)

    small, large = driven(gradient, steps, size)
    assert small.replace("\n", "").startswith(f"{size[0]}×{size[1]} is too small: 40×12 is needed"[: size[0]])
    assert "output[0, 2, 1]" in large


def test_foreign_text_is_inert(tmp_path: Path) -> None:
    """Markup is shown as it is, codes of the terminal as escapes, in the title, in names and in messages."""
    text = (
        'title: "[bold red]x[/] \\e[31mred \\e]0;t\\a"\ninput: [[1, 2], [3, 4]]\nlayers:\n'
        '  - conv: {weight: [[1]], name: "[blink]a[/]\\e[5m"}\n  - relu: {name: "[/b]"}\n'
    )
    session = opened(tmp_path, text)
    shown, _ = pressed(session, "greater_than_sign", "p")
    assert "[bold red]x[/] \\x1b[31mred \\x1b]0;t\\x07" in shown
    assert "[blink]a[/]\\x1b[5m" in shown
    assert "[/b] (relu) has no padding" in shown
    assert "\x1b" not in shown


def test_without_a_terminal_the_page_of_run_is_printed(cli: CommandLine) -> None:
    """With exit code 2, for a pipe and for a dumb terminal; of a network too."""
    done = cli.run("explore", "--padding", "1")
    assert done.code == 2
    assert done.out == cli.run("run", "--padding", "1").out
    assert done.err == (
        "error: explore needs a terminal for its keys, and this is none; above is the page of run\n"
        "hint: in a terminal: convcalc explore FILE; without one: convcalc trace FILE --pos 1,1\n"
    )
    cli.write({"net.yaml": FILES["network"]})
    assert cli.run("explore", "net.yaml").out == cli.run("run", "net.yaml").out


def test_a_dumb_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though there are keys and a screen; nor is one without keys."""
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert _has_terminal()
    monkeypatch.setenv("TERM", "dumb")
    assert not _has_terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdin", None)
    assert not _has_terminal()


def test_without_colours_marks_are_reversed_text(gradient: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR: no colour at all but the terminal's own two, so nothing is dark on dark."""
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(app: Explorer, pilot: Pilot[None]) -> set[Any]:
        await pilot.press("shift+tab")
        await pilot.pause()
        segments = [segment for strip in app.screen._compositor.render_strips() for segment in strip]
        assert any(segment.style and segment.style.reverse for segment in segments)
        return {segment.style.color for segment in segments if segment.style and segment.text.strip()}

    assert len(driven(gradient, steps)) <= 2  # plain, and labels that are dimmed


def test_the_picture_of_the_readme_is_the_screen(gradient: Session, request: pytest.FixtureRequest) -> None:
    """Its words are those of the screen now, and it asks no other computer for a font."""

    async def steps(app: Explorer, pilot: Pilot[None]) -> str:
        await pilot.press("p", "b", "right")
        await pilot.pause()
        return app.export_screenshot(title="convcalc explore")

    drawn = re.sub(r"\s*@font-face \{.*?\}", "", driven(gradient, steps, (80, 27)), flags=re.DOTALL)
    picture = ROOT / "examples" / "explore.svg"
    if request.config.getoption("--update-golden"):
        picture.write_text(drawn, encoding="utf-8")
    shown = picture.read_text(encoding="utf-8")
    words = re.compile(r">([^<>]*)</text>")
    assert words.findall(shown) == words.findall(drawn)
    assert "font-face" not in shown
    assert "url(http" not in shown
    assert len(shown) < 60_000


# In a real terminal ------------------------------------------------------------------------------------------------


class Terminal:
    """A process of convcalc in a pseudo-terminal of 80×24."""

    def __init__(self, *argv: str, **changes: str) -> None:
        self.began = time.perf_counter()
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child
            environment = {**os.environ, "TERM": "xterm-256color", **changes}
            environment["PYTHONPATH"] = str(ROOT / "src")
            try:
                os.execve(sys.executable, [sys.executable, "-W", "error", "-m", "convcalc", *argv], environment)
            finally:  # or it would go on as a second run of these tests
                os._exit(127)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def _pieces(self, wanted: Callable[[bytes], bool], seconds: float) -> Iterator[bytes]:
        end, found = time.perf_counter() + seconds, b""
        while not wanted(found) and time.perf_counter() < end:
            if select.select([self.descriptor], [], [], max(0.0, end - time.perf_counter()))[0]:
                try:
                    piece = os.read(self.descriptor, 1 << 16)
                except OSError:  # the other side is closed
                    return
                if not piece:
                    return
                found += piece
                yield piece

    def until(self, wanted: str, seconds: float = 20.0) -> str:
        """All that is written up to some text, colours aside."""

        def has(found: bytes) -> bool:
            return wanted in COLOUR.sub("", found.decode("utf-8", "replace"))

        found = b"".join(self._pieces(has, seconds))
        assert has(found), found[-2000:]
        return found.decode("utf-8", "replace")

    def press(self, keys: bytes) -> None:
        """Type something."""
        os.write(self.descriptor, keys)

    def ended(self) -> int:
        """The exit code, after everything is read."""
        for _ in self._pieces(lambda _: False, 20.0):
            pass
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        """End it, whatever it does."""
        os.kill(self.pid, signal.SIGKILL)
        self.ended()


def test_in_a_real_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It draws, answers keys, copies, saves and leaves the terminal as it was; Ctrl+C leaves too."""
    monkeypatch.chdir(tmp_path)
    terminal = Terminal("explore", str(ROOT / "examples" / "gradient.yaml"))
    started = terminal.until("equals the engine's output")
    assert "\x1b[?1049h" in started
    terminal.press(b"\x1b[B")
    terminal.until("320")
    terminal.press(b"y")
    copied = terminal.until("copied")
    payload = re.search(r"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", copied)
    assert payload
    assert base64.b64decode(payload[1]).decode().startswith("output[0, 2, 1] = 320")
    terminal.press(b"w")
    terminal.until("save as")
    terminal.press(b"s.yaml\r")  # instead of the name that is offered
    terminal.until("convcalc run s.yaml")
    assert (tmp_path / "s.yaml").exists()
    terminal.press(b"q")
    terminal.until("\x1b[?1049l")
    assert terminal.ended() == 0
    other = Terminal("explore", NO_COLOR="1")
    plain = other.until("equals the engine's output")
    assert "\x1b[7m" in plain or re.search(r"\x1b\[[0-9;]*\b7\b[0-9;]*m", plain)
    other.press(b"\x03")
    assert other.ended() == 0


@pytest.mark.slow
def test_a_key_is_answered_in_fifty_milliseconds(tmp_path: Path) -> None:
    """On 64×64 with 16 channels, at best: what other processes take is no delay of the explorer's."""
    assert min(key_seconds(tmp_path, 12)) < 0.05


def key_seconds(folder: Path, count: int) -> list[float]:
    """The seconds from a key to the page with its answer, for ``count`` steps down and up again."""
    (folder / "large.yaml").write_text(
        "input: {random: [16, 64, 64], seed: 1, low: 0, high: 9}\n"
        "kernel: {random: [16, 16, 3, 3], seed: 2, low: -3, high: 3}\npadding: 1\n",
        encoding="utf-8",
    )
    terminal = Terminal("explore", str(folder / "large.yaml"))
    terminal.until("leave")
    time.sleep(0.3)
    times = []
    for row in [*range(33, 33 + count), *range(31 + count, 31, -1)]:
        began = time.perf_counter()
        terminal.press(b"\x1b[B" if len(times) < count else b"\x1b[A")
        terminal.until(f"output[0, {row}, 32]", 5.0)
        times.append(time.perf_counter() - began)
        time.sleep(0.05)
    terminal.kill()
    return times


SIGNAL = "input: [[{}], [{}]]\ndims: 1\nkernel: [[1, 1, 1], [0, 0, 0]]\n".format(
    ", ".join(str((7 * n) % 30) for n in range(40)), ", ".join(str(n) for n in range(40))
)


def test_signals_have_curves(tmp_path: Path) -> None:
    """The channel that is shown, its window marked below; of an input cell the place, and where it is used."""
    session = opened(tmp_path, SIGNAL)
    shown, _ = pressed(session, "home", size=(100, 50))
    lines = shown.splitlines()
    first, second = (
        next(n for n, line in enumerate(lines[6:], 6) if line.startswith(name)) for name in ("input 40", "output 38")
    )
    assert any(set(line) & set("⠁⠂⠄⠈⠐⠠⡀⢀⣀⠉⠒⠤") for line in lines[first : first + 7])
    assert lines[first + 7].lstrip().startswith("└━━━")
    assert lines[first + 7].count("━") < 12
    assert "▲" in lines[second + 7]
    assert lines[first + 9] == "sample; 0 to 29, mean 14.25"
    other, _ = pressed(session.picked(Pane.INPUT, (1, 20)), size=(100, 50))
    assert "sample; 0 to 39, mean 19.5" in other
    assert "▲" in other


def test_short_signals_and_pictures_have_no_curves(tmp_path: Path) -> None:
    """A row of a dozen numbers is read as it is."""
    for text in ("input: [1, 2, 3, 4, 5, 6]\nkernel: [1, 1]\n", "input: {arange: [20, 20]}\nkernel: box\n"):
        shown, _ = pressed(opened(tmp_path, text), size=(100, 50))
        assert not {"┤", "└"} & set(shown.replace("╰", ""))
