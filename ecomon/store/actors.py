"""Actors and their tokens: who may do what, and how he shows that it is he.

A token is ``ecomon_<selector>_<secret>``. The selector finds its row; of the secret only the
argon2id hash is kept, so that a token can be shown once, when it is issued, and never again.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Any, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, RowMapping, and_, insert, or_, select, update

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.observation import isoformat
from ecomon.model.period import from_epoch_s
from ecomon.model.role import ROLE_NAMES_ZH, Actor, Permission, Role, may, roles_that_may
from ecomon.store.acts import write_act
from ecomon.store.knowledge import Commit
from ecomon.store.schema import actor, token

DEFAULT_DAYS = 365
_MAX_DAYS = 3660
_DAY_S = 86_400
_FORM = re.compile(r"ecomon_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[^\W_](?:[\w .·-]{0,62}[\w.])?")
# The secret has 256 random bits: nobody guesses it, however fast. The hash has to be one-way, and
# every command pays its cost, so that cost is small.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_OF_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$wAgquKzSmEXesgSPkhlfsg"
    "$jJZZej1kGX+WHJcvoUWio3JCMhtpPJGpAHrNB6ivHFc"
)
"""The hash an unknown selector is compared with, so that it takes as long as a known one."""
_INVALID = "令牌无效 the token is not valid"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as it is shown once; ``text`` is the secret itself and no part of the repr."""

    selector: str
    actor: str
    expires_at_s: int
    text: str = field(repr=False)

    @property
    def expires_at(self) -> str:
        return isoformat(from_epoch_s(self.expires_at_s))


def add_actor(
    commit: Commit, name: str, role: Role, *, by: Actor | None, days: int = DEFAULT_DAYS
) -> IssuedToken:
    """Add an actor and issue its first token.

    Parameters
    ----------
    name : str
        Unique for ever, so that the acts of one are never taken for those of another.
    by : Actor or None
        An administrator. None only while the store has no administrator who could act (it is new,
        or every token of every administrator is spent); the actor is an administrator then.
    days : int
        How long the token is valid.

    Raises
    ------
    AccessDenied
        if ``by`` may not manage actors, or is None where somebody could.
    StoreError
        for a name that is taken or no name, an unknown role, or ``days`` out of 1 to 3660.
    """
    if role not in get_args(Role):
        raise StoreError(f"没有此角色 a role is one of {', '.join(get_args(Role))}, not {role!r}")
    if not _NAME.fullmatch(name):
        raise StoreError(
            f"名称不可用 not a name: {name!r}; 1 to 64 letters, digits, spaces, . · - _"
        )
    conn = commit.conn
    if by is not None:
        require(commit, by, "manage")
    elif _has_administrator(commit):
        raise AccessDenied(
            "已有管理员，须持管理员令牌 there is an administrator: only his token may add an actor"
        )
    elif role != "administrator":
        raise AccessDenied("第一个账户须为管理员 the first actor of a store is an administrator")
    if _find_actor(conn, name) is not None:
        raise StoreError(f"名称已用 the name {name!r} is taken")
    conn.execute(insert(actor).values(name=name, role=role, created_at_s=commit.at_s))
    write_act(commit, by, "actor_added", f"actor/{name}", detail={"role": role})
    return _issue(commit, name, by, days)


def disable_actor(commit: Commit, name: str, *, by: Actor) -> None:
    """Let an actor act no more, whatever tokens it has; nobody disables himself.

    Raises
    ------
    AccessDenied
        if ``by`` may not manage actors or is the actor.
    StoreError
        if there is no such actor or it is disabled already.
    """
    require(commit, by, "manage")
    found = _known_actor(commit.conn, name)
    if found["actor_id"] == by.actor_id:
        raise AccessDenied("不能停用自己 nobody disables himself: another administrator does")
    if found["disabled_at_s"] is not None:
        raise StoreError(f"已停用 {name} is disabled already")
    commit.conn.execute(
        update(actor).where(actor.c.actor_id == found["actor_id"]).values(disabled_at_s=commit.at_s)
    )
    write_act(commit, by, "actor_disabled", f"actor/{name}", detail={"role": found["role"]})


def issue_token(commit: Commit, name: str, *, by: Actor, days: int = DEFAULT_DAYS) -> IssuedToken:
    """Issue one more token to an actor; those it has stay valid.

    Raises
    ------
    AccessDenied
        if ``by`` may not manage actors.
    StoreError
        if there is no such actor, it is disabled, or ``days`` is out of 1 to 3660.
    """
    require(commit, by, "manage")
    return _issue(commit, name, by, days)


def revoke_token(commit: Commit, selector: str, *, by: Actor) -> None:
    """Make a token invalid from now on: an administrator any but the one he acts with, others
    their own.

    Raises
    ------
    AccessDenied
        if the token is somebody else's and ``by`` may not manage actors, or an administrator acts
        with it.
    StoreError
        if there is no such token or it is revoked already.
    """
    require(commit, by, "read")
    found = commit.conn.execute(
        select(token, actor.c.name).join(actor).where(token.c.selector == selector)
    ).mappings().one_or_none()  # fmt: skip
    is_own = found is not None and found["actor_id"] == by.actor_id
    if not is_own:
        require(commit, by, "manage")
    if found is None:
        raise StoreError(f"没有此令牌 there is no token {selector}")
    if found["token_id"] == by.token_id and may(by.role, "manage"):
        raise AccessDenied(
            "不能吊销正在使用的管理员令牌 an administrator does not revoke the token he acts with"
        )
    if found["revoked_at_s"] is not None:
        raise StoreError(f"已吊销 the token {selector} is revoked already")
    commit.conn.execute(
        update(token).where(token.c.selector == selector).values(revoked_at_s=commit.at_s)
    )
    write_act(commit, by, "token_revoked", f"token/{selector}", detail={"actor": found["name"]})


def authenticate(conn: Connection, text: str, *, at_s: int) -> Actor:
    """The actor whose token this is, at a time in epoch seconds.

    Raises
    ------
    AccessDenied
        in the same words after the same work for an unknown selector, a wrong secret and what is
        no token; whoever holds the secret is told that it has expired, or was revoked, or that the
        actor is disabled.
    """
    form = _FORM.fullmatch(text.strip())
    selector, secret = form.groups() if form else ("", "")
    row = conn.execute(_select_holder().where(token.c.selector == selector)).mappings().first()
    is_right = _is_secret(_OF_NOBODY if row is None else row["hash"], secret)
    if row is None or not is_right:
        raise AccessDenied(_INVALID)
    if (fault := _fault_of(row, at_s)) is not None:
        raise AccessDenied(fault)
    return Actor(row["actor_id"], row["name"], row["role"], row["token_id"])


def require(commit: Commit, who: Actor, permission: Permission) -> None:
    """AccessDenied unless ``who`` may do this now, by the rows of actor and token as they stand."""
    held = and_(token.c.token_id == who.token_id, actor.c.actor_id == who.actor_id)
    row = commit.conn.execute(_select_holder().where(held)).mappings().first()
    if row is None or (row["name"], row["role"]) != (who.name, who.role):
        raise AccessDenied(_INVALID)
    if (fault := _fault_of(row, commit.at_s)) is not None:
        raise AccessDenied(fault)
    if not may(who.role, permission):
        can = "、".join(ROLE_NAMES_ZH[role] for role in roles_that_may(permission))
        raise AccessDenied(
            f"{who.name}（{ROLE_NAMES_ZH[who.role]}）无此权限，须由{can}办理"
            f" a {who.role} may not {permission}; {', '.join(roles_that_may(permission))} may"
        )


def read_actors(conn: Connection) -> list[dict[str, Any]]:
    """All actors in the order they were added: ``name, role, created_at, disabled_at`` (ISO 8601)."""
    return [
        {
            "name": row.name,
            "role": row.role,
            "created_at": _moment(row.created_at_s),
            "disabled_at": _moment(row.disabled_at_s),
        }
        for row in conn.execute(select(actor).order_by(actor.c.actor_id))
    ]


def read_tokens(conn: Connection) -> list[dict[str, Any]]:
    """All tokens in the order they were issued, without their hashes.

    Each ``selector, actor, role, created_at, expires_at, revoked_at`` (ISO 8601; None if never).
    """
    query = select(token, actor.c.name, actor.c.role).join(actor).order_by(token.c.token_id)
    return [
        {
            "selector": row.selector,
            "actor": row.name,
            "role": row.role,
            "created_at": _moment(row.created_at_s),
            "expires_at": _moment(row.expires_at_s),
            "revoked_at": _moment(row.revoked_at_s),
        }
        for row in conn.execute(query)
    ]


def _issue(commit: Commit, name: str, by: Actor | None, days: int) -> IssuedToken:
    if not 1 <= days <= _MAX_DAYS:
        raise StoreError(f"有效天数须为 1 至 {_MAX_DAYS} days are 1 to {_MAX_DAYS}, not {days}")
    found = _known_actor(commit.conn, name)
    if found["disabled_at_s"] is not None:
        raise StoreError(f"已停用 {name} is disabled")
    selector, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    expires_at_s = commit.at_s + days * _DAY_S
    commit.conn.execute(
        insert(token).values(
            actor_id=found["actor_id"], selector=selector, hash=_HASHER.hash(secret),
            created_at_s=commit.at_s, expires_at_s=expires_at_s,
        )
    )  # fmt: skip
    detail = {"actor": name, "expires_at": _moment(expires_at_s)}
    write_act(commit, by, "token_issued", f"token/{selector}", detail=detail)
    return IssuedToken(selector, name, expires_at_s, f"ecomon_{selector}_{secret}")


def _has_administrator(commit: Commit) -> bool:
    """True where an administrator has a token that is valid now."""
    query = _select_holder().where(
        actor.c.role.in_(roles_that_may("manage")),
        actor.c.disabled_at_s.is_(None),
        token.c.revoked_at_s.is_(None),
        or_(token.c.expires_at_s.is_(None), token.c.expires_at_s > commit.at_s),
    )
    return commit.conn.execute(query.limit(1)).first() is not None


def _select_holder() -> Any:
    return select(
        actor.c.actor_id, actor.c.name, actor.c.role, actor.c.disabled_at_s,
        token.c.token_id, token.c.hash, token.c.expires_at_s, token.c.revoked_at_s,
    ).join_from(token, actor)  # fmt: skip


def _is_secret(hashed: str, secret: str) -> bool:
    try:
        return _HASHER.verify(hashed, secret)
    except (VerificationError, InvalidHashError):
        return False


def _fault_of(row: RowMapping, at_s: int) -> str | None:
    if row["disabled_at_s"] is not None:
        return f"账户已停用 the actor {row['name']} is disabled"
    if row["revoked_at_s"] is not None:
        return "令牌已吊销 the token was revoked"
    if row["expires_at_s"] is not None and row["expires_at_s"] <= at_s:
        return f"令牌已过期 the token expired at {_moment(row['expires_at_s'])}"
    return None


def _find_actor(conn: Connection, name: str) -> RowMapping | None:
    return conn.execute(select(actor).where(actor.c.name == name)).mappings().one_or_none()


def _known_actor(conn: Connection, name: str) -> RowMapping:
    found = _find_actor(conn, name)
    if found is None:
        raise StoreError(f"没有此账户 there is no actor {name!r}")
    return found


def _moment(epoch_s: int | None) -> str | None:
    return None if epoch_s is None else isoformat(from_epoch_s(epoch_s))
