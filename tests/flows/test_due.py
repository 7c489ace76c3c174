"""What is due when a scheduled flow is started: after missed slots, late readings and bent clocks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from ecomon.model.calendar import WorkCalendar
from ecomon.model.period import Period, to_epoch_s
from ecomon.registry import read_registry
from flows.due import closes_due, days_due, months_due, spans_touched
from flows.timetable import SCHEDULES, max_ages_s, slots

NOW = datetime(2025, 10, 15, 8, 45)
CALENDAR = read_registry().calendar


def run(period: str, began: datetime, *, is_success: bool = True, seq: int = 1) -> dict[str, Any]:
    return {
        "arguments": {"period": period}, "started_at_s": to_epoch_s(began),
        "is_success": is_success, "input_seq": seq,
    }  # fmt: skip


def days(runs: list[dict[str, Any]], now: datetime = NOW) -> str:
    return days_due(runs, now, reach_days=7).label


def test_yesterday_and_today_while_all_goes_well() -> None:
    assert days([run("2025-10-14/2025-10-15", NOW - timedelta(hours=4))]) == "2025-10-14/2025-10-15"


def test_days_the_machine_was_off_are_caught_up() -> None:
    last = datetime(2025, 10, 11, 20, 45)
    assert days([run("2025-10-10/2025-10-11", last)]) == "2025-10-11/2025-10-15"
    assert days([run("2025-10-10/2025-10-11", last, is_success=False)]) == "2025-10-08/2025-10-15"


def test_at_most_a_week_back() -> None:
    assert days([run("2025-09-01", datetime(2025, 9, 1, 12))]) == "2025-10-08/2025-10-15"
    assert days([]) == "2025-10-08/2025-10-15"


def test_a_run_by_hand_over_old_days_covers_only_those() -> None:
    runs = [
        run("2021-04", NOW - timedelta(hours=1)),
        run("2025-10-13/2025-10-14", NOW - timedelta(days=1)),
    ]
    assert days(runs) == "2025-10-14/2025-10-15"
    assert days(runs[:1]) == "2025-10-08/2025-10-15"


def test_a_run_over_days_to_come_covers_nothing_of_them() -> None:
    assert days([run("2025", datetime(2025, 10, 12, 9))]) == "2025-10-12/2025-10-15"


def test_a_clock_that_ran_ahead_hides_nothing() -> None:
    ahead = [
        run("2025-11-14/2025-11-15", datetime(2025, 11, 15)),
        run("2025-10-12/2025-10-13", datetime(2025, 10, 13, 9)),
    ]
    assert days(ahead) == "2025-10-13/2025-10-15"


def test_a_clock_set_back_a_day_does_the_days_it_believes_in() -> None:
    runs = [
        run("2025-10-14/2025-10-15", NOW - timedelta(hours=4)),
        run("2025-10-13/2025-10-14", NOW - timedelta(hours=28)),
    ]
    assert days(runs, NOW - timedelta(days=1)) == "2025-10-13/2025-10-14"
    assert days(runs) == "2025-10-14/2025-10-15"


def months(
    runs: list[dict[str, Any]], changes: dict[int, list[str]] | None = None, now: datetime = NOW
) -> list[str]:
    known = changes or {}

    def since(seq: int) -> list[Period]:
        return [Period.parse(text) for at, texts in known.items() if at > seq for text in texts]

    return [month.label for month in months_due(runs, now, since, reach_months=2)]


def test_the_running_month_is_assessed_every_day() -> None:
    assert months(
        [run("2025-10", NOW - timedelta(days=1)), run("2025-09", datetime(2025, 10, 1, 7, 30))]
    ) == ["2025-10"]
    assert months([], now=datetime(2025, 10, 1, 7, 30)) == ["2025-09"]


def test_a_month_that_was_cut_short_is_finished() -> None:
    runs = [
        run("2025-09", datetime(2025, 9, 27, 7, 30)),
        run("2025-08", datetime(2025, 9, 1, 7, 30)),
    ]
    assert months(runs) == ["2025-09", "2025-10"]


def test_late_readings_bring_their_month_back() -> None:
    runs = [
        run(month, datetime(2025, 10, 14), seq=5) for month in ("2025-10", "2025-09", "2025-08")
    ]
    assert months(runs, {5: ["2025-09-03"]}) == ["2025-10"]
    assert months(runs, {6: ["2025-08-30/2025-09-02"]}) == ["2025-08", "2025-09", "2025-10"]
    assert months(runs, {6: ["2024-01"]}) == ["2025-10"]
    by_hand = [run("2025-09", datetime(2025, 10, 14, 12), seq=6), *runs]
    assert months(by_hand, {6: ["2025-08-30/2025-09-02"]}) == ["2025-08", "2025-10"]


def test_a_new_installation_assesses_what_it_has() -> None:
    assert months([]) == ["2025-10"]
    assert months([], {1: ["2025-08-01/2025-09-30"]}) == ["2025-08", "2025-09", "2025-10"]


def closes(runs: list[dict[str, Any]], now: datetime, *, working_day: int = 3) -> list[str]:
    return [one.label for one in closes_due(runs, now, CALENDAR, working_day=working_day)]


def test_a_month_closes_on_the_third_working_day() -> None:
    # The first three working days of October 2025 are the 9th, the 10th and the worked Saturday.
    august = run("2025-08", datetime(2025, 9, 3, 8))
    assert closes([august], datetime(2025, 10, 10, 8)) == []
    assert closes([august], datetime(2025, 10, 11, 8)) == ["2025-09"]
    done = run("2025-09", datetime(2025, 10, 11, 8))
    assert closes([done, august], datetime(2025, 10, 11, 8, 5)) == []
    assert closes([done, august], datetime(2025, 10, 12, 8)) == []


def test_closes_that_were_missed_come_oldest_first() -> None:
    runs = [
        run("2025-06", datetime(2025, 7, 3, 8)),
        run("2025-07", datetime(2025, 8, 5), is_success=False),
    ]
    assert closes(runs, NOW) == ["2025-07", "2025-08", "2025-09"]


def test_the_first_close_of_an_installation_is_the_last_month() -> None:
    assert closes([], NOW) == ["2025-09"]
    assert closes([], datetime(2025, 10, 9, 8)) == ["2025-08"]


def test_a_close_made_by_a_clock_that_ran_ahead_is_made_again() -> None:
    ahead = run("2025-09", datetime(2025, 12, 1))
    august = run("2025-08", datetime(2025, 9, 3, 8))
    assert closes([ahead, august], datetime(2025, 10, 11, 8)) == ["2025-09"]


def test_without_a_notice_for_the_year_weekends_decide() -> None:
    bare = WorkCalendar({})
    assert [one.label for one in closes_due([], datetime(2025, 10, 3), bare, working_day=3)] == [
        "2025-09"
    ]
    assert not bare.is_known(date(2025, 10, 3).year)


def test_new_readings_are_judged_in_spans_of_days() -> None:
    changes = [Period.parse(text) for text in ("2025-10-14", "2025-10-15", "2025-10-11/2025-10-12")]
    spans, n_beyond = spans_touched(changes, NOW, reach_days=31)
    assert ([one.label for one in spans], n_beyond) == (
        ["2025-10-11/2025-10-12", "2025-10-14/2025-10-15"],
        0,
    )


def test_archives_and_the_future_call_nobody() -> None:
    changes = [Period.parse("2025-09-01/2025-09-20"), Period.parse("2025-10-15/2025-10-16")]
    spans, n_beyond = spans_touched(changes, NOW, reach_days=31)
    assert [one.label for one in spans] == ["2025-09-14/2025-09-20", "2025-10-15"]
    assert n_beyond == 13 + 1


def test_every_schedule_starts_a_flow_there_is() -> None:
    from flows import schedule

    assert all(hasattr(schedule, slot.flow) for slot in SCHEDULES.values())
    assert set(SCHEDULES) - set(slots(has_polls=False)) == {"polls", "pulls", "gateway"}
    assert "poll" in max_ages_s(has_polls=True) and "poll" not in max_ages_s(has_polls=False)
    assert "pull" in max_ages_s(has_polls=False, has_pulls=True)
    assert max_ages_s(has_polls=False, has_instruments=True)["gateway"] == 3600
