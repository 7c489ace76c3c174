"""What an act leaves in the logbook."""

from __future__ import annotations

import io
import json
import logging
import threading
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
import structlog

from ecomon.logbook import keep_logbook, log_run
from ecomon.settings import Settings

NOW_S = 1_700_000_000.25


def lines_of(home: Path) -> list[dict[str, Any]]:
    text = (home / "log" / "ecomon.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_an_act_is_one_line_in_beijing_time(tmp_path: Path) -> None:
    with keep_logbook(Settings(home=tmp_path), clock=lambda: NOW_S) as log:
        log.info("file_ingested", file="水.csv", n_new=3)
        log.debug("not_kept")
    assert lines_of(tmp_path) == [
        {
            "time": "2023-11-15T06:13:20.250+08:00", "level": "info", "event": "file_ingested",
            "file": "水.csv", "n_new": 3,
        }
    ]  # fmt: skip


def test_a_run_tells_its_begin_and_its_counts(tmp_path: Path) -> None:
    counts = {"n_new": 0}
    with log_run(
        Settings(home=tmp_path), flow="ingest", run_id=7, counts=lambda: counts, feed="cnemc-water"
    ):
        structlog.get_logger().info("file_ingested", file="a.csv")
        counts = {"n_new": 5}
    began, act, ended = lines_of(tmp_path)
    assert (began["event"], began["feed"]) == ("run_started", "cnemc-water")
    assert (ended["event"], ended["counts"]) == ("run_succeeded", {"n_new": 5})
    assert ended["duration_s"] >= 0
    assert {(line["flow"], line["run_id"]) for line in (began, act, ended)} == {("ingest", 7)}


def test_a_failed_run_says_why_without_the_secret(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="hunter2"),
        log_run(Settings(home=tmp_path), flow="load", run_id=1),
    ):
        raise ValueError("no answer from postgresql://u:hunter2@db/x")
    failed = lines_of(tmp_path)[-1]
    assert (failed["event"], failed["level"]) == ("run_failed", "error")
    assert failed["error_type"] == "ValueError"
    assert failed["error"] == "no answer from postgresql://u:[redacted]@db/x"


def test_outside_nothing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with keep_logbook(Settings(home=tmp_path)):
        pass
    structlog.get_logger().error("nobody_listens")
    assert capsys.readouterr() == ("", "")
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("level", "shown"),
    [(None, []), ("debug", ["a", "b", "c"]), ("info", ["b", "c"]), ("warning", ["c"])],
)
def test_the_screen_shows_what_was_asked_for(tmp_path: Path, level: Any, shown: list[str]) -> None:
    screen = io.StringIO()
    settings = Settings(home=tmp_path, log=level, log_format="json")
    with keep_logbook(settings, screen=screen) as log:
        log.debug("a")
        log.info("b")
        log.warning("c")
    assert [json.loads(line)["event"] for line in screen.getvalue().splitlines()] == shown
    kept = ["a", "b", "c"] if level == "debug" else ["b", "c"]
    assert [line["event"] for line in lines_of(tmp_path)] == kept


def test_the_screen_can_be_read_by_people(tmp_path: Path) -> None:
    screen = io.StringIO()
    settings = Settings(home=tmp_path, log="info")
    with keep_logbook(settings, screen=screen, clock=lambda: NOW_S) as log:
        log.info("notice_delivered", office="昭化区 河长办", n=2, to=["a"])
    assert screen.getvalue() == (
        '2023-11-15T06:13:20 INFO    notice_delivered office="昭化区 河长办" n=2 to=["a"]\n'
    )


def test_two_installations_in_one_process_keep_apart(tmp_path: Path) -> None:
    one, two = Settings(home=tmp_path / "one"), Settings(home=tmp_path / "two")
    with keep_logbook(one) as log:
        log.info("first")
        with keep_logbook(two):
            log.info("second")
        log.info("third")
    assert [line["event"] for line in lines_of(one.home)] == ["first", "third"]
    assert [line["event"] for line in lines_of(two.home)] == ["second"]


def test_a_thread_that_takes_the_context_along_is_heard(tmp_path: Path) -> None:
    with keep_logbook(Settings(home=tmp_path)) as log:
        context = copy_context()
        thread = threading.Thread(target=context.run, args=(log.info, "from_a_thread"))
        thread.start()
        thread.join()
    assert [line["event"] for line in lines_of(tmp_path)] == ["from_a_thread"]


def test_a_log_that_cannot_be_written_stops_no_work(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where a folder should be")
    screen = io.StringIO()
    with keep_logbook(Settings(home=tmp_path), screen=screen) as log:
        log.info("one")
        log.info("two")
    assert screen.getvalue().count("the log cannot be written") == 1


def test_what_is_said_through_logging_is_a_line_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])  # pytest's own
    logger = logging.getLogger("ecomon.store.turns")
    with keep_logbook(Settings(home=tmp_path)):
        logger.warning("waiting for %s, token=%s", "ingest", "zq81hhx92")
        logger.info("not kept")
    (line,) = lines_of(tmp_path)
    assert (line["event"], line["logger"]) == ("said", "ecomon.store.turns")
    assert line["text"] == "waiting for ingest, token=[redacted]"
    assert capsys.readouterr().err == "waiting for ingest, token=zq81hhx92\n"
    with keep_logbook(Settings(home=tmp_path, log="warning")):
        logger.warning("shown once")
    assert capsys.readouterr().err.count("shown once") == 1
    logger.warning("no logbook")
    assert capsys.readouterr().err == "no logbook\n"
