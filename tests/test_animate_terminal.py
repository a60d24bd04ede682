"""Animations on a terminal: in a real one with keys, too small, resized, interrupted; and what the keys do."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import CommandLine
from convcalc.cli import keys as keyboard
from convcalc.cli import player
from convcalc.cli.player import Playing, _cut

pty = pytest.importorskip("pty", reason="this system has no terminals of this kind")
import fcntl  # noqa: E402 - as is pty
import struct  # noqa: E402
import termios  # noqa: E402

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
SHOWN, HIDDEN, OWN_SCREEN, FIRST_SCREEN = "\x1b[?25h", "\x1b[?25l", "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """A process with a terminal of its own."""

    def __init__(
        self,
        folder: Path,
        *argv: str,
        rows: int = 30,
        columns: int = 90,
        stdin: Any = None,
        is_controlling: bool = False,
        **more: str,
    ):
        self.master, self.slave = slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **more}
        environment.pop("COLUMNS", None)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "convcalc", *argv],
            cwd=folder,
            env=environment,
            stdin=self.slave if stdin is None else stdin,
            stdout=self.slave,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=(lambda: fcntl.ioctl(slave[1], termios.TIOCSCTTY, 0)) if is_controlling else None,  # noqa: PLW1509
        )
        self.text = ""

    def resize(self, rows: int, columns: int) -> None:
        """Make the window another size."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, *sent: str) -> None:
        """Type, each key by itself."""
        for each in sent:
            os.write(self.master, each.encode())
            self.read(0.15)

    def read(self, seconds: float) -> str:
        """What is written within some time, added to the text."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.master], [], [], 0.05)[0]:
                self.text += os.read(self.master, 65536).decode()
        return self.text

    def until(self, words: str, seconds: float = 20, after: int = 0) -> str:
        """The text once these words are in what is shown now, written after so many characters."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.1)
            if words in self.shown and "\x1b[H" in self.text[after:]:
                return self.text
        raise AssertionError(f"{words!r} did not come: {self.text!r}")

    @property
    def shown(self) -> str:
        """What the last drawing shows, without codes."""
        return CODES.sub("", self.text.rpartition("\x1b[H")[2])

    def left(self) -> int:
        """Its exit code, once it is over; the terminal is as it was before."""
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        code = self.process.wait(1)
        self.read(0.2)
        assert termios.tcgetattr(self.slave) == self.before
        assert self.text.count(HIDDEN) == self.text.count(OWN_SCREEN) == 1
        assert self.text.rindex(SHOWN) > self.text.rindex(HIDDEN)
        assert self.text.count(FIRST_SCREEN) == 1
        return code

    def close(self) -> None:
        """Let go of it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stderr
        self.process.stderr.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Any]:
    """Starts convcalc on a terminal."""
    opened: list[Terminal] = []

    def start(*argv: str, **more: Any) -> Terminal:
        opened.append(Terminal(tmp_path, *argv, **more))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.slow
def test_it_plays_and_obeys_keys(terminal: Any) -> None:
    """It pauses, steps, goes back, begins again; unknown keys do nothing; the last step stays on the first screen."""
    running = terminal("animate", "--speed", "0.1")
    running.until("1 of 9: output row 0, column 0")
    running.until("playing, 0.1 a second")
    running.press(" ")
    running.until("paused, 0.1 a second")
    running.press("\x1b[C", "\x1b[C", "n")
    running.until("4 of 9: output row 1, column 0")
    running.press("x", "\x1b[5~", "\x1b", "é", "\t")
    assert "4 of 9: output row 1, column 0" in running.shown
    running.press("\x1b[D")
    running.until("3 of 9: output row 0, column 2")
    running.press("\x1bOH", "+")
    running.until("1 of 9: output row 0, column 0")
    running.until("0.15 a second")
    running.press("q")
    assert running.left() == 0
    after = CODES.sub("", running.text.partition(FIRST_SCREEN)[2])
    assert after.startswith("1 of 9: output row 0, column 0")
    assert "output[0, 0, 0]   -10 + 30 - 40 + 120 - 30 + 90 = 160" in after


@pytest.mark.slow
def test_it_plays_to_its_end(terminal: Any) -> None:
    """Every step is drawn once, then it stands still; a space begins again."""
    running = terminal("animate", "--speed", "20")
    running.until("end, 20 a second")
    steps = re.findall(r"(\d) of 9: ", CODES.sub("", running.text))
    assert steps == list("123456789")
    before = len(running.text)
    running.press(" ")
    running.until("end, 20 a second", after=before)
    assert re.findall(r"(\d) of 9: ", CODES.sub("", running.text[before:])) == list("123456789")
    running.press("q")
    assert running.left() == 0


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_is_interrupted(terminal: Any, sent: int, code: int) -> None:
    """Ctrl+C and the end of its session: the cursor is seen, what is typed too, and nothing is said."""
    running = terminal("animate", "--padding", "1")
    running.until("of 25: ")
    running.process.send_signal(sent)
    assert running.left() == code
    assert running.process.stderr.read() == b""


@pytest.mark.slow
def test_a_terminal_of_another_size(terminal: Any) -> None:
    """A step that is too tall says so and keeps its sum; a tiny terminal is told; a larger one shows all again."""
    running = terminal("animate", "--speed", "0.1", rows=14, columns=60)
    running.until("lines more: make the terminal taller")
    running.until("= 160")
    running.until("q leave")
    assert running.shown.count("\r\n") < 14
    running.resize(4, 60)
    running.until("the terminal is too small")
    running.resize(1, 9)
    running.until("the termi")
    running.resize(40, 100)
    running.until("4 │ 50  100  150  200  250 │")
    assert "lines more" not in running.shown
    running.press("q")
    assert running.left() == 0


@pytest.mark.slow
def test_without_keys_it_plays_once(terminal: Any, tmp_path: Path) -> None:
    """Where standard input is a file and there is no other terminal it ends after the last step."""
    (tmp_path / "f.csv").write_text("1,2,3\n4,5,6\n7,8,9\n")
    with (tmp_path / "f.csv").open() as stream:
        running = terminal("animate", "-", "--kernel", "[[1,1],[1,1]]", "--speed", "20", stdin=stream)
        assert running.left() == 0
    assert "space pause" not in running.text
    assert "[28]" in CODES.sub("", running.text.partition(FIRST_SCREEN)[2])


@pytest.mark.slow
def test_keys_come_from_the_terminal_where_numbers_come_from_a_file(terminal: Any, tmp_path: Path) -> None:
    """Of a process whose session has one; Ctrl+C that is typed interrupts."""
    (tmp_path / "f.csv").write_text("1,2,3\n4,5,6\n7,8,9\n")
    with (tmp_path / "f.csv").open() as stream:
        options = ("-", "--kernel", "[[1,1],[1,1]]", "--speed", "0.1")
        running = terminal("animate", *options, stdin=stream, is_controlling=True)
        running.until("1 of 4: ")
        running.press("n")
        running.until("2 of 4: ")
        running.press("\x1a")
        assert "paused" in running.shown
        running.press("\x03")
        assert running.left() == 130


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "term"), [((), "dumb"), (("--format", "plain"), "xterm"), (("-o", "f.txt"), "xterm")]
)
def test_it_does_not_play_everywhere(terminal: Any, tmp_path: Path, options: tuple[str, ...], term: str) -> None:
    """A terminal that cannot draw over itself gets the steps one after the other, as other formats do."""
    running = terminal("animate", *options, TERM=term)
    running.process.wait(20)
    assert "\x1b[?" not in running.read(0.3)
    shown = running.text if "-o" not in options else (tmp_path / "f.txt").read_text(encoding="utf-8")
    assert [shown.count(f"{number} of 9: ") for number in range(1, 10)] == [1] * 9


@pytest.mark.slow
def test_what_is_wrong_is_said_on_the_first_screen(terminal: Any) -> None:
    """A bad position never opens another screen."""
    running = terminal("animate", "--pos", "7,7")
    assert running.process.wait(20) == 2
    assert running.read(0.2) == ""
    assert b"position (7, 7) lies outside the output" in running.process.stderr.read()


# Its parts ---------------------------------------------------------------------------------------------------------


def reel(count: int) -> Any:
    """Steps that are only counted."""
    return SimpleNamespace(steps=range(count))


def test_steps_stay_between_the_first_and_the_last() -> None:
    """Whoever goes on pauses; at the end a space begins again."""
    playing = Playing(reel(3), 2)
    playing.press("left")
    assert (playing.step, playing.is_paused) == (0, True)
    for _ in range(5):
        playing.press("right")
    assert (playing.step, playing.is_at_end) == (2, True)
    playing.press(" ")
    assert (playing.step, playing.is_paused) == (0, False)
    playing.tick()
    assert (playing.step, playing.is_paused) == (1, False)
    playing.tick()
    assert (playing.step, playing.is_paused) == (2, True)
    playing.press("home")
    assert playing.step == 0
    assert not playing.is_over
    playing.press("q")
    assert playing.is_over


def test_the_speed_has_its_ends() -> None:
    """However often a key is pressed."""
    playing = Playing(reel(3), 2)
    for _ in range(30):
        playing.press("+")
    assert playing.speed == 50
    for _ in range(60):
        playing.press("-")
    assert playing.speed == pytest.approx(0.1)


@pytest.mark.parametrize("rows", range(3, 25))
def test_a_tall_step_has_as_many_lines_as_there_are(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first lines and the last, with how many are left out between; a short one is filled up."""
    lines = [str(number) for number in range(20)]
    monkeypatch.setattr(player, "_drawn", lambda blocks: [blocks[0].spans[0].text])
    cut = _cut(lines, rows)
    assert len(cut) == rows
    if rows >= 20:
        assert cut == lines + [""] * (rows - 20)
        return
    (words,) = [line for line in cut if "more" in line]
    at = cut.index(words)
    assert cut[:at] == lines[:at]
    assert cut[at + 1 :] == lines[len(lines) - (rows - at - 1) :]
    assert words.startswith(f"… {20 - (rows - 1)} lines more")


def test_keys_of_the_console_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters and arrows, other keys and none."""
    sent = list("q\xe0M\x00;")
    console = SimpleNamespace(kbhit=lambda: bool(sent), getwch=lambda: sent.pop(0))
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    assert [keyboard._of_console(0.05) for _ in range(4)] == [["q"], ["right"], [], []]


def test_a_terminal_that_is_gone_sends_no_more_keys() -> None:
    """The end of its input and an error are both that."""
    reader, writer = os.pipe()
    os.close(writer)
    assert keyboard._of_terminal(reader, 1) == [keyboard.CLOSED]
    os.close(reader)
    first, second = pty.openpty()
    os.close(second)
    assert keyboard._of_terminal(first, 1) == [keyboard.CLOSED]
    os.close(first)


def test_a_pipe_prints_the_steps(cli: CommandLine) -> None:
    """Nothing of a terminal's in it, however it is asked for."""
    done = cli.run("animate", "--speed", "50")
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    assert done.out.count(" of 9: ") == 9
    assert cli.run("animate", "-q").out == ""
