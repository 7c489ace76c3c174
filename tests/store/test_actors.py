"""Actors and their tokens: who is let in, who is not, and what is told to whom."""

from __future__ import annotations

import re
from typing import Any

import pytest
from argon2 import extract_parameters
from sqlalchemy import create_engine, text

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.role import PERMISSIONS, Actor, may, roles_that_may
from ecomon.store import Store
from ecomon.store.actors import _HASHER, _OF_NOBODY, IssuedToken  # pyright: ignore[reportPrivateUsage]

People = dict[str, Actor]
DAY_S = 86_400


@pytest.fixture
def founding(store: Store) -> IssuedToken:
    return store.add_actor("李 admin", "administrator", by=None)


@pytest.fixture
def admin(store: Store, founding: IssuedToken) -> Actor:
    return store.authenticate(founding.text)


def test_a_token_shows_who_holds_it(store: Store, founding: IssuedToken) -> None:
    assert re.fullmatch(r"ecomon_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", founding.text)
    who = store.authenticate(founding.text)
    assert (who.name, who.role) == ("李 admin", "administrator")
    assert store.authenticate(f" {founding.text}\n") == who  # as it comes out of a file
    assert founding.text not in repr(founding)


def test_of_the_secret_only_its_hash_is_kept(
    store: Store, store_url: str, founding: IssuedToken
) -> None:
    engine = create_engine(store_url)
    with engine.connect() as conn:
        ((_, _, selector, hashed, *_),) = conn.execute(text("SELECT * FROM token")).all()
        acts = repr(conn.execute(text("SELECT * FROM act")).all())
    engine.dispose()
    secret = founding.text.removeprefix(f"ecomon_{founding.selector}_")
    assert selector == founding.selector
    assert hashed.startswith("$argon2id$")
    assert secret not in hashed + acts


def test_the_first_actor_is_an_administrator_and_the_only_one_without_a_token(
    store: Store,
) -> None:
    with pytest.raises(AccessDenied, match="first actor"):
        store.add_actor("wang", "reviewer", by=None)
    store.add_actor("li", "administrator", by=None)
    for role in ("administrator", "reviewer"):
        with pytest.raises(AccessDenied, match="only his token may add an actor"):
            store.add_actor("wang", role, by=None)
    assert [one["name"] for one in store.read_actors()] == ["li"]


def test_a_store_that_nobody_can_administer_any_more_is_founded_again(
    store: Store, founding: IssuedToken, clock: Any
) -> None:
    clock.now_s += 365 * DAY_S - 1
    with pytest.raises(AccessDenied, match="only his token"):
        store.add_actor("wang", "administrator", by=None)
    clock.now_s += 1
    with pytest.raises(AccessDenied, match="expired"):
        store.authenticate(founding.text)
    again = store.add_actor("wang", "administrator", by=None)
    assert store.authenticate(again.text).name == "wang"


def test_only_an_administrator_manages_actors(store: Store, people: People) -> None:
    reviewer = people["reviewer"]
    selector = store.read_tokens()[0]["selector"]
    for deed in (
        lambda: store.add_actor("x", "viewer", by=reviewer),
        lambda: store.issue_token("second", by=reviewer),
        lambda: store.disable_actor("second", by=reviewer),
        lambda: store.revoke_token(selector, by=reviewer),
        lambda: store.revoke_token("0" * 16, by=reviewer),
    ):
        with pytest.raises(AccessDenied, match="a reviewer may not manage; administrator may"):
            deed()
    assert len(store.read_actors()) == len(people)


def test_what_is_no_valid_token_is_told_in_one_text(store: Store, founding: IssuedToken) -> None:
    selector, secret = founding.selector, founding.text[-43:]
    changed = ("A" if secret[0] != "A" else "B") + secret[1:]
    wrong = [
        "", "ecomon", f"ecomon_{selector}_", f"ecomon_{'0' * 16}_{secret}",
        f"ecomon_{selector}_{changed}", f"ecomon_{selector}_{secret}x", founding.text.upper(),
        f"ecomon_{selector}' OR 1=1 --_{secret}",
    ]  # fmt: skip
    said = set()
    for said_to_be in wrong:
        with pytest.raises(AccessDenied) as refused:
            store.authenticate(said_to_be)
        said.add(str(refused.value))
        assert secret not in str(refused.value)
    assert said == {"令牌无效 the token is not valid"}


def test_an_unknown_selector_costs_what_a_known_one_does(founding: IssuedToken) -> None:
    assert extract_parameters(_OF_NOBODY) == extract_parameters(_HASHER.hash("x"))
    assert not _HASHER.check_needs_rehash(_OF_NOBODY)


def test_expired_revoked_and_disabled_are_told_to_the_holder_alone(
    store: Store, people: People, clock: Any
) -> None:
    admin = people["administrator"]
    short = store.issue_token("reviewer", by=admin, days=1)
    revoked = store.issue_token("reviewer", by=admin)
    store.revoke_token(revoked.selector, by=admin)
    of_disabled = store.issue_token("second", by=admin)
    store.disable_actor("second", by=admin)
    clock.now_s += DAY_S
    for token, said in ((short, "expired at"), (revoked, "revoked"), (of_disabled, "disabled")):
        with pytest.raises(AccessDenied, match=said):
            store.authenticate(token.text)
        with pytest.raises(AccessDenied, match="the token is not valid"):
            store.authenticate(f"ecomon_{token.selector}_{'x' * 43}")
    assert store.authenticate(store.issue_token("reviewer", by=admin).text) is not None


def test_a_deed_is_refused_once_its_token_is_spent(
    store: Store, people: People, clock: Any
) -> None:
    """An actor authenticated before is looked up again in the transaction of the deed."""
    admin = people["administrator"]
    other = store.authenticate(store.add_actor("other", "administrator", by=admin).text)
    store.disable_actor("other", by=admin)
    with pytest.raises(AccessDenied, match="disabled"):
        store.disable_actor("reviewer", by=other)
    forged = Actor(people["reviewer"].actor_id, "reviewer", "administrator", admin.token_id)
    made_up = Actor(99, "nobody", "administrator", 99)
    raised = Actor(
        people["reviewer"].actor_id, "reviewer", "administrator", people["reviewer"].token_id
    )
    for who in (forged, made_up, raised):
        with pytest.raises(AccessDenied, match="not valid"):
            store.disable_actor("second", by=who)
    clock.now_s += 366 * DAY_S
    with pytest.raises(AccessDenied, match="expired"):
        store.disable_actor("second", by=admin)


def test_an_administrator_does_not_lock_himself_out(store: Store, admin: Actor) -> None:
    (token,) = store.read_tokens()
    with pytest.raises(AccessDenied, match="nobody disables himself"):
        store.disable_actor(admin.name, by=admin)
    with pytest.raises(AccessDenied, match="the token he acts with"):
        store.revoke_token(token["selector"], by=admin)


def test_anybody_revokes_his_own_token(store: Store, people: People) -> None:
    mine = next(one for one in store.read_tokens() if one["actor"] == "reviewer")
    store.revoke_token(mine["selector"], by=people["reviewer"])
    with pytest.raises(AccessDenied, match="revoked"):
        store.revoke_token(mine["selector"], by=people["reviewer"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "reviewer"}, "is taken"),
        ({"name": ""}, "not a name"),
        ({"name": "a\nb"}, "not a name"),
        ({"name": "-"}, "not a name"),
        ({"name": "x" * 65}, "not a name"),
        ({"role": "boss"}, "a role is one of"),
        ({"days": 0}, "days are 1 to 3660"),
        ({"days": 4000}, "days are 1 to 3660"),
    ],
)
def test_an_actor_is_complete_or_refused(
    store: Store, people: People, options: dict[str, Any], said: str
) -> None:
    given = {"name": "wang", "role": "viewer", **options}
    with pytest.raises(StoreError, match=said):
        store.add_actor(given.pop("name"), given.pop("role"), by=people["administrator"], **given)
    assert len(store.read_actors()) == len(people)


def test_what_is_not_there_is_said(store: Store, people: People) -> None:
    admin = people["administrator"]
    with pytest.raises(StoreError, match="no actor 'none'"):
        store.issue_token("none", by=admin)
    with pytest.raises(StoreError, match="no actor 'none'"):
        store.disable_actor("none", by=admin)
    with pytest.raises(StoreError, match="no token 0000"):
        store.revoke_token("0000", by=admin)
    store.disable_actor("second", by=admin)
    with pytest.raises(StoreError, match="is disabled already"):
        store.disable_actor("second", by=admin)
    with pytest.raises(StoreError, match="is disabled"):
        store.issue_token("second", by=admin)


def test_accounts_are_listed_without_secrets(store: Store, people: People) -> None:
    assert [(one["name"], one["disabled_at"]) for one in store.read_actors()] == [
        ("admin", None), ("reviewer", None), ("second", None), ("approver", None),
    ]  # fmt: skip
    tokens = store.read_tokens()
    assert [one["actor"] for one in tokens] == ["admin", "reviewer", "second", "approver"]
    assert {tuple(one) for one in tokens} == {
        ("selector", "actor", "role", "created_at", "expires_at", "revoked_at")
    }
    assert tokens[0]["expires_at"] == "2024-11-14T06:13:20+08:00"  # 365 days after the clock's time


def test_who_keeps_accounts_judges_no_data() -> None:
    judging = {"decide", "review", "approve", "withdraw"}
    assert roles_that_may("manage") == ["administrator"]
    assert not PERMISSIONS["administrator"] & judging
    assert all(not granted & judging or "manage" not in granted for granted in PERMISSIONS.values())
    assert not may("boss", "read")
