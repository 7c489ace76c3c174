"""One gap: a thing that is missing or unverified, and the words it is told in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ecomon.model.fact import CONFIDENCE_ZH

UNVERIFIED_ZH = CONFIDENCE_ZH["unverified"]
FIELDS_ZH = {
    "kind": "断面类型", "river": "所在河流", "located_in": "所在行政区",
    "assessed_for": "考核责任行政区", "boundary_type": "交界性质",
    "upstream_jurisdiction": "上游行政区", "downstream_jurisdiction": "下游行政区",
    "km_above_mouth": "河口里程", "longitude": "经度", "latitude": "纬度", "downstream": "下游断面",
    "catchment_km2": "集水面积", "mean_discharge_m3_s": "多年平均流量",
    "flows_into": "汇入河流", "confluence_km": "汇口里程", "is_background": "对照点",
    "normal_level_m": "正常蓄水位", "installed_mw": "装机容量", "since_year": "建成年份",
    "interval_label": "时段标签", "interval_s": "轮询间隔", "spacing_s": "请求间隔",
    "requests_per_day": "每日请求上限",
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


def fields_to_verify(fact: Any, kind: str) -> Iterator[Gap]:
    """The fields that an entry itself calls unverified, as one gap."""
    doubted: tuple[str, ...] = fact.unverified_fields
    if doubted:
        listed_zh = "、".join(FIELDS_ZH.get(field, field) for field in doubted)
        listed_en = ", ".join(doubted)
        text_zh = f"{fact.name_zh} {UNVERIFIED_ZH}：{listed_zh}"
        yield Gap(fact.id, kind, "unverified_fields", text_zh, f"unverified: {listed_en}")
