"""Parquet, Arrow and Excel tables: the same numbers as in the library that wrote them, or refused."""

import io
from pathlib import Path

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, LimitError
from convcalc.files.selection import Selection
from convcalc.files.tables.options import table_options
from convcalc.files.tensor_file import read_tensor
from convcalc.limits import Limits

LIMITS = Limits()
FOLDER = Path(__file__).parent / "formats" / "foreign"


def parquet(table, path):
    pytest.importorskip("pyarrow.parquet").write_table(table, path)


def arrow_file(table, path):
    import pyarrow

    with pyarrow.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)


WRITERS = {"parquet": parquet, "arrow": arrow_file}


@pytest.fixture
def table():
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.table(
        {
            "time": pyarrow.array(range(0, 50, 10), pyarrow.timestamp("ms")),
            "ax": [0.5, 1.5, None, 3.5, 4.5],
            "n": pyarrow.array([1, 2, 3, 4, 5], pyarrow.int16()),
            "on": [True, False, True, True, False],
            "what": ["a", "b", "c", "d", "e"],
        }
    )


@pytest.mark.parametrize("kind", WRITERS)
def test_columns_are_read_as_they_are_stored(kind, table, tmp_path):
    """Numbers and truths are channels, times the axis, texts are left out, missing values gaps."""
    path = tmp_path / f"f.{kind}"
    WRITERS[kind](table, path)
    found = read_tensor(str(path), LIMITS, options=table_options({"gaps": "linear"}))
    assert found.array.T.tolist() == [[0.5, 1.5, 2.5, 3.5, 4.5], [1, 2, 3, 4, 5], [1, 0, 1, 1, 0]]
    assert (found.table.names, found.table.left_out) == (("ax", "n", "on"), ("columns time, what left out",))
    axis = found.table.axis
    assert (axis.values.tolist(), axis.unit, axis.rate) == ([0, 0.01, 0.02, 0.03, 0.04], "s", 100)
    with pytest.raises(ConvcalcError, match="row 3, column ax: expected a number, got nothing"):
        read_tensor(str(path), LIMITS)


@pytest.mark.parametrize("kind", WRITERS)
def test_whole_numbers_stay_exact(kind, tmp_path):
    """Beyond 2**53 too, and float32 stays float32."""
    pyarrow = pytest.importorskip("pyarrow")
    path = tmp_path / "f"
    WRITERS[kind](pyarrow.table({"a": [2**62 + 1, 3], "b": [1, 2]}), path)
    assert read_tensor(str(path), LIMITS).array.tolist() == [[2**62 + 1, 1], [3, 2]]
    WRITERS[kind](pyarrow.table({"a": pyarrow.array([2**64 - 1, 3], pyarrow.uint64())}), path)
    assert read_tensor(str(path), LIMITS).array.tolist() == [[2**64 - 1], [3]]
    WRITERS[kind](pyarrow.table({"a": pyarrow.array([0.1, 3], pyarrow.float32())}), path)
    assert read_tensor(str(path), LIMITS).array.dtype == np.float32


@pytest.mark.parametrize("name", ["feather-columns.feather", "parquet-columns.parquet"])
def test_files_of_pandas_are_read(name):
    """With pandas' own index, where there is one."""
    pytest.importorskip("pyarrow")
    found = read_tensor(str(FOLDER / name), LIMITS)
    assert found.array.ndim == 2
    assert found.table.names


@pytest.mark.parametrize("kind", WRITERS)
def test_damaged_tables_are_refused(kind, table, tmp_path):
    """Every cut and many changed bytes end in an error of ours."""
    path = tmp_path / "f"
    WRITERS[kind](table, path)
    data = path.read_bytes()
    for cut in range(6, len(data) - 1, max(1, len(data) // 40)):
        path.write_bytes(data[:cut])
        with pytest.raises(ConvcalcError):
            read_tensor(str(path), LIMITS)
    path.write_bytes(data)
    with pytest.raises(LimitError, match="more than 10 values"):
        read_tensor(str(path), Limits(values=10))


def workbook(rows, sheets=1):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for number in range(1, sheets):
        book.create_sheet(f"other {number}")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_is_read_as_a_table(tmp_path):
    """Header, units, dates, gaps, and what stands beside; of formulas the saved values."""
    from datetime import datetime

    rows = [
        [],
        [None, "when", "ax", "note", "n"],
        [None, None, "m/s²", None, None],
        [None, datetime(2024, 1, 1, 0, 0, 0), 0.1, "x", 1],
        [None, datetime(2024, 1, 1, 0, 0, 1), 0.2, None, 2],
    ]
    (tmp_path / "f.xlsx").write_bytes(workbook(rows, sheets=2))
    found = read_tensor(str(tmp_path / "f.xlsx"), LIMITS, options=table_options({"columns": "ax"}))
    assert found.array.tolist() == [[0.1], [0.2]]
    assert (found.table.names, found.table.units) == (("ax",), ("m/s²",))
    assert found.table.axis.values.tolist() == [0, 1]
    assert found.table.left_out[-1] == "the other 1 of 2 sheets left out"


@pytest.fixture
def two_sheets(tmp_path):
    """A workbook of two sheets as a program writes it: without the values of its formulas."""
    book = pytest.importorskip("openpyxl").Workbook()
    first, second = book.active, book.create_sheet("Second data")
    for row in (["x", "y"], [1, "=A2*2"], [2, "=A3*2"]):
        first.append(row)
    for row in (["u", "v"], [5, 6], [7, 8], [9, 10]):
        second.append(row)
    book.save(tmp_path / "w.xlsx")
    return str(tmp_path / "w.xlsx")


def test_a_sheet_is_chosen_by_name_or_number(two_sheets):
    """As a member of the file, or as a series."""
    for found in (
        read_tensor(f"{two_sheets}:Second data", LIMITS),
        read_tensor(two_sheets, LIMITS, selection=Selection(series=1)),
    ):
        assert found.array.tolist() == [[5, 6], [7, 8], [9, 10]]
        assert found.table.left_out == ("sheet Second data",)
    with pytest.raises(ConvcalcError, match="unknown sheet '2'") as caught:
        read_tensor(two_sheets, LIMITS, selection=Selection(series=2))
    assert caught.value.hint == "one of: 0 (Sheet), 1 (Second data)"
    with pytest.raises(ConvcalcError, match="series is a sheet's number, the file's name has a sheet too"):
        read_tensor(f"{two_sheets}:Sheet", LIMITS, selection=Selection(series=1))
    with pytest.raises(ConvcalcError, match="unknown sheet 'Third'"):
        read_tensor(f"{two_sheets}:Third", LIMITS)
    with pytest.raises(ConvcalcError, match="an Excel workbook has no frame to choose"):
        read_tensor(two_sheets, LIMITS, selection=Selection(frame=(1,)))


def test_formulas_without_values_are_named(two_sheets):
    """Their column is empty, and a note says why."""
    found = read_tensor(two_sheets, LIMITS)
    assert found.array.tolist() == [[1], [2]]
    assert found.notes == (
        "2 formulas have no saved value, the first in B2: open and save the workbook in a spreadsheet program",
    )


def test_a_column_of_lists_is_no_channel(tmp_path):
    """It is left out, and refused by its name where it is asked for."""
    pyarrow = pytest.importorskip("pyarrow")
    path = str(tmp_path / "l.parquet")
    parquet(pyarrow.table({"a": [1, 2], "l": [[1], [2]]}), path)
    assert read_tensor(path, LIMITS).array.tolist() == [[1], [2]]
    with pytest.raises(ConvcalcError, match=r"column 'l' holds no numbers but list<.*int64>"):
        read_tensor(path, LIMITS, options=table_options({"columns": "l"}))


def test_numbers_alone_are_rows_and_columns(tmp_path):
    """As in CSV, with every digit."""
    (tmp_path / "f.xlsx").write_bytes(workbook([[1, 2.5], [3, 0.1]]))
    assert read_tensor(str(tmp_path / "f.xlsx"), LIMITS).array.tolist() == [[1, 2.5], [3, 0.1]]


def test_a_damaged_workbook_is_refused(tmp_path):
    """A cut one, one with damaged parts, and one that unpacks to more than it may."""
    data = workbook([[1, 2], [3, 4]])
    for cut in range(60, len(data), len(data) // 20):
        (tmp_path / "f.xlsx").write_bytes(data[:cut])
        with pytest.raises(ConvcalcError):
            read_tensor(str(tmp_path / "f.xlsx"), LIMITS)
    (tmp_path / "f.xlsx").write_bytes(workbook([[1] * 50] * 400))
    with pytest.raises(LimitError, match="unpacks to"):
        read_tensor(str(tmp_path / "f.xlsx"), Limits(member=1000, file=1000))
    with pytest.raises(LimitError, match="more than 10 values"):
        read_tensor(str(tmp_path / "f.xlsx"), Limits(values=10))


@pytest.mark.parametrize(("name", "module"), [("f.parquet", "pyarrow"), ("f.xlsx", "openpyxl")])
def test_without_the_extra_it_says_how_to_install_it(name, module, tmp_path, monkeypatch):
    """The packages are optional."""
    import sys

    (tmp_path / name).write_bytes(b"PAR1xxxxPAR1" if module == "pyarrow" else workbook([[1]]))
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConvcalcError) as caught:
        read_tensor(str(tmp_path / name), LIMITS)
    assert caught.value.hint == "install it: pip install 'convcalc[tables]'"


def test_durations_and_times_of_a_day_are_an_axis(tmp_path):
    """In seconds of their own, as numbers of every unit; gaps are filled along them, not along the rows."""
    pyarrow = pytest.importorskip("pyarrow")
    kinds = {
        "seconds": (pyarrow.duration("s"), 1),
        "milliseconds": (pyarrow.duration("ms"), 10**3),
        "nanoseconds": (pyarrow.duration("ns"), 10**9),
        "time of a day": (pyarrow.time32("ms"), 10**3),
        "long time of a day": (pyarrow.time64("us"), 10**6),
    }
    for name, (kind, a_second) in kinds.items():
        at = pyarrow.array([each * a_second for each in (2, 4, 10, 12)], kind)
        parquet(pyarrow.table({"at": at, "v": [0.0, None, 8, 9]}), tmp_path / "d.parquet")
        found = read_tensor(str(tmp_path / "d.parquet"), LIMITS, options=table_options({"gaps": "linear"}))
        axis = found.table.axis
        assert (axis.values.tolist(), axis.unit, axis.start) == ([2, 4, 10, 12], "s", ""), name
        assert found.array[:, 0].tolist() == [0, 2, 8, 9], name
        assert found.notes == ("1 gap filled by linear by at, the first at row 2, column v",)


def test_missing_times_are_at_even_steps(tmp_path):
    """Between the times beside them, which is said; where the first or the last is missing there is no axis."""
    pyarrow = pytest.importorskip("pyarrow")
    path = tmp_path / "n.arrow"

    def read(times):
        stamps = pyarrow.array(times, pyarrow.timestamp("ms", tz="UTC"))
        arrow_file(pyarrow.table({"when": stamps, "v": [0.0, 1, None, 3, 9]}), path)
        return read_tensor(str(path), LIMITS, options=table_options({"gaps": "linear"}))

    start = 1_700_000_000_000
    found = read([start, start + 100, None, None, start + 1000])
    assert found.table.axis.values.tolist() == pytest.approx([0, 0.1, 0.4, 0.7, 1])
    assert found.notes[1] == "2 times of column 'when' missing, taken at even steps between those beside"
    for times, which in (([None, 1, 2, 3, 4], "first"), ([0, 1, 2, 3, None], "last")):
        found = read(times)
        assert found.table.axis is None
        assert found.notes[1] == f"column 'when' is no axis: its {which} time is missing"
