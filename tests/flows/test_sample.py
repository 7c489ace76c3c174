"""An emergency sample from the keyboard to the notice, its confirmation, and where the server is."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ecomon.cli import app
from ecomon.model.period import BEIJING
from flows.served import announced, served_url


@pytest.fixture
def home(api: str, make_installation: Callable[..., object], monkeypatch) -> Path:
    monkeypatch.setenv("PREFECT_API_URL", api)
    installation = make_installation("real")
    where: Path = installation.home  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setenv("ECOMON_HOME", str(where))
    monkeypatch.setenv("ECOMON_TOKEN_FILE", str(where / "token"))
    return where


def run(*words: str) -> dict:
    result = CliRunner().invoke(app, ["sample", *words, "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.output.splitlines()[-1])


def subjects(home: Path) -> set[str]:
    return {
        path.read_text("utf-8").splitlines()[0] for path in (home / "outbox").rglob("*.txt")
    }  # fmt: skip


def test_a_typed_sample_is_stored_judged_told_and_confirmed(home: Path) -> None:
    at = f"{datetime.now(BEIJING) - timedelta(hours=1):%Y-%m-%d %H:%M}"
    where = ("西湾水厂", "锑")
    said = ("--status", "疑似", "--method", "HJ 700-2014", "--note", "左岸", "--result-at", at)
    first = run("add", *where, "20.8", "--unit", "ug/L", "--sampled-at", at, *said)
    assert (first["n_new"], first["alerts"], first["reviews"], first["by"]) == (1, 1, 1, None)
    assert first["notices"] == first["delivered"] > 0
    assert subjects(home) == {"【疑似】西湾水厂取水口 锑 超标3.16倍"}
    (notice, *_) = (home / "outbox").rglob("*.txt")
    assert "分析方法：HJ 700-2014" in notice.read_text("utf-8")
    assert "method: HJ 700-2014" in notice.read_text("utf-8")
    listed = run("list", "--period", at[:10])
    assert (listed["place"], listed["method"], listed["status"]) == (
        "西湾水厂",
        "HJ 700-2014",
        "疑似",
    )
    assert (listed["note"], listed["reported_at"][:16]) == ("左岸", at.replace(" ", "T"))
    sheet = home / "confirmed.csv"
    sheet.write_text(
        "place,determinand,sampled_at,value,unit,status\n"
        f"xiwan-intake,SB,{at},0.0192,mg/L,确认\n", encoding="utf-8",
    )  # fmt: skip
    second = run("read", str(sheet))
    assert (second["n_new"], second["n_revised"]) == (0, 1)
    assert "【确认】西湾水厂取水口 锑 经确认超标2.84倍" in subjects(home)
    listed = run("list", "--period", at[:10])
    assert (listed["value"], listed["status"], listed["method"]) == (0.0192, "确认", None)
    done = home / "inbox" / "samples" / "done"
    assert len(list(done.glob("*.csv"))) == 2  # the octets of both, as they were handed in
    assert any(path.read_bytes() == sheet.read_bytes() for path in done.glob("*.csv"))


# --- the lasting server ---------------------------------------------------------------------------


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def healthy() -> Iterator[str]:
    """The URL of a server that says it is well."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


def test_the_server_of_a_home_is_found_while_it_serves(tmp_path: Path, healthy: str) -> None:
    assert served_url(tmp_path) is None
    with announced(tmp_path, healthy):
        assert served_url(tmp_path) == healthy
        with announced(tmp_path, "http://127.0.0.1:1/api"):  # a second one changes nothing
            assert served_url(tmp_path) == healthy
    assert served_url(tmp_path) is None  # the address is still written down


def test_a_server_that_does_not_answer_is_none(tmp_path: Path) -> None:
    with announced(tmp_path, "http://127.0.0.1:1/api"):
        assert served_url(tmp_path) is None
