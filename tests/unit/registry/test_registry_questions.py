"""What a person asks: what is missing, and what is that place."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomon.model.place import TARGET_UNKNOWN_ZH
from ecomon.registry import Registry, describe, find_calendar_gaps, find_gaps
from ecomon.registry.references import without_brackets


def test_gaps_of_a_border_section(shipped: Registry) -> None:
    gaps = {gap.field: gap for gap in find_gaps(shipped) if gap.place == "bamiaogou"}
    assert set(gaps) == {"national_code", "discharge", "unverified_fields"}
    assert gaps["discharge"].text_en == "discharge link to xindianzi unverified"
    assert "待核实" in gaps["unverified_fields"].text_zh
    assert "考核责任行政区" in gaps["unverified_fields"].text_zh


def test_a_section_without_target_is_a_gap(shipped: Registry) -> None:
    without = {gap.place for gap in find_gaps(shipped) if gap.field == "targets"}
    assert "shaxi" in without
    assert "yaodu" not in without
    assert without == {
        one.id for one in shipped.sections.values() if not shipped.target(one.id, date(2021, 1, 1))
    }
    (shaxi,) = (
        gap for gap in find_gaps(shipped) if gap.place == "shaxi" and gap.field == "targets"
    )
    assert TARGET_UNKNOWN_ZH in shaxi.text_zh
    assert shaxi.as_json()["kind"] == "section"


def test_the_last_section_of_a_river_has_no_next_one_and_that_is_no_gap(shipped: Registry) -> None:
    lost = {gap.place for gap in find_gaps(shipped) if gap.field == "downstream"}
    main_stem = {one.id for river in ("jialing", "bailong") for one in shipped.chain(river)}
    assert lost & main_stem == {"jinyindu", "yuanxicun", "maliubao", "wujia-matou", "shuimo"}
    assert "daxigou" not in lost


def test_shadow_agreements_and_unverified_gauges_are_gaps(shipped: Registry) -> None:
    gaps = {(gap.kind, gap.place, gap.field) for gap in find_gaps(shipped)}
    assert ("agreement", "shadow-yaodu", "legal_basis") in gaps
    assert ("gauge", "bikou", "confidence") in gaps
    assert ("gauge", "sanleiba", "confidence") not in gaps
    assert ("gauge", "sanleiba", "national_code") in gaps


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("yaodu", ["yaodu"]), ("姚渡", ["yaodu"]), ("Yaodu", ["yaodu"]), ("  YAODU ", ["yaodu"]),
        ("四川省/姚渡", ["yaodu"]), ("四川/姚渡", ["yaodu"]), ("甘肃省/姚渡", []),
        ("TP", ["TP"]), ("总磷", ["TP"]), ("w21011", ["TP"]), ("铊", ["TL"]),
        ("2524A", ["laocheng"]), ("EXBIKOU", ["bikou"]), ("shadow-yaodu", ["shadow-yaodu"]),
        ("石盘", ["shangshipan", "duoshipan", "shangshipan-shuiku"]), ("文成镇", ["qingquanxiang"]),
        ("2523A", ["heishipo"]), ("黑石坡(对照点)", ["heishipo"]), ("亭子口", ["tingzikou", "tingzikou-shuiku"]),
        ("Xiwan waterworks", ["xiwan-shuichang", "xiwan-waterworks"]), ("510824", ["510824"]),
        ("thallium-2021", ["thallium-2021"]), ("川陕界", ["bamiaogou"]), ("no such name", []), ("", []),
    ],
)  # fmt: skip
def test_entries_are_found_by_any_of_their_names(
    shipped: Registry, name: str, found: list[str]
) -> None:
    entries = describe(shipped, name)
    assert [one.get("id") or one.get("key") or one.get("adcode") for one in entries] == found


def test_several_matches_all_come(shipped: Registry) -> None:
    kinds = [one["entry"] for one in describe(shipped, "GB 3838-2002")]
    assert kinds == ["standard"] * 4


def test_a_description_says_what_is_known_and_what_is_not(shipped: Registry) -> None:
    (yaodu,) = describe(shipped, "姚渡")
    assert yaodu["located_in"] == "510822 四川省广元市青川县"
    assert yaodu["targets"][0]["grade"] == "Ⅱ类"
    assert yaodu["discharge"][0]["confidence"] == "unverified 待核实"
    assert "考核责任行政区 assessed_for 待核实" in yaodu["unverified"]
    assert list(yaodu)[-2:] == ["source", "confidence"]
    shaxi, pool = describe(shipped, "沙溪")
    assert (pool["entry"], pool["id"]) == ("reservoir", "shaxi-shuiku")
    assert shaxi["targets"].startswith(TARGET_UNKNOWN_ZH)
    assert "阆中市生态环境局" in shaxi["offices_to_tell"]
    assert shaxi["is_local"] is False


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("清泉乡（文成镇）", "清泉乡"), ("金子(老)", "金子"), (" 姚 渡\u3000", "姚渡"),
        ("Ａ１", "A1"), ("a)b", "ab"), ("八庙沟", "八庙沟"),
    ],
)  # fmt: skip
def test_names_are_compared_without_brackets(printed: str, read: str) -> None:
    assert without_brackets(printed) == read


@given(st.text())
def test_reading_a_name_twice_changes_nothing(name: str) -> None:
    once = without_brackets(name)
    assert without_brackets(once) == once


def test_a_year_without_a_calendar_is_a_gap_from_october_on(shipped: Registry) -> None:
    def years(day: date) -> list[str]:
        return [gap.place for gap in find_calendar_gaps(shipped, day)]

    assert years(date(2026, 9, 30)) == []
    assert years(date(2026, 10, 1)) == ["2027"]
    assert years(date(2027, 1, 1)) == ["2027"]
    (gap,) = find_calendar_gaps(shipped, date(2026, 10, 1))
    assert "待核实" in gap.text_zh
    assert gap in find_gaps(shipped, date(2026, 10, 1))
    assert gap not in find_gaps(shipped)


def test_what_a_feed_should_send(shipped: Registry) -> None:
    cadences = {feed: one.cadence_s for feed, one in shipped.feeds.items()}
    assert cadences.items() >= {
        "cnemc-water": 14_400, "cnemc-air": 3_600, "st-river-r": 3_600, "tabulated": None,
    }.items()  # fmt: skip
    assert "yaodu" in shipped.sites_of_feed("cnemc-water", date(2025, 10, 1))
    assert len(shipped.sites_of_feed("cnemc-air", date(2025, 10, 1))) == 104  # 109, five are closed
    assert shipped.feeds["cnemc-air"].expects == "seen"  # an office asks for the cities it wants
    assert shipped.sites_of_feed("tabulated", date(2025, 10, 1)) == ()


def test_operators_are_told_of_no_river(shipped: Registry) -> None:
    told = {one.kind for section in shipped.sections for one in shipped.offices_to_tell(section)}
    assert "operations" in {one.kind for one in shipped.offices.values()}
    assert "operations" not in told
