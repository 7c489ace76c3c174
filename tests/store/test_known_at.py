"""As known at: every past answer can be had again, against a model that keeps all of them.

``ECOMON_HISTORIES`` raises the number of random histories tried on each database.
"""

from __future__ import annotations

import copy
import itertools
import math
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from knowledge_model import Answer, Key, Model
from postgresql_server import PostgresqlServer
from sqlalchemy import Connection, create_engine, text

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.observation import Batch, Rejected
from ecomon.model.period import Period
from ecomon.model.role import Actor
from ecomon.model.tables import EXCEEDANCES, FLAGS, MEANS
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
Rows = Callable[..., pd.DataFrame]
People = dict[str, Actor]

DAY = Period.day(2021, 4, 3)
N_HISTORIES = {"sqlite": 20, "postgresql": 6}
DOC = Path(__file__).parents[2] / "docs" / "how-to" / "ask-as-known-at.md"
SQL = re.findall(r"```sql\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
NOON = ("bamiaogou", "TP", "2021-04-03T12:00")


def clock() -> float:
    return 1_700_000_000.0


def test_each_answer_stays_as_it_was(store: Store, ingest: Ingest) -> None:
    for value in (0.31, 0.3, 0.29):
        ingest([(*NOON, value)])
    known = [
        store.read_observations(DAY, as_known_at=seq)["value"].tolist() for seq in (0, 1, 2, 3, 9)
    ]
    assert known == [[], [0.31], [0.3], [0.29], [0.29]]


def test_flags_are_those_of_the_time(store: Store, ingest: Ingest) -> None:
    ingest([(*NOON, 0.31)])
    revision = store.read_observations(DAY)["revision"].tolist()
    for flag in (1, 4, 4, 3):
        store.write_flags(
            FLAGS.frame({"revision": revision, "flag": [flag], "tests": ["spike:4"]}), ruleset="r"
        )
    known = [store.read_observations(DAY, as_known_at=seq)["flag"].tolist() for seq in (1, 2, 3, 4)]
    assert known == [[2], [1], [4], [3]]


def test_the_sql_of_the_documentation_runs(
    store: Store, store_url: str, ingest: Ingest, people: People
) -> None:
    """Each block as it stands, but for the sequence, says what the API says."""
    ingest([("yaodu", "TP", "2021-04-03T12:00", 0.3), ("yaodu", "TP", "2021-05-01", 0.4)])
    ingest([("yaodu", "TP", "2021-04-03T12:00", 0.2)], b"later")
    (revision,) = store.read_observations(DAY)["revision"]
    store.record_decision(
        int(revision), "correct", actor=people["reviewer"], reason="r", value=0.25
    )
    store.write_means(1, means_of({"yaodu": 0.2}), DAY, "day")
    store.write_exceedances(1, exceedances_of({("yaodu", "12"): 0.2}), DAY)
    readings, means, exceedances, moment, changes = (
        sql.replace("120", str(store.now_seq())).replace("100", "1") for sql in SQL
    )
    engine = create_engine(store_url)
    with engine.connect() as conn:
        (row,) = conn.execute(text(readings)).mappings()
        (mean,) = conn.execute(text(means)).mappings()
        (exceedance,) = conn.execute(text(exceedances)).mappings()
        assert conn.execute(text(moment)).scalar_one() == 0  # the clock says 2023, asked is 2021
        changed = conn.execute(text(changes)).mappings().all()
    engine.dispose()
    assert (row["revision"], row["value"], row["flag"]) == (revision, 0.25, 1)
    assert (row["decision"], row["approval"], row["unit"]) == ("correct", "provisional", "mg/L")
    assert (mean["value"], mean["run_id"], exceedance["limit"]) == (0.2, 1, 0.1)
    assert [(one["value"], one["seq"], one["superseded_seq"]) for one in changed] == [
        (0.3, 1, 2), (0.2, 2, None),
    ]  # fmt: skip


# Random histories


_VALUES = st.none() | st.sampled_from([0.0, 0.1, 0.2])
_KEY = st.tuples(st.sampled_from(["bamiaogou", "yaodu"]), st.sampled_from(["08", "12"]))
_FILE = st.dictionaries(_KEY, _VALUES, min_size=1, max_size=4)
_PLACE = st.integers(0, 3)
_RESULTS = st.dictionaries(st.sampled_from(["bamiaogou", "yaodu"]), st.sampled_from([0.1, 0.2]))
_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("ingest"), _FILE),
        st.tuples(st.just("ingest"), _FILE),
        st.tuples(st.just("supersede"), _PLACE, st.sampled_from(["1", "2", "3"]), _FILE),
        st.tuples(st.just("withdraw"), _PLACE),
        st.tuples(st.just("flag"), _PLACE, st.sampled_from([1, 3, 4])),
        st.tuples(st.just("decide"), _PLACE, st.sampled_from(["accept", "reject", "correct"])),
        st.tuples(
            st.just("approve"), st.sampled_from(["bamiaogou", "yaodu"]),
            st.sampled_from(["morning", "day"]),
            st.sampled_from(["reviewed", "reviewed", "approved", "provisional"]),
        ),
        st.tuples(st.just("means"), _RESULTS),
        st.tuples(st.just("exceedances"), st.dictionaries(_KEY, st.sampled_from([0.2, 0.3]))),
    ),
    max_size=12,
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """Stores to play histories in: each a copy of one with these people in it."""

    people: People
    copied: Callable[[], Any]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    folder, numbers = tmp_path_factory.mktemp("histories"), itertools.count()
    server: PostgresqlServer | None = None
    empty: str | Path = folder / "empty.sqlite"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        empty = server.create_database("empty_history")
    with Store.create(empty, kind="golden", clock=clock) as made:
        founder = made.authenticate(made.add_actor("admin", "administrator", by=None).text)
        people = {
            role: made.authenticate(made.add_actor(role, role, by=founder).text)
            for role in ("reviewer", "approver")
        }

    @contextmanager
    def copied() -> Iterator[str]:
        name = f"history_{next(numbers)}"
        if server is None:
            shutil.copyfile(empty, folder / name)
            yield f"sqlite:///{folder / name}"
            (folder / name).unlink()
        else:
            yield server.create_database(name, template="empty_history")
            server.drop_database(name)

    return Ground(people, copied)


def test_the_store_remembers_what_the_model_does(
    request: pytest.FixtureRequest, ground: Ground, readings: Rows
) -> None:
    engine = request.node.callspec.params["ground"]
    n_histories = int(os.environ.get("ECOMON_HISTORIES", N_HISTORIES[engine]))

    @settings(
        max_examples=n_histories, deadline=None, suppress_health_check=list(HealthCheck),
        derandomize="ECOMON_HISTORIES" not in os.environ, database=None,
    )  # fmt: skip
    @given(acts=_ACTS)
    def play(acts: list[tuple[Any, ...]]) -> None:
        with ground.copied() as url, Store.open(url, clock=clock) as store:
            follow(store, url, partial(Player, people=ground.people, readings=readings), acts)

    play()


@dataclass
class Player:
    """Does each act to a store and to the model alike."""

    store: Store
    model: Model
    people: People
    readings: Rows

    def ingest(self, number: int, file: dict[Key, float | None]) -> None:
        self._ingest(f"octets {number}", "1", file)

    def supersede(self, _: int, place: int, way: str, file: dict[Key, float | None]) -> None:
        known = sorted(self.model.last_of_octets)
        if known:
            self._ingest(known[place % len(known)], way, file)

    def _ingest(self, octets: str, way: str, file: dict[Key, float | None]) -> None:
        rows = [(site, "TP", f"2021-04-03T{hour}", value) for (site, hour), value in file.items()]
        report = self.store.ingest(
            [Batch(self.readings(rows))], blob=octets.encode(), file_name=octets,
            source="tabulated", decoder="tests", decoder_version="1", options={"way": way},
        )  # fmt: skip
        assert report.is_repeat == self.model.is_repeat(octets, way)
        self.model.ingest(octets, way, file)

    def withdraw(self, _: int, place: int) -> None:
        if not self.model.n_batches:
            return
        batch, actor = place % self.model.n_batches + 1, self.people["approver"]
        if self.model.may_withdraw(batch):
            self.store.withdraw_batch(batch, actor=actor, reason="r")
            self.model.withdraw(batch)
        else:
            with pytest.raises(StoreError):
                self.store.withdraw_batch(batch, actor=actor, reason="r")

    def flag(self, _: int, place: int, flag: int) -> None:
        if (found := self._revision_at(place)) is not None:
            key, revision = found
            flags = FLAGS.frame({"revision": [revision], "flag": [flag], "tests": [""]})
            self.store.write_flags(flags, ruleset="r")
            self.model.current[key].flag = flag

    def decide(self, _: int, place: int, verdict: Any) -> None:
        if (found := self._revision_at(place)) is not None:
            key, revision = found
            value = 0.15 if verdict == "correct" else None
            self.store.record_decision(
                revision, verdict, actor=self.people["approver"], reason="r", value=value
            )
            self.model.decide(key, verdict, value)

    def approve(self, _: int, site: str, span: str, state: Any) -> None:
        hours = {"08"} if span == "morning" else {"08", "12"}
        period = Period.parse("2021-04-03T08:00/2021-04-03T09:00") if span == "morning" else DAY
        who = self.people["reviewer" if state == "reviewed" else "approver"]
        seq = self.store.now_seq()
        try:
            self.store.record_approval(site, period, state, actor=who, reason="r")
        except (StoreError, AccessDenied):  # test_approvals.py says when; here nothing has changed
            assert self.store.now_seq() == seq
        else:
            self.model.approve(site, hours, state)

    def means(self, number: int, means: dict[str, float]) -> None:
        self.store.write_means(number, means_of(means), DAY, "day")
        self.model.means = means

    def exceedances(self, number: int, exceedances: dict[Key, float]) -> None:
        self.store.write_exceedances(number, exceedances_of(exceedances), DAY)
        self.model.exceedances = exceedances

    def _revision_at(self, place: int) -> tuple[Key, int] | None:
        keys = sorted(self.model.current)
        if not keys:
            return None
        key = keys[place % len(keys)]
        table = self.store.read_observations(DAY, sites=[key[0]])
        return key, int(table.loc[table["start"].dt.hour == int(key[1]), "revision"].iloc[0])


def follow(
    store: Store, url: str, player: Callable[..., Player], acts: list[tuple[Any, ...]]
) -> None:
    played = player(store, Model())
    past = {0: copy.deepcopy(played.model)}
    for number, (act, *what) in enumerate(acts, start=1):
        getattr(played, act)(number, *what)
        past[store.now_seq()] = copy.deepcopy(played.model)
    assert set(past) == set(range(store.now_seq() + 1))
    assert answer(store.read_observations(DAY)) == played.model.answer()
    engine = create_engine(url)
    with engine.connect() as conn:
        for seq, known in past.items():
            check_api(store, seq, known)
            check_views(conn, seq, known)
    engine.dispose()
    assert store.check_acts() == []


def check_api(store: Store, seq: int, known: Model) -> None:
    assert answer(store.read_observations(DAY, as_known_at=seq)) == known.answer()
    assert store.read_decisions(seq)["verdict"].tolist() == known.decisions
    means = store.read_means(DAY, "day", as_known_at=seq)
    assert dict(zip(means["site"], means["value"], strict=True)) == known.means
    exceedances = store.read_exceedances(DAY, as_known_at=seq)
    assert {
        (row.site, f"{row.start:%H}"): row.value for row in exceedances.itertuples()
    } == known.exceedances


def check_views(conn: Connection, seq: int, known: Model) -> None:
    readings, means, exceedances = (sql.replace("120", str(seq)) for sql in SQL[:3])
    readings = re.sub(r"o\.site = 'yaodu' AND o\.determinand = 'TP'\s+AND ", "", readings)
    rows = conn.execute(text(readings)).mappings()
    assert {
        (row["site"], hour(row["start_s"])): (
            row["value"], row["flag"], row["decision"], row["approval"],
        )
        for row in rows
    } == known.answer()  # fmt: skip
    rows = conn.execute(text(means)).mappings()
    assert {row["site"]: row["value"] for row in rows} == known.means
    rows = conn.execute(text(exceedances)).mappings()
    assert {(row["site"], hour(row["start_s"])): row["value"] for row in rows} == known.exceedances
    query = text("SELECT verdict FROM decision WHERE seq <= :seq ORDER BY decision_id")
    assert list(conn.execute(query, {"seq": seq}).scalars()) == known.decisions


def hour(start_s: int) -> str:
    return f"{(start_s + 28_800) % 86_400 // 3_600:02d}"


def answer(table: pd.DataFrame) -> Answer:
    return {
        (row.site, f"{row.start:%H}"): (
            None if math.isnan(row.value) else row.value,
            row.flag,
            row.decision if isinstance(row.decision, str) else None,
            row.approval,
        )
        for row in table.itertuples()
    }


def means_of(values: dict[str, float]) -> pd.DataFrame:
    n = len(values)
    return MEANS.frame(
        {
            "site": list(values), "determinand": ["TP"] * n, "period": [DAY.label] * n,
            "period_kind": ["day"] * n, "start": np.array([DAY.start] * n, "datetime64[us]"),
            "value": list(values.values()), "exact": [None] * n, "unit": ["mg/L"] * n,
            "n_valid": [6] * n, "n_expected": [6] * n, "n_excluded": [0] * n,
            "n_censored": [0] * n, "coverage": [1.0] * n, "status": ["measured"] * n,
        }
    )  # fmt: skip


def exceedances_of(values: dict[Key, float]) -> pd.DataFrame:
    n = len(values)
    starts = [f"2021-04-03T{hour}" for _, hour in values]
    return EXCEEDANCES.frame(
        {
            "site": [site for site, _ in values], "determinand": ["TP"] * n,
            "start": np.array(starts, "datetime64[us]"), "duration_s": [0] * n,
            "value": list(values.values()), "unit": ["mg/L"] * n, "limit": [0.1] * n,
            "factor": [1.0] * n, "basis": ["class_3"] * n, "standard": ["gb3838"] * n,
            "revision": [1] * n, "flag": [1] * n,
        }
    )  # fmt: skip


# Writers at the same time


def test_what_is_stamped_early_and_commits_late_changes_no_earlier_answer(
    store: Store, store_url: str, readings: Rows, ingest: Ingest
) -> None:
    """A writer begins, its clock an hour behind, and stays; another comes meanwhile."""
    ingest([(*NOON, 0.1)])
    has_begun, may_end = threading.Event(), threading.Event()

    def linger() -> Iterator[Rejected]:
        """Dead letters are read inside the transaction, after the observations."""
        has_begun.set()
        assert may_end.wait(30)
        yield Rejected(2, "no time", "?")

    def write(value: float, late_s: float, rejected: Iterable[Rejected]) -> None:
        with Store.open(store_url, clock=lambda: clock() - late_s) as own:
            reports[value] = own.ingest(
                [Batch(readings([(*NOON, value)]))], blob=str(value).encode(), file_name="f",
                source="tabulated", decoder="tests", decoder_version="1", rejected=rejected,
            )  # fmt: skip

    reports: dict[float, IngestReport] = {}
    early = threading.Thread(target=write, args=(0.2, 3600, linger()))
    other = threading.Thread(target=write, args=(0.3, 0, ()))
    early.start()
    assert has_begun.wait(30)
    other.start()
    assert store.now_seq() == 1  # what is under way is known to nobody
    assert answer(store.read_observations(DAY)) == answer(
        store.read_observations(DAY, as_known_at=1)
    )
    may_end.set()
    early.join(30)
    other.join(30)
    assert (reports[0.2].seq, reports[0.3].seq) == (2, 3)
    known = [store.read_observations(DAY, as_known_at=seq)["value"].tolist() for seq in range(4)]
    assert known == [[], [0.1], [0.2], [0.3]]
    assert store.seq_at(int(clock()) - 3600) == 0  # the first commit was stamped later than that


def test_no_answer_changes_while_many_write(store: Store, store_url: str, readings: Rows) -> None:
    """Each reader's answer for a sequence is the one every later reader gets for it."""

    def write(writer: int) -> None:
        # One writer's clock jumps about; the sequence does not mind.
        with Store.open(store_url, clock=lambda: clock() + (-1) ** writer * 1e6 * writer) as own:
            for number in range(6):
                own.ingest(
                    [Batch(readings([(*NOON, writer + number / 10)]))],
                    blob=f"{writer} {number}".encode(), file_name="f", source="tabulated",
                    decoder="tests", decoder_version="1",
                )  # fmt: skip
                seq = own.now_seq()
                seen.append((seq, own.read_observations(DAY, as_known_at=seq)["value"].tolist()))

    seen: list[tuple[int, list[float]]] = []
    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert store.now_seq() == 18
    assert len(seen) == 18
    for seq, values in seen:
        assert store.read_observations(DAY, as_known_at=seq)["value"].tolist() == values
    answers = [
        store.read_observations(DAY, as_known_at=seq)["value"].item() for seq in range(1, 19)
    ]
    assert len(set(answers)) == 18
