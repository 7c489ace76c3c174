"""Withdrawal of a batch by a person: what it brought goes, what it had replaced comes back.

A withdrawal is a batch of its own, without readings, that supersedes the one it withdraws: so it
stands in the order of batches, and flags and results follow it as they follow any other change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    func,
    insert,
    literal,
    select,
)

from ecomon.errors import StoreError
from ecomon.model.role import Actor
from ecomon.store.actors import require
from ecomon.store.acts import write_act
from ecomon.store.approving import refuse_approved, review_approved
from ecomon.store.canonical import canonical_json, read_json
from ecomon.store.doubts import refresh_changed
from ecomon.store.knowledge import Commit
from ecomon.store.reviews import close_withdrawn, open_reviews
from ecomon.store.revisions import ASSERTED, mended_with, withdraw_absent
from ecomon.store.samples import supersede_samples
from ecomon.store.schema import (
    batch,
    dead_letter,
    decision,
    observation,
    observation_history,
    site,
)

RESTORED_AFTER_WITHDRAWAL = "restored_after_withdrawal"
QUIRK = "withdrawal"
"""Among the quirks of a batch that is a withdrawal."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What became of a batch.

    ``n_withdrawn`` readings went, ``n_restored`` of them were replaced by the value that another
    batch had told before, ``n_letters`` dead letters were settled; ``n_reviews`` cases were opened
    for values that somebody had judged or approved. ``file_name`` is the batch's.
    """

    batch_id: int  # of the withdrawal itself
    seq: int
    file_name: str
    n_withdrawn: int
    n_restored: int
    n_letters: int
    n_reviews: int


def withdraw_batch(commit: Commit, batch_id: int, *, actor: Actor, reason: str) -> Withdrawal:
    """Withdraw the readings of a batch that are still current, as though its file had not come.

    They go to the history with the reason ``withdrawn``; batches that it had superseded in turn go
    with it. Where it had revised a value of a batch that still stands (neither superseded nor
    withdrawn since), that value becomes current again, as a new revision, provisional and not yet
    flagged, with its own batch and row. A value that another file had told the same is not known to
    have been told twice, and goes: ``ingest(..., is_again=True)`` of that file brings it back. The
    same octets of the withdrawn file stay withdrawn when they come again by themselves.

    Raises
    ------
    AccessDenied
        if the actor may not withdraw, or a reading is approved and he may not approve.
    StoreError
        without a reason, for an unknown batch, one that another has superseded, or a withdrawal.
    """
    if not reason.strip():
        raise StoreError("须写明理由 a withdrawal has a reason")
    require(commit, actor, "withdraw")
    conn = commit.conn
    withdrawn = _read_withdrawable(conn, batch_id)
    chain = mended_with(conn, batch_id)
    place = _where(conn, chain)
    of_chain = and_(observation.c.batch_id.in_(chain), place.of(observation.c.start_s))
    refuse_approved(commit, actor, of_chain, f"批次 {batch_id}")
    n_letters = _count_letters(conn, chain)
    ASSERTED.create(conn)
    n_withdrawn, starts_s = withdraw_absent(commit, batch_id)
    ASSERTED.drop(conn)
    own_id = _enter(commit, withdrawn, n_withdrawn, starts_s, place.sites)
    n_restored = _restore(commit, starts_s) if n_withdrawn else 0
    close_withdrawn(commit)
    refresh_changed(commit, place.sites, starts_s)
    supersede_samples(commit, chain)
    n_reviews = open_reviews(commit, _judged_before(conn, commit.seq)) if n_restored else 0
    n_reviews += review_approved(commit, place.sites, starts_s, with_withdrawn=False)
    detail = {
        "file_name": withdrawn["file_name"], "sha256": withdrawn["sha256"], "reason": reason,
        "n_withdrawn": n_withdrawn, "n_restored": n_restored,
    }  # fmt: skip
    write_act(commit, actor, "withdrawal", f"batch/{batch_id}", detail=detail, is_knowledge=True)
    commit.keep("withdrawal")
    return Withdrawal(
        own_id, commit.seq, withdrawn["file_name"], n_withdrawn, n_restored, n_letters, n_reviews
    )


@dataclass(frozen=True, slots=True)
class _Where:
    """The sites and the span of starts in which batches changed something."""

    sites: list[str]
    first_s: int
    last_s: int

    def of(self, start_s: Any) -> ColumnElement[bool]:
        return and_(start_s.between(self.first_s, self.last_s), site.c.site.in_(self.sites))


def _read_withdrawable(conn: Connection, batch_id: int) -> RowMapping:
    found = conn.execute(select(batch).where(batch.c.batch_id == batch_id)).mappings().one_or_none()
    if found is None:
        raise StoreError(f"没有此批次 there is no batch {batch_id}")
    if QUIRK in read_json(found["quirks"]):
        raise StoreError(f"批次 {batch_id} 是一次撤回 batch {batch_id} is a withdrawal itself")
    later = select(batch.c.batch_id, batch.c.quirks).where(batch.c.supersedes == batch_id)
    successor = conn.execute(later.order_by(batch.c.batch_id.desc()).limit(1)).one_or_none()
    if successor is not None and QUIRK in read_json(successor.quirks):
        raise StoreError(f"批次 {batch_id} 已撤回 batch {batch_id} is withdrawn already")
    if successor is not None:
        raise StoreError(
            f"批次 {batch_id} 已由批次 {successor.batch_id} 取代，请撤回后者"
            f" batch {batch_id} was superseded by {successor.batch_id}: withdraw that one"
        )
    return found


def _where(conn: Connection, chain: list[int]) -> _Where:
    rows = conn.execute(
        select(batch.c.sites, batch.c.first_s, batch.c.last_s).where(
            batch.c.batch_id.in_(chain), batch.c.first_s.is_not(None)
        )
    ).all()
    sites = sorted({name for row in rows for name in read_json(row.sites)})
    first_s = min((row.first_s for row in rows), default=0)
    return _Where(sites, first_s, max((row.last_s for row in rows), default=0))


def _count_letters(conn: Connection, chain: list[int]) -> int:
    return conn.execute(
        select(func.count())
        .select_from(dead_letter)
        .where(dead_letter.c.batch_id.in_(chain), dead_letter.c.state == "open")
    ).scalar_one()


def _enter(
    commit: Commit, withdrawn: RowMapping, n_withdrawn: int, starts_s: Any, sites: list[str]
) -> int:
    """The withdrawal as a batch: of the same octets, decoded the same way, and empty."""
    same = ("sha256", "file_name", "source", "decoder", "decoder_version", "options")
    entered = commit.conn.execute(
        insert(batch).values(
            **{name: withdrawn[name] for name in same}, seq=commit.seq,
            received_at_s=commit.at_s, n_rows=0, n_new=0, n_revised=0, n_unchanged=0,
            n_withdrawn=n_withdrawn, n_rejected=0, quirks=canonical_json({QUIRK: 1}),
            first_s=min(starts_s, default=None), last_s=max(starts_s, default=None),
            sites=canonical_json(sites if n_withdrawn else []), supersedes=withdrawn["batch_id"],
        )
    ).inserted_primary_key  # fmt: skip
    assert entered is not None
    return entered[0]


def _restore(commit: Commit, starts_s: Any) -> int:
    """Make the last value of each withdrawn reading current again whose batch still stands."""
    conn, past = commit.conn, observation_history
    gone = past.alias("gone")
    kept = [column.name for column in observation.columns if column.name not in ("revision", "seq")]
    superseded = select(batch.c.supersedes).where(batch.c.supersedes.is_not(None))
    last = func.row_number().over(
        partition_by=(past.c.series_id, past.c.start_s), order_by=past.c.revision.desc()
    )
    standing = (
        select(*(past.c[name] for name in kept), last.label("place"))
        .join_from(
            gone, past, and_(past.c.series_id == gone.c.series_id, past.c.start_s == gone.c.start_s)
        )
        .where(
            gone.c.superseded_seq == commit.seq,
            gone.c.start_s.between(min(starts_s), max(starts_s)),
            past.c.superseded_seq < commit.seq,
            past.c.batch_id.not_in(superseded),
        )
        .subquery()
    )
    number = func.row_number().over(order_by=(standing.c.series_id, standing.c.start_s))
    first = commit.next_id("revision")
    n_restored = conn.execute(
        insert(observation).from_select(
            [*kept, "revision", "seq"],
            select(
                *(standing.c[name] for name in kept), number + (first - 1), literal(commit.seq)
            ).where(standing.c.place == 1),
        )
    ).rowcount
    commit.take_ids("revision", n_restored)
    return n_restored


def _judged_before(conn: Connection, seq: int) -> list[dict[str, Any]]:
    """Values restored at ``seq`` of which a person had judged an earlier revision, as cases."""
    new, old = observation, observation_history
    same = and_(
        new.c.series_id == old.c.series_id,
        new.c.start_s == old.c.start_s,
        new.c.batch_id == old.c.batch_id,
        new.c.seq == seq,
    )
    query = (
        select(
            new.c.revision, old.c.revision.label("judged_revision"), decision.c.verdict,
            decision.c.actor, new.c.value,
        )
        .select_from(decision)
        .join(old, old.c.revision == decision.c.revision)
        .join(new, same)
        .order_by(decision.c.decision_id.desc())
    )  # fmt: skip
    return [{"reason": RESTORED_AFTER_WITHDRAWAL, **row} for row in conn.execute(query).mappings()]
