"""Acts: what people did, in an append-only chain of hashes.

An act is written in the transaction of its deed, so that there is neither without the other.
Triggers refuse to change or delete one; the chain shows what was changed around them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select

from ecomon.model.observation import isoformat
from ecomon.model.period import from_epoch_s
from ecomon.model.role import Actor
from ecomon.store.canonical import canonical_json, read_json
from ecomon.store.knowledge import Commit
from ecomon.store.schema import act, actor, approval, decision

_HASHED = ("number", "at_s", "actor", "role", "what", "subject", "detail", "seq", "previous")
_AT_ONCE = 10_000
NOBODY = "-"
"""Actor and role of what needs no token: the founding of a store's first actor."""


def write_act(
    commit: Commit,
    who: Actor | None,
    what: str,
    subject: str,
    *,
    detail: Mapping[str, Any],
    is_knowledge: bool = False,
) -> int:
    """Write that somebody did something, at the end of the chain; returns its number.

    Parameters
    ----------
    who : Actor or None
        Who is known to be allowed to (``actors.require``); None of what needs nobody.
    what, subject : str
        The kind of deed (``decision``, ``approval``, ``withdrawal``, ``actor_added`` ...), and what
        it was done to (``revision/12``, ``site/yaodu``, ``batch/3``, ``actor/li`` ...).
    detail : mapping
        Everything that was given with it; JSON values.
    is_knowledge : bool
        True where the deed has the commit's sequence number.
    """
    conn = commit.conn
    last = conn.execute(
        select(act.c.number, act.c.hash).order_by(act.c.number.desc()).limit(1)
    ).one_or_none()
    row: dict[str, Any] = {
        "number": 1 if last is None else last.number + 1,
        "at_s": commit.at_s,
        "actor": NOBODY if who is None else who.name,
        "role": NOBODY if who is None else who.role,
        "what": what,
        "subject": subject,
        "detail": canonical_json(detail),
        "seq": commit.seq if is_knowledge else None,
        "previous": "" if last is None else last.hash,
    }
    conn.execute(insert(act).values(**row, hash=hash_of(row)))
    return row["number"]


def hash_of(row: Mapping[Any, Any]) -> str:
    """SHA-256 over the canonical JSON of an act's columns, the hash of the act before it included."""
    text = canonical_json({name: row[name] for name in _HASHED})
    return hashlib.sha256(text.encode()).hexdigest()


def read_acts(conn: Connection, *, limit: int | None = None) -> list[dict[str, Any]]:
    """The last acts (all by default), oldest first.

    Returns
    -------
    list of dict
        ``number, at`` (ISO 8601, Beijing), ``actor, role, what, subject, detail`` (dict), ``seq``
        (None where it made no knowledge), ``hash``.
    """
    query = select(act).order_by(act.c.number.desc())
    rows = conn.execute(query if limit is None else query.limit(limit)).mappings().all()
    return [
        {
            "number": row["number"],
            "at": isoformat(from_epoch_s(row["at_s"])),
            **{name: row[name] for name in ("actor", "role", "what", "subject")},
            "detail": read_json(row["detail"]),
            "seq": row["seq"],
            "hash": row["hash"],
        }
        for row in reversed(rows)
    ]


def check_acts(conn: Connection) -> list[str]:
    """What is wrong with the chain of acts, in words; nothing where it is whole.

    Found are an act that was changed, removed or put in, and deeds whose act is missing: decisions
    and approvals since the first act, and actors without any act. Whoever rewrites the table from
    some act to its end, and the deeds with it, is found only by a hash kept elsewhere.
    """
    problems: list[str] = []
    number, previous = 0, ""
    first_seq: int | None = None
    for row in _in_order(conn):
        number += 1
        if row["number"] != number:
            problems.append(f"act {number} is missing: {row['number']} follows {number - 1}")
            number = row["number"]
        elif row["previous"] != previous:
            problems.append(f"act {number} does not follow from the act before it")
        if row["hash"] != hash_of(row):
            problems.append(f"act {number} was changed: its hash is not that of its columns")
        previous = row["hash"]
        first_seq = row["seq"] if first_seq is None else first_seq
    problems.extend(_deeds_without_act(conn, first_seq))
    n_actors = conn.execute(select(func.count()).select_from(actor)).scalar_one()
    if number == 0 and n_actors:
        problems.append(f"there are {n_actors} actors and no act that added them")
    return problems


def _in_order(conn: Connection) -> Iterator[RowMapping]:
    number = -1
    while True:
        query = select(act).where(act.c.number > number).order_by(act.c.number).limit(_AT_ONCE)
        rows = conn.execute(query).mappings().all()
        if not rows:
            return
        yield from rows
        number = rows[-1]["number"]


def _deeds_without_act(conn: Connection, first_seq: int | None) -> Iterator[str]:
    # Decisions of a store that is older than its acts have none.
    if first_seq is None:
        return
    for table in (decision, approval):
        key = table.primary_key.columns[0]
        with_act = select(act.c.seq).where(act.c.seq.is_not(None))
        query = select(key).where(table.c.seq >= first_seq, table.c.seq.not_in(with_act))
        for (id_,) in conn.execute(query.order_by(key)):
            yield f"{table.name} {id_} has no act"
