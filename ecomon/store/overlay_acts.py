"""Changes of a site's own facts: proposed by one person, approved by another, both in the chain of acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.role import Actor
from ecomon.store.actors import require
from ecomon.store.acts import write_act
from ecomon.store.knowledge import Commit
from ecomon.store.schema import act

PROPOSED, APPROVED = "overlay_proposed", "overlay_approved"


def propose_overlay(
    commit: Commit, sha256: str, *, actor: Actor, reason: str, detail: Mapping[str, Any]
) -> int:
    """Write that ``actor`` stands for a set of changes; returns the number of the act.

    Parameters
    ----------
    sha256 : str
        Of the changes themselves and the day they begin: whatever changes in them is another set.

    Raises
    ------
    AccessDenied
        if the actor may not review.
    StoreError
        without a reason.
    """
    _demand_reason(reason)
    require(commit, actor, "review")
    subject = f"overlay/{sha256}"
    return write_act(commit, actor, PROPOSED, subject, detail={"reason": reason, **detail})


def approve_overlay(
    commit: Commit,
    sha256: str,
    *,
    actor: Actor,
    reason: str,
    detail: Mapping[str, Any],
    put: Callable[[], None],
) -> str:
    """Approve a set of changes that somebody else proposed, and put them in place.

    Parameters
    ----------
    put : callable
        Writes the files. It runs in the transaction of the act, last: where it raises, there is
        no act.

    Returns
    -------
    str
        Who proposed them.

    Raises
    ------
    AccessDenied
        if the actor may not approve, or nobody but he proposed these very changes.
    StoreError
        without a reason.
    """
    _demand_reason(reason)
    require(commit, actor, "approve")
    subject = f"overlay/{sha256}"
    proposed = select(act.c.actor).where(act.c.what == PROPOSED, act.c.subject == subject)
    names = list(commit.conn.execute(proposed.order_by(act.c.number.desc())).scalars())
    others = [name for name in names if name != actor.name]
    if not others:
        raise AccessDenied(
            "须由另一人先提交这些变化 somebody else proposes these very changes first:"
            " ecomon registry import-overlay FILE --propose --effective-from DATE"
        )
    write_act(
        commit, actor, APPROVED, subject,
        detail={"reason": reason, "proposed_by": others[0], **detail},
    )  # fmt: skip
    put()
    return others[0]


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise StoreError("须写明理由 a change of facts has a reason")
