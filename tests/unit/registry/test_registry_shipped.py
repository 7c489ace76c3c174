"""The shipped facts: the chain of the issue, its names, targets, links and offices."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest

from ecomon.errors import RegistryError
from ecomon.registry import Registry, read_registry

DAY = date(2021, 4, 3)
UPPER_JIALING = [
    "huangniupu", "zaohuoan", "baishuijiang", "luguangping", "guojiawan", "bamiaogou", "datan",
    "qingfengxia", "shahe", "qianfoya", "xiwan-intake", "shangshipan", "zhaohua-guzhen", "hongyan",
    "zhangjiayan", "shaxi",
]  # fmt: skip


def test_the_jialing_runs_in_order(shipped: Registry) -> None:
    chain = [section.id for section in shipped.chain("jialing")]
    assert chain[: len(UPPER_JIALING)] == UPPER_JIALING
    lost = ["jinyindu", "yuanxicun", "maliubao", "wujia-matou"]
    assert sorted(chain[-4:]) == sorted(lost)  # their place is not known, so they come last
    km = [one.km_above_mouth for one in shipped.chain("jialing") if one.km_above_mouth is not None]
    assert km == sorted(km, reverse=True)


def test_the_bailong_runs_through_its_lake(shipped: Registry) -> None:
    chain = [section.id for section in shipped.chain("bailong")]
    order = ["liangshuiqiao", "gushuizicun", "yaodu", "bailonghu-baqian", "juguocun"]
    assert [one for one in chain if one != "shuimo"] == order
    assert shipped.sections["bailonghu-baqian"].water_body == "lake"
    assert shipped.sections["juguocun"].downstream == "zhaohua-guzhen"
    assert shipped.sections["nandu"].downstream == "shangshipan"


@pytest.mark.parametrize(
    ("section", "grade"),
    [
        ("bamiaogou", 2), ("yaodu", 2), ("guojiawan", 2), ("bailonghu-baqian", 2),
        ("shangshipan", 3), ("nandu", 3), ("juguocun", 3), ("zhangjiayan", 3), ("anjiawan", 3),
        ("yangquanba", 3),
    ],
)  # fmt: skip
def test_targets_that_a_bulletin_prints(shipped: Registry, section: str, grade: int) -> None:
    target = shipped.target(section, DAY)
    assert target is not None
    assert target.grade == grade


def test_no_target_is_invented(shipped: Registry) -> None:
    known = {one.id for one in shipped.sections.values() if shipped.target(one.id, DAY)}
    assert len(known) == 10
    assert "shaxi" not in known


def test_a_border_section_lies_here_and_is_assessed_there(shipped: Registry) -> None:
    for section, located_in, assessed_for in (
        ("bamiaogou", "510812", "610000"), ("yaodu", "510822", "620000"), ("shaxi", "511381", "510800"),
    ):  # fmt: skip
        one = shipped.sections[section]
        assert (one.located_in, one.assessed_for) == (located_in, assessed_for)
    assert "assessed_for" in shipped.sections["yaodu"].unverified_fields


@pytest.mark.parametrize(
    ("feed", "key", "site"),
    [
        ("cnemc-water", "四川省/姚渡", "yaodu"),
        ("cnemc-water", "四川省/金子", "jinzi"),
        ("cnemc-water", "重庆市/金子", "jinzi-lao"),
        ("cnemc-water", "湖南省/南渡", None),
        ("cnemc-air", "2524A", "laocheng"),
        ("st-river-r", "EXBIKOU", "bikou"),
        ("bulletin", "四川省/川陕界", "bamiaogou"),
        ("tabulated", "yaodu", "yaodu"),
        ("tabulated", "bikou", "bikou"),
        ("tabulated", "姚渡", None),
    ],
)
def test_feeds_name_places(shipped: Registry, feed: str, key: str, site: str | None) -> None:
    assert shipped.resolve(feed, key, DAY) == site


def test_discharge_is_a_named_link_with_its_doubt(shipped: Registry) -> None:
    gauges = {"bamiaogou": "xindianzi", "yaodu": "bikou", "juguocun": "sanleiba"}
    for section, gauge in gauges.items():
        link = shipped.discharge_link(section, DAY)
        assert link is not None
        assert (link.gauge, link.factor) == (gauge, 1.0)
    assert [shipped.discharge_link(one, DAY).is_unverified for one in gauges] == [True, True, True]  # pyright: ignore[reportOptionalMemberAccess]
    assert shipped.discharge_link("shaxi", DAY) is None


def test_the_water_plant_and_the_next_county_are_told(shipped: Registry) -> None:
    told = [office.id for office in shipped.offices_to_tell("qianfoya")]
    assert told[0] == "xiwan-waterworks"
    assert {"guangyuan-ecology", "lizhou-river-chief"} <= set(told)
    across = {office.jurisdiction for office in shipped.offices_to_tell("zhangjiayan")}
    assert across == {"510824", "510800", "511381", "511300"}
    yaodu = [office.id for office in shipped.offices_to_tell("yaodu")]
    assert "xiwan-waterworks" not in yaodu  # the plant's county, but not its river


def test_whoever_the_section_is_assessed_for_is_told(shipped: Registry) -> None:
    """沙溪 lies in 阆中 (Nanchong) and measures Guangyuan, which must hear of it."""
    told = [office.id for office in shipped.offices_to_tell("shaxi")]
    assert {"guangyuan-ecology", "guangyuan-river-chief", "langzhong-ecology"} <= set(told)
    assert len(told) == len(set(told))
    assert told.index("langzhong-ecology") < told.index("guangyuan-ecology")


def test_what_is_derived_or_assumed_says_so(shipped: Registry) -> None:
    for section in ("datan", "shahe", "qianfoya", "gushuizicun"):
        assert {"longitude", "latitude"} <= set(shipped.sections[section].unverified_fields)
    assert shipped.reaches["bamiaogou_datan"].confidence == "secondary"
    assert shipped.sections["luguangping"].upstream_jurisdiction == "610700"


def test_the_edition_is_chosen_by_the_day(shipped: Registry) -> None:
    river = shipped.standard("GB 3838", "1", "river", DAY)
    assert river.id == "GB3838-2002-table1-river"
    assert shipped.standard("GB3838-2002", "1", "river", DAY) is river
    with pytest.raises(RegistryError, match="in force on 1999-01-01"):
        shipped.standard("GB 3838", "1", "river", date(1999, 1, 1))
    with pytest.raises(RegistryError, match="GB 3838-88"):
        shipped.standard("GB 3838-88", "1", "river", DAY)


def test_unknown_names_are_errors_and_not_silence(shipped: Registry) -> None:
    with pytest.raises(RegistryError, match="no section 'nowhere'"):
        shipped.target("nowhere", DAY)
    with pytest.raises(RegistryError, match="no river 'nile'"):
        shipped.chain("nile")


def test_shadow_agreements_say_that_nobody_signed_them(shipped: Registry) -> None:
    prices = {"CODMN": 15000, "NH3N": 100000, "TP": 100000}
    targets = {"CODMN": Decimal(4), "NH3N": Decimal("0.5"), "TP": Decimal("0.1")}
    class_ii = shipped.standard("GB 3838", "1", "river", DAY)
    for agreement in shipped.agreements.values():
        assert agreement.is_shadow
        assert agreement.is_unverified
        assert agreement.legal_basis.startswith("本断面未见公开的补偿协议文本")
        assert "No agreement text is public" in agreement.legal_basis
        assert "核算" not in agreement.name_zh  # documents print 核算单 after it
        assert {one.determinand: one.price_cny_per_t for one in agreement.factors} == prices
        assert {one.determinand: one.target_mg_l for one in agreement.factors} == targets
        for factor in agreement.factors:
            assert class_ii.of(factor.determinand).limit(2) == factor.target_mg_l  # pyright: ignore
            decimals = shipped.determinands[factor.determinand].decimals_assessed
            assert factor.decimals_concentration == decimals
        assert shipped.target(agreement.section, DAY).grade == 2  # pyright: ignore


def test_every_metal_is_marked(shipped: Registry) -> None:
    table_3 = shipped.standard("GB 3838", "3", "intake", DAY)
    metals = {limit.determinand for limit in table_3.single_limits}
    metals |= {"CU", "ZN", "SE", "AS", "HG", "CD", "CR6", "PB"}  # iron and manganese are none
    marked = {key for key, one in shipped.determinands.items() if one.is_toxic_metal}
    assert marked == metals


def test_every_fact_names_its_source(shipped: Registry) -> None:
    for group in (
        shipped.sections, shipped.gauges, shipped.standards, shipped.agreements, shipped.offices,
        shipped.determinands, shipped.rivers, shipped.reaches, shipped.air_sites, shipped.nodes,
        shipped.reservoirs, shipped.water_plants, shipped.events, shipped.courses, shipped.jurisdictions,
    ):  # fmt: skip
        for fact in group.values():
            assert len(fact.source) > 5
            assert "/work" not in fact.source
            assert "unverified" not in fact.source or fact.is_unverified


def test_reading_is_quick(shipped: Registry) -> None:
    fastest = min(_seconds() for _ in range(3))
    assert fastest < 0.5  # 0.07 s of processor time alone on a desk; room for a busy machine


def _seconds() -> float:
    start = time.process_time()
    read_registry()
    return time.process_time() - start
