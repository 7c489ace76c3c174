"""Suspect readings as cases for a person: one a run, kept with the flags, closed by resend or decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from ecomon.errors import AccessDenied, StoreError
from ecomon.model.period import Period
from ecomon.model.role import Actor
from ecomon.model.tables import FLAGS
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
People = dict[str, Actor]
DAY = Period.day(2021, 4, 3)
HOURS = ("00", "04", "08", "12", "16", "20")
GAUGE = "wudu-gauge"


def rows_of(determinand: str, value: float = 1.0) -> list[tuple[str, str, str, float]]:
    return [(GAUGE, determinand, f"2021-04-03T{hour}:00", value) for hour in HOURS]


def flag_day(store: Store, marks: str, test: str = "rate", determinand: str = "Q") -> int:
    """Flag the day's readings of a determinand, one digit each; suspect ones by a test."""
    table = store.read_observations(DAY, determinands=[determinand])
    flags = [int(mark) for mark in marks]
    tests = [f"{test}:3" if flag == 3 else "" for flag in flags]
    frame = FLAGS.frame({"revision": table["revision"], "flag": flags, "tests": tests})
    return store.write_flags(frame, ruleset="a")


def spans(store: Store, **options: int) -> list[tuple[str | None, str, str, int]]:
    """Determinand, first and last hour, and number of readings of the open cases."""
    return [
        (one["determinand"], one["first"][11:13], one["last"][11:13], one["n"])
        for one in store.read_cases(**options)  # pyright: ignore[reportArgumentType]
    ]


def number_of(store: Store) -> str:
    (case,) = store.read_cases()
    return case["case"]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("111111", []),
        ("133331", [("Q", "04", "16", 4)]),  # one case, not four
        ("313313", [("Q", "00", "00", 1), ("Q", "08", "12", 2), ("Q", "20", "20", 1)]),
        ("134931", [("Q", "04", "16", 2)]),  # no good reading comes between
        ("144491", []),  # failed and missing ones ask nobody
    ],
)
def test_suspect_readings_in_a_row_are_one_case(
    store: Store, ingest: Ingest, marks: str, expected: Sequence[object]
) -> None:
    ingest(rows_of("Q"))
    flag_day(store, marks)
    assert spans(store) == expected
    seq = store.now_seq()
    assert flag_day(store, marks) == 0  # the same flags again change nothing
    assert store.now_seq() == seq


def test_discharge_and_stage_are_two_cases_and_maintenance_is_one(
    store: Store, ingest: Ingest
) -> None:
    ingest(rows_of("Q") + rows_of("Z"))
    flag_day(store, "113311")
    flag_day(store, "113311", determinand="Z")
    assert spans(store) == [("Q", "08", "12", 2), ("Z", "08", "12", 2)]
    for determinand in ("Q", "Z"):
        flag_day(store, "333333", "source_flag", determinand)
    (case,) = store.read_cases()
    assert (case["determinand"], case["n"], case["tests"]) == (None, 12, ["source_flag:3"])
    assert (case["site"], case["source"], case["programme"]) == (GAUGE, "tabulated", "automatic")


def test_a_long_silence_ends_a_case(store: Store, ingest: Ingest) -> None:
    moments = ("2021-04-01T00:00", "2021-04-08T00:00", "2021-04-15T01:00")
    ingest([(GAUGE, "Q", moment, 1.0) for moment in moments])
    flags = FLAGS.frame({"revision": [1, 2, 3], "flag": [3] * 3, "tests": ["rate:3"] * 3})
    store.write_flags(flags, ruleset="a")
    assert [one["n"] for one in store.read_cases()] == [2, 1]


def test_a_case_grows_and_keeps_its_age_and_what_was_known_stays(
    store: Store, ingest: Ingest
) -> None:
    ingest(rows_of("Q")[:3])
    flag_day(store, "133")
    (first,), seq = store.read_cases(), store.now_seq()
    ingest(rows_of("Q")[3:], b"later")
    flag_day(store, "133331")
    (grown,) = store.read_cases()
    assert (grown["n"], grown["opened_seq"]) == (4, first["opened_seq"])
    assert grown["case"] != first["case"]
    assert spans(store, as_known_at=seq) == [("Q", "04", "08", 2)]
    assert spans(store, as_known_at=seq - 1) == []
    assert store.read_cases(None)[0]["state"] == "open"  # the smaller one is the same case


def test_a_resend_closes_the_case(store: Store, ingest: Ingest) -> None:
    ingest(rows_of("Q", 9.0))
    flag_day(store, "111331")
    ingest(rows_of("Q", 1.0), b"mended")
    assert spans(store) == []  # the values that were doubted are gone
    assert [one["state"] for one in store.read_cases(None)] == ["withdrawn"]
    flag_day(store, "111111")
    assert spans(store) == []


def test_flags_that_go_shrink_and_close_a_case(store: Store, ingest: Ingest) -> None:
    ingest(rows_of("Q"))
    flag_day(store, "133331")
    flag_day(store, "131331")
    assert spans(store) == [("Q", "04", "04", 1), ("Q", "12", "16", 2)]
    flag_day(store, "111111")
    assert spans(store) == []


def test_a_withdrawn_batch_takes_its_cases_with_it(
    store: Store, ingest: Ingest, people: People
) -> None:
    batch = ingest(rows_of("Q")).batch_id
    flag_day(store, "133331")
    store.withdraw_batch(batch, actor=people["reviewer"], reason="wrong gauge")
    assert spans(store) == []


@pytest.mark.parametrize(("verdict", "flag"), [("accept", 1), ("reject", 4)])
def test_a_run_is_decided_at_once(
    store: Store, ingest: Ingest, people: People, verdict: str, flag: int
) -> None:
    ingest(rows_of("Q"))
    flag_day(store, "133331")
    store.open_reviews(
        [{"revision": 3, "reason": "suspect"}]
    )  # that of an alert, of the same value
    number = next(one["case"] for one in store.read_cases() if one["n"] == 4)
    seq = store.now_seq()
    done = store.decide_case(number, verdict, actor=people["reviewer"], reason="核对现场记录")  # pyright: ignore[reportArgumentType]
    assert (done.site, done.determinand, done.n_readings) == (GAUGE, "Q", 4)
    table = store.read_observations(DAY)
    assert table["flag"].tolist() == [1, flag, flag, flag, flag, 1]
    assert store.read_cases() == []
    assert {one["state"] for one in store.read_cases(None)} == {"decided"}
    assert spans(store, as_known_at=seq) == [("Q", "04", "16", 4)]
    act = store.read_acts(limit=1)[0]
    assert (act["what"], act["detail"]["revisions"]) == ("decision", [2, 3, 4, 5])
    assert store.check_acts() == []
    flag_day(store, "133331", "spike")  # what somebody decided on asks nobody again
    assert store.read_cases() == []
    assert [one for one in store.check() if one.is_fault and one.check != "references"] == []


def test_one_reading_decided_leaves_the_case_of_the_others(
    store: Store, ingest: Ingest, people: People
) -> None:
    ingest(rows_of("Q"))
    flag_day(store, "133331")
    store.record_decision(2, "accept", actor=people["reviewer"], reason="r")
    assert spans(store) == [("Q", "08", "16", 3)]
    for revision in (3, 4, 5):
        store.record_decision(revision, "reject", actor=people["reviewer"], reason="r")
    assert spans(store) == []
    assert [one["state"] for one in store.read_cases(None)] == ["decided"]


def test_nobody_decides_on_what_he_has_not_seen(
    store: Store, ingest: Ingest, people: People
) -> None:
    ingest(rows_of("Q")[:3])
    flag_day(store, "133")
    seen, who = number_of(store), people["reviewer"]
    ingest(rows_of("Q")[3:], b"later")
    flag_day(store, "133331")
    now = number_of(store)
    with pytest.raises(StoreError, match=f"{seen} has changed and is {now} now"):
        store.decide_case(seen, "accept", actor=who, reason="r")
    store.decide_case(now.lower(), "accept", actor=who, reason="r")
    with pytest.raises(StoreError, match="is over"):
        store.decide_case(now, "accept", actor=who, reason="r")
    for wrong in ("12", "D999", "R999", "X1"):
        with pytest.raises(StoreError, match="case"):
            store.decide_case(wrong, "accept", actor=who, reason="r")
    with pytest.raises(StoreError, match="accepted or rejected"):
        store.decide_case(now, "correct", actor=who, reason="r")  # pyright: ignore[reportArgumentType]
    with pytest.raises(AccessDenied):
        store.decide_case(now, "accept", actor=people["administrator"], reason="r")


def test_a_case_of_a_single_reading_is_decided_alike(
    store: Store, ingest: Ingest, people: People
) -> None:
    ingest(rows_of("Q"))
    store.open_reviews([{"revision": 2, "reason": "lone"}])
    assert (number_of(store), store.status()["reviews"]) == ("R1", 1)
    store.decide_case("R1", "reject", actor=people["reviewer"], reason="r")
    assert store.read_observations(DAY)["flag"].tolist()[1] == 4
    with pytest.raises(StoreError, match="no open case"):
        store.decide_case("R1", "reject", actor=people["reviewer"], reason="r")


def test_an_open_case_keeps_its_span_from_being_approved(
    store: Store, ingest: Ingest, people: People
) -> None:
    ingest(rows_of("Q") + rows_of("Z"))
    flag_day(store, "133331")
    said = {"actor": people["reviewer"], "reason": "月审"}
    with pytest.raises(StoreError, match=r"1 个审核事项未决.*D1 rate:3 \(4\)"):
        store.record_approval(GAUGE, DAY, "reviewed", **said)
    assert store.record_approval(GAUGE, DAY, "reviewed", determinand="Z", **said).n_readings == 6
    store.decide_case("D1", "accept", **said)
    assert store.record_approval(GAUGE, DAY, "reviewed", **said).n_readings == 12


def test_flags_of_an_older_store_open_their_cases_when_judged_again(
    store: Store, ingest: Ingest
) -> None:
    """A store that was upgraded has suspect flags and no case: the same flags again open it."""
    ingest(rows_of("Q"))
    flag_day(store, "133331")
    with store._commit() as commit:  # pyright: ignore[reportPrivateUsage]
        commit.conn.exec_driver_sql("DELETE FROM doubt")
    assert spans(store) == []
    assert flag_day(store, "133331") == 0
    assert spans(store) == [("Q", "04", "16", 4)]


def test_frames_in_any_cut_make_the_same_cases(store: Store, ingest: Ingest) -> None:
    ingest(rows_of("Q"))
    whole = FLAGS.frame(
        {"revision": range(1, 7), "flag": [3, 3, 1, 3, 9, 3], "tests": ["rate:3"] * 6}
    )
    for part in (whole.iloc[[5, 0]], whole.iloc[[2, 3]], whole.iloc[[1]], whole.iloc[[4]]):
        store.write_flags(pd.DataFrame(part), ruleset="a")
    assert spans(store) == [("Q", "00", "04", 2), ("Q", "12", "20", 2)]
