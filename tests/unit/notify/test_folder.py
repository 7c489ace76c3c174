"""Notices as files: whole, once, and in the office's own folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ecomon.notify import deliver_to_folder


def notice(**changes: Any) -> dict[str, Any]:
    return {
        "notice_id": 7,
        "idempotency_key": "bamiaogou-2021-04-03T08-firing",
        "fingerprint": "bamiaogou/TP/class_3/repeated",
        "office": "guangyuan-ecology",
        "kind": "firing",
        "subject_zh": "八庙沟 总磷 超标",
        "subject_en": "Bamiaogou: TP above class III",
        "body_zh": "总磷 0.31 mg/L，限值 0.2 mg/L。",
        "body_en": "TP 0.31 mg/L, limit 0.2 mg/L.",
        **changes,
    }


def test_a_notice_becomes_a_text_and_a_json_file(tmp_path: Path) -> None:
    (done,) = deliver_to_folder([notice()], tmp_path)
    assert (done.notice_id, done.outcome, done.channel) == (7, "delivered", "folder")
    assert done.receipt == "guangyuan-ecology/bamiaogou-2021-04-03T08-firing.txt"
    text = (tmp_path / done.receipt).read_text("utf-8")
    assert text.splitlines() == [
        "八庙沟 总磷 超标", "", "总磷 0.31 mg/L，限值 0.2 mg/L。", "",
        "Bamiaogou: TP above class III", "", "TP 0.31 mg/L, limit 0.2 mg/L.",
    ]  # fmt: skip
    stored = json.loads((tmp_path / done.receipt).with_suffix(".json").read_text("utf-8"))
    assert stored == {name: item for name, item in notice().items() if name != "notice_id"}


def test_a_body_that_begins_with_its_subject_says_it_once(tmp_path: Path) -> None:
    given = notice()
    given |= {
        f"body_{one}": f"{given[f'subject_{one}']}\n{given[f'body_{one}']}" for one in ("zh", "en")
    }
    (done,) = deliver_to_folder([given], tmp_path)
    assert (tmp_path / done.receipt).read_text("utf-8").splitlines() == [
        "八庙沟 总磷 超标", "总磷 0.31 mg/L，限值 0.2 mg/L。", "",
        "Bamiaogou: TP above class III", "TP 0.31 mg/L, limit 0.2 mg/L.",
    ]  # fmt: skip


def test_the_same_notice_again_changes_no_file(tmp_path: Path) -> None:
    first = deliver_to_folder([notice()], tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = deliver_to_folder([notice(notice_id=8)], tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert again[0].receipt == first[0].receipt


def test_a_crash_between_the_two_files_is_made_good(tmp_path: Path) -> None:
    (done,) = deliver_to_folder([notice()], tmp_path)
    (tmp_path / done.receipt).unlink()
    (again,) = deliver_to_folder([notice()], tmp_path)
    assert again.outcome == "delivered"
    assert (tmp_path / again.receipt).is_file()
    assert len(list(tmp_path.rglob("*.*"))) == 2


def test_keys_that_are_no_file_names_stay_apart_and_inside_the_folder(tmp_path: Path) -> None:
    keys = ["a/b", "a_b", "a:b", "../../a", "..", "告警"]
    done = deliver_to_folder(
        [notice(notice_id=n, idempotency_key=key, office="../x") for n, key in enumerate(keys)],
        tmp_path / "outbox",
    )
    files = list((tmp_path / "outbox").rglob("*.txt"))
    assert len(files) == len(keys) == len({one.receipt for one in done})
    assert [path.name for path in tmp_path.iterdir()] == ["outbox"]


def test_one_broken_folder_stops_no_other_office(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("a file where a folder should be")
    first, second = deliver_to_folder(
        [notice(office="broken"), notice(notice_id=8, office="longnan-ecology")], tmp_path
    )
    assert (first.outcome, second.outcome) == ("failed", "delivered")
    assert "Error" in first.receipt


def test_no_half_written_file_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    (failed,) = deliver_to_folder([notice()], tmp_path)
    assert failed.outcome == "failed"
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".part"] == []
    monkeypatch.undo()
    (done,) = deliver_to_folder([notice()], tmp_path)
    assert done.outcome == "delivered"
    assert list(tmp_path.rglob("*.part")) == []
