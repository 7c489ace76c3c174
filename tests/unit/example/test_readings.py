from __future__ import annotations

import csv
import io
from collections import Counter

from ecomon.example import readings


def _table(name: str) -> tuple[list[str], list[dict[str, str]]]:
    lines = readings()[name].decode("utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    return comments, list(csv.DictReader(io.StringIO("\n".join(lines[len(comments) :]))))


def test_the_files_name_their_source_and_are_real() -> None:
    assert sorted(readings()) == ["basin-2021-04-01_03.csv", "qingfengxia-2020-05_2021-04.csv"]
    for name in readings():
        comments, rows = _table(name)
        assert "# kind: real" in comments and "# feed: cnemc-water" in comments
        assert any("jikin001/water_quality (commit 6cbe918)" in line for line in comments)
        assert max(Counter((row["site"], row["start"]) for row in rows).values()) == 1


def test_the_three_days_of_april_hold_the_sections_of_the_first_registry() -> None:
    _, rows = _table("basin-2021-04-01_03.csv")
    assert {row["site"] for row in rows} == {
        "zaohuoan", "baishuijiang", "luguangping", "bamiaogou", "qingfengxia", "shangshipan",
        "shaxi", "jinxi-dianzhan", "liemian", "jinzi", "jinzi-lao", "beiwenquan", "nandu", "gushuizicun",
        "yaodu", "juguocun",
    }  # fmt: skip
    found = next(
        row for row in rows if row["site"] == "yaodu" and row["start"] == "2021-04-03T08:00"
    )
    assert found["NH3N[mg/L]"] == "2.880" and found["CHLA[mg/L]"] == ""
    # It came twice; the second row, with other values, is the one that stands.
    last = next(
        row for row in rows if row["site"] == "zaohuoan" and row["start"] == "2021-04-03T12:00"
    )
    assert (last["CODMN[mg/L]"], last["TP[mg/L]"]) == ("3.76", "0.121")


def test_the_year_at_qingfengxia_drops_rows_without_a_time_and_says_how_many() -> None:
    comments, rows = _table("qingfengxia-2020-05_2021-04.csv")
    assert len(rows) == 257
    assert any(line.startswith("# dropped: 73 of 330") for line in comments)
    assert rows[0]["start"] == "2020-05-08T12:00" and rows[-1]["start"].startswith("2021-04")
    filtered = [row for row in rows if "--!" in row.values()]
    assert len(filtered) == 10 and {row["source_flag"] for row in filtered} == {"维护"}
    assert [
        row["CODMN[mg/L]"] for row in rows if row["start"][:10] in ("2021-01-22", "2021-01-23")
    ] == ["3", "--!"]
