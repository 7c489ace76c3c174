"""A file read again in another way mends what it made; a year is never guessed; rules can change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecomon.model.period import Period

APRIL = Period.parse("2021-04")
HEADER = "省份,流域,断面名称,监测时间,水质类别,pH(无量纲),氨氮(mg/L),站点情况\r\n"
ARCHIVE = (
    HEADER
    + "四川省,长江流域,姚渡,04-03 04:00,Ⅱ,8.2,0.040,正常\r\n"
    + "四川省,长江流域,荣山,04-03 04:00,Ⅱ,8.1,0.050,正常\r\n"
).encode()
RONGSHAN = """
sections:
  - id: rongshan
    name_zh: 荣山
    name_en: Rongshan
    river: nanhe
    kind: inside
    located_in: "510802"
    source: 本单位断面清单
    confidence: verified
    aliases:
      - {feed: cnemc-water, key: 四川省/荣山}
"""


@pytest.fixture
def home(api: str, make_installation: Callable[[str], Any]) -> Any:
    return make_installation("real")


def put(home: Any, name: str, octets: bytes) -> str:
    path = home.home / name
    path.write_bytes(octets)
    return str(path)


def test_a_year_is_never_taken_from_the_date_of_a_file(home: Any) -> None:
    file = put(home, "archive.csv", ARCHIVE)
    counts = home.run("ingest", files=[file])
    assert counts["n_new"] == 0 and "year" in counts["refused"]["archive.csv"]


def test_a_wrong_year_is_mended_by_reading_the_file_again(home: Any) -> None:
    file = put(home, "archive.csv", ARCHIVE)
    home.run("ingest", files=[file], year=2020)
    counts = home.run("ingest", files=[file], year=2021)
    assert counts["n_new"] == 2
    with home.store() as store:
        assert store.read_observations(Period.parse("2020-04")).empty
        assert len(store.read_observations(APRIL)) == 2


def test_rows_of_a_place_come_in_once_it_is_registered(home: Any) -> None:
    file = put(home, "archive.csv", ARCHIVE)
    first = home.run("ingest", files=[file], year=2021)
    assert (first["n_new"], first["n_rejected"]) == (2, 1)
    overlay = home.home / "site" / "stations" / "sections"
    overlay.mkdir(parents=True)
    (overlay / "local.yaml").write_text(RONGSHAN, "utf-8")
    again = home.run("ingest", files=[file], year=2021)
    assert (again["n_new"], again["n_unchanged"], again["n_rejected"]) == (2, 2, 0)
    with home.store() as store:
        assert set(store.read_observations(APRIL)["site"]) == {"yaodu", "rongshan"}
        assert store.read_dead_letters() == []
    assert home.run("ingest", files=[file], year=2021)["n_new"] == 0


def test_a_withdrawn_file_comes_back_when_a_person_sends_it_again(home: Any) -> None:
    file = put(home, "archive.csv", ARCHIVE)
    home.run("ingest", files=[file], year=2021)
    with home.store() as store:
        founder = store.authenticate(store.add_actor("admin", "administrator", by=None).text)
        who = store.authenticate(store.add_actor("li", "reviewer", by=founder).text)
        store.withdraw_batch(1, actor=who, reason="文件有误")
    repeat = home.run("ingest", files=[file], year=2021)
    assert (repeat["n_new"], repeat["n_unchanged"]) == (0, 0)  # the withdrawal holds
    assert home.run("ingest", files=[file], year=2021, again=True)["n_new"] == 2
    with home.store() as store:
        assert len(store.read_observations(APRIL)) == 2


def test_changed_rules_reach_stored_readings_by_the_flag_flow(home: Any) -> None:
    home.run("ingest", files=[put(home, "archive.csv", ARCHIVE)], year=2021)

    def flag_of_ph() -> int:
        with home.store() as store:
            table = store.read_observations(APRIL, determinands=["PH"])
        return int(table["flag"].iloc[0])

    assert flag_of_ph() == 1
    rules = home.home / "site" / "thresholds" / "quality"
    rules.mkdir(parents=True)
    (rules / "surface-water.yaml").write_text(
        "checks: {PH: {range: {suspect_high: 7, fail_high: 8}}}\n", "utf-8"
    )
    assert home.run("flag", period="2021-04")["flags"] >= 1
    assert flag_of_ph() == 4
    assert home.run("flag", period="2021-04")["flags"] == 0
