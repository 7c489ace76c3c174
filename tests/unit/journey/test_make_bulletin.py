"""What a bulletin takes of alerts, review cases, gaps and the readings of an intake."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from ecomon.journey.make_bulletin import (
    alerts_shown,
    approval_of,
    count_limited,
    count_reviews,
    gaps_shown,
)
from ecomon.model.period import Period
from ecomon.model.standard import SingleLimit, Standard
from ecomon.model.tables import FLAGGED
from ecomon.registry import Registry, read_registry

MONTH = Period.month(2021, 4)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


def readings(
    *starts: datetime, determinand: str = "TL", programme: str = "automatic", flag: int = 1
) -> pd.DataFrame:
    n = len(starts)
    return FLAGGED.frame(
        {
            "site": ["yaodu"] * n, "determinand": [determinand] * n, "statistic": ["value"] * n,
            "start": list(starts), "duration_s": [0] * n, "programme": [programme] * n,
            "source": ["test"] * n, "replicate": [0] * n, "value": [0.1] * n, "unit": ["mg/L"] * n,
            "censor": ["none"] * n, "source_flag": [""] * n, "row": list(range(1, n + 1)),
            "revision": list(range(10, 10 + n)), "flag": [flag] * n, "tests": [""] * n,
        }
    )  # fmt: skip


def test_a_month_is_approved_when_every_reading_of_it_is() -> None:
    starts = (datetime(2021, 3, 31, 20), datetime(2021, 4, 1), datetime(2021, 4, 30, 20))
    table = readings(*starts)
    for states, found in (
        (["provisional", "approved", "approved"], "approved"),
        (["approved", "reviewed", "approved"], "reviewed"),
        (["approved", "reviewed", "provisional"], "provisional"),
    ):
        assert approval_of(table.assign(approval=states), MONTH) == found
    assert approval_of(table.assign(approval="approved").iloc[:1], MONTH) == "provisional"


def alert(opened_at: str, resolved_at: str | None) -> dict[str, Any]:
    return {
        "section": "yaodu", "determinand": "TP", "basis": "target", "limit": 0.1, "unit": "mg/L",
        "state": "firing" if resolved_at is None else "resolved", "opened_at": opened_at,
        "fired_at": None, "resolved_at": resolved_at, "peak_value": 0.19, "peak_factor": 0.9,
    }  # fmt: skip


def test_alerts_that_were_open_in_the_month_closed_ones_too() -> None:
    documents = [
        alert("2021-04-30T23:00:00+08:00", None),
        alert("2021-03-28T04:00:00+08:00", "2021-03-31T20:00:00+08:00"),
        alert("2021-03-28T04:00:00+08:00", "2021-04-01T00:00:00+08:00"),
        alert("2021-05-01T00:00:00+08:00", None),
        alert("2021-04-02T20:00:00+00:00", "2021-04-03T08:00:00+08:00"),
    ]
    shown = alerts_shown(documents, MONTH)
    assert [one.opened_at for one in shown] == [
        datetime(2021, 3, 28, 4), datetime(2021, 4, 3, 4), datetime(2021, 4, 30, 23),
    ]  # fmt: skip
    assert shown[1].resolved_at == datetime(2021, 4, 3, 8) and shown[1].peak_factor == 0.9


def test_reviews_of_this_months_readings_only() -> None:
    """A case after a revision does not say when its reading was; the revision does."""
    flagged = readings(datetime(2021, 3, 31, 20), datetime(2021, 4, 2))
    reviews = pd.DataFrame(
        {
            "revision": [1, 2, 10, 11],
            "context": [
                {"start": "2021-04-03T04:00:00+08:00"},
                {"start": "2021-05-03T04:00:00+08:00"},
                {"verdict": "accept"},
                {"verdict": "accept"},
            ],
        }
    )
    assert count_reviews(reviews, flagged, MONTH) == 2
    assert count_reviews(reviews.iloc[:0], flagged, MONTH) == 0


def test_between_samples_by_hand_nothing_is_missing(registry: Registry) -> None:
    """Antimony once in the month, by hand: no gap. The station's own silence is one."""
    hours = [MONTH.start + timedelta(hours=4 * step) for step in range(180)]
    station = readings(*hours[:60], *hours[90:], determinand="TP")
    sample = readings(datetime(2021, 4, 9, 10), determinand="SB", programme="emergency")
    gaps = gaps_shown(pd.concat([station, sample], ignore_index=True), registry, MONTH)
    assert gaps[["site", "determinand"]].to_numpy().tolist() == [
        ["yaodu", ""]
    ]  # of the whole station
    assert gaps_shown(sample, registry, MONTH).empty


def test_readings_of_an_intake_that_table_3_limits() -> None:
    standard = Standard(
        id="t3", code="GB 3838-2002", title_zh="-", title_en="-", table="3", applies_to="intake",
        effective_from=datetime(2002, 6, 1).date(), source="test", confidence="verified",
        single_limits=(SingleLimit(determinand="TL", limit=Decimal("0.0001")),
                       SingleLimit(determinand="SB", limit=Decimal("0.005"))),
    )  # fmt: skip
    moment = datetime(2021, 4, 2)
    flagged = pd.concat(
        [
            readings(datetime(2021, 3, 31, 20), moment, moment, moment + timedelta(hours=1)),
            readings(moment + timedelta(hours=2), flag=3),
            readings(moment, determinand="TP"),
        ],
        ignore_index=True,
    )
    assert count_limited(flagged, "yaodu", standard, MONTH) == (("TL", 2),)
    assert count_limited(flagged, "bamiaogou", standard, MONTH) == ()
