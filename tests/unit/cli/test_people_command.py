"""The commands of people: a token is who one is; a typed name is nobody."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecomon.errors import AccessDenied
from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.model.tables import OBSERVATIONS
from ecomon.settings import read_settings, read_token
from ecomon.store import Store

Ecomon = Callable[..., Any]
Speak = Callable[..., Any]
APRIL = Period.month(2021, 4)


def keep_token(file: Path, token: str) -> None:
    file.write_text(token + "\n", encoding="utf-8")
    file.chmod(0o600)


def ingest(home: Path, value: float) -> None:
    n = 3
    table = OBSERVATIONS.frame(
        {
            "site": ["yaodu"] * n, "determinand": ["TP"] * n, "statistic": ["value"] * n,
            "start": np.array(["2021-04-03T00", "2021-04-03T04", "2021-04-03T08"], "datetime64[us]"),
            "duration_s": [0] * n, "programme": ["automatic"] * n, "source": ["tabulated"] * n,
            "replicate": [0] * n, "value": [0.1, 0.2, value], "unit": ["mg/L"] * n,
            "censor": ["none"] * n, "source_flag": [None] * n, "row": [1, 2, 3],
        }
    )  # fmt: skip
    with Store.open(read_settings(home).store_url) as store:
        store.ingest(
            [Batch(table)], blob=str(value).encode(), file_name=f"{value}.csv",
            source="tabulated", decoder="tests", decoder_version="1",
        )  # fmt: skip


@pytest.fixture
def home(ecomon: Ecomon, tmp_path: Path) -> Path:
    """An installation with an administrator, whose token is this user's."""
    made = tmp_path / "home"
    assert ecomon("store", "init", "--home", made).code == 0
    (issued,) = ecomon(
        "actor", "add", "admin", "--role", "administrator", "--home", made, "--json"
    ).records
    keep_token(tmp_path / "token", issued["token"])
    return made


@pytest.fixture
def tokens(ecomon: Ecomon, home: Path) -> dict[str, str]:
    """Tokens of a reviewer and an approver."""
    return {
        role: ecomon("actor", "add", name, "--role", role, "--home", home, "--json").records[0]["token"]
        for name, role in (("王芳", "reviewer"), ("zhao", "approver"))
    }  # fmt: skip


@pytest.fixture
def speak(
    ecomon: Ecomon, home: Path, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Speak:
    """Runs a command in the home with the token of a role."""

    def run(role: str, *words: object) -> Any:
        monkeypatch.setenv("ECOMON_TOKEN", tokens[role])
        said = ecomon(*words, "--home", home)
        monkeypatch.delenv("ECOMON_TOKEN")
        return said

    return run


def test_a_token_is_shown_once(ecomon: Ecomon, home: Path) -> None:
    said = ecomon("actor", "add", "wang", "--role", "reviewer", "--home", home)
    token = said.lines[-1]
    assert token.startswith("ecomon_")
    assert said.lines[0].startswith("账户 actor: wang  有效至 valid until ")
    listed = ecomon("token", "list", "--home", home, "--json")
    assert [one["actor"] for one in listed.records] == ["admin", "wang"]
    assert token[-43:] not in listed.out + ecomon("acts", "--home", home, "--json").out


def test_whoami_is_what_the_token_says(ecomon: Ecomon, home: Path, speak: Speak) -> None:
    assert (
        ecomon("whoami", "--home", home).out
        == "admin  系统管理员 administrator  权限 may: manage, read, retain\n"
    )
    (who,) = speak("reviewer", "whoami", "--json").records
    assert who == {
        "actor": "王芳", "role": "reviewer", "may": ["decide", "read", "review", "withdraw"],
    }  # fmt: skip


def test_without_a_token_nothing_is_changed(ecomon: Ecomon, home: Path, tmp_path: Path) -> None:
    (tmp_path / "token").unlink()
    for words in (
        ["whoami"], ["actor", "disable", "admin"], ["token", "issue", "admin"],
        ["token", "revoke", "x"], ["review", "decide", "1", "accept", "--reason", "r"],
        ["approve", "yaodu", "--period", "2021-04", "--state", "reviewed", "--reason", "r"],
        ["withdraw", "1", "--reason", "r"],
    ):  # fmt: skip
        said = ecomon(*words, "--home", home)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("错误 error: 须有令牌 a token is needed")
    said = ecomon("actor", "add", "x", "--role", "administrator", "--home", home)
    assert "only his token may add an actor" in said.err
    assert ecomon("acts", "--home", home).lines[-1] == "操作记录 acts: 2"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_token_that_others_can_read_is_refused(
    ecomon: Ecomon, home: Path, tmp_path: Path
) -> None:
    secret = (tmp_path / "token").read_text().strip()
    (tmp_path / "token").chmod(0o640)
    said = ecomon("whoami", "--home", home)
    assert (said.code, said.out) == (2, "")
    assert f"chmod 600 {tmp_path / 'token'}" in said.err
    assert secret not in said.err


def test_the_environment_comes_first_and_is_never_printed(
    ecomon: Ecomon, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOMON_TOKEN", "ecomon_secret")
    settings = read_settings(home)
    token = read_token(settings)
    assert token is not None and token.get_secret_value() == "ecomon_secret"
    assert "ecomon_secret" not in repr(settings) + str(settings.model_dump())
    said = ecomon("whoami", "--home", home)
    assert said.err == "错误 error: 令牌无效 the token is not valid\n"


def test_the_usual_place_of_a_token(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECOMON_TOKEN_FILE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "person")
    assert read_token(read_settings(home)) is None
    file = tmp_path / "person" / ".config" / "ecomon" / "token"
    file.parent.mkdir(parents=True)
    keep_token(file, "ecomon_mine")
    token = read_token(read_settings(home))
    assert token is not None and token.get_secret_value() == "ecomon_mine"
    file.unlink()
    file.mkdir(mode=0o700)
    with pytest.raises(AccessDenied, match="cannot read the token"):
        read_token(read_settings(home))


def test_accounts(ecomon: Ecomon, home: Path, speak: Speak) -> None:
    (extra,) = ecomon("token", "issue", "王芳", "--days", 3, "--home", home, "--json").records
    assert ecomon("token", "revoke", extra["selector"], "--home", home).code == 0
    assert ecomon("actor", "disable", "王芳", "--home", home).out == "已停用 disabled: 王芳\n"
    refused = speak("reviewer", "whoami")
    assert (refused.code, refused.err) == (2, "错误 error: 账户已停用 the actor 王芳 is disabled\n")
    actors = ecomon("actor", "list", "--home", home, "--json").records
    assert [(one["name"], one["disabled_at"] is None) for one in actors] == [
        ("admin", True), ("王芳", False), ("zhao", True),
    ]  # fmt: skip
    refused = speak("approver", "actor", "add", "x", "--role", "viewer")
    assert "须由系统管理员办理" in refused.err


def test_a_value_is_judged_by_who_holds_the_token(home: Path, speak: Speak) -> None:
    ingest(home, 0.3)
    with Store.open(read_settings(home).store_url) as store:
        store.open_reviews([{"revision": 3, "reason": "lone"}])
    (case,) = speak("reviewer", "review", "list", "--json").records
    assert (case["revision"], case["reason"], case["state"]) == (3, "lone", "open")
    words = [
        "review",
        "decide",
        3,
        "correct",
        "--value",
        0.25,
        "--reason",
        "抄表",
        "--evidence",
        "p4",
    ]
    assert speak("reviewer", *words).out == (
        "已记录 recorded: 决定 decision 1，版本 revision 3 更正 correct = 0.25，王芳\n"
    )
    assert speak("reviewer", "reviews").lines == ["待审核 open reviews: 0"]
    assert speak("reviewer", "review", "list", "--state", "decided").lines[-1] == (
        "已审核 decided reviews: 1"
    )
    assert "--state 'x' is none of" in speak("reviewer", "review", "list", "--state", "x").err
    act = speak("reviewer", "acts", "--limit", 1, "--json").records[0]
    assert (act["actor"], act["what"], act["detail"]["value"]) == ("王芳", "decision", 0.25)


def test_a_month_is_reviewed_then_approved(home: Path, speak: Speak) -> None:
    ingest(home, 0.3)
    words = ["approve", "yaodu", "--period", "2021-04", "--reason", "月审"]
    refused = speak("reviewer", *words, "--state", "approved")
    assert (refused.code, "须由批准人办理" in refused.err) == (2, True)
    assert "3 个监测值未经审核" in speak("approver", *words, "--state", "approved").err
    assert speak("reviewer", *words, "--state", "reviewed").out == (
        "已记录 recorded: yaodu 全部指标 all 2021-04 已审核 reviewed，监测值 readings 3，王芳\n"
    )
    done = speak("approver", *words, "--state", "approved", "--determinand", "TP")
    assert "yaodu TP 2021-04 已批准 approved，监测值 readings 3，zhao" in done.out
    with Store.open(read_settings(home).store_url) as store:
        assert store.read_observations(APRIL)["approval"].tolist() == ["approved"] * 3
        assert store.check_acts() == []


def test_a_withdrawal_says_what_came_back_and_what_to_do(home: Path, speak: Speak) -> None:
    ingest(home, 0.3)
    ingest(home, 30.0)
    said = speak("reviewer", "withdraw", 2, "--reason", "单位有误")
    assert (
        said.lines[0]
        == "已撤回 withdrawn: 批次 batch 2（30.0.csv） 监测值 readings 1，未采纳行 dead letters 0"
    )
    assert said.lines[1].startswith("恢复原值 restored 1（新版本，未经审核")
    assert "--again" in said.lines[2]
    assert said.lines[3].endswith("ecomon run assess|load|settle --period 2021-04")
    with Store.open(read_settings(home).store_url) as store:
        assert store.read_observations(APRIL)["value"].tolist() == [0.1, 0.2, 0.3]
    refused = speak("reviewer", "withdraw", 2, "--reason", "r")
    assert (refused.code, "已撤回" in refused.err) == (2, True)
    (done,) = speak("reviewer", "withdraw", 1, "--reason", "r", "--json").records
    assert (done["withdrawn"], done["n_withdrawn"], done["n_restored"]) == (1, 3, 0)
