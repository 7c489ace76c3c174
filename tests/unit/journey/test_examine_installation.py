"""What an installation's facts mean: nothing to say of a healthy one, and one finding an illness."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from operation_facts import DAY_S, FACTS, FLOW, GIB, HOST, HOUR_S, NOW_S, SOURCE, STORE, spoilt

from ecomon.journey.examine_installation import examine_installation
from ecomon.journey.examine_store import span_en, span_zh
from ecomon.model.operation import (
    DiskFacts,
    Finding,
    FolderFacts,
    InboxFacts,
    InstallationFacts,
    worst,
)


def ill(facts: InstallationFacts) -> dict[str, str]:
    """Severity by code of what is not ok."""
    found = examine_installation(facts)
    return {one.code: one.severity for one in found if one.severity != "ok"}


def test_a_healthy_installation_has_nothing_to_do() -> None:
    findings = examine_installation(FACTS)
    assert worst(findings) == "ok"
    assert not any(one.do_zh or one.do_en for one in findings)
    assert len({one.code for one in findings}) == len(findings) > 15


def disks(free_bytes: int, kind: str = "ext4") -> tuple[DiskFacts, ...]:
    return HOST.disks[0], DiskFacts("store", 500 * GIB, free_bytes, kind)


def inbox(n_waiting: int, age_s: int, n_failed: int = 0) -> tuple[InboxFacts, ...]:
    return (InboxFacts("cnemc-water", n_waiting, NOW_S - age_s if n_waiting else None, n_failed),)


def flow(**changes: Any) -> dict[str, Any]:
    return {"flows": (replace(FLOW, **changes),)}


CASES: list[tuple[str, str, dict[str, Any], dict[str, str]]] = [
    ("a clock set back", "host", {"now_s": NOW_S - DAY_S}, {"clock": "fail"}),
    ("a commit of this minute", "store", {"last_commit_s": NOW_S + 60}, {}),
    ("a clock nobody sets", "host", {"is_synchronised": False}, {"clock": "warn"}),
    ("no word on the clock", "host", {"is_synchronised": None}, {}),
    ("a folder read-only", "host", {"folders": (FolderFacts("inbox", True, False),)}, {"folders": "fail"}),
    ("little room", "host", {"disks": disks(9 * GIB)}, {"disk_store": "warn"}),
    ("no room", "host", {"disks": disks(GIB - 1)}, {"disk_store": "fail"}),
    # 3 GiB for 3 million revisions is 1 KiB each, and 1000 of them come a day: 100 GiB last long;
    # a thousand times as many fill them in 97 days, three thousand times in 32, ten thousand in 9.
    ("growth for a quarter", "store", {"n_recent_revisions": 30_000_000}, {}),
    ("growth for a month", "store", {"n_recent_revisions": 90_000_000}, {"disk_store": "warn"}),
    ("growth for a week", "store", {"n_recent_revisions": 300_000_000}, {"disk_store": "fail"}),
    ("a first day tells no growth", "store", {"n_recent_revisions": 300_000_000, "recent_s": DAY_S}, {}),
    ("SQLite on NFS", "host", {"disks": disks(100 * GIB, "nfs4")}, {"file_system": "fail"}),
    ("a file waits", "host", {"inboxes": inbox(1, HOUR_S)}, {}),
    ("a file waits for hours", "host", {"inboxes": inbox(2, 6 * HOUR_S)}, {"inbox": "warn"}),
    ("a file waits for days", "host", {"inboxes": inbox(2, 2 * DAY_S)}, {"inbox": "fail"}),
    ("refused files", "host", {"inboxes": inbox(0, 0, n_failed=3)}, {"inbox_failed": "warn"}),
    ("a left-over part", "host", {"stale_parts": ("inbox/a.part",)}, {"parts": "warn"}),
    ("an orphan", "host", {"orphans": (4711,)}, {"orphans": "warn"}),
    ("open settings", "host", {"is_env_open": True}, {"settings": "warn"}),
    ("no font", "host", {"missing_assets": ("publish/fonts/a.otf",)}, {"packages": "fail"}),
    ("a wide write-ahead log", "host", {"wal_bytes": 2 * GIB}, {"wal": "warn"}),
    ("wrong settings", "", {"settings_problem": "ECOMON_LOG: x"}, {"settings": "fail"}),
    ("a wrong fact", "", {"registry_problem": "a.yaml: x", "ruleset": None}, {"registry": "fail"}),
    ("no store", "", {"store": None, "store_problem": "holds no store"}, {"store": "fail"}),
    ("an overdue flow", "store", flow(last_success_s=NOW_S - 10 * HOUR_S), {"flow_alert": "warn"}),
    ("a flow that stopped", "store", flow(last_success_s=NOW_S - 40 * HOUR_S), {"flow_alert": "fail"}),
    ("nothing ever ran", "store", {"flows": ()}, {"flows": "warn"}),
    ("the last run failed", "store", flow(last_failure_s=NOW_S - 60), {"runs_failed": "warn"}),
    ("a failure mended since", "store", flow(last_failure_s=NOW_S - DAY_S), {}),
    ("a run under way", "store", flow(first_unended_s=NOW_S - HOUR_S), {}),
    ("a run killed", "store", flow(first_unended_s=NOW_S - 7 * HOUR_S), {"runs_unended": "warn"}),
    ("no backup", "store", {"last_backup_s": None}, {"backup": "warn"}),
    ("an old backup", "store", {"last_backup_s": NOW_S - 3 * DAY_S}, {"backup": "warn"}),
    ("a very old backup", "store", {"last_backup_s": NOW_S - 9 * DAY_S}, {"backup": "fail"}),
    ("unchained batches", "store", {"first_unchained_s": NOW_S - 3 * DAY_S}, {"day_root": "warn"}),
    ("a notice not delivered", "store", {"n_notices": 1, "first_notice_s": NOW_S - 2 * HOUR_S}, {"notices": "warn"}),
    ("a notice of yesterday", "store", {"n_notices": 1, "first_notice_s": NOW_S - 2 * DAY_S}, {"notices": "fail"}),
    ("a review nobody does", "store", {"first_review_s": NOW_S - 8 * DAY_S}, {"reviews": "warn"}),
    ("a changed layout", "store", {"n_dead_letters": 300}, {"dead_letters": "warn"}),
    ("a silent source", "store", {"operations_alerts": {"silent_source": 2}}, {"operations_alerts": "warn"}),
    ("a wrong year", "store", {"sources": (replace(SOURCE, last_reading_s=NOW_S + 365 * DAY_S),)}, {"source_cnemc-water": "warn"}),
    ("nobody", "store", {"actors": {}}, {"actors": "warn"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "changes", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_an_illness_is_found_by_itself(
    part: str, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    assert ill(spoilt(part, **changes)) == expected


@pytest.mark.parametrize("case", [case for case in CASES if case[3]], ids=lambda case: case[0])
def test_a_finding_says_what_to_do_in_both_languages(case: Any) -> None:
    for one in examine_installation(spoilt(case[1], **case[2])):
        if one.severity != "ok":
            assert all((one.text_zh, one.text_en, one.do_zh, one.do_en)), one


def test_the_growth_is_told() -> None:
    texts = {one.code: one.text_en for one in examine_installation(FACTS)}
    assert texts["disk_store"] == "100.0 GiB free of 500.0 GiB; 36500 days at the present growth"
    assert texts["disk_home"] == "100.0 GiB free of 500.0 GiB"


def test_a_store_on_a_server_grows_on_no_disk_of_ours() -> None:
    facts = spoilt("store", engine="postgresql", n_recent_revisions=300_000_000)
    facts = replace(facts, host=replace(HOST, disks=HOST.disks[:1], wal_bytes=None))
    assert "disk_home" not in ill(facts)


def test_a_flow_without_a_success_is_no_alarm_while_others_run() -> None:
    facts = replace(FACTS, max_age_s={"alert": 9 * HOUR_S, "settle": DAY_S})
    assert ill(facts) == {}
    assert ill(replace(FACTS, max_age_s={}, store=replace(STORE, flows=()))) == {}


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 分钟", "0 min"), (59, "0 分钟", "0 min"), (60, "1 分钟", "1 min"),
        (HOUR_S, "1 小时", "1 h"), (HOUR_S + 60, "1 小时 1 分钟", "1 h 1 min"),
        (DAY_S + 60, "1 天", "1 d"), (3 * DAY_S + 5 * HOUR_S + 60, "3 天 5 小时", "3 d 5 h"),
        (-5, "0 分钟", "0 min"),
    ],
)  # fmt: skip
def test_lengths_of_time(seconds: int, zh: str, en: str) -> None:
    assert (span_zh(seconds), span_en(seconds)) == (zh, en)


def test_the_worst_of_findings() -> None:
    def of(*severities: Any) -> tuple[Finding, ...]:
        return tuple(Finding("x", one, "", "", "", "") for one in severities)

    assert [worst(of(*one)) for one in ((), ("ok",), ("ok", "warn"), ("fail", "warn"))] == [
        "ok", "ok", "warn", "fail",
    ]  # fmt: skip
