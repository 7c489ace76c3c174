"""The schematic river line."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.publish.bulletin import RiverLine, SectionLine
from ecomon.publish.riverline import river_line, spread

JIALING = RiverLine("jialing", "嘉陵江", "Jialing River")
BAILONG = RiverLine("bailong", "白龙江", "Bailong River", "jialing", 740.0)


def line(site: str, km: float | None, grade: int, target: int = 0, **more: str) -> SectionLine:
    verdict = "insufficient" if not grade else "no_target" if not target else "compliant"
    return SectionLine(
        id=site, name_zh=f"断面{site}", name_en=site, river=more.pop("river", "jialing"),
        km_above_mouth=km, grade=grade, target_grade=target,
        status="measured" if grade else "insufficient", verdict=more.pop("verdict", verdict), **more,
    )  # fmt: skip


def test_spread_by_hand() -> None:
    assert spread([0.0, 100.0], 40, 0, 200) == [0.0, 100.0]
    assert spread([50.0, 60.0], 40, 0, 200) == [35.0, 75.0]
    assert spread([0.0, 0.0, 0.0], 40, 0, 200) == [0.0, 40.0, 80.0]
    with pytest.raises(ContractError):
        spread([0.0, 0.0], 40, 0, 30)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=12).map(sorted))
def test_spread_keeps_order_gap_and_bounds(wanted: list[float]) -> None:
    places = spread(wanted, 80, 0, 1000)
    assert places[0] >= -1e-6 and places[-1] <= 1000 + 1e-6
    assert all(b - a >= 80 - 1e-6 for a, b in pairwise(places))


def circles(svg: str) -> list[tuple[float, str]]:
    """x and fill of the sections' marks, as they come."""
    found = re.findall(r'<circle cx="([\d.]+)" cy="[\d.]+" r="17" fill="([^"]+)"', svg)
    return [(float(x), fill) for x, fill in found]


def test_grade_is_colour_and_numeral_and_target_stands_beside() -> None:
    svg = river_line([JIALING], [line("a", 800, 2, 2), line("b", 500, 6)])
    (first, blue), (second, red) = circles(svg)
    assert first < second and blue != red
    assert ">Ⅱ</text>" in svg and ">劣Ⅴ</text>" in svg
    assert "目标Ⅱ 达标" in svg and "目标未配置" in svg


def test_insufficient_is_hatched_and_never_called_compliant() -> None:
    svg = river_line([JIALING], [line("a", 800, 0, 3)])
    assert circles(svg)[0][1] == "url(#hatch)"
    assert "目标Ⅲ 数据不足" in svg and "达标" not in svg


def test_main_stem_stands_on_the_distance_axis() -> None:
    svg = river_line([JIALING], [line("a", 900, 1), line("b", 500, 1), line("c", 100, 1)])
    at = [float(x) for x in re.findall(r'<circle cx="([\d.]+)" cy="[\d.]+" r="4"', svg)]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1], abs=0.2)


def test_tributary_enters_at_its_confluence() -> None:
    svg = river_line([JIALING, BAILONG], [line("a", 740, 1), line("y", None, 4, river="bailong")])
    (at,) = re.findall(r'<circle cx="([\d.]+)" cy="[\d.]+" r="4"', svg)
    assert re.search(rf"C{at} [\d.]+ {at} [\d.]+ {at} ", svg)  # its line bends down there
    assert "740 km 处汇入" in svg


def test_unverified_target_is_marked_and_names_are_escaped() -> None:
    odd = SectionLine("x", "<断面>", "<x>", "jialing", 10, 2, "measured", 2, "compliant", is_unverified=True)  # fmt: skip
    svg = river_line([JIALING], [odd])
    assert "目标Ⅱ※" in svg and "&lt;断面&gt;" in svg and "<断面>" not in svg


def test_no_main_stem_is_an_error() -> None:
    with pytest.raises(ContractError, match="no main stem"):
        river_line([BAILONG], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"grade": 7},
        {"grade": 2, "status": "insufficient"},
        {"target_grade": 0, "verdict": "compliant"},
    ],
)
def test_a_section_that_contradicts_itself_is_refused(wrong: dict[str, object]) -> None:
    stated: dict[str, object] = {
        "id": "a", "name_zh": "甲", "name_en": "a", "river": "jialing", "km_above_mouth": 1.0,
        "grade": 2, "status": "measured", "target_grade": 2, "verdict": "compliant",
    }  # fmt: skip
    with pytest.raises(ContractError):
        SectionLine(**{**stated, **wrong})  # pyright: ignore[reportArgumentType]
