"""The wide archive of the air publication, on lines made by hand."""

from __future__ import annotations

import itertools
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode import air_wide
from ecomon.decode.air_wide import decode
from ecomon.decode.batches import BATCH_OBSERVATIONS
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.registry import read_registry

HEAD = "date,hour,type,2523A,2524A"
DERIVED = "running means and daily maxima not read"
SILENT = "station without any reading in an hour"


@pytest.fixture(scope="session")
def air() -> dict[str, Determinand]:
    return read_registry().determinands


def file_of(*lines: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *lines, ""]).encode()


def day(*lines: str) -> bytes:
    return file_of(*(f"20260105,{line}" for line in lines))


# --- by hand --------------------------------------------------------------------------------------


def test_one_hour(air, gather) -> None:
    lines = ("14,PM2.5,35,40", "14,PM10,60,", "14,SO2,0,3", "14,NO2,21,22", "14,CO,0.6,0.7")
    decoded = gather(decode([b"\xef\xbb\xbf" + day(*lines)], air))
    table = decoded.table
    assert table["determinand"].tolist() == [
        name for name in ("PM25", "PM10", "SO2", "NO2", "CO_AIR") for _ in range(2)
    ]
    assert decoded.value("2524A", "PM25") == 40.0
    assert decoded.value("2523A", "SO2") == 0.0
    assert np.isnan(decoded.value("2524A", "PM10"))  # missing is NaN and never 0
    assert table["unit"].unique().tolist() == ["ug/m3", "mg/m3"]
    one = table.iloc[0]
    assert one["start"].to_pydatetime() == datetime(2026, 1, 5, 13)  # 14 ends the hour
    assert (one["statistic"], one["duration_s"], one["replicate"]) == ("mean", 3600, 0)
    assert (one["programme"], one["source"], one["row"]) == ("automatic", "china-sites", 1)
    assert table["source_flag"].isna().all()
    assert not decoded.quirks
    decoded.account(5)


def test_hour_0_closes_the_day_before_unless_it_names_the_start(air, gather) -> None:
    octets = day("0,PM10,60,61")
    ended = gather(decode([octets], air)).table
    begun = gather(decode([octets], air, label="start")).table
    assert ended["start"].iloc[0].to_pydatetime() == datetime(2026, 1, 4, 23)
    assert begun["start"].iloc[0].to_pydatetime() == datetime(2026, 1, 5)


def test_what_is_derived_is_counted_line_by_line(air, gather) -> None:
    lines = ("1,AQI,50,60", "1,PM10,60,61", "1,PM10_24h,58,57", "1,O3_8h,3,4", "1,O3_8h_24h,5,6")
    decoded = gather(decode([day(*lines)], air))
    assert decoded.table["row"].tolist() == [2, 2]
    assert decoded.quirks == {"AQI not read": 1, DERIVED: 3}
    assert not decoded.rejected


def test_a_station_that_says_nothing_makes_no_observation(air, gather) -> None:
    decoded = gather(decode([day("1,PM10,60,", "1,SO2,3,", "2,PM10,61,", "2,SO2,,7")], air))
    assert len(decoded.of("2524A", "PM10")) == 1  # in hour 2, where it says something else
    assert np.isnan(decoded.value("2524A", "PM10"))
    assert decoded.quirks == {SILENT: 1}
    decoded.account(4)


def test_an_hour_without_any_reading_is_rejected_line_by_line(air, gather) -> None:
    decoded = gather(decode([day("1,PM10,,", "1,SO2,,", "3,PM10,1,2")], air))
    assert [(one.row, one.reason) for one in decoded.rejected] == [
        (1, "no reading"),
        (2, "no reading"),
    ]
    decoded.account(3)


def test_city_files_name_stations(air, gather) -> None:
    octets = file_of("20131205,1,PM2.5,93,63", head="date,hour,type,东四,官园")
    assert gather(decode([octets.decode().encode("gb18030")], air)).table["site"].tolist() == [
        "东四",
        "官园",
    ]


def test_batches_are_bounded_and_nothing_is_lost_between_them(air, gather) -> None:
    names = ",".join(f"{number}A" for number in range(1001, 3001))
    cells = ",".join(["7"] * 2000)
    lines = [f"20260105,{hour},{name},{cells}" for hour in range(5) for name in ("PM10", "SO2", "NO2", "CO", "PM2.5", "O3")]  # fmt: skip
    decoded = gather(decode([file_of(*lines, head=f"date,hour,type,{names}")], air))
    assert decoded.sizes == [BATCH_OBSERVATIONS, 60_000 - BATCH_OBSERVATIONS]
    assert not decoded.table.duplicated(["site", "determinand", "start"]).any()
    decoded.account(30)


# --- ozone ----------------------------------------------------------------------------------------


def test_ozone_as_it_is_labelled(air, gather) -> None:
    decoded = gather(decode([day("1,O3,40,92", "1,O3_24h,92,92", "2,O3,41,")], air))
    assert decoded.of("2523A", "O3")["value"].tolist() == [40.0, 41.0]
    assert decoded.quirks == {DERIVED: 1, SILENT: 1}


def test_ozone_with_its_labels_exchanged(air, gather) -> None:
    # Hour 2 shows it; hour 1 alone would say nothing, hour 3 lacks the line of the hour.
    lines = ("1,O3,92,", "1,O3_24h,92,30", "2,O3,92,50", "2,O3_24h,40,50", "3,O3,92,93")
    decoded = gather(decode([day(*lines)], air))
    table = decoded.table
    assert table["value"].tolist() == [92.0, 30.0, 40.0, 50.0]
    assert table["row"].tolist() == [2, 2, 4, 4]  # where the hour stands
    assert decoded.quirks == {"O3 and O3_24h exchanged": 1, DERIVED: 3}
    assert not decoded.rejected


def test_ozone_where_hours_do_not_agree_is_the_lesser_of_the_two(air, gather) -> None:
    lines = ("1,O3,92,40", "1,O3_24h,40,92", "2,O3,92,", "2,O3_24h,,7", "3,O3_24h,8,9")
    decoded = gather(decode([day(*lines)], air))
    assert decoded.table["value"].tolist() == [40.0, 40.0]
    cells = [(one.row, one.column, one.raw) for one in decoded.rejected if one.column]
    assert cells == [
        (3, "2523A", "O3 92.0, O3_24h nan"), (3, "2524A", "O3 nan, O3_24h 7.0"),
        (5, "2523A", "O3 no line, O3_24h 8.0"), (5, "2524A", "O3 no line, O3_24h 9.0"),
    ]  # fmt: skip
    assert all("does not say" in one.reason for one in decoded.rejected if one.column)


def test_a_maximum_alone_is_no_hour(air, gather) -> None:
    decoded = gather(decode([day("1,PM10,1,2", "1,O3_24h,92,93")], air))
    assert decoded.table["determinand"].unique().tolist() == ["PM10"]
    assert decoded.quirks == {DERIVED: 1}


# --- lines and columns that are amiss -------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("2026010,1,PM10,1,2", "not a date"),
        ("20260230,1,PM10,1,2", "not a date"),
        ("00010105,1,PM10,1,2", "not a date"),
        ("20260105,24,PM10,1,2", "not an hour"),
        ("20260105,1.0,PM10,1,2", "not an hour"),
        ("20260105,1,PM1,1,2", "type not known"),
        ("20260105,1,PM10,1", "5 cells expected, 4 found"),
        ('20260105,1,PM10,"1,2', "quotes"),
        ("20260105,1,PM10,1,\x002", "NUL"),
    ],
)
def test_a_line_amiss_costs_itself_alone(line: str, word: str, air, gather) -> None:
    decoded = gather(decode([file_of("20260105,2,PM10,7,8", line, "20260105,3,PM10,9,9")], air))
    (record,) = decoded.rejected
    assert (record.row, record.column) == (2, None)
    assert word in record.reason
    assert len(decoded.table) == 4


def test_a_cell_amiss_is_named_by_its_station(air, gather) -> None:
    decoded = gather(decode([day("1,PM10,x,2", "1,SO2,1,2")], air))
    assert [(one.row, one.column, one.raw) for one in decoded.rejected] == [(1, "2523A", "x")]
    assert len(decoded.table) == 3


def test_of_repeated_lines_the_fuller_stays(air, gather) -> None:
    decoded = gather(decode([day("1,PM10,1,2", "1,PM10,,5", "1,PM10,1,2")], air))
    assert [(one.row, one.reason) for one in decoded.rejected] == [
        (1, "repeat of row 3"),
        (2, "superseded by row 3"),
    ]
    decoded.account(3)


def test_a_station_that_stands_twice(air, gather) -> None:
    head = "date,hour,type,2523A,2524A,2523A"
    same = file_of("20260105,1,PM10,,2,7", "20260105,2,PM10,4,2,4", head=head)
    decoded = gather(decode([same], air))
    assert decoded.of("2523A", "PM10")["value"].tolist() == [7.0, 4.0]
    assert decoded.quirks == {"station stands twice, the same readings": 1}
    differing = file_of("20260105,1,PM10,3,2,7", head=head)
    decoded = gather(decode([differing], air))
    assert decoded.table["site"].tolist() == ["2524A"]
    assert [(one.row, one.column) for one in decoded.rejected] == [(0, "2523A")]


def test_a_column_without_a_station_is_named(air, gather) -> None:
    decoded = gather(decode([file_of("20260105,1,PM10,1,2,", head=f"{HEAD},")], air))
    assert [(one.row, one.reason) for one in decoded.rejected] == [
        (0, "column 6 not read: it names no station")
    ]
    assert decoded.table["value"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"", "empty"),
        (b"timepoint,stationcode,pm10\n", "no header"),
        (b"hour,date,type,1001A\n", "no header"),
        (b"date,hour,type\n", "no column of a station"),
        (b"date,hour,type,12\n", "no column of a station"),
    ],
)
def test_what_is_no_such_file_is_refused(octets: bytes, word: str, air) -> None:
    with pytest.raises(SourceRefused, match=word):
        list(decode([octets], air))


def test_a_file_of_years_is_refused_before_it_fills_the_memory(air, monkeypatch) -> None:
    monkeypatch.setattr(air_wide, "CELLS", 3)
    with pytest.raises(SourceRefused, match="day by day"):
        list(decode([day("1,PM10,1,2", "2,PM10,1,2")], air))


def test_a_header_alone_has_no_rows(air, gather) -> None:
    decoded = gather(decode([file_of()], air))
    assert [one.row for one in decoded.rejected] == [0]


# --- any octets -----------------------------------------------------------------------------------

WHOLE = day(
    "0,PM2.5,41,", "0,O3,49,12", "0,O3_24h,50,13", "0,CO,0.6,—", "1,PM10,,", "1,PM10,x,5",
    "3,O3,52,1", "3,AQI,1,2", "7,SO2,<3,4L",
)  # fmt: skip


@given(cuts=st.lists(st.integers(0, len(WHOLE)), max_size=6))
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_how_octets_are_cut(cuts, air, gather) -> None:
    places = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in itertools.pairwise(places)]
    cut, whole = gather(decode(pieces, air)), gather(decode([WHOLE], air))
    assert cut.table.equals(whole.table)
    assert (cut.rejected, cut.quirks) == (whole.rejected, whole.quirks)


@given(noise=st.binary(max_size=60), place=st.integers(0, len(WHOLE)))
@settings(max_examples=100, deadline=None)
def test_arbitrary_octets_raise_nothing_but_a_refusal(noise, place, air, gather) -> None:
    try:
        gather(decode([WHOLE[:place], noise, WHOLE[place:]], air))
    except SourceRefused as refusal:
        assert str(refusal)


CELLS = st.one_of(
    st.sampled_from(["", "7", "0.6", "—", "x", "<5", "40", "92"]), st.text("0123456789.-L*", max_size=4)
)  # fmt: skip
LINES = st.tuples(
    st.sampled_from(["20260105", "20260106", "2026", ""]),
    st.sampled_from(["0", "1", "23", "24", ""]),
    st.sampled_from(["PM10", "O3", "O3_24h", "AQI", "CO", "PM1", "SO2_24h", ""]),
    CELLS, CELLS, CELLS,
)  # fmt: skip


@given(lines=st.lists(LINES, max_size=12), is_twice=st.booleans())
@settings(max_examples=200, deadline=None)
def test_every_line_is_accounted_for(lines, is_twice, air, gather) -> None:
    head = f"{HEAD},{'2523A' if is_twice else '2525A'}"
    decoded = gather(decode([file_of(*map(",".join, lines), head=head)], air))
    observed = set(decoded.table["row"].tolist())
    lost = [one.row for one in decoded.rejected if one.column is None and one.row]
    n_counted = sum(decoded.quirks[name] for name in ("AQI not read", DERIVED))
    assert len(lost) == len(set(lost))
    assert not observed & set(lost)
    assert len(observed) + len(lost) + n_counted == len(lines)
    assert not decoded.table.duplicated(["site", "determinand", "start"]).any()
