"""Ingest: bad files, unknown places, months out of order, and a run that ended half-way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ecomon.journey.read_readings import feed_named, read_readings
from ecomon.model.period import Period
from ecomon.registry import read_registry

MONTHS = Period.parse("2024-12/2025-01")
HEAD = (
    "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),电导率(μS/cm),浊度(NTU),"
    "高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L),总氮(mg/L),叶绿素α(mg/L),藻密度(cells/L),站点情况"
)
FETCHED = 1735660800  # 2025-01-01 00:00 in Beijing


def archive(*rows: str) -> bytes:
    return "\r\n".join([HEAD, *rows, ""]).encode()


def row(place: str, time: str, ammonia: str = "0.050") -> str:
    province, section = place.split("/")
    return f"{province},长江流域,{section},{time},,9.1,8.20,10.5,400.1,9.0,1.40,{ammonia},0.030,1.60,*,*,正常"


@pytest.fixture
def home(api: str, make_installation: Callable[..., Any]) -> Any:
    return make_installation("example")


# --- files that are refused -----------------------------------------------------------------------

BAD_WATER = {
    "a-empty.csv": (b"", "empty"),
    "b-columns.csv": (
        "省份,断面名称,时刻\r\n四川省,姚渡,12-31 08:00\r\n".encode(),
        "header",
    ),
    "c-truncated.json": (
        b'{"result":1,"thead":["\xe7\x9c\x81\xe4\xbb\xbd"],"tbody":[["x",',
        "JSON",
    ),
    "d-junk.csv": (bytes(range(256)) * 40, ""),
    "e-page.html": (b"<!DOCTYPE html><html><body>busy</body></html>", "web page"),
}


def test_a_refused_file_is_moved_with_its_reason_and_the_others_go_on(home: Any) -> None:
    files = [("cnemc-water", name, octets, FETCHED) for name, (octets, _) in BAD_WATER.items()]
    good = archive(row("四川省/姚渡", "12-31 08:00"))
    files.append(("cnemc-water", "z-good.csv", good, FETCHED))
    (report,) = home.ingest(*files)
    assert (report["files"], report["n_new"]) == (1, 9)
    assert set(report["refused"]) == set(BAD_WATER)
    left = {name: one for name, one in home.files("inbox").items() if ".fetched" not in name}
    assert set(left) == {
        "cnemc-water/done/z-good.csv",
        *(f"cnemc-water/failed/{name}" for name in BAD_WATER),
        *(f"cnemc-water/failed/{name}.reason.txt" for name in BAD_WATER),
    }
    for name, (octets, word) in BAD_WATER.items():
        assert left[f"cnemc-water/failed/{name}"] == octets
        reason = left[f"cnemc-water/failed/{name}.reason.txt"].decode()
        assert reason == report["refused"][name] + "\n"
        assert word in reason
    with home.store() as store:
        assert [one["file_name"] for one in store.read_batches()] == ["z-good.csv"]
        assert store.status()["flags"] == 9
        (run,) = store.read_runs(flow="ingest")
    assert run["counts"]["refused"] == report["refused"]


@pytest.mark.parametrize("feed", ["st-river-r", "tabulated"])
@pytest.mark.parametrize("octets", [b"", b"a,b\n1,2\n", bytes(range(256)) * 40])
def test_no_feed_takes_what_is_none_of_its_files(home: Any, feed: str, octets: bytes) -> None:
    (report,) = home.ingest((feed, "bad.csv", octets, None))
    assert list(report["refused"]) == ["bad.csv"]
    assert set(home.files("inbox")) == {
        f"{feed}/failed/bad.csv",
        f"{feed}/failed/bad.csv.reason.txt",
    }


def tabulated(kind: str) -> bytes:
    return f"# kind: {kind}\nsite,start,TL[mg/L]\nxiwan-intake,2025-01-01T08:00,0.00003\n".encode()


def test_data_of_another_kind_are_refused_and_do_not_stop_the_rest(home: Any) -> None:
    files = [("tabulated", f"{kind}.csv", tabulated(kind), None) for kind in ("real", "made-up")]
    (report,) = home.ingest(*files, ("tabulated", "same.csv", tabulated("example"), None))
    assert set(report["refused"]) == {"real.csv", "made-up.csv"}
    assert "real data do not go into a store of example data" in report["refused"]["real.csv"]
    assert report["n_new"] == 1


def test_a_file_still_being_written_waits(home: Any) -> None:
    home.put(("tabulated", "later.csv", tabulated("example"), None))
    path = home.home / "inbox/tabulated/later.csv"
    path.rename(path.with_name("later.csv.part"))
    assert home.run("ingest", feed="tabulated")["files"] == 0
    assert set(home.files("inbox")) == {"tabulated/later.csv.part"}


def test_a_file_that_comes_twice_under_one_name_loses_neither(home: Any) -> None:
    for value in ("0.00003", "0.00004"):
        octets = tabulated("example").replace(b"0.00003", value.encode())
        home.ingest(("tabulated", "tl.csv", octets, None))
    kept = home.files("inbox")
    assert len(kept) == 2
    assert {one.split(b",")[-1] for one in kept.values()} == {b"0.00003\n", b"0.00004\n"}


def test_rows_of_unknown_places_are_dead_letters_and_the_rest_is_stored(home: Any) -> None:
    octets = archive(
        row("四川省/姚渡", "12-31 08:00"),
        row("四川省/无此断面", "12-31 08:00"),
        row("四川省/姚渡", "12-31 12:00"),
        row("四川省/无此断面", "12-31 12:00"),
        row("四川省/姚渡", "no time"),
    )
    (report,) = home.ingest(("cnemc-water", "water.csv", octets, FETCHED))
    assert (report["n_new"], report["n_rejected"], report["files"]) == (18, 3, 1)
    with home.store() as store:
        letters = store.read_dead_letters()
        sites = set(store.read_observations(Period.parse("2024"))["site"])
    assert sites == {"yaodu"}
    assert sorted(one["row"] for one in letters) == [2, 4, 5]
    strangers = [one for one in letters if one["row"] in (2, 4)]
    assert all("四川省/无此断面" in one["reason"] for one in strangers)


# --- months and days out of order -----------------------------------------------------------------


def judged(home: Any) -> pd.DataFrame:
    with home.store() as store:
        found = store.read_observations(MONTHS)
    return found.drop(columns="revision")


def results(home: Any) -> tuple[pd.DataFrame, ...]:
    with home.store() as store:
        tables = (
            store.read_means(MONTHS, "day"),
            store.read_means(MONTHS, "month"),
            store.read_grades(MONTHS),
            store.read_classes(MONTHS),
            store.read_loads(MONTHS),
        )
    return tuple(table.drop(columns=["result_id", "run_id"]) for table in tables)


def statements(home: Any) -> list[dict[str, Any]]:
    with home.store() as store:
        documents = [one.document for one in store.read_statements()]
    for one in documents:
        del one["provenance"]["known_at"]
    return documents


def test_months_out_of_order_give_the_same(
    api: str, make_installation: Callable[..., Any], basin_files: list[Any]
) -> None:
    homes: list[Any] = []
    for months in (("2024-12", "2025-01"), ("2025-01", "2024-12")):
        home = make_installation("example")
        for month in months:
            home.ingest(*(file for file in basin_files if month in file[1]))
            home.run("assess", period=month)
            home.run("load", period=month)
        home.run("assess", period="2024-12")  # its last day's flags may wait for January
        home.run("load", period="2024-12")
        home.run("settle", period="2024-12/2025-01")
        homes.append(home)
    in_order, backfilled = homes
    pd.testing.assert_frame_equal(judged(in_order), judged(backfilled))
    for one, other in zip(results(in_order), results(backfilled), strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert statements(in_order) == statements(backfilled)
    assert len(statements(in_order)) == 4


DAYS = ("2024-12-30", "2024-12-31", "2025-01-01", "2025-01-02")


def one_day(day: str) -> tuple[str, str, bytes, None]:
    """A day at 姚渡: pH stands still over the turn of the year, ammonia leaps at its midnight."""
    lines = ["# kind: example", "site,start,PH[1],NH3N[mg/L],DO[mg/L]"]
    for number in range(6):
        start = f"{day}T{4 * number:02d}:00"
        is_still = "2024-12-31T08:00" <= start <= "2025-01-01T12:00"
        ph = 8.20 if is_still else 8.10 + 0.01 * number
        ammonia = 4.0 if start == "2025-01-01T00:00" else 0.05 + 0.002 * number
        oxygen = 1.0 if start == "2024-12-31T20:00" else 10.0 + 0.05 * number
        lines.append(f"yaodu,{start},{ph:.2f},{ammonia:.3f},{oxygen:.2f}")
    return "tabulated", f"{day}.csv", "\n".join([*lines, ""]).encode(), None


ORDERS = [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)]


def test_days_in_any_order_give_the_same_flags(
    api: str, make_installation: Callable[..., Any]
) -> None:
    found: list[pd.DataFrame] = []
    for order in ORDERS:
        home = make_installation("example")
        for number in order:
            home.ingest(one_day(DAYS[number]))
        found.append(judged(home))
    doubted = found[0][found[0]["flag"] > 2].groupby("determinand")["start"].agg(["min", "max"])
    assert doubted.loc["PH"].tolist() == [
        pd.Timestamp("2024-12-31 08:00"),
        pd.Timestamp("2025-01-01 12:00"),
    ]
    assert doubted.loc["NH3N", "min"] == pd.Timestamp("2025-01-01 00:00")
    assert doubted.loc["DO", "min"] == pd.Timestamp("2024-12-31 20:00")
    for other in found[1:]:
        pd.testing.assert_frame_equal(found[0], other)


# --- half-way -------------------------------------------------------------------------------------


def test_what_an_ended_run_has_stored_and_not_judged_the_next_one_judges(
    home: Any, make_installation: Callable[..., Any], basin_files: list[Any]
) -> None:
    """A run that ended after the file was stored, before the flags: nothing waits in the inbox."""
    feed, name, octets, fetched_s = next(file for file in basin_files if "2025-01" in file[1])
    registry = read_registry()
    source = feed_named(feed, registry)
    with home.store() as store:
        store.ingest(
            read_readings(source, [octets], registry, year=2025),
            blob=octets, file_name=name, source=feed, decoder=source.decoder,
            decoder_version=source.version,
        )  # fmt: skip
        assert store.status()["flags"] == 0
    report = home.run("ingest", feed="tabulated")
    assert report["files"] == 0
    assert report["flags"] > 4000
    whole = make_installation("example")
    whole.ingest((feed, name, octets, fetched_s))
    pd.testing.assert_frame_equal(judged(home), judged(whole))
    assert home.run("ingest", feed="tabulated")["flags"] == 0


def test_a_file_that_cannot_be_read_is_named_and_stops_no_other(home: Any) -> None:
    good = home.home / "good.csv"
    good.write_bytes(tabulated("example"))
    lost = home.home / "lost.csv"
    report = home.run("ingest", feed="tabulated", files=[str(lost), str(good)])
    assert list(report["unavailable"]) == ["lost.csv"]
    assert str(Path("lost.csv")) in report["unavailable"]["lost.csv"]
    assert (report["files"], report["n_new"], report["flags"]) == (1, 1, 1)


def test_the_counts_of_a_run_are_kept_as_it_told_them(home: Any) -> None:
    (report,) = home.ingest(("tabulated", "tl.csv", tabulated("example"), None))
    with home.store() as store:
        (run,) = store.read_runs(flow="ingest")
    assert run["counts"] == json.loads(json.dumps(report))
    assert (run["outcome"], run["is_success"]) == ("succeeded", True)
    assert run["arguments"] == {"feed": "tabulated", "files": None, "year": None}
