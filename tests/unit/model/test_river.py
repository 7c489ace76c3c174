"""The course of a river and the ends of a reach."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ecomon.model.event import Sighting
from ecomon.model.river import Course, Reach

FACT: dict[str, Any] = {"source": "test", "confidence": "secondary"}


def course(line: str) -> Course:
    return Course(river="jialing", line=line, **FACT)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("106 33 100", "two points"), ("106 33 100, 106 x 50", "point 2"), ("", "point 1"),
        ("106 33 50, 106 32 100", "never rise"), ("33 106 100, 32 106 50", "longitude given first"),
        ("106 33 100, 106 32", "point 2"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_course(line: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        course(line)


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=8, unique=True).map(
        lambda found: sorted(found, reverse=True)
    ),
    st.floats(-50, 1050),
)
def test_a_chainage_lies_on_the_line_between_its_neighbours(kms: list[int], km: float) -> None:
    # Longitude falls with the chainage, so a place shows the chainage it was asked for.
    one = course(", ".join(f"{100 - km_ / 100} 30 {km_}" for km_ in kms))
    place = one.place_at(km)
    if not kms[-1] <= km <= kms[0]:
        assert place is None
    else:
        assert place is not None
        assert place[0] == pytest.approx(100 - km / 100)
        assert place[1] == 30


def test_two_points_at_one_chainage() -> None:
    assert course("106 33 100, 106.1 33 100, 107 31 0").place_at(100) == (106, 33)


@pytest.mark.parametrize(
    "ends",
    [
        {}, {"from_node": "a"}, {"to_node": "a", "to_section": "b"},
        {"from_node": "a", "from_section": "b", "to_node": "c"},
    ],
)  # fmt: skip
def test_a_reach_has_one_end_and_one_start_at_most(ends: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="one place"):
        Reach(id="x", river="jialing", **ends, **FACT)


def test_a_reach_from_a_source_that_is_no_node() -> None:
    assert Reach(id="x", river="jialing", to_node="a", **FACT).ends == (None, "a")
    assert Reach(id="x", river="jialing", to_node="a", **FACT).is_impounded is None


@pytest.mark.parametrize(
    ("time", "hour"), [("2021-01-20 04:00", 4), ("2015-11-23 evening", None), (None, None)]
)
def test_a_sighting_has_a_moment_only_where_its_source_gives_the_hour(
    time: str | None, hour: int | None
) -> None:
    start = Sighting(time=time, text="seen", **FACT).start
    assert (start.hour if start else None) == hour
