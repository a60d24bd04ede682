"""Each dialect of CSV as pandas and DuckDB read the same bytes: a thousand files, drawn at random."""

from __future__ import annotations

import io
import random
from typing import NamedTuple

import numpy as np
import pytest

from convcalc.files.csv_reader import read_csv
from convcalc.files.tables.large_table import read_large
from convcalc.files.tables.options import BY_CONTENT, TableOptions
from convcalc.files.text import decode
from convcalc.limits import Limits

LIMITS = Limits()
FILES = 1000
NAMES = ("ax", "ay", "az", "gx (°/s)", "Temp [°C]", "p", "volt", "m 1")


class Drawn(NamedTuple):
    """A file, and how it was written."""

    data: bytes
    delimiter: str
    decimal: str
    thousands: str
    has_header: bool
    has_units: bool
    first_line: bool
    comments: int
    gaps: bool


def drawn(seed: int) -> Drawn:
    chance = random.Random(seed)
    delimiter = chance.choice(",;\t|")
    decimal = "." if delimiter == "," else chance.choice(".,")
    thousands = "" if delimiter == "," else chance.choice(("", "", ".,".replace(decimal, "")))
    header, first_line, comments = chance.random() < 0.6, chance.random() < 0.15, chance.choice((0, 0, 0, 1, 3))
    units, gaps = header and chance.random() < 0.2, chance.random() < 0.2
    quoted = chance.choice((0, 0, 0, 0.1, 1))
    columns, rows = chance.randint(2, 6), chance.randint(3, 30)

    def cell(row: int) -> str:
        if gaps and row and chance.random() < 0.1:
            return chance.choice(("", "", "NA"))
        value = chance.gauss(0, 1) * 10 ** chance.randint(-3, 6)
        # the first row leaves no doubt which sign is which
        text = f"{value:,.{chance.randint(1, 2) if decimal == ',' or thousands else chance.randint(0, 9)}f}"
        text = text if thousands else text.replace(",", "")
        text = text.translate(str.maketrans({",": thousands or ",", ".": decimal}))
        return f'"{text}"' if chance.random() < quoted else text

    lines = [f"sep={delimiter}"] if first_line else []
    lines += [f"# note {number}" for number in range(comments)]
    lines += [delimiter.join(chance.sample(NAMES, columns))] if header else []
    lines += [delimiter.join(["m/s²"] * columns)] if units else []
    lines += [delimiter.join(cell(row) for _ in range(columns)) for row in range(rows)]
    text = chance.choice(("\n", "\r\n")).join(lines) + chance.choice(("", "\n"))
    data = text.encode(chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16")))
    return Drawn(data, delimiter, decimal, thousands, header, units, first_line, comments, gaps)


def ours(file: Drawn) -> tuple[np.ndarray, tuple[str, ...]]:
    options = TableOptions(gaps="nan") if file.gaps else BY_CONTENT
    found = read_csv(decode(file.data, "f.csv"), "f.csv", LIMITS, options)
    return found.array.astype(float), found.table.names


def skipped(file: Drawn) -> int:
    """Lines before the header or the numbers."""
    return file.first_line + file.comments


@pytest.mark.oracle
def test_pandas_reads_the_same():
    """Numbers, shapes and names; pandas is told the dialect, which is found here by content."""
    pandas = pytest.importorskip("pandas")
    for seed in range(FILES):
        file = drawn(seed)
        encoding = "utf-16" if file.data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        frame = pandas.read_csv(
            io.BytesIO(file.data),
            sep=file.delimiter,
            decimal=file.decimal,
            thousands=file.thousands or None,
            skiprows=[*range(skipped(file)), *([skipped(file) + 1] if file.has_units else [])],
            header=0 if file.has_header else None,
            encoding=encoding,
        )
        values, names = ours(file)
        wanted = frame.to_numpy(float)
        assert values.shape == wanted.shape, seed
        # pandas' own reader may be off by a last digit, https://github.com/pandas-dev/pandas/issues/17154
        np.testing.assert_allclose(values, wanted, rtol=4e-16, atol=0, err_msg=str(seed))
        if file.has_header:
            bare = [name.partition(" (")[0].partition(" [")[0] for name in frame.columns]
            assert list(names) == (list(frame.columns) if file.has_units else bare), seed


@pytest.mark.oracle
def test_duckdb_reads_the_same(tmp_path):
    """Numbers to the last digit, of the dialects that DuckDB has: no thousands, UTF-8, no units."""
    duckdb = pytest.importorskip("duckdb")
    connection, read = duckdb.connect(), 0
    for seed in range(FILES):
        file = drawn(seed)
        if file.thousands or file.has_units or not file.data[:1].isascii():
            continue
        (tmp_path / "f.csv").write_bytes(file.data)
        sql = (
            "select * from read_csv($path, auto_detect=false, columns=$columns, delim=$delim, header=$header, "
            "skip=$skip, decimal_separator=$decimal, nullstr=['', 'NA'], quote='\"', strict_mode=false)"
        )
        values, _ = ours(file)
        columns = {f"c{place}": "DOUBLE" for place in range(values.shape[1])}
        named = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"
        sql = sql.replace("$columns", named)
        rows = connection.execute(
            sql,
            {
                "path": str(tmp_path / "f.csv"),
                "delim": file.delimiter,
                "header": file.has_header,
                "skip": skipped(file),
                "decimal": file.decimal,
            },
        ).fetchall()
        wanted = np.array(rows, dtype=float)
        np.testing.assert_array_equal(values, wanted, err_msg=str(seed))
        read += 1
    assert read > FILES / 4


def test_large_and_small_tables_are_read_alike():
    """The reader of blocks gives the same bits, names and gaps as the one of texts, or leaves the file to it."""
    read = 0
    for seed in range(FILES):
        file = drawn(seed)
        options = TableOptions(gaps="nan") if file.gaps else BY_CONTENT
        if file.data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            continue
        large = read_large(io.BytesIO(file.data), len(file.data), "f.csv", LIMITS, options)
        if large is None:
            continue
        small = read_csv(decode(file.data, "f.csv"), "f.csv", LIMITS, options)
        np.testing.assert_array_equal(large.array, small.array, strict=True, err_msg=str(seed))
        assert large.table == small.table, seed
        read += 1
    assert read > FILES / 8
