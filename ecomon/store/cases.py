"""Cases for a person's judgement: single readings (``R7``) and runs of doubt (``D12``), one list.

The number of a run names the case as it was shown: one that has changed since (a further reading, a
later value) has another number and is to be looked at again, so that nobody decides on what he has
not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    Connection,
    Select,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from ecomon.errors import StoreError
from ecomon.model.observation import isoformat
from ecomon.model.period import from_epoch_s
from ecomon.model.role import Actor
from ecomon.store.actors import require
from ecomon.store.acts import write_act
from ecomon.store.approving import refuse_approved
from ecomon.store.canonical import read_json
from ecomon.store.decisions import record_decision
from ecomon.store.doubts import readings_of
from ecomon.store.knowledge import Commit
from ecomon.store.schema import (
    decision,
    determinand,
    doubt,
    flag,
    knowledge,
    observation,
    observation_history,
    review,
    series,
    site,
    source,
)

CaseState = Literal["open", "decided", "withdrawn"]
CaseVerdict = Literal["accept", "reject"]
SUSPECT_RUN = "suspect_run"
"""The reason of a case that is a run of suspect readings."""
_CASE = re.compile(r"([RD])(\d+)")
_STATES = {None: "open", "decided": "decided", "over": "withdrawn", "changed": "changed"}


@dataclass(frozen=True, slots=True)
class Decided:
    """A case as it was decided: which readings, how many."""

    case: str
    site: str
    determinand: str | None
    n_readings: int


def read_cases(
    conn: Connection, state: CaseState | None = "open", *, as_known_at: int | None = None
) -> list[dict[str, Any]]:
    """Cases of a state (all for None), the oldest reading first.

    Parameters
    ----------
    as_known_at : int, optional
        A sequence number: runs of doubt that were open then (``state`` "open" only). When a case
        of a single reading was settled is not kept, so these are the current ones.

    Returns
    -------
    list of dict
        ``case`` (R7, D12), ``site``, ``determinand`` (None: of all instruments of the station),
        ``programme``, ``source``, ``first``, ``last`` (starts of the first and last reading, ISO
        8601 Beijing time), ``n`` readings, ``tests`` that doubt them (a list), ``reason``,
        ``state``, ``opened_at``, ``opened_seq``. Of a single reading also ``review_id``,
        ``revision`` and ``context``.
    """
    found = [*_runs(conn, state, as_known_at)]
    if as_known_at is None:
        found += _single_readings(conn, state)
    return sorted(found, key=lambda one: (one["first"], one["site"], one["case"]))


def _runs(conn: Connection, state: str | None, as_known_at: int | None) -> Iterator[dict[str, Any]]:
    query = (
        select(doubt, site.c.site, determinand.c.determinand, source.c.source, knowledge.c.at_s)
        .join(site)
        .join(source)
        .outerjoin(determinand, determinand.c.determinand_id == doubt.c.determinand_id)
        .outerjoin(knowledge, knowledge.c.seq == doubt.c.opened_seq)
    )
    if as_known_at is not None:
        was_open = or_(doubt.c.superseded_seq.is_(None), doubt.c.superseded_seq > as_known_at)
        query = query.where(doubt.c.seq <= as_known_at, was_open)
    else:
        query = query.where(or_(doubt.c.ending.is_(None), doubt.c.ending != "changed"))
    for one in conn.execute(query).mappings():
        own = "open" if as_known_at is not None else _STATES[one["ending"]]
        if state is not None and own != state:
            continue
        yield {
            "case": f"D{one['doubt_id']}", "site": one["site"],
            "determinand": one["determinand"], "programme": one["programme"],
            "source": one["source"], "first": _text(one["first_s"]), "last": _text(one["last_s"]),
            "n": one["n_readings"], "tests": one["tests"].split(","), "reason": SUSPECT_RUN,
            "state": own, "opened_at": _text(one["at_s"]), "opened_seq": one["opened_seq"],
        }  # fmt: skip


def _single_readings(conn: Connection, state: str | None) -> Iterator[dict[str, Any]]:
    readings = union_all(*(_readings_judged(table) for table in (observation, observation_history)))
    one_of = readings.subquery()
    query = (
        select(
            review, site.c.site, determinand.c.determinand, series.c.programme, source.c.source,
            one_of.c.start_s, flag.c.tests, knowledge.c.at_s,
        )
        .join(one_of, one_of.c.revision == review.c.revision)
        .join(series, series.c.series_id == one_of.c.series_id)
        .join(site, site.c.site_id == series.c.site_id)
        .join(determinand, determinand.c.determinand_id == series.c.determinand_id)
        .join(source, source.c.source_id == series.c.source_id)
        .outerjoin(flag, flag.c.revision == review.c.revision)
        .outerjoin(knowledge, knowledge.c.seq == review.c.opened_seq)
    )  # fmt: skip
    if state is not None:
        query = query.where(review.c.state == state)
    for one in conn.execute(query).mappings():
        start = _text(one["start_s"])
        yield {
            "case": f"R{one['review_id']}", "site": one["site"],
            "determinand": one["determinand"], "programme": one["programme"],
            "source": one["source"], "first": start, "last": start, "n": 1,
            "tests": [test for test in (one["tests"] or "").split(",") if test],
            "reason": one["reason"], "state": one["state"], "opened_at": _text(one["at_s"]),
            "opened_seq": one["opened_seq"], "review_id": one["review_id"],
            "revision": one["revision"], "context": read_json(one["context"]),
        }  # fmt: skip


def _readings_judged(table: Any) -> Select[*tuple[Any, ...]]:
    return select(table.c.revision, table.c.series_id, table.c.start_s).join(
        review, review.c.revision == table.c.revision
    )


def decide_case(
    commit: Commit,
    case: str,
    verdict: CaseVerdict,
    *,
    actor: Actor,
    reason: str,
    evidence: str | None = None,
) -> Decided:
    """Decide on all readings of a case at once: each of them gets the decision, the case is over.

    Parameters
    ----------
    case : str
        As :func:`read_cases` names it.
    verdict : {"accept", "reject"}
        To correct values, each has its own: ``record_decision``.

    Raises
    ------
    AccessDenied
        if the actor may not decide, or a reading is approved and he may not approve.
    StoreError
        without a reason, for an unknown verdict or case, one that is over, or one that has changed
        since it was shown (the message says its number now).
    """
    named = _CASE.fullmatch(case.strip().upper())
    if named is None:
        raise StoreError(f"没有此事项 no case is called {case!r}; D12, R7: ecomon reviews")
    if verdict not in get_args(CaseVerdict):
        raise StoreError(f"a case is accepted or rejected, not {verdict!r}")
    if not reason.strip():
        raise StoreError("须写明理由 a decision has a reason")
    require(commit, actor, "decide")
    if named[1] == "R":
        return _decide_reading(commit, int(named[2]), verdict, actor, reason, evidence)
    return _decide_run(commit, int(named[2]), verdict, actor, reason, evidence)


def _decide_reading(
    commit: Commit, number: int, verdict: CaseVerdict, actor: Actor, *said: Any
) -> Decided:
    one = next(
        (one for one in _single_readings(commit.conn, None) if one["review_id"] == number), None
    )
    if one is None or one["state"] != "open":
        raise StoreError(f"R{number} 不是待审核事项 is no open case: ecomon reviews")
    reason, evidence = said
    record_decision(
        commit, one["revision"], verdict, actor=actor, reason=reason, evidence=evidence
    )  # fmt: skip
    return Decided(one["case"], one["site"], one["determinand"], 1)


def _decide_run(
    commit: Commit, number: int, verdict: CaseVerdict, actor: Actor, *said: Any
) -> Decided:
    conn, (reason, evidence) = commit.conn, said
    own = _open_run(conn, number)
    revisions = [one.revision for one in readings_of(conn, [number])]
    told = observation.c.revision.in_(revisions)
    within = observation.c.start_s.between(own["first_s"], own["last_s"])
    refuse_approved(commit, actor, and_(told, within), f"D{number}")
    given = {"verdict": verdict, "reason": reason, "evidence": evidence}
    conn.execute(
        insert(decision),
        [
            {**given, "revision": revision, "actor": actor.name, "role": actor.role, "seq": commit.seq}
            for revision in revisions
        ],
    )  # fmt: skip
    of_case = (
        select(func.max(decision.c.decision_id))
        .where(decision.c.revision == review.c.revision)
        .scalar_subquery()
    )
    conn.execute(
        update(review)
        .where(review.c.revision.in_(revisions))
        .values(state="decided", decision_id=of_case)
    )
    conn.execute(
        update(doubt)
        .where(doubt.c.doubt_id == number)
        .values(superseded_seq=commit.seq, ending="decided")
    )
    names = conn.execute(
        select(site.c.site, determinand.c.determinand)
        .select_from(site)
        .outerjoin(determinand, determinand.c.determinand_id == literal(own["determinand_id"]))
        .where(site.c.site_id == own["site_id"])
    ).one()
    detail = {
        **given, "site": names.site, "determinand": names.determinand,
        "first": _text(own["first_s"]), "last": _text(own["last_s"]), "revisions": revisions,
    }  # fmt: skip
    write_act(commit, actor, "decision", f"doubt/{number}", detail=detail, is_knowledge=True)
    commit.keep("decision")
    return Decided(f"D{number}", names.site, names.determinand, len(revisions))


def _open_run(conn: Connection, number: int) -> Any:
    """The row of an open run; StoreError says what became of one that is none."""
    own = conn.execute(select(doubt).where(doubt.c.doubt_id == number)).mappings().one_or_none()
    if own is None:
        raise StoreError(f"没有此事项 there is no case D{number}: ecomon reviews")
    if own["superseded_seq"] is None:
        return own
    later = conn.execute(
        select(doubt.c.doubt_id).where(
            doubt.c.superseded_seq.is_(None),
            doubt.c.site_id == own["site_id"],
            doubt.c.source_id == own["source_id"],
            doubt.c.programme == own["programme"],
            doubt.c.determinand_id.is_not_distinct_from(own["determinand_id"]),
            doubt.c.first_s <= own["last_s"],
            doubt.c.last_s >= own["first_s"],
        )
    ).scalars()
    if numbers := ", ".join(f"D{one}" for one in sorted(later)):
        raise StoreError(
            f"D{number} 已变化，现为 {numbers}，请重新查看"
            f" D{number} has changed and is {numbers} now; look at it again: ecomon reviews"
        )
    raise StoreError(f"D{number} 已办结 is over: ecomon review list --state all")


def _text(epoch_s: int | None) -> str | None:
    return None if epoch_s is None else isoformat(from_epoch_s(epoch_s))


__all__ = ["SUSPECT_RUN", "CaseState", "CaseVerdict", "Decided", "decide_case", "read_cases"]
