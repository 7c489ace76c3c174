"""``ST_RIVER_R`` exports (SL 323-2011): the traps of formats.md §5, by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.hydrology import decode_st_river_r
from ecomon.errors import ContractError, SourceRefused


def csv_of(*rows: str, header: str = "STCD,TM,Z,Q") -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


def test_stage_and_discharge_of_an_instant(determinands, gather) -> None:
    decoded = gather(
        decode_st_river_r([csv_of("60701234 ,2026-08-01 08:00:00,212.345,1520.000")], determinands)
    )
    table = decoded.table
    assert table["site"].tolist() == ["60701234", "60701234"]
    assert table["determinand"].tolist() == ["STAGE", "DISCHARGE"]
    assert table["value"].tolist() == [212.345, 1520.0]
    assert table["unit"].tolist() == ["m", "m3/s"]
    assert set(table["statistic"]) == {"value"}
    assert set(table["duration_s"]) == {0}
    assert set(table["source"]) == {"st-river-r"}
    assert table["source_flag"].isna().all()


def test_leading_zeros_reverse_flow_and_zero_are_kept(determinands, gather) -> None:
    decoded = gather(
        decode_st_river_r(
            [csv_of("00701235,2026-08-01 08:00,9.991,-35.000", "00701235,2026-08-01 09:00,9.9,0")],
            determinands,
        )
    )
    assert decoded.of("00701235", "DISCHARGE")["value"].tolist() == [-35.0, 0.0]


def test_sentinels_and_empty_cells(determinands, gather) -> None:
    rows = (
        "A,2026-08-01 08:00:00,1.0,100",
        "A,2026-08-01 09:00:00,1.0,",  # A does report Q: this one is missing
        "A,2026-08-01 10:00:00,-9999.000,-9999",
        "B,2026-08-01 08:00:00,2.0,",  # B never reports Q: stage only
        "C,2026-08-01 08:00:00,3.0,-9999.000",  # a sentinel is a missing reading
        "C,2026-08-01 09:00:00,,",  # nothing at all
    )
    decoded = gather(decode_st_river_r([csv_of(*rows)], determinands))
    assert np.isnan(decoded.value("A", "DISCHARGE", "2026-08-01 09:00"))
    assert np.isnan(decoded.value("A", "STAGE", "2026-08-01 10:00"))
    assert decoded.of("B", "DISCHARGE").empty
    assert decoded.value("B", "STAGE") == 2.0
    assert np.isnan(decoded.value("C", "DISCHARGE"))
    assert [(item.row, item.reason) for item in decoded.rejected] == [(6, "no reading")]
    decoded.account(6)


def test_repeats_and_bad_rows(determinands, gather) -> None:
    rows = (
        "A,2026-08-01 08:00:00,1.0,100",
        "A,2026-08-01 08:00:00,1.0,100",
        "A,2026-08-01 09:00:00,1.0,100",
        "A,2026-08-01 09:00:00,1.0,",
        " ,2026-08-01 09:00:00,1.0,100",
        "A,2026-02-30 09:00:00,1.0,100",
        "A,,1.0,100",
        "A,2026-08-01 11:00:00,1.0,много",
    )
    decoded = gather(decode_st_river_r([csv_of(*rows)], determinands))
    reasons = {item.row: item.reason for item in decoded.rejected}
    assert reasons[1] == "repeat of row 2"
    assert reasons[4] == "superseded by row 3"
    assert "station code" in reasons[5]
    assert "no such time" in reasons[6]
    assert reasons[7] == "no time"
    assert [(item.row, item.column) for item in decoded.rejected if item.column] == [(8, "Q")]
    decoded.account(8)


def test_a_header_in_lower_case_with_other_columns(determinands, gather) -> None:
    octets = csv_of("5,2026-08-01 08:00:00,A,x,4", header="q,tm,stcd,remark,wptn")
    decoded = gather(decode_st_river_r([octets], determinands))
    assert decoded.value("A", "DISCHARGE") == 5.0
    assert decoded.quirks == {"column not mapped: REMARK": 1}


def test_codes_are_kept_letter_for_letter_and_mean_nothing(determinands, gather) -> None:
    rows = (
        "A,2026-08-01 08:00:00,1.0,-35,< ,4,1",
        "A,2026-08-01 09:00:00,1.0,35,,,",
        "A,2026-08-01 10:00:00,1.0,35,x" + "y" * 40 + ",5,",
    )
    octets = csv_of(*rows, header="STCD,TM,Z,Q,FLWCHRSCD,WPTN,MSQMT")
    decoded = gather(decode_st_river_r([octets], determinands))
    flags = decoded.of("A", "DISCHARGE")["source_flag"].tolist()
    assert flags[0] == "FLWCHRCD=<;WPTN=4;MSQMT=1"
    assert flags[1] != flags[1]
    assert flags[2] == "WPTN=5"
    assert decoded.quirks == {"code too long to be one, not kept": 1}
    decoded.account(3)


def test_what_is_no_such_table_is_refused(determinands) -> None:
    for octets in (b"", b"STCD,TM\n1,2\n", b"a,b\n", b"\xff\xfe\x00"):
        with pytest.raises(SourceRefused):
            list(decode_st_river_r([octets], determinands))
    with pytest.raises(ContractError, match="DISCHARGE"):
        list(decode_st_river_r([b"STCD,TM,Q\n"], {}))


@given(
    drawn=st.lists(
        st.tuples(
            st.sampled_from(["A", "B ", ""]),
            st.sampled_from(["2026-08-01 08:00:00", "2026-08-01 09:00", "x"]),
            st.sampled_from(["1.5", "", "-9999", "x", "-3"]),
            st.sampled_from(["1.5", "", "-9999.000", "1,2"]),
        ),
        max_size=8,
    ),
    data=st.data(),
)
@settings(max_examples=50, deadline=None)
def test_every_row_is_accounted_for_however_octets_are_cut(
    drawn, data, determinands, gather
) -> None:
    octets = csv_of(*(",".join(row) for row in drawn))
    whole = gather(decode_st_river_r([octets], determinands))
    whole.account(len(drawn))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=4)))
    pieces = [octets[a:b] for a, b in itertools.pairwise([0, *cuts, len(octets)])]
    cut = gather(decode_st_river_r(pieces, determinands))
    assert cut.table.equals(whole.table)
    assert cut.rejected == whole.rejected


@given(noise=st.binary(max_size=120), place=st.integers(0, 80))
@settings(max_examples=80, deadline=None)
def test_arbitrary_octets_raise_nothing_but_a_refusal(noise, place, determinands, gather) -> None:
    octets = csv_of("A,2026-08-01 08:00:00,1.0,100", "A,2026-08-01 09:00:00,1.0,100")
    try:
        gather(decode_st_river_r([octets[:place], noise, octets[place:]], determinands))
    except SourceRefused as refusal:
        assert str(refusal)
