"""The schematic river line."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.errors import ContractError
from ecomon.publish.bulletin import RiverLine, SectionLine
from ecomon.publish.intake import IntakeFinding, IntakeMonth
from ecomon.publish.riverline import river_line, spread
from ecomon.publish.wording import Words

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
    odd = SectionLine("x", "<断面>", "<x>", "jialing", 10, 2, "measured", 2, "compliant", target_confidence="unverified")  # fmt: skip
    svg = river_line([JIALING], [odd])
    assert "目标Ⅱ※" in svg and "&lt;断面&gt;" in svg and "<断面>" not in svg


def test_long_names_are_wrapped_so_that_neighbours_do_not_overlap() -> None:
    """A card is 92 units wide; 14 letters of 11 units' height, or 6 characters of 13, fill it."""
    long = SectionLine("x", "西湾水厂取水口", "Xiwan waterworks intake", "jialing", 768, 2, "measured", 0, "no_target")  # fmt: skip
    svg = river_line([JIALING], [line("a", 798, 2), long, line("b", 755, 2)])
    names = re.findall(r'font-size="11" fill="#1b2733" font-weight="700" class="en">([^<]+)<', svg)
    assert names == ["a", "Xiwan", "waterworks", "intake", "b"]
    assert ">西湾水厂</text>" in svg and ">取水口</text>" in svg
    lows = [float(y) for y in re.findall(r'<text x="[\d.]+" y="([\d.]+)"[^>]*class="en">', svg)]
    axis = float(re.search(r'<path d="M[\d.]+ ([\d.]+)H[\d.]+" stroke="#6b7985"', svg)[1])  # type: ignore[index]
    assert max(low for low in lows if low < axis) < axis - 10


def test_an_intake_shows_what_table_3_says_and_no_grade() -> None:
    intake = replace(line("w", 768, 0), is_intake=True, unverified_fields=("km_above_mouth",))
    finding = IntakeFinding(Words("铊", "thallium"), 31, 0, 1.18)
    svg = river_line([JIALING], [intake], intakes={"w": IntakeMonth((finding,), 94)})
    assert ">超</text>" in svg and "铊超标31次" in svg and "峰值1.18倍" in svg
    assert "数据不足" not in svg and "768 km ※" in svg
    svg = river_line([JIALING], [intake], intakes={"w": IntakeMonth((), 0)})
    assert "表3项目无数据" in svg and "url(#hatch)" in svg
    svg = river_line([JIALING], [line("w", 768, 2)], intakes={"w": IntakeMonth((finding,), 9, is_reference=True)})  # fmt: skip
    assert ">Ⅱ</text>" in svg and "铊超标31次" in svg


def test_worse_than_five_reads_in_english() -> None:
    svg = river_line([JIALING], [line("a", 800, 6)])
    assert 'class="zh">劣Ⅴ</text>' in svg and 'class="en">&gt;Ⅴ</text>' in svg


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
