"""loadflex 1.9.2: linear and rectangular interpolation of Lamprey nitrate (data/loads/loadflex)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecomon.load.flux import Floats, compute_flux, seconds_from
from ecomon.load.interpolation import weigh_samples

M3_PER_CUBIC_FOOT = 0.028316846592


@pytest.fixture(scope="module")
def series(shared: Path) -> tuple[Floats, Floats, pd.DataFrame]:
    folder = shared / "data" / "loads" / "loadflex"
    sample = pd.read_csv(folder / "lamprey_nitrate.csv", parse_dates=["DATE"])
    steps = pd.read_csv(folder / "lamprey_pred_6h.csv.gz", parse_dates=["DATE"])
    origin = np.datetime64("1999-10-01")
    at = steps["DATE"].dt.tz_localize(None).to_numpy()
    of = sample["DATE"].dt.tz_localize(None).to_numpy()
    steps["seconds"] = seconds_from(origin, at)
    return seconds_from(origin, of), sample["NO3"].to_numpy(), steps


def test_linear(series: tuple[Floats, Floats, pd.DataFrame]) -> None:
    sample_s, c, steps = series
    found = weigh_samples(sample_s, steps["seconds"].to_numpy()).apply(c)
    np.testing.assert_allclose(found, steps["linear_conc"], rtol=1e-9)
    flux = compute_flux(found, steps["Q_cfs"].to_numpy() * M3_PER_CUBIC_FOOT)
    # loadflex takes 28.317 L for a cubic foot: the rest of the difference is 5.4e-6.
    np.testing.assert_allclose(flux * 86.4, steps["linear_flux"], rtol=6e-6)


def test_rectangular_but_for_the_ramp(series: tuple[Floats, Floats, pd.DataFrame]) -> None:
    sample_s, c, steps = series
    at_s = steps["seconds"].to_numpy()
    found = weigh_samples(sample_s, at_s, kind="rectangular").apply(c)
    differs = np.abs(found / steps["rect_conc"] - 1) > 1e-9
    middle = (sample_s[1:] + sample_s[:-1]) / 2
    to_middle = np.abs(at_s[:, None] - middle).min(axis=1)
    assert (to_middle[differs] < 3 * 3600).all()  # half of a six-hour step
    assert differs.mean() < 0.02
