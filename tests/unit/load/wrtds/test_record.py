"""Dirty records: what is left out is named, what cannot be repaired is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import ContractError
from ecomon.load.wrtds import (
    WrtdsSettings,
    decimal_year,
    find_obstacles,
    fit_wrtds,
    read_record,
    water_year,
)

Tables = tuple[pd.DataFrame, pd.DataFrame]
SETTINGS = WrtdsSettings(min_obs=60, min_uncensored=30)


def test_calendar_by_hand() -> None:
    days = np.array(["2021-01-01", "2020-12-31", "2020-10-01"], dtype="datetime64[D]")
    assert decimal_year(days) == pytest.approx([2021 + 0.5 / 365, 2020 + 365.5 / 366, 2020.75])
    assert water_year(days).tolist() == [2021, 2021, 2021]
    assert water_year(np.array(["2020-09-30"], dtype="datetime64[D]")).tolist() == [2020]


def test_every_blemish_is_counted_and_the_rest_estimated(tables: Tables) -> None:
    daily, sample = (table.copy() for table in tables)
    daily.loc[200, "Q"], daily.loc[201, "Q"], daily.loc[202, "Q"] = 0.0, -3.0, np.nan
    on_dry_day = sample.iloc[[0]].assign(Date=daily["Date"][200])
    outside = sample.iloc[[1]].assign(Date=pd.Timestamp("2030-01-01"))
    empty = sample.iloc[[2]].assign(ConcLow=np.nan, ConcHigh=np.nan)
    nothing = sample.iloc[[3]].assign(ConcLow=0.0, ConcHigh=0.0)
    twice = sample.iloc[[4]].assign(ConcLow=1.0, ConcHigh=1.0)
    dirty = pd.concat([sample, on_dry_day, outside, empty, nothing, twice], ignore_index=True)
    model = fit_wrtds(daily, dirty, SETTINGS)
    assert {note.code: note.n for note in model.notes} == {
        "zero_discharge": 1,
        "reversed_discharge": 1,
        "missing_discharge": 1,
        "sample_without_discharge": 2,
        "sample_not_usable": 2,
        "duplicate_samples": 1,
    }
    assert all(str(note.n) in note.reason for note in model.notes)
    table: pd.DataFrame = model.daily
    assert table["FluxDay"].iloc[200] == table["GenFlux"].iloc[200] == 0.0
    assert table.loc[200:202, "ConcDay"].isna().all()
    assert table.loc[201:202, "GenFlux"].isna().all()
    rest = table.drop(index=[200, 201, 202])
    assert np.isfinite(rest.drop(columns="Date").to_numpy()).all()
    # Without discharge of its own, a day still has a flow-normalised value from the other years.
    assert np.isfinite(table["FNFlux"]).all()


def test_obstacles_have_names(tables: Tables) -> None:
    daily, sample = tables
    few = read_record(daily, sample.iloc[:40])
    assert [note.code for note in find_obstacles(few, SETTINGS)] == ["too_few_samples"]
    below = read_record(daily, sample.assign(ConcLow=np.nan, ConcHigh=1.0))
    assert [note.code for note in find_obstacles(below, SETTINGS)] == ["all_censored"]
    half = sample.assign(ConcHigh=sample["ConcHigh"].fillna(9.0))
    half.loc[20:, "ConcLow"] = np.nan
    codes = [note.code for note in find_obstacles(read_record(daily, half), SETTINGS)]
    assert codes == ["too_few_uncensored"]
    dry = read_record(daily.assign(Q=0.0), sample)
    assert {"no_discharge", "too_few_samples"} == {n.code for n in find_obstacles(dry, SETTINGS)}
    with pytest.raises(ContractError, match=r"too_few_samples: 可用样品 40 个"):
        fit_wrtds(daily, sample.iloc[:40], SETTINGS)


def test_order_of_rows_does_not_matter(tables: Tables) -> None:
    daily, sample = tables
    shuffled = read_record(
        daily.sample(frac=1, random_state=1), sample.sample(frac=1, random_state=2)
    )
    plain = read_record(daily, sample)
    assert shuffled.sample_row.tolist() == plain.sample_row.tolist()
    assert shuffled.upper.tolist() == plain.upper.tolist()
    assert shuffled.discharge_m3_s.tolist() == plain.discharge_m3_s.tolist()


def test_own_decimal_time_is_taken(tables: Tables) -> None:
    daily, sample = tables
    own = daily.assign(
        DecYear=decimal_year(daily["Date"].to_numpy().astype("datetime64[D]")) + 1e-3
    )
    record = read_record(own, sample)
    assert record.dec_year[0] == pytest.approx(2010 + 0.5 / 365 + 1e-3, abs=1e-12)
    assert record.sample_dec_year.tolist() == record.dec_year[record.sample_row].tolist()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drop": "Q"}, "column Q is missing"),
        ({"repeat": 3}, "stands twice"),
        ({"low": 5.0, "high": 1.0}, "sample row 11"),
        ({"low": -1.0, "high": 1.0}, "sample row 11"),
        ({"date": "someday"}, "'someday' is no date"),
    ],
)
def test_what_cannot_be_repaired_is_refused(
    tables: Tables, change: dict[str, Any], words: str
) -> None:
    daily, sample = (table.copy() for table in tables)
    if "drop" in change:
        daily = daily.drop(columns=str(change["drop"]))
    if "repeat" in change:
        daily = pd.concat([daily, daily.iloc[[3]]])
    if "low" in change:
        sample.loc[10, ["ConcLow", "ConcHigh"]] = [change["low"], change["high"]]
    if "date" in change:
        sample["Date"] = sample["Date"].astype(str)
        sample.loc[10, "Date"] = change["date"]
    with pytest.raises(ContractError, match=words):
        read_record(daily, sample)
