"""What only a process can show: pipes, signals, encodings, terminals, standard input and hostile files."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from convcalc import __version__
from convcalc.cli.boundary import guard
from convcalc.cli.main import main
from convcalc.cli.streams import discard, make_printable, output_console, page_width
from convcalc.errors import DataError
from convcalc.files.text import read_standard_input

CONVCALC = [sys.executable, "-W", "error", "-m", "convcalc"]
ROOT = Path(__file__).parents[1]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def environment(**changes: str) -> dict[str, str]:
    """A plain environment in which only the changes differ from test to test."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        **changes,
    }


def convcalc(*argv, folder=ROOT, given=None, **changes):
    """A finished process of convcalc."""
    source = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    return subprocess.run(
        [*CONVCALC, *argv], cwd=folder, env=environment(**changes), **source, capture_output=True, check=False
    )


def shell(command, folder=ROOT, **changes):
    """A finished process of a shell in which ``convcalc`` is convcalc."""
    script = f'convcalc() {{ "{sys.executable}" -W error -m convcalc "$@"; }}\n{command}'
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment(**changes), capture_output=True, check=False
    )


# --- pipes and disks


@pytest.mark.parametrize("command", ["trace big.yaml --all", "trace big.yaml --all --format json", "run", "kernels"])
def test_a_closed_pipe_ends_silently(tmp_path, command):
    """Exit code 141 and not a word, however much was still to come."""
    (tmp_path / "big.yaml").write_text("input: {ones: [60, 60]}\nkernel: sobel-x\n")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*CONVCALC, *command.split()],
        cwd=tmp_path,
        env=environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_head_gets_its_line(tmp_path):
    """A reader that leaves early has what it asked for, and nothing is said about it."""
    (tmp_path / "big.yaml").write_text("input: {ones: [60, 60]}\nkernel: sobel-x\n")
    done = shell("convcalc trace big.yaml --all | head -n 1; echo ${PIPESTATUS[0]}", tmp_path)
    assert done.stdout.decode() == "output[0, 0, 0] = 0   channel 0, row 0, column 0\n141\n"
    assert done.stderr == b""


@pytest.mark.parametrize("command", ["--help", "run --help", "kernels -h"])
def test_help_into_a_closed_pipe_ends_silently(command):
    """Whoever has read enough of a help page is told nothing."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*CONVCALC, *command.split()], env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_error_stream_spoils_no_result(tmp_path):
    """The page, the file and the exit code are as they are where notes and errors can be written."""
    (tmp_path / "nan.yaml").write_text("input: [[1, nan], [2, 3]]\nkernel: [[1]]\ndims: 2\n")
    done = shell("convcalc run nan.yaml --format csv -o a.json 2>/dev/full", tmp_path)
    assert (done.returncode, done.stdout) == (0, b"1.0,nan\n2.0,3.0\n")
    assert (tmp_path / "a.json").is_file()
    assert [shell(f"convcalc {command} 2>/dev/full").returncode for command in ("rnu", "run no.yaml")] == [2, 1]


@pytest.mark.parametrize("command", ["run", "--version", "-h", "trace --all --format csv", "run --format json"])
def test_a_full_disk_is_told(command):
    """Exit code 1 and the reason in the words of the system."""
    done = shell(f"convcalc {command} > /dev/full")
    assert (done.returncode, done.stderr) == (1, b"error: cannot write the output: No space left on device\n")


@pytest.mark.parametrize("command", ["run", "--version", "trace --pos 1,1"])
def test_a_closed_output_is_told(command):
    """Exit code 1 instead of success with the output lost."""
    done = shell(f"convcalc {command} >&-")
    assert (done.returncode, done.stderr) == (1, b"error: standard output is closed\n")


def test_a_closed_error_stream_is_no_obstacle():
    """Without standard error the output and the exit codes are the same."""
    assert shell("convcalc run --format csv 2>&-").stdout == b"160,160,160\n240,240,240\n320,320,320\n"
    assert shell("convcalc rnu 2>&-").returncode == 2


# --- signals

SLOW = "input: {ones: [300, 300]}\nkernel: sobel-x\n"


def _started(folder, *argv):
    """A process that is in the middle of writing."""
    (folder / "slow.yaml").write_text(SLOW)
    return subprocess.Popen(
        [*CONVCALC, "trace", "slow.yaml", "--all", *argv],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_without_a_word(tmp_path, number, code):
    """The exit code says which signal it was; there is no traceback."""
    process = _started(tmp_path)
    assert process.stdout.read(100)
    process.send_signal(number)
    _, message = process.communicate(timeout=20)
    assert (process.returncode, message) == (code, b"")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_leaves_no_half_file(tmp_path, number, code):
    """The temporary file is gone, and the old file is whole."""
    (tmp_path / "out.json").write_text("old")
    process = _started(tmp_path, "-o", "out.json", "--force", "-q")
    while process.poll() is None and not list(tmp_path.glob(".out.json.*")):
        os.sched_yield()
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == code
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "slow.yaml"]
    assert (tmp_path / "out.json").read_text() == "old"


# --- encodings and widths

PAGES = [
    ["run"],
    ["run", "--format", "plain", "--convolve", "--padding", "1", "--boundary", "reflect"],
    ["trace", "--pos", "0,0", "--padding", "1"],
    ["plan", "--threads", "1"],
    ["params", "--cin", "3", "--cout", "4", "-k", "3", "--size", "9"],
    ["kernels"],
    ["kernels", "gaussian:5,1.2"],
    ["check", "examples/gradient.yaml"],
    ["trace", "[3,1,4,1,5,9,2,6]", "--kernel", "1,0,-1", "--dims", "1", "--pos", "2", "--curve"],
    ["-h"],
    ["run", "-h"],
]
IDS = [" ".join(page) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_ascii_has_every_sign(page):
    """Where the encoding is ASCII, every sign has a spelling and none is an escape."""
    done = convcalc(*page, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode("ascii")
    assert "\\" not in text
    assert "?" not in text


@pytest.mark.parametrize("encoding", ["latin-1", "cp437", "ascii:strict"])
def test_no_encoding_is_an_error(tmp_path, encoding):
    """Titles in any script come out as escapes where the encoding lacks them, also in messages."""
    (tmp_path / "f.yaml").write_text("title: 畳み込み × é\ninput: [1, 2]\nkernel: [1]\n", encoding="utf-8")
    done = convcalc("run", "f.yaml", folder=tmp_path, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u7573\\u307f\\u8fbc\\u307f" in done.stdout
    done = convcalc("run", "畳.yaml", folder=tmp_path, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr.rstrip()) == (1, b"error: no such file: \\u7573.yaml")


def test_the_c_locale_is_no_obstacle():
    """Whatever Python makes of LC_ALL=C, there is a page and no traceback."""
    for page in (["run"], ["kernels"], ["run", "\udcff.yaml"]):
        done = shell(f"LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 convcalc {' '.join(page[:1])}")
        assert (done.returncode, done.stderr) == (0, b"")


NUMBERS = "input: [[123456789012345678901234567890, -98765432109876543210], [1, 2]]\nkernel: [[1]]\ndims: 2\n"


@pytest.mark.parametrize("form", ["table", "plain"])
@pytest.mark.parametrize("columns", [20, 7])
def test_a_narrow_page_loses_no_digit(tmp_path, form, columns):
    """No line is wider than the page, and every digit of every number is there, in order."""
    (tmp_path / "f.yaml").write_text(NUMBERS)
    done = convcalc("run", "f.yaml", "--format", form, folder=tmp_path, COLUMNS=str(columns))
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert max(map(len, lines)) <= columns
    joined = re.sub(r"[^0-9-]", "", "".join(lines))
    assert "123456789012345678901234567890" in joined
    assert "-98765432109876543210" in joined


@pytest.mark.parametrize("page", PAGES[:-2], ids=IDS[:-2])
def test_twenty_columns_are_enough(page):
    """No line is wider than the page."""
    done = convcalc(*page, COLUMNS="20")
    assert (done.returncode, done.stderr) == (0, b"")
    assert max(map(len, done.stdout.decode().splitlines())) <= 20


@pytest.mark.parametrize("columns", ["0", "-5", "abc", "", "99999999999", "８０"])
def test_a_senseless_width_is_80(columns):
    """A width that is none is taken for the usual one."""
    done = convcalc("kernels", COLUMNS=columns)
    assert done.returncode == 0
    assert done.stdout == convcalc("kernels", COLUMNS="80").stdout
    assert done.stdout != convcalc("kernels", COLUMNS="60").stdout


# --- terminals


class Screen:
    """A pseudo-terminal on which convcalc ran: its exit code and what it wrote."""

    def __init__(self, *argv, columns=80, rows=24, folder=ROOT, program=CONVCALC, **changes):
        primary, secondary = pty.openpty()
        fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        variables = environment(**{"TERM": "xterm-256color", **changes})
        process = subprocess.Popen(
            [*program, *argv], cwd=folder, env=variables, stdin=secondary, stdout=secondary, stderr=secondary
        )
        os.close(secondary)
        self.text = self._all(primary).decode("utf-8").replace("\r\n", "\n")
        self.code = process.wait(timeout=20)

    @staticmethod
    def _all(primary):
        data = b""
        with contextlib.suppress(OSError):  # Linux reports the end of a pseudo-terminal as an error
            while select.select([primary], [], [], 20)[0] and (piece := os.read(primary, 65536)):
                data += piece
        os.close(primary)
        return data


# The page of one kernel has a heat map, which a terminal draws in colours instead of signs.
WORDS = [page for page in PAGES[:8] if page != ["kernels", "gaussian:5,1.2"]]


@pytest.mark.parametrize("page", WORDS, ids=map(" ".join, WORDS))
def test_a_terminal_has_colour_and_the_same_words(page):
    """On a terminal there is colour; without its codes the page is that of a pipe."""
    screen = Screen(*page)
    assert screen.code == 0
    assert ("\x1b[" in screen.text) == ("plain" not in page)
    assert ESCAPE.sub("", screen.text) == convcalc(*page).stdout.decode()


@pytest.mark.parametrize("page", [*PAGES[:8], ["trace", "--all"]], ids=[*IDS[:8], "trace --all"])
def test_no_color_is_honoured(page):
    """With NO_COLOR a terminal gets no colour codes."""
    assert not re.search(r"\x1b\[[0-9;]*(3[0-9]|4[0-9]|9[0-9])", Screen(*page, NO_COLOR="1").text)


def test_a_dumb_terminal_gets_no_codes():
    """TERM=dumb is a terminal without any code, colour or not."""
    screen = Screen("run", TERM="dumb")
    assert screen.code == 0
    assert "\x1b" not in screen.text


@pytest.mark.parametrize("columns", [40, 132])
def test_a_terminal_has_its_own_width(columns):
    """The page is as wide as the terminal allows."""
    lines = ESCAPE.sub("", Screen("kernels", columns=columns).text).splitlines()
    assert max(map(len, lines)) <= columns
    assert max(map(len, lines)) > columns - 50


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_pipe_always_has_the_same_bytes(page):
    """Twice the same, and the terminal that standard input happens to be makes no difference."""
    first = convcalc(*page)
    assert first.stdout
    assert b"\x1b" not in first.stdout
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 33, 0, 0))
    second = subprocess.run(
        [*CONVCALC, *page],
        cwd=ROOT,
        env=environment(TERM="xterm-256color", COLORTERM="truecolor"),
        stdin=secondary,
        capture_output=True,
        check=False,
    )
    os.close(primary)
    os.close(secondary)
    assert second.stdout == first.stdout


# A convcalc to which everything takes long
IMPATIENT = [
    sys.executable,
    "-c",
    "import convcalc.cli.progress as p; p._LONG = 0; from convcalc.cli.main import main; main()",
]
WATCHED = [["run"], ["trace", "--all"], ["check", "examples/gradient.yaml"]]


@pytest.mark.parametrize("page", WATCHED, ids=" ".join)
def test_a_long_computation_has_a_bar(page):
    """On a terminal a bar is drawn and taken away again; what is left is the page."""
    screen = Screen(*page, program=IMPATIENT)
    assert screen.code == 0
    bar, _, rest = screen.text.rpartition("\x1b[2K")
    assert "computing" in bar
    assert ESCAPE.sub("", rest).lstrip("\r\n") == convcalc(*page).stdout.decode()


@pytest.mark.parametrize("page", WATCHED, ids=" ".join)
def test_a_short_computation_has_no_bar(page):
    """What is done at once has none, and neither has what nobody watches: with -q, in a pipe, on a dumb terminal."""
    assert "computing" not in Screen(*page).text
    assert Screen(*page, "-q", program=IMPATIENT).text == ""
    plain = [*page, "--format", "plain"]
    assert Screen(*plain, program=IMPATIENT, TERM="dumb").text == convcalc(*plain).stdout.decode()
    done = subprocess.run([*IMPATIENT, *page], cwd=ROOT, env=environment(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, convcalc(*page).stdout, b"")


# --- in this very process


@pytest.fixture
def lead():
    """Leads a standard stream of this very process elsewhere; what changes because a process ends is put back."""
    handler, own = signal.getsignal(signal.SIGTERM), {"stdout": sys.stdout, "stderr": sys.stderr}
    kept, made = {1: os.dup(1), 2: os.dup(2)}, []

    def lead(number, descriptor):
        os.dup2(descriptor, number)
        os.close(descriptor)
        made.append(io.TextIOWrapper(io.BufferedWriter(io.FileIO(number, "w", closefd=False)), "utf-8"))
        setattr(sys, {1: "stdout", 2: "stderr"}[number], made[-1])

    yield lead
    signal.signal(signal.SIGTERM, handler)
    for number in kept:
        discard(number)
    for stream in made:
        stream.close()
    for number, descriptor in kept.items():
        os.dup2(descriptor, number)
        os.close(descriptor)
    for name, stream in own.items():
        setattr(sys, name, stream)


def unread():
    """The end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full():
    """A disk without room."""
    return os.open("/dev/full", os.O_WRONLY)


def printing(error=None):
    """An action that prints something and then fails."""

    def action():
        print("half")
        if error:
            raise error
        return 0

    return action


UNWRITTEN = "error: cannot write the output: "
ENDS = {
    "closed pipe": (None, 141, ""),
    "interrupt": (KeyboardInterrupt(), 130, ""),
    "no room": (OSError(errno.ENOSPC, "No space left on device"), 1, f"{UNWRITTEN}No space left on device\n"),
    "no reason": (OSError("torn"), 1, f"{UNWRITTEN}torn\n"),
    "bad data": (DataError("no numbers"), 1, "error: no numbers\n"),
}


@pytest.mark.parametrize(("error", "code", "message"), ENDS.values(), ids=ENDS)
def test_what_cannot_be_written_is_thrown_away(lead, capsys, error, code, message):
    """The exit code and the message are those of the fault, and the interpreter finds nothing to write at its end."""
    lead(1, unread())
    assert guard(printing(error)) == code
    sys.stdout.flush()
    assert capsys.readouterr().err == message


def test_an_output_that_cannot_be_thrown_away_is_let_go(lead, monkeypatch):
    """Where no file can be opened any more, it is as if standard output had been closed."""

    def refuse(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    lead(1, unread())
    stream = sys.stdout
    with monkeypatch.context() as changed:
        changed.setattr(os, "open", refuse)
        assert guard(printing()) == 141
    assert sys.stdout is None
    assert discard(1)
    stream.flush()


NO_ROOM = "error: the memory ran out\nhint: --limit memory=… refuses such problems before they begin\n"
OUT_OF_MEMORY = (
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    ImportError("_x.so: failed to map segment from shared object"),
)


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=["numbers", "system", "library"])
def test_out_of_memory_is_told_in_plain_words(lead, capsys, monkeypatch, error):
    """Exit code 3, whoever had no room, with and without a standard error."""
    assert guard(printing(error)) == 3
    assert capsys.readouterr() == ("half\n", NO_ROOM)
    monkeypatch.setattr(sys, "stderr", None)
    assert guard(printing(error)) == 3
    assert capsys.readouterr().out == "half\n"


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), ImportError("No module named 'x'")], ids=repr)
def test_faults_of_ours_are_not_hidden(lead, error):
    """What nobody has foreseen keeps its traceback."""
    with pytest.raises(type(error), match=str(error)):
        guard(printing(error))


def test_a_closed_output_is_told_before_anything_is_done(lead, capsys, monkeypatch):
    """The action is not begun, since nobody would see what it finds."""
    monkeypatch.setattr(sys, "stdout", None)
    assert guard(printing(AssertionError("begun"))) == 1
    assert capsys.readouterr().err == "error: standard output is closed\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_passes_the_commands(cli, monkeypatch, number, code):
    """Typer makes nothing else of a signal that arrives within a command."""
    monkeypatch.setattr("convcalc.engine.compute.compute", lambda *_, **__: signal.raise_signal(number))
    assert cli.run("run") == (code, "", "")


def test_a_closed_pipe_passes_typer(lead, monkeypatch):
    """Help that nobody reads to its end has the exit code of a closed pipe, and not the one that Typer makes of it."""
    monkeypatch.setattr(sys, "argv", ["convcalc", "run", "-h"])
    lead(1, unread())
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 141


def test_messages_need_no_error_stream(cli, lead, monkeypatch):
    """Where it is full, nothing is left to fail at the end; where there is none, the exit code is the same."""
    lead(2, full())
    assert cli.run("rnu").code == 2
    sys.stderr.flush()
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.run("rnu").code == 2


def test_the_version_needs_no_command(cli):
    """One line, and nothing else."""
    assert cli.run("--version") == (0, f"convcalc {__version__}\n", "")


def test_whoever_imports_the_program_runs_nothing():
    """Tools that walk through packages import ``__main__`` too; it has the same entry as ``convcalc``."""
    assert import_module("convcalc.__main__").main is main


def test_a_stream_is_made_printable():
    """Signs that its encoding lacks have a spelling, all else is an escape; UTF-8 is left as it is."""
    for encoding, written in (("ascii", rb"3x3 ->\u7573"), ("utf-8", "3×3 →畳".encode())):
        stream = io.TextIOWrapper(io.BytesIO(), encoding)
        make_printable(stream)
        stream.write("3×3 →畳")
        stream.flush()
        assert stream.buffer.getvalue() == written


def test_a_console_leaves_a_closed_pipe_to_the_boundary(lead):
    """Rich itself would end the process with another exit code."""
    lead(1, unread())
    with pytest.raises(BrokenPipeError):
        output_console().print("a line")
    assert discard(1)


def on_a_terminal(action, columns=80):
    """What an action in this very process writes to a pseudo-terminal that is its standard output and error."""
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    screen = io.TextIOWrapper(io.BufferedWriter(io.FileIO(secondary, "w")), "utf-8")
    with screen, contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        action()
    return Screen._all(primary).decode("utf-8").replace("\r\n", "\n")


@pytest.mark.parametrize(("columns", "width"), [(33, 33), (0, 80)])
def test_the_page_is_as_wide_as_the_terminal(columns, width):
    """A terminal that does not know its width is taken for the usual one."""
    assert on_a_terminal(lambda: print(page_width()), columns) == f"{width}\n"


def test_a_terminal_has_all_traces_in_colour(cli, monkeypatch):
    """Without its codes it is the page of a pipe."""
    monkeypatch.setenv("TERM", "xterm-256color")
    text = on_a_terminal(lambda: cli.run("trace", "--all"))
    assert "\x1b[1m" in text
    assert ESCAPE.sub("", text) == cli.run("trace", "--all").out


def test_a_bar_counts_every_tile(cli, monkeypatch):
    """It is full when all are done, and gone when the page comes."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("convcalc.cli.progress._LONG", 0)
    bar, _, page = on_a_terminal(lambda: cli.run("run")).rpartition("\x1b[2K")
    assert "100%" in ESCAPE.sub("", bar)
    assert ESCAPE.sub("", page).lstrip("\n") == cli.run("run").out


# --- what goes where


def test_data_and_talk_are_apart(tmp_path):
    """Standard output has the data, standard error what is said about them; -q says nothing at all."""
    done = convcalc("run", "--format", "csv", "-o", str(tmp_path / "a.npy"))
    assert done.stdout == b"160,160,160\n240,240,240\n320,320,320\n"
    assert done.stderr.decode() == f"wrote {tmp_path / 'a.npy'}\n"
    done = convcalc("run", "-q", "-o", str(tmp_path / "b.npy"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


@pytest.mark.parametrize("page", [*PAGES[:8], ["trace", "--all"]], ids=[*IDS[:8], "trace --all"])
def test_quiet_prints_nothing(page):
    """With -q there is nothing on either stream."""
    done = convcalc(*page, "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_nothing_is_printed_when_nothing_goes_well():
    """An error leaves standard output empty."""
    done = convcalc("run", "nothing.yaml", "--format", "json")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"error: no such file: nothing.yaml\n"


# --- standard input


def _npy(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


STANDARD_INPUT = [
    ("YAML", b"input: [[1, 2], [3, 4]]\nkernel: [[2]]\ndims: 2\n"),
    ("a list", b"[[1, 2], [3, 4]]"),
    ("CSV", b"1,2\n3,4\n"),
    ("npy", _npy(np.array([[1, 2], [3, 4]]))),
]


@pytest.mark.parametrize("given", [row[1] for row in STANDARD_INPUT], ids=[row[0] for row in STANDARD_INPUT])
def test_standard_input_is_a_file_too(given):
    """A lone dash reads a problem or a tensor of any kind."""
    done = convcalc("run", "-", "--kernel", "[[2]]", "--dims", "2", "--format", "csv", given=given)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"2,4\n6,8\n", b"")


def test_a_pipeline_of_two():
    """The output of one run is the input of the next."""
    done = shell("convcalc run --format csv | convcalc run - --kernel box --format csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"240\n", b"")
    done = shell("convcalc run --format json | convcalc run - --kernel box --format csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"240\n", b"")


def test_a_closed_standard_input_is_told():
    """Without standard input a lone dash is an error, and what needs none is as ever."""
    done = shell("convcalc run - <&-")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"error: standard input is closed\n")
    assert shell("convcalc run --format csv <&-").stdout == b"160,160,160\n240,240,240\n320,320,320\n"


def test_errors_in_standard_input_have_a_place():
    """The place names standard input, with line and column."""
    done = convcalc("run", "-", given=b"input: [1, 2]\npaddng: 1\n")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[0] == "error: standard input:2:1: unknown field 'paddng'"


# --- arguments


def test_an_argument_of_any_bytes_is_shown_printable():
    """Bytes that are no characters and control characters come out as escapes."""
    done = convcalc(b"run", b"\xff\x1b[31m.yaml")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"error: no such file: \\udcff\\x1b[31m.yaml\n"
    for argv in ([b"run", b"--kernel", b"\xff"], [b"\xff"], [b"run", b"--\xff"], [b"run", b"--pos\xff"]):
        done = convcalc(*argv)
        assert done.returncode == 2
        assert done.stderr.startswith(b"error: ")
        assert b"\xff" not in done.stderr
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("argv", [["run"], ["run", "--kernel"], ["run", "--stride"], ["trace", "--pos"], []], ids=str)
def test_the_longest_argument_is_refused_in_a_line(argv):
    """An argument as long as the system allows gives a short message at once."""
    argument = "x" * 130_000  # Linux takes no single argument of more than 128 KiB
    start = os.times().children_user
    done = convcalc(*argv, argument)
    assert os.times().children_user - start < 2
    assert done.returncode in (1, 2)
    assert done.stderr.startswith(b"error: ")
    assert len(done.stderr) < 2000


@pytest.mark.parametrize("flag", ["--dims", "--cin", "-k"])
def test_a_large_number_costs_little(measured, flag):
    """Counting is arithmetic: the size of a number makes no work."""
    layer = {"--cin": "3", "--cout": "4", "-k": "3", "--size": "9"} | {flag: "99999999"}
    cost = measured("params", *(part for pair in layer.items() for part in pair), "--format", "csv", soon=2)
    assert cost.code in (0, 2)
    assert cost.seconds < 2
    assert cost.megabytes < 200


# --- hostile files: answered or refused within two seconds and 200 MiB


HOSTILE = {
    "aliases of aliases": "a: &a [x,x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "one bracket more than the limit": "[" * 65,
    "one brace more than the limit": "{a: " * 65,
    "one dash more than the limit": "- " * 65,
    "a megabyte of one number": "input: [" + "9" * 1_000_000 + "]",
    "a megabyte of an expression": "input: [" + "1+" * 500_000 + "1]",
    "a megabyte of a word": "input: [" + "x" * 1_000_000 + "]",
    "a megabyte of a key": "x" * 1_000_000 + ": 1",
    "a megabyte of a title": "title: " + "x" * 1_000_000 + "\ninput: [1]\nkernel: [1]\n",
    "a megabyte of quotes": '"' * 1_000_000,
    "a hundred thousand keys": "\n".join(f"k{number}: 1" for number in range(70_000)),
    "half a million numbers": "kernel: [1]\ndims: 1\ninput: [" + "1," * 499_000 + "1]",
    "ten thousand kernels": "input: {ones: [5, 5]}\nkernel: [" + "sobel-x," * 3000 + "sobel-x]",
    "a scale with a hundred million zeros": "input: [1]\nkernel: {weights: [1], scale: 1e99999999}",
    "a kernel of a million long numbers": "input: {ones: [4, 9]}\nkernel: 'gaussian:1000'\ndtype: float32\n",
    "a kernel of ninety thousand axes": "input: {ones: [9, 9]}\nkernel: {name: gaussian, rank: 99999}",
    "a kernel of a hundred million taps": "input: {ones: [9, 9]}\nkernel: 'box:99x99x99x99'",
    "a kernel of a billion taps": "input: {ones: [9, 9, 9]}\nkernel: 'gaussian:1001x1001x1001,2'",
    "a setting for every cell": "input: {zeros: [300, 300], set: {"
    + ", ".join(f'"{row}, {column}": 1' for row in range(300) for column in range(100))
    + "}}\nkernel: sobel-x\n",
    "an input of a petabyte": "input: {zeros: [100000, 100000, 100000]}\nkernel: sobel-x\n",
    "padding of a petabyte": "input: [1, 2]\nkernel: [1]\npadding: 1000000000000000\n",
    "padding of a petabyte beside floats": "input: [0.5, 2]\nkernel: [1]\npadding: 1000000000000000\n",
    "padding beyond 64 bits beside floats": f"input: [0.5, 2]\nkernel: [1]\npadding: {10**30}\n",
    "a stride of a thousand digits": f"input: [1, 2]\nkernel: [1]\nstride: {'9' * 1000}\n",
    "a table of one line": "1," * 500_000 + "1",
    "a table of one column": "1\n" * 500_000,
    "a table of quotes": '"1",' * 200_000 + '"1"',
    "a table that is not closed": '1,"' + "2\n" * 400_000,
    "spaces": " " * 1_000_000,
    "line ends": "\n" * 1_000_000,
    "carriage returns": "\r" * 1_000_000,
    "comments": "#\n" * 500_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_costs_little(cli, measured, text):
    """Whatever a file of at most a megabyte holds, it is answered or refused within bounds, and without a traceback."""
    cli.write({"f": text})
    assert (cli.folder / "f").stat().st_size < 1_100_000
    cost = measured("run", "f", "--format", "csv", soon=2)
    message = (cli.folder / "err").read_text()
    assert cost.code in (0, 1, 3), message[-500:]
    assert "Traceback" not in message
    assert len(message) < 3000
    assert cost.seconds < 2
    assert cost.megabytes < 200


def test_standard_input_may_be_closed_or_refuse(monkeypatch):
    """A program without one, and a terminal that is gone."""

    class Gone(io.RawIOBase):
        def read(self, _size=-1):
            raise OSError(errno.EIO, "gone")

    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match=r"^standard input is closed$"):
        read_standard_input(lambda _: 10)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=Gone()))
    with pytest.raises(DataError, match=r"^the disk or the network failed: standard input$"):
        read_standard_input(lambda _: 10)


@pytest.mark.parametrize("command", ["echo '[[1, 2]]' |", "printf 'a,b\\n1,2\\n' |", "python3 -c 'print([[1, 2]])' |"])
def test_a_pipe_needs_no_dash(command):
    """What comes through standard input is read where no file is named."""
    done = shell(f"{command} convcalc run --kernel '[[1]]' --dims 2 --format csv")
    assert (done.stdout, done.stderr, done.returncode) == (b"1,2\n", b"", 0)


def test_a_file_as_standard_input_needs_no_dash(tmp_path):
    """As a pipe."""
    (tmp_path / "f.csv").write_text("1,2\n3,4\n")
    done = shell("convcalc run --kernel '[[1]]' --format csv < f.csv", tmp_path)
    assert (done.stdout, done.returncode) == (b"1,2\n3,4\n", 0)


@pytest.mark.parametrize("given", ["< /dev/null", "<&-"])
def test_nothing_on_standard_input_is_the_example(given):
    """An empty or closed one, as in a job without a terminal."""
    done = shell(f"convcalc run -q {given} && convcalc run {given} | head -1")
    assert (done.stdout, done.stderr) == (b"A 5\xc3\x975 gradient\n", b"")


@pytest.mark.parametrize("command", ["printf '' | convcalc run --format csv", "convcalc run --format csv < empty"])
def test_a_pipe_that_ends_empty_is_an_empty_input(command, tmp_path):
    """A script whose producer failed must not get the numbers of the built-in example."""
    (tmp_path / "empty").touch()
    done = shell(command, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"error: standard input: file is empty\n")


def test_a_pipe_into_which_nobody_writes_is_not_waited_for():
    """An inherited pipe must not hang a command that names no file; a note says what happened."""
    done = shell("sleep 5 | { convcalc run | head -1; }")
    assert done.stdout == b"A 5\xc3\x975 gradient\n"
    assert done.stderr == b"note: nothing came through the pipe; to wait for it, name it -\n"
