"""``ecomon load SECTION``: loads from files alone, without store or scheduler."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ecomon.model.period import Period
from ecomon.model.tables import LOAD_ESTIMATES

Ecomon = Callable[..., Any]
MARCH = Period.month(2021, 3)
TIMES = [datetime(2021, 3, 1) + timedelta(hours=4 * n) for n in range(186)]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A March of 0.1 mg/L TP and 200 µg/L NH3N on every day's mean, and of 50 m3/s on every hour's.

    They go up and down by a tenth: a sensor that stands still is doubted.
    """
    concentrations = tmp_path / "c.csv"
    rows = [
        f"{one:%Y-%m-%dT%H:%M},{(0.09, 0.11)[n % 2]},{(190, 210)[n % 2]}"
        for n, one in enumerate(TIMES)
    ]
    concentrations.write_text(
        "\n".join(["# kind: example", "start,TP,NH3N[ug/L]", *rows, ""]), "utf-8"
    )
    discharge = tmp_path / "q.csv"
    hours = [datetime(2021, 3, 1) + timedelta(hours=n) for n in range(31 * 24)]
    rows = [f"{one:%Y-%m-%dT%H:%M},{(49, 51)[n % 2]}" for n, one in enumerate(hours)]
    discharge.write_text("\n".join(["start,DISCHARGE", *rows, ""]), "utf-8")
    return concentrations, discharge


def best(records: list[dict[str, Any]], determinand: str, role: str = "best") -> dict[str, Any]:
    (found,) = [one for one in records if (one["determinand"], one["role"]) == (determinand, role)]
    return found


def test_an_even_river_by_hand(ecomon: Ecomon, files: tuple[Path, Path]) -> None:
    """0.1 mg/L x 50 m3/s x 2,678,400 s / 1e6 = 13.392 t; of 0.2 mg/L twice as much."""
    concentrations, discharge = files
    done = ecomon("load", "yaodu", "--period", "2021-03", "--concentrations", concentrations, "--discharge", discharge, "--json")  # fmt: skip
    assert done.code == 0, done.err
    assert set(done.records[0]) == set(LOAD_ESTIMATES.columns)
    assert best(done.records, "TP")["load_t"] == pytest.approx(13.392, rel=2e-3)
    assert best(done.records, "NH3N")["load_t"] == pytest.approx(26.784, rel=2e-3)
    settled = best(done.records, "TP", "settlement")
    assert (settled["method"], settled["load_t"]) == ("B", pytest.approx(13.392, rel=1e-9))
    spread = best(done.records, "TP", "spread")
    assert spread["load_t"] is None and spread["lower"] <= 13.392 <= spread["upper"]
    assert best(done.records, "TP")["start"] == "2021-03-01T00:00:00+08:00"


def test_the_table_is_read_by_people_in_either_language(
    ecomon: Ecomon, files: tuple[Path, Path]
) -> None:
    words = ("load", "姚渡", "--period", "2021-03", "--concentrations", files[0], "--discharge", files[1], "--determinand", "TP")  # fmt: skip
    head, first, *_ = ecomon(*words).lines
    assert head.split("\t")[:5] == ["指标", "时段", "用途", "方法", "负荷t"]
    assert first.split("\t")[:5] == ["总磷 TP", "2021-03", "最佳估计", "逐时积分", "13.40"]
    head, first, *others = ecomon(*words, "--en").lines
    assert head.split("\t")[4] == "load_t"
    assert first.split("\t")[:4] == ["total phosphorus TP", "2021-03", "best estimate", "direct integration"]  # fmt: skip
    assert not any("NH3N" in line for line in others)


def test_everything_is_written_and_the_same_again(
    ecomon: Ecomon, files: tuple[Path, Path], tmp_path: Path
) -> None:
    words = ("load", "yaodu", "--period", "2021-03", "--concentrations", files[0], "--discharge", files[1], "--determinand", "TP")  # fmt: skip
    for out in ("one", "two"):
        assert ecomon(*words, "--out", tmp_path / out).code == 0
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / out).iterdir() if path.is_file()}
        for out in ("one", "two")
    )
    stem = "load-yaodu-2021-03"
    assert set(one) == {f"{stem}{end}" for end in (".csv", "-days.csv", "-days.nc", ".xlsx", ".pdf", ".html")}  # fmt: skip
    assert one == two
    assert (tmp_path / "one/assets/plotly.min.js").is_file()
    assert "示例数据" in one[f"{stem}.html"].decode()
    days = one[f"{stem}-days.csv"].decode().splitlines()
    assert len(days) == 32
    loads = [float(line.split(",")[5]) for line in days[1:]]
    assert days[0].split(",")[5] == "load_t_d"
    assert sum(loads) == pytest.approx(13.392, rel=2e-3)

    from ecomon.publish.cf_netcdf import read_netcdf

    daily = read_netcdf(one[f"{stem}-days.nc"])
    assert daily["load_t_d"].attrs["units"] == "t d-1"
    assert daily["load_t_d"].dims == ("section", "determinand", "time")
    assert int(daily["time"][0]) == int(datetime.fromisoformat("2021-03-01T00:00+08:00").timestamp())  # fmt: skip


def test_an_agreement_settles_by_its_own_rule(ecomon: Ecomon, files: tuple[Path, Path]) -> None:
    words = ("load", "yaodu", "--period", "2021-03", "--concentrations", files[0], "--discharge", files[1], "--json")  # fmt: skip
    agreed = ecomon(*words, "--agreement", "shadow-yaodu").records
    assert best(agreed, "TP", "settlement")["load_t"] == pytest.approx(13.392, rel=1e-9)
    other = ecomon(*words, "--agreement", "shadow-bamiaogou")
    assert other.code == 2 and "shadow-yaodu" in other.err


def test_concentration_without_discharge_is_words_and_no_number(
    ecomon: Ecomon, files: tuple[Path, Path]
) -> None:
    done = ecomon("load", "yaodu", "--period", "2021-03", "--concentrations", files[0], "--json")
    assert done.code == 0
    row = best(done.records, "TP")
    assert (row["load_t"], row["status"]) == (None, "insufficient")
    assert "流量" in row["reason"]


def test_without_files_the_shipped_readings_count(ecomon: Ecomon) -> None:
    done = ecomon("load", "qingfengxia", "--period", "2021-03", "--json")
    assert done.code == 0 and "shipped real readings" in done.err
    assert {one["status"] for one in done.records if one["role"] == "best"} == {"insufficient"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("start,TP\n2021-03-01T08:00,x\n", "c.csv: 第 1 行 row 1: TP: "),
        ("start,TP\n2021-03-01,0.1\n", "c.csv: 第 1 行 row 1: -: not a time: '2021-03-01'"),
        ("start,TP[m3/s]\n2021-03-01T08:00,0.1\n", "c.csv: "),
        ("time,TP\n2021-03-01T08:00,0.1\n", "c.csv: "),
    ],
)
def test_what_is_wrong_in_a_typed_file_is_said_by_row_and_field(
    ecomon: Ecomon, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "c.csv").write_text(text, "utf-8")
    refused = ecomon("load", "yaodu", "--period", "2021-03", "--concentrations", "c.csv")
    assert refused.code == 2 and told in refused.err


def test_names_that_are_none_are_refused(ecomon: Ecomon, files: tuple[Path, Path]) -> None:
    for words, told in (
        (("nowhere", "--period", "2021-03"), "no such section"),
        (("yaodu", "--period", "2021-03", "--determinand", "XX"), "no determinand XX"),
        (("yaodu", "--period", "March"), "not a period"),
        (("yaodu", "--period", "2021-03", "--file", "cnemc-water"), "FEED=PATH"),
        (("yaodu", "--period", "2021-03", "--concentrations", str(files[0]), "--kind", "x"), "--kind"),
        (("yaodu", "--period", "2020-03", "--concentrations", str(files[0])), "no concentration"),
    ):  # fmt: skip
        refused = ecomon("load", *words)
        assert refused.code == 2 and told in refused.err, words


def test_no_scheduler_is_loaded(files: tuple[Path, Path], tmp_path: Path) -> None:
    probe = (
        "import sys, json; sys.argv = ['ecomon', *json.loads(sys.argv[1])]\n"
        "from ecomon.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    print([name for name in ('prefect', 'distributed', 'sqlite3') if name in sys.modules], file=sys.stderr)"
    )  # fmt: skip
    words = ["load", "yaodu", "--period", "2021-03", "--concentrations", str(files[0]), "--discharge", str(files[1])]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", probe, json.dumps(words)],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert "prefect" not in done.stderr.splitlines()[-1]
    assert "distributed" not in done.stderr.splitlines()[-1]


def test_help_names_the_section_and_the_commands(ecomon: Ecomon) -> None:
    shown = ecomon("load", "--help").out
    assert all(word in shown for word in ("SECTION", "wrtds", "loadest", "section"))


def test_a_balance_closes_and_names_the_reservoir_between(
    ecomon: Ecomon, files: tuple[Path, Path], tmp_path: Path
) -> None:
    """宝珠寺 lies between 姚渡 and 苴国村: the net closes the account and is nobody's contribution."""
    typed = []
    for site, gauge in (("yaodu", "bikou"), ("juguocun", "sanleiba")):
        for file, place in zip(files, (site, gauge), strict=True):
            head, *rows = [one for one in file.read_text("utf-8").splitlines() if one[0] != "#"]
            path = tmp_path / f"{place}.csv"
            path.write_text(
                "\n".join([f"site,{head}", *(f"{place},{row}" for row in rows), ""]), "utf-8"
            )
            typed += ["--file", f"tabulated={path}"]
    words = (
        "load",
        "balance",
        "--from",
        "yaodu",
        "--to",
        "juguocun",
        "--period",
        "2021-03",
        *typed,
    )
    done = ecomon(*words, "--determinand", "TP", "--json")
    assert done.code == 0, done.err
    row = done.records[0]
    assert row["load_in_t"] == pytest.approx(13.392, rel=2e-3)
    closed = row["load_in_t"] + row["load_tributary_t"] - row["decay_t"] + row["net_t"]
    assert closed == pytest.approx(row["load_out_t"], rel=1e-12)
    assert row["status"] == "decoupled"
    assert "非净贡献 decoupled" in ecomon(*words, "--determinand", "TP").lines[1]
    refused = ecomon("load", "balance", "--from", "yaodu", "--period", "2021-03", *typed)
    assert refused.code == 2 and "--jurisdiction" in refused.err
