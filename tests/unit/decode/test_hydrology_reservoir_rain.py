"""``ST_RSVR_R`` and ``ST_PPTN_R`` exports (SL 323-2011): units, intervals, days that end at 08:00."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.hydrology import decode_st_pptn_r, decode_st_rsvr_r
from ecomon.decode.hydrology_intervals import read_interval_s
from ecomon.errors import ContractError, SourceRefused

RESERVOIR = "STCD,TM,RZ,INQ,W,BLRZ,OTQ,RWCHRCD,RWPTN,INQDR,MSQMT"
RAIN = "STCD,TM,DRP,INTV,PDR,DYP,WTH"


def csv_of(header: str, *rows: str) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


def test_a_reservoir_and_its_million_cubic_metres(determinands, gather) -> None:
    row = "60712345          ,2026-08-01 08:00:00,583.120,-12.5,2345.678,501.2,300.000,,4,,1"
    decoded = gather(decode_st_rsvr_r([csv_of(RESERVOIR, row)], determinands))
    table = decoded.table
    assert set(table["site"]) == {"60712345"}
    assert dict(zip(table["determinand"], table["value"], strict=True)) == {
        "RESERVOIR_STAGE": 583.12, "INFLOW": -12.5, "STORAGE": 2_345_678_000.0,
        "TAILWATER_STAGE": 501.2, "OUTFLOW": 300.0,
    }  # fmt: skip
    assert table["unit"].tolist() == ["m", "m3/s", "m3", "m", "m3/s"]
    assert set(table["statistic"]) == {"value"}
    assert set(table["duration_s"]) == {0}
    assert set(table["source_flag"]) == {"RWPTN=4;MSQMT=1"}


def test_an_inflow_is_of_the_hours_that_are_stated(determinands, gather) -> None:
    rows = (
        "R,2026-08-01 08:00:00,1,100,,,50,,,6.00,",
        "R,2026-08-01 09:00:00,1,100,,,50,,,0.30,",
        "R,2026-08-01 10:00:00,1,,,,50,,,0.30,",
    )
    decoded = gather(decode_st_rsvr_r([csv_of(RESERVOIR, *rows)], determinands))
    inflow = decoded.of("R", "INFLOW")
    assert inflow["start"].dt.hour.tolist()[0] == 2
    assert inflow[["statistic", "duration_s"]].iloc[0].tolist() == ["mean", 6 * 3600]
    outflow = decoded.of("R", "OUTFLOW")
    assert outflow["start"].dt.hour.tolist() == [8, 9, 10]
    assert set(outflow["statistic"]) == {"value"}
    ((row, column),) = [(one.row, one.column) for one in decoded.rejected if one.column]
    assert (row, column) == (2, "INQ")
    decoded.account(3)


def test_rain_is_of_the_interval_that_ends_and_of_the_day_from_eight_to_eight(
    determinands, gather
) -> None:
    rows = (
        "P,2026-08-01 08:00:00,3.5,1.00,,45.0,7",
        "P,2026-08-01 08:30:00,0.5,0.30,,,",
        "P,2026-08-01 09:00:00,-9999,0.30,,,",
        "P,2026-08-01 10:30:00,9.5,1.3,,,",
    )
    decoded = gather(decode_st_pptn_r([csv_of(RAIN, *rows)], determinands))
    table = decoded.table
    assert set(table["determinand"]) == {"RAINFALL"}
    assert set(table["statistic"]) == {"total"}
    told = [
        (f"{start:%d %H:%M}", duration, value)
        for start, duration, value in zip(
            table["start"], table["duration_s"], table["value"], strict=True
        )
    ]
    assert told[0] == ("01 07:00", 3600, 3.5)
    assert told[1] == ("31 08:00", 86400, 45.0)
    assert told[2] == ("01 08:00", 1800, 0.5)
    assert told[3][:2] == ("01 08:30", 1800)
    assert np.isnan(told[3][2])
    assert told[4] == ("01 09:00", 5400, 9.5)
    assert table["source_flag"].tolist()[0] == "WTH=7"
    assert decoded.rejected == []


def test_an_interval_that_is_not_known_is_rejected_and_never_guessed(determinands, gather) -> None:
    rows = (
        "P,2026-08-01 08:00:00,3.5,,,,",  # no interval
        "P,2026-08-01 09:00:00,3.5,0.75,,,",  # 75 minutes of no hour
        "P,2026-08-01 10:00:00,3.5,x,,,",
        "P,2026-08-01 11:00:00,3.5,0,,,",
        "P,2026-08-01 12:00:00,,,,20.0,",  # a day that ends at noon
        "P,2026-08-01 13:00:00,,,,,7",  # weather alone
    )
    decoded = gather(decode_st_pptn_r([csv_of(RAIN, *rows)], determinands))
    assert decoded.table.empty
    assert [(one.row, one.column) for one in decoded.rejected if one.column] == [
        (1, "DRP"), (2, "DRP"), (3, "DRP"), (4, "DRP"), (5, "DYP"),
    ]  # fmt: skip
    decoded.account(6)


def test_half_hours_written_as_tenths_are_found_out(determinands, gather) -> None:
    rows = tuple(f"P,2026-08-01 {at},1.0,0.50,,," for at in ("08:00", "08:30", "09:00"))
    octets = csv_of(RAIN, *rows)
    decoded = gather(decode_st_pptn_r([octets], determinands))
    assert decoded.table["row"].tolist() == [1]
    assert "interval_form" in next(one.reason for one in decoded.rejected if one.column)
    tenths = gather(decode_st_pptn_r([octets], determinands, interval_form="hours"))
    assert tenths.table["duration_s"].tolist() == [1800] * 3
    assert tenths.rejected == []


def test_a_day_that_two_columns_give_is_one_observation(determinands, gather) -> None:
    rows = ("P,2026-08-01 08:00:00,44.0,24.00,,44.0,", "P,2026-08-02 08:00:00,44.0,24.00,,45.0,")
    decoded = gather(decode_st_pptn_r([csv_of(RAIN, *rows)], determinands))
    assert decoded.table["row"].tolist() == [1, 2]
    assert decoded.quirks == {"rain of a day given twice": 1}
    assert [(one.row, one.column) for one in decoded.rejected] == [(2, "DYP")]


@pytest.mark.parametrize(
    ("text", "form", "seconds"),
    [
        ("1.00", "hh.mm", 3600), ("0.30", "hh.mm", 1800), (".3", "hh.mm", 1800),
        ("0.05", "hh.mm", 300), ("1.3", "hours", 4680), ("0.5", "hours", 1800),
        ("24", "whole", 86400), ("6.000", "whole", 21600), ("", "hh.mm", None), (" null ", "hours", None),
    ],
)  # fmt: skip
def test_the_length_of_an_interval(text, form, seconds) -> None:
    assert read_interval_s(text, form) == seconds


@pytest.mark.parametrize("text", ["0.60", "0.305", "-1", "1e3", "0", "0.00", "999", ".", "1:30"])
def test_what_is_no_interval_says_so(text) -> None:
    assert isinstance(read_interval_s(text, "hh.mm"), str)


def test_what_is_no_such_table_is_refused(determinands) -> None:
    for decode, header in ((decode_st_rsvr_r, b"STCD,TM,Z\n"), (decode_st_pptn_r, b"STCD,DRP\n")):
        with pytest.raises(SourceRefused):
            list(decode([header], determinands))
    with pytest.raises(ContractError, match="RAINFALL"):
        list(decode_st_pptn_r([b"STCD,TM,DRP,INTV\n"], {}))


CELLS = st.sampled_from(
    ["1.5", "", "-9999", "x", "-3", "０．５", '"', "24.00", "0.30", "NULL", "汛"]
)
TIMES = st.sampled_from(["2026-08-01 08:00:00", "2026-08-01 09:00", "2026-08-02 08:00:00", "x", ""])


@given(
    drawn=st.lists(
        st.tuples(st.sampled_from(["A", "B ", ""]), TIMES, CELLS, CELLS, CELLS), max_size=8
    ),
    data=st.data(),
    kind=st.sampled_from(["rain", "reservoir"]),
)
@settings(max_examples=80, deadline=None)
def test_every_row_is_accounted_for_however_octets_are_cut(
    drawn, data, kind, determinands, gather
) -> None:
    decode, header = {
        "rain": (decode_st_pptn_r, "STCD,TM,DRP,INTV,DYP"),
        "reservoir": (decode_st_rsvr_r, "STCD,TM,INQ,INQDR,W"),
    }[kind]
    octets = csv_of(header, *(",".join(row) for row in drawn))
    whole = gather(decode([octets], determinands))
    if drawn:
        whole.account(len(drawn))
    keys = whole.table[["site", "determinand", "statistic", "start", "duration_s"]]
    assert not keys.duplicated().any()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=4)))
    pieces = [octets[a:b] for a, b in itertools.pairwise([0, *cuts, len(octets)])]
    cut = gather(decode(pieces, determinands))
    assert cut.table.equals(whole.table)
    assert cut.rejected == whole.rejected


@given(noise=st.binary(max_size=120), place=st.integers(0, 120))
@settings(max_examples=60, deadline=None)
def test_arbitrary_octets_raise_nothing_but_a_refusal(noise, place, determinands, gather) -> None:
    octets = csv_of(RAIN, "P,2026-08-01 08:00:00,3.5,1.00,,45.0,7", "P,2026-08-01 09:00,3,1,,,")
    try:
        gather(decode_st_pptn_r([octets[:place], noise, octets[place:]], determinands))
    except SourceRefused as refusal:
        assert str(refusal)
