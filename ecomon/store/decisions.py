"""Review cases, and the decisions of people: overlays that name the revision they judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Connection, and_, insert, select, union_all, update

from ecomon.errors import StoreError
from ecomon.store.canonical import canonical_json, read_json
from ecomon.store.columns import floats, ints, texts
from ecomon.store.dialect import upsert
from ecomon.store.knowledge import Commit
from ecomon.store.schema import decision, observation, observation_history, review

Verdict = Literal["accept", "reject", "correct"]
_VERDICTS = ("accept", "reject", "correct")
REVISED_AFTER_DECISION = "revised_after_decision"


def open_reviews(commit: Commit, cases: Iterable[Mapping[str, Any]]) -> int:
    """Open a review case for each revision that has none yet; returns how many were opened.

    Parameters
    ----------
    cases : iterable of mapping
        ``revision`` (int) and ``reason`` (text); what else a mapping holds is kept as context.
    """
    opened = 0
    for case in cases:
        context = {key: item for key, item in case.items() if key not in ("revision", "reason")}
        statement = (
            upsert(commit.conn, review)
            .values(
                revision=int(case["revision"]), reason=str(case["reason"]),
                opened_seq=commit.seq, state="open", context=canonical_json(context),
            )
            .on_conflict_do_nothing(index_elements=["revision"])
        )  # fmt: skip
        opened += commit.conn.execute(statement).rowcount
    if opened:
        commit.keep("review")
    return opened


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


def read_reviews(conn: Connection, state: str | None = "open") -> pd.DataFrame:
    """Review cases of a state (all for None), oldest first.

    Returns
    -------
    DataFrame
        ``review_id, revision`` (int), ``reason, state`` (text), ``opened_seq`` (int),
        ``context`` (dict).
    """
    columns = (
        review.c.review_id, review.c.revision, review.c.reason, review.c.state,
        review.c.opened_seq, review.c.context,
    )  # fmt: skip
    query = select(*columns).order_by(review.c.review_id)
    if state is not None:
        query = query.where(review.c.state == state)
    rows = list(zip(*conn.execute(query), strict=True)) or [()] * len(columns)
    return pd.DataFrame(
        {
            "review_id": ints(rows[0]),
            "revision": ints(rows[1]),
            "reason": texts(rows[2]),
            "state": texts(rows[3]),
            "opened_seq": ints(rows[4]),
            "context": pd.Series([read_json(item) for item in rows[5]], dtype=object),
        }
    )


def record_decision(
    commit: Commit,
    revision: int,
    verdict: Verdict,
    *,
    actor: str,
    reason: str,
    value: float | None = None,
    role: str | None = None,
    evidence: str | None = None,
) -> int:
    """Write a person's decision on one revision and settle its review case; returns its id.

    Parameters
    ----------
    revision : int
        The revision judged, current or superseded.
    value : float
        Of a correction, in the determinand's canonical unit; of nothing else.

    Raises
    ------
    StoreError
        without an actor or a reason, for an unknown revision or verdict, or if ``value`` and
        verdict do not fit.
    """
    if not actor.strip() or not reason.strip():
        raise StoreError("a decision names its actor and its reason")
    if verdict not in _VERDICTS:
        raise StoreError(f"a verdict is accept, reject or correct, not {verdict!r}")
    if (verdict == "correct") != (value is not None):
        raise StoreError("a correction, and nothing else, carries a value")
    conn = commit.conn
    known = union_all(
        *(
            select(table.c.revision).where(table.c.revision == revision)
            for table in (observation, observation_history)
        )
    )
    if conn.execute(known).first() is None:
        raise StoreError(f"there is no revision {revision}")
    result = conn.execute(
        insert(decision).values(
            revision=revision, verdict=verdict, value=value, actor=actor, role=role,
            reason=reason, evidence=evidence, seq=commit.seq,
        )
    )  # fmt: skip
    assert result.inserted_primary_key is not None
    decision_id: int = result.inserted_primary_key[0]
    conn.execute(
        update(review)
        .where(review.c.revision == revision)
        .values(state="decided", decision_id=decision_id)
    )
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
