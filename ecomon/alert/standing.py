"""How each thing stands that must work for readings to come: feeds, stations, polls, flows.

A standing says what is so at one moment; what became of it over time is the alert's business
(``operations.py``). When something counts as silent or failing is a project rule: a feed's own
patience, three answers in a row, a failed run that nothing has put right within the hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import pandas as pd

from ecomon.model.feed import Expectation
from ecomon.model.period import from_epoch_s, to_epoch_s
from ecomon.model.poll import PollState
from ecomon.model.tables import RECEIPTS

Words = tuple[str, str]
"""One thing said in Chinese and in English."""
Health = Literal["well", "ill", "unclear"]

POLL_FAILURES = 3
FAILED_RUN_SETTLES = timedelta(hours=1)
RUN_ENDS_WITHIN = timedelta(hours=24)
FAILED_RUN_IS_OLD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Standing:
    """One watched thing at one moment.

    Attributes
    ----------
    fingerprint : str
        ``silent_source/FEED``, ``silent_station/FEED/SITE``, ``poll_failing/POLL``,
        ``failed_flow/FLOW``; those of instruments are in ``instruments.py``.
    health : {"well", "ill", "unclear"}
        *unclear* opens nothing and ends nothing: a station whose whole source is silent, a poll
        that failed once.
    began_at : datetime or None
        Since when it is ill, told by the data and not by the moment somebody looked.
    evidence : int
        Grows with every sign of life (time of the last reading, number of the last run). An alert
        ends only when it has grown: a clock that jumps back is no sign of life.
    what, why : Words
        What it is, and what is known of it; both the same as long as nothing new is known.
    is_old : bool
        It was ill so long before that opening an alert now would tell nobody anything.
    """

    fingerprint: str
    health: Health
    began_at: datetime | None
    evidence: int
    what: Words
    why: Words
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Listening:
    """One feed as it was listened to.

    Attributes
    ----------
    receipts : table RECEIPTS
        Of its last day; empty where nothing is expected of it.
    heard_until : datetime, naive Beijing time
        Nothing later could have been heard: the moment of the last poll, or of the run.
    resumed_at : datetime or None
        When its last outage was over; its stations get their whole patience again from then.
    is_poll_failing : bool
        Its polls fail: then that is told, and not the silence that comes of it.
    names : mapping of site to Words
    """

    expectation: Expectation
    receipts: pd.DataFrame
    heard_until: datetime
    resumed_at: datetime | None = None
    is_poll_failing: bool = False
    names: Mapping[str, Words] = field(default_factory=dict[str, Words])


def stand_of_feed(listening: Listening) -> list[Standing]:
    """The source, then each of its stations that ever sent and is not suspended.

    A station is silent only beside others that are not: where all of them are, the source is.

    Source
    ------
    Inhibition after Prometheus Alertmanager; silence after three missing cycles, project rule R13.
    """
    RECEIPTS.check(listening.receipts)
    expectation, until = listening.expectation, listening.heard_until
    if listening.receipts.empty:
        return []
    rows = listening.receipts[["site", "last_at"]].itertuples(index=False, name=None)
    heard = {
        str(site): None if pd.isna(at) else pd.Timestamp(at).to_pydatetime() for site, at in rows
    }
    day = until.date()
    expected = {site: at for site, at in heard.items() if not expectation.is_suspended(site, day)}
    if not expected:
        return []
    source = _stand_of_source(listening, [at for at in heard.values() if at is not None])
    stations = [
        _stand_of_station(listening, site, at, is_source_well=source.health == "well")
        for site, at in sorted(expected.items())
        if at is not None
    ]
    return [source, *stations]


def _stand_of_source(listening: Listening, heard: list[datetime]) -> Standing:
    expectation = listening.expectation
    last = max(heard, default=None)
    midnight = listening.receipts["start"].max().to_pydatetime()
    began_at = midnight if last is None else last + expectation.patience
    health: Health = "well"
    if listening.heard_until >= began_at:
        health = "unclear" if listening.is_poll_failing else "ill"
    return Standing(
        f"silent_source/{expectation.id}",
        health,
        began_at,
        0 if last is None else to_epoch_s(last),
        (f"来源 {expectation.name_zh}", f"source {expectation.name_en}"),
        _last_heard(last),
    )


def _stand_of_station(
    listening: Listening, site: str, last: datetime, *, is_source_well: bool
) -> Standing:
    expectation, until = listening.expectation, listening.heard_until
    since = max(last, listening.resumed_at or last)
    began_at = since + expectation.patience
    health: Health = "unclear"
    if is_source_well:
        health = "ill" if until >= began_at else "well"
    name_zh, name_en = listening.names.get(site, (site, site))
    return Standing(
        f"silent_station/{expectation.id}/{site}",
        health,
        began_at,
        to_epoch_s(last),
        (f"站点 {name_zh}", f"station {name_en}"),
        _last_heard(last),
        is_old=began_at < until - timedelta(seconds=expectation.forget_after_s),
    )


def _last_heard(last: datetime | None) -> Words:
    if last is None:
        return "从未收到数据", "nothing ever came"
    return f"最近数据时间 {last:%Y-%m-%d %H:%M}", f"last reading of {last:%Y-%m-%d %H:%M}"


def stand_of_polls(states: Iterable[PollState], names: Mapping[str, Words]) -> list[Standing]:
    """Each poll by the worst of its requests.

    Parameters
    ----------
    states : iterable of PollState
    names : mapping of poll to Words
        The polls that are on; states of others are left aside.

    Source
    ------
    Three failures in a row: project rule (one is the network's everyday; waits double in between).
    """
    worst: dict[str, PollState] = {}
    for state in states:
        known = worst.get(state.source)
        if state.source in names and (known is None or state.n_failures > known.n_failures):
            worst[state.source] = state
    return [_stand_of_poll(state, names[poll]) for poll, state in sorted(worst.items())]


def _stand_of_poll(state: PollState, name: Words) -> Standing:
    asked_at = from_epoch_s(state.checked_at_s or 0)
    health: Health = "well"
    if state.n_failures:
        health = "ill" if state.n_failures >= POLL_FAILURES else "unclear"
    error = _first_line(state.last_error)
    return Standing(
        f"poll_failing/{state.source}",
        health,
        asked_at,
        # A poll that answers again says so itself, whatever the clock says.
        evidence=1 if state.n_failures == 0 else 0,
        what=(f"轮询 {name[0]}", f"poll {name[1]}"),
        why=(f"连续失败：{error}", f"failing again and again: {error}"),
    )


def stand_of_flows(runs: Sequence[Mapping[str, Any]], as_of: datetime) -> list[Standing]:
    """Each flow by its last runs: ill where they failed and none has succeeded since.

    One failure is given an hour, two are told at once. A run that never said how it ended counts
    as failed after a day.

    Parameters
    ----------
    runs : sequence of mapping
        Records of the run table, in any order: ``run_id``, ``flow``, ``started_at_s``,
        ``ended_at_s`` (None: not ended), ``outcome``, ``is_success``.
    as_of : datetime, naive Beijing time

    Source
    ------
    Project rule.
    """
    by_flow: dict[str, list[Mapping[str, Any]]] = {}
    for run in sorted(runs, key=lambda one: one["run_id"], reverse=True):
        by_flow.setdefault(run["flow"], []).append(run)
    standings = (_stand_of_flow(flow, records, as_of) for flow, records in sorted(by_flow.items()))
    return [one for one in standings if one is not None]


def _stand_of_flow(flow: str, records: list[Mapping[str, Any]], as_of: datetime) -> Standing | None:
    """None where no run of it has come to an end yet."""
    failures: list[Mapping[str, Any]] = []
    success: int | None = None
    for run in records:
        if run["is_success"]:
            success = run["run_id"]
            break
        if run["ended_at_s"] is not None or _moment(run) < as_of - RUN_ENDS_WITHIN:
            failures.append(run)
    what = (f"流程 {flow}", f"flow {flow}")
    if not failures:
        if success is None:
            return None
        return Standing(f"failed_flow/{flow}", "well", None, success, what, ("", ""))
    first, last = failures[-1], failures[0]
    is_settled = len(failures) > 1 or _moment(last) <= as_of - FAILED_RUN_SETTLES
    error = _first_line(last["outcome"]) if last["outcome"] else "没有结束 never ended"
    return Standing(
        f"failed_flow/{flow}",
        "ill" if is_settled else "unclear",
        _moment(first),
        last["run_id"],
        what,
        (f"运行失败：{error}", f"run failed: {error}"),
        is_old=_moment(last) < as_of - FAILED_RUN_IS_OLD,
    )


def _moment(run: Mapping[str, Any]) -> datetime:
    """When a run ended; when it began, if it never did."""
    at_s = run["ended_at_s"] if run["ended_at_s"] is not None else run["started_at_s"]
    return from_epoch_s(at_s)


def _first_line(text: str | None) -> str:
    """Enough of an error to know it by."""
    return (text or "").strip().partition("\n")[0][:200]
