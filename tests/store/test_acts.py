"""The chain of acts: append-only, and what is done around that is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from ecomon.errors import AccessDenied
from ecomon.model.period import Period
from ecomon.model.role import Actor
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
People = dict[str, Actor]
DAY = Period.day(2021, 4, 3)


@pytest.fixture
def acted(store: Store, ingest: Ingest, people: People) -> Store:
    """A store with eight acts of accounts, two decisions and an approval."""
    ingest([("yaodu", "TP", "2021-04-03T08:00", 0.1), ("yaodu", "TP", "2021-04-03T12:00", 0.2)])
    for revision in store.read_observations(DAY)["revision"]:
        store.record_decision(int(revision), "accept", actor=people["reviewer"], reason="r")
    store.record_approval("yaodu", DAY, "reviewed", actor=people["second"], reason="月审")
    return store


@pytest.fixture
def sql(acted: Store, store_url: str) -> Iterator[Callable[[str], Any]]:
    """Runs SQL around the store, each in its own transaction."""
    engine = create_engine(store_url)

    def run(statement: str) -> None:
        with engine.begin() as conn:
            conn.execute(text(statement))

    yield run
    engine.dispose()


def drop_triggers(conn: Callable[[str], Any], url: str) -> None:
    if url.startswith("sqlite"):
        conn("DROP TRIGGER act_no_update")
        conn("DROP TRIGGER act_no_delete")
    else:
        conn("DROP TRIGGER act_append_only ON act")


def test_each_deed_has_its_act(acted: Store) -> None:
    acts = acted.read_acts()
    assert [one["number"] for one in acts] == list(range(1, 12))
    assert [one["what"] for one in acts] == [
        *["actor_added", "token_issued"] * 4, "decision", "decision", "approval",
    ]  # fmt: skip
    assert (acts[0]["actor"], acts[2]["actor"], acts[8]["actor"]) == ("-", "admin", "reviewer")
    assert [one["seq"] for one in acts] == [None] * 8 + [2, 3, 4]
    assert acts[0]["at"] == "2023-11-15T06:13:20+08:00"
    assert acted.check_acts() == []
    assert acted.read_acts(limit=2) == acts[-2:]


def test_a_deed_that_is_refused_leaves_no_act(acted: Store, people: People) -> None:
    n = len(acted.read_acts())
    with pytest.raises(AccessDenied):
        acted.record_approval("yaodu", DAY, "approved", actor=people["reviewer"], reason="r")
    assert len(acted.read_acts()) == n


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE act SET actor = 'wang' WHERE number = 9",
        "DELETE FROM act WHERE number = 11",
        "DELETE FROM act",
    ],
)
def test_the_database_refuses_a_change(
    acted: Store, sql: Callable[[str], Any], statement: str
) -> None:
    with pytest.raises(DBAPIError, match="act is append-only"):
        sql(statement)
    assert len(acted.read_acts()) == 11


def test_postgresql_refuses_to_empty_it(
    acted: Store, sql: Callable[[str], Any], store_url: str
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("SQLite has no TRUNCATE; its DELETE is refused")
    with pytest.raises(DBAPIError, match="act is append-only"):
        sql("TRUNCATE act")


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE act SET actor = 'wang' WHERE number = 9"], ["act 9 was changed"]),
        (["UPDATE act SET detail = '{}' WHERE number = 1"], ["act 1 was changed"]),
        (["UPDATE act SET seq = 9 WHERE number = 10"], ["act 10 was changed", "decision 2 has no act"]),
        (["DELETE FROM act WHERE number = 5"], ["act 5 is missing"]),
        (["DELETE FROM act WHERE number = 11"], ["approval 1 has no act"]),
        (["DELETE FROM act"], ["4 actors and no act"]),
        (
            ["DELETE FROM act WHERE number = 9", "UPDATE act SET number = number - 1 WHERE number > 9"],
            ["act 9 does not follow", "act 9 was changed", "act 10 was changed"],
        ),
    ],
)  # fmt: skip
def test_what_was_done_around_the_triggers_is_found(
    acted: Store, sql: Callable[[str], Any], store_url: str, statements: list[str], found: list[str]
) -> None:
    drop_triggers(sql, store_url)
    for statement in statements:
        sql(statement)
    problems = acted.check_acts()
    assert len(problems) == len(found), problems
    for problem, said in zip(problems, found, strict=True):
        assert said in problem


def test_a_long_chain_is_checked_in_parts(
    acted: Store, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecomon.store.acts._AT_ONCE", 4)
    assert acted.check_acts() == []


def test_acts_of_two_writers_are_one_chain(acted: Store, store_url: str, people: People) -> None:
    def revise(number: int) -> None:
        with Store.open(store_url) as own:
            own.issue_token("second", by=people["administrator"])

    # The clock of a store opened anew is today's: the founder's token is from 2023.
    founder = acted.add_actor("root", "administrator", by=people["administrator"], days=3660)
    people = {"administrator": acted.authenticate(founder.text)}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(revise, range(8)))
    assert len(acted.read_acts()) == 13 + 8
    assert acted.check_acts() == []
