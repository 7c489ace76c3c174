from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from ecomon.errors import ContractError
from ecomon.example import (
    Basin,
    air_csv,
    cnemc_archive_csv,
    emergency_csv,
    simulate_basin,
    st_river_r_csv,
)
from ecomon.example.profile import DETERMINANDS
from ecomon.model.period import Period


def _rows(octets: bytes) -> list[dict[str, str]]:
    text = octets.decode("utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return list(csv.DictReader(io.StringIO(body)))


def test_one_day_at_one_section_by_hand(basin: Basin) -> None:
    one = simulate_basin(seed=2025, sites=["yaodu"])
    lines = cnemc_archive_csv(one, Period.day(2025, 3, 12)).decode("utf-8").split("\r\n")
    assert lines[0].startswith("省份,流域,断面名称,监测时间,水质类别,水温(℃)")
    assert lines[-1] == ""
    noon = next(line for line in lines if ",03-12 12:00," in line).split(",")
    reading = one.readings.sel(section="yaodu", time="2025-03-12T12:00")
    assert noon[:5] == ["四川省", "长江流域", "姚渡", "03-12 12:00", ""]
    assert noon[5:14] == [
        f"{float(reading[name]):.{places}f}"
        for name, places in zip(DETERMINANDS, (1, 2, 2, 1, 1, 2, 3, 3, 2), strict=True)
    ]
    assert noon[14:] == ["*", "*", "正常"]


def test_the_archive_holds_every_reported_row_as_often_as_it_repeats(basin: Basin) -> None:
    month = Period.month(2024, 7)
    rows = _rows(cnemc_archive_csv(basin, month))
    part = basin.readings.sel(time="2024-07")
    reported = part["is_reported"].to_numpy()
    expected = (reported * (1 + part["repeats"].to_numpy())).sum() + part["has_gap_copy"].sum()
    assert len(rows) == int(expected)
    assert sum(row["氨氮(mg/L)"].startswith("<") for row in rows) >= int(
        part["is_censored_NH3N"].sum()
    )
    silent = [row for row in rows if row["水温(℃)"] == "--"]
    assert len(silent) == int(part["is_maintained"].sum())
    assert {row["站点情况"] for row in silent} <= {"维护"}


def test_a_row_with_a_gap_comes_before_the_complete_one(basin: Basin) -> None:
    lines = cnemc_archive_csv(basin, Period.month(2025, 1)).decode("utf-8").split("\r\n")
    early = [n for n, line in enumerate(lines) if line.endswith("维护") and ",--,--," not in line]
    assert len(early) > 5
    for n in early:
        assert lines[n].split(",")[11] == "--"
        assert lines[n].split(",")[:11] == lines[n + 1].split(",")[:11]
        assert lines[n + 1].endswith("正常")


def test_gauge_rows_are_the_hours_that_were_reported(basin: Basin) -> None:
    rows = _rows(st_river_r_csv(basin, basin.period))
    assert len(rows) == int(np.isfinite(basin.gauges["DISCHARGE"]).sum())
    assert 0 < int(np.isnan(basin.gauges["DISCHARGE"]).sum()) < 1500
    assert {row["STCD"] for row in rows} == {"EXXINDIANZI", "EXBIKOU", "EXSANLEIBA"}
    assert rows[0]["TM"] == "2023-01-01 00:00:00"
    first = basin.gauges.sel(gauge="xindianzi").isel(time=0)
    assert rows[0]["Q"] == f"{float(first['DISCHARGE']):.1f}"
    assert float(rows[0]["Z"]) == pytest.approx(float(first["STAGE"]), abs=0.005)


def test_air_and_emergency_files_say_what_they_are(basin: Basin) -> None:
    january = Period.month(2025, 1)
    air, emergency = air_csv(basin, january), emergency_csv(basin, january)
    for octets, programme in ((air, "automatic"), (emergency, "emergency")):
        head = octets.decode("utf-8").splitlines()[:7]
        assert "# kind: example" in head and f"# programme: {programme}" in head
    rows = _rows(air)
    assert len(rows) == 5 * 31 * 24
    assert rows[0].keys() >= {"site", "start", "PM25[ug/m3]", "CO_AIR[mg/m3]"}
    samples = _rows(emergency)
    assert len(samples) == len(basin.emergency)
    assert samples[0]["TL[mg/L]"] == "<0.00002"
    assert emergency_csv(basin) == emergency
    assert _rows(emergency_csv(basin, Period.month(2025, 2))) == []


def test_the_same_seed_writes_the_same_bytes() -> None:
    month = Period.month(2025, 1)
    one, two = simulate_basin(month, seed=4), simulate_basin(month, seed=4)
    for write in (cnemc_archive_csv, st_river_r_csv, air_csv, emergency_csv):
        assert write(one, month) == write(two, month)


def test_periods_outside_the_basin_and_across_years_are_refused(basin: Basin) -> None:
    for write in (cnemc_archive_csv, st_river_r_csv, air_csv, emergency_csv):
        with pytest.raises(ContractError, match="simulated for"):
            write(basin, Period.month(2026, 1))
    with pytest.raises(ContractError, match="one year"):
        cnemc_archive_csv(basin, basin.period)
    assert cnemc_archive_csv(basin, Period.year(2023))
