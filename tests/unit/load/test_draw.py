from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ecomon.errors import ContractError
from ecomon.load import compute_monthly_loads, draw_loads
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink

Days = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def loads(days: Days, link: DischargeLink) -> pd.DataFrame:
    concentrations = pd.concat(
        [days("yaodu", "TP", ["0.20", "0.26"] * 15), days("yaodu", "CODMN", ["2", "3"] * 30)],
        ignore_index=True,
    )
    discharges = days("bikou", "DISCHARGE", ["45"] * 61, unit="m3/s")
    return compute_monthly_loads(
        concentrations, discharges, Period.parse("2021-04/2021-05"), section="yaodu", link=link,
        factors=("TP", "CODMN"), censored="zero", min_days=20, min_coverage_discharge=0.8,
    )  # fmt: skip


def test_the_cube_and_its_gaps(loads: pd.DataFrame) -> None:
    drawn = draw_loads(loads, n_draws=5, seed=7)
    assert drawn.dims == ("section", "determinand", "time", "draw")
    assert drawn.shape == (1, 2, 2, 5) and drawn.attrs["units"] == "t"
    may_tp = drawn.sel(section="yaodu", determinand="TP", time="2021-05-01")
    assert np.isnan(may_tp).all()
    assert int(np.isnan(drawn).sum()) == 5


def test_draws_have_the_error_they_come_from(loads: pd.DataFrame) -> None:
    drawn = draw_loads(loads, n_draws=20_000, seed=7)
    row = loads.iloc[0]
    one = drawn.sel(section="yaodu", determinand="TP", time="2021-04-01").to_numpy()
    steps = (one - row["load_t"]) / row["standard_error_t"]
    assert stats.kstest(steps, "t", args=(29,)).pvalue > 0.001
    assert np.quantile(one, [0.025, 0.975]) == pytest.approx(
        [row["lower_t"], row["upper_t"]], rel=0.01
    )


def test_the_seed_and_the_cell_alone_decide(loads: pd.DataFrame) -> None:
    whole = draw_loads(loads, n_draws=50, seed=7)
    part = draw_loads(loads[loads["determinand"] == "CODMN"].iloc[::-1], n_draws=50, seed=7)
    assert part.equals(whole.sel(determinand=["CODMN"]))
    other = draw_loads(loads, n_draws=50, seed=8)
    assert not np.array_equal(other.sel(determinand="CODMN"), whole.sel(determinand="CODMN"))
    april, may = (whole.sel(determinand="CODMN").isel(time=i).to_numpy() for i in (0, 1))
    assert not np.allclose(april, may)


def test_a_doubled_cell_stops(loads: pd.DataFrame) -> None:
    with pytest.raises(ContractError, match="twice"):
        draw_loads(pd.concat([loads, loads.head(1)], ignore_index=True), n_draws=5, seed=7)
