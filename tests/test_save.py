"""Files that are written whole or not at all."""

import errno
import io
import os
import stat
import time
from pathlib import Path

import numpy as np
import pytest

from convcalc.cli.output.saved_arrays import save_array
from convcalc.errors import OutputError
from convcalc.files.csv_reader import read_csv
from convcalc.files.npz import read_npz
from convcalc.files.whole_file import write_atomically
from convcalc.limits import Limits
from convcalc.picture.rendition import Subject, rendition

LIMITS = Limits()
OUTPUT = np.arange(12.0).reshape(1, 3, 4)


def save(path, data=b"new", *, force=False):
    write_atomically(str(path), lambda stream: stream.write(data), force=force)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_the_content_and_usual_permissions(tmp_path):
    """Nothing else is left in the folder."""
    mask = os.umask(0o027)
    try:
        save(tmp_path / "a")
    finally:
        os.umask(mask)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_what_an_ended_process_left_behind_is_removed_after_a_day(tmp_path):
    """Of the same file's temporary ones only those older than a day, and nothing that is called otherwise."""
    old, new = f".a.{'0' * 16}.tmp", f".a.{'1' * 16}.tmp"
    others = [f".b.{'0' * 16}.tmp", ".a.mine.tmp", f".a.{'0' * 16}.tmp.txt"]
    for name in (old, new, *others):
        (tmp_path / name).write_bytes(b"half")
        if name != new:
            os.utime(tmp_path / name, (0, time.time() - 86_410))
    save(tmp_path / "a")
    assert names(tmp_path) == sorted(["a", new, *others])


def test_an_existing_file_is_replaced_only_by_force(tmp_path):
    """Without --force it stays; with it the new file has its permissions."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o604)
    with pytest.raises(OutputError, match=r"a exists already") as caught:
        save(path)
    assert (caught.value.hint, path.read_bytes()) == ("--force replaces it", b"old")
    save(path, force=True)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_symbolic_link_is_followed_only_by_force(tmp_path):
    """The link stays a link, its target is replaced or made."""
    target, link, loose = tmp_path / "target", tmp_path / "link", tmp_path / "loose"
    target.write_bytes(b"old")
    link.symlink_to("target")
    loose.symlink_to("made")
    for path in (link, loose):
        with pytest.raises(OutputError, match=r"is a symbolic link"):
            save(path)
        save(path, force=True)
        assert path.is_symlink()
    assert (target.read_bytes(), (tmp_path / "made").read_bytes()) == (b"new", b"new")
    assert names(tmp_path) == ["link", "loose", "made", "target"]


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_file_is_never_replaced(tmp_path, force):
    """Folders, pipes, devices, circles of links, missing folders and standard output are refused."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "to-folder").symlink_to("folder")
    before = names(tmp_path)
    for name in ("pipe", "folder", "circle", "to-folder", "absent/a", "pipe/a", "x" * 300, "a\0b"):
        with pytest.raises(OutputError):
            save(tmp_path / name, force=force)
            pytest.fail(f"{name} was written")
    for path in ("-", "/dev/null", "/dev/full", ""):
        with pytest.raises(OutputError):
            save(path, force=force)
    assert names(tmp_path) == before


FAILURES = [
    (OSError(errno.ENOSPC, "No space left on device"), OutputError),
    (OutputError("cannot be held"), OutputError),
    (MemoryError(), MemoryError),
    (KeyboardInterrupt(), KeyboardInterrupt),
    (SystemExit(143), SystemExit),
]


@pytest.mark.parametrize(("failure", "kind"), FAILURES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, failure, kind):
    """Whatever stops the writing, the temporary file is gone."""
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def write(stream):
        stream.write(b"half")
        raise failure

    with pytest.raises(kind):
        write_atomically(str(path), write, force=True)
    assert (names(tmp_path), path.read_bytes()) == (["a"], b"old")


def test_an_interruption_as_the_file_is_made_leaves_nothing(tmp_path, monkeypatch):
    """A signal that comes once the temporary file is there, but not yet open, is the earliest that there is."""
    made = os.open

    def interrupted(path, *arguments):
        os.close(made(path, *arguments))
        assert names(tmp_path) == [Path(path).name]
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path / "a")
    assert names(tmp_path) == []


def test_a_full_disk_is_told_with_the_reason(tmp_path, monkeypatch):
    """An error while flushing to the disk counts as well, in the words of the system."""

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"^cannot write .*a.npy: No space left on device$"):
        save_array(str(tmp_path / "a.npy"), {"output": OUTPUT}, force=False)
    assert names(tmp_path) == []


def test_a_read_only_folder_is_told(bound_folder):
    """The reason is said and nothing written."""
    bound_folder.chmod(0o500)
    with pytest.raises(OutputError, match=r"Permission denied"):
        save(bound_folder / "a")
    assert names(bound_folder) == []


@pytest.mark.parametrize("suffix", [".npy", ".NPY", ".npz", ".csv"])
def test_arrays_are_saved_by_their_suffix(tmp_path, suffix):
    """The output alone, or all arrays in an archive, come back as they were."""
    path = tmp_path / f"a{suffix}"
    assert save_array(str(path), {"output": OUTPUT, "input": OUTPUT + 1}, force=False) == ()
    data = path.read_bytes()
    if suffix == ".npz":
        np.testing.assert_array_equal(read_npz(io.BytesIO(data), "output", "f", LIMITS)[0], OUTPUT, strict=True)
        np.testing.assert_array_equal(read_npz(io.BytesIO(data), "input", "f", LIMITS)[0], OUTPUT + 1, strict=True)
    elif suffix == ".csv":
        np.testing.assert_array_equal(read_csv(data.decode(), "f", LIMITS).array, OUTPUT[0], strict=True)
    else:
        np.testing.assert_array_equal(np.load(path), OUTPUT, strict=True)


def test_an_unknown_suffix_lists_the_known():
    """Nothing is guessed."""
    with pytest.raises(OutputError, match=r"^no array is saved as \.xlsx ") as caught:
        save_array("a.xlsx", {"output": OUTPUT}, force=False)
    assert caught.value.hint == "one of: .npy, .npz, .csv"


def test_what_a_file_cannot_hold_leaves_no_file(tmp_path):
    """An array of fractions or of many axes is refused without a trace."""
    for name, values in (("a.npy", np.array([2**70])), ("a.npz", np.array([2**70])), ("a.csv", np.zeros((2, 1, 1, 1)))):
        with pytest.raises(OutputError):
            save_array(str(tmp_path / name), {"output": values}, force=False)
    assert names(tmp_path) == []


PIXELS = [
    ([0, 254.6, 1.4], [0, 255, 1], "values 0–255 kept, rounded"),
    ([-812, 0, 812, 406], [0, 128, 255, 191], "-812…812 from blue to orange, 0 is white"),
    ([0, 0.5, 1], [0, 128, 255], "0…1 mapped to 0…255"),
    ([0, 0, 1], [0, 0, 1], "values 0–255 kept, rounded"),
    ([-1, 0, 0.5], [0, 128, 191], "-1…1 from blue to orange, 0 is white"),
    ([100, 200, 300], [0, 128, 255], "100…300 mapped to 0…255"),
    ([300, 300, 300], [0, 0, 0], "300…300 mapped to 0…255"),
    ([0, np.nan, np.inf], [0, 0, 0], "values 0–255 kept, rounded; 2 values not finite shown as 0"),
    ([-1e308, 1e308, 0], [0, 255, 128], "-1e+308…1e+308 from blue to orange, 0 is white"),
    ([0, 2**70, 2**69], [0, 255, 128], "0…1.18059e+21 mapped to 0…255"),
]


@pytest.mark.parametrize(("values", "pixels", "rule"), PIXELS)
def test_values_become_levels_by_a_stated_rule(values, pixels, rule):
    """Bytes are kept, signed values have 0 in the middle, others fill the range."""
    drawn = rendition(np.array(values)[np.newaxis, np.newaxis])
    np.testing.assert_array_equal(drawn.pixels, np.array([pixels], np.uint8), strict=True)
    assert (drawn.note, drawn.is_diverging) == (rule, "white" in rule)


def test_channels_stand_side_by_side_unless_they_are_colours():
    """Three channels are red, green and blue only if asked for."""
    output = np.arange(3.0)[:, np.newaxis, np.newaxis] * np.ones((3, 2, 2))
    assert rendition(output).pixels.tolist() == [[0, 0, 1, 1, 2, 2]] * 2
    assert rendition(output, subject=Subject(has_colours=True)).pixels.tolist() == [[[0, 1, 2]] * 2] * 2
    with pytest.raises(OutputError, match=r"colours need 3 channels, got 1"):
        rendition(output[:1], subject=Subject(has_colours=True))


@pytest.mark.parametrize(
    "values", [np.zeros((2, 2)), np.zeros((0, 2, 2)), np.array([[[10**400]]])], ids=["2-D", "0", "large"]
)
def test_what_is_no_picture_is_refused(values):
    """Other axes, no values and values beyond floats are said to be no image."""
    with pytest.raises(OutputError, match=r"image"):
        rendition(values)


def test_a_picture_is_of_one_sample(cli):
    """Of a batch every sample would be another one."""
    np.save(cli.folder / "b.npy", np.zeros((2, 1, 5, 5)))
    done = cli.run("run", "b.npy", "--kernel", "box", "-q", "-o", "x.png")
    assert (done.code, done.err) == (
        1,
        "error: a picture is of one sample, the output has 2\nhint: save it as .gif or .npy\n",
    )
    assert cli.files().keys() == {"b.npy"}


@pytest.mark.parametrize(("name", "field"), [("scale", "{weights: [[1]], scale: N}"), ("bias", "[[1]]\nbias: N")])
def test_exact_numbers_beyond_floats_are_not_written_to_npz(cli, name, field):
    """Rounded they would be inf; .json keeps their digits."""
    number = "1" + "0" * 400
    cli.write({"f.yaml": f"input: [[1, 2], [3, 4]]\nkernel: {field.replace('N', number)}\n"})
    done = cli.run("run", "f.yaml", "-q", "-o", "x.npz")
    assert (done.code, done.err) == (
        1,
        f"error: the {name} is too large for the floats of .npz\nhint: write .json\n",
    )
    assert cli.files().keys() == {"f.yaml"}
    assert cli.run("run", "f.yaml", "-q", "-o", "x.json").code == 0


def test_finite_numbers_pass_where_they_must_be(cli):
    """``--strict-finite`` says nothing of them, whole or floats."""
    cli.write({"f.yaml": "input: [[1.5, 2], [3, 4]]\nkernel: [[1]]\nbias: 2\n"})
    assert cli.run("run", "f.yaml", "--strict-finite", "-q") == (0, "", "")


def test_a_lone_number_is_no_input(cli):
    """For a gallery as for one kernel."""
    np.save(cli.folder / "n.npy", np.array(5))
    for argv in (("gallery", "n.npy"), ("run", "n.npy")):
        done = cli.run(*argv)
        assert (done.code, done.err) == (1, "error: n.npy: the input is a lone number, not an array\n")
