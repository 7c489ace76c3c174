"""The records that load programmes exchange, and everything wrong with one said at once."""

from __future__ import annotations

import gzip
import math

import numpy as np
import pytest

from ecomon.decode.load_records import read_daily, read_sample
from ecomon.errors import SourceRefused

DAILY = b"Date,Q,DecYear\n1979-10-02,2.01,1979.7527\n1979-10-01,1.897,1979.75\n"
SAMPLE = (
    b"Date,ConcLow,ConcHigh,Uncen,DecYear,SinDY,CosDY\n"
    b"1979-10-24,0.62,0.62,1,1979.8,-0.92,0.38\n"
    b"1979-12-05,,0.05,0,1979.9,-0.43,0.89\n"
    b"1979-12-05,0.02,0.05,0,1979.9,-0.43,0.89\n"
    b"1980-01-05,9,,0,1980.0,0.08,0.99\n"
)


def refusals(read: object, octets: bytes, **options: object) -> list[str]:
    with pytest.raises(SourceRefused) as caught:
        read(octets, "x.csv", **options)  # pyright: ignore[reportCallIssue]
    return str(caught.value).splitlines()


def test_the_days_are_read_in_order_gzipped_or_not() -> None:
    table = read_daily(DAILY, "d.csv")
    assert table["Date"].is_monotonic_increasing and str(table["Date"].dtype) == "datetime64[us]"
    assert table["Q"].tolist() == [1.897, 2.01]
    assert table["DecYear"].tolist() == [1979.75, 1979.7527]
    assert read_daily(gzip.compress(DAILY, mtime=0), "d.csv.gz").equals(table)
    odd = read_daily(b"Date,Q\n1979-10-01,0\n1979-10-02,\n1979-10-03,-2\n", "d.csv")
    np.testing.assert_array_equal(odd["Q"], [0.0, np.nan, -2.0])  # told apart, refused by nobody
    assert list(odd.columns) == ["Date", "Q"]


def test_exact_left_censored_and_interval_samples() -> None:
    table = read_sample(SAMPLE, "s.csv")
    np.testing.assert_array_equal(table["ConcLow"], [0.62, np.nan, 0.02, 9.0])
    np.testing.assert_array_equal(table["ConcHigh"], [0.62, 0.05, 0.05, np.nan])
    assert table["Uncen"].tolist() == [1, 0, 0, 0]
    assert list(table.columns) == ["Date", "ConcLow", "ConcHigh", "Uncen", "DecYear", "SinDY", "CosDY"]  # fmt: skip


def test_the_layout_of_loadest() -> None:
    """28.317 L/s for 1 ft3/s, as the reference program has it."""
    calibration = b"DATES,TIMES,FLOW,Buty.rmk,Buty,Atra\n1992-10-19,1200,1000,,0.004,0.28\n1992-11-18,1145,2000,<,0.005,\n"  # fmt: skip
    table = read_sample(calibration, "c.csv", constituent="Buty")
    assert table["Q"].tolist() == pytest.approx([28.317, 56.634], rel=1e-15)
    assert table["Uncen"].tolist() == [1, 0] and math.isnan(table["ConcLow"][1])
    assert len(read_sample(calibration, "c.csv", constituent="Atra")) == 1
    assert read_daily(b"DATES,TIMES,FLOW\n1996-03-01,1200,1000\n", "e.csv")["Q"].tolist() == [
        pytest.approx(28.317, rel=1e-15)
    ]
    assert "choose one with --constituent" in refusals(read_sample, calibration)[0]


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"Date,Q\n1979-10-01,x\n", "x.csv: 第 2 行 row 2: Q: 须为数值 is to be a number (found 'x')"),
        (b"Date,Q\n1979-10-01,nan\n", "第 2 行 row 2: Q: 须为数值"),
        (b"Date,Q\n1979-13-01,1\n", "第 2 行 row 2: Date: "),
        (b"Date,Q\n\n01/10/1979,1\n", "第 3 行 row 3: Date: 须写作 write a date as 2021-03-31"),
        (b"Date,Q\n1979-10-01,1\n1979-10-01,2\n", "第 3 行 row 3: Date: 重复 twice"),
        (b"Date,Q\n1979-10-01\n", "第 2 行 row 2: -: 须有 2 格"),
        (b"Day,Q\n1979-10-01,1\n", "缺少列 no column Date; it has Day, Q"),
        (b"Date,Q,Q\n1979-10-01,1,1\n", "列名重复 a column stands twice: 'Q'"),
        (b"Date,Q\n", "没有数据行 no rows"),
        (b"", "没有数据行 no rows"),
        (b"\xff\xfe\x00", "不是 UTF-8 文本"),
        (gzip.compress(DAILY, mtime=0)[:-9], "不是 UTF-8 文本或 gzip"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_days_is_said_by_row_and_field(octets: bytes, told: str) -> None:
    assert told in refusals(read_daily, octets)[0]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (b"1979-10-01,0.1,x,1", "ConcHigh: 须为数值"),
        (b"1979-10-01,,,0", "ConcHigh: 没有浓度 no concentration"),
        (b"1979-10-01,0.1,0,1", "ConcHigh: 须大于零"),
        (b"1979-10-01,0.3,0.2,0", "ConcLow: 须在 0 与 ConcHigh 之间"),
        (b"1979-10-01,,0.2,1", "Uncen: 与 ConcLow、ConcHigh 不符 they say 0 (found '1')"),
    ],
)
def test_what_is_wrong_with_a_sample(row: bytes, told: str) -> None:
    said = refusals(read_sample, b"Date,ConcLow,ConcHigh,Uncen\n" + row + b"\n")
    assert told in said[0] and said[0].startswith("x.csv: 第 2 行 row 2: ")


def test_all_that_is_wrong_is_said_at_once_and_not_without_end() -> None:
    octets = b"Date,Q\n" + b"".join(b"1979-10-01,x\n" for _ in range(30))
    said = refusals(read_daily, octets)
    assert len(said) == 21 and said[-1].startswith("x.csv: 另有 ")
