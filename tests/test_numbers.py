"""Numbers from text, and arrays from nested lists."""

import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.arrays import owned, read_only
from convcalc.errors import FieldError, LimitError
from convcalc.files.expression import number
from convcalc.files.numbers import array, array_notes, numbers
from convcalc.files.yaml_reader import Quoted
from convcalc.limits import Limits

LIMITS = Limits()

READ = [
    ("010", 10),
    ("09", 9),
    ("+3", 3),
    ("-0", 0),
    ("-.5", -0.5),
    ("1.", 1.0),
    ("1e-3", 0.001),
    ("1e3", 1000.0),
    ("1.0E+3", 1000.0),
    (" 7 ", 7),
    (".inf", math.inf),
    ("-.INF", -math.inf),
    ("Infinity", math.inf),
    ("-inf", -math.inf),
    ("1/9", Fraction(1, 9)),
    ("-1/9", Fraction(-1, 9)),
    ("4/2", 2),
    ("1/3 + 2/3", 1),
    ("sqrt(2)/2", math.sqrt(2) / 2),
    ("sqrt(4)", 2),
    ("sqrt(1/4)", Fraction(1, 2)),
    ("pi", math.pi),
    ("-(1+2)*3", -9),
    ("2 * -1", -2),
    ("1-1", 0),
    ("1 - 1", 0),
    ("2*.5", 1.0),
    ("9007199254740993", 9007199254740993),
    ("1" * 4300, int("1" * 4300)),
    ("0." + "3" * 100_000, 1 / 3),
    ("-1/" + "3" * 310, Fraction(-1, int("3" * 310))),
    ("6" * 4300 + "/" + "3" * 4300, 2),
]


@pytest.mark.parametrize(("text", "value"), READ, ids=[text[:20] for text, _ in READ])
def test_numbers_and_expressions_have_their_exact_value(text, value):
    """Whole numbers and fractions stay exact, a point or an exponent makes a float."""
    assert (number(text), type(number(text))) == (value, type(value))


@pytest.mark.parametrize("text", ["nan", ".nan", "NaN", ".NAN"])
def test_nan_is_read_as_yaml_and_json_write_it(text):
    """NaN is a value that has to be written."""
    assert math.isnan(number(text))


def test_minus_zero_keeps_its_sign():
    """A float zero keeps the sign that was written."""
    assert math.copysign(1, number("-0.0")) == -1


REFUSED = [
    ("", "expected a number, got nothing", ""),
    ("   ", "expected a number, got nothing", ""),
    ("hello", "expected a number, got 'hello'", ""),
    ("1:30", "expected a number, got '1:30'", ""),
    ("2024-01-01", "expected a number, got '2024-01-01'", "this reads as a date"),
    ("2024-01-01T10:00:00", "expected a number, got '2024-01-01T10:00:00'", "this reads as a date"),
    ("true", "expected a number, got 'true'", "write 1 or 0"),
    ("no", "expected a number, got 'no'", "write 1 or 0"),
    ("NA", "expected a number, got 'NA'", "write nan for a missing value, or a number"),
    ("null", "expected a number, got 'null'", "write nan for a missing value, or a number"),
    ("1_000", "expected a number, got '1_000'", "write 1000"),
    ("0x10", "expected a number, got '0x10'", "write it in decimal: 16"),
    ("1,5", "expected a number, got '1,5'", "a decimal comma: write 1.5"),
    ("50%", "expected a number, got '50%'", "write 50/100"),
    ("50 %", "expected a number, got '50 %'", "write 50/100"),
    ("−1", "expected a number, got '−1'", "use the ASCII minus -"),
    ("１２", "expected a number, got '１２'", "write numbers with the ASCII digits 0 to 9"),
    ("٣", "expected a number, got '٣'", "write numbers with the ASCII digits 0 to 9"),
    ("1 -1", "missing comma between 1 and -1", "write a comma between two values"),
    ("-1 -2 3", "missing comma between -1 and -2", "write a comma between two values"),
    ("1 2", "missing comma between 1 and 2", "write a comma between two values"),
    ("1\n2", "missing comma between 1 and 2", "write a comma between two values"),
    ("1 -", "expected a number, got '1 -'", ""),
    ("1)", "expected a number, got '1)'", ""),
    ("(1", "a parenthesis is not closed in '(1'", ""),
    ("1/0", "division by zero in '1/0'", ""),
    ("1/0.0", "division by zero in '1/0.0'", ""),
    ("1/" + "0" * 310, "division by zero in '1/0000000000000000000000000000000000000…'", ""),
    ("1/" + "9" * 4301, "too large: 4,301 digits, at most 4,300", ""),
    ("sqrt(-1)", "the square root of a negative number in 'sqrt(-1)'", ""),
    ("sqrt 4", "expected a number, got 'sqrt 4'", ""),
    ("2**3", "powers are not read: '2**3'", "write the value"),
    ("2^3", "powers are not read: '2^3'", "write the value"),
    ("9**9**9", "powers are not read: '9**9**9'", "write the value"),
    ("__import__('os').system('x')", "unknown name '__import__'", "the names known here are pi and sqrt"),
    ("1+1" * 333_333, "an expression of 999,999 characters, at most 200", "write its value"),
    ("9" * 100_000 + "/8", "too large: 100,000 digits, at most 4,300", ""),
    ("9." + "9" * 100_000 + "/8", "an expression of 100,004 characters, at most 200", "write its value"),
    ("(" * 10_000, "an expression of 10,000 characters, at most 200", "write its value"),
    ("(" * 60 + "1" + ")" * 60, "more than 30 nested parentheses", "write the value"),
    ("sqrt(" * 35 + "1" + ")" * 5, "more than 30 nested parentheses", "write the value"),
    ("1e400", "out of range: '1e400'", "the largest float is about 1.8e308"),
    ("-1e400", "out of range: '-1e400'", "the largest float is about 1.8e308"),
    ("1e308*10", "out of range: '1e308*10'", "the largest float is about 1.8e308"),
    ("1" * 4301, "too large: 4,301 digits, at most 4,300", ""),
    ("1" * 5000, "too large: 5,000 digits, at most 4,300", ""),
    ("-" + "1" * 1_000_000, "too large: 1,000,000 digits, at most 4,300", ""),
    ("\x1b[2J", r"expected a number, got '\x1b[2J'", ""),
]


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED, ids=[case[0][:20].strip("\x1b") for case in REFUSED])
def test_what_is_no_number_is_refused_at_once_with_a_way_out(text, message, hint):
    """Messages say what was given, hints how to write it; none takes more than 10 ms (times five)."""
    started = time.process_time()
    with pytest.raises(FieldError) as caught:
        number(text)
    assert time.process_time() - started < 0.05
    assert (caught.value.message, caught.value.hint) == (message, hint)


@given(st.integers() | st.fractions() | st.floats(allow_nan=False))
def test_what_python_prints_is_read_back(value):
    """Integers, fractions and floats survive being written and read."""
    assert number(str(value)) == value


@given(st.text(alphabet="0123456789+-*/(). eEsqrtpi_,%", max_size=30))
def test_no_text_raises_anything_but_a_field_error(text):
    """Random expressions are read or refused; none computes something infinite."""
    try:
        value = number(text)
    except FieldError:
        return
    assert math.isfinite(value)


@given(
    st.lists(
        st.sampled_from(
            ["1", "-2", "+3", ".5", "1e3", "1/9", "nan", "007", " 4 ", "1e400", "-1e400", "1_0", "x", "", "1 2"]
        )
    )
)
def test_a_row_is_read_like_its_numbers(row):
    """The fast way for rows accepts, refuses and values exactly what the careful way does."""
    try:
        expected = [number(text) for text in row]
    except FieldError as error:
        with pytest.raises(FieldError) as caught:
            numbers(row)
        assert (caught.value.message, caught.value.hint) == (error.message, error.hint)
        assert not row[: caught.value.field[0]] or numbers(row[: caught.value.field[0]])
    else:
        np.testing.assert_array_equal(np.array(numbers(row), float), np.array(expected, float))


ARRAYS = [
    ("5", np.array(5)),
    ([["1", "2"], ["3", "-4"]], np.array([[1, 2], [3, -4]])),
    ([["1", "2"], ["3", ".5"]], np.array([[1, 2], [3, 0.5]])),
    ([Quoted("1"), Quoted("2.5")], np.array([1, 2.5])),
    (["1/9", "2"], np.array([Fraction(1, 9), 2], dtype=object)),
    (["1/4", "2.5"], np.array([0.25, 2.5])),
    (["9223372036854775807"], np.array([2**63 - 1])),
    (["9223372036854775808", "1"], np.array([2**63, 1], dtype=object)),
    (["nan", "1"], np.array([math.nan, 1])),
    ([[[[[[[["1"]]]]]]]], np.ones((1,) * 8, np.int64)),
]


@pytest.mark.parametrize(("node", "expected"), ARRAYS)
def test_nested_lists_become_the_narrowest_exact_array(node, expected):
    """Integers are int64 or exact, fractions exact, and one float makes all of them float64; nothing can be changed."""
    values = array(node, LIMITS)
    np.testing.assert_array_equal(values, expected, strict=True)
    assert not values.flags.writeable
    assert [type(item) for item in values.flat] == [type(item) for item in expected.flat]


BAD_ARRAYS = [
    ([["1", "2"], ["3"]], "row 2 has 1 value, row 1 has 2", (1,)),
    ([["1"], ["2", "3"]], "row 2 has 2 values, row 1 has 1", (1,)),
    ([["1", "2"], "3"], "row 2 is the value '3', row 1 a list of 2 values", (1,)),
    ([["1", "2"], {"a": "3"}], "row 2 is a mapping, row 1 a list of 2 values", (1,)),
    ([[["1"]], [["2"], ["3"]]], "row 2 has 2 lists, row 1 has 1", (1,)),
    ([[["1", "2"], ["3", "4"]], [["1", "2"], ["3"]]], "[1][1] has 1 value, [1][0] has 2", (1, 1)),
    (["1", ["2"]], "expected a number, got a list", (1,)),
    ([["1", ["2"]], ["3", "4"]], "expected a number, got a list", (0, 1)),
    ([["1", "2"], ["3", "x"]], "expected a number, got 'x'", (1, 1)),
    (["1 -1"], "missing comma between 1 and -1", (0,)),
    (["1", ""], "expected a number, got nothing", (1,)),
    ([], "expected numbers, got an empty list", ()),
    ([[]], "expected numbers, got an empty list", (0,)),
    ({"a": "1"}, "expected a number or a list, got a mapping", ()),
    ("x", "expected a number, got 'x'", ()),
    (["1e400", "1"], "out of range: '1e400'", (0,)),
    ([["1", "2"], ["1", "-1e400"]], "out of range: '-1e400'", (1, 1)),
]


@pytest.mark.parametrize(("node", "message", "path"), BAD_ARRAYS)
def test_lists_that_are_no_array_are_refused_with_their_path(node, message, path):
    """The field is the path of indices of what is wrong."""
    with pytest.raises(FieldError) as caught:
        array(node, LIMITS)
    assert (caught.value.message, caught.value.field) == (message, path)


def test_too_large_an_integer_among_floats_is_refused():
    """What no float can hold is not made infinite."""
    with pytest.raises(FieldError, match=r"^out of range: '1111"):
        array(["1" * 400, "1.5"], LIMITS)


@pytest.mark.slow
def test_axes_are_limited():
    """Deeper lists than the limit are refused, however deep they are."""
    node = "1"
    for _ in range(100_000):
        node = [node]
    with pytest.raises(LimitError, match=r"more than 8 axes"):
        array(node, LIMITS)


NOTES = [
    (["1", "2"], ()),
    (["1.5", "2"], ()),
    ([["1.5", "2"], ["nan", ".inf"]], ("2 values are not finite, the first (nan) at [1, 0]",)),
    (["1", ".inf"], ("1 value is not finite, the first (inf) at [1]",)),
    (["9007199254740993"], ()),
    (["9007199254740992", "0.5"], ()),
    (
        ["9007199254740993", "0.5"],
        ("'9007199254740993' at [0] is rounded: among floats, integers are exact up to 2**53",),
    ),
]


@pytest.mark.parametrize(("node", "notes"), NOTES)
def test_notes_say_what_a_reader_should_know(node, notes):
    """Values that are not finite and integers that lost digits are told, with their index."""
    assert array_notes(array(node, LIMITS), node) == notes


def test_a_view_of_another_array_becomes_an_array_of_its_own():
    """So that nobody else sees what is written to it; a view of all of an array is what stands behind it."""
    whole = np.arange(6)
    part = owned(read_only(whole[2:4]))
    part[0] = 9
    assert (part.tolist(), whole.tolist()) == ([9, 3], [0, 1, 2, 3, 4, 5])
    view = whole.view()
    assert owned(view) is not view
    assert np.shares_memory(owned(view), whole)
