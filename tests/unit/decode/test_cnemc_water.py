"""The national water publication, JSON and CSV, on rows made by hand."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.cnemc_keys import read_grade
from ecomon.decode.cnemc_water import decode, site_key
from ecomon.errors import SourceRefused

COLUMNS = "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),氨氮(mg/L),总磷(mg/L),站点情况"
WIDE = COLUMNS.split(",")


def csv_of(*rows: str, header: str = COLUMNS) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


def json_of(*rows: list[Any], **envelope: Any) -> bytes:
    answer = {
        "result": 1, "total": 1, "records": len(rows),
        "thead": [
            "省份", "流域", "断面名称", "监测时间", "水质类别",
            "水温<br/><span class='unit'>(℃)</span>",
            "pH<br/><span class='unit'>(无量纲)</span>",
            "氨氮<br/><span class='unit'>(mg/L)</span>",
            "总磷<br/><span class='unit'>(mg/L)</span>", "站点情况",
        ],
        "tbody": list(rows),
    } | envelope  # fmt: skip
    return json.dumps(answer, ensure_ascii=False).encode()


YAODU = "四川省,长江流域,姚渡,04-03 08:00,劣Ⅴ,13.9,8.19,2.880,0.090,正常"


def test_one_row_of_csv(determinands, gather) -> None:
    decoded = gather(decode([csv_of(YAODU)], determinands, year=2021))
    table = decoded.table
    assert table["determinand"].tolist() == ["WT", "PH", "NH3N", "TP"]
    assert table["value"].tolist() == [13.9, 8.19, 2.880, 0.090]
    assert table["unit"].tolist() == ["degC", "1", "mg/L", "mg/L"]
    one = table.iloc[2]
    assert one["site"] == "四川省/姚渡"
    assert one["start"].to_pydatetime() == datetime(2021, 4, 3, 8)
    assert (one["statistic"], one["duration_s"], one["replicate"]) == ("value", 0, 0)
    assert (one["programme"], one["source"]) == ("automatic", "cnemc-water")
    assert (one["censor"], one["source_flag"], one["row"]) == ("none", "正常", 1)
    assert one["published_class"] == 6
    assert not decoded.rejected
    assert not decoded.quirks


def test_one_row_of_json_gives_the_same_with_more_digits(determinands, gather) -> None:
    row = [
        "四川省", "长江流域",
        "<span data-toggle='tooltip' title='所在地市:广元市&#10;所属河流:白龙江'>姚渡</span>",
        "04-03 08:00", "劣Ⅴ", "<span title='原始值：13.87'>13.9</span>",
        "<span title='原始值:8.1921'>8.19</span>", "<span title='原始值：2.88'>2.880</span>",
        "<span title='极值过滤'>--</span>", "维护",
    ]  # fmt: skip
    decoded = gather(decode([json_of(row)], determinands, fetched_at=datetime(2021, 4, 3, 9)))
    assert decoded.table["value"].tolist()[:3] == [13.87, 8.1921, 2.88]
    assert np.isnan(decoded.table["value"].iloc[3])
    assert decoded.table["source_flag"].tolist() == ["维护", "维护", "维护", "极值过滤"]
    assert set(decoded.table["site"]) == {"四川省/姚渡"}
    assert decoded.quirks == {"year inferred": 1}


def test_forms_of_cells_in_a_row(determinands, gather) -> None:
    row = "四川省,长江流域,甲,04-03 08:00,2,--,*,<0.025,未检出,维护"
    decoded = gather(decode([csv_of(row)], determinands, year=2021))
    table = decoded.table
    assert table["determinand"].tolist() == ["WT", "NH3N", "TP"]  # * is not measured there
    assert table["censor"].tolist() == ["none", "left", "none"]
    assert table["value"].iloc[1] == 0.025
    assert np.isnan(table["value"].iloc[[0, 2]]).all()
    assert set(table["source_flag"]) == {"维护"}
    assert decoded.quirks == {"not detected, limit not given": 1}


def test_an_unreadable_cell_costs_itself_only(determinands, gather) -> None:
    row = "四川省,长江流域,甲,04-03 08:00,2,13.9,坏,0.03,１.５,正常"
    decoded = gather(decode([csv_of(row)], determinands, year=2021))
    assert decoded.table["determinand"].tolist() == ["WT", "NH3N", "TP"]
    assert decoded.value("四川省/甲", "TP") == 1.5
    (record,) = decoded.rejected
    assert (record.row, record.column, record.raw) == (1, "pH(无量纲)", "坏")
    assert decoded.quirks == {"full-width characters": 1}
    decoded.account(1)


def test_columns_are_found_by_text_and_units_converted(determinands, gather) -> None:
    header = "监测时间,氨氮(μg/L),锑(μg/L),断面名称,省份,总磷,余氯(mg/L),溶解氧(mg/kg)"
    decoded = gather(
        decode(
            [csv_of("04-03 08:00,1.2,<5,姚渡,四川省,0.1,3,9", header=header)],
            determinands,
            year=2021,
        )
    )
    assert decoded.value("四川省/姚渡", "NH3N") == 0.0012
    assert decoded.value("四川省/姚渡", "SB") == 0.005
    assert decoded.value("四川省/姚渡", "TP") == 0.1
    assert decoded.quirks == {"column not mapped: 余氯(mg/L)": 1, "unit assumed: 总磷": 1}
    (record,) = decoded.rejected
    assert (record.row, record.column) == (0, "溶解氧(mg/kg)")
    assert decoded.table["source_flag"].isna().all()


def test_the_year_comes_from_the_file_date_first(determinands, gather) -> None:
    header = "file_date," + COLUMNS
    rows = (
        "2021-01-01,四川省,长江流域,甲,12-31 20:00,,1,7,1,1,正常",
        "2021-01-01,四川省,长江流域,甲,01-01 08:00,,1,7,1,1,正常",
        "2021-01-01,四川省,长江流域,甲,12-31 24:00,,1,7,1,1,正常",
        "no date,四川省,长江流域,甲,01-01 12:00,,1,7,1,1,正常",
    )
    decoded = gather(decode([csv_of(*rows, header=header)], determinands))
    starts = decoded.table.drop_duplicates("row")["start"].astype(str).tolist()
    assert starts == ["2020-12-31 20:00:00", "2021-01-01 08:00:00", "2021-01-01 00:00:00"]
    assert decoded.quirks == {"year inferred": 3}
    (record,) = decoded.rejected
    assert "file_date" in record.reason
    decoded.account(4)


def test_fetched_in_january_december_is_last_year(determinands, gather) -> None:
    row = YAODU.replace("04-03 08:00", "12-31 20:00")
    beijing_half_past_midnight = datetime(2025, 12, 31, 16, 30, tzinfo=timezone.utc)  # noqa: UP017
    for fetched_at in (datetime(2026, 1, 1, 0, 30), beijing_half_past_midnight):
        decoded = gather(decode([csv_of(row)], determinands, fetched_at=fetched_at))
        assert decoded.table["start"].dt.year.unique().tolist() == [2025]


def test_without_any_year_the_file_is_refused_unless_its_times_have_one(
    determinands, gather
) -> None:
    with pytest.raises(SourceRefused, match="fetched_at="):
        list(decode([csv_of(YAODU)], determinands))
    full = YAODU.replace("04-03 08:00", "2021-04-03 08:00:00")
    assert len(gather(decode([csv_of(full)], determinands)).table) == 4


@pytest.mark.parametrize("time", ["", "null", "02-30 08:00", "25:00", "04-03 24:30", "04-03"])
def test_a_row_without_a_time_is_rejected_with_its_status(time: str, determinands, gather) -> None:
    row = YAODU.replace("04-03 08:00", time).replace("正常", "停站")
    decoded = gather(decode([csv_of(row)], determinands, year=2021))
    (record,) = decoded.rejected
    assert "time" in record.reason
    assert "停站" in record.reason
    assert record.raw == row
    decoded.account(1)


def test_the_last_complete_row_of_a_time_stays(determinands, gather) -> None:
    rows = (
        "四川省,长江流域,甲,04-03 08:00,2,13.9,--,0.03,--,维护",  # 1: less complete
        "四川省,长江流域,甲,04-03 08:00,2,13.9,8.1,0.03,0.1,正常",  # 2: same as 3
        "四川省,长江流域,甲,04-03 08:00,2,13.9,8.1,0.03,0.1,正常",  # 3: stays
        "四川省,长江流域,甲,04-03 08:00,*,*,*,*,*,维护",  # 4: says nothing
        "四川省,长江流域,甲,04-03 12:00,2,13.9,8.1,0.03,0.1,正常",  # 5: another time
        "甘肃省,长江流域,甲,04-03 08:00,2,13.9,8.1,0.03,0.1,正常",  # 6: another province
    )
    decoded = gather(decode([csv_of(*rows)], determinands, year=2021))
    assert sorted(set(decoded.table["row"])) == [3, 5, 6]
    assert [(item.row, item.reason) for item in decoded.rejected] == [
        (1, "superseded by row 3"),
        (2, "repeat of row 3"),
        (4, "superseded by row 3"),
    ]
    decoded.account(6)


def test_a_later_value_of_equal_completeness_wins(determinands, gather) -> None:
    rows = (YAODU, YAODU.replace("2.880", "2.881"))
    decoded = gather(decode([csv_of(*rows)], determinands, year=2021))
    assert decoded.value("四川省/姚渡", "NH3N") == 2.881
    assert decoded.rejected[0].reason == "superseded by row 2"


def test_rows_without_a_number(determinands, gather) -> None:
    rows = (
        "四川省,长江流域,甲,04-03 08:00,*,*,*,,*,维护",  # nothing at all
        "四川省,长江流域,乙,04-03 08:00,*,--,*,,*,停站",  # missing, and it says so
    )
    decoded = gather(decode([csv_of(*rows)], determinands, year=2021))
    assert decoded.table["site"].tolist() == ["四川省/乙", "四川省/乙"]
    assert decoded.table["value"].isna().all()
    (record,) = decoded.rejected
    assert (record.row, record.reason) == (1, "no reading (status 维护)")
    decoded.account(2)


def test_a_filter_mark_names_the_missing_cells(determinands, gather) -> None:
    header = COLUMNS + ",过滤标记"
    row = "四川省,长江流域,甲,04-03 08:00,,13.9,--,0.03,*,维护,极值过滤"
    decoded = gather(decode([csv_of(row, header=header)], determinands, year=2021))
    assert decoded.table["source_flag"].tolist() == ["维护", "极值过滤", "维护"]


def test_annotations_are_dropped_unless_they_tell_sections_apart(determinands, gather) -> None:
    names = ("清泉乡（文成镇）", "金子(老)", "金子", "金 子")
    rows = [
        f"四川省,长江流域,{name},04-03 {8 + i:02d}:00,2,1,7,1,1,正常"
        for i, name in enumerate(names)
    ]
    rows.append("重庆市,长江流域,金子(老),04-03 08:00,2,1,7,1,1,正常")
    decoded = gather(decode([csv_of(*rows)], determinands, year=2021))
    assert decoded.table.drop_duplicates("row")["site"].tolist() == [
        "四川省/清泉乡", "四川省/金子(老)", "四川省/金子", "四川省/金子", "重庆市/金子",
    ]  # fmt: skip
    assert decoded.quirks == {"annotation dropped from a section name": 2}


@pytest.mark.parametrize(
    ("province", "name", "key"),
    [
        ("四川省", "清泉乡（文成镇）", "四川省/清泉乡"),
        (" 四川省 ", "沱江大桥(沱江二桥)", "四川省/沱江大桥"),
        ("四川省", "(老)", "四川省/(老)"),
        ("四川省", "ＡＢ 1【备】", "四川省/AB1"),
        ("四川省", "甲(一", "四川省/甲(一"),
    ],
)
def test_site_key(province: str, name: str, key: str) -> None:
    assert site_key(province, name) == key


def test_published_classes(determinands, gather) -> None:
    assert [read_grade(text) for text in ("Ⅰ", "II", "Ⅲ类", "4", "v", "劣Ⅴ", "劣V类", "6")] == [
        1, 2, 3, 4, 5, 6, 6, 6,
    ]  # fmt: skip
    assert {read_grade(text) for text in ("", "*", "-", "7", "--")} == {0}
    decoded = gather(decode([csv_of(YAODU.replace("劣Ⅴ", "优"))], determinands, year=2021))
    assert set(decoded.table["published_class"]) == {0}
    assert decoded.quirks == {"class not read: 优": 1}


def test_encodings_of_the_archive(determinands, gather) -> None:
    octets = csv_of(YAODU)
    plain = gather(decode([octets], determinands, year=2021)).table
    text = octets.decode()
    mangled = text.encode().decode("latin-1").encode()
    for other in (text.encode("utf-8-sig"), text.encode("gb18030"), mangled):
        decoded = gather(decode([other], determinands, year=2021))
        assert decoded.table.equals(plain)
    assert decoded.quirks["mojibake"] == 11  # ten headings and the name of the row
    assert not decoded.rejected


def test_rows_of_another_width_are_rejected(determinands, gather) -> None:
    decoded = gather(decode([csv_of(YAODU + ",x", YAODU, "四川省")], determinands, year=2021))
    assert [item.row for item in decoded.rejected] == [1, 3]
    decoded.account(3)
    answer = json_of([1, 2], "row", YAODU.split(","), None)
    decoded = gather(decode([answer], determinands, year=2021))
    assert [item.row for item in decoded.rejected] == [1, 2, 4]
    decoded.account(4)


def test_a_short_page_is_a_quirk_only_where_it_is_the_only_one(determinands, gather) -> None:
    row = YAODU.split(",")
    decoded = gather(decode([json_of(row, records=100)], determinands, year=2021))
    assert decoded.quirks == {"rows short of records": 99}
    decoded = gather(decode([json_of(row, records=100, total=2)], determinands, year=2021))
    assert not decoded.quirks


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"-1", "cold call"),
        (b'"-1"', "cold call"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"a,b\n1,2\n", "no header"),
        (json_of(result=0), "result '0'"),
        (json_of(YAODU.split(","))[:200], r"breaks off or is wrong at line 1 column \d+"),
        (b"[1, 2]", "no answer"),
        (b'{"result": 1, "thead": null, "tbody": []}', "lists"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"tbody": ' + b"1" * 5000 + b"}", "cannot be read"),
        ("省份,断面名称,监测时间\n".encode(), "no column of the header is a determinand"),
        (b'{"result":1,"thead":["pH"],"tbody":[]}', "no column 省份"),
    ],
)
def test_a_file_that_is_none_is_refused(octets: bytes, word: str, determinands) -> None:
    with pytest.raises(SourceRefused, match=word):
        list(decode([octets], determinands, year=2021))


def test_batches_are_bounded_and_quirks_ride_on_one(determinands, gather) -> None:
    rows = [
        f"四川省,长江流域,甲{i // 300},04-{1 + i % 30:02d} {i // 30 % 24:02d}:00,2,1,7,1,1,正常"
        for i in range(15_000)
    ]
    decoded = gather(decode([csv_of(*rows)], determinands, fetched_at=datetime(2021, 5, 1)))
    assert len(decoded.sizes) > 1
    assert max(decoded.sizes) <= 50_000
    assert decoded.quirks == {"year inferred": 15_000}
    decoded.account(15_000)


def test_a_file_without_observations_still_tells_its_quirks(determinands, gather) -> None:
    decoded = gather(decode([json_of(records=9)], determinands, year=2021))
    assert decoded.sizes == [0]
    assert "published_class" in decoded.table.columns
    assert decoded.quirks == {"rows short of records": 9}


def test_text_that_could_not_be_stored_does_not_get_through(determinands, gather) -> None:
    row = YAODU.split(",")
    lone = [*row[:2], "甲\ud800", *row[3:]]
    nul = [*row[:9], "正\0常"]
    octets = json.dumps(json.loads(json_of(row)) | {"tbody": [lone, nul, [[["x"]]] * 10]}).encode()
    decoded = gather(decode([octets], determinands, year=2021))
    decoded.account(3)
    for record in decoded.rejected:
        record.raw.encode()
        assert "\0" not in record.raw
    "".join(decoded.table["site"]).encode()


CELLS = st.sampled_from(
    [
        "1.5",
        "--",
        "*",
        "",
        "<0.1",
        "0.1L",
        "x",
        "1,5",
        '"',
        "<span title='极值过滤'>--</span>",
        "１",
    ]
)
TIMES = st.sampled_from(
    ["04-03 08:00", "04-03 12:00", "2021-04-03 08:00", "02-30 08:00", "", "24:00"]
)
NAMES = st.sampled_from(["甲", "甲(老)", "乙", "", "x" * 100])
ROWS = st.lists(
    st.tuples(NAMES, TIMES, st.sampled_from(["Ⅱ", "7", "?"]), CELLS, CELLS, CELLS, CELLS),
    max_size=8,
)


def _rows(drawn: list[tuple[str, ...]]) -> list[list[str]]:
    return [["四川省", "长江", *row, "正常"] for row in drawn]


@given(drawn=ROWS, data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_row_is_accounted_for_however_octets_are_cut(
    drawn, data, determinands, gather
) -> None:
    rows = _rows(drawn)
    for octets in (json_of(*rows), csv_of(*(",".join(row) for row in rows))):
        whole = gather(decode([octets], determinands, year=2021))
        whole.account(len(rows))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=4)))
        pieces = [octets[a:b] for a, b in itertools.pairwise([0, *cuts, len(octets)])]
        cut = gather(decode(pieces, determinands, year=2021))
        assert cut.table.equals(whole.table)
        assert (cut.rejected, cut.quirks) == (whole.rejected, whole.quirks)


@given(noise=st.binary(max_size=200), place=st.integers(0, 400), is_json=st.booleans())
@settings(max_examples=200, deadline=None)
def test_arbitrary_octets_raise_nothing_but_a_refusal(
    noise, place, is_json, determinands, gather
) -> None:
    octets = json_of(YAODU.split(",")) if is_json else csv_of(YAODU, YAODU)
    for broken in (noise, octets[:place] + noise + octets[place:], octets[:place] + noise):
        try:
            gather(decode([broken], determinands, year=2021))
        except SourceRefused as refusal:
            assert str(refusal)
