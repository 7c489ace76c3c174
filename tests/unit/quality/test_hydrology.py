"""Readings of gauges, reservoirs and rain gauges against the shipped rules, and against a rating."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pandas as pd
import pytest
from pydantic import ValidationError

from ecomon.model.rating import RatingCurve
from ecomon.quality import count_unknown_source_flags, evaluate
from ecomon.quality.rules import MediumRules, QualityRules

Stored = Callable[..., pd.DataFrame]
CURVE = RatingCurve.model_validate(
    {
        "id": "bikou-1", "gauge": "bikou", "version": "1", "datum": "test",
        "begins_at": datetime(2021, 1, 1), "points": [(500, 100), (502, 1100)],
        "source": "test", "confidence": "verified",
    }
)  # fmt: skip


def judged(table: pd.DataFrame, rules: QualityRules, *curves: RatingCurve) -> list[tuple[int, str]]:
    found = evaluate(table, rules, ratings=curves)
    return list(zip(found["flag"].tolist(), found["tests"].tolist(), strict=True))


@pytest.mark.parametrize(
    ("determinand", "unit", "values", "flags"),
    [
        ("DISCHARGE", "m3/s", [120, 118, -35, 117], [1, 1, 3, 1]),  # reversed, or a fault
        ("DISCHARGE", "m3/s", [500, 4000, 9500, 9000], [1, 1, 1, 1]),  # a flood is no fault
        ("DISCHARGE", "m3/s", [500, 510, 4900, 505, 500], [1, 1, 3, 1, 1]),  # a lone spike
        ("DISCHARGE", "m3/s", [500, 60000, 61000], [1, 3, 3]),
        ("STAGE", "m", [501.0, 503.5, 507.0, 506.0], [1, 1, 1, 1]),
        ("STAGE", "m", [501.0, 507.5, 507.4], [1, 3, 1]),
        ("STAGE", "m", [501.0, 512.4, 501.1, 501.0], [1, 3, 1, 1]),
        ("STAGE", "m", [501.0, 9500.0], [1, 4]),
        ("RESERVOIR_STAGE", "m", [583.1, 586.0, 586.0], [1, 3, 1]),
        ("INFLOW", "m3/s", [-3, 4], [3, 1]),
        ("OUTFLOW", "m3/s", [0, -1], [1, 3]),
        ("STORAGE", "m3", [2.3e9, -1, 2.3e15], [1, 4, 3]),
        ("RAINFALL", "mm", [0, -0.5, 33.5, 700], [1, 4, 1, 3]),
    ],
)  # fmt: skip
def test_by_the_shipped_rules(
    stored: Stored, shipped: QualityRules, determinand, unit, values, flags
) -> None:
    table = stored(values, step_h=1, site="bikou", determinand=determinand, unit=unit)
    assert [flag for flag, _ in judged(table, shipped)] == flags


def test_low_water_stands_still_for_days_and_an_instrument_for_ever(
    stored: Stored, shipped: QualityRules
) -> None:
    def flags(hours: int) -> set[int]:
        table = stored([501.23] * hours, step_h=1, site="bikou", determinand="STAGE", unit="m")
        return {flag for flag, _ in judged(table, shipped)}

    assert flags(9 * 24) == {1}
    assert flags(11 * 24) == {3}


def test_codes_of_the_table_judge_nothing(stored: Stored, shipped: QualityRules) -> None:
    texts = ["FLWCHRCD=<;WPTN=4", "WPTN=5", "维修", None]
    table = stored([1.0, 2.0, 3.0, 4.0], step_h=1, determinand="STAGE", unit="m", source_flag=texts)
    assert [flag for flag, _ in judged(table, shipped)] == [1, 1, 3, 1]
    assert count_unknown_source_flags(table, shipped) == {"维修": 1}
    assert not shipped.is_remark("WPTN")
    assert not shipped.is_remark("WPTN=4;停站")


def pair(stored: Stored, stages: list[float], discharges: list[float]) -> pd.DataFrame:
    stage = stored(stages, step_h=1, site="bikou", determinand="STAGE", unit="m")
    discharge = stored(
        discharges, step_h=1, site="bikou", determinand="DISCHARGE", unit="m3/s", first_revision=100
    )
    return pd.concat([stage, discharge], ignore_index=True)


def test_what_the_rating_does_not_bring_together_is_suspect(
    stored: Stored, shipped: QualityRules
) -> None:
    # 501 m are 600 m3/s: 30 per cent either way is a loop, more is a fault of one of the two.
    table = pair(stored, [501.0, 501.0, 501.0, 500.01], [600, 770, 800, 119])
    found = judged(table, shipped, CURVE)
    assert found[:4] == found[4:]
    assert [flag for flag, _ in found[:4]] == [1, 1, 3, 1]
    assert found[2][1] == "rating:3"
    assert {flag for flag, _ in judged(table, shipped)} == {1}


def test_what_no_rating_speaks_of_is_not_judged_by_it(
    stored: Stored, shipped: QualityRules
) -> None:
    beyond = pair(stored, [503.0, 499.0], [5000, 5])
    assert {flag for flag, _ in judged(beyond, shipped, CURVE)} == {1}
    later = CURVE.model_copy(update={"begins_at": datetime(2022, 1, 1)})
    assert {flag for flag, _ in judged(pair(stored, [501.0], [5.0]), shipped, later)} == {1}
    backwards = judged(pair(stored, [501.0], [-600.0]), shipped, CURVE)
    assert backwards == [(1, ""), (3, "range:3")]
    other = CURVE.model_copy(update={"gauge": "wusheng"})
    assert {flag for flag, _ in judged(pair(stored, [501.0], [5.0]), shipped, other)} == {1}


def test_media_are_one_rule_set_without_doubles(shipped: QualityRules) -> None:
    entry = {"determinands": ["DISCHARGE"], "unit": "m3/s", "source": "t", "confidence": "verified"}
    other = MediumRules.model_validate(
        {
            "id": "other", "version": "1", "effective_from": date(2020, 1, 1),
            "checks": {"again": entry}, "source": "t", "confidence": "verified",
        }
    )  # fmt: skip
    with pytest.raises(ValidationError, match="DISCHARGE stands in both"):
        shipped.with_medium(other)
