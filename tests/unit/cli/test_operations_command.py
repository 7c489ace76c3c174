"""``ecomon doctor | units``, and the metrics of an installation."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ecomon.settings import Settings, read_settings
from ecomon.store import Store
from flows.metrics import metrics_beside, metrics_of

Ecomon = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    Store.create(read_settings(home).store_url, kind="example").close()
    return home


def by_code(said: Any) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in said.records}


def test_a_new_installation_has_things_to_do(ecomon: Ecomon, home: Path) -> None:
    said = ecomon("doctor", "--home", home, "--json")
    found = by_code(said)
    assert said.code == 1
    assert {code for code, one in found.items() if one["severity"] != "ok"} == {
        "flows", "backup", "actors",
    }  # fmt: skip
    text = ecomon("doctor", "--home", home)
    assert text.code == 1
    assert "[正常] 数据库 store：sqlite" in text.out
    assert "       → ecomon actor add" in text.out
    assert text.lines[-1].endswith("3 注意 warn，0 故障 fail")


def test_nothing_is_made_by_looking(ecomon: Ecomon, tmp_path: Path) -> None:
    said = ecomon("doctor", "--home", tmp_path / "none", "--json")
    assert said.code == 2
    assert "ecomon store init" in by_code(said)["store"]["text_en"]
    assert not (tmp_path / "none").exists()


def test_wrong_settings_and_facts_do_not_keep_it_from_the_rest(ecomon: Ecomon, home: Path) -> None:
    (home / "ecomon.env").write_text("ECOMON_LANGUAGE=xx\n")
    wrong = home / "site" / "stations" / "sections"
    wrong.mkdir(parents=True)
    (wrong / "bad.yaml").write_text("][")
    said = ecomon("doctor", "--home", home, "--json")
    found = by_code(said)
    assert said.code == 2
    assert "ECOMON_LANGUAGE" in found["settings"]["text_zh"]
    assert "bad.yaml" in found["registry"]["text_zh"]
    assert found["store"]["severity"] == "ok"


def test_a_store_of_no_known_kind_is_a_finding(
    ecomon: Ecomon, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECOMON_STORE", "nosuch://secret:hunter2@db/ecomon")
    said = ecomon("doctor", "--home", home, "--json")
    assert by_code(said)["store"]["severity"] == "fail"
    assert "hunter2" not in said.out


def test_a_clock_set_back_is_found(ecomon: Ecomon, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Store.create(
        read_settings(home).store_url, kind="example", clock=lambda: 4_000_000_000
    ) as store:
        store.save_ruleset("hash", b"{}")
    found = by_code(ecomon("doctor", "--home", home, "--json"))
    assert found["clock"]["severity"] == "fail"


def test_the_doctor_knows_no_prefect(home: Path) -> None:
    probe = (
        "import sys; from pathlib import Path; from ecomon.cli.operations import gather_facts;"
        f"gather_facts(Path({str(home)!r})); print('prefect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_metrics_of_a_real_installation(home: Path) -> None:
    with Store.open(read_settings(home).store_url) as store:
        run_id = store.start_run(
            "ingest", arguments={}, code_version="1", ruleset=None, input_seq=0
        )
        store.finish_run(run_id, outcome="succeeded", counts={})
    with metrics_of(read_settings(home), 0) as url:
        assert url.startswith("http://127.0.0.1:")
        text = _get(url)
    found = {
        (sample.name, sample.labels.get("flow")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.get("outcome") != "failed"
    }
    assert found["ecomon_store_up", None] == 1
    assert found["ecomon_runs_total", "ingest"] == 1
    assert found["ecomon_build_info", None] == 1


def test_metrics_without_a_store(tmp_path: Path) -> None:
    with metrics_of(Settings(home=tmp_path / "none"), 0) as url:
        assert "ecomon_store_up 0.0" in _get(url)


def _get(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as answer:
        return answer.read().decode()


def test_units_are_written_with_this_machine_s_paths(ecomon: Ecomon, tmp_path: Path) -> None:
    said = ecomon(
        "units", "--home", tmp_path / "home", "--user", "ecomon", "--out", tmp_path / "units"
    )
    assert said.code == 0
    written = sorted(path.name for path in (tmp_path / "units").iterdir())
    assert sorted(Path(line).name for line in said.lines[:-1]) == written
    text = (tmp_path / "units" / "ecomon.service").read_text("utf-8")
    assert f"ExecStart={sys.executable} -P -m ecomon serve\n" in text
    assert f"ReadWritePaths={tmp_path / 'home'}\n" in text


def test_the_metrics_command_ends_when_it_is_told(home: Path) -> None:
    command = [sys.executable, "-m", "ecomon", "metrics", "--home", str(home), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        url = child.stdout.readline().strip()
        assert "ecomon_store_up 1.0" in _get(url)
        child.terminate()
        assert child.wait(30) == 0


def test_findings_are_json_that_machines_read(ecomon: Ecomon, home: Path) -> None:
    for line in ecomon("doctor", "--home", home, "--json").lines:
        assert set(json.loads(line)) == {
            "code", "severity", "title_zh", "title_en", "text_zh", "text_en", "do_zh", "do_en",
        }  # fmt: skip


def test_what_store_commands_did_stands_in_the_logbook(ecomon: Ecomon, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for words in (("init",), ("upgrade",), ("root",), ("backup",), ("status",)):
        assert ecomon("store", *words, "--home", home).code == 0
    lines = (home / "log" / "ecomon.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == [
        "store_made", "store_upgraded", "day_closed", "store_backed_up",
    ]  # fmt: skip


def test_metrics_beside_something_else_stop_nothing(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    none = Settings(home=home, metrics_port=0)
    with metrics_of(none, 0) as url:
        taken = Settings(home=home, metrics_port=urlsplit(url).port)
        with metrics_beside(none) as at, metrics_beside(taken) as nowhere:
            assert (at, nowhere) == (None, None)
    assert "the metrics are not served" in caplog.text
    with metrics_beside(taken) as somewhere:
        assert somewhere == url
