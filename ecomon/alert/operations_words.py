"""Operations alerts in plain words, Chinese and English: what stopped, since when, what to do.

One notice for each group and turn (project rule, after the grouping of Prometheus Alertmanager).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from ecomon.alert.operations import OperationsAlert, OperationsOutcome, OperationsTurn
from ecomon.alert.standing import Words
from ecomon.alert.words import DATA_MARK
from ecomon.model.observation import DataKind, isoformat

OPERATIONS_OFFICE = "operations"
"""The office of the registry that is told of the running of an installation."""

_Language = Literal[0, 1]
_SUBJECTS: dict[str, Words] = {
    "silent_source": ("数据中断", "no data"),
    "silent_station": ("数据中断", "no data"),
    "poll_failing": ("轮询失败", "poll failing"),
    "failed_flow": ("流程失败", "flow failing"),
    "silent_gateway": ("全部仪器无数据", "no data of any instrument"),
    "silent_instrument": ("数据中断", "no data"),
    "new_quirk": ("报文有变化", "frames have changed"),
}
_MANY: dict[str, Words] = {
    "silent_station": ("{feed} {n} 个站点", "{n} stations of {feed}"),
    "silent_instrument": ("{feed} {n} 台仪器", "{n} instruments of {feed}"),
    "new_quirk": ("{feed} 仪器 {n} 项", "{n} changes at instruments of {feed}"),
}
_TOLD_ONCE = ("new_quirk",)
"""Kinds of which only the beginning is told: nothing is mended when they are over."""
_LINES = 40
"""So many things a notice names one by one."""
_ACTIONS: dict[str, Words] = {
    "silent_source": (
        "检查网络、轮询、收件箱和来源平台；计划停用请在本地 stations/feeds 中登记 suspensions",
        "check network, polls, inbox and the source; register a planned stop under suspensions in"
        " the site's own stations/feeds",
    ),
    "silent_station": (
        "与站点运维单位核实；计划停运请在本地 stations/feeds 中登记 suspensions",
        "ask who runs the station; register a planned stop under suspensions in the site's own"
        " stations/feeds",
    ),
    "poll_failing": (
        "检查网络、证书和来源平台；ecomon doctor 可查看概况",
        "check network, certificate and the source; ecomon doctor shows how things stand",
    ),
    "failed_flow": (
        "查看日志和 ecomon store status；排除后重新运行该流程",
        "see the log and ecomon store status; run the flow again when it is mended",
    ),
    "silent_gateway": (
        "检查网关进程、网络、端口和 ecomon gateway stations；计划停用请在本地 stations/feeds 中登记"
        " suspensions",
        "check the gateway's process, network and port, and ecomon gateway stations; register a"
        " planned stop under suspensions in the site's own stations/feeds",
    ),
    "silent_instrument": (
        "与站点运维单位核实；ecomon gateway stations 与 dead-letters 可查看；计划停运请登记 suspensions",
        "ask who runs the station; see ecomon gateway stations and dead-letters; register a planned"
        " stop under suspensions",
    ),
    "new_quirk": (
        "核实数采仪是否更换、升级或改动过配置（docs/hj212.md）",
        "ask whether the logger was replaced, upgraded or configured anew (docs/hj212.md)",
    ),
}
_TURNS: dict[OperationsTurn, Words] = {
    "opened": ("", ""),
    "over": ("【恢复】", "[RECOVERED] "),
    "dropped": ("【不再监视】", "[NO LONGER WATCHED] "),
    "reminder": ("【提醒】", "[REMINDER] "),
}


def write_operations_notices(
    outcome: OperationsOutcome,
    *,
    as_of: datetime,
    office: str = OPERATIONS_OFFICE,
    kind: DataKind = "real",
) -> list[dict[str, Any]]:
    """What the operators are told of an advance.

    Parameters
    ----------
    outcome : OperationsOutcome
    as_of : datetime, naive Beijing time
        The moment things were judged at, which the notice names.
    office : str
        Id of the office that is told.
    kind : {"real", "example", "golden"}
        Example data are marked 【示例】, and otherwise treated alike.

    Returns
    -------
    list of dict
        Documents of the outbox. The key is made of the alerts, the turn and the office: the same
        turns met again give the same keys, so that nothing is told twice.
    """
    grouped: dict[tuple[str, OperationsTurn], list[OperationsAlert]] = {}
    for alert, turn in outcome.turns:
        if alert.kind in _TOLD_ONCE and turn != "opened":
            continue
        grouped.setdefault((alert.group, turn), []).append(alert)
    return [
        {
            "idempotency_key": f"{_name(group, turn, alerts)}:{office}",
            "fingerprint": group,
            "office": office,
            "kind": turn,
            "severity": "warning",
            "at": isoformat(alerts[0].over_at or alerts[0].opened_at),
            **_said(turn, alerts, as_of, kind),
        }
        for (group, turn), alerts in sorted(grouped.items())
    ]


def _name(group: str, turn: OperationsTurn, alerts: list[OperationsAlert]) -> str:
    ids = [one.id for one in alerts]
    name = ids[0] if len(ids) == 1 else f"{group}@{_digest(ids)}"
    if turn == "reminder":
        return f"{name}:reminder-{max(one.reminded_day for one in alerts)}"
    return f"{name}:{turn}"


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _said(
    turn: OperationsTurn, alerts: list[OperationsAlert], as_of: datetime, kind: DataKind
) -> dict[str, str]:
    languages: tuple[tuple[str, _Language], ...] = (("zh", 0), ("en", 1))
    said: dict[str, str] = {}
    for name, language in languages:
        subject = _subject(turn, alerts, kind, language)
        lines = [subject, *(_line(one, turn, language) for one in alerts[:_LINES])]
        if n_more := len(alerts[_LINES:]):
            lines.append((f"另有 {n_more} 项", f"and {n_more} more")[language])
        judged = ("判断时间：", "judged at: ")[language]
        lines.append(f"{judged}{as_of:%Y-%m-%d %H:%M}")
        if turn in ("opened", "reminder"):
            lines.append(("处理：", "action: ")[language] + _ACTIONS[alerts[0].kind][language])
        said |= {f"subject_{name}": subject, f"body_{name}": "\n".join(lines)}
    return said


def _subject(
    turn: OperationsTurn, alerts: list[OperationsAlert], kind: DataKind, language: _Language
) -> str:
    first = alerts[0]
    what = (first.what_zh, first.what_en)[language]
    if len(alerts) > 1:
        feed = first.group.partition("/")[2]
        what = _MANY[first.kind][language].format(feed=feed, n=len(alerts))
    head = DATA_MARK[kind][language] + _TURNS[turn][language]
    mark = ("【运维】", "[OPERATIONS] ")[language]
    return f"{head}{mark}{what} {_SUBJECTS[first.kind][language]}"


def _line(alert: OperationsAlert, turn: OperationsTurn, language: _Language) -> str:
    """``站点 姚渡：自 2025-01-18 00:00，最近数据时间 2025-01-17 08:00``"""
    what = (alert.what_zh, alert.what_en)[language]
    why = (alert.why_zh, alert.why_en)[language]
    since = ("自 ", "since ")[language] + f"{alert.opened_at:%Y-%m-%d %H:%M}"
    if turn in ("over", "dropped") and alert.over_at is not None:
        since += (" 至 ", " until ")[language] + f"{alert.over_at:%Y-%m-%d %H:%M}"
    return (
        what
        + ("：", ": ")[language]
        + ("，", ", ")[language].join(one for one in (since, why) if one)
    )
