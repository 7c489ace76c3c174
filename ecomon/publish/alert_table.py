"""The alerts that were open in a period, closed since or not."""

from __future__ import annotations

from ecomon.publish.bulletin import AlertLine, Bulletin
from ecomon.publish.markup import both, nothing, table
from ecomon.publish.wording import (
    ALERT_STATE,
    BASIS,
    Words,
    determinand_words,
    digits_shown,
    limit_shown,
    moment_shown,
    number_shown,
    section_words,
    unit_shown,
    words_of,
)

NEVER_FIRED = Words("（未触发）", " without firing")


def alert_table(bulletin: Bulletin) -> str:
    """One row per alert in the order they opened."""
    if bulletin.alerts is None:
        return nothing(Words("未查询告警。", "No alerts were asked for."))
    if not bulletin.alerts:
        return nothing(Words("本期无告警。", "No alert in this period."))
    heads = (
        Words("断面", "Section"), Words("指标", "Determinand"), Words("判定依据", "Basis"),
        Words("发生", "Opened"), Words("触发", "Fired"), Words("解除", "Resolved"),
        Words("峰值", "Peak"), Words("限值", "Limit"), Words("单位", "Unit"),
        Words("峰值超标倍数", "Peak factor"), Words("状态", "State"),
    )  # fmt: skip
    rows = [_row(bulletin, alert) for alert in bulletin.alerts]
    caption = Words(f"本期告警（{bulletin.period}）", f"Alerts of the period ({bulletin.period})")
    return table(heads, rows, caption=caption, numeric=(6, 7, 9))


def _row(bulletin: Bulletin, alert: AlertLine) -> tuple[str, ...]:
    factor = None if alert.peak_factor is None else number_shown(alert.peak_factor, 2)
    return (
        both(section_words(bulletin.sections, alert.section)),
        both(determinand_words(alert.determinand, bulletin.determinands)),
        both(words_of(BASIS, alert.basis)),
        moment_shown(alert.opened_at),
        both(Words("未触发", "never")) if alert.fired_at is None else moment_shown(alert.fired_at),
        "—" if alert.resolved_at is None else moment_shown(alert.resolved_at),
        digits_shown(alert.peak_value),
        limit_shown(alert.limit),
        unit_shown(alert.unit) or both(Words("无量纲", "dimensionless")),
        factor or both(Words("不计算", "not computed")),
        both(_state_words(alert)),
    )


def _state_words(alert: AlertLine) -> Words:
    words = words_of(ALERT_STATE, alert.state)
    if alert.state != "resolved" or alert.fired_at is not None:
        return words
    return Words(words.zh + NEVER_FIRED.zh, words.en + NEVER_FIRED.en)
