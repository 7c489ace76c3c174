"""Approving: what a person must have done before, and what later readings do to an approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    insert,
    or_,
    select,
    union_all,
    update,
)

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.approval import ApprovalState
from ecomon.model.period import Period, to_epoch_s
from ecomon.model.role import Actor, may
from ecomon.store.actors import require
from ecomon.store.acts import write_act
from ecomon.store.approvals import NONE, approvals_over, decided_since, holding_approvals
from ecomon.store.columns import beijing_times, ints, texts
from ecomon.store.knowledge import Commit
from ecomon.store.reviews import open_reviews
from ecomon.store.schema import (
    approval,
    determinand,
    doubt,
    observation,
    observation_history,
    review,
    series,
    site,
)

REVISED_AFTER_APPROVAL = "revised_after_approval"
ADDED_AFTER_APPROVAL = "added_after_approval"
WITHDRAWN_AFTER_APPROVAL = "withdrawn_after_approval"
_LOOK_AGAIN = (REVISED_AFTER_APPROVAL, ADDED_AFTER_APPROVAL, WITHDRAWN_AFTER_APPROVAL)
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Recorded:
    """An approval as it was recorded, and how many readings it covers."""

    approval_id: int
    n_readings: int


@dataclass(frozen=True, slots=True)
class _Span:
    """What is approved: a site, one determinand or all, a half-open period."""

    site: str
    determinand: str | None
    period: Period

    def holds(self, table: Table) -> ColumnElement[bool]:
        """The readings of the span, of a table that is joined with series, site, determinand."""
        ends = (to_epoch_s(self.period.start), to_epoch_s(self.period.end) - 1)
        chosen = and_(site.c.site == self.site, _starts_in(table, *ends))
        if self.determinand is None:
            return chosen
        return and_(chosen, determinand.c.determinand == self.determinand)

    def __str__(self) -> str:
        return f"{self.site} {self.determinand or '全部指标 all'} {self.period}"


def record_approval(
    commit: Commit,
    site: str,
    period: Period,
    state: ApprovalState,
    *,
    actor: Actor,
    reason: str,
    determinand: str | None = None,
) -> Recorded:
    """Record how far a person stands for the readings of a site that start in a period.

    ``reviewed`` and ``approved`` are refused while a review case of the span is open: whoever stands
    for a value has judged what was asked about it. Cases that ask for no more than another look,
    since a value changed after an approval, are settled by ``reviewed``. ``approved`` needs every reading reviewed, and by
    somebody else than who approves: nobody approves what he alone has looked at. Since a decision
    sets a value back to provisional, what the approver decided himself is looked at again, too.
    What is approved can be set back by those only who may approve.

    Parameters
    ----------
    actor : Actor
        Of ``authenticate``; reviewers mark reviewed, approvers approve.
    determinand : str, optional
        One determinand; all of the site by default.

    Raises
    ------
    AccessDenied
        if the actor may not, or reviewed these readings himself.
    StoreError
        without a reason, for an unknown state, where there is no reading, where review cases are
        open (the message lists them) or readings are not reviewed yet.
    """
    if state not in get_args(ApprovalState):
        known = ", ".join(get_args(ApprovalState))
        raise StoreError(f"没有此状态 a state is one of {known}, not {state!r}")
    if not reason.strip():
        raise StoreError("须写明理由 an approval has a reason")
    require(commit, actor, "approve" if state == "approved" else "review")
    span = _Span(site, determinand, period)
    conn = commit.conn
    readings = _with_holder(conn, _read_current(conn, span), span)
    if readings.empty:
        raise StoreError(f"没有监测值 there is no reading in {span}")
    if state != "approved" and (readings["state"] == "approved").any():
        require(commit, actor, "approve")
    settled = list[int]()
    if state != "provisional":
        settled = _refuse_open_cases(conn, span, state)
    if state == "approved":
        _refuse_unreviewed(readings, actor)
    recorded = conn.execute(
        insert(approval).values(
            site=site, determinand=determinand, start_s=to_epoch_s(period.start),
            end_s=to_epoch_s(period.end), state=state, actor=actor.name, role=actor.role,
            reason=reason, seq=commit.seq, last_revision=commit.next_id("revision") - 1,
        )
    ).inserted_primary_key  # fmt: skip
    assert recorded is not None
    _settle(conn, settled)
    detail = {
        "determinand": determinand, "period": period.label, "state": state, "reason": reason,
        "n_readings": len(readings),
    }  # fmt: skip
    write_act(commit, actor, "approval", f"site/{site}", detail=detail, is_knowledge=True)
    commit.keep("approval")
    return Recorded(recorded[0], len(readings))


def refuse_approved(
    commit: Commit, actor: Actor, condition: ColumnElement[bool], what: str
) -> None:
    """AccessDenied if a current reading under a condition is approved and ``actor`` may not approve."""
    if may(actor.role, "approve"):
        return
    readings = _read_readings(commit.conn, observation, condition)
    if readings.empty:
        return
    first, last = readings["start"].min(), readings["start"].max()
    over = approvals_over(commit.conn, to_epoch_s(first), to_epoch_s(last))
    states = _states(commit.conn, readings, over)["state"]
    if (states == "approved").any():
        raise AccessDenied(
            f"{what}已批准，须由批准人办理或先退回"
            f" {what} is approved: an approver does this, or sets it back to provisional first"
        )


def review_approved(
    commit: Commit, sites: Iterable[str], starts_s: Sequence[int], *, with_withdrawn: bool = True
) -> int:
    """Open a case for each reading that this commit revised, added or withdrew in a span that is
    reviewed or approved; returns how many were opened.

    Parameters
    ----------
    sites, starts_s
        Where the commit changed something: ids, and epoch seconds among which are the first and
        the last start.
    with_withdrawn : bool
        False where a person withdrew them, who knows.
    """
    if not starts_s:
        return 0
    ends = min(starts_s), max(starts_s)
    over = approvals_over(commit.conn, *ends, sites=sites)
    cases = [
        case
        for name in over["site"].unique()
        for case in _changed_since(commit, over[over["site"] == name], ends)
        if with_withdrawn or case["reason"] != WITHDRAWN_AFTER_APPROVAL
    ]
    return open_reviews(commit, cases)


def _changed_since(
    commit: Commit, over: pd.DataFrame, ends: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """What this commit changed at one site in spans that are reviewed or approved, as cases."""
    conn, past = commit.conn, observation_history
    at_site = site.c.site == over["site"].iloc[0]
    here = and_(at_site, _starts_in(observation, *ends), observation.c.seq == commit.seq)
    gone = and_(at_site, _starts_in(past, *ends), past.c.superseded_seq == commit.seq)
    new, old = _read_readings(conn, observation, here), _read_readings(conn, past, gone)
    before = {(one.series_id, one.start): one for one in old.itertuples()}
    for one, case in _stood_for(new, over):
        case["value_after"] = one.value
        if (earlier := before.pop((one.series_id, one.start), None)) is None:
            yield {"reason": ADDED_AFTER_APPROVAL, **case}
        else:
            judged = {"judged_revision": earlier.revision, "value_before": earlier.value}
            yield {"reason": REVISED_AFTER_APPROVAL, **case, **judged}
    for one, case in _stood_for(old, over):
        if (one.series_id, one.start) in before:
            yield {"reason": WITHDRAWN_AFTER_APPROVAL, **case, "value_before": one.value}


def _stood_for(readings: pd.DataFrame, over: pd.DataFrame) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Readings of a span that somebody stands for, whatever their revision, and a case of each."""
    spans = holding_approvals(readings.assign(revision=0), over, pd.Series(dtype="int64"))
    states, people = over["state"].tolist(), over["actor"].tolist()
    for one, place in zip(readings.itertuples(), spans.tolist(), strict=True):
        if place != NONE and states[place] != "provisional":
            case = {"revision": one.revision, "site": one.site, "determinand": one.determinand}
            start: Any = one.start
            yield one, case | {
                "start": start.to_pydatetime(), "state": states[place], "actor": people[place],
            }  # fmt: skip


def _refuse_open_cases(conn: Connection, span: _Span, state: ApprovalState) -> list[int]:
    """The open cases of the span that this state settles; StoreError if there are others."""
    cases = (
        select(review.c.review_id, review.c.revision, review.c.reason)
        .where(review.c.state == "open")
        .subquery()
    )
    query = union_all(
        *(
            select(cases)
            .join_from(cases, table, table.c.revision == cases.c.revision)
            .join(series, series.c.series_id == table.c.series_id)
            .join(site)
            .join(determinand, determinand.c.determinand_id == series.c.determinand_id)
            .where(span.holds(table))
            for table in (observation, observation_history)
        )
    )
    found = sorted(tuple(row) for row in conn.execute(query))
    settled = [one[0] for one in found if state == "reviewed" and one[2] in _LOOK_AGAIN]
    left = [one for one in found if not (state == "reviewed" and one[2] in _LOOK_AGAIN)]
    blocking = [f"版本 revision {one[1]} {one[2]}" for one in left] + _open_doubts(conn, span)
    if blocking:
        listed = "; ".join(blocking[:_SHOWN])
        raise StoreError(
            f"{span} 有 {len(blocking)} 个审核事项未决 review cases are open: {listed}"
            f"{' …' if len(blocking) > _SHOWN else ''};"
            " 先办理 decide first: ecomon review decide REVISION ..., ecomon review accept|reject CASE"
        )
    return settled


def _open_doubts(conn: Connection, span: _Span) -> list[str]:
    """The open runs of doubt that reach into the span, in words."""
    query = (
        select(doubt.c.doubt_id, doubt.c.n_readings, doubt.c.tests)
        .join(site)
        .outerjoin(determinand, determinand.c.determinand_id == doubt.c.determinand_id)
        .where(
            site.c.site == span.site,
            doubt.c.superseded_seq.is_(None),
            doubt.c.first_s < to_epoch_s(span.period.end),
            doubt.c.last_s >= to_epoch_s(span.period.start),
        )
        .order_by(doubt.c.doubt_id)
    )
    if span.determinand is not None:
        is_all = doubt.c.determinand_id.is_(None)
        query = query.where(or_(is_all, determinand.c.determinand == span.determinand))
    return [f"D{number} {tests} ({n})" for number, n, tests in conn.execute(query)]


def _settle(conn: Connection, review_ids: list[int]) -> None:
    if review_ids:
        mine = review.c.review_id == bindparam("id")
        settling = update(review).where(mine).values(state="decided")
        conn.execute(settling, [{"id": review_id} for review_id in review_ids])


def _refuse_unreviewed(readings: pd.DataFrame, actor: Actor) -> None:
    unreviewed = readings[readings["state"] == "provisional"]
    if len(unreviewed):
        first = unreviewed.iloc[0]
        raise StoreError(
            f"{len(unreviewed)} 个监测值未经审核 readings are not reviewed,"
            f" e.g. {first['determinand']} {first['start']:%Y-%m-%d %H:%M}"
            f" (revision {first['revision']}); 先审核 first: ecomon approve ... --state reviewed"
        )
    own = readings[(readings["state"] == "reviewed") & (readings["actor"] == actor.name)]
    if len(own):
        raise AccessDenied(
            f"{len(own)} 个监测值由 {actor.name} 本人审核，须由他人批准"
            " nobody approves what he himself marked reviewed"
        )


def _read_current(conn: Connection, span: _Span) -> pd.DataFrame:
    return _read_readings(conn, observation, span.holds(observation))


def _read_readings(conn: Connection, table: Table, condition: ColumnElement[bool]) -> pd.DataFrame:
    """Readings under a condition, sorted: ``site, determinand, start, series_id, revision, value``."""
    query = (
        select(
            site.c.site, determinand.c.determinand, table.c.start_s, table.c.series_id,
            table.c.revision, table.c.value,
        )
        .join_from(table, series, series.c.series_id == table.c.series_id)
        .join(site)
        .join(determinand, determinand.c.determinand_id == series.c.determinand_id)
        .where(condition)
    )  # fmt: skip
    columns = list(zip(*conn.execute(query), strict=True)) or [()] * 6
    return _sorted(
        pd.DataFrame(
            {
                "site": texts(columns[0]),
                "determinand": texts(columns[1]),
                "start": beijing_times(ints(columns[2])),
                "series_id": ints(columns[3]),
                "revision": ints(columns[4]),
                "value": pd.Series(columns[5], dtype="float64"),
            }
        )
    )


def _sorted(readings: pd.DataFrame) -> pd.DataFrame:
    return readings.sort_values(["site", "determinand", "start"], ignore_index=True)


def _with_holder(conn: Connection, readings: pd.DataFrame, span: _Span) -> pd.DataFrame:
    last_s = to_epoch_s(span.period.end) - 1
    over = approvals_over(conn, to_epoch_s(span.period.start), last_s, sites=[span.site])
    return _states(conn, readings, over)


def _states(conn: Connection, readings: pd.DataFrame, over: pd.DataFrame) -> pd.DataFrame:
    """The readings with ``state`` and ``actor`` of the approval that holds for each."""
    if over.empty:
        return readings.assign(state="provisional", actor="")
    holding = holding_approvals(readings, over, decided_since(conn, int(over["seq"].min())))
    states, people = [*over["state"], "provisional"], [*over["actor"], ""]
    return readings.assign(
        state=[states[place] for place in holding], actor=[people[place] for place in holding]
    )


def _starts_in(table: Table, first_s: int, last_s: int) -> ColumnElement[bool]:
    return table.c.start_s.between(first_s, last_s)
