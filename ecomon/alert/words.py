"""Alerts in plain words, Chinese and English: few lines, each a fact, nothing left to guess.

The fields of a notice follow the design and the report fields of 突发环境事件信息报告办法 (source: Arts. 12-14).
"""

from __future__ import annotations

from datetime import datetime

from ecomon.alert.model import Alert, AlertPlace, Notice, NoticeKind, Review, ReviewReason, Sighting
from ecomon.alert.rules import SEVERITY_ZH, Condition
from ecomon.model.determinand import Determinand
from ecomon.model.fact import CONFIDENCE_ZH
from ecomon.model.flag import FLAG_NAMES_ZH, Flag
from ecomon.model.observation import DataKind
from ecomon.model.place import GRADE_ZH, TARGET_UNKNOWN_EN, TARGET_UNKNOWN_ZH, Office
from ecomon.model.quantity import exact, round_assessed
from ecomon.model.sample import CONFIRMED, SUSPECTED, Status

Words = tuple[str, str]
"""One thing said in Chinese and in English."""

DATA_MARK: dict[DataKind, Words] = {
    "real": ("", ""),
    "example": ("【示例】", "[EXAMPLE] "),
    "golden": ("【算例】", "[WORKED EXAMPLE] "),
}
_KIND: dict[NoticeKind, Words] = {
    "firing": ("", ""),
    "resolved": ("【解除】", "[RESOLVED] "),
    "correction": ("【更正】", "[CORRECTION] "),
    "confirmation": ("【确认】", "[CONFIRMED] "),
}
_COMPLIANT: Words = ("【达标】", "[WITHIN LIMIT] ")
"""Instead of 【解除】 where people decide the end."""
_REJECTED: Words = (
    "此前告警更正：所依据的读数经复核无效",
    "earlier alert withdrawn: its readings were rejected on review",
)
_REFUTED: Words = (
    "此前告警更正：后报结果未超标",
    "earlier alert withdrawn: a later result of the sample is within the limit",
)
_ROMAN = ("", "I", "II", "III", "IV", "V", "worse than V")
_OF_THE_LATEST: tuple[NoticeKind, ...] = ("firing", "confirmation")
"""Notices that show the latest exceedance; the others show the worst."""
_AFTER_VALUE = 3
"""Section, determinand and value come before."""
_REASON: dict[ReviewReason, Words] = {
    "lone": (
        "单次超标，前后读数平稳，未再次出现：请核对仪器、采样与现场记录",
        "one reading over the limit between calm ones, not repeated: check instrument, sampling and site records",
    ),
    "suspect": (
        "超标读数被质控检验标为存疑：请人工判定",
        "a reading over the limit that a quality test doubts: judge it by hand",
    ),
    "unconfirmed": (
        "应急样品疑似超标：请以第二方法或复采样确认，确认后报送同一样品的“确认”结果",
        "an emergency sample, suspected to exceed: confirm it by a second method or sample, then report it as confirmed",
    ),
}


def write_notices(
    alert: Alert,
    kind: NoticeKind,
    place: AlertPlace,
    determinand: Determinand,
    condition: Condition,
    *,
    data: DataKind,
    said: Status | None = None,
    method: str | None = None,
) -> list[Notice]:
    """One notice to each office of the place for an alert that fired, resolved, was corrected or confirmed.

    ``said`` is what an emergency sample says of itself, 疑似 or 确认: that of the latest exceedance,
    or of the sample that refuted a corrected alert. ``method`` is how the latest exceedance was
    measured, where a laboratory told it; it is said with the value.

    The key is made of the event, the kind and the office, so that the same turn met again gives
    the same key.
    """
    at = {"firing": alert.fired_at, "resolved": alert.resolved_at}.get(kind)
    subject = _subject(alert, kind, place, determinand, condition, data, said)
    lines = _lines(alert, kind, place, determinand, condition, said)
    if method is not None and kind in _OF_THE_LATEST:
        lines.insert(_AFTER_VALUE, (("分析方法", "method"), _same(method)))
    bodies = (
        "\n".join([subject[0], *(f"{label[0]}：{text[0]}" for label, text in lines)]),
        "\n".join([subject[1], *(f"{label[1]}: {text[1]}" for label, text in lines)]),
    )
    return [
        Notice(
            idempotency_key=_key(alert, kind, office), fingerprint=alert.fingerprint,
            office=office.id, kind=kind, severity=alert.severity,
            at=at or alert.last_read_at, subject_zh=subject[0], subject_en=subject[1],
            body_zh=bodies[0], body_en=bodies[1],
        )
        for office in place.offices
    ]  # fmt: skip


def write_review(
    sighting: Sighting, series: tuple[str, str], reason: ReviewReason,
    neighbours: tuple[float | None, float | None],
) -> Review:  # fmt: skip
    """A review of one exceeding observation between its neighbours."""
    site, determinand = series
    reason_zh, reason_en = _REASON[reason]
    return Review(
        revision=sighting.revision, site=site, determinand=determinand, start=sighting.start,
        value=sighting.value, value_before=neighbours[0], value_after=neighbours[1],
        reason=reason, reason_zh=reason_zh, reason_en=reason_en,
    )  # fmt: skip


def _key(alert: Alert, kind: NoticeKind, office: Office) -> str:
    return f"{alert.fingerprint}@{alert.opened_at:%Y-%m-%dT%H:%M:%S}:{kind}:{office.id}"


def _is_tentative(alert: Alert, said: Status | None) -> bool:
    """疑似: told on a sample reported so, or on a single reading that nobody has confirmed."""
    if alert.is_confirmed or said is not None:
        return not alert.is_confirmed and said == SUSPECTED
    return alert.count < 2


def _subject(
    alert: Alert, kind: NoticeKind, place: AlertPlace, determinand: Determinand,
    condition: Condition, data: DataKind, said: Status | None,
) -> Words:  # fmt: skip
    is_tentative = kind == "firing" and _is_tentative(alert, said)
    doubt = ("【疑似】", "[UNCONFIRMED] ") if is_tentative else ("", "")
    over = _over(alert.latest.factor)
    event = {
        "firing": over,
        "confirmation": (f"经确认{over[0]}", f"confirmed: {over[1]}"),
        "resolved": _calm(alert, condition),
        "correction": _REFUTED if said == CONFIRMED else _REJECTED,
    }[kind]
    names = (
        (place.section.name_zh, determinand.name_zh),
        (place.section.name_en, determinand.name_en),
    )
    is_left_to_people = kind == "resolved" and condition.ending_zh is not None
    mark = _COMPLIANT if is_left_to_people else _KIND[kind]
    zh = f"{DATA_MARK[data][0]}{mark[0]}{doubt[0]}{names[0][0]} {names[0][1]} {event[0]}"
    en = f"{DATA_MARK[data][1]}{mark[1]}{doubt[1]}{names[1][0]}, {names[1][1]}: {event[1]}"
    return zh, en


def _calm(alert: Alert, condition: Condition) -> Words:
    """For how long it has complied, where it has for as long as asked (HJ 589-2021, 6.3: 48 h)."""
    zh, en = "恢复达标", "within the limit again"
    if 0 < condition.calm_h <= alert.calm_h:
        hours = _text(condition.calm_h)
        zh, en = f"已连续{hours} h达标", f"{hours} h within the limit"
    return (
        f"{zh}，{condition.ending_zh}" if condition.ending_zh else zh,
        f"{en}; {condition.ending_en}" if condition.ending_en else en,
    )


def _over(factor: float | None) -> Words:
    """ "超标 1 倍" is twice the limit; no factor is computed for pH and dissolved oxygen."""
    if factor is None:
        return "不达标", "outside the limit"
    text = _text(float(round_assessed(exact(factor), 2)))
    return f"超标{text}倍", f"{text} x over the limit (C/limit - 1)"


def _lines(
    alert: Alert, kind: NoticeKind, place: AlertPlace, determinand: Determinand,
    condition: Condition, said: Status | None,
) -> list[tuple[Words, Words]]:  # fmt: skip
    is_now = kind in _OF_THE_LATEST
    shown = alert.latest if is_now else alert.peak
    flag = Flag(shown.flag)
    label = ("监测值", "value") if is_now else ("峰值", "peak")
    lines = [
        (("断面", "section"), (place.section.name_zh, place.section.name_en)),
        (("指标", "determinand"), (determinand.name_zh, determinand.name_en)),
        (label, _same(_quantity(shown.value, alert.unit))),
        (("限值", "limit"), _limit(alert, place)),
        (("超标倍数", "exceedance factor"), _factor(shown.factor)),
        (("质控状态", "quality flag"), (FLAG_NAMES_ZH[flag], flag.name.lower().replace("_", " "))),
        (("数据时间", "data time"), _same(_time(shown.start))),
        (("首次超标", "first seen"), _same(_time(alert.opened_at))),
        (("最近超标", "last seen"), _same(_time(alert.last_seen_at))),
        (("超标次数", "readings over"), _same(str(alert.count))),
    ]
    if kind == "resolved" and alert.resolved_at is not None:
        if alert.calm_since is not None:
            lines.append((("达标起始", "within the limit since"), _same(_time(alert.calm_since))))
        lines.append((("判定时间", "judged at"), _same(_time(alert.resolved_at))))
    lines += [
        (("水质目标", "target"), _target(place)),
        (("数据状态", "data status"), _status(alert, kind, said)),
        (("告警级别", "severity"), (SEVERITY_ZH[alert.severity], alert.severity)),
        (("告警条件", "condition"), _condition(condition)),
    ]
    if is_now:
        lines.append((("建议", "action"), (condition.action_zh, condition.action_en)))
    return lines


def _limit(alert: Alert, place: AlertPlace) -> Words:
    text = _quantity(alert.limit, alert.unit)
    side = ("", "") if alert.is_upper else ("不低于 ", "at least ")
    zh, en = {
        "target": ("断面水质目标", "the section's target"),
        "class_3": ("Ⅲ类", "class III"),
        "table_3": ("集中式饮用水水源地限值", "drinking-water source limit"),
    }[alert.basis]
    if alert.basis == "table_3" and place.section.kind != "intake":
        zh, en = f"{zh}，本断面非取水口，仅作参照", f"{en}, for reference: not an intake"
    standard = f"{alert.standard}"
    return f"{side[0]}{text}（{zh}，{standard}）", f"{side[1]}{text} ({en}; {standard})"


def _factor(factor: float | None) -> Words:
    if factor is None:
        return "不计算（pH、溶解氧）", "none (pH, dissolved oxygen)"
    return _same(_text(float(round_assessed(exact(factor), 2))))


def _target(place: AlertPlace) -> Words:
    target = place.target
    if target is None:
        return TARGET_UNKNOWN_ZH, TARGET_UNKNOWN_EN
    if not target.is_unverified:
        return GRADE_ZH[target.grade], f"class {_ROMAN[target.grade]}"
    unsure = CONFIDENCE_ZH["unverified"]
    return f"{GRADE_ZH[target.grade]}（{unsure}）", f"class {_ROMAN[target.grade]} (unverified)"


def _status(alert: Alert, kind: NoticeKind, said: Status | None) -> Words:
    if kind == "correction":
        if said == CONFIRMED:
            return "后报结果取代", "replaced by a later result"
        return "读数经人工复核无效", "readings rejected on review"
    if alert.is_confirmed:
        return "已人工确认", "confirmed by a person"
    if said is not None and kind != "resolved":
        english = "suspected, to be confirmed" if said == SUSPECTED else "reported as confirmed"
        return f"应急样品，报送为{said}", f"emergency sample, {english}"
    return "实时数据，未经审核", "provisional, not reviewed"


def _condition(condition: Condition) -> Words:
    zh, en = condition.name_zh, condition.name_en
    n_repeats, n_calm = condition.min_repeats, condition.calm_repeats
    first = ("首次", "the first reading")
    fires = first if n_repeats == 1 else (f"连续{n_repeats}次", f"{n_repeats} readings in a row")
    hours = _text(condition.calm_h)
    zh = f"{zh}（{fires[0]}超标即告警，连续{hours} h且至少{n_calm}次达标后本告警结束）"
    en = f"{en} (fires at {fires[1]}; the alert is over after {hours} h and at least {n_calm} calm readings)"
    if condition.is_unverified:
        return f"{zh}，{CONFIDENCE_ZH['unverified']}", f"{en}, unverified project rule"
    return zh, en


def _quantity(value: float, unit: str) -> str:
    return _text(value) if unit == "1" else f"{_text(value)} {unit}"


def _text(value: float) -> str:
    return format(exact(value).normalize(), "f")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _same(text: str) -> Words:
    return text, text
