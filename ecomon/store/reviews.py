"""Review cases: readings that wait for a person's judgement, one case a revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, select, update

from ecomon.store.canonical import canonical_json, read_json
from ecomon.store.columns import ints, texts
from ecomon.store.dialect import upsert
from ecomon.store.knowledge import Commit
from ecomon.store.schema import observation_history, review

UNCONFIRMED = "unconfirmed"
"""The reason of a case that asks to confirm a suspected sample."""


def open_reviews(commit: Commit, cases: Iterable[Mapping[str, Any]]) -> int:
    """Open a review case for each revision that has none yet; returns how many were opened.

    Parameters
    ----------
    cases : iterable of mapping
        ``revision`` (int) and ``reason`` (text); what else a mapping holds is kept as context.
    """
    rows = [
        {
            "revision": int(case["revision"]), "reason": str(case["reason"]),
            "opened_seq": commit.seq, "state": "open",
            "context": canonical_json(
                {key: item for key, item in case.items() if key not in ("revision", "reason")}
            ),
        }
        for case in cases
    ]  # fmt: skip
    if not rows:
        return 0
    statement = upsert(commit.conn, review).on_conflict_do_nothing(index_elements=["revision"])
    opened = commit.conn.execute(statement, rows).rowcount
    if opened:
        commit.keep("review")
    return opened


def close_withdrawn(commit: Commit) -> int:
    """Close the open cases of revisions that this commit withdrew: nothing is left to judge."""
    past = observation_history
    withdrawn = select(past.c.revision).where(
        past.c.revision == review.c.revision,
        past.c.superseded_seq == commit.seq,
        past.c.reason == "withdrawn",
    )
    return commit.conn.execute(
        update(review).where(review.c.state == "open", withdrawn.exists()).values(state="withdrawn")
    ).rowcount


def close_replaced(commit: Commit) -> int:
    """Close the open cases that asked to confirm a sample whose report this commit replaced."""
    past = observation_history
    replaced = select(past.c.revision).where(
        past.c.revision == review.c.revision,
        past.c.superseded_seq == commit.seq,
        past.c.reason == "revised",
    )
    is_asked = and_(review.c.state == "open", review.c.reason == UNCONFIRMED)
    return commit.conn.execute(
        update(review).where(is_asked, replaced.exists()).values(state="withdrawn")
    ).rowcount


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
