"""Expected and received, by hand: 4-hourly water, hourly air, what is late, silent or suspended."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.model.feed import Expectation, Suspension
from ecomon.model.period import Period
from ecomon.model.tables import RECEIPTS
from ecomon.quality import count_receipts

FACTS: dict[str, Any] = {"name_zh": "x", "name_en": "x", "source": "test", "confidence": "verified"}
WATER = Expectation(
    id="cnemc-water", cadence_s=14_400, grace_s=3_600, silent_after_s=43_200, **FACTS
)  # fmt: skip
AIR = Expectation(id="cnemc-air", cadence_s=3_600, grace_s=7_200, silent_after_s=14_400, **FACTS)
DAY = Period.parse("2025-10-01")
LATER = datetime(2025, 10, 3)
NEVER: dict[str, datetime] = {}


def arrivals(*rows: tuple[str, str], source: str = "cnemc-water") -> pd.DataFrame:
    """Of (site, time)."""
    return pd.DataFrame(
        {
            "source": pd.array([source] * len(rows), dtype="str"),
            "site": pd.array([site for site, _ in rows], dtype="str"),
            "start": np.array([at for _, at in rows], dtype="datetime64[us]"),
        }
    )


def water(*hours: float, site: str = "yaodu") -> pd.DataFrame:
    starts = (DAY.start + timedelta(hours=hour) for hour in hours)
    return arrivals(*((site, start.isoformat()) for start in starts))


def told(table: pd.DataFrame) -> list[tuple[str, int, int, str]]:
    columns = ["site", "n_expected", "n_received", "status"]
    return list(RECEIPTS.check(table)[columns].itertuples(index=False, name=None))


def count(table: pd.DataFrame, sites: Iterable[str] = ("yaodu",), **options: Any) -> pd.DataFrame:
    given = {"as_of": LATER, **options}
    return count_receipts(table, given.pop("expectation", WATER), set(sites), DAY, **given)


def test_six_readings_a_day_of_the_water() -> None:
    found = count(water(0, 4, 8, 12, 16, 20))
    assert told(found) == [("yaodu", 6, 6, "complete")]
    (row,) = found.to_dict(orient="records")
    assert (row["source"], row["period"], row["share"]) == ("cnemc-water", "2025-10-01", 1.0)
    assert row["last_at"] == datetime(2025, 10, 1, 20)


def test_what_did_not_come_is_missing_at_its_own_time() -> None:
    found = count(water(0, 4, 12))
    assert told(found) == [("yaodu", 6, 3, "partial")]
    assert found["share"].item() == 0.5
    assert found["last_at"].item() == pd.Timestamp("2025-10-01T12:00")


def test_a_time_counts_when_its_grace_is_over() -> None:
    table = water(0, 4)
    at_nine = told(count(table, as_of=datetime(2025, 10, 1, 8, 59)))
    assert at_nine == [("yaodu", 2, 2, "complete")]
    assert told(count(table, as_of=datetime(2025, 10, 1, 9))) == [("yaodu", 3, 2, "partial")]


def test_nothing_is_due_right_after_midnight() -> None:
    found = count(water(), as_of=datetime(2025, 10, 1, 0, 30), last_before={"yaodu": DAY.start})
    assert told(found) == [("yaodu", 0, 0, "not_expected")]
    assert np.isnan(found["share"].item())


def test_a_reading_before_it_is_due_is_not_yet_counted() -> None:
    found = count(water(0, 4), as_of=datetime(2025, 10, 1, 4, 10))
    assert told(found) == [("yaodu", 1, 1, "complete")]


def test_clocks_of_stations_go_a_little_wrong() -> None:
    assert told(count(water(-0.1, 4.2, 7.9, 12, 16.5, 20)))[0][2] == 6
    # Half-way between two times counts for the earlier one.
    assert told(count(water(2, 6)))[0][2] == 2
    assert told(count(water(22.1)))[0][2] == 0  # nearest to the next midnight


def test_a_time_is_received_once() -> None:
    assert told(count(water(4, 4, 4.1, 3.9))) == [("yaodu", 6, 1, "partial")]


def test_silent_sites_stand_beside_the_others() -> None:
    found = count(
        water(0, 4, 8, 12, 16, 20),
        ["shaxi", "yaodu"],
        last_before={"shaxi": datetime(2025, 9, 29, 8)},
    )
    assert told(found) == [("shaxi", 6, 0, "silent"), ("yaodu", 6, 6, "complete")]
    assert found["last_at"].tolist()[0] == pd.Timestamp("2025-09-29T08:00")


def test_a_named_site_that_never_came_is_counted_and_a_seen_one_is_not() -> None:
    table = water(0, 4, 8, 12, 16, 20)
    assert told(count(table, ["yaodu", "nandu"]))[0] == ("nandu", 6, 0, "silent")
    assert pd.isna(count(table, ["yaodu", "nandu"])["last_at"].iloc[0])
    seen = WATER.model_copy(update={"expects": "seen"})
    assert [row[0] for row in told(count(table, ["yaodu", "nandu"], expectation=seen))] == ["yaodu"]


def test_other_sources_and_unnamed_sites_count_for_nothing() -> None:
    table = pd.concat(
        [
            water(0),
            arrivals(("yaodu", "2025-10-01T04:00"), source="tabulated"),
            water(8, site="other"),
        ]
    )
    assert told(count(table)) == [("yaodu", 6, 1, "partial")]


def test_a_source_is_watched_from_its_first_reading_on() -> None:
    assert count(water()).empty
    assert told(count(water(), last_before={"yaodu": datetime(2025, 9, 30, 20)}))[0][3] == "silent"
    long_ago = {"yaodu": DAY.start - timedelta(days=30, seconds=1)}
    assert count(water(), last_before=long_ago).empty


def test_a_site_may_say_itself_whether_a_source_is_watched() -> None:
    always, never = (WATER.model_copy(update={"is_watched": word}) for word in (True, False))
    assert told(count(water(), expectation=always)) == [("yaodu", 6, 0, "silent")]
    assert count(water(0, 4), expectation=never).empty


def test_nothing_is_expected_of_tables_people_write() -> None:
    tables = Expectation(id="cnemc-water", **FACTS)
    assert count(water(0), expectation=tables).empty


def test_a_suspended_site_is_not_expected() -> None:
    stop = Suspension(
        site="yaodu", valid_from=date(2025, 9, 28), valid_to=date(2025, 10, 2), reason="停电",
        source="test", confidence="verified",
    )  # fmt: skip
    expectation = WATER.model_copy(update={"suspensions": (stop,)})
    found = count(water(0, 4, site="shaxi"), ["shaxi", "yaodu"], expectation=expectation)
    assert told(found) == [("shaxi", 6, 2, "partial"), ("yaodu", 0, 0, "not_expected")]
    whole = stop.model_copy(update={"site": None})
    everything = WATER.model_copy(update={"suspensions": (whole,)})
    assert [row[3] for row in told(count(water(0), expectation=everything))] == ["not_expected"]


def test_hourly_air() -> None:
    rows = [("laocheng", f"2025-10-01T{hour:02}:00") for hour in range(24) if hour not in (3, 4)]
    found = count(arrivals(*rows, source="cnemc-air"), ["laocheng"], expectation=AIR)
    assert told(found) == [("laocheng", 24, 22, "partial")]


def test_receipts_are_of_days() -> None:
    with pytest.raises(ContractError, match="days"):
        count_receipts(water(), WATER, ["yaodu"], Period.parse("2025-10"), as_of=LATER)
    with pytest.raises(ContractError, match="site"):
        count(water().drop(columns="site"))


@given(st.lists(st.integers(-4 * 60, 28 * 60), max_size=60), st.integers(0, 60))
def test_order_and_repetition_do_not_matter(minutes: list[int], hours: int) -> None:
    as_of = DAY.start + timedelta(hours=hours)
    one = count(water(*(minute / 60 for minute in minutes)), as_of=as_of, last_before=NEVER)
    other = count(water(*(minute / 60 for minute in reversed(minutes * 2))), as_of=as_of)
    pd.testing.assert_frame_equal(one, other)
    if not one.empty:
        assert 0 <= one["n_received"].item() <= one["n_expected"].item() <= 6


def test_a_basin_day_takes_no_time() -> None:
    sites = [f"site-{number}" for number in range(200)]
    rows = [(site, f"2025-10-01T{hour:02}:00") for site in sites for hour in range(24)]
    table = arrivals(*rows, source="cnemc-air")
    began = time.perf_counter()
    found = count(table, sites, expectation=AIR)
    assert time.perf_counter() - began < 0.2
    assert found["n_received"].sum() == 200 * 24
