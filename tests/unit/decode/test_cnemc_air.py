"""The national air publication, JSON and CSV, on rows made by hand."""

from __future__ import annotations

import itertools
import json
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.cnemc_air import decode
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.registry import read_registry

TWO_PM = "2026-11-24T14:00:00"


@pytest.fixture(scope="session")
def air() -> dict[str, Determinand]:
    return read_registry().determinands


def station(code: str = "2523A", time: str = TWO_PM, **fields: Any) -> dict[str, Any]:
    return {
        "TimePoint": time, "StationCode": code, "PositionName": "黑石坡", "AQI": "50",
        "PM2_5": "35", "PM10": "60", "SO2": "0", "NO2": "21", "O3": "92", "CO": "0.6", **fields,
    }  # fmt: skip


def answer(*stations: Any) -> bytes:
    return json.dumps(list(stations), ensure_ascii=False).encode()


def ozone(*pairs: tuple[str, str]) -> bytes:
    return answer(
        *(
            station(f"{2500 + at}A", O3=hour, O3_24h=maximum)
            for at, (hour, maximum) in enumerate(pairs)
        )
    )


# --- by hand --------------------------------------------------------------------------------------


def test_one_station(air, gather) -> None:
    decoded = gather(decode([answer(station())], air))
    table = decoded.table
    assert table["determinand"].tolist() == ["PM25", "PM10", "SO2", "NO2", "CO_AIR", "O3"]
    assert table["value"].tolist() == [35.0, 60.0, 0.0, 21.0, 0.6, 92.0]
    assert table["unit"].tolist() == ["ug/m3"] * 4 + ["mg/m3", "ug/m3"]
    one = table.iloc[0]
    assert one["site"] == "2523A"
    assert one["start"].to_pydatetime() == datetime(2026, 11, 24, 13)  # 14:00 ends the hour
    assert (one["statistic"], one["duration_s"], one["replicate"]) == ("mean", 3600, 0)
    assert (one["programme"], one["source"], one["row"]) == ("automatic", "cnemc-air", 1)
    assert table["source_flag"].isna().all()
    assert not decoded.rejected
    assert not decoded.quirks


def test_a_label_may_name_the_start(air, gather) -> None:
    decoded = gather(decode([answer(station())], air, label="start"))
    assert decoded.table["start"].iloc[0].to_pydatetime() == datetime(2026, 11, 24, 14)


def test_midnight_ends_the_day_before(air, gather) -> None:
    decoded = gather(decode([answer(station(time="2026-12-01T00:00:00"))], air))
    assert decoded.table["start"].iloc[0].to_pydatetime() == datetime(2026, 11, 30, 23)


@pytest.mark.parametrize("mark", ["—", "-;", "--", "", None])
def test_a_missing_reading_is_missing_and_never_zero(mark: Any, air, gather) -> None:
    decoded = gather(decode([answer(station(PM2_5=mark, SO2="0"))], air))
    assert np.isnan(decoded.value("2523A", "PM25"))
    assert decoded.value("2523A", "SO2") == 0.0
    decoded.account(1)


def test_a_field_that_is_not_there_makes_no_observation(air, gather) -> None:
    bare = station()
    del bare["SO2"]
    decoded = gather(decode([answer(station("2524A"), bare)], air))
    assert len(decoded.of("2523A", "SO2")) == 0
    assert len(decoded.of("2524A", "SO2")) == 1


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("/Date(1730390400000)/", datetime(2024, 10, 31, 23)),  # 2024-11-01 00:00 in Beijing
        ("/Date(1730390400000+0800)/", datetime(2024, 10, 31, 23)),
        ("2024-11-01T00:00:00", datetime(2024, 10, 31, 23)),
        ("2024-10-31T16:00:00Z", datetime(2024, 10, 31, 23)),
        ("2024-11-01 00:00", datetime(2024, 10, 31, 23)),
    ],
)
def test_times(text: str, start: datetime, air, gather) -> None:
    decoded = gather(decode([answer(station(time=text))], air))
    assert decoded.table["start"].iloc[0].to_pydatetime() == start


@pytest.mark.parametrize(
    "text", ["", "14:00", "/Date(99999999999999)/", "/Date(-9999999999999)/", "/Date()/", "0000"]
)
def test_what_is_no_time_is_rejected_with_its_row(text: str, air, gather) -> None:
    decoded = gather(decode([answer(station(time=text), station("2524A"))], air))
    assert set(decoded.table["site"]) == {"2524A"}
    (record,) = decoded.rejected
    assert record.row == 1
    assert "time" in record.reason
    assert json.loads(record.raw)["StationCode"] == "2523A"
    decoded.account(2)


def test_running_means_and_maxima_are_counted_and_not_read(air, gather) -> None:
    octets = answer(station(PM2_5_24h="33", PM10_24h="58", O3_8h="80", O3_8h_24h="81"))
    decoded = gather(decode([octets], air))
    assert len(decoded.table) == 6
    assert decoded.quirks == {"running means and daily maxima not read": 4}


def test_rows_that_are_none_are_told(air, gather) -> None:
    rows = [
        "not a row", station(), station(), station("2524A", PM10="x"), station(""), [1],
        station("2525A", PM10="9" * 2000), station("2526A") | {"pm10": "1"},
        {"TimePoint": TWO_PM, "StationCode": "2527A"},
    ]  # fmt: skip
    decoded = gather(decode([answer(*rows)], air))
    assert sorted(set(decoded.table["row"])) == [3, 4]
    assert [one.column for one in decoded.rejected if one.column] == ["PM10"]
    decoded.account(9)


def test_one_station_by_itself_is_a_row(air, gather) -> None:
    decoded = gather(decode([json.dumps(station()).encode()], air))
    assert decoded.value("2523A", "CO_AIR") == 0.6


# --- ozone ----------------------------------------------------------------------------------------


def test_ozone_as_it_is_labelled(air, gather) -> None:
    decoded = gather(decode([ozone(("40", "92"), ("92", "92"), ("—", "92"))], air))
    assert decoded.of("2500A", "O3")["value"].tolist() == [40.0]
    assert decoded.value("2501A", "O3") == 92.0
    assert np.isnan(decoded.value("2502A", "O3"))
    assert "O3 and O3_24h exchanged" not in decoded.quirks
    assert not decoded.rejected


def test_ozone_with_its_labels_exchanged(air, gather) -> None:
    # No maximum of 24 hours lies below the hour that ends it: so the hour is the other one.
    decoded = gather(decode([ozone(("92", "40"), ("92", "92"), ("92", "—"), ("—", "30"))], air))
    values = [decoded.value(f"{2500 + at}A", "O3") for at in range(4)]
    assert values[:2] == [40.0, 92.0]
    assert np.isnan(values[2])
    assert values[3] == 30.0
    assert decoded.quirks["O3 and O3_24h exchanged"] == 1


def test_ozone_where_the_rows_do_not_agree_is_the_lesser_of_the_two(air, gather) -> None:
    decoded = gather(decode([ozone(("92", "40"), ("40", "92"), ("92", "—"))], air))
    assert decoded.value("2500A", "O3") == 40.0
    assert decoded.value("2501A", "O3") == 40.0
    assert len(decoded.of("2502A", "O3")) == 0
    (record,) = decoded.rejected
    assert (record.row, record.column) == (3, "O3")
    assert "does not say" in record.reason


def test_ozone_that_stands_alone_where_nothing_says_which(air, gather) -> None:
    decoded = gather(decode([ozone(("92", "—"), ("—", "—"))], air))
    assert len(decoded.of("2500A", "O3")) == 0
    assert np.isnan(decoded.value("2501A", "O3"))
    assert [one.column for one in decoded.rejected] == ["O3"]
    decoded.account(2)


def test_an_unreadable_cell_counts_in_the_column_that_is_read(air, gather) -> None:
    labelled = gather(decode([ozone(("40", "92"), ("30", "x"))], air))
    assert labelled.value("2501A", "O3") == 30.0
    assert not labelled.rejected
    exchanged = gather(decode([ozone(("92", "40"), ("92", "x"))], air))
    assert len(exchanged.of("2501A", "O3")) == 0
    assert [(one.row, one.column, one.raw) for one in exchanged.rejected] == [(2, "O3", "x")]


# --- archives -------------------------------------------------------------------------------------

HEADER = "timepoint,stationcode,area,positionname,aqi,pm2_5,pm2_5_24h,pm10,o3,o3_24h,co,longitude"


def test_an_hourly_archive(air, gather) -> None:
    rows = [
        "2018-02-20T07:00:00,2523A,广元市,黑石坡,59,42,36,-;,73,48,1.0,105.9",
        "2018-02-20T07:00:00,2524A,广元市,老城,59,50,48,54,62,18,1.1",
    ]
    decoded = gather(decode(["\r\n".join([HEADER, *rows, ""]).encode()], air))
    assert decoded.table["determinand"].tolist() == ["PM25", "PM10", "CO_AIR", "O3"]
    assert decoded.value("2523A", "O3") == 48.0
    assert np.isnan(decoded.value("2523A", "PM10"))
    assert [one.row for one in decoded.rejected] == [2]
    decoded.account(2)


# --- refusals and noise ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"", "empty"),
        (b"<html>", "web page"),
        (b"[{", "JSON"),
        (b'[{"a": 1}]', "no answer of this feed"),
        (b'{"code": 403}', "no answer of this feed"),
        (b"[1, 2]", "no answer of this feed"),
        (b'[{"TimePoint": "", "StationCode": ""}]', "no column of readings"),
        (b"date,hour,type,1001A\n", "no header"),
        (b"timepoint,stationcode,pm10,pm10\n", "stands twice"),
        (b"[" + b" " * (9 << 20) + b"]", "over 8 MB"),
    ],
)
def test_what_is_no_answer_is_refused(octets: bytes, word: str, air) -> None:
    with pytest.raises(SourceRefused, match=word):
        list(decode([octets], air))


def test_an_answer_without_stations_has_no_rows(air, gather) -> None:
    decoded = gather(decode([b"[]"], air))
    assert len(decoded.table) == 0
    assert not decoded.rejected


WHOLE = answer(
    station(O3="92", O3_24h="40"), station("2524A", PM10="—"), station("2524A", time="x"), 7
)


@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=6))
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_how_octets_are_cut(cuts, air, gather) -> None:
    places = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in itertools.pairwise(places)]
    assert gather(decode(pieces, air)).table.equals(gather(decode([WHOLE], air)).table)


@given(noise=st.binary(max_size=60), place=st.integers(0, len(WHOLE)))
@settings(max_examples=100, deadline=None)
def test_arbitrary_octets_raise_nothing_but_a_refusal(noise, place, air, gather) -> None:
    try:
        gather(decode([WHOLE[:place], noise, WHOLE[place:]], air))
    except SourceRefused as refusal:
        assert str(refusal)


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=8),
    st.sampled_from(["—", "35", "0.6", TWO_PM, "/Date(1730390400000)/", "2523A", "<5"]),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
OBJECTS = st.dictionaries(
    st.sampled_from(["TimePoint", "StationCode", "PM10", "pm10", "O3", "O3_24h", "CO", "AQI", ""]),
    CELLS,
    max_size=9,
)


@given(rows=st.lists(st.one_of(OBJECTS, CELLS), max_size=6))
@settings(max_examples=150, deadline=None)
def test_every_row_is_accounted_for(rows, air, gather) -> None:
    try:
        decoded = gather(decode([answer(station(), *rows)], air))
    except SourceRefused as refusal:
        assert str(refusal)
    else:
        decoded.account(len(rows) + 1)
