"""What is laid into a staging table comes out of it, whatever its columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Double,
    MetaData,
    SmallInteger,
    Table,
    Text,
    create_engine,
    select,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.exc import DBAPIError

from ecomon.store.columns import Texts
from ecomon.store.dialect import bulk_load, empty_table

STAGED = Table(
    "staged_anything",
    MetaData(),
    SqlColumn("number", BigInteger, nullable=False),
    SqlColumn("small", SmallInteger, nullable=False),
    SqlColumn("value", Double),
    SqlColumn("moment_s", BigInteger),
    SqlColumn("text", Text),
    SqlColumn("is_it", Boolean, nullable=False),
    prefixes=["TEMPORARY"],
)
Row = tuple[int, int, float | None, int | None, str | None, bool]
INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
ROWS = st.lists(
    st.tuples(
        INT64,
        st.integers(-(2**15), 2**15 - 1),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | INT64,
        st.none() | TEXT,
        st.booleans(),
    ),
    max_size=120,
)


@pytest.fixture
def conn(store_url: str) -> Iterator[Connection]:
    if store_url.startswith("sqlite"):
        store_url = "sqlite://"
    engine = create_engine(store_url)
    with engine.begin() as opened:
        STAGED.create(opened)
        yield opened
    engine.dispose()


def columns_of(rows: Sequence[Row]) -> list[Any]:
    number, small, value, moment_s, text, is_it = zip(*rows, strict=True) if rows else [()] * 6
    return [
        np.array(number, dtype=np.int64),
        np.array(small, dtype=np.int64),
        np.array(value, dtype=np.float64),
        np.ma.masked_array(
            [0 if one is None else one for one in moment_s],
            mask=[one is None for one in moment_s],
            dtype=np.int64,
        ),
        Texts.of(pd.Series(text, dtype="str")),
        np.array(is_it, dtype=np.int64),
    ]


def loaded(conn: Connection, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    empty_table(conn, STAGED)
    bulk_load(conn, STAGED, columns_of(rows))
    return sorted(map(tuple, conn.execute(select(STAGED))), key=repr)


def test_nulls_and_texts_of_different_lengths(conn: Connection) -> None:
    rows: list[Row] = [
        (1, -1, 0.25, 1_700_000_000, "正常", True),
        (2, 2, None, None, None, False),
        (3, 3, -1e300, -5, "", True),
        (4, 4, float("inf"), 0, 'a longer one, with "quotes", \\ and\ttab', False),
    ]
    assert loaded(conn, rows) == sorted(rows, key=repr)


@pytest.mark.parametrize("n_rows", [0, 1, 49, 50, 51, 100_001])
def test_any_number_of_rows(conn: Connection, n_rows: int) -> None:
    rows: list[Row] = [(at, at % 100, None, at, "x" * (at % 3), True) for at in range(n_rows)]
    assert loaded(conn, rows) == sorted(rows, key=repr)


def test_whatever_rows(conn: Connection) -> None:
    @given(ROWS)
    @settings(max_examples=60, deadline=None)
    def check(rows: list[Row]) -> None:
        assert loaded(conn, rows) == sorted(rows, key=repr)

    check()


def test_what_a_server_refuses_is_an_error_of_the_database(conn: Connection) -> None:
    rows: list[Row] = [(1, 1, 0.0, 0, "a\0b", True)]
    if conn.dialect.name == "sqlite":  # which takes a zero octet
        assert loaded(conn, rows) == rows
        return
    with pytest.raises(DBAPIError, match="0x00"):
        loaded(conn, rows)
