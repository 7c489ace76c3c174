"""Ingest: by revision, whole or not at all, once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pandas as pd
import pytest

from ecomon.errors import ContractError, StoreError, UnitMismatch
from ecomon.model.observation import Batch, Rejected
from ecomon.model.period import Period
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
Readings = Callable[..., pd.DataFrame]

DAY = Period.day(2021, 4, 3)
MORNING = ("bamiaogou", "TP", "2021-04-03T08:00", 0.12)
NOON = ("bamiaogou", "TP", "2021-04-03T12:00", 0.31)


def values_of(store: Store, **options: object) -> list[tuple[str, float]]:
    table = store.read_observations(DAY, **options)  # pyright: ignore[reportArgumentType]
    return [
        (f"{start:%H:%M}", value)
        for start, value in zip(table["start"], table["value"], strict=True)
    ]


def test_what_goes_in_comes_out(store: Store, readings: Readings) -> None:
    given = readings(
        [
            MORNING,
            ("bamiaogou", "NH3N", "2021-04-03T08:00", None),
            ("yaodu", "TP", "2021-04-03", 0.01),
        ],
        censor=["none", "none", "left"],
        source_flag=["N", None, "<"],
        replicate=[0, 1, 2],
        duration_s=[0, 3600, 0],
        statistic=["value", "mean", "value"],
        programme=["automatic", "automatic", "split_sampling"],
        row=[3, 4, 9],
    )
    store.ingest(
        [Batch(given)], blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
    )
    stored = store.read_observations(DAY, with_flags=False)
    expected = given.sort_values(["site", "determinand", "start"], ignore_index=True)
    pd.testing.assert_frame_equal(stored[list(given.columns)], expected)
    assert stored["revision"].is_unique
    assert list(store.read_observations(DAY).columns) == [
        *stored.columns,
        "flag",
        "decision",
        "approval",
    ]


def test_rows_are_sorted_by_site_determinand_start_across_series(
    store: Store, readings: Readings
) -> None:
    rows = [
        ("yaodu", "TP", "2021-04-03T00:00", 1.0), ("bamiaogou", "TP", "2021-04-03T12:00", 2.0),
        ("bamiaogou", "TP", "2021-04-03T08:00", 3.0), ("bamiaogou", "CODMN", "2021-04-03T12:00", 4.0),
        ("bamiaogou", "TP", "2021-04-03T04:00", 5.0),
    ]  # fmt: skip
    table = readings(rows, source=["a", "b", "a", "a", "b"])
    store.ingest(
        [Batch(table)], blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
    )
    assert store.read_observations(DAY)["value"].tolist() == [4.0, 5.0, 3.0, 2.0, 1.0]


def test_reading_chooses_period_sites_and_determinands(store: Store, ingest: Ingest) -> None:
    ingest(
        [
            MORNING,
            NOON,
            ("yaodu", "TP", "2021-04-03T08:00", 1.0),
            ("yaodu", "CU", "2021-04-04", 2.0),
        ]
    )
    assert len(store.read_observations(DAY)) == 3
    assert len(store.read_observations(DAY, sites=["yaodu"])) == 1
    assert len(store.read_observations(Period.month(2021, 4), determinands=["CU"])) == 1
    half_open = Period(datetime(2021, 4, 3, 8), datetime(2021, 4, 3, 12))
    assert store.read_observations(half_open, sites=["bamiaogou"])["value"].tolist() == [0.12]
    for nothing in ({"sites": []}, {"sites": ["nowhere"]}, {"determinands": ["XX"]}):
        assert store.read_observations(DAY, **nothing).empty
    assert store.read_observations(Period.year(1999)).empty


def test_the_report_counts_new_revised_unchanged(store: Store, ingest: Ingest) -> None:
    first = ingest([MORNING, NOON])
    assert (first.n_new, first.n_revised, first.n_unchanged, first.seq) == (2, 0, 0, 1)
    second = ingest([MORNING, (*NOON[:3], 0.3), ("yaodu", "TP", "2021-04-03", 0.1)])
    assert (second.n_new, second.n_revised, second.n_unchanged, second.seq) == (1, 1, 1, 2)
    assert store.status()["observations_superseded"] == 1


def test_the_same_octets_again_write_nothing(store: Store, ingest: Ingest) -> None:
    first = ingest([MORNING, NOON])
    before, status = store.read_observations(DAY), store.status()
    again = ingest([MORNING, NOON])
    assert again.is_repeat
    assert (again.batch_id, again.seq) == (first.batch_id, first.seq)
    assert (again.n_new, again.n_revised, again.n_unchanged) == (0, 0, 2)
    pd.testing.assert_frame_equal(store.read_observations(DAY), before)
    assert {**store.status(), "size_bytes": 0} == {**status, "size_bytes": 0}


def test_a_repeat_does_not_undo_what_was_learnt_since(store: Store, ingest: Ingest) -> None:
    ingest([NOON], b"first")
    ingest([(*NOON[:3], 0.3)], b"correction")
    assert ingest([NOON], b"first").is_repeat
    assert values_of(store) == [("12:00", 0.3)]


def test_a_repeat_is_not_even_decoded(store: Store, ingest: Ingest) -> None:
    ingest([NOON], b"file")

    def decoded() -> Iterator[Batch]:
        raise AssertionError("decoded again")
        yield

    report = store.ingest(
        decoded(), blob=b"file", file_name="renamed.csv", source="tabulated", decoder="tests",
        decoder_version="1",
    )  # fmt: skip
    assert report.is_repeat


def test_another_decoder_version_or_option_is_no_repeat(store: Store, ingest: Ingest) -> None:
    ingest([NOON], b"file")
    assert not ingest([NOON], b"file", decoder_version="2").is_repeat
    assert not ingest([NOON], b"file", options={"year": 2021}).is_repeat
    assert ingest([NOON], b"file", options={"year": 2021}).is_repeat
    assert store.status()["observations_superseded"] == 0
    assert store.read_blob(store.read_batches()[0]["sha256"]) == b"file"


def test_equal_values_in_other_octets_keep_their_revision(store: Store, ingest: Ingest) -> None:
    ingest([MORNING, (*NOON[:3], None)], b"1")
    before = store.read_observations(DAY)
    report = ingest([MORNING, (*NOON[:3], None)], b"2")
    assert (report.n_unchanged, report.is_repeat, report.seq) == (2, False, 2)
    pd.testing.assert_frame_equal(store.read_observations(DAY), before)


@pytest.mark.parametrize("changes", [{"censor": "left"}, {"source_flag": "D"}, {"value": math.nan}])
def test_censor_flag_and_absence_are_revisions_too(
    store: Store, ingest: Ingest, changes: dict[str, object], readings: Readings
) -> None:
    ingest([NOON])
    table = readings([NOON], **changes)
    report = store.ingest(
        [Batch(table)], blob=b"2", file_name="f", source="s", decoder="d", decoder_version="1"
    )
    assert (report.n_new, report.n_revised) == (0, 1)


def test_the_later_row_of_a_file_wins(store: Store, ingest_rows: Ingest) -> None:
    again = (*NOON[:3], 0.2)
    report = ingest_rows(store, [NOON, MORNING, again], b"x")
    assert (report.n_new, report.n_unchanged) == (2, 1)
    assert values_of(store) == [("08:00", 0.12), ("12:00", 0.2)]


def test_the_later_batch_of_a_file_wins_without_a_history(store: Store, readings: Readings) -> None:
    parts = [Batch(readings([NOON])), Batch(readings([(*NOON[:3], 0.2), MORNING]))]
    report = store.ingest(
        parts, blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
    )
    assert (report.n_new, report.n_revised, report.n_unchanged) == (2, 0, 1)
    assert store.status()["observations_superseded"] == 0
    assert values_of(store) == [("08:00", 0.12), ("12:00", 0.2)]


def test_rejected_rows_go_to_the_dead_letters(store: Store, readings: Readings) -> None:
    late: list[Rejected] = []

    def decoded() -> Iterator[Batch | Rejected]:
        yield Rejected(row=1, reason="no such month", raw="2021-13-01", column="date")
        yield Batch(readings([NOON]), quirks={"mojibake": 2})
        late.append(Rejected(row=7, reason="unknown place", raw="某地"))

    report = store.ingest(
        decoded(), blob=b"x", file_name="f.csv", source="s", decoder="d", decoder_version="1",
        rejected=late,
    )  # fmt: skip
    assert report.n_rejected == 2
    letters = store.read_dead_letters()
    assert [(one["row"], one["column_name"], one["raw"]) for one in letters] == [
        (1, "date", "2021-13-01"), (7, None, "某地"),
    ]  # fmt: skip
    assert letters[0]["file_name"] == "f.csv"
    (batch,) = store.read_batches()
    assert (batch["n_rejected"], batch["quirks"]) == (2, {"mojibake": 2})


def test_an_error_half_way_leaves_no_trace(
    store: Store, ingest: Ingest, readings: Readings
) -> None:
    ingest([MORNING])
    before, status = store.read_observations(DAY), store.status()

    def broken() -> Iterator[Batch]:
        yield Batch(readings([NOON, ("new-place", "CU", "2021-04-03", 1.0)]))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.ingest(
            broken(), blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
        )
    pd.testing.assert_frame_equal(store.read_observations(DAY), before)
    assert {**store.status(), "size_bytes": 0} == {**status, "size_bytes": 0}
    # and the same store goes on: names entered by the lost transaction are entered anew
    assert ingest([NOON, ("new-place", "CU", "2021-04-03", 1.0)]).n_new == 2


def test_another_kind_of_data_is_refused(store: Store, ingest: Ingest) -> None:
    with pytest.raises(StoreError, match="real data do not go into a store of golden data"):
        ingest([NOON], kind="real")
    assert ingest([NOON], kind="golden").n_new == 1


def test_another_unit_is_refused(store: Store, ingest: Ingest, readings: Readings) -> None:
    ingest([NOON])
    table = readings([("yaodu", "TP", "2021-04-03", 310.0)], unit="ug/L")
    with pytest.raises(UnitMismatch, match="TP at yaodu comes in ug/L; the store keeps it in mg/L"):
        store.ingest(
            [Batch(table)], blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
        )


def test_an_unknown_censor_is_refused(store: Store, readings: Readings) -> None:
    with pytest.raises(ContractError, match="censor"):
        store.ingest(
            [Batch(readings([NOON], censor="below"))], blob=b"x", file_name="f", source="s",
            decoder="d", decoder_version="1",
        )  # fmt: skip


def test_received_and_reported_times_are_kept(store: Store, readings: Readings) -> None:
    table = readings([NOON], reported_at=pd.to_datetime(["2021-04-03T12:40"]).as_unit("us"))
    store.ingest(
        [Batch(table)], blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1",
        received_at=datetime(2021, 4, 3, 5, tzinfo=UTC),
    )  # fmt: skip
    assert store.status()["last_batch"]["received_at"] == "2021-04-03T13:00:00+08:00"
    revision = int(store.read_observations(DAY)["revision"].iloc[0])
    assert store.trace_revision(revision)["reported_at"] == "2021-04-03T12:40:00+08:00"


def test_a_superseded_batch_withdraws_what_its_successor_does_not_tell(
    store: Store, ingest: Ingest
) -> None:
    stays = ("bamiaogou", "TP", "2021-04-03T00:00", 0.1)
    ingest([stays], b"earlier")
    wrong = ingest([stays, MORNING, NOON], b"file", options={"year": 2021})
    seq = store.now_seq()
    mended = ingest([NOON], b"file", options={"year": 2020}, supersedes=wrong.batch_id)
    assert (mended.n_unchanged, mended.n_withdrawn) == (1, 1)
    assert values_of(store) == [("00:00", 0.1), ("12:00", 0.31)]
    assert len(values_of(store, as_known_at=seq)) == 3
    # told again, it is new again
    assert ingest([MORNING], b"later").n_new == 1
    with pytest.raises(StoreError, match="no batch 99"):
        ingest([NOON], b"y", supersedes=99)


def test_a_revision_can_be_traced_to_its_file(store: Store, ingest: Ingest) -> None:
    ingest([NOON], b"first")
    old = int(store.read_observations(DAY)["revision"].iloc[0])
    ingest([(*NOON[:3], 0.3)], b"second", source="corrected")
    new = int(store.read_observations(DAY)["revision"].iloc[0])
    assert new > old
    traced = store.trace_revision(old)
    assert (traced["value"], traced["reason"], traced["superseded_seq"]) == (0.31, "revised", 2)
    assert store.read_blob(traced["sha256"]) == b"first"
    now = store.trace_revision(new)
    assert (now["site"], now["determinand"], now["start"], now["superseded_seq"]) == (
        "bamiaogou", "TP", "2021-04-03T12:00:00+08:00", None,
    )  # fmt: skip
    with pytest.raises(StoreError, match="no revision 999"):
        store.trace_revision(999)
    with pytest.raises(StoreError, match="no octets"):
        store.read_blob("0" * 64)


@pytest.mark.parametrize("column", ["site", "start", "source"])
def test_a_row_without_its_key_is_refused(store: Store, readings: Readings, column: str) -> None:
    table = readings([MORNING, NOON])
    table.loc[1, column] = None
    with pytest.raises(ContractError, match=column):
        store.ingest(
            [Batch(table)], blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
        )
    assert store.status()["batches"] == 0


def test_categorical_texts_are_texts(store: Store, readings: Readings) -> None:
    table = readings([MORNING, NOON]).astype(dict.fromkeys(["site", "censor", "unit"], "category"))
    store.ingest(
        [Batch(table)], blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
    )
    assert values_of(store) == [("08:00", 0.12), ("12:00", 0.31)]


def test_a_file_of_no_observation_is_a_batch_all_the_same(store: Store, readings: Readings) -> None:
    report = store.ingest(
        [Batch(readings([MORNING]).iloc[:0])], blob=b"", file_name="empty.csv", source="s",
        decoder="d", decoder_version="1",
    )  # fmt: skip
    assert (report.n_new, report.seq) == (0, 1)
    assert store.read_blob(store.read_batches()[0]["sha256"]) == b""


def test_the_changes_say_when_and_where(store: Store, ingest: Ingest) -> None:
    wrong = ingest([MORNING, NOON], b"1")
    ingest([NOON], b"2")  # changes nothing
    ingest([(*NOON[:3], 0.3)], b"3")
    changes = store.read_changes()
    assert [(f"{one.period.start:%H}", one.period.seconds) for one in changes] == [
        ("08", 4 * 3600 + 1), ("12", 1),
    ]  # fmt: skip
    assert all(one.sites == {"bamiaogou"} for one in changes)
    assert store.read_changes(since_seq=1) == changes[1:]
    ingest([("yaodu", "TP", "2021-04-05", 1.0)], b"4", supersedes=wrong.batch_id)
    (last,) = store.read_changes(since_seq=3)
    assert last.period == Period(datetime(2021, 4, 3, 8), datetime(2021, 4, 5, 0, 0, 1))
    assert last.sites == {"bamiaogou", "yaodu"}
    assert store.read_changes(since_seq=store.now_seq()) == []


def test_the_same_octets_decoded_in_another_way_mend_what_they_made(
    ingest: Ingest, store: Store
) -> None:
    """A year that was wrong, then a place that is registered now: no supersedes is named."""
    morning = ("yaodu", "TP", "2021-04-03T08:00", 0.19)
    wrong = ingest(
        [("yaodu", "TP", "2020-04-03T08:00", 0.19), NOON], b"file", options={"year": 2020}
    )
    right = ingest([morning, NOON], b"file", options={"year": 2021})
    assert (right.n_new, right.n_unchanged, right.n_withdrawn) == (1, 1, 1)
    assert ingest([morning, NOON], b"file", options={"year": 2021}).is_repeat
    # NOON still bears the number of the first batch; a third decoding that drops it withdraws it.
    last = ingest([morning], b"file", options={"year": 2021, "places": "x"})
    assert (last.n_unchanged, last.n_withdrawn) == (1, 1)
    assert len({wrong.batch_id, right.batch_id, last.batch_id}) == 3
    again = ingest([morning, NOON], b"file", options={"year": 2021})
    assert not again.is_repeat and again.n_new == 1


def test_decoding_a_small_file_keeps_nobody_from_writing(
    store: Store, store_url: str, readings: Readings, ingest_rows: Callable[..., IngestReport]
) -> None:
    seqs: list[int] = []

    def decoding() -> Iterator[Batch]:
        with Store.open(store_url) as other:
            seqs.append(ingest_rows(other, [MORNING]).seq)
        yield Batch(readings([("yaodu", "TP", "2021-04-03", 0.01)]))

    report = store.ingest(
        decoding(), blob=b"x", file_name="f", source="s", decoder="d", decoder_version="1"
    )
    assert report.n_new == 1
    assert report.seq == seqs[0] + 1
