"""Tables of numbers as text."""

import math
import re
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convcalc.errors import FormatError, LimitError, OutputError
from convcalc.files.csv_reader import read_csv
from convcalc.files.csv_writer import array_lines, csv_cell, csv_lines
from convcalc.files.tables.columns import GAPS_HINT
from convcalc.files.text import decode
from convcalc.limits import Limits

LIMITS = Limits()
SPREADSHEET = shutil.which("soffice")


def read(text):
    return read_csv(text, "f.csv", LIMITS).array


READ = [
    ("1,2\n3,4\n", [[1, 2], [3, 4]]),
    ("1;2\n3;4", [[1, 2], [3, 4]]),
    ("1\t2\n3\t4\n", [[1, 2], [3, 4]]),
    ("1|2", [[1, 2]]),
    ("  1 -2\n3    4", [[1, -2], [3, 4]]),
    ("1, 2 ,3", [[1, 2, 3]]),
    ('"1","2"\n3,"4"\n', [[1, 2], [3, 4]]),
    ("5", [[5]]),
    ("1\n2\n", [[1], [2]]),
    ("1,2\n\n3,4\n", [[[1, 2]], [[3, 4]]]),
    ("\n\n1,2\n \n\n3,4\n\n\n", [[[1, 2]], [[3, 4]]]),
    ("010,-.5,1e3", [[10, -0.5, 1000]]),
    ("nan,inf", [[math.nan, math.inf]]),
    ("1/9,9223372036854775808", [[Fraction(1, 9), 2**63]]),
    ("sep=;\n1;2\n3;4\n", [[1, 2], [3, 4]]),
    ('"SEP=,"\n1,2\n', [[1, 2]]),
    ("sep=\t\n1\t2\n", [[1, 2]]),
    ("sep=:\n1:2\n", [[1, 2]]),
    ("sep= \n1  2\n", [[1, 2]]),
    ("sep=|\n1|2\n\n3|4", [[[1, 2]], [[3, 4]]]),
    ("# scan 7\n1,2\n3,4\n", [[1, 2], [3, 4]]),
    ("# a;b|c\n1 2\n  # between\n3 4\n#the end", [[1, 2], [3, 4]]),
    ("# one\n1,2\n# two\n\n# three\n3,4\n", [[[1, 2]], [[3, 4]]]),
    ('#x\n"1",2\n', [[1, 2]]),
    (decode(b"\xef\xbb\xbf1,2\r\n3,4\r\n", "f"), [[1, 2], [3, 4]]),
    (decode(b"1,2\r3,4\r", "f"), [[1, 2], [3, 4]]),
    ("1,2,\n3,4,\n", [[1, 2], [3, 4]]),
    ("width,height\n1,2", [[1, 2]]),
    ("1,5;2,5", [[1.5, 2.5]]),
    ("sep=;\n1,5;2", [[1.5, 2.0]]),
    (",a,b\n0,1,2", [[1, 2]]),
    ('"2,590","3,1"', [[2.59, 3.1]]),
    ("0,590;3", [[0.59, 3.0]]),
    ("1,5e-3;3", [[0.0015, 3.0]]),
    ("1,234,567;3", [[1234567, 3]]),
    ("1,234.5;3", [[1234.5, 3.0]]),
    ("1.234,5;3", [[1234.5, 3.0]]),
    ("1.234.567;3", [[1234567, 3]]),
    ("1'234.5;3", [[1234.5, 3.0]]),
    ("1,5 2,5\n3,5 4,5", [[1.5, 2.5], [3.5, 4.5]]),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_tables_are_read_with_the_delimiter_that_they_have(text, expected):
    """Comma, semicolon, tab, bar or spaces; quotes; and blank lines between channels."""
    values = read(text)
    np.testing.assert_array_equal(values, np.array(expected, dtype=values.dtype), strict=True)
    assert not values.flags.writeable


REFUSED = [
    ("1,2\n3", 2, None, "row 2 has 1 value, row 1 has 2", ""),
    ("\n1,2\n3,4,5", 3, None, "row 3 has 3 values, row 2 has 2", ""),
    ("1,,2", 1, 2, "row 1, column 2: expected a number, got nothing", GAPS_HINT),
    (",1", 1, 1, "row 1, column 1: expected a number, got nothing", GAPS_HINT),
    ("1,2\n,\n3,4", 2, 1, "row 2, column 1: expected a number, got nothing", GAPS_HINT),
    ("1,2\n\n\n3,NA", 4, 2, "row 4, column 2: expected a number, got 'NA'", GAPS_HINT),
    ("1,50%", 1, 2, "row 1, column 2: expected a number, got '50%'", "write 50/100"),
    ("50 %", 1, 2, "row 1, column 2: expected a number, got '%'", ""),
    ("1,0x10", 1, 2, "row 1, column 2: expected a number, got '0x10'", "write it in decimal: 16"),
    ("1,1_000", 1, 2, "row 1, column 2: expected a number, got '1_000'", "write 1000"),
    ("1,１２", 1, 2, "row 1, column 2: expected a number, got '１２'", "write numbers with the ASCII digits 0 to 9"),
    ("1,−2", 1, 2, "row 1, column 2: expected a number, got '−2'", "use the ASCII minus -"),
    (
        "1,2\nx,4",
        2,
        1,
        "row 2, column 1: expected a number, got 'x'",
        "--skip 1 leaves the column out, if it holds names",
    ),
    ("1 -1,2", 1, 1, "row 1, column 1: missing comma between 1 and -1", "write a comma between two values"),
    ('"1\n5",2', 2, 1, "row 2, column 1: missing comma between 1 and 5", "write a comma between two values"),
    ("1e400,1", 1, 1, "row 1, column 1: out of range: '1e400'", "the largest float is about 1.8e308"),
    ("#x\n1,2\n#y\n3,x", 4, 2, "row 4, column 2: expected a number, got 'x'", ""),
    ("# x\n1,2\n#N/A,4", 3, 1, "row 3, column 1: expected a number, got '#N/A'", GAPS_HINT),
    ("1,#DIV/0!", 1, 2, "row 1, column 2: expected a number, got '#DIV/0!'", GAPS_HINT),
    ("1 2 # here", 1, 3, "row 1, column 3: expected a number, got '#'", "a comment stands on a line of its own"),
    (
        "a,1,2\nb,3,4",
        1,
        None,
        "row 1 can be read in two ways: as names of columns, of which 'a' is one, or as the label 'a' "
        "with the numbers 1, 2",
        "--header for names, --no-header for numbers",
    ),
    (
        "2,590;3",
        1,
        1,
        "row 1, column 1: '2,590' can be read in two ways: 2590 (decimal point, commas between thousands) "
        "and 2.590 (decimal comma)",
        "--decimal , for 2.590 or --decimal . for 2590",
    ),
    ("1 mV,2 mV", 1, 1, "row 1, column 1: expected a number, got '1 mV'", "write 1, without the unit"),
    ("2.5µm,1", 1, 1, "row 1, column 1: expected a number, got '2.5µm'", "write 2.5, without the unit"),
    ("=1+1,2", 1, 1, "row 1, column 1: expected a number, got '=1+1'", ""),
    ("1,2\n\n3,4\n5,6", 4, None, "channel 2 has 2 rows, channel 1 has 1", "a blank line starts a new channel"),
    (
        "1,2\n3,4\n\n5,6\n\n7,8\n9,9",
        5,
        None,
        "channel 2 has 1 row, channel 1 has 2",
        "a blank line starts a new channel",
    ),
    ("", None, None, "file is empty", ""),
    ("\n \n", None, None, "file is empty", ""),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), REFUSED, ids=[case[0][:20] for case in REFUSED])
def test_a_bad_cell_is_named_by_row_and_column(text, line, column, message, hint):
    """The row is the line of the file, nothing becomes NaN, and the hint says how to mend the cell."""
    with pytest.raises(FormatError) as caught:
        read(text)
    error = caught.value
    assert (error.message, error.hint, error.place.line, error.place.column) == (message, hint, line, column)


@pytest.mark.parametrize("text", ['"1,2\n3', '1,"2"x', '"' + "1" * 200_000 + '"'])
def test_broken_quotes_are_refused(text):
    """A quote that is not closed, text after one, and an endless cell are ordinary errors."""
    with pytest.raises(FormatError, match=r"^f.csv:\d:(\d:)? row \d"):
        read(text)


@pytest.mark.parametrize("text", ["1,2,3", "1 2 3", "1\n2\n3"])
def test_values_are_limited(text):
    """One value more than the limit is refused, and the hint names the flag."""
    with pytest.raises(LimitError) as caught:
        read_csv(text, "f.csv", Limits(values=2))
    assert caught.value.hint == "raise it with --limit values=8"
    assert read_csv(text, "f.csv", Limits(values=3)).array.size == 3


TABLES = hnp.arrays(
    st.sampled_from([np.int64, np.float64, np.float32, np.uint8]), hnp.array_shapes(min_dims=2, max_dims=3, max_side=4)
)


@given(TABLES)
def test_saved_tables_are_read_back_exactly(values):
    """Two and three axes survive with every digit; a single channel loses its axis."""
    again = read("".join(array_lines(values)))
    expected = values[0] if values.ndim == 3 and values.shape[0] == 1 else values
    np.testing.assert_array_equal(again.astype(values.dtype), expected, strict=True)


WRITTEN = [
    (np.array([1, 2]), "1,2\n"),
    (np.array(7), "7\n"),
    (np.array([[[1]], [[2]]]), "1\n\n2\n"),
    (np.ones((1, 1, 2, 1, 1), int), "1\n\n1\n"),
    (np.array([0.1, -0.0, math.nan, 1e300]), "0.1,-0.0,nan,1e+300\n"),
    (np.array([Fraction(1, 9), 2**70], dtype=object), "1/9,1180591620717411303424\n"),
    (np.array([True, False]), "1,0\n"),
]


@pytest.mark.parametrize(("values", "text"), WRITTEN)
def test_tables_are_written_without_losing_a_digit(values, text):
    """Rows, blank lines between channels, exact integers and fractions."""
    assert "".join(array_lines(values)) == text


@pytest.mark.parametrize("shape", [(2, 1, 1, 1), (1, 2, 2, 2, 2), (0, 5)])
def test_what_is_no_table_is_not_written(shape):
    """More than three axes, or none of a size, are refused with another format."""
    with pytest.raises(OutputError, match=r"is no table") as caught:
        array_lines(np.zeros(shape))
    assert "write .npy" in caught.value.hint


CELLS = [
    ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
    ("+1", "'+1"),
    ("-x", "'-x"),
    ("@a", "'@a"),
    ("\tx", r"\x09x"),
    ("a\n=1", r"a\x0a=1"),
    (" =1", "' =1"),
    ("＝1", "'＝1"),
    ("\x1b]0;a\x07\x9b2J\x00\u202e", r"\x1b]0;a\x07\x9b2J\x00\u202e"),
    ("a=b", "a=b"),
]


@pytest.mark.parametrize(("text", "cell"), CELLS)
def test_text_cells_are_no_formulas(text, cell):
    """What a spreadsheet would run gets an apostrophe."""
    assert csv_cell(text) == cell


@pytest.mark.skipif(not SPREADSHEET, reason="LibreOffice, as a second reader of CSV, is not installed")
def test_a_spreadsheet_finds_no_formula(tmp_path):
    """LibreOffice takes the second table's cell as a formula, and none of those that convcalc writes."""
    texts = [*(text for text, _ in CELLS), 'q"=4', "a,=5", '"=1+1"', "x;=8", "\xa0=1", "a\r=3", '=HYPERLINK("x")']
    (tmp_path / "ours.csv").write_text("".join(csv_lines([[text, 7] for text in texts])), "utf-8", newline="")
    (tmp_path / "bare.csv").write_text("=1+1,2\n", "utf-8")
    command = (SPREADSHEET, "--headless", "--norestore", f"-env:UserInstallation={(tmp_path / 'home').as_uri()}")
    tables = ("ours.csv", "bare.csv")
    subprocess.run([*command, "--convert-to", "fods", *tables], check=True, cwd=tmp_path, capture_output=True)
    ours, bare = ((tmp_path / name).with_suffix(".fods").read_text("utf-8") for name in tables)
    assert len(re.findall(r"table:formula=", bare)) == 1
    assert "table:formula=" not in ours
    assert ours.count('office:value="7"') == len(texts)
