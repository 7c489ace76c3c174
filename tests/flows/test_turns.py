"""Which runs wait for which, and what that keeps right: flags, what is known, the success mark."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from postgresql_server import PostgresqlServer
from sqlalchemy import create_engine, text

from ecomon.errors import StoreUnavailable
from ecomon.example import emergency_csv, simulate_basin, st_river_r_csv
from ecomon.journey.read_readings import FEEDS, feed_named
from ecomon.model.period import Period
from ecomon.settings import read_settings
from ecomon.store import Store
from flows.deliveries import ingest_file
from flows.ingest import flag_changes, flagged_to
from flows.installation import Run, recorded_run
from flows.turns import flag_turns, settled_input_seq, turns_of

DAYS = Period.parse("2025-01-01/2025-01-10")


@pytest.mark.parametrize(
    ("flow", "arguments", "turns"),
    [
        ("assess", {"period": "2021-04"}, ["month/2021-04"]),
        ("settle", {"period": "2021-03/2021-04"}, ["month/2021-03", "month/2021-04"]),
        ("publish", {"period": "2021-04-30/2021-05-01"}, ["month/2021-04", "month/2021-05"]),
        ("ingest", {"feed": "cnemc-water", "files": None}, ["feed/cnemc-water"]),
        ("alert", {"period": "2021-04-01/2021-04-03", "tell": "all"}, ["alert"]),
        ("poll", {}, ["flow/poll"]),
    ],
)
def test_a_run_takes_the_turns_of_what_it_works_on(
    flow: str, arguments: dict[str, Any], turns: list[str]
) -> None:
    assert turns_of(flow, arguments) == turns


def test_flags_of_a_month_are_judged_in_turn_with_those_it_reaches_into() -> None:
    assert flag_turns(Period.month(2021, 4), 0.0) == ["flags/2021-04"]
    assert flag_turns(Period.month(2021, 4), 24.0) == [
        "flags/2021-03", "flags/2021-04", "flags/2021-05",
    ]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> str:
    """An empty installation, with one small file of each of two feeds beside it."""
    Store.create(read_settings(tmp_path).store_url, kind="example").close()
    basin = simulate_basin(DAYS, seed=11, sites=["bamiaogou"])
    (tmp_path / "tabulated.csv").write_bytes(
        emergency_csv(simulate_basin(Period.parse("2025-01"), seed=2025))
    )
    (tmp_path / "st-river-r.csv").write_bytes(st_river_r_csv(basin, DAYS))
    return str(tmp_path)


def begin(opened: ExitStack, home: str, feed: str) -> Run:
    return opened.enter_context(recorded_run(home, "ingest", {"feed": feed}))


def take_in(run: Run, home: str, feed: str) -> None:
    ingest_file(run, feed_named(feed, run.registry), Path(home) / f"{feed}.csv", None)


def test_two_months_at_once_but_one_month_after_another(home: str) -> None:
    """The first run of April holds until May's is inside; a second of April comes after it."""
    order: list[str] = []
    is_may_inside, is_april_begun = threading.Event(), threading.Event()

    def april() -> None:
        with recorded_run(home, "assess", {"period": "2021-04"}):
            is_april_begun.set()
            assert is_may_inside.wait(60)
            order.append("april")

    def april_again() -> None:
        assert is_april_begun.wait(60)
        with recorded_run(home, "publish", {"period": "2021-04"}):
            order.append("april again")

    def may() -> None:
        assert is_april_begun.wait(60)
        with recorded_run(home, "assess", {"period": "2021-05"}):
            is_may_inside.set()

    with ThreadPoolExecutor(3) as pool:
        for task in [pool.submit(work) for work in (april, april_again, may)]:
            task.result(timeout=90)
    assert order == ["april", "april again"]


@pytest.mark.parametrize("is_stored_before", [True, False])
def test_readings_of_an_ingest_that_dies_beside_another_are_flagged_by_the_next(
    home: str, *, is_stored_before: bool
) -> None:
    """The one that lives says up to where it has flagged; that never covers what it has not seen."""
    with pytest.raises(KeyboardInterrupt), ExitStack() as dying:
        dead = begin(dying, home, "tabulated")
        with ExitStack() as living:
            alive = begin(living, home, "st-river-r")
            if is_stored_before:
                take_in(dead, home, "tabulated")
            take_in(alive, home, "st-river-r")
            to_seq = alive.store.now_seq()
            flag_changes.fn(alive, flagged_to(alive))
            if not is_stored_before:
                take_in(dead, home, "tabulated")
            alive.counts = {"flagged_to": to_seq}
        raise KeyboardInterrupt
    with recorded_run(home, "ingest", {"feed": "cnemc-water"}) as run:
        n_left = flag_changes.fn(run, flagged_to(run))
        assert (n_left > 0) is not is_stored_before
        status = run.store.status()
        assert status["flags"] == status["observations"] > 100
        outcomes = [past["outcome"] for past in run.store.read_runs()[1:]]
    assert outcomes == ["succeeded", "failed: "]


def test_what_is_known_waits_for_the_flags_of_an_ingest(home: str) -> None:
    stored, known = threading.Event(), threading.Event()

    def ingest() -> None:
        with recorded_run(home, "ingest", {"feed": "tabulated"}) as run:
            take_in(run, home, "tabulated")
            stored.set()
            assert not known.wait(0.5)
            flag_changes.fn(run, 0)

    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(ingest)
        assert stored.wait(60)
        with recorded_run(home, "assess", {"period": "2025-01"}) as run:
            known.set()
            observations = run.store.read_observations(
                Period.parse("2024/2025"), as_known_at=run.known_at
            )
            assert observations["flag"].notna().all() and len(observations) > 100
            assert (observations["flag"] != 2).any()
        task.result(timeout=60)


def test_nothing_is_held_while_an_ingest_is_waited_for(home: str) -> None:
    """A long ingest of one feed does not keep the others out, though a result waits for it."""
    settings = read_settings(Path(home))
    long, *others = sorted(FEEDS)
    with (
        Store.open(settings.store_url) as one,
        Store.open(settings.store_url) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        with one.turn([f"feed/{long}"]):
            waiting = pool.submit(settled_input_seq, other)
            for feed in others * 3:
                with one.turn([f"feed/{feed}"], timeout_s=20):
                    assert not waiting.done()
        assert waiting.result(timeout=60) == 0


@pytest.fixture
def on_server(
    home: str, postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """The home's store on a server; what ends the sessions that hold its turns."""
    url = postgresql.create_database("runs")
    Store.create(url, kind="example").close()
    monkeypatch.setenv("ECOMON_STORE", url)
    admin = create_engine(postgresql.url(), isolation_level="AUTOCOMMIT")

    def end_holders() -> None:
        query = text(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = 'runs')"
        )
        with admin.connect() as conn:
            assert conn.execute(query).all() == [(True,)]

    yield end_holders
    admin.dispose()
    postgresql.drop_database("runs")


def test_a_run_that_lost_its_turn_is_no_success(home: str, on_server: Callable[[], None]) -> None:
    with (
        pytest.raises(StoreUnavailable, match="month/2021-04 is another run's now"),
        recorded_run(home, "assess", {"period": "2021-04"}),
    ):
        on_server()
        with recorded_run(home, "publish", {"period": "2021-04"}):
            pass
    with Store.open(read_settings(Path(home)).store_url) as store:
        other, lost = store.read_runs()
    assert other["is_success"] and other["flow"] == "publish"
    assert not lost["is_success"] and "another run's now" in lost["outcome"]


def test_a_run_whose_turn_nobody_took_goes_on(home: str, on_server: Callable[[], None]) -> None:
    with recorded_run(home, "assess", {"period": "2021-04"}):
        on_server()
    with Store.open(read_settings(Path(home)).store_url) as store:
        assert store.read_runs()[0]["is_success"]
