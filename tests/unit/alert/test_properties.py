"""What holds for any series: runs may be cut, repeated and shuffled; each thing is told once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecomon.alert import Alert, AlertOutcome, AlertPlace, AlertRules, advance_alerts
from ecomon.errors import ContractError
from ecomon.model.determinand import Determinand

Make = Callable[..., Any]
Run = Callable[..., AlertOutcome]
FEWER = settings(max_examples=50)  # each example runs two or three whole histories
START = datetime(2021, 4, 1)
FLAGS = st.sampled_from([1, 1, 1, 1, 2, 3, 4])
METAL: dict[str, Any] = {"series": ("xiwan-intake", "TL"), "limit": 0.5, "basis": "table_3"}
SERIES: list[dict[str, Any]] = [{}, METAL]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[str, float]], list[int], dict[str, Any]]:
    steps = draw(st.lists(st.sampled_from([4, 4, 12, 24, 36]), min_size=1, max_size=25))
    values = [draw(st.sampled_from([0.1, 0.3, 0.49, 0.51, 0.9, 2.0])) for _ in steps]
    moment, readings = START, []
    for step, value in zip(steps, values, strict=True):
        readings.append((moment.isoformat(), value))
        moment += timedelta(hours=step)
    return readings, [draw(FLAGS) for _ in steps], draw(st.sampled_from(SERIES))


@pytest.fixture(scope="module")
def run(
    rules: AlertRules, places: dict[str, AlertPlace], determinands: dict[str, Determinand]
) -> Run:
    def advance(
        tables: tuple[pd.DataFrame, pd.DataFrame], alerts: tuple[Alert, ...], as_of: datetime
    ) -> AlertOutcome:
        return advance_alerts(
            alerts, *tables, rules, places=places, determinands=determinands, as_of=as_of
        )

    return advance


def last(readings: list[tuple[str, float]]) -> datetime:
    return datetime.fromisoformat(readings[-1][0])


def messages(*outcomes: AlertOutcome) -> Counter[tuple[str, str]]:
    return Counter((one.idempotency_key, one.body_zh) for each in outcomes for one in each.notices)


@FEWER
@given(history=histories(), cut=st.integers(0, 25), has_all=st.booleans())
def test_two_runs_tell_what_one_run_tells(
    run: Run, tables: Make, history: Any, cut: int, has_all: bool
) -> None:
    """The second run is given either all readings or only those the first had not."""
    readings, flags, series = history
    cut = min(cut, len(readings) - 1)
    whole = tables(readings, flags=flags, **series)
    once = run(whole, (), last(readings))
    until = datetime.fromisoformat(readings[cut][0])
    first = run(whole, (), until)
    rest = whole
    if not has_all:
        rest = tuple(table[table["start"] > until].reset_index(drop=True) for table in whole)
    second = run(rest, first.alerts, last(readings))
    assert messages(first, second) == messages(once)
    assert second.alerts == once.alerts or not has_all
    assert [(one.key, one.state, one.count) for one in second.alerts] == [
        (one.key, one.state, one.count) for one in once.alerts
    ]


@FEWER
@given(history=histories(), seed=st.integers(0, 2**31 - 1))
def test_a_shuffled_table_changes_nothing(run: Run, tables: Make, history: Any, seed: int) -> None:
    readings, flags, series = history
    whole = tables(readings, flags=flags, **series)
    shuffled = tuple(table.sample(frac=1, random_state=seed) for table in whole)
    assert run(whole, (), last(readings)) == run(shuffled, (), last(readings))


@FEWER
@given(history=histories())
def test_a_repeated_run_tells_nothing_new(run: Run, tables: Make, history: Any) -> None:
    readings, flags, series = history
    whole = tables(readings, flags=flags, **series)
    first = run(whole, (), last(readings))
    again = run(whole, first.alerts, last(readings))
    assert again.notices == () and again.alerts == first.alerts
    assert run(whole, (), last(readings)) == first
    assert {one.revision for one in again.reviews} <= {one.revision for one in first.reviews}


@FEWER
@given(history=histories())
def test_each_event_has_one_notice_of_a_kind(run: Run, tables: Make, history: Any) -> None:
    readings, flags, series = history
    outcome = run(tables(readings, flags=flags, **series), (), last(readings))
    assert set(messages(outcome).values()) <= {1}
    fired = [alert for alert in outcome.alerts if alert.fired_at is not None]
    over = [alert for alert in fired if not alert.is_open and alert.calm_h >= 48]
    n_offices, n_ends = (2, len(over)) if series else (1, 0)  # the end of a warning is not told
    assert len(outcome.notices) == n_offices * (len(fired) + n_ends)
    spans = [(alert.opened_at, alert.resolved_at or last(readings)) for alert in outcome.alerts]
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


@FEWER
@given(history=histories())
def test_an_alert_survives_its_document(run: Run, tables: Make, history: Any) -> None:
    readings, flags, series = history
    for alert in run(tables(readings, flags=flags, **series), (), last(readings)).alerts:
        document = json.loads(json.dumps(alert.as_document()))
        assert Alert.from_document(document) == alert
        assert document["count"] == len(alert.sightings)
        before_calm_since = {key: one for key, one in document.items() if key != "calm_since"}
        assert Alert.from_document(before_calm_since).key == alert.key
        document.pop("streak")
        with pytest.raises(ContractError, match="streak"):
            Alert.from_document(document)
