"""Forecasts of the air, on tables made by hand."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.decode.air_forecast import decode
from ecomon.errors import SourceRefused
from ecomon.model.determinand import Determinand
from ecomon.model.forecast import Forecasts
from ecomon.model.observation import Rejected
from ecomon.model.tables import FORECASTS
from ecomon.registry import read_registry

HEAD = "issued_at,valid_day,place,item,value,unit,primary"
FIVE = "2026-01-05 17:00"


@pytest.fixture(scope="session")
def air() -> dict[str, Determinand]:
    return read_registry().determinands


def sheet(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def test_an_index_and_a_concentration(air) -> None:
    rows = (
        f"{FIVE},2026-01-06,510800,AQI,70~100,,PM2.5",
        f"{FIVE},20260107,2523A,一氧化碳,900,ug/m3,",
    )
    (item,) = decode([sheet(*rows)], air)
    assert isinstance(item, Forecasts)
    index, co = FORECASTS.check(item.table).to_dict(orient="records")
    assert (index["place"], index["item"], index["low"], index["high"]) == (
        "510800",
        "AQI",
        70,
        100,
    )
    assert (index["unit"], index["primary"], index["row"]) == ("1", "PM2.5", 2)
    assert index["issued_at"].to_pydatetime() == datetime(2026, 1, 5, 17)
    assert (co["item"], co["low"], co["high"], co["unit"]) == ("CO_AIR", 0.9, 0.9, "mg/m3")
    assert co["start"].to_pydatetime() == datetime(2026, 1, 7)
    assert item.as_json()[1]["primary"] is None


def test_chinese_headings(air) -> None:
    head = "地区,项目,预报日期,发布时间,预报值,单位"
    (item,) = decode([sheet(f"广元市,AQI,2026-01-06,{FIVE},55,", head=head).decode().encode("gb18030")], air)  # fmt: skip
    assert len(item) == 1  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("row", "column", "word"),
    [
        (f"{FIVE},2026-01-04,510800,AQI,70,,", "valid_day", "a day of its issue"),
        (f"{FIVE},2026-03-04,510800,AQI,70,,", "valid_day", "a day of its issue"),
        (f"{FIVE},明天,510800,AQI,70,,", "valid_day", "a date"),
        ("昨天,2026-01-06,510800,AQI,70,,", "issued_at", "time of day"),
        (f"{FIVE},2026-01-06,,AQI,70,,", "place", "a city"),
        (f"{FIVE},2026-01-06,510800,锑,70,ug/m3,", "item", "determinand of air"),
        (f"{FIVE},2026-01-06,510800,PM10,70,,", "unit", "a unit"),
        (f"{FIVE},2026-01-06,510800,PM10,70,m3/s,", "unit", "a unit like"),
        (f"{FIVE},2026-01-06,510800,AQI,良,,", "value", "a number"),
        (f"{FIVE},2026-01-06,510800,AQI,100~70,,", "value", "low to high"),
        (f"{FIVE},2026-01-06,510800,AQI,501,,", "value", "at most 500"),
    ],
)
def test_what_is_doubtful_is_named(row: str, column: str, word: str, air) -> None:
    cell, line = decode([sheet(row)], air)
    assert isinstance(cell, Rejected)
    assert (cell.row, cell.column) == (2, column)
    assert word in cell.reason
    assert isinstance(line, Rejected)
    assert line.column is None


CELLS = st.one_of(
    st.sampled_from(["", FIVE, "2026-01-06", "510800", "AQI", "PM10", "70", "70~100", "ug/m3"]),
    st.text(st.characters(exclude_characters='\x00\r\n,;\t"', exclude_categories=["Cs"]), max_size=6),
)  # fmt: skip


@given(rows=st.lists(st.tuples(*[CELLS] * 7), max_size=6), noise=st.binary(max_size=8))
@settings(max_examples=100, deadline=None)
def test_every_row_is_accounted_for_and_noise_is_refused(rows, noise, air) -> None:
    octets = sheet(*map(",".join, rows))
    observed: list[int] = []
    lost: list[int] = []
    for item in decode([octets], air):
        if isinstance(item, Forecasts):
            observed += item.table["row"].tolist()
        elif item.column is None:
            lost.append(item.row)
    assert sorted(observed + lost) == [
        number for number, row in enumerate(rows, 2) if any(cell.strip() for cell in row)
    ]
    try:
        list(decode([noise, octets], air))
    except SourceRefused as refusal:
        assert str(refusal)
