"""Things that are made to happen in the example basin, on given dates, so that tests know them.

They are inventions. The thallium release follows the course of January 2021 (about 20 h from the
border section to the intake 58 km below, peak twice the Table 3 limit: copy of the ministry's
report, stations.md section 3); its date, source and shape are ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
from scipy.special import erfc


@dataclass(frozen=True, slots=True)
class Storm:
    """Rain of ``depth`` (hours of mean rain in a year, falling on one ``region`` within ``hours``)."""

    start: datetime
    hours: int
    depth: float
    region: str


@dataclass(frozen=True, slots=True)
class DrySpell:
    """A drought: rain is multiplied by ``factor`` from ``start`` to ``end``."""

    start: datetime
    end: datetime
    factor: float


@dataclass(frozen=True, slots=True)
class Release:
    """A substance let into the river at a steady rate for ``hours``.

    ``distances_km`` gives how far below the release each site lies, ``plateau_mg_l`` the
    concentration that a steady release would have at the source.
    """

    name: str
    determinand: str
    start: datetime
    hours: float
    plateau_mg_l: float
    distances_km: dict[str, float] = field(default_factory=dict[str, float])
    velocity_m_s: float = 0.8
    dispersion_m2_s: float = 150.0
    loss_per_day: float = 0.0


STORMS = (
    Storm(datetime(2023, 8, 25, 18), 30, 1400.0, "jialing"),
    Storm(datetime(2023, 9, 12, 6), 24, 700.0, "bailong"),
    Storm(datetime(2024, 7, 5, 12), 40, 2200.0, "jialing"),
    Storm(datetime(2024, 7, 6, 0), 36, 900.0, "bailong"),
    Storm(datetime(2025, 8, 9, 3), 30, 1600.0, "jialing"),
    Storm(datetime(2025, 8, 9, 12), 30, 800.0, "bailong"),
)
DRY_SPELLS = (DrySpell(datetime(2024, 7, 25), datetime(2024, 9, 8), 0.12),)

THALLIUM = Release(
    "thallium-2025-01", "TL", datetime(2025, 1, 17, 16), 30.0, 2.457e-4,
    {"bamiaogou": 40.0, "xiwan-intake": 98.0}, loss_per_day=0.2,
)  # fmt: skip
AMMONIA = Release("ammonia-2025-03", "NH3N", datetime(2025, 3, 11, 2), 46.0, 1.35, {"yaodu": 14.0})
RELEASES = (THALLIUM, AMMONIA)


def added_concentration(
    release: Release, site: str, hours: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.float64]:
    """What a release adds at a site, mg/L.

    Parameters
    ----------
    release : Release
    site : str
        one of ``release.distances_km``
    hours : ndarray of datetime64, shape (time,)
        naive Beijing time

    Returns
    -------
    ndarray, shape (time,), mg/L
        zero before the release; never NaN

    Notes
    -----
    The leading term of Ogata and Banks (1961, USGS Professional Paper 411-A) for a step release in
    uniform advection and dispersion, one step up and one down, times a first-order loss.
    """
    seconds = (hours - np.datetime64(release.start, "s")).astype("timedelta64[s]").astype(float)
    distance_m = 1000.0 * release.distances_km[site]
    travel_days = distance_m / release.velocity_m_s / 86400.0
    pulse = _step(seconds, distance_m, release) - _step(
        seconds - 3600.0 * release.hours, distance_m, release
    )
    return release.plateau_mg_l * np.exp(-release.loss_per_day * travel_days) * pulse


def _step(
    seconds: npt.NDArray[np.float64], distance_m: float, release: Release
) -> npt.NDArray[np.float64]:
    since = np.maximum(seconds, 1.0)
    reach = (distance_m - release.velocity_m_s * since) / np.sqrt(
        4.0 * release.dispersion_m2_s * since
    )
    return 0.5 * erfc(reach)
