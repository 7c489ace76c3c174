from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ecomon.errors import ContractError
from ecomon.load.draw_estimates import draw_estimates
from ecomon.model.period import Period
from ecomon.model.tables import LOAD_ERRORS


def row(section: str, determinand: str, **others: Any) -> dict[str, Any]:
    month = Period.month(2023, 5)
    numbers = {name: 0.0 for name, kind in LOAD_ERRORS.columns.items() if kind == "float"}
    return {
        **numbers, "section": section, "determinand": determinand, "period": month.label,
        "start": month.start, "end": month.end, "method": "E", "role": "best", "load_t": 100.0,
        "sampling_error_t": 5.0, "degrees_of_freedom": 9.0, "shape": "t", "gauge": "bikou",
        "n_samples": 10, "n_censored": 0, "status": "measured", "reason": "", **others,
    }  # fmt: skip


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return LOAD_ERRORS.frame({name: [one[name] for one in rows] for name in LOAD_ERRORS.columns})


def test_own_errors_are_students() -> None:
    drawn = draw_estimates(table(row("yaodu", "TP")), n_draws=4000, seed=7)
    assert drawn.dims == ("section", "determinand", "time", "draw") and drawn.attrs["units"] == "t"
    steps = (drawn.to_numpy().ravel() - 100) / 5
    assert stats.kstest(steps, "t", args=(9,)).pvalue > 0.001


def test_lognormal_draws_keep_mean_and_error_and_stay_positive() -> None:
    one = row("yaodu", "TP", shape="lognormal", sampling_error_t=60.0)
    drawn = draw_estimates(table(one), n_draws=40_000, seed=7).to_numpy()
    assert drawn.min() > 0
    assert drawn.mean() == pytest.approx(100, rel=0.02)
    assert drawn.std() == pytest.approx(60, rel=0.05)


def test_a_gauge_is_shared_by_all_it_measures() -> None:
    common = {"sampling_error_t": 0.0, "discharge_error": 0.1}
    drawn = draw_estimates(
        table(
            row("yaodu", "TP", **common), row("yaodu", "CODMN", **common),
            row("juguocun", "TP", **common), row("nandu", "TP", **common, gauge="nanhe"),
        ),
        n_draws=500, seed=7,
    )  # fmt: skip
    first = drawn.sel(section="yaodu", determinand="TP").to_numpy()
    assert np.allclose(first, drawn.sel(section="yaodu", determinand="CODMN"))
    assert np.allclose(first, drawn.sel(section="juguocun", determinand="TP"))
    other = drawn.sel(section="nandu", determinand="TP").to_numpy()
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.2
    assert first.std() == pytest.approx(10, rel=0.15)


def test_a_sensor_is_shared_by_the_months_of_its_series_alone() -> None:
    june = Period.month(2023, 6)
    later = {"period": june.label, "start": june.start, "end": june.end}
    common = {"sampling_error_t": 0.0, "concentration_error": 0.1, "gauge": ""}
    drawn = draw_estimates(
        table(row("yaodu", "TP", **common), row("yaodu", "TP", **common, **later),
              row("yaodu", "TN", **common)),
        n_draws=50, seed=7,
    )  # fmt: skip
    may, following = drawn.sel(section="yaodu", determinand="TP").to_numpy()
    assert np.allclose(may, following)
    assert not np.allclose(may, drawn.sel(section="yaodu", determinand="TN").to_numpy()[0])


def test_the_seed_and_the_cell_alone_decide() -> None:
    rows = [row("yaodu", "TP"), row("yaodu", "CODMN"), row("yaodu", "TP", role="settlement")]
    whole = draw_estimates(table(*rows), n_draws=20, seed=7)
    part = draw_estimates(table(rows[0]), n_draws=20, seed=7)
    assert part.equals(whole.sel(determinand=["TP"]))
    assert not part.equals(draw_estimates(table(rows[0]), n_draws=20, seed=8))


def test_no_load_has_no_draws_and_twice_stops() -> None:
    none = row("yaodu", "TP", load_t=np.nan, status="bracket_only", reason="x")
    assert np.isnan(draw_estimates(table(none), n_draws=5, seed=7)).all()
    with pytest.raises(ContractError, match="twice"):
        draw_estimates(table(row("yaodu", "TP"), row("yaodu", "TP")), n_draws=5, seed=7)
