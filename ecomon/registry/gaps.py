"""What the registry does not know: shown, so that nobody takes silence for a fact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date

from ecomon.model.fact import CONFIDENCE_ZH, Fact
from ecomon.model.place import TARGET_UNKNOWN_EN, TARGET_UNKNOWN_ZH, Gauge, Section
from ecomon.registry.registry import Registry

UNVERIFIED_ZH = CONFIDENCE_ZH["unverified"]
FIELDS_ZH = {
    "kind": "断面类型", "located_in": "所在行政区", "assessed_for": "考核责任行政区",
    "upstream_jurisdiction": "上游行政区", "downstream_jurisdiction": "下游行政区",
    "km_above_mouth": "河口里程", "longitude": "经度", "latitude": "纬度", "downstream": "下游断面",
    "catchment_km2": "集水面积", "mean_discharge_m3_s": "多年平均流量",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing or unverified: of which entry, which field, in words."""

    place: str
    kind: str
    field: str
    text_zh: str
    text_en: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def find_gaps(registry: Registry, day: date | None = None) -> tuple[Gap, ...]:
    """Every gap of the registry, places first.

    Parameters
    ----------
    day : date, optional
        Also count what is configured but does not hold on that day; without it, anything that
        held at some time counts as known.
    """
    return (
        *(gap for one in registry.sections.values() for gap in _of_section(registry, one, day)),
        *(gap for one in registry.gauges.values() for gap in _of_gauge(one)),
        *(gap for one in registry.agreements.values() if one.is_shadow for gap in _shadow(one.id)),
        *_unverified_facts(registry),
    )


def _of_section(registry: Registry, section: Section, day: date | None) -> Iterator[Gap]:
    def gap(field: str, text_zh: str, text_en: str) -> Gap:
        return Gap(section.id, "section", field, f"{section.name_zh} {text_zh}", text_en)

    links = [one for one in section.discharge if day is None or one.holds_on(day)]
    if not [one for one in section.targets if day is None or one.holds_on(day)]:
        yield gap("targets", TARGET_UNKNOWN_ZH, TARGET_UNKNOWN_EN)
    if section.national_code is None:
        yield gap("national_code", "无国家断面编码", "no national code")
    if section.longitude is None or section.latitude is None:
        yield gap("longitude", "无坐标", "no coordinates")
    if section.km_above_mouth is None:
        yield gap("km_above_mouth", "无河口里程", "no distance above the mouth")
    if section.assessed_for is None and section.kind not in ("emergency", "intake"):
        yield gap("assessed_for", "考核责任行政区未知", "not known whose performance it measures")
    if section.downstream is None and not _is_last(registry, section):
        yield gap("downstream", "下游断面未知", "next section downstream not known")
    if not links:
        yield gap("discharge", "无流量来源", "no gauge gives its discharge")
    for link in links:
        if link.is_unverified:
            text = f"流量关系{UNVERIFIED_ZH}（{link.gauge}）"
            yield gap("discharge", text, f"discharge link to {link.gauge} unverified")
    if not any(section.located_in == one.jurisdiction for one in registry.offices.values()):
        yield gap("offices", "所在行政区未配置告知单位", "no office of its jurisdiction")
    if section.has_station and not section.aliases:
        yield gap("aliases", "自动站在来源中的名称未知", "name of its station in feeds not known")
    yield from _fields_to_verify(section, "section")


def _of_gauge(gauge: Gauge) -> Iterator[Gap]:
    for field, text_zh, text_en in (
        ("national_code", "无国家测站编码", "no national code"),
        ("located_in", "所在行政区未知", "jurisdiction not known"),
        ("catchment_km2", "无集水面积", "no catchment area"),
        ("mean_discharge_m3_s", "无多年平均流量", "no mean discharge"),
    ):
        if getattr(gauge, field) is None:
            yield Gap(gauge.id, "gauge", field, f"{gauge.name_zh} {text_zh}", text_en)
    yield from _fields_to_verify(gauge, "gauge")


def _fields_to_verify(fact: Section | Gauge, kind: str) -> Iterator[Gap]:
    if fact.unverified_fields:
        listed_zh = "、".join(FIELDS_ZH.get(field, field) for field in fact.unverified_fields)
        listed_en = ", ".join(fact.unverified_fields)
        text_zh = f"{fact.name_zh} {UNVERIFIED_ZH}：{listed_zh}"
        yield Gap(fact.id, kind, "unverified_fields", text_zh, f"unverified: {listed_en}")


def _is_last(registry: Registry, section: Section) -> bool:
    """The lowest section of a river has none below it in the registry, and that is no gap."""
    chain = [one for one in registry.chain(section.river) if one.km_above_mouth is not None]
    return bool(chain) and chain[-1].id == section.id


def _shadow(agreement_id: str) -> Iterator[Gap]:
    text_zh = "模拟核算，无公开协议文本"
    text_en = "shadow calculation: no agreement text is public"
    yield Gap(agreement_id, "agreement", "legal_basis", text_zh, text_en)


def _unverified_facts(registry: Registry) -> Iterator[Gap]:
    groups: dict[str, dict[str, Fact]] = {
        "section": {**registry.sections},
        "gauge": {**registry.gauges},
        "river": {**registry.rivers},
        "reach": {**registry.reaches},
        "air site": {**registry.air_sites},
        "office": {**registry.offices},
        "determinand": {**registry.determinands},
        "standard": {**registry.standards},
        "agreement": {**registry.agreements},
    }
    for kind, facts in groups.items():
        for key, fact in facts.items():
            if fact.is_unverified:
                name = getattr(fact, "name_zh", key)
                text_en = f"whole entry unverified ({fact.source})"
                yield Gap(key, kind, "confidence", f"{name} 整条{UNVERIFIED_ZH}", text_en)
