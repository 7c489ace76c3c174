"""``ecomon hj212``: what it prints is a contract."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from ecomon.cli import app

RAW = b"##0170QN=20260801085857223;ST=21;CN=2061;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime=20260801080000;w01001-Avg=7.10,w01001-Flag=N;w21003-Avg=0.25,w21003-Flag=N&&A501\r\n"
RECORD = {
    "kind": "frame",
    "crc": "hj212",
    "quirks": [],
    "header": {
        "QN": "20260801085857223", "ST": "21", "CN": "2061", "PW": "123456",
        "MN": "010000A8900016F000169DC0", "Flag": "5",
    },
    "cp": [
        ["DataTime", {"": "20260801080000"}],
        ["w01001", {"Avg": "7.10", "Flag": "N"}],
        ["w21003", {"Avg": "0.25", "Flag": "N"}],
    ],
}  # fmt: skip


def octets_of(*words: str) -> bytes:
    answer = CliRunner().invoke(app, ["hj212", *words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout_bytes


def run(*words: str) -> str:
    return octets_of(*words).decode()


def test_a_frame_is_one_object_a_line(tmp_path: Path) -> None:
    file = tmp_path / "recorded.bin"
    file.write_bytes(b"REG,1\r\n" + RAW)
    lines = [json.loads(line) for line in run("decode", str(file), "--json").splitlines()]
    assert [list(line) for line in lines] == [
        ["kind", "reason", "octets"], ["kind", "crc", "quirks", "header", "cp"],
    ]  # fmt: skip
    assert bytes.fromhex(lines[0]["octets"]) == b"REG,1\r\n"
    assert lines[1] == {**RECORD, "quirks": ["noise_before"]}


def test_a_frame_goes_through_encode_and_back(tmp_path: Path) -> None:
    file = tmp_path / "frames.jsonl"
    file.write_text(json.dumps(RECORD) + "\n", encoding="utf-8")
    assert octets_of("encode", str(file)) == RAW
    assert octets_of("encode", "--segment", RAW[6:-6].decode()) == RAW


def test_verdicts_are_for_a_person(tmp_path: Path) -> None:
    file = tmp_path / "bad.bin"
    file.write_bytes(RAW.replace(b"A501", b"0000"))
    said = run("decode", str(file))
    assert "HJ 212 gives A501" in said
    assert "w21003" in said
    looked = json.loads(run("decode", str(file), "--json", "--checksum", "none"))
    assert (looked["crc"], looked["quirks"]) == ("none", ["crc_bad"])


def test_with_the_facts_of_a_station_observations_are_shown(tmp_path: Path) -> None:
    octets, facts = tmp_path / "recorded.bin", tmp_path / "station.yaml"
    octets.write_bytes(RAW)
    facts.write_text(
        "mn: 010000A8900016F000169DC0\nsite: here\nlabel: start\nfactors:\n"
        "  - {code: w01001, determinand: PH, unit: '1'}\n",
        encoding="utf-8",
    )
    said = run("decode", str(octets), "--station", str(facts), "--home", str(tmp_path))
    assert "PH mean 2026-08-01 08:00:00 +3600s  7.1 1  N→1" in said
    assert "w21003" in said
