"""Datasets out of the store: current, as known at, and only what was asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ecomon.errors import ContractError
from ecomon.model.dataset import SeriesChoice
from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.store import IngestReport, Store

Ingest = Callable[..., IngestReport]
APRIL = Period.month(2021, 4)


def test_a_dataset_says_what_was_known(store: Store, ingest: Ingest) -> None:
    ingest([("a", "TP", "2021-04-03T08:00", 0.1), ("b", "NH3N", "2021-04-03T12:00", 2.0)])
    ingest([("a", "TP", "2021-04-03T08:00", 0.2)])
    revision = store.read_observations(APRIL)["revision"].to_numpy()
    flags = pd.DataFrame({"revision": revision, "flag": 3, "tests": "x"})
    store.write_flags(flags.astype({"tests": "str"}), ruleset="r")
    now = store.read_dataset(APRIL)
    assert now.attrs["known_at"] == 3
    assert (now.attrs["kind"], now.attrs["period_end"]) == ("golden", "2021-05-01T00:00:00+08:00")
    np.testing.assert_equal(now["TP"].to_numpy(), [[0.2, np.nan], [np.nan, np.nan]])
    np.testing.assert_equal(now["TP_flag"].to_numpy(), [[3, 9], [9, 9]])
    before = store.read_dataset(APRIL, as_known_at=1)
    assert before.attrs["known_at"] == 1
    np.testing.assert_equal(before["TP"].to_numpy(), [[0.1, np.nan], [np.nan, np.nan]])
    np.testing.assert_equal(before["TP_flag"].to_numpy(), [[2, 9], [9, 9]])
    assert "TP" not in store.read_dataset(APRIL, determinands=["NH3N"])
    assert store.read_dataset(APRIL, sites=["a"])["site"].to_numpy().tolist() == ["a"]
    assert not store.read_dataset(Period.month(2021, 5)).data_vars


def test_two_feeds_of_a_reading_are_chosen_between(
    store: Store, ingest: Ingest, readings: Callable[..., pd.DataFrame]
) -> None:
    rows = [("a", "TP", "2021-04-03T08:00", 0.1)]
    ingest(rows)
    store.ingest(
        [Batch(readings(rows, source="laboratory", value=0.7))], blob=b"l", file_name="f",
        source="laboratory", decoder="d", decoder_version="1",
    )  # fmt: skip
    with pytest.raises(ContractError, match="automatic laboratory"):
        store.read_dataset(APRIL)
    chosen = store.read_dataset(APRIL, choice=SeriesChoice(sources=("laboratory", "tabulated")))
    assert chosen["TP"].item() == 0.7
