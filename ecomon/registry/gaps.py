"""What the registry does not know: shown, so that nobody takes silence for a fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from ecomon.decode.hj212.station import Station
from ecomon.model.fact import Fact
from ecomon.model.mapping import ColumnMapping, WorkbookMapping
from ecomon.model.place import TARGET_UNKNOWN_EN, TARGET_UNKNOWN_ZH
from ecomon.model.poll import Poll
from ecomon.registry.gap import FIELDS_ZH, UNVERIFIED_ZH, Gap, fields_to_verify
from ecomon.registry.place_gaps import find_place_gaps
from ecomon.registry.registry import Registry

__all__ = [
    "FIELDS_ZH",
    "UNVERIFIED_ZH",
    "Gap",
    "GapCount",
    "count_gaps",
    "find_calendar_gaps",
    "find_gaps",
]

FIRST_MONTH_OF_NOTICE = 10
_NAMED = 3
"""So many other instruments a gap names."""
_COUNTED: dict[str, tuple[str, str]] = {
    "targets": (TARGET_UNKNOWN_ZH, TARGET_UNKNOWN_EN),
    "national_code": ("无国家编码", "no national code"),
    "control_level": ("管控级别未知", "control level not known"),
    "assessed_for": ("考核责任行政区未知", "not known whose performance it measures"),
    "upstream_jurisdiction": ("两侧行政区未知", "its two jurisdictions not known"),
    "located_in": ("所在区县未知", "county not known"),
    "longitude": ("无坐标", "no coordinates"),
    "river": ("所在河流未知", "river not known"),
    "km_above_mouth": ("无河口里程", "no distance above the mouth"),
    "downstream": ("下游断面未知", "next section downstream not known"),
    "discharge": ("流量来源无或待核实", "discharge link missing or unverified"),
    "offices": ("未配置告知单位", "no office to tell"),
    "aliases": ("来源中的名称未知或已失效", "name in feeds not known, or no longer there"),
    "catchment_km2": ("无集水面积", "no catchment area"),
    "mean_discharge_m3_s": ("无多年平均流量", "no mean discharge"),
    "normal_level_m": ("无正常蓄水位", "no normal pool level"),
    "storage_1e8_m3": ("无总库容", "no storage"),
    "valid_to": ("已停运", "off the network"),
    "flows_into": ("汇入何处未知", "not known where it flows"),
    "confluence_km": ("汇口里程未知", "place of confluence not known"),
    "joins": ("支流名称未知", "joining river not named"),
    "length_km": ("无长度", "no length"),
    "is_impounded": ("是否受壅水影响未知", "impoundment not known"),
    "pins": ("证书未固定", "no certificate pinned"),
    "years": ("无工作日历", "no calendar of working days"),
    "password_sha256": ("未配置访问密码，任何密码均可", "no password: any PW is taken"),
    "cadence_s": ("上报周期未配置", "how often it sends is not stated"),
    "factors": ("未配置任何监测因子", "no factor: nothing of it is stored"),
    "site": ("同一站点另有仪器测同一指标", "another instrument of its site measures the same"),
    "reviewed_by": ("表格映射未审核", "mapping of a spreadsheet not reviewed"),
    "ignored": ("映射中有未读的列", "mapping leaves columns unread"),
    "legal_basis": ("模拟核算，无公开协议文本", "shadow calculation, no agreement text"),
    "unverified_fields": (f"部分字段{UNVERIFIED_ZH}", "fields unverified"),
    "confidence": (f"整条{UNVERIFIED_ZH}", "whole entry unverified"),
}


@dataclass(frozen=True, slots=True)
class GapCount:
    """How many entries of a kind have a gap in one field."""

    kind: str
    field: str
    n_places: int
    text_zh: str
    text_en: str


def find_gaps(registry: Registry, day: date | None = None) -> tuple[Gap, ...]:
    """Every gap of the registry, places first.

    Parameters
    ----------
    day : date, optional
        Also count what is configured but does not hold on that day; without it, anything that
        held at some time counts as known.
    """
    return (
        *find_place_gaps(registry, day),
        *(gap for one in registry.polls.values() for gap in _of_poll(one)),
        *(gap for one in registry.mappings.values() for gap in _of_mapping(one)),
        *_of_instruments(registry),
        *(gap for one in registry.agreements.values() if one.is_shadow for gap in _shadow(one.id)),
        *_unverified_facts(registry),
        *(find_calendar_gaps(registry, day) if day else ()),
    )


def count_gaps(gaps: Iterable[Gap]) -> tuple[GapCount, ...]:
    """The gaps by kind of entry and field, in the order in which they first come.

    A place that has two gaps in one field (two links of discharge) counts once.
    """
    counts = Counter((kind, field) for kind, field, _ in _distinct(gaps))
    return tuple(
        GapCount(kind, field, count, *_COUNTED.get(field, (field, field)))
        for (kind, field), count in counts.items()
    )


def _distinct(gaps: Iterable[Gap]) -> dict[tuple[str, str, str], None]:
    return dict.fromkeys((one.kind, one.field, one.place) for one in gaps)


def find_calendar_gaps(registry: Registry, day: date) -> tuple[Gap, ...]:
    """Years whose working days are only guessed: that of ``day`` and, from October on, the next.

    The notice of a year is published in the autumn before it, so its lack is no gap earlier.
    """
    years = [day.year, day.year + 1] if day.month >= FIRST_MONTH_OF_NOTICE else [day.year]
    return tuple(
        Gap(str(year), "calendar", "years", *said)
        for year in years
        if (said := registry.calendar.caution(year)) is not None
    )


def _of_poll(poll: Poll) -> Iterator[Gap]:
    if not poll.is_pinned:
        text_zh = f"{poll.name_zh} 证书未固定"
        yield Gap(poll.id, "poll", "pins", text_zh, "no certificate pinned")
    yield from fields_to_verify(poll, "poll")


def _of_instruments(registry: Registry) -> Iterator[Gap]:
    """What a gateway has to guess of an instrument, or cannot tell apart."""
    measuring: dict[tuple[str, str], list[str]] = {}
    for mn, station in sorted(registry.instruments.items()):
        for factor in station.factors:
            measuring.setdefault((station.site, factor.determinand), []).append(mn)
    for mn, station in registry.instruments.items():
        same = (measuring[station.site, one.determinand] for one in station.factors)
        beside = sorted({other for group in same for other in group[:_NAMED] if other != mn})
        yield from _of_instrument(registry, station, beside[:_NAMED])


def _of_instrument(registry: Registry, station: Station, beside: list[str]) -> Iterator[Gap]:
    found = [
        field
        for field, is_gap in (
            ("password_sha256", station.password_sha256 is None),
            ("cadence_s", station.cadence_s is None and not station.intervals_s),
            ("factors", not station.factors),
            ("confidence", station.confidence == "unverified"),
        )
        if is_gap
    ]
    named = f"{registry.sites[station.site].name_zh} 仪器 {station.mn}"
    for field in found:
        text_zh, text_en = _COUNTED[field]
        yield Gap(station.mn, "instrument", field, f"{named} {text_zh}", text_en)
    if beside:
        text_zh, text_en = _COUNTED["site"]
        listed = ", ".join(beside)
        yield Gap(
            station.mn, "instrument", "site", f"{named} {text_zh}：{listed}",
            f"{text_en} ({listed}): readings of one time are revisions of each other",
        )  # fmt: skip


def _of_mapping(mapping: WorkbookMapping) -> Iterator[Gap]:
    """Without a reviewer nothing is ingested by it; a column it leaves unread is shown."""
    if not mapping.is_reviewed:
        text_zh = f"{mapping.title_zh} 映射未审核，不可入库"
        text_en = "mapping not reviewed: no file is ingested by it"
        yield Gap(mapping.id, "mapping", "reviewed_by", text_zh, text_en)
    unread = [
        column.heading
        for sheet in mapping.sheets
        for column in sheet.columns
        if column.role == "ignored" and not _is_number(column)
    ]
    if unread:
        listed = "、".join(unread)
        text_en = f"columns left unread: {', '.join(unread)}"
        yield Gap(
            mapping.id, "mapping", "ignored", f"{mapping.title_zh} 未读的列：{listed}", text_en
        )


def _is_number(column: ColumnMapping) -> bool:
    """A column of running numbers holds nothing to read."""
    return (column.reason or "").startswith("序号")


def _shadow(agreement_id: str) -> Iterator[Gap]:
    text_zh = "模拟核算，无公开协议文本"
    text_en = "shadow calculation: no agreement text is public"
    yield Gap(agreement_id, "agreement", "legal_basis", text_zh, text_en)


def _unverified_facts(registry: Registry) -> Iterator[Gap]:
    groups: dict[str, dict[str, Fact]] = {
        "section": {**registry.sections},
        "gauge": {**registry.gauges},
        "reservoir": {**registry.reservoirs},
        "air site": {**registry.air_sites},
        "river": {**registry.rivers},
        "course": {**registry.courses},
        "node": {**registry.nodes},
        "reach": {**registry.reaches},
        "water plant": {**registry.water_plants},
        "event": {**registry.events},
        "jurisdiction": {**registry.jurisdictions},
        "office": {**registry.offices},
        "feed": {**registry.feeds},
        "poll": {**registry.polls},
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
