"""Emergency samples (应急监测样品): the columns of the one sheet on which they are reported.

The fields are those that a report of an incident names (突发环境事件应急监测技术规范 HJ 589-2021:
place, time of sampling, method, result, detection limit); headings and order are this project's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FEED = "samples"
PROGRAMME = "emergency"

Status = Literal["疑似", "确认"]
SUSPECTED: Status = "疑似"
CONFIRMED: Status = "确认"
STATUSES: tuple[Status, ...] = (SUSPECTED, CONFIRMED)
STATUS_WORDS: dict[str, Status] = {
    "疑似": SUSPECTED, "suspected": SUSPECTED,
    "确认": CONFIRMED, "确证": CONFIRMED, "confirmed": CONFIRMED,
}  # fmt: skip
"""A positive from one method is 疑似 until a second method or a second sample confirms it
(HJ 589-2021)."""


@dataclass(frozen=True, slots=True)
class SampleColumn:
    """One column: its key (the heading of a file that a machine writes), and what people read."""

    key: str
    heading_zh: str
    heading_en: str
    hint: str
    is_required: bool = False

    @property
    def heading(self) -> str:
        return f"{self.heading_zh} {self.heading_en}"


SAMPLE_COLUMNS = (
    SampleColumn("place", "地点", "place", "断面或取水口：编号、名称或代码", True),
    SampleColumn("determinand", "指标", "determinand", "如 锑、TL、氨氮", True),
    SampleColumn("sampled_at", "采样时间", "sampled at", "北京时间，年-月-日 时:分", True),
    SampleColumn("value", "测定值", "value", "数值；未检出写 <0.0002、0.0002L 或 未检出", True),
    SampleColumn("unit", "单位", "unit", "mg/L 或 ug/L（pH 可空）", True),
    SampleColumn("detection_limit", "检出限", "detection limit", "数值，单位同测定值"),
    SampleColumn("result_at", "出结果时间", "result at", "北京时间，年-月-日 时:分"),
    SampleColumn("method", "方法", "method", "标准号或仪器，如 HJ 700-2014"),
    SampleColumn("status", "判定", "status", "疑似 或 确认；可空"),
    SampleColumn("replicate", "平行样", "replicate", "第几个平行样：0、1、2 …；可空"),
    SampleColumn("note", "备注", "note", "不参与计算"),
)
"""In the order of the template. A file may leave optional columns out and order them otherwise."""

LIST_HEADINGS = ("可选地点", "可选指标")
"""Columns of the template that hold what may be chosen, and nothing to read."""
