"""The decisions of people: overlays that name the revision they judged."""

from __future__ import annotations

from math import isfinite
from typing import Literal

import pandas as pd
from sqlalchemy import Connection, and_, insert, select, union_all, update

from ecomon.errors import StoreError
from ecomon.model.role import Actor
from ecomon.store.actors import require
from ecomon.store.acts import write_act
from ecomon.store.approving import refuse_approved
from ecomon.store.columns import floats, ints, texts
from ecomon.store.doubts import moments_of, refresh_around
from ecomon.store.knowledge import Commit
from ecomon.store.reviews import open_reviews
from ecomon.store.schema import decision, observation, observation_history, review

Verdict = Literal["accept", "reject", "correct"]
_VERDICTS = ("accept", "reject", "correct")
REVISED_AFTER_DECISION = "revised_after_decision"


def review_revised(commit: Commit) -> int:
    """Open a case for each judged value that this commit's ingest revised: the decision stays with
    the revision it named, and a person says what becomes of the new one."""
    old, new = observation_history, observation
    rows = commit.conn.execute(
        select(
            new.c.revision, old.c.revision.label("judged_revision"), decision.c.verdict,
            decision.c.actor, old.c.value.label("value_before"), new.c.value.label("value_after"),
        )
        .select_from(decision)
        .join(old, old.c.revision == decision.c.revision)
        .join(new, and_(new.c.series_id == old.c.series_id, new.c.start_s == old.c.start_s))
        .where(old.c.superseded_seq == commit.seq)
        .order_by(decision.c.decision_id.desc())
    ).mappings()  # fmt: skip
    return open_reviews(commit, [{"reason": REVISED_AFTER_DECISION, **row} for row in rows])


def record_decision(
    commit: Commit,
    revision: int,
    verdict: Verdict,
    *,
    actor: Actor,
    reason: str,
    value: float | None = None,
    evidence: str | None = None,
) -> int:
    """Write a person's decision on one revision, settle its review case, write the act.

    Parameters
    ----------
    revision : int
        The revision judged, current or superseded.
    actor : Actor
        Of ``authenticate``; his role is written with the decision.
    value : float
        Of a correction, in the determinand's canonical unit; of nothing else.

    Returns
    -------
    int
        The id of the decision.

    Raises
    ------
    AccessDenied
        if the actor may not decide, or the value is approved and he may not approve.
    StoreError
        without a reason, for an unknown revision or verdict, or if ``value`` and verdict do not
        fit.
    """
    if not reason.strip():
        raise StoreError("须写明理由 a decision has a reason")
    if verdict not in _VERDICTS:
        raise StoreError(f"a verdict is accept, reject or correct, not {verdict!r}")
    if (verdict == "correct") != (value is not None):
        raise StoreError("a correction, and nothing else, carries a value")
    if value is not None and not isfinite(value):
        raise StoreError(f"a correction is a number, not {value}")
    require(commit, actor, "decide")
    conn = commit.conn
    known = union_all(
        *(
            select(table.c.revision).where(table.c.revision == revision)
            for table in (observation, observation_history)
        )
    )
    if conn.execute(known).first() is None:
        raise StoreError(f"没有此版本 there is no revision {revision}")
    refuse_approved(commit, actor, observation.c.revision == revision, f"版本 {revision}")
    result = conn.execute(
        insert(decision).values(
            revision=revision, verdict=verdict, value=value, actor=actor.name,
            role=actor.role, reason=reason, evidence=evidence, seq=commit.seq,
        )
    )  # fmt: skip
    assert result.inserted_primary_key is not None
    decision_id: int = result.inserted_primary_key[0]
    conn.execute(
        update(review)
        .where(review.c.revision == revision)
        .values(state="decided", decision_id=decision_id)
    )
    refresh_around(commit, (), moments_of(conn, [revision]), ending="decided")
    detail = {"verdict": verdict, "value": value, "reason": reason, "evidence": evidence}
    write_act(commit, actor, "decision", f"revision/{revision}", detail=detail, is_knowledge=True)
    commit.keep("decision")
    return decision_id


def read_decisions(conn: Connection, as_known_at: int | None = None) -> pd.DataFrame:
    """Every decision, oldest first; of one revision the last one holds.

    Returns
    -------
    DataFrame
        ``decision_id, revision`` (int), ``verdict`` (text), ``value`` (float; NaN but for a
        correction), ``actor, role, reason, evidence`` (text), ``seq`` (int).
    """
    query = select(decision).order_by(decision.c.decision_id)
    if as_known_at is not None:
        query = query.where(decision.c.seq <= as_known_at)
    rows = list(zip(*conn.execute(query), strict=True)) or [()] * len(decision.columns)
    kinds = {"value": floats} | dict.fromkeys(("decision_id", "revision", "seq"), ints)
    return pd.DataFrame(
        {
            column.name: kinds.get(column.name, texts)(row)
            for column, row in zip(decision.columns, rows, strict=True)
        }
    )
