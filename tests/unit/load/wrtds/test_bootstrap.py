"""Period loads: draws repeat with their seed, parts add in quadrature, blocks are fair."""

from __future__ import annotations

import numpy as np
import pytest

from ecomon.errors import ContractError
from ecomon.load.wrtds import WrtdsModel, bootstrap_loads
from ecomon.load.wrtds.bootstrap import draw_multiplicities
from ecomon.model.period import Period

PERIODS = [
    Period.year(2014),
    Period.parse("2014-07"),
    Period.parse("2018-07/2019-06"),
    Period.year(2030),
]


def test_loads_of_periods(model: WrtdsModel) -> None:
    loads = bootstrap_loads(model, PERIODS, seed=9, n_replicates=8)
    daily = model.daily
    is_2014 = daily["Date"].dt.year == 2014
    by_days = daily.loc[is_2014, "GenFlux"].sum() / 1000
    # The bootstrap sees censored samples through the day itself, the table through leave-one-out.
    assert loads.load_t[0] == pytest.approx(by_days, rel=2e-3)
    assert loads.load_t[1] < loads.load_t[0]
    assert loads.coverage_time == pytest.approx([1.0, 1.0, 184 / 365, 0.0])
    assert loads.standard_error_t == pytest.approx(
        np.hypot(loads.outer_se_t, loads.inner_se_t), nan_ok=True
    )
    assert (loads.outer_se_t[:3] > 0).all() and (loads.inner_se_t[:3] > 0).all()
    assert (loads.lower_t < loads.load_t)[:3].all() and (loads.load_t < loads.upper_t)[:3].all()
    assert np.isnan(loads.load_t[3]) and np.isnan(loads.upper_t[3])
    assert loads.n_failed == 0
    again = bootstrap_loads(model, PERIODS[:1], seed=9, n_replicates=8)
    assert again.draws_t[0].tolist() == loads.draws_t[0].tolist()
    draws = loads.draws()
    assert draws.dims == ("period", "draw") and draws.attrs["units"] == "t"
    assert draws.sel(period="2014-07").to_numpy() == pytest.approx(loads.draws_t[1])


def test_without_samples_between_the_path_is_wider(model: WrtdsModel) -> None:
    year = PERIODS[:1]
    bridged = bootstrap_loads(model, year, seed=1, n_replicates=2)
    alone = bootstrap_loads(model, year, seed=1, n_replicates=2, method="regression")
    assert alone.inner_se_t[0] > bridged.inner_se_t[0]


def test_blocks_draw_every_sample_alike(model: WrtdsModel) -> None:
    counts = np.array(list(draw_multiplicities(model.record, 600, 200, 4)))
    n = model.record.n_samples
    assert (counts.sum(axis=1) == n).all()
    mean = counts.mean(axis=0)
    # A fair draw has mean 1; the block that is cut costs the later samples of it a little.
    assert mean.min() > 0.7 and mean.max() < 1.3
    # Neighbours come together: that is what blocks are for.
    together = np.corrcoef(counts[:, :-1].ravel(), counts[:, 1:].ravel())[0, 1]
    assert together > 0.8


def test_arguments_are_checked(model: WrtdsModel) -> None:
    for n_replicates, block_d in ((1, 200), (2, 0)):
        with pytest.raises(ContractError, match="two replicates"):
            bootstrap_loads(model, PERIODS, seed=1, n_replicates=n_replicates, block_d=block_d)
    with pytest.raises(ContractError):
        bootstrap_loads(model, [], seed=1)
