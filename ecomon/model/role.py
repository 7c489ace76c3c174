"""Roles of actors, and what each may do: the one table of permissions.

Who keeps the accounts judges no data, and who approves approves what somebody else has reviewed
(the second pair of eyes is enforced by ``store.approvals``, not by this table).

Source
------
Design, section 3 (actors, provisional -> reviewed -> approved); the separation of duties is a
project rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["administrator", "reviewer", "approver", "accountant", "viewer", "machine"]
Permission = Literal[
    "read",  # see what the store holds
    "ingest",  # bring readings and run the flows
    "decide",  # accept, reject or correct a value
    "review",  # mark a span reviewed, or set it back
    "approve",  # approve a reviewed span; touch what is approved
    "withdraw",  # take a batch back
    "settle",  # run settlements
    "manage",  # add and disable actors, issue and revoke tokens
    "retain",  # let octets go that retention no longer keeps
]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: what ``Store.authenticate`` made of a token.

    The store looks its row up again in the transaction of each deed; one made by hand, or of a
    token that has been revoked since, is refused there.
    """

    actor_id: int
    name: str
    role: Role
    token_id: int


ROLE_NAMES_ZH: Final[dict[Role, str]] = {
    "administrator": "系统管理员",
    "reviewer": "监测人员",
    "approver": "批准人",
    "accountant": "核算人员",
    "viewer": "查看",
    "machine": "设备或程序",
}

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    "administrator": frozenset({"read", "manage", "retain"}),
    "reviewer": frozenset({"read", "decide", "review", "withdraw"}),
    "approver": frozenset({"read", "decide", "review", "withdraw", "approve"}),
    "accountant": frozenset({"read", "settle"}),
    "viewer": frozenset({"read"}),
    "machine": frozenset({"read", "ingest"}),
}


def may(role: str, permission: Permission) -> bool:
    """True where the role has the permission; an unknown role has none."""
    return any(permission in granted for name, granted in PERMISSIONS.items() if name == role)


def roles_that_may(permission: Permission) -> list[Role]:
    """The roles that have a permission, in the order of the table."""
    return [role for role, granted in PERMISSIONS.items() if permission in granted]
