"""Runs of flows, rule sets and documents: who made what, from what, by which rules."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, desc, insert, select, update

from ecomon.errors import StoreError
from ecomon.store.canonical import canonical_json, read_json
from ecomon.store.knowledge import Commit
from ecomon.store.schema import document, ruleset, run

SUCCEEDED = "succeeded"


def save_ruleset(commit: Commit, hash_: str, octets: bytes) -> None:
    """Keep a rule set under its hash; a known one is left as it is."""
    known = select(ruleset.c.hash).where(ruleset.c.hash == hash_)
    if commit.conn.execute(known).one_or_none() is None:
        commit.conn.execute(
            insert(ruleset).values(hash=hash_, octets=zlib.compress(octets), seq=commit.seq)
        )
        commit.keep("ruleset")


def read_ruleset(conn: Connection, hash_: str) -> bytes:
    """The octets of a rule set; StoreError if it was never kept."""
    octets = conn.execute(select(ruleset.c.octets).where(ruleset.c.hash == hash_)).scalar()
    if octets is None:
        raise StoreError(f"there is no rule set {hash_}")
    return zlib.decompress(octets)


def start_run(
    commit: Commit,
    flow: str,
    *,
    arguments: Mapping[str, Any],
    code_version: str,
    ruleset: str | None,
    input_seq: int,
) -> int:
    """Record that a run began; returns its id. It counts as failed until it says otherwise."""
    result = commit.conn.execute(
        insert(run).values(
            flow=flow, arguments=canonical_json(arguments), code_version=code_version,
            ruleset=ruleset, input_seq=input_seq, started_at_s=commit.at_s, is_success=False,
        )
    )  # fmt: skip
    assert result.inserted_primary_key is not None
    return result.inserted_primary_key[0]


def finish_run(commit: Commit, run_id: int, outcome: str, counts: Mapping[str, Any]) -> None:
    """Write how a run ended, once; ``succeeded`` is success, any other outcome is not.

    Raises
    ------
    StoreError
        if there is no such run or it has ended already.
    """
    ended = commit.conn.execute(
        update(run)
        .where(run.c.run_id == run_id, run.c.ended_at_s.is_(None))
        .values(
            ended_at_s=commit.at_s, counts=canonical_json(counts), outcome=outcome,
            is_success=outcome == SUCCEEDED,
        )
    )  # fmt: skip
    if ended.rowcount != 1:
        raise StoreError(f"there is no run {run_id} under way")


def read_runs(
    conn: Connection, *, flow: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The last runs (of one flow), newest first, as records of the ``run`` table."""
    query = select(run).order_by(desc(run.c.run_id)).limit(limit)
    if flow is not None:
        query = query.where(run.c.flow == flow)
    return [
        {
            **row,
            "arguments": read_json(row["arguments"]),
            "counts": read_json(row["counts"]),
        }
        for row in conn.execute(query).mappings()
    ]


def record_document(commit: Commit, path: str, *, sha256: str, kind: str, run_id: int) -> bool:
    """Note which octets stand at a path; False if that was known already."""
    last = (
        select(document.c.sha256)
        .where(document.c.path == path)
        .order_by(desc(document.c.document_id))
        .limit(1)
    )
    if commit.conn.execute(last).scalar() == sha256:
        return False
    commit.conn.execute(
        insert(document).values(path=path, sha256=sha256, kind=kind, run_id=run_id, seq=commit.seq)
    )
    commit.keep("document")
    return True


def read_documents(conn: Connection, *, kind: str | None = None) -> list[dict[str, Any]]:
    """The last record of each path, in the order of paths."""
    query = select(document).order_by(document.c.path, document.c.document_id)
    if kind is not None:
        query = query.where(document.c.kind == kind)
    last = {row["path"]: dict(row) for row in conn.execute(query).mappings()}
    return list(last.values())
