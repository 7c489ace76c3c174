"""As known at: every past answer can be had again, against a model that keeps all of them."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from ecomon.model.period import Period
from ecomon.model.tables import FLAGS
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]

DAY = Period.day(2021, 4, 3)
Key = tuple[str, str]
Answer = dict[Key, tuple[float | None, int, str | None]]


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "store.sqlite"
    Store.create(path, kind="golden").close()
    return path


def test_each_answer_stays_as_it_was(store: Store, ingest: Ingest) -> None:
    noon = ("bamiaogou", "TP", "2021-04-03T12:00")
    for value in (0.31, 0.3, 0.29):
        ingest([(*noon, value)])
    known = [
        store.read_observations(DAY, as_known_at=seq)["value"].tolist() for seq in (0, 1, 2, 3, 9)
    ]
    assert known == [[], [0.31], [0.3], [0.29], [0.29]]


def test_flags_are_those_of_the_time(store: Store, ingest: Ingest) -> None:
    ingest([("bamiaogou", "TP", "2021-04-03T12:00", 0.31)])
    revision = store.read_observations(DAY)["revision"].tolist()
    for flag in (1, 4, 4, 3):
        store.write_flags(
            FLAGS.frame({"revision": revision, "flag": [flag], "tests": ["spike:4"]}), ruleset="r"
        )
    known = [store.read_observations(DAY, as_known_at=seq)["flag"].tolist() for seq in (1, 2, 3, 4)]
    assert known == [[2], [1], [4], [3]]


_VALUES = st.none() | st.sampled_from([0.0, 0.1, 0.2])
_FILE = st.dictionaries(
    st.tuples(st.sampled_from(["bamiaogou", "yaodu"]), st.sampled_from(["08", "12"])), _VALUES,
    min_size=1, max_size=4,
)  # fmt: skip
_ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("ingest"), _FILE),
        st.tuples(st.just("flag"), st.sampled_from([1, 3, 4])),
        st.tuples(st.just("decide"), st.sampled_from(["accept", "reject"])),
    ),
    max_size=8,
)


def answer(store: Store, as_known_at: int | None = None) -> Answer:
    table = store.read_observations(DAY, as_known_at=as_known_at)
    return {
        (row.site, f"{row.start:%H}"): (
            None if math.isnan(row.value) else row.value,
            row.flag,
            row.decision if isinstance(row.decision, str) else None,
        )
        for row in table.itertuples()
    }


class Model:
    """All that was ever known, kept by copying: no revisions, no history, no SQL."""

    def __init__(self) -> None:
        self.values: dict[Key, float | None] = {}
        self.flags: dict[Key, int] = {}
        self.verdicts: dict[Key, str] = {}

    def ingest(self, file: dict[Key, float | None]) -> None:
        for key, value in file.items():
            if key not in self.values or self.values[key] != value:
                self.values[key] = value
                self.flags.pop(key, None)  # judgements are of a revision, not of its successor
                self.verdicts.pop(key, None)

    def answer(self) -> Answer:
        shown = {"accept": 1, "reject": 4}
        return {
            key: (
                value,
                shown.get(self.verdicts.get(key, ""), self.flags.get(key, 2)),
                self.verdicts.get(key),
            )
            for key, value in self.values.items()
        }


@settings(max_examples=30, deadline=None)
@given(acts=_ACTS)
def test_the_store_remembers_what_the_model_does(
    empty_store: Path, ingest_rows: Ingest, acts: list[tuple[str, object]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        shutil.copyfile(empty_store, path)
        with Store.open(path) as store:
            follow(store, ingest_rows, acts)


def follow(store: Store, ingest_rows: Ingest, acts: list[tuple[str, object]]) -> None:
    model, answers = Model(), {0: Model().answer()}
    for number, (act, what) in enumerate(acts):
        if act == "ingest":
            assert isinstance(what, dict)
            rows = [
                (site, "TP", f"2021-04-03T{hour}", value) for (site, hour), value in what.items()
            ]
            ingest_rows(store, rows, f"{number}".encode())
            model.ingest(what)
        elif model.values:
            first = min(model.values)
            table = store.read_observations(DAY, sites=[first[0]])
            revision = int(table.loc[table["start"].dt.hour == int(first[1]), "revision"].iloc[0])
            if act == "flag":
                flags = FLAGS.frame({"revision": [revision], "flag": [what], "tests": [""]})
                store.write_flags(flags, ruleset="r")
                model.flags[first] = int(str(what))
            else:
                store.record_decision(revision, str(what), actor="a", reason="r")  # pyright: ignore[reportArgumentType]
                model.verdicts[first] = str(what)
        answers[store.now_seq()] = model.answer()
    assert answer(store) == model.answer()
    for seq, known in answers.items():
        assert answer(store, seq) == known
