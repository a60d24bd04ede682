"""Tables of numbers as text."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convcalc.errors import FormatError, LimitError, OutputError
from convcalc.formats.csv_reader import csv_text, read_csv
from convcalc.formats.text import decode
from convcalc.limits import Limits
from convcalc.render.documents import csv_cell

LIMITS = Limits()


def read(text):
    return read_csv(text, "f.csv", LIMITS)


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
    (decode(b"\xef\xbb\xbf1,2\r\n3,4\r\n", "f"), [[1, 2], [3, 4]]),
    (decode(b"1,2\r3,4\r", "f"), [[1, 2], [3, 4]]),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_tables_are_read_with_the_delimiter_that_they_have(text, expected):
    """Comma, semicolon, tab, bar or spaces; quotes; and blank lines between channels."""
    values = read(text)
    np.testing.assert_array_equal(values, np.array(expected, dtype=values.dtype), strict=True)
    assert not values.flags.writeable


NOTHING = "expected a number, got nothing"
REFUSED = [
    ("1,2\n3", 2, None, "row 2 has 1 value, row 1 has 2", ""),
    ("\n1,2\n3,4,5", 3, None, "row 3 has 3 values, row 2 has 2", ""),
    ("1,,2", 1, 2, f"row 1, column 2: {NOTHING}", ""),
    (",1", 1, 1, f"row 1, column 1: {NOTHING}", ""),
    ("1,2,\n3,4,\n", 1, 3, f"row 1, column 3: {NOTHING}", "delete the delimiter at the end of the row"),
    ("1,2\n,\n3,4", 2, 1, f"row 2, column 1: {NOTHING}", ""),
    (
        "1,2\n\n\n3,NA",
        4,
        2,
        "row 4, column 2: expected a number, got 'NA'",
        "write nan for a missing value, or a number",
    ),
    ("1,50%", 1, 2, "row 1, column 2: expected a number, got '50%'", "write 50/100"),
    ("50 %", 1, 2, "row 1, column 2: expected a number, got '%'", ""),
    ("1,0x10", 1, 2, "row 1, column 2: expected a number, got '0x10'", "write it in decimal: 16"),
    ("1,1_000", 1, 2, "row 1, column 2: expected a number, got '1_000'", "write 1000"),
    ("1,１２", 1, 2, "row 1, column 2: expected a number, got '１２'", "write numbers with the ASCII digits 0 to 9"),
    ("1,−2", 1, 2, "row 1, column 2: expected a number, got '−2'", "use the ASCII minus -"),
    ("width,height\n1,2", 1, 1, "row 1, column 1: expected a number, got 'width'", "if row 1 is a header, delete it"),
    (
        "# made by x\n1,2",
        1,
        1,
        "row 1, column 1: expected a number, got '# made by x'",
        "if row 1 is a header, delete it",
    ),
    ("1,2\nx,4", 2, 1, "row 2, column 1: expected a number, got 'x'", ""),
    ("1,5;2,5", 1, 1, "row 1, column 1: expected a number, got '1,5'", "a decimal comma: write 1.5"),
    ("1 -1,2", 1, 1, "row 1, column 1: missing comma between 1 and -1", "write a comma between two values"),
    ('"1\n5",2', 2, 1, "row 2, column 1: missing comma between 1 and 5", "write a comma between two values"),
    ("1e400,1", 1, 1, "row 1, column 1: out of range: '1e400'", "the largest float is about 1.8e308"),
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
    assert read_csv(text, "f.csv", Limits(values=3)).size == 3


TABLES = hnp.arrays(
    st.sampled_from([np.int64, np.float64, np.float32, np.uint8]), hnp.array_shapes(min_dims=2, max_dims=3, max_side=4)
)


@given(TABLES)
def test_saved_tables_are_read_back_exactly(values):
    """Two and three axes survive with every digit; a single channel loses its axis."""
    again = read(csv_text(values))
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
    assert csv_text(values) == text


@pytest.mark.parametrize("shape", [(2, 1, 1, 1), (1, 2, 2, 2, 2), (0, 5)])
def test_what_is_no_table_is_not_written(shape):
    """More than three axes, or none of a size, are refused with another format."""
    with pytest.raises(OutputError, match=r"is no table") as caught:
        csv_text(np.zeros(shape))
    assert "write .npy" in caught.value.hint


CELLS = [
    ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
    ("+1", "'+1"),
    ("-x", "'-x"),
    ("@a", "'@a"),
    ("\tx", "'\tx"),
    ("a=b", "a=b"),
]


@pytest.mark.parametrize(("text", "cell"), CELLS)
def test_text_cells_are_no_formulas(text, cell):
    """What a spreadsheet would run gets an apostrophe."""
    assert csv_cell(text) == cell
