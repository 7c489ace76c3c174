"""Evidence as CSV: read back without loss, and a wrong cell is named."""

from __future__ import annotations

import re

import pytest

from ecomon.errors import SourceRefused
from ecomon.publish.evidence_csv import DAYS, READINGS, Cells, day_cells, reading_cells
from ecomon.publish.evidence_reader import days_of, read_cells, readings_of

READING: Cells = {
    "line": "a@1/s/2021-04/TP", "role": "concentration", "site": "s", "determinand": "TP",
    "start": "2021-04-03T08:00:00+08:00", "value": "0.00001", "unit": "mg/L", "censor": "none",
    "flag": "1", "decision": "", "approval": "provisional", "is_used": "yes", "day": "2021-04-03", "counted": "0.00001",
    "revision": "12", "file": "水, 4.csv", "sha256": "ab", "row": "3", "batch": "1", "decoder": "d",
    "decoder_version": "1", "statistic": "value", "duration_s": "0", "programme": "automatic",
    "source": "cnemc-water", "replicate": "0",
}  # fmt: skip
DAY: Cells = {
    "line": "a@1/s/2021-04/TP", "role": "concentration", "site": "s", "determinand": "TP",
    "day": "2021-04-03", "status": "measured", "sum": "0.4", "n_valid": "6",
    "mean": "0.066666666666666667", "unit": "mg/L", "n_expected": "6", "n_excluded": "0",
    "n_censored": "0",
}  # fmt: skip


@pytest.mark.parametrize("changes", [{}, {"value": "", "counted": "", "is_used": "no"},
                                     {"value": "100", "decision": "correct"}])  # fmt: skip
def test_readings_come_back(changes: Cells) -> None:
    cells = [READING | changes]
    assert reading_cells(readings_of(cells)) == cells


@pytest.mark.parametrize("changes", [{}, {"status": "missing", "sum": "", "mean": "", "n_valid": "0"},
                                     {"sum": "-3", "mean": "-0.5"}])  # fmt: skip
def test_days_come_back(changes: Cells) -> None:
    cells = [DAY | changes]
    assert day_cells(days_of(cells)) == cells


def test_no_rows_come_back() -> None:
    assert reading_cells(readings_of([])) == []
    assert day_cells(days_of([])) == []


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("value", "1e5"), ("value", "nan"), ("value", "１"), ("start", "2021-04-03"), ("flag", "12"),
        ("flag", ""), ("is_used", "maybe"), ("day", "2021-02-30"), ("revision", "1.5"),
    ],
)  # fmt: skip
def test_a_wrong_cell_of_a_reading_is_named(column: str, cell: str) -> None:
    with pytest.raises(SourceRefused, match=f"row 2, {column}: "):
        readings_of([READING, READING | {column: cell}])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sum": "1/3"}, "row 1, sum: "), ({"sum": ""}, "row 1: a mean is given"),
        ({"status": "missing"}, "row 1: a mean is given"), ({"n_valid": "0"}, "row 1: a mean"),
        ({"n_expected": "0"}, "row 1: no reading expected"),
    ],
)  # fmt: skip
def test_a_wrong_day_is_named(changes: Cells, said: str) -> None:
    with pytest.raises(SourceRefused, match=re.escape(said)):
        days_of([DAY | changes])


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"\xff\xfe", "not UTF-8"), (b"", "the columns are not"), (b"a,b\r\n", "the columns are not"),
        (",".join(one.name for one in DAYS).encode() + b"\r\n1,2\r\n", "row 1: 2 cells, not 13"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_refused(octets: bytes, said: str) -> None:
    with pytest.raises(SourceRefused, match=said):
        read_cells(octets, DAYS)


def test_each_column_is_explained_in_both_languages() -> None:
    for one in (*READINGS, *DAYS):
        assert one.words.zh
        assert one.words.en
