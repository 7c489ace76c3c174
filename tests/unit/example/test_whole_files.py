"""The files of the whole basin: decoders read them back, row for row, as the truth says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import SourceRefused
from ecomon.example.whole import Delivery, Places, Plan, Simulated, simulate_whole, site_facts
from ecomon.example.whole.file_faults import KINDS, spoil_file
from ecomon.journey.read_readings import feed_named, read_readings
from ecomon.model.observation import Batch, Rejected
from ecomon.model.period import Period
from ecomon.registry import Registry, read_registry


@pytest.fixture(scope="module")
def site_registry(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The shipped facts under the codes that the invented files use."""
    overlay = tmp_path_factory.mktemp("site")
    for name, text in site_facts(places).items():
        path = overlay / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return read_registry(overlay=overlay)


def decoded(one: Delivery, registry: Registry) -> tuple[pd.DataFrame, list[Rejected]]:
    feed = feed_named(one.feed, registry)
    year = (one.fetched_at or one.delivered_at).year
    items = list(read_readings(feed, [one.octets], registry, year=year, fetched_at=one.fetched_at))
    tables = [item.observations for item in items if isinstance(item, Batch)]
    return pd.concat(tables, ignore_index=True), [i for i in items if isinstance(i, Rejected)]


@pytest.mark.parametrize(
    "feed",
    ["cnemc-water", "st-river-r", "st-rsvr-r", "st-pptn-r", "china-sites", "example-samples", "samples"],
)  # fmt: skip
def test_every_row_comes_back_as_the_truth_says(
    june: Simulated, site_registry: Registry, feed: str
) -> None:
    files = [one for one in june.deliveries if one.feed == feed and one.fault == ""]
    assert files
    for one in files[:4]:
        table, rejected = decoded(one, site_registry)
        assert rejected == []
        truth = june.readings[june.readings["file"] == one.name]
        keys = ["row", "determinand", "site", "start"]
        both = table.merge(truth, on=keys, how="outer", indicator=True)
        silent = both["reported_value"].isna() & (both["_merge"] == "right_only")
        assert set(both.loc[~silent, "_merge"]) == {"both"}
        both = both[~silent]
        factor = np.where(both["determinand"] == "STORAGE", 1e6, 1.0)
        found, told = both["value"].to_numpy() / factor, both["reported_value"].to_numpy()
        np.testing.assert_allclose(found, told, rtol=0, atol=1e-9)
        assert ((both["censor"] == "left") == both["is_censored"].astype(bool)).all()


def test_the_account_of_rows_is_whole(june: Simulated) -> None:
    for one in june.deliveries:
        if one.fault or one.of:
            continue
        rows = june.readings.loc[june.readings["file"] == one.name, "row"].nunique()
        derived = {"china-sites": 14 / 6}.get(one.feed, 1.0)
        no_water = one.octets.count("断流".encode()) + one.octets.count("冰封".encode())
        assert rows * derived == one.n_rows - no_water / 2
        lines = one.octets.decode("utf-8-sig").splitlines()
        assert len(lines) - (2 if one.feed == "samples" else 1) == one.n_rows


def test_late_and_revised_rows_are_of_the_same_keys(june: Simulated) -> None:
    water = june.readings[june.readings["feed"] == "cnemc-water"]
    key = ["site", "determinand", "start"]
    first = water[~water["file"].str.contains("revised")]
    revised = water[water["file"].str.contains("revised")]
    assert not first.duplicated(key).any()
    assert len(revised) and revised[key].merge(first[key], on=key).shape[0] == len(revised)
    provisional = first[first["fault"] == "provisional"]
    both = provisional.merge(revised, on=key, suffixes=("", "_final"))
    assert len(both) == len(provisional) > 0
    assert (both["reported_value_final"] == both["sound_value"]).all()
    assert (both["reported_value"] != both["sound_value"]).any()


def test_a_section_is_named_by_what_the_feed_calls_it_on_the_day(
    places: Places, site_registry: Registry
) -> None:
    days = Period(datetime(2026, 2, 1), datetime(2026, 2, 8))
    plan = Plan(days, 3, ("qingfengxia", "bamiaogou"), ("water",), False, False, False)
    (month,) = simulate_whole(places, plan)
    truth = month.readings
    last = truth.loc[truth["site"] == "qingfengxia", "start"].max()
    assert last == pd.Timestamp("2026-02-03 20:00")
    assert truth.loc[truth["site"] == "bamiaogou", "start"].max() == pd.Timestamp(
        "2026-02-07 20:00"
    )
    table, rejected = decoded(month.deliveries[0], site_registry)
    assert rejected == [] and set(table["site"]) == {"qingfengxia", "bamiaogou"}


def test_a_name_that_changed_is_the_new_one_from_its_day(places: Places) -> None:
    days = Period(datetime(2026, 2, 3), datetime(2026, 2, 5))
    (month,) = simulate_whole(places, Plan(days, 3, ("qingquanxiang",), ("water",), is_late=False))
    text = month.deliveries[0].octets.decode("utf-8")
    assert "文成镇,02-03 20:00" in text and "清泉乡,02-04 00:00" in text
    assert "文成镇,02-04" not in text and "清泉乡,02-03" not in text


def test_a_spoilt_file_is_followed_by_the_whole_one(
    simulate: Callable[..., list[Simulated]],
) -> None:
    seen: set[str] = set()
    options = {"feeds": ("air",), "sites": ("laocheng",), "has_file_faults": True}
    for month in simulate("2024-06/2024-08", **options):
        by_name = {one.name: one for one in month.deliveries}
        again = {one.of: one for one in month.deliveries if one.of}
        for one in month.deliveries:
            if one.fault:
                seen.add(one.fault)
                whole = by_name[one.of] if one.fault == "duplicate" else again[one.name]
                assert (one.octets == whole.octets) == (one.fault == "duplicate")
                assert (whole.delivered_at > one.delivered_at) == (one.fault != "duplicate")
                assert (month.readings["file"] == (one.of or one.name)).any()
                assert one.n_rows <= whole.n_rows
    assert seen == {"truncated", "wrong_encoding", "wrong_column", "duplicate"}


REFUSED = {
    ("cnemc-water", "wrong_encoding"), ("st-river-r", "wrong_encoding"),
    ("china-sites", "wrong_encoding"), ("st-river-r", "wrong_column"),
    ("china-sites", "wrong_column"),
}  # fmt: skip


@pytest.mark.parametrize("feed", ["cnemc-water", "st-river-r", "example-samples", "china-sites"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_spoilt_file_says(
    june: Simulated, site_registry: Registry, feed: str, kind: str
) -> None:
    one = next(file for file in june.deliveries if file.feed == feed and ".late" not in file.name)
    whole, _ = decoded(one, site_registry)
    spoilt = spoil_file(one.octets, kind, feed, one.n_rows)
    assert spoilt is not None and spoilt.kind == kind
    came = replace(one, octets=spoilt.octets, n_rows=spoilt.n_rows)
    if (feed, kind) in REFUSED or kind == "empty":
        with pytest.raises(SourceRefused):
            decoded(came, site_registry)
        return
    table, rejected = decoded(came, site_registry)
    match kind:
        case "truncated":
            assert 0 < len(table) < len(whole)
            assert spoilt.n_rows == len(spoilt.octets.decode("utf-8-sig").splitlines()) - 2
        case "wrong_column":
            assert (rejected and len(table) < len(whole)) or "备注" not in spoilt.octets.decode()
        case "label_swap" if feed == "china-sites":
            pd.testing.assert_frame_equal(table.drop(columns="row"), whole.drop(columns="row"))
        case "label_swap":
            pair = ["STAGE", "DISCHARGE"] if feed == "st-river-r" else ["TP", "TN"]
            of = [one[one["determinand"] == key]["value"] for one in (table, whole) for key in pair]
            np.testing.assert_array_equal(of[0], of[3])
            np.testing.assert_array_equal(of[1], of[2])
        case _:
            assert len(table) <= len(whole)


def test_the_written_files_are_marked(june: Simulated, tmp_path: Path) -> None:
    assert all("示例" in one.name for one in june.deliveries)
    (sheet,) = (one for one in june.deliveries if one.feed == "samples")
    assert sheet.octets.startswith("示例".encode())
