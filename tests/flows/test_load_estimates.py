"""Loads: estimates beside what settlements take; the same whether threads or a Dask cluster make them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ecomon.journey.load_jobs import carried_determinands
from ecomon.model.period import Period
from ecomon.model.tables import LOAD_ESTIMATES
from flows.installation import recorded_run
from flows.load import estimate_all

SPAN = Period.parse("2024-12/2025-01")


def estimates_of(home: Any) -> pd.DataFrame:
    with home.store() as store:
        return store.read_load_estimates(SPAN)


def test_every_section_with_a_link_has_its_estimates(example: Any) -> None:
    table = estimates_of(example)
    best = table[table["role"] == "best"]
    # 清风峡 has no gauge; the intake had its samples of the release of thallium.
    assert set(best["section"]) == {"bamiaogou", "yaodu", "xiwan-intake"}
    assert set(best["period"]) == {"2024-12", "2025-01"}
    assert set(best.loc[best["section"] == "xiwan-intake", "determinand"]) == {"TL"}
    assert not best.duplicated(["section", "determinand", "period"]).any()
    assert {"TP", "NH3N", "CODMN"} <= set(best["determinand"])
    assert "DO" not in set(table["determinand"])
    best = best[best["section"] != "xiwan-intake"]
    is_known = best["load_t"].notna()
    assert is_known.mean() > 0.9
    assert (best.loc[is_known, "lower"] <= best.loc[is_known, "load_t"]).all()
    assert best["reason"].str.len().min() > 0


def test_the_settlement_row_is_what_settlements_take(example: Any) -> None:
    with example.store() as store:
        agreed = store.read_loads(SPAN).set_index(["section", "determinand", "period"])["load_t"]
    table = estimates_of(example)
    rows = table[table["role"] == "settlement"].set_index(["section", "determinand", "period"])
    assert len(agreed) > 0
    np.testing.assert_array_equal(rows["load_t"].reindex(agreed.index), agreed)


def test_a_cluster_of_two_workers_gives_the_same_table(
    example: Any, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes of a local Dask cluster do the work; this process only reads and gathers."""
    from prefect import flow

    monkeypatch.setenv("ECOMON_DASK", "local:2")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")

    @flow(name="estimate-on-dask")
    def estimate(home: str) -> pd.DataFrame:
        with recorded_run(home, "load", {"period": SPAN.label}) as run:
            assert run.settings.dask == "local:2"
            return estimate_all(run, SPAN, run.store.read_loads(SPAN))

    spread = estimate(str(example.home))
    columns = list(LOAD_ESTIMATES.columns)
    key = ["section", "determinand", "period", "method", "role"]
    stored = estimates_of(example)[columns].sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(spread[columns].sort_values(key, ignore_index=True), stored)
    assert set(spread["determinand"]) <= set(carried_determinands_of(example))


def carried_determinands_of(home: Any) -> list[str]:
    from ecomon.registry import read_registry

    return carried_determinands(read_registry(overlay=None))
