"""Rating curves: between the points, in the time each holds, and never beyond."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ecomon.model.rating import ABOVE, BELOW, IN_TABLE, NO_CURVE, NO_STAGE, RatingCurve, rate_stages


def curve(**fields: Any) -> RatingCurve:
    return RatingCurve.model_validate(
        {
            "id": "bikou-1", "gauge": "bikou", "version": "1", "begins_at": datetime(2026, 1, 1),
            "datum": "黄海 Yellow Sea", "points": [(212.0, 10.0), (213.0, 80.0), (215.0, 400.0)],
            "source": "test", "confidence": "verified", **fields,
        }
    )  # fmt: skip


def times(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[us]")


def test_by_hand() -> None:
    stages = np.array([212.0, 212.5, 213.0, 214.0, 215.0, 211.99, 215.01, np.nan])
    rated = rate_stages(stages, times(*["2026-02-01"] * 8), [curve()])
    assert rated.discharge_m3_s[:5].tolist() == [10.0, 45.0, 80.0, 240.0, 400.0]
    assert np.isnan(rated.discharge_m3_s[5:]).all()
    assert rated.reason.tolist() == [IN_TABLE] * 5 + [BELOW, ABOVE, NO_STAGE]


def test_the_curve_in_force_at_the_moment() -> None:
    old = curve(ends_at=datetime(2026, 6, 1, 8))
    new = curve(id="bikou-2", begins_at=datetime(2026, 6, 1, 8), points=[(212, 20), (215, 500)])
    at = times("2025-12-31T23:59", "2026-06-01T07:59:59", "2026-06-01T08:00")
    rated = rate_stages(np.full(3, 212.0), at, [old, new])
    assert rated.curve.tolist() == [-1, 0, 1]
    assert rated.reason.tolist() == [NO_CURVE, IN_TABLE, IN_TABLE]
    assert rated.discharge_m3_s[1:].tolist() == [10.0, 20.0]
    assert not old.overlaps(new)
    assert old.overlaps(curve(begins_at=datetime(2026, 5, 1)))


@given(stages=st.lists(st.floats(200, 230), min_size=1, max_size=20))
def test_a_higher_stage_is_never_less_water(stages: list[float]) -> None:
    ordered = np.sort(np.array(stages))
    rated = rate_stages(ordered, times(*["2026-02-01"] * len(stages)), [curve()])
    inside = rated.discharge_m3_s[rated.reason == IN_TABLE]
    assert (np.diff(inside) >= 0).all()
    assert ((inside >= 10) & (inside <= 400)).all()
    assert ((ordered < 212) == (rated.reason == BELOW)).all()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"points": [(1, 1)]}, "at least 2"),
        ({"points": [(1, 1), (1, 2)]}, "stages rise"),
        ({"points": [(1, 2), (2, 1)]}, "discharge falls"),
        ({"ends_at": datetime(2026, 1, 1)}, "after begins_at"),
        ({"datum": ""}, "datum"),
        ({"points": [(1, float("nan")), (2, 1)]}, "finite"),
    ],
)
def test_what_is_no_curve_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        curve(**fields)
