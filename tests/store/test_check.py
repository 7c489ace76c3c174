"""``check`` finds what was done to a store behind its back, and nothing in a sound one."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from postgresql_server import PostgresqlServer
from sqlalchemy import create_engine, text

from ecomon.model.period import Period
from ecomon.store import IngestReport, Store

RULES = b'{"rules":1}\n'
RULESET = hashlib.sha256(RULES).hexdigest()
Sound = tuple[Store, str]


def fill(store: Store, ingest_rows: Callable[..., IngestReport]) -> None:
    """One of each: four revisions of two keys, judgements, a statement, a root."""
    store.save_ruleset(RULESET, RULES)
    run = store.start_run("f", arguments={}, code_version="1", ruleset=RULESET, input_seq=0)
    for number, value in enumerate((0.1, 0.2, 0.3)):
        rows = [("a", "TP", "2021-04-03T08:00", value), ("a", "TP", "2021-05-03T08:00", 0.5)]
        ingest_rows(store, rows, f"file {number}".encode() * 10)
    revisions = store.read_observations(Period.year(2021))["revision"].to_numpy()
    for flag in (3, 1):
        flags = {"revision": revisions, "flag": np.full(len(revisions), flag), "tests": "x"}
        store.write_flags(pd.DataFrame(flags).astype({"tests": "str"}), ruleset=RULESET)
    postings = [
        {"party": "甲", "amount_cny": "1200.50", "line": "1"},
        {"party": "乙", "amount_cny": "-1200.50", "line": "1"},
    ]
    store.write_statement(
        run, {"agreement": "A@1", "period": "2021", "run_type": "终算", "mode": "one_sided",
              "postings": postings},
    )  # fmt: skip
    store.finish_run(run, "succeeded", {})
    store.close_day()


@pytest.fixture(scope="module")
def sqlite_template(
    ingest_rows: Callable[..., IngestReport], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("template") / "ecomon.sqlite"
    with Store.create(path, kind="golden", clock=lambda: 1_700_000_000.0) as store:
        fill(store, ingest_rows)
    return path


@pytest.fixture(scope="module")
def postgresql_template(
    ingest_rows: Callable[..., IngestReport], postgresql: PostgresqlServer
) -> str:
    url = postgresql.create_database("template_of_check")
    with Store.create(url, kind="golden", clock=lambda: 1_700_000_000.0) as store:
        fill(store, ingest_rows)
    return "template_of_check"


@pytest.fixture(params=["sqlite", "postgresql"])
def sound(request: pytest.FixtureRequest, tmp_path: Path, clock: Any) -> Iterator[Sound]:
    """A copy of a store with one of each."""
    if request.param == "sqlite":
        path = tmp_path / "ecomon.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url, server = f"sqlite:///{path}", None
    else:
        server = request.getfixturevalue("postgresql")
        template = request.getfixturevalue("postgresql_template")
        url = server.create_database("copy_of_check", template=template)
    with Store.open(url, clock=clock) as store:
        yield store, url
    if server is not None:
        server.drop_database("copy_of_check")


def damage(url: str, *statements: str) -> None:
    """Change a database with its foreign keys and triggers switched off."""
    engine = create_engine(url)
    with engine.begin() as conn:
        if engine.dialect.name == "postgresql":
            conn.execute(text("SET session_replication_role = replica"))
        else:
            for name in conn.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).scalars().all():  # fmt: skip
                if any("act" in one for one in statements):
                    conn.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            conn.execute(text(statement))
    engine.dispose()


def test_a_sound_store_has_no_discrepancies(sound: Sound) -> None:
    store, _ = sound
    assert store.check() == []
    assert store.check(is_deep=True) == []


OVERLAP = "UPDATE observation_history SET superseded_seq = superseded_seq + 1 WHERE revision = 1"


@pytest.mark.parametrize(
    ("check", "sql", "said"),
    [
        ("schema", "DROP VIEW flag_known", "view flag_known is missing"),
        ("schema", "CREATE INDEX mine ON flag (seq)", "remove_index"),
        ("schema", "ALTER TABLE flag ADD COLUMN mine TEXT", "remove_column"),
        ("knowledge", "DELETE FROM knowledge WHERE seq = 3", "sequence 3 is missing"),
        ("revisions", "UPDATE observation SET revision = 2", "stands twice: revision 2"),
        ("revisions", "UPDATE observation SET revision = 1 WHERE start_s < 1618000000",
         "current and former: revision 1"),
        ("revisions", "UPDATE counter SET value = 2", "never handed out"),
        ("sequences", "UPDATE observation SET seq = 99 WHERE start_s < 1618000000", "seq 99"),
        ("sequences", "UPDATE batch SET seq = 99 WHERE batch_id = 1", "batch_id 1, seq 99"),
        ("sequences", "UPDATE observation_history SET superseded_seq = seq WHERE revision = 1",
         "superseded out of order"),
        ("intervals", OVERLAP, "two revisions were known at once"),
        ("intervals", "UPDATE observation SET seq = 2 WHERE start_s < 1618000000",
         "two revisions are known at once"),
        ("intervals", "UPDATE flag SET seq = 1", "two flags are known at once"),
        ("references", "UPDATE observation SET series_id = 77", "series has this series_id"),
        ("references", "UPDATE observation_history SET batch_id = 77", "batch has this batch_id"),
        ("references", "DELETE FROM batch WHERE batch_id = 2", "nothing in batch has this sha256"),
        ("references", "DELETE FROM ruleset", "nothing in ruleset has this hash"),
        ("references", "DELETE FROM statement", "nothing in statement has this statement_id"),
        ("judgements", "UPDATE flag SET revision = 1000 WHERE revision = 2", "flag: is of no"),
        ("blobs", "DELETE FROM blob_piece", "octets are missing"),
        ("blobs", "UPDATE blob_piece SET number = 1", "a piece of its octets is missing"),
        ("blobs", "UPDATE blob SET pruned_at_s = 1", "was let go, and octets"),
        ("roots", "UPDATE batch SET n_rows = 5", "root 1 of"),
        ("statements", "UPDATE statement SET sha256 = 'x'", "not that of its SHA-256"),
        ("statements", "UPDATE posting SET amount_cny = '7' WHERE number = 1", "sum to -1193.50"),
        ("statements", "UPDATE posting SET amount_cny = 'x' WHERE number = 1", "no number"),
        ("statements", "UPDATE posting SET party = 'x' WHERE number = 1", "not those of its doc"),
        ("rulesets", "UPDATE ruleset SET octets = '123'", "not those of its hash"),
    ],
)  # fmt: skip
def test_damage_is_found(sound: Sound, check: str, sql: str, said: str) -> None:
    store, url = sound
    damage(url, sql)
    found = [one for one in store.check() if one.check == check]
    assert found
    assert any(said in str(one) for one in found), [str(one) for one in found]
    assert all(one.is_fault for one in found)


def test_octets_are_read_against_their_hash_when_deep(sound: Sound) -> None:
    store, url = sound
    damage(
        url,
        "UPDATE blob_piece SET octets = (SELECT octets FROM blob_piece ORDER BY sha256 DESC LIMIT 1)"
        " WHERE sha256 = (SELECT min(sha256) FROM blob_piece)",
    )
    assert store.check() == []
    found = store.check(is_deep=True)
    assert {one.check for one in found} == {"octets"}


def test_octets_that_cannot_be_inflated_are_found(sound: Sound) -> None:
    store, url = sound
    damage(url, "UPDATE blob_piece SET octets = '123'")
    assert [one.check for one in store.check(is_deep=True)] == ["octets"] * 3


def test_the_triggers_of_acts_are_looked_for(sound: Sound) -> None:
    store, url = sound
    is_server = url.startswith("postgresql")
    trigger = "act_append_only ON act" if is_server else "act_no_delete"
    engine = create_engine(url)
    with engine.begin() as conn:
        conn.execute(text(f"DROP TRIGGER {trigger}"))
    engine.dispose()
    (found,) = store.check()
    assert "trigger" in found.text


def test_an_open_run_is_only_reported(sound: Sound) -> None:
    store, _ = sound
    store.start_run("load", arguments={}, code_version="1", ruleset=None, input_seq=0)
    (found,) = store.check()
    assert (found.check, found.is_fault) == ("runs", False)
    assert "load began 2023-11-15" in found.text


def test_a_clock_that_went_back_is_only_reported(
    sound: Sound, clock: Any, ingest_rows: Callable[..., IngestReport]
) -> None:
    store, _ = sound
    clock.now_s -= 3600
    ingest_rows(store, [("b", "TP", "2021-04-03T08:00", 1.0)])
    (found,) = store.check()
    assert (found.check, found.is_fault) == ("clock", False)
    assert "back by 3600 s" in found.text


def test_many_faults_of_one_kind_are_told_shortly(
    store: Store, store_url: str, ingest: Callable[..., IngestReport]
) -> None:
    ingest([("a", "TP", f"2021-04-{day:02d}", 1.0) for day in range(1, 20)])
    damage(store_url, "UPDATE observation SET seq = 50")
    found = [str(one) for one in store.check()]
    assert len(found) == 6
    assert found[-1].endswith("and more")


def test_months_out_of_their_bounds_are_found(
    postgresql: PostgresqlServer, postgresql_template: str
) -> None:
    url = postgresql.create_database("bounds_of_check", template=postgresql_template)
    damage(
        url,
        "ALTER TABLE observation DETACH PARTITION observation_202104",
        "ALTER TABLE observation ATTACH PARTITION observation_202104"
        " FOR VALUES FROM (1617120000) TO (1619798400)",
        "CREATE TABLE observation_rest PARTITION OF observation DEFAULT",
    )
    with Store.open(url) as store:
        found = [one for one in store.check() if one.check == "partitions"]
    assert [one.place for one in found] == ["observation_202104", "observation_rest"]


def test_a_damaged_page_is_found(tmp_path: Path, ingest_rows: Callable[..., object]) -> None:
    path = tmp_path / "s.sqlite"
    with Store.create(path, kind="golden") as store:
        ingest_rows(
            store, [("a", f"D{n:03d}", f"2021-04-{n % 28 + 1:02d}", 1.0) for n in range(500)]
        )
    octets = bytearray(path.read_bytes())
    with create_engine(f"sqlite:///{path}").connect() as conn:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_observation_revision'"
        page = conn.execute(text(query)).scalar_one()
    octets[(page - 1) * 4096 + 100 : page * 4096] = bytes(3996)
    path.write_bytes(octets)
    with Store.open(path) as store:
        assert "engine" in {one.check for one in store.check(is_deep=True)}
