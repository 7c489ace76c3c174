"""``ST_ZQRL_B`` exports: each row a point, or rejected."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.hydrology_rating import RatedPoint, curves_of, decode_st_zqrl_b
from ecomon.errors import SourceRefused

HEADER = "STCD,LNNM,BGTM,PTNO,Z,Q"


def decode(*rows: str, header: str = HEADER) -> list:
    return list(decode_st_zqrl_b(["\r\n".join([header, *rows, ""]).encode()], {}))


def test_points_of_two_curves() -> None:
    found = decode(
        "60701234 ,一线,2026-01-01 00:00:00,2,213.0,80.5",
        "60701234,一线,2026-01-01 00:00:00,1,212.0,10",
        "60701234,二线,2026-06-01 08:00:00,1,212.0,12",
    )
    assert found[0] == RatedPoint(1, "60701234", "一线", datetime(2026, 1, 1), "2", 213.0, 80.5)
    assert found[0].as_json() == {
        "kind": "rating_point", "row": 1, "station": "60701234", "curve": "一线",
        "begins_at": "2026-01-01T00:00:00+08:00", "number": "2", "stage_m": 213.0,
        "discharge_m3_s": 80.5,
    }  # fmt: skip
    curves = curves_of(found)
    assert [name for _, name, _ in curves] == ["一线", "二线"]
    assert [one.stage_m for one in next(iter(curves.values()))] == [212.0, 213.0]


def test_rows_that_are_no_point() -> None:
    found = decode(
        "A,,2026-01-01 00:00:00,1,1,10",
        "A,,2026-01-01 00:00:00,1,1,10",
        "A,,2026-01-01 00:00:00,2,2,20",
        "A,,2026-01-01 00:00:00,3,2.0,21",
        "A,,2026-01-01 00:00:00,4,-9999,30",
        "A,,2026-01-01 00:00:00,5,3,",
        "A,,,6,3,30",
        ",,2026-01-01 00:00:00,7,3,30",
        "A,,2026-01-01 00:00:00,8,3",
    )
    reasons = {one.row: one.reason for one in found if not isinstance(one, RatedPoint)}
    assert [one.row for one in found if isinstance(one, RatedPoint)] == [1]
    assert reasons[2] == "repeat of row 1"
    assert "row 4 gives" in reasons[3]
    assert "row 3 gives" in reasons[4]
    assert set(reasons) == set(range(2, 10))


def test_a_table_without_curve_names_and_what_is_none() -> None:
    (point,) = decode("1,A,10,2026-01-01 00:00", header="z,stcd,q,bgtm")
    assert (point.curve, point.number, point.stage_m) == ("", "", 1.0)
    with pytest.raises(SourceRefused):
        decode("1", header="STCD,Z,Q")


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["A", ""]), st.sampled_from(["一线", ""]),
            st.sampled_from(["2026-01-01 00:00:00", "x"]), st.sampled_from(["1", "2.0", "", "-9999", "汛"]),
            st.sampled_from(["1", "2", "", "<3"]),
        ),
        max_size=8,
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_row_is_a_point_or_rejected_once(rows) -> None:
    found = decode(*(",".join(row) for row in rows), header="STCD,LNNM,BGTM,Z,Q")
    assert sorted(one.row for one in found) == (list(range(1, len(rows) + 1)) if rows else [0])
