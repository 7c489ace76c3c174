"""Who handed in which octets: an act in the chain, made before the file is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecomon.model.role import Actor
from ecomon.store.actors import require
from ecomon.store.acts import write_act
from ecomon.store.knowledge import Commit


def sign_octets(
    commit: Commit, sha256: str, *, actor: Actor, what: str, detail: Mapping[str, Any]
) -> int:
    """Write that ``actor`` handed in the octets of this hash; returns the number of the act.

    To report is not to judge, so every role may; what is reported is judged like everything else.

    Parameters
    ----------
    what : str
        The kind of deed (``sample``).
    detail : mapping
        What a person wants to read of it; JSON values.

    Raises
    ------
    AccessDenied
        if the actor or his token is not valid any more.
    """
    require(commit, actor, "read")
    return write_act(commit, actor, what, f"blob/{sha256}", detail=detail)
