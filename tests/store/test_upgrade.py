"""A store of the first release, with everything in it, upgraded: nothing is lost, nothing differs."""

from __future__ import annotations

import hashlib
import json
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, text

from ecomon.errors import StoreError
from ecomon.model.canonical import canonical_octets
from ecomon.model.period import Period, to_epoch_s
from ecomon.store import Store
from ecomon.store.backup import backup_store
from ecomon.store.dialect import connect, to_url
from ecomon.store.migrate import upgrade_schema
from ecomon.store.restore import restore_store

OCTETS = ["站点,总磷\n".encode() * 400, b"second"]
SHA256 = [hashlib.sha256(one).hexdigest() for one in OCTETS]
RULES = b"{}\n"
RULESET = hashlib.sha256(RULES).hexdigest()
DOCUMENT = {
    "agreement": "A@1", "period": "2021-01", "run_type": "终算", "mode": "one_sided",
    "postings": [{"line": "1", "party": "甲", "amount_cny": "0.00"}],
}  # fmt: skip
# On both sides of the end of a Beijing month, which is 16:00 UTC.
STARTS = [
    to_epoch_s(one)
    for one in (
        datetime(2020, 12, 31, 23, 59, 59), datetime(2021, 1, 1), datetime(2021, 1, 31, 20),
        datetime(2021, 2, 1), datetime(2024, 2, 29, 8),
    )
]  # fmt: skip


def put(conn: Connection, table: str, *rows: dict[str, Any]) -> None:
    for row in rows:
        columns = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f":{name}" for name in row)
        conn.execute(text(f'INSERT INTO "{table}" ({columns}) VALUES ({values})'), row)


def fill_first_schema(conn: Connection) -> None:
    """Two batches, a revision, a withdrawal, flags and their history, a decision, a statement."""
    put(conn, "meta", {"key": "kind", "value": "golden"}, {"key": "created_at", "value": "x"})
    put(conn, "counter", {"name": "revision", "value": 8})
    put(conn, "knowledge", *({"seq": seq, "at_s": seq, "what": "ingest"} for seq in range(1, 7)))
    put(conn, "site", {"site_id": 1, "site": "安家沟"})
    put(conn, "determinand", {"determinand_id": 1, "determinand": "TP", "unit": "mg/L"})
    put(conn, "source", {"source_id": 1, "source": "feed"})
    put(
        conn, "series",
        {"series_id": 1, "site_id": 1, "determinand_id": 1, "statistic": "value", "duration_s": 0,
         "programme": "automatic", "source_id": 1, "replicate": 0},
    )  # fmt: skip
    for number, octets in enumerate(OCTETS):
        put(
            conn, "blob",
            {"sha256": SHA256[number], "size": len(octets), "octets": zlib.compress(octets),
             "first_seq": number + 1},
        )  # fmt: skip
        counts = ("n_rows", "n_new", "n_revised", "n_unchanged", "n_withdrawn", "n_rejected")
        put(
            conn, "batch",
            {"batch_id": number + 1, "seq": number + 1, "sha256": SHA256[number],
             "file_name": "文件.csv", "source": "feed", "decoder": "d", "decoder_version": "1",
             "options": "{}", "received_at_s": 5, **dict.fromkeys(counts, 1), "quirks": "{}",
             "first_s": STARTS[0], "last_s": STARTS[-1], "sites": "[]",
             "supersedes": number or None},
        )  # fmt: skip
    put(
        conn,
        "dead_letter",
        {"batch_id": 1, "row": 3, "column_name": None, "reason": "r", "raw": "--", "state": "open"},
    )
    reading = {"series_id": 1, "censor": 0, "source_flag": None, "reported_at_s": None,
               "batch_id": 1, "row": 1, "seq": 1}  # fmt: skip
    for number, start_s in enumerate(STARTS):
        value = None if number == 3 else 0.1 * (number + 1)
        row = {**reading, "start_s": start_s, "revision": number + 1, "value": value}
        if number == 1:
            put(conn, "observation_history", {**row, "superseded_seq": 2, "reason": "revised"})
            row |= {"revision": 6, "seq": 2, "batch_id": 2, "value": 0.9, "censor": 1}
        put(conn, "observation", row)
    gone = {**reading, "start_s": STARTS[0] + 60, "revision": 7, "value": 7.0}
    put(conn, "observation_history", {**gone, "superseded_seq": 2, "reason": "withdrawn"})
    flag = {"revision": 1, "tests": "range:4", "ruleset": RULESET}
    put(conn, "flag_history", {**flag, "flag": 4, "seq": 3, "superseded_seq": 5})
    put(conn, "flag", {**flag, "flag": 3, "seq": 5}, {**flag, "revision": 6, "flag": 1, "seq": 3})
    put(
        conn, "decision",
        {"revision": 3, "verdict": "correct", "value": 0.33, "actor": "li", "role": None,
         "reason": "r", "evidence": None, "seq": 4},
    )  # fmt: skip
    put(conn, "ruleset", {"hash": RULESET, "octets": zlib.compress(RULES), "seq": 1})
    put(
        conn, "run",
        {"flow": "f", "arguments": "{}", "code_version": "1", "ruleset": RULESET, "input_seq": 1,
         "started_at_s": 1, "ended_at_s": 2, "counts": "{}", "outcome": "succeeded",
         "is_success": True},
    )  # fmt: skip
    put(
        conn, "statement",
        {**{name: DOCUMENT[name] for name in ("agreement", "period", "run_type", "mode")},
         "document": json.dumps(DOCUMENT, ensure_ascii=False), "content_sha256": "c",
         "sha256": hashlib.sha256(canonical_octets(DOCUMENT)).hexdigest(), "run_id": 1, "seq": 6},
    )  # fmt: skip
    put(conn, "posting",
        {"statement_id": 1, "number": 1, "line": "1", "party": "甲", "amount_cny": "0.00"})  # fmt: skip


def make_first_schema(url: str) -> None:
    path = Path(to_url(url).database or "")
    if url.startswith("sqlite"):
        path.parent.mkdir(parents=True)
    _, writer = connect(to_url(url))
    with writer.begin() as conn:
        upgrade_schema(conn, "0001")
        fill_first_schema(conn)
        if conn.dialect.name == "postgresql":  # the keys above were given, not handed out
            for table in ("site", "determinand", "source", "series", "batch"):
                last = f"pg_get_serial_sequence('{table}', '{table}_id')"
                conn.execute(text(f"SELECT setval({last}, max({table}_id)) FROM {table}"))
    writer.dispose()


def require_everything(store: Store) -> None:
    values = {seq: known_values(store, seq) for seq in (None, 1, 2, 3, 4, 5)}
    first = [0.1, 0.2, 7.0, 0.30000000000000004, np.nan, 0.5]
    mended = [0.1, 0.9, 0.30000000000000004, np.nan, 0.5]
    decided = [0.1, 0.9, 0.33, np.nan, 0.5]
    for seq, known in {1: first, 2: mended, 3: mended, 4: decided, 5: decided, None: decided}.items():  # fmt: skip
        np.testing.assert_array_equal(values[seq], known)
    flags = {seq: known_flags(store, seq) for seq in (2, 3, 4, 5)}
    assert flags == {
        2: [2, 2, 2, 2, 2], 3: [4, 1, 2, 2, 2], 4: [4, 1, 1, 2, 2], 5: [3, 1, 1, 2, 2],
    }  # fmt: skip
    table = store.read_observations(Period.parse("2020/2024"))
    assert table["censor"].tolist() == ["none", "left", "none", "none", "none"]
    for octets, sha256 in zip(OCTETS, SHA256, strict=True):
        assert store.read_blob(sha256) == octets
    assert store.read_dead_letters()[0]["raw"] == "--"
    assert store.read_ruleset(RULESET) == RULES
    assert store.read_statements()[0].document == DOCUMENT
    assert store.read_runs()[0]["is_success"]
    assert [one for one in store.check(is_deep=True) if one.is_fault] == []


def known_values(store: Store, seq: int | None) -> np.ndarray[Any, Any]:
    return store.read_observations(Period.parse("2020/2024"), as_known_at=seq)["value"].to_numpy()


def known_flags(store: Store, seq: int) -> list[int]:
    return store.read_observations(Period.parse("2020/2024"), as_known_at=seq)["flag"].tolist()


def test_everything_is_there_after_the_upgrade(store_url: str, ingest_rows: Any) -> None:
    make_first_schema(store_url)
    with pytest.raises(StoreError, match="ecomon store upgrade"):
        Store.open(store_url)
    steps = Store.upgrade(store_url)
    assert [step[:5] for step in steps][:2] == ["0002:", "0003:"]
    assert Store.upgrade(store_url) == []
    with Store.open(store_url) as store:
        assert store.kind == "golden"
        require_everything(store)
        # and it goes on from there
        report = ingest_rows(store, [("b", "TP", "2021-02-15", 1.0)])
        assert (report.batch_id, report.seq) == (3, 7)
        assert store.close_day()["last_batch"] == 3
        assert [one for one in store.check() if one.is_fault] == []


def test_estimates_of_loads_come_beside_the_loads(store_url: str) -> None:
    make_first_schema(store_url)
    _, writer = connect(to_url(store_url))
    with writer.begin() as conn:
        upgrade_schema(conn, "0002")
        load = {
            "section": "yaodu", "determinand": "TP", "period": "2021-01", "start_s": STARTS[1],
            "method": "B", "load_t": 1.25, "n_days": 30, "censored_rule": "zero",
            "status": "measured", "reason": "", "run_id": 1, "seq": 6,
        }  # fmt: skip
        put(conn, "result_load", load)
    writer.dispose()
    assert next(iter(Store.upgrade(store_url))).startswith("0003:")
    with Store.open(store_url) as store:
        require_everything(store)
        january = Period.parse("2021-01")
        assert store.read_loads(january)["load_t"].tolist() == [1.25]
        assert store.read_load_estimates(january).empty
        assert store.status()["result_load_estimate"] == 0


def test_each_month_has_its_partition(store_url: str) -> None:
    make_first_schema(store_url)
    Store.upgrade(store_url)
    if store_url.startswith("sqlite"):
        return
    reader, _ = connect(to_url(store_url))
    with reader.begin() as conn:
        counts = {
            month: conn.execute(text(f"SELECT count(*) FROM observation_{month}")).scalar_one()
            for month in ("202012", "202101", "202102", "202402")
        }
    reader.dispose()
    assert counts == {"202012": 1, "202101": 2, "202102": 1, "202402": 1}


def test_an_upgrade_that_fails_changes_nothing(store_url: str) -> None:
    make_first_schema(store_url)
    _, writer = connect(to_url(store_url))
    with writer.begin() as conn:
        conn.execute(text("CREATE TABLE act (number INTEGER)"))  # in the way of the upgrade
    with pytest.raises(StoreError):
        Store.upgrade(store_url)
    with writer.begin() as conn:
        conn.execute(text("DROP TABLE act"))
    writer.dispose()
    Store.upgrade(store_url)
    with Store.open(store_url) as store:
        require_everything(store)


def test_an_older_store_is_backed_up_first_and_restored_as_new(
    store_url: str, tmp_path: Path
) -> None:
    make_first_schema(store_url)
    backup_store(store_url, tmp_path / "b.zip")
    restore_store(tmp_path / "b.zip", tmp_path / "restored.sqlite")
    with Store.open(tmp_path / "restored.sqlite") as store:
        require_everything(store)
    assert Store.upgrade(store_url)
