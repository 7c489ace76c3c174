"""What is not known of places: sections, gauges, reservoirs, air sites, rivers and reaches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ecomon.model.place import TARGET_UNKNOWN_EN, TARGET_UNKNOWN_ZH, AirSite, Gauge, Section
from ecomon.model.river import Node, Reach, Reservoir, River
from ecomon.registry.gap import UNVERIFIED_ZH, Gap, fields_to_verify
from ecomon.registry.registry import Registry

Words = tuple[str, str, str]
"""Field, and what is wrong with it in Chinese and in English."""

SEA = "changjiang"
"""Rivers end here: what the Yangtze flows into is no place of this registry."""


def find_place_gaps(registry: Registry, day: date | None) -> Iterator[Gap]:
    """Gaps of everything that lies somewhere; ``day`` as in :func:`ecomon.registry.find_gaps`."""
    lowest = _lowest_of_each_river(registry)
    told = {one.jurisdiction for one in registry.offices.values() if one.kind != "operations"}
    for section in registry.sections.values():
        for field, text_zh, text_en in (
            *_of_judgement(section, day),
            *_of_place(registry, section),
            *_of_water(section, section.id in lowest, day),
            *_of_ways_to_tell(section, told),
        ):
            yield Gap(section.id, "section", field, f"{section.name_zh} {text_zh}", text_en)
        yield from fields_to_verify(section, "section")
    for gauge in registry.gauges.values():
        yield from _gaps(gauge, "gauge", _of_gauge(gauge))
    for reservoir in registry.reservoirs.values():
        yield from _gaps(reservoir, "reservoir", _of_reservoir(reservoir))
    for site in registry.air_sites.values():
        yield from _gaps(site, "air site", _of_air_site(site))
    for river in registry.rivers.values():
        yield from _gaps(river, "river", _of_river(river))
    for node in registry.nodes.values():
        yield from _gaps(node, "node", _of_node(node))
    for reach in registry.reaches.values():
        for field, text_zh, text_en in _of_reach(reach):
            yield Gap(reach.id, "reach", field, f"{reach.id} {text_zh}", text_en)


def _gaps(
    fact: Gauge | Reservoir | AirSite | River | Node, kind: str, found: Iterator[Words]
) -> Iterator[Gap]:
    for field, text_zh, text_en in found:
        yield Gap(fact.id, kind, field, f"{fact.name_zh} {text_zh}", text_en)
    yield from fields_to_verify(fact, kind)


def _of_judgement(section: Section, day: date | None) -> Iterator[Words]:
    """What it is judged by, and for whom."""
    if not [one for one in section.targets if day is None or one.holds_on(day)]:
        yield "targets", TARGET_UNKNOWN_ZH, TARGET_UNKNOWN_EN
    if section.national_code is None:
        yield "national_code", "无国家断面编码", "no national code"
    if section.control_level is None:
        yield "control_level", "管控级别未知", "control level (national, provincial) not known"
    if section.assessed_for is None and section.kind not in ("emergency", "intake"):
        yield "assessed_for", "考核责任行政区未知", "not known whose performance it measures"
    if section.kind == "border" and not (
        section.upstream_jurisdiction and section.downstream_jurisdiction
    ):
        yield "upstream_jurisdiction", "两侧行政区未知", "its two jurisdictions not known"


def _of_place(registry: Registry, section: Section) -> Iterator[Words]:
    """Where it lies."""
    if registry.jurisdictions[section.located_in].level != "county":
        yield "located_in", "所在区县未知", "county not known"
    if section.longitude is None or section.latitude is None:
        yield "longitude", "无坐标", "no coordinates"
    if section.river is None:
        yield "river", "所在河流未知", "river not known"
    if section.km_above_mouth is None:
        yield "km_above_mouth", "无河口里程", "no distance above the mouth"


def _of_water(section: Section, is_lowest: bool, day: date | None) -> Iterator[Words]:
    """Where its water goes, and how much it is."""
    if section.downstream is None and not is_lowest:
        yield "downstream", "下游断面未知", "next section downstream not known"
    links = [one for one in section.discharge if day is None or one.holds_on(day)]
    if not links:
        yield "discharge", "无流量来源", "no gauge gives its discharge"
    for link in links:
        if link.is_unverified:
            gauges = "+".join(link.gauges)
            text = f"流量关系{UNVERIFIED_ZH}（{gauges}）"
            yield "discharge", text, f"discharge link to {gauges} unverified"


def _of_ways_to_tell(section: Section, told: set[str]) -> Iterator[Words]:
    """Who is told of it, and by what name its station is found in feeds."""
    if section.located_in not in told:
        yield "offices", "所在行政区未配置告知单位", "no office of its jurisdiction"
    if section.has_station and not section.aliases:
        yield "aliases", "自动站在来源中的名称未知", "name of its station in feeds not known"
    ends = [one.valid_to for one in section.aliases]
    if section.has_station and ends and all(ends):
        last = max(end for end in ends if end is not None)
        yield "aliases", f"自动站自{last}起不在来源中", f"its station is in no feed from {last} on"


def _lowest_of_each_river(registry: Registry) -> set[str]:
    """The lowest section of a river has none below it in the registry, and that is no gap."""
    lowest: set[str] = set()
    for river in registry.rivers:
        placed = [one for one in registry.chain(river) if one.km_above_mouth is not None]
        lowest.update(one.id for one in placed[-1:])
    return lowest


def _of_gauge(gauge: Gauge) -> Iterator[Words]:
    for field, text_zh, text_en in (
        ("national_code", "无国家测站编码", "no national code"),
        ("longitude", "无坐标", "no coordinates"),
        ("located_in", "所在行政区未知", "jurisdiction not known"),
        ("catchment_km2", "无集水面积", "no catchment area"),
        ("mean_discharge_m3_s", "无多年平均流量", "no mean discharge"),
    ):
        if getattr(gauge, field) is None:
            yield field, text_zh, text_en


def _of_reservoir(reservoir: Reservoir) -> Iterator[Words]:
    for field, text_zh, text_en in (
        ("longitude", "无坐标", "no coordinates"),
        ("located_in", "所在行政区未知", "jurisdiction not known"),
        ("normal_level_m", "无正常蓄水位", "no normal pool level"),
        ("storage_1e8_m3", "无总库容", "no storage"),
    ):
        if getattr(reservoir, field) is None:
            yield field, text_zh, text_en


def _of_air_site(site: AirSite) -> Iterator[Words]:
    if site.longitude is None or site.latitude is None:
        yield "longitude", "无坐标", "no coordinates"
    if site.national_code is None:
        yield "national_code", "无国家站点编码", "no national code"
    if site.valid_to is not None:
        yield "valid_to", f"自{site.valid_to}起已停运", f"off the network from {site.valid_to} on"


def _of_river(river: River) -> Iterator[Words]:
    if river.id == SEA:
        return
    if river.flows_into is None:
        yield "flows_into", "汇入何处未知", "not known where it flows"
    elif river.confluence_km is None and river.flows_into != SEA:
        yield "confluence_km", "汇口里程未知", "place of its confluence not known"


def _of_node(node: Node) -> Iterator[Words]:
    if node.kind == "confluence" and node.joins is None:
        yield "joins", "汇入支流名称未知", "the river that joins here has no name in the source"


def _of_reach(reach: Reach) -> Iterator[Words]:
    if reach.length_km is None:
        yield "length_km", "无长度", "no length"
    if reach.is_impounded is None:
        yield "is_impounded", "是否受壅水影响未知", "not known whether a pool holds its water"
