"""The daily roots: a chain of hashes over everything that was ever ingested.

A root is a hash over the root before it and one line for each batch since. It goes by the order of
batches, not by the clock. Whoever wrote a root down somewhere else (a register, a newspaper, the
other province) can later tell whether any batch up to it was changed, removed or put in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select

from ecomon.model.observation import isoformat
from ecomon.model.period import from_epoch_s
from ecomon.store.canonical import canonical_json
from ecomon.store.knowledge import Commit
from ecomon.store.schema import batch, day_root

# Columns of a batch that are never written again after its own transaction.
_LINE = (
    "batch_id", "seq", "sha256", "file_name", "source", "decoder", "decoder_version", "options",
    "received_at_s", "n_rows", "n_new", "n_revised", "n_unchanged", "n_withdrawn", "n_rejected",
    "quirks", "first_s", "last_s", "sites", "supersedes",
)  # fmt: skip
_AT_ONCE = 5_000


class _Link(NamedTuple):
    """One link of the chain, reckoned from batches."""

    first_batch: int
    last_batch: int
    n_batches: int
    root: str


def close_day(commit: Commit, day: date | None = None) -> dict[str, Any]:
    """Add a root over the batches since the last one, if there are any; the chain's head.

    Calling it twice, or on a day without batches, changes nothing. What the clock says is written
    beside the root and hashed into it, but decides nothing.

    Parameters
    ----------
    day : date, optional
        The Beijing day that is closed; by default that of the commit.

    Returns
    -------
    dict
        As :func:`read_root`, of the last root; ``number`` 0 and ``root`` "" where nothing was
        ever ingested.
    """
    conn = commit.conn
    head = _head(conn)
    number = 1 if head is None else head["number"] + 1
    previous = "" if head is None else head["root"]
    day_text = f"{day or from_epoch_s(commit.at_s).date()}"
    after = 0 if head is None else head["last_batch"]
    link = _link(conn, number, day_text, previous, after=after)
    if link is not None:
        conn.execute(
            insert(day_root).values(
                number=number, day=day_text, closed_at_s=commit.at_s, previous=previous,
                seq=commit.seq, **link._asdict(),
            )
        )  # fmt: skip
        commit.keep("root")
    return read_root(conn)


def read_root(conn: Connection, root: str | None = None) -> dict[str, Any]:
    """The chain's head, or the link whose hash begins with ``root``.

    Returns
    -------
    dict
        ``number, day, closed_at`` (ISO 8601, Beijing), ``first_batch, last_batch, n_batches`` (of
        this link), ``root`` (hexadecimal), ``seq``, and ``n_open`` (batches since the last root).
        Of an empty chain, or where no link has that hash, ``number`` is 0 and ``root`` "".
    """
    found = _head(conn, root)
    last = conn.execute(select(func.coalesce(func.max(day_root.c.last_batch), 0))).scalar_one()
    n_open = conn.execute(
        select(func.count()).select_from(batch).where(batch.c.batch_id > last)
    ).scalar_one()
    if found is None:
        return {"number": 0, "root": "", "n_open": n_open}
    names = ("number", "day", "first_batch", "last_batch", "n_batches", "root", "seq")
    return {
        **{name: found[name] for name in names},
        "closed_at": isoformat(from_epoch_s(found["closed_at_s"])),
        "n_open": n_open,
    }


def _head(conn: Connection, root: str | None = None) -> RowMapping | None:
    query = select(day_root).order_by(day_root.c.number.desc()).limit(1)
    if root is not None:
        query = query.where(day_root.c.root.startswith(root.strip().lower(), autoescape=True))
    return conn.execute(query).mappings().one_or_none()


def check_roots(conn: Connection) -> list[str]:
    """What is wrong with the chain, in words; nothing where it follows from the batches."""
    problems: list[str] = []
    number, previous, after = 0, "", 0
    for row in conn.execute(select(day_root).order_by(day_root.c.number)).mappings().all():
        number += 1
        if row["number"] != number:
            problems.append(f"root {number} is missing: {row['number']} follows {number - 1}")
            number = row["number"]
        if row["previous"] != previous:
            problems.append(f"root {number} does not follow from the root before it")
        link = _link(
            conn, number, row["day"], row["previous"], after=after, last=row["last_batch"]
        )  # fmt: skip
        if link is None or any(row[name] != told for name, told in link._asdict().items()):
            problems.append(
                f"root {number} of {row['day']} is not that of batches"
                f" {row['first_batch']} to {row['last_batch']}: one was changed, removed or put in"
            )
        previous, after = row["root"], row["last_batch"]
    return problems


def _link(
    conn: Connection, number: int, day: str, previous: str, *, after: int, last: int | None = None
) -> _Link | None:
    """The link over the batches after one (up to ``last``); None where there are none."""
    digest = hashlib.sha256(f"{previous}\n{canonical_json([number, day])}\n".encode())
    first_batch = last_batch = n_batches = 0
    for row in _batches(conn, after, last):
        digest.update(f"{canonical_json([row[name] for name in _LINE])}\n".encode())
        first_batch = first_batch or row["batch_id"]
        last_batch = row["batch_id"]
        n_batches += 1
    if not n_batches:
        return None
    return _Link(first_batch, last_batch, n_batches, digest.hexdigest())


def _batches(conn: Connection, after: int, last: int | None) -> Iterator[RowMapping]:
    """The batches after one, in the order of their ids, some thousands at a time."""
    columns = [batch.c[name] for name in _LINE]
    while True:
        query = select(*columns).where(batch.c.batch_id > after).order_by(batch.c.batch_id)
        if last is not None:
            query = query.where(batch.c.batch_id <= last)
        rows = conn.execute(query.limit(_AT_ONCE)).mappings().all()
        if not rows:
            return
        yield from rows
        after = rows[-1]["batch_id"]
