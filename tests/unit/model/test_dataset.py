"""Readings as arrays: every cell one reading, its flag beside it, nothing chosen silently."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.dataset import SeriesChoice, to_dataset
from ecomon.model.tables import FLAGGED

Row = tuple[str, str, str, float, int]


def flagged(rows: list[Row], **columns: Any) -> pd.DataFrame:
    """Table FLAGGED of rows (site, determinand, start, value, flag)."""
    sites, determinands, starts, values, flags = zip(*rows, strict=True)
    return FLAGGED.frame(
        {
            "site": sites, "determinand": determinands, "statistic": "value",
            "start": np.array(starts, dtype="datetime64[us]"), "duration_s": 0,
            "programme": "automatic", "source": "feed", "replicate": 0, "value": values,
            "unit": "mg/L", "censor": "none", "source_flag": None, "row": 1,
            "revision": range(1, len(rows) + 1), "flag": flags, **columns,
        }
    )  # fmt: skip


THREE: list[Row] = [
    ("b", "TP", "2021-04-03T04:00", 0.2, 1),
    ("a", "TP", "2021-04-03T08:00", 0.1, 4),
    ("a", "NH3N", "2021-04-03T08:00", np.nan, 9),
]


def test_each_reading_stands_in_its_cell() -> None:
    dataset = to_dataset(flagged(THREE))
    assert dict(dataset.sizes) == {"site": 2, "time": 2}
    assert dataset["site"].to_numpy().tolist() == ["a", "b"]
    assert dataset["time"].dtype == "datetime64[us]"
    np.testing.assert_equal(dataset["TP"].to_numpy(), [[np.nan, 0.1], [0.2, np.nan]])
    # a value that failed stands there with its flag; where nothing came the flag says missing
    np.testing.assert_equal(dataset["TP_flag"].to_numpy(), [[9, 4], [1, 9]])
    assert dataset["NH3N"].isnull().all()
    assert dataset["TP"].dtype == np.float64
    assert dataset["TP_flag"].dtype == np.int8


def test_the_attributes_are_those_of_cf() -> None:
    dataset = to_dataset(flagged(THREE), long_names={"TP": "总磷 total phosphorus"})
    assert dataset.attrs == {
        "Conventions": "CF-1.11", "featureType": "timeSeries", "duration_s": 0,
        "statistic": "value", "programme": "automatic", "source": "feed",
    }  # fmt: skip
    assert dataset["TP"].attrs == {
        "units": "mg/L", "long_name": "总磷 total phosphorus", "cell_methods": "time: point",
        "ancillary_variables": "TP_flag",
    }  # fmt: skip
    assert dataset["NH3N"].attrs["long_name"] == "NH3N"
    flag = dataset["TP_flag"].attrs
    assert flag["flag_values"].tolist() == [1, 2, 3, 4, 9]
    assert flag["flag_values"].dtype == np.int8
    assert flag["flag_meanings"] == "good not_evaluated suspect fail missing"
    assert dataset["site"].attrs == {"cf_role": "timeseries_id"}
    assert dataset["time"].attrs["time_zone"] == "UTC+08:00"


def test_censoring_stands_beside_what_is_censored_only() -> None:
    dataset = to_dataset(flagged(THREE, censor=["left", "right", "none"]))
    np.testing.assert_equal(dataset["TP_censor"].to_numpy(), [[0, 2], [1, 0]])
    assert dataset["TP"].attrs["ancillary_variables"] == "TP_flag TP_censor"
    assert dataset["TP_censor"].attrs["flag_meanings"] == "none left right"
    assert "NH3N_censor" not in dataset


def test_an_interval_has_its_bounds() -> None:
    dataset = to_dataset(flagged(THREE, duration_s=3600, statistic="mean"))
    assert dataset["TP"].attrs["cell_methods"] == "time: mean"
    bounds = dataset["time_bounds"].to_numpy()
    assert (bounds[:, 1] - bounds[:, 0] == np.timedelta64(1, "h")).all()
    assert dataset["time"].attrs["bounds"] == "time_bounds"


def test_no_readings_are_an_empty_dataset() -> None:
    dataset = to_dataset(FLAGGED.empty())
    assert dict(dataset.sizes) == {"site": 0, "time": 0}
    assert not dataset.data_vars


TWICE = [THREE[0], (*THREE[0][:3], 0.3, 1), THREE[1]]


@pytest.mark.parametrize(
    ("column", "values", "series"),
    [
        ("programme", ["automatic", "split_sampling", "automatic"], "b TP value 0 automatic"),
        ("source", ["feed", "laboratory", "feed"], "b TP value 0 automatic laboratory 0"),
        ("replicate", [0, 1, 0], "b TP value 0 automatic feed 1"),
        ("statistic", ["value", "mean", "value"], "a TP value"),
        ("duration_s", [0, 3600, 0], "b TP value 3600"),
    ],
)
def test_two_series_of_a_cell_are_refused_by_name(
    column: str, values: list[Any], series: str
) -> None:
    with pytest.raises(ContractError, match=f"one {column} for a cell.*{series}"):
        to_dataset(flagged(TWICE, **{column: values}))


def test_sources_may_differ_from_site_to_site() -> None:
    dataset = to_dataset(flagged(THREE, source=["x", "y", "y"]))
    assert dataset.attrs["source"] == "x, y"


def test_precedence_picks_the_first_named_that_has_a_reading() -> None:
    rows = [*TWICE, ("b", "TP", "2021-04-03T12:00", 0.7, 1), ("b", "TP", "2021-04-03T16:00", 9, 1)]
    table = flagged(rows, source=["feed", "laboratory", "feed", "feed", "by_hand"])
    by_laboratory = to_dataset(table, choice=SeriesChoice(sources=("laboratory", "feed")))
    np.testing.assert_equal(by_laboratory["TP"].sel(site="b").to_numpy(), [0.3, np.nan, 0.7])
    by_feed = to_dataset(table, choice=SeriesChoice(sources=("feed", "laboratory")))
    np.testing.assert_equal(by_feed["TP"].sel(site="b").to_numpy(), [0.2, np.nan, 0.7])
    assert by_feed.attrs["source"] == "feed, laboratory"


def test_programmes_come_before_sources() -> None:
    table = flagged(TWICE, programme=["automatic", "joint", "joint"], source=["x", "y", "x"])
    choice = SeriesChoice(programmes=("automatic", "joint"), sources=("y", "x"))
    assert to_dataset(table, choice=choice)["TP"].sel(site="b").max() == 0.2


@pytest.mark.parametrize(
    ("choice", "column", "values"),
    [
        (SeriesChoice(statistic="mean"), "statistic", ["value", "mean", "mean"]),
        (SeriesChoice(duration_s=3600), "duration_s", [0, 3600, 3600]),
        (SeriesChoice(replicate=1), "replicate", [0, 1, 1]),
        (SeriesChoice(sources=("y",)), "source", ["x", "y", "y"]),
    ],
)
def test_a_choice_leaves_the_others_out(
    choice: SeriesChoice, column: str, values: list[Any]
) -> None:
    dataset = to_dataset(flagged(TWICE, **{column: values}), choice=choice)
    np.testing.assert_equal(dataset["TP"].to_numpy(), [[np.nan, 0.1], [0.3, np.nan]])
    assert dataset.attrs[column] == values[1] if column in dataset.attrs else column == "replicate"


def test_two_units_of_a_determinand_are_refused() -> None:
    with pytest.raises(UnitMismatch, match="TP comes in mg/L and in ug/L"):
        to_dataset(flagged(THREE, unit=["mg/L", "ug/L", "mg/L"]))


def test_texts_may_be_categories() -> None:
    table = flagged(THREE)
    texts = {name: table[name].astype("category") for name in ("site", "determinand", "censor")}
    assert to_dataset(table.assign(**texts)).identical(to_dataset(table))


def test_an_unknown_censor_is_refused() -> None:
    with pytest.raises(ContractError, match="none, left or right"):
        to_dataset(flagged(THREE, censor=["<", "none", "none"]))
