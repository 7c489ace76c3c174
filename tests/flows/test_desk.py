"""The desk of a serving process: one answer to who has the key, none to anybody else."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from flows.desk import ask_desk, desk_open


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "prefect").mkdir()
    return tmp_path


def run(name: str) -> dict[str, Any]:
    return {"ran": name}


def fail(_name: str) -> dict[str, Any]:
    raise RuntimeError("no disk")


def test_what_is_asked_at_the_desk_is_run_there(home: Path) -> None:
    assert ask_desk(home, "sample") is None  # nobody serves
    with desk_open(home, run):
        assert [ask_desk(home, "sample") for _ in range(2)] == [{"ran": "sample"}] * 2
        assert ask_desk(home, "settle") is None  # not a flow that somebody waits for
        told = home / "prefect" / "desk.json"
        assert stat.S_IMODE(told.stat().st_mode) == 0o600
    assert not told.exists()
    assert ask_desk(home, "sample") is None


def test_where_the_flow_fails_the_command_is_left_to_itself(home: Path) -> None:
    with desk_open(home, fail):
        assert ask_desk(home, "sample") is None
    with desk_open(home, run):  # and an address that a killed process left behind is replaced
        assert ask_desk(home, "sample") == {"ran": "sample"}


@pytest.mark.parametrize(
    "line", [b"\n", b"{}\n", b"[1]\n", b'{"key": "k", "flow": "sample"}\n', b"\xff\n", b"x" * 2000]
)
def test_a_stranger_is_not_answered_and_keeps_nobody_waiting(home: Path, line: bytes) -> None:
    with desk_open(home, run):
        port = json.loads((home / "prefect" / "desk.json").read_text("utf-8"))["port"]
        with socket.create_connection(("127.0.0.1", port), 5) as silent:
            with socket.create_connection(("127.0.0.1", port), 5) as stranger:
                stranger.sendall(line)
                stranger.shutdown(socket.SHUT_WR)
                assert not received(stranger)
            assert ask_desk(home, "sample") == {"ran": "sample"}
            silent.close()


def received(line: socket.socket) -> bytes:
    try:
        return line.recv(100)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "told", ["", "[]", "{}", '{"port": 1, "key": "k"}', '{"port": "x", "key": 1}']
)
def test_a_broken_address_is_no_desk(home: Path, told: str) -> None:
    (home / "prefect" / "desk.json").write_text(told, encoding="utf-8")
    assert ask_desk(home, "sample") is None
