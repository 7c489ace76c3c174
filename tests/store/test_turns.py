"""Turns: one holder at a time on both engines, freed by a death, never held by two after a break."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from postgresql_server import PostgresqlServer
from sqlalchemy import create_engine, text

from ecomon.errors import StoreUnavailable
from ecomon.store import Store
from ecomon.store.dialect import connect, to_url
from ecomon.store.turns import hold_turns, lock_key

HOLDER = """
import sys
from ecomon.store import Store
with Store.open(sys.argv[1]) as store, store.turn(sys.argv[2:]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def others(store: Store, store_url: str) -> Iterator[Callable[[], Store]]:
    """Opens the test's store again, as another process would."""
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(Store.open(store_url))
        return opened[-1]

    yield open_again
    for one in opened:
        one.close()


def is_free(store: Store, *names: str) -> bool:
    try:
        with store.turn(names, timeout_s=0.0):
            return True
    except StoreUnavailable:
        return False


def test_a_turn_has_one_holder_at_a_time(store: Store, others: Callable[[], Store]) -> None:
    other = others()
    with store.turn(["month/2021-04", "month/2021-05"]):
        assert not is_free(other, "month/2021-05")
        assert not is_free(other, "month/2021-06", "month/2021-04")
        assert is_free(other, "month/2021-06")
        assert is_free(other, "feed/cnemc-water")
    assert is_free(other, "month/2021-04", "month/2021-05")


def test_a_turn_is_freed_by_an_error_too(store: Store, others: Callable[[], Store]) -> None:
    with pytest.raises(ZeroDivisionError), store.turn(["alert"]):
        _ = 1 / 0
    assert is_free(others(), "alert")


def test_a_turn_that_does_not_come_names_what_is_waited_for(
    store: Store, others: Callable[[], Store]
) -> None:
    with (
        store.turn(["feed/st-river-r"]),
        pytest.raises(StoreUnavailable, match="feed/st-river-r is still worked on"),
        others().turn(["feed/st-river-r"], timeout_s=0.1),
    ):
        pass


def test_a_wait_is_said_once(
    store: Store, store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    entered = threading.Event()

    def wait_for_it() -> None:
        engine, _ = connect(to_url(store_url))
        names = ["month/2021-04"]
        with hold_turns(engine, names, prefix=store.identity, say_after_s=0.05):
            entered.set()
        engine.dispose()

    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(1) as pool:
        with store.turn(["month/2021-04"]):
            waiting = pool.submit(wait_for_it)
            assert not entered.wait(0.5)
        waiting.result(timeout=20)
    said = [one.getMessage() for one in caplog.records]
    assert said == ["等待 waiting for month/2021-04: another run works on it"]


def test_the_order_of_names_does_not_matter(store: Store, others: Callable[[], Store]) -> None:
    """Taken as given, these two would soon wait for each other for ever."""
    inside: list[str] = []

    def take(one: Store, names: list[str]) -> None:
        for _ in range(10):
            with one.turn(names, timeout_s=30):
                inside.append(names[0])
                assert len(inside) == 1
                inside.remove(names[0])

    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(take, others(), names) for names in (["a", "b", "c"], ["c", "b", "a"])]
        for task in tasks:
            task.result(timeout=60)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_a_holder_that_is_killed_frees_its_turn(store: Store, store_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, store_url, "month/2021-04"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"
    assert not is_free(store, "month/2021-04")
    holder.kill()
    holder.communicate()
    with store.turn(["month/2021-04"], timeout_s=20):
        pass


def test_keys_are_of_the_store_and_the_name(store: Store) -> None:
    keys = {lock_key(prefix, name) for prefix in ("1a", "1b") for name in ("alert", "feed/x")}
    assert len(keys) == 4
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert len(store.identity) == 32


# A server alone can lose a turn: what follows ends the session that holds it.


@pytest.fixture
def on_server(postgresql: PostgresqlServer) -> Iterator[tuple[Store, Store, Callable[[], int]]]:
    """Two openings of one store, and what ends all sessions that hold a turn."""
    url = postgresql.create_database("turns")
    admin = create_engine(postgresql.url(), isolation_level="AUTOCOMMIT")

    def end_holders() -> int:
        query = text(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_locks"
            " WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = 'turns')"
        )
        with admin.connect() as conn:
            return conn.execute(query).scalar_one()

    Store.create(url, kind="golden").close()
    with Store.open(url, patience_s=5.0) as one, Store.open(url) as other:
        yield one, other, end_holders
    admin.dispose()
    postgresql.drop_database("turns")


@contextmanager
def raises_lost(name: str) -> Iterator[None]:
    with pytest.raises(StoreUnavailable, match=f"{name} is another run's now"):
        yield


def test_after_a_break_nobody_used_the_turn_is_held_on(
    on_server: tuple[Store, Store, Callable[[], int]],
) -> None:
    one, other, end_holders = on_server
    with one.turn(["alert", "month/2021-04"]):
        assert end_holders() == 2  # one session, two locks
        assert one.save_ruleset("1a", b"facts") is None
        assert not is_free(other, "alert")
        assert not is_free(other, "month/2021-04")
        assert end_holders() == 2
    assert is_free(other, "alert", "month/2021-04")


def test_after_a_break_another_used_nothing_more_is_written(
    on_server: tuple[Store, Store, Callable[[], int]],
) -> None:
    one, other, end_holders = on_server
    before = one.now_seq()
    with raises_lost("month/2021-04"), one.turn(["month/2021-04"]):
        end_holders()
        assert is_free(other, "month/2021-04")
        with raises_lost("month/2021-04"):
            one.save_ruleset("1a", b"facts")
        assert one.now_seq() == before
    other.save_ruleset("1a", b"facts")
    assert one.now_seq() == before + 1


def test_a_turn_lost_unnoticed_is_noticed_at_the_end(
    on_server: tuple[Store, Store, Callable[[], int]],
) -> None:
    one, other, end_holders = on_server
    with raises_lost("feed/tabulated"), one.turn(["feed/tabulated"]):
        end_holders()
        with other.turn(["feed/tabulated"]):
            pass
