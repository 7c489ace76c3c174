from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from ecomon.alert import Alert, AlertOutcome, AlertPlace, AlertRules, advance_alerts
from ecomon.errors import ContractError
from ecomon.model.determinand import Determinand
from ecomon.model.tables import EXCEEDANCES, FLAGGED

Tables = tuple[pd.DataFrame, pd.DataFrame]
Make = Callable[..., Any]
YAODU = [
    ("2021-04-03T04:00", 0.040), ("2021-04-03T08:00", 2.880), ("2021-04-03T12:00", 0.040),
    ("2021-04-03T16:00", 0.030), ("2021-04-03T20:00", 0.040),
]  # fmt: skip


@pytest.fixture
def run(
    rules: AlertRules, places: dict[str, AlertPlace], determinands: dict[str, Determinand]
) -> Callable[..., AlertOutcome]:
    def advance(tables: Tables, alerts: Sequence[Alert] = (), **options: Any) -> AlertOutcome:
        given: dict[str, Any] = {
            "places": places, "determinands": determinands, "as_of": datetime(2030, 1, 1)
        }  # fmt: skip
        return advance_alerts(alerts, *tables, rules, **(given | options))

    return advance


def told(outcome: AlertOutcome) -> list[tuple[str, str, str]]:
    return [(f"{one.at:%m-%d %H:%M}", one.kind, one.office) for one in outcome.notices]


def test_a_lone_value_between_calm_neighbours_is_a_review(run: Make, tables: Make) -> None:
    """姚渡 2021-04-03 08:00, as published: NH3N 2.880 between readings of 0.040."""
    outcome = run(tables(YAODU))
    assert outcome.notices == ()
    (review,) = outcome.reviews
    assert (review.revision, review.site, review.determinand) == (2, "yaodu", "NH3N")
    assert (review.value_before, review.value, review.value_after) == (0.04, 2.88, 0.04)
    assert review.reason == "lone"
    (alert,) = outcome.alerts
    assert (alert.state, alert.fired_at, alert.count) == ("resolved", None, 1)


def test_the_same_value_found_suspect_is_one_review_too(run: Make, tables: Make) -> None:
    outcome = run(tables(YAODU, flags=[1, 3, 1, 1, 1]))
    assert outcome.notices == () and outcome.alerts == ()
    (review,) = outcome.reviews
    assert (review.reason, review.value_before, review.value_after) == ("suspect", 0.04, 0.04)


def test_a_failed_reading_is_nothing(run: Make, tables: Make) -> None:
    outcome = run(tables(YAODU, flags=[1, 4, 1, 1, 1]))
    assert (outcome.alerts, outcome.notices, outcome.reviews) == ((), (), ())


def test_two_in_a_row_are_one_notice(run: Make, tables: Make, four_hourly: Make) -> None:
    readings = four_hourly("2021-04-03T00:00", 0.1, 0.7, 0.9, 1.2, 0.8, *[0.2] * 14)
    outcome = run(tables(readings))
    assert told(outcome) == [("04-03 08:00", "firing", "bureau")]  # a warning's end is not told
    (alert,) = outcome.alerts
    assert (alert.count, alert.peak.value, alert.state) == (4, 1.2, "resolved")
    assert alert.peak.factor == pytest.approx(1.4)
    assert (alert.calm_since, alert.resolved_at) == (
        datetime(2021, 4, 3, 20), datetime(2021, 4, 5, 20),
    )  # fmt: skip
    assert outcome.reviews == ()


def test_one_flood_is_one_event(run: Make, tables: Make, four_hourly: Make) -> None:
    """A second crest within two days of the first goes on with the event; one after it is new."""
    flood = [0.1, 0.7, 0.9, *[0.2] * 8, 0.8, 0.8]
    near = run(tables(four_hourly("2021-04-03T00:00", *flood, *[0.2] * 13)))
    assert [(alert.count, alert.state) for alert in near.alerts] == [(4, "resolved")]
    assert len(near.notices) == 1
    parted = [0.1, 0.7, 0.9, *[0.2] * 13, 0.8, 0.8]
    far = run(tables(four_hourly("2021-04-03T00:00", *parted)))
    assert [(alert.count, alert.state) for alert in far.alerts] == [(2, "resolved"), (2, "firing")]
    assert len(far.notices) == 2


def test_calm_is_not_continuous_over_a_gap(run: Make, tables: Make, four_hourly: Make) -> None:
    """Two calm readings before a silent station and two after it are no 48 h of compliance."""
    readings = four_hourly("2021-01-20T00:00", 2e-4, *[4e-5] * 3)
    readings += four_hourly("2021-01-24T00:00", *[4e-5] * 12)
    still = run(tables(readings, **METAL))
    assert [alert.state for alert in still.alerts] == ["firing"]
    readings += [("2021-01-26T00:00", 4e-5)]
    over = run(tables(readings, **METAL))
    assert over.alerts[0].resolved_at == datetime(2021, 1, 26)
    assert over.alerts[0].calm_since == datetime(2021, 1, 24)


def test_an_exceedance_after_a_long_silence_is_told(run: Make, tables: Make) -> None:
    """Monthly samples never show 48 h of compliance; the third one over is told all the same."""
    samples = [("2021-01-05T10:00", 2e-4), ("2021-02-05T10:00", 4e-5), ("2021-03-05T10:00", 3e-4)]
    outcome = run(tables(samples, **METAL))
    plant = [(day, kind) for day, kind, office in told(outcome) if office == "plant"]
    assert plant == [("01-05 10:00", "firing"), ("03-05 10:00", "firing")]
    assert [alert.state for alert in outcome.alerts] == ["resolved", "firing"]


def test_the_deadband_holds_an_event_together(run: Make, tables: Make, four_hourly: Make) -> None:
    readings = four_hourly(
        "2021-04-03T00:00", 0.51, 0.52, 0.49, 0.51, 0.48, *[0.3] * 12, 0.49, 0.51, *[0.3] * 13
    )
    outcome = run(tables(readings))
    assert [kind for _, kind, _ in told(outcome)] == ["firing"]
    assert [(alert.count, alert.state) for alert in outcome.alerts] == [(4, "resolved")]


def test_a_missing_reading_does_not_calm_and_a_long_gap_parts(run: Make, tables: Make) -> None:
    near = [("2021-04-03T08:00", 0.9), ("2021-04-03T20:00", 0.9)]
    assert [kind for _, kind, _ in told(run(tables(near)))] == ["firing"]
    just = [("2021-04-03T08:00", 0.9), ("2021-04-04T08:00", 0.9)]
    assert [kind for _, kind, _ in told(run(tables(just)))] == ["firing"]
    far = [("2021-04-03T08:00", 0.9), ("2021-04-06T08:00", 0.9)]
    outcome = run(tables(far), as_of=datetime(2021, 4, 6, 9))
    assert outcome.notices == ()
    assert [alert.state for alert in outcome.alerts] == ["resolved", "pending"]
    assert [(one.revision, one.value_after) for one in outcome.reviews] == [(1, None)]


def test_what_pends_too_long_goes_to_a_person(run: Make, tables: Make) -> None:
    lone = tables([("2021-04-03T04:00", 0.04), ("2021-04-03T08:00", 2.88)])
    early = run(lone, as_of=datetime(2021, 4, 3, 12))
    assert early.reviews == () and early.alerts[0].state == "pending"
    late = run(lone, early.alerts, as_of=datetime(2021, 4, 4, 9))
    assert [one.revision for one in late.reviews] == [2]
    assert late.alerts[0].state == "resolved"


def test_readings_after_as_of_are_not_looked_at(run: Make, tables: Make) -> None:
    readings = [("2021-04-03T08:00", 0.9), ("2021-04-03T12:00", 0.9)]
    assert run(tables(readings), as_of=datetime(2021, 4, 3, 8)).notices == ()


def test_a_confirmed_value_fires_alone(run: Make, tables: Make) -> None:
    confirmed = run(tables(YAODU), decisions={2: "accept"})
    assert [kind for _, kind, _ in told(confirmed)] == ["firing"]
    first = run(tables(YAODU))
    later = run(tables(YAODU), first.alerts, decisions={2: "accept"})
    assert [kind for _, kind, _ in told(later)] == ["firing"]
    assert later.alerts[0].is_confirmed
    assert run(tables(YAODU), later.alerts, decisions={2: "accept"}).notices == ()
    keys = [sorted(one.idempotency_key for one in each.notices) for each in (confirmed, later)]
    assert keys[0] == keys[1]


def test_a_suspect_value_that_is_accepted_later_fires(run: Make, tables: Make) -> None:
    suspect = tables(YAODU, flags=[1, 3, 1, 1, 1])
    outcome = run(suspect, run(suspect).alerts, decisions={2: "accept"})
    assert [kind for _, kind, _ in told(outcome)] == ["firing"]
    assert outcome.reviews == ()


def test_a_rejected_value_is_nothing(run: Make, tables: Make) -> None:
    outcome = run(tables(YAODU), decisions={2: "reject"})
    assert (outcome.alerts, outcome.notices, outcome.reviews) == ((), (), ())


def test_a_rejected_event_is_corrected_once(run: Make, tables: Make, four_hourly: Make) -> None:
    pair = tables(four_hourly("2021-04-03T00:00", 0.1, 0.7, 0.9))
    first = run(pair)
    assert [kind for _, kind, _ in told(first)] == ["firing"]
    corrected = run(pair, first.alerts, decisions={2: "reject", 3: "reject"})
    assert [kind for _, kind, _ in told(corrected)] == ["correction"]
    assert "读数经人工复核无效" in corrected.notices[0].body_zh
    assert corrected.alerts[0].is_corrected and not corrected.alerts[0].is_open
    again = run(pair, corrected.alerts, decisions={2: "reject", 3: "reject"})
    assert again.notices == () and again.alerts == corrected.alerts


def test_one_of_three_rejected_leaves_the_rest(run: Make, tables: Make, four_hourly: Make) -> None:
    event = tables(four_hourly("2021-04-03T00:00", 0.7, 9.9, 0.8))
    outcome = run(event, run(event).alerts, decisions={2: "reject"})
    assert outcome.notices == ()
    assert (outcome.alerts[0].count, outcome.alerts[0].peak.value) == (2, 0.8)


def test_oxygen_and_ph(run: Make, tables: Make, four_hourly: Make) -> None:
    readings = four_hourly("2021-04-03T00:00", 8, 5.5, 5.1, 6.2, *[7] * 13)
    low = run(tables(readings, series=("yaodu", "DO"), limit=6.0, is_upper=False))
    assert [kind for _, kind, _ in told(low)] == ["firing"]
    assert low.alerts[0].resolved_at == datetime(2021, 4, 5, 16)
    assert low.alerts[0].peak.value == 5.1
    assert "不低于 6 mg/L" in low.notices[0].body_zh and "不计算" in low.notices[0].body_zh
    readings = four_hourly("2021-04-03T00:00", 9.2, 9.3, 8.95, *[8.8] * 13)
    high = run(tables(readings, series=("yaodu", "PH"), limit=9.0))
    assert high.alerts[0].resolved_at == datetime(2021, 4, 5, 12)


def joined_tables(*tables: Tables) -> Tables:
    exceedances, observations = (
        pd.concat(parts, ignore_index=True) for parts in zip(*tables, strict=True)
    )
    return exceedances, observations


METAL: dict[str, Any] = {"series": ("xiwan-intake", "TL"), "limit": 1e-4, "basis": "table_3"}
CALM = (4e-5,) * 13  # 48 h


def test_a_late_result_joins_the_event_it_falls_into(
    run: Make, tables: Make, four_hourly: Make
) -> None:
    seen = tables(four_hourly("2021-01-23T00:00", 2e-4, 2e-4, *CALM), **METAL)
    first = run(seen)
    late = tables([("2021-01-23T02:00", 3e-4)], first_revision=60, **METAL)
    second = run(joined_tables(seen, late), first.alerts)
    assert second.notices == ()
    assert [(alert.count, alert.peak.value) for alert in second.alerts] == [(3, 3e-4)]


def test_a_late_result_of_another_day_is_told(run: Make, tables: Make, four_hourly: Make) -> None:
    """A laboratory's thallium of the 11th arrives after the event of the 23rd has been told."""
    readings = four_hourly("2021-01-12T00:00", *CALM)  # up to 01-14 00:00
    readings += four_hourly("2021-01-23T00:00", 2e-4, 2e-4, *CALM)
    seen = tables(readings, **METAL)
    first = run(seen)
    late = tables([("2021-01-11T20:00", 1.1e-4)], first_revision=60, **METAL)
    second = run(joined_tables(seen, late), first.alerts)
    assert [one for one in told(second) if one[2] == "plant"] == [
        ("01-11 20:00", "firing", "plant"), ("01-14 00:00", "resolved", "plant"),
    ]  # fmt: skip
    assert len(second.alerts) == 2
    assert run(joined_tables(seen, late), second.alerts).notices == ()


def test_a_late_repetition_fires_what_seemed_alone(run: Make, tables: Make) -> None:
    seen = tables(YAODU)
    first = run(seen)
    late = tables([("2021-04-03T10:00", 2.5)], first_revision=60)
    second = run(joined_tables(seen, late), first.alerts)
    assert [kind for _, kind, _ in told(second)] == ["firing"]
    assert [alert.count for alert in second.alerts] == [2]
    assert run(joined_tables(seen, late), second.alerts).notices == ()


def test_conditions_speak_once(run: Make, tables: Make, four_hourly: Make) -> None:
    """A reading over class III at a section with a target raises the target's alert only."""
    readings = four_hourly("2021-04-03T00:00", 1.2, 1.3)
    target = tables(readings)
    class_3 = tables(readings, limit=1.0, basis="class_3")
    both = pd.concat([target[0], class_3[0]], ignore_index=True)
    assert len(run((both, target[1])).notices) == 1
    free = {"series": ("qianfoya", "NH3N"), "limit": 1.0, "basis": "class_3"}
    (notice,) = run(tables(readings, **free)).notices
    assert "水质目标：目标未配置" in notice.body_zh
    assert "target: no target configured" in notice.body_en


def test_means_raise_no_alert(run: Make, tables: Make, four_hourly: Make) -> None:
    exceedances, observations = tables(four_hourly("2021-04-03T00:00", 1.2, 1.3))
    assert run((exceedances.assign(revision=0), observations.iloc[:0])).alerts == ()


def test_an_unknown_place_stops_the_run(run: Make, tables: Make, four_hourly: Make) -> None:
    exceedances, observations = tables(four_hourly("2021-04-03T00:00", 1.2, 1.3))
    with pytest.raises(ContractError, match="section 'elsewhere'"):
        run((exceedances.assign(site="elsewhere"), observations))
    with pytest.raises(ContractError, match="determinand 'XX'"):
        run((exceedances.assign(determinand="XX"), observations))


def test_nothing_gives_nothing(run: Make) -> None:
    outcome = run((EXCEEDANCES.empty(), FLAGGED.empty()))
    assert (outcome.alerts, outcome.notices, outcome.reviews) == ((), (), ())
