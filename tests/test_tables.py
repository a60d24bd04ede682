"""Tables as people have them: what is a header, a time, a unit or a gap, and how the page says it was read."""

import json

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, FormatError
from convcalc.files.csv_reader import read_csv
from convcalc.files.tables.large_table import read_large
from convcalc.files.tables.options import GAP_RULES, TableOptions, table_options
from convcalc.limits import Limits

LIMITS = Limits()


def read(text, **said):
    return read_csv(text, "f.csv", LIMITS, table_options(said))


LAYOUTS = [
    ("a header", "ax,ay\n1,2\n3,4", {}, [[1, 2], [3, 4]], ("ax", "ay"), ()),
    ("a time", "time,ax\n0.0,1\n0.1,2\n0.2,3", {}, [[1], [2], [3]], ("ax",), ("column time left out",)),
    ("a timestamp", "Timestamp,ax\n2024-01-01 00:00:00,1\n2024-01-01 00:00:01,2", {}, [[1], [2]], ("ax",),
     ("column Timestamp left out",)),
    ("an index", ",ax,ay\n0,1,2\n1,3,4", {}, [[1, 2], [3, 4]], ("ax", "ay"), ("column 1 left out",)),
    ("an array of pandas", ",0,1\n0,1,2\n1,3,4", {}, [[1, 2], [3, 4]], (),
     ("row 1 and column 1 left out, which only count",)),
    ("units", "ax,ay\n[g],[m/s²]\n1,2\n3,4", {}, [[1, 2], [3, 4]], ("ax", "ay"), ()),
    ("units in names", "ax (g),ay [g]\n1,2", {}, [[1, 2]], ("ax", "ay"), ()),
    ("texts", "ax,what\n1,walk\n2,run", {}, [[1], [2]], ("ax",), ("column what left out",)),
    ("labels", "a,1;b,2".replace(";", "\n"), {"header": "false"}, [[1], [2]], (), ("column 1 left out",)),
    ("a comment of names", "# a x\n1 2\n3 4", {}, [[1, 2], [3, 4]], ("a", "x"), ()),
    ("quotes", '"ax","a;y"\n"1","2"', {}, [[1, 2]], ("ax", "a;y"), ()),
    ("twice one name", "a,a\n1,2", {}, [[1, 2]], ("a", "a.2"), ()),
    ("numbers are no header", "1,2\n3,4", {}, [[1, 2], [3, 4]], (), ()),
    ("numbers said to be a header", "1,2\n3,4", {"header": "true"}, [[3, 4]], ("1", "2"), ()),
    ("columns", "ax,ay,az\n1,2,3", {"columns": "az,ax"}, [[3, 1]], ("az", "ax"), ("column ay left out",)),
    ("columns by number", "1,2,3\n4,5,6", {"columns": ["2"]}, [[2], [5]], (), ("columns 1, 3 left out",)),
    ("all but some", "ax,ay,az\n1,2,3", {"skip": ["AY"]}, [[1, 3]], ("ax", "az"), ("column ay left out",)),
    ("the time as a channel", "t,ax\n0,1\n1,2", {"columns": ["t"]}, [[0], [1]], ("t",), ("column ax left out",)),
    ("t that does not increase", "t,ax\n5,1\n3,2", {}, [[5, 1], [3, 2]], ("t", "ax"), ()),
    ("exchanged", "ax,1,2\nay,3,4", {"transpose": "true"}, [[1, 3], [2, 4]], ("ax", "ay"), ()),
    ("numbers exchanged", "1,2,3\n4,5,6", {"transpose": "true"}, [[1, 4], [2, 5], [3, 6]], (), ()),
    ("a decimal comma", "ax;ay\n1,5;2", {}, [[1.5, 2]], ("ax", "ay"), ()),
    ("a comma that parts thousands", "ax;ay\n1,500;2", {"decimal": "."}, [[1500, 2]], ("ax", "ay"), ()),
    ("a comma that does not", "ax;ay\n1,500;2", {"decimal": ","}, [[1.5, 2]], ("ax", "ay"), ()),
    ("spaces in numbers", "ax;ay\n1\u00a0234,5;2", {}, [[1234.5, 2]], ("ax", "ay"), ()),
    ("quoted thousands", '"1,000",2\n3,4', {}, [[1000, 2], [3, 4]], (), ()),
    ("Markdown", "| a | b |\n|---|--:|\n| 1 | 2 |", {}, [[1, 2]], ("a", "b"), ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said", "numbers", "names", "left_out"), [row[1:] for row in LAYOUTS], ids=[row[0] for row in LAYOUTS]
)
def test_rows_and_columns_have_their_roles(text, said, numbers, names, left_out):
    """By content, or as said; what is left out is told."""
    found = read(text, **said)
    assert (found.array.tolist(), found.table.names, found.table.left_out) == (numbers, names, left_out)


AXES = [
    ("time,x\n0.00,1\n0.25,2\n0.50,3", ("time", [0, 0.25, 0.5], "", 4, "")),
    ("time (s),x\n0,1\n1,2", ("time", [0, 1], "s", 1, "")),
    ("time_ms,x\n0,1\n10,2\n25,3", ("time_ms", [0, 10, 25], "ms", None, "")),
    ("t;x\ns;g\n0,5;1\n1,5;2", ("t", [0.5, 1.5], "s", 1, "")),
    ("timestamp,x\n1700000000000,1\n1700000000020,2", ("timestamp", [1700000000000, 1700000000020], "ms", 0.05, "")),
    ("date,x\n2024-02-28T23:59:59.5Z,1\n2024-02-29T00:00:00Z,2", ("date", [0, 0.5], "s", 2, "2024-02-28T23:59:59.5Z")),
    ("date,x\n2024-01-01 12:00:00+01:00,1\n2024-01-01 11:00:01Z,2",
     ("date", [0, 1], "s", 1, "2024-01-01 12:00:00+01:00")),
    ("time,x\n12:30 AM,1\n1:00 PM,2", ("time", [0, 45000], "s", None, "12:30 AM")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "axis"), AXES)
def test_the_time_is_kept_as_the_axis_of_the_samples(text, axis):
    """Values, unit, and the rate where they are even."""
    found = read(text).table.axis
    name, values, unit, rate, start = axis
    assert (found.name, found.values.tolist(), found.unit, found.start) == (name, values, unit, start)
    assert found.rate == (pytest.approx(rate) if rate or len(values) > 2 else pytest.approx(1 / values[-1]))


def test_days_that_may_be_months_give_no_axis():
    """The column is left out, and no reading of it is guessed."""
    found = read("date,x\n1/2/2024,1\n2/2/2024,2").table
    assert (found.axis, found.left_out) == (None, ("column date left out",))


GAPS = "t,a,b\n0,1,5\n1,,6\n2,NA,7\n3,4,8"
FILLED = {"zero": [1, 0, 0, 4], "hold": [1, 1, 1, 4], "linear": [1, 2, 3, 4], "nan": [1, np.nan, np.nan, 4]}


@pytest.mark.parametrize("rule", GAP_RULES)
def test_gaps_are_refused_or_filled_as_said(rule):
    """Nothing becomes a number silently: without a rule it is an error, with one a note."""
    if rule == "refuse":
        with pytest.raises(FormatError, match="row 3, column 2: expected a number, got nothing"):
            read(GAPS)
        return
    found = read(GAPS, gaps=rule)
    np.testing.assert_array_equal(found.array[:, 0], FILLED[rule])
    by = "linear by t" if rule == "linear" else rule
    assert found.notes == (f"2 gaps filled by {by}, the first at row 3, column a",)
    assert found.array.dtype == (np.int64 if rule in ("zero", "hold") else np.float64)


def test_gaps_are_filled_by_the_times_where_there_are_any():
    """Of uneven samples the line goes by the times, without them by the rows."""
    assert read("time,x\n0,0\n1,\n4,4\n5,5", gaps="linear").array[:, 0].tolist() == [0, 1, 4, 5]
    assert read("n,x\n7,0\n9,\n9,4\n5,5", gaps="linear").array[:, 1].tolist() == [0, 2, 4, 5]
    dates = ("2024-01-01 00:00:05,9", "2024-01-01 00:00:04,8", "2024-01-01 00:00:01,", "2024-01-01 00:00:00,0")
    backwards = read("\n".join(("time,a", *dates)), gaps="linear")
    assert backwards.array[:, 0].tolist() == [9, 8, 4, 0]
    assert backwards.notes[-1].startswith("1 gap filled by linear by rows")


@pytest.mark.parametrize(
    ("rule", "text", "side"), [("hold", "a,b\n,1\n2,3", "before"), ("linear", "a,b\n1,1\n,3", "after")]
)
def test_a_gap_at_an_end_has_no_neighbour(rule, text, side):
    """Nothing is made up beyond the first and the last number."""
    with pytest.raises(FormatError, match=f"a gap with no number {side} it, which {rule} needs"):
        read(text, gaps=rule)


def test_units_may_begin_with_a_digit():
    """``1/s`` and ``10^9/L`` are units, numbers badly written are not."""
    assert read("a,b\n1/s,10^9/L\n3,4\n5,6").table.units == ("1/s", "10^9/L")


REFUSED = [
    ("a,1,2\nb,3,4", {}, "row 1 can be read in two ways: as names of columns, of which 'a' is one, or as the label"),
    ("2,590;3", {}, "row 1, column 1: '2,590' can be read in two ways: 2590 (decimal point, commas between thousands)"),
    ("ax,ay\n1,2", {"columns": ["az"]}, "unknown column 'az'"),
    ("ax,ay\n1,2", {"skip": ["ax", "ay"]}, "no column of numbers is left"),
    ("ax,ay\nx,y", {"header": "true"}, "no column holds numbers"),
    ("ax,ay\n1,2", {"gaps": "mean"}, "gaps is 'mean'"),
    ("ax,ay\n1,2", {"decimal": ";"}, "decimal is ';'"),
    ("ax,ay\n1,2", {"header": "perhaps"}, "header must be true or false"),
    ("ax,ay\n1,2", {"columns": [["ax"]]}, "columns takes names of columns"),
    ("ax,ay\n1,2", {"columns": "ax,"}, "columns holds an empty name"),
    ("ax,ay\n1,2\n3", {}, "row 3 has 1 value, row 1 has 2"),
    ("ax,ay\n1 mV,2\n3 mV,4", {}, "row 2, column 1: expected a number, got '1 mV'"),
    ("a,b\n1O,2O\n3,4\n5,6", {}, "row 2, column 1: expected a number, got '1O'"),
    ("a,b\n$1.50,2%\n3,4\n5,6", {}, "row 2, column 1: expected a number, got '$1.50'"),
    ("1 mV,2 mV\n3,4\n5,6", {}, "row 1 can be read in two ways: as names of columns, and as numbers with units"),
    ("1/2/2024,3\n2/2/2024,4", {"columns": ["1"]}, "row 1, column 1: expected a number, got '1/2/2024'"),
]


@pytest.mark.parametrize(("text", "said", "message"), REFUSED)
def test_what_cannot_be_read_is_an_error_that_shows_it(text, said, message):
    """Two equal readings show both."""
    with pytest.raises(ConvcalcError) as caught:
        read(text, **said)
    assert caught.value.message.startswith(message)


ACCELEROMETER = "time,ax,ay,az\ns,m/s²,m/s²,m/s²\n" + "".join(
    f"{row / 100:.2f},{row % 7},{row % 5}.5,{9.81 - row % 3}\n" for row in range(200)
)
SENTENCES = [
    (["s.csv", "--kernel", "1,0,-1"], "s.csv: 3 channels (ax, ay, az) of 200 samples; column time left out."),
    (["s.csv", "--kernel", "1,0,-1", "--columns", "ax"],
     "s.csv: 1 channel (ax) of 200 samples; columns time, ay, az left out."),
    (["s.csv", "--kernel", "sobel-x", "--dims", "2"],
     "s.csv: one array of 200 rows and 3 columns (ax, ay, az; --dims 1: channels);"),
    (["tall.csv", "--kernel", "1,-1"], "tall.csv: 2 channels of 3 samples, a column each (--transpose: the other)."),
    (["tall.csv", "--kernel", "1,-1", "--transpose"],
     "tall.csv: 3 channels of 2 samples, a row each (--transpose: the other)."),
    (["tall.csv", "--kernel", "[[1]]"], "Cross-correlation (kernel not flipped) of 1 channel of 3×2 with a kernel of"),
    (["wide.csv", "--kernel", "1,-1"], "wide.csv: 2 channels of 3 samples, a row each (--transpose: the other)."),
    (["wide.csv", "--kernel", "1,-1", "--transpose"],
     "wide.csv: 3 channels of 2 samples, a column each (--transpose: the other)."),
    (["row.csv", "--kernel", "1,-1"],
     "Cross-correlation (kernel not flipped) of 1 channel of 3 cells with a kernel of"),
    (["column.csv", "--kernel", "1,-1"],
     "Cross-correlation (kernel not flipped) of 1 channel of 3 cells with a kernel of"),
    (["p.yaml"], "s.csv: 2 channels (ay, ax) of 200 samples; columns time, az left out."),
    (["p.yaml", "--columns", "az"], "s.csv: 1 channel (az) of 200 samples; columns time, ax, ay left out."),
]  # fmt: skip
FILES = {
    "s.csv": ACCELEROMETER,
    "tall.csv": "1,2\n3,4\n5,6\n",
    "wide.csv": "1,2,3\n4,5,6\n",
    "row.csv": "1,2,3\n",
    "column.csv": "1\n2\n3\n",
    "p.yaml": "input: {file: s.csv, columns: [ay, ax]}\nkernel: [1, 0, -1]\n",
}


@pytest.mark.parametrize(("argv", "sentence"), SENTENCES)
def test_the_first_sentence_says_how_a_table_was_read(argv, sentence, cli):
    """Where there is nothing to choose it says nothing; a kernel of two axes reads rows and columns as always."""
    cli.write(FILES)
    done = cli.run("run", *argv)
    assert (done.code, " ".join(done.out.split()).startswith(sentence)) == (0, True), done.out + done.err


@pytest.mark.parametrize("command", ["run", "plan", "matrix", "uses --pos 1", "trace --pos 1", "bench --rounds 1"])
def test_every_command_says_how_a_table_was_read(command, cli):
    """Columns that are left out are left out aloud; JSON has the sentence too."""
    cli.write({"f.csv": "a,b,c\n0,1,2\n1,5,2\n4,4,3\n5,5,5\n"})
    name, *rest = command.split()
    done = cli.run(name, "f.csv", *rest, "--kernel", "[1]", "--skip", "a", "--skip", "c")
    assert (done.code, "f.csv: 1 channel (b) of 4 samples; columns a, c left out." in " ".join(done.out.split())) == (
        0,
        True,
    ), done
    if name == "run":
        document = json.loads(cli.run("run", "f.csv", "--kernel", "[1]", "--columns", "b", "--format", "json").out)
        assert document["input"]["reading"] == "f.csv: 1 channel (b) of 4 samples; columns a, c left out."


def test_a_rate_that_is_not_the_files_is_told(cli):
    """The one that is said counts."""
    cli.write({"f.csv": "time (s),x\n0,0\n0.02,4\n0.04,4\n0.06,5\n"})
    note = "note: 100 samples a second, as is said; the file tells 50"
    assert note in cli.run("run", "f.csv", "--kernel", "[1]", "--rate", "100").out
    assert "as is said" not in cli.run("run", "f.csv", "--kernel", "[1]", "--rate", "50").out
    cli.write({"u.csv": "time (s),ax\n0,1\n1,2\n4,3\n"})
    uneven = cli.run("run", "u.csv", "--kernel", "[1]", "--rate", "1000").out
    assert "note: 1000 samples a second, as is said; the file tells uneven times" in uneven
    assert "the longest of 3 s after sample 1, usual 1 s" in " ".join(
        cli.run("run", "u.csv", "--kernel", "[1]").out.split()
    )


def test_names_go_through_to_tables_traces_and_figures(cli):
    """A channel is called by its name wherever it is shown, and the data have it."""
    cli.write(FILES)
    page = cli.run("run", "s.csv", "--kernel", "1,0,-1", "--depthwise").out
    assert "input channel 0, ax (m/s²)" in page
    assert "output channel 2, az" in page
    trace = cli.run("trace", "s.csv", "--kernel", "1,0,-1", "--pos", "3", "--groups", "1").out
    assert "window, ay" in trace
    assert "\naz   " in trace
    cli.run("trace", "s.csv", "--kernel", "1,0,-1", "--pos", "3", "--groups", "1", "-o", "t.svg")
    assert ">az<" in cli.files()["t.svg"].decode()
    assert '"channels": [\n      "ax"' in cli.run("run", "s.csv", "--kernel", "1,0,-1", "--format", "json").out.replace(
        '["ax"', '[\n      "ax"'
    )


def test_flags_of_tables_are_refused_where_there_is_none(cli):
    """The flag is named."""
    cli.write({**FILES, "n.yaml": "input: [[1, 2]]\n", "a.json": "[[1, 2]]"})
    for file in ("n.yaml", "a.json"):
        done = cli.run("run", file, "--columns", "ax")
        assert done.code in (1, 2), done
        assert "columns says how a table is read" in done.err


@pytest.mark.slow
def test_a_large_table_is_read_as_a_small_one(tmp_path):
    """Beyond a MiB the blocks begin and end anywhere, and the numbers, gaps and dates are the same."""
    clock = [f"2024-01-01 00:{row // 60 % 60:02d}:{row % 60:02d}" for row in range(40_000)]
    rows = [f"{when},{row / 7!r},{'' if row % 1000 == 7 else row}" for row, when in enumerate(clock)]
    text = "when,ax,n\n" + "\r\n".join(rows) + "\n\n"
    path = tmp_path / "f.csv"
    path.write_text(text, "utf-8", newline="")
    options = TableOptions(gaps="hold")
    with path.open("rb") as stream:
        large = read_large(stream, path.stat().st_size, "f.csv", LIMITS, options)
    small = read_csv(text.replace("\r\n", "\n"), "f.csv", LIMITS, options)
    np.testing.assert_array_equal(large.array, small.array, strict=True)
    np.testing.assert_array_equal(large.table.axis.values, small.table.axis.values)
    assert large.notes == small.notes


DAMAGED = [b"1,2\n" * 300_000 + b"x,3\n", b"1,2\n" * 300_000 + b"3\n", b"a,b\n" + b"1,2\n" * 300_000 + b"\n3,\n"]


@pytest.mark.slow
@pytest.mark.parametrize("data", DAMAGED)
def test_what_is_wrong_at_the_end_of_a_large_table_is_found(data, cli):
    """With its line, in the words of small ones."""
    cli.write({"f.csv": data})
    done = cli.run("run", "f.csv", "--kernel", "1,-1")
    assert done.code == 1
    assert "30000" in done.err
