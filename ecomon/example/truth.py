"""What is true in the example basin: loads and exceedances, straight from the hourly truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError
from ecomon.example.basin import Basin
from ecomon.example.profile import LOAD_DETERMINANDS

SECONDS = 3600.0
TONNES_PER_GRAM = 1e-6


def true_monthly_loads(basin: Basin) -> pd.DataFrame:
    """True loads of each calendar month: the sum over its hours of C x Q x 3600 s.

    Parameters
    ----------
    basin : Basin

    Returns
    -------
    DataFrame
        section, determinand (LOAD_DETERMINANDS), period (label of the month), start, load_t,
        volume_m3, concentration_mg_l (mean over time, not weighted by discharge). A month that the
        period cuts holds only the hours inside it. No NaN.

    Notes
    -----
    1 mg/L = 1 g/m3, so C x Q is g/s. Source: the definition of load (loads.md 1); it is what every
    estimating method is measured against.
    """
    times = basin.truth["time"].to_numpy()
    months = times.astype("datetime64[M]")
    labels, first = np.unique(months, return_index=True)
    hours = np.diff(np.append(first, times.size))
    discharge = basin.truth["DISCHARGE"].to_numpy()
    volume = np.add.reduceat(discharge * SECONDS, first, axis=1)
    sections = basin.truth["section"].to_numpy()
    parts: list[pd.DataFrame] = []
    for determinand in LOAD_DETERMINANDS:
        concentration = basin.truth[determinand].to_numpy()
        flux = concentration * discharge * SECONDS * TONNES_PER_GRAM
        parts.append(
            pd.DataFrame(
                {
                    "section": pd.Series(np.repeat(sections, labels.size), dtype="str"),
                    "determinand": pd.Series([determinand] * volume.size, dtype="str"),
                    "period": pd.Series(np.tile(labels.astype(str), sections.size), dtype="str"),
                    "start": np.tile(labels.astype("datetime64[us]"), sections.size),
                    "load_t": np.add.reduceat(flux, first, axis=1).ravel(),
                    "volume_m3": volume.ravel(),
                    "concentration_mg_l": (
                        np.add.reduceat(concentration, first, axis=1) / hours
                    ).ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def true_exceedances(basin: Basin, limits: Mapping[str, float]) -> pd.DataFrame:
    """Unbroken runs of hours in which the truth stood above a limit.

    Parameters
    ----------
    basin : Basin
    limits : mapping of str to float
        determinand -> limit in canonical units, from the registry's standard: the simulator
        knows none. TL is looked for in the release, everything else in the sections' truth.

    Returns
    -------
    DataFrame
        site, determinand, start, end (half-open), hours, peak (canonical unit), limit; in the
        order of determinand, section, time. No NaN.

    Raises
    ------
    ContractError
        for a determinand that the basin does not hold.

    Source: exceedance is a value *above* a limit; equality complies (GB 3838-2002).
    """
    rows: list[dict[str, object]] = []
    hour = np.timedelta64(1, "h")
    for determinand, limit in limits.items():
        source = basin.release if determinand in basin.release else basin.truth
        if determinand not in source:
            raise ContractError(f"the example basin holds no {determinand}")
        times = source["time"].to_numpy()
        for site in source["section"].to_numpy():
            course = source[determinand].sel(section=site).to_numpy()
            for first, last in _runs(course > limit):
                rows.append(
                    {
                        "site": str(site),
                        "determinand": determinand,
                        "start": times[first],
                        "end": times[last - 1] + hour,
                        "hours": last - first,
                        "peak": float(course[first:last].max()),
                        "limit": float(limit),
                    }
                )
    columns = ["site", "determinand", "start", "end", "hours", "peak", "limit"]
    return pd.DataFrame(rows, columns=columns)


def _runs(above: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last + 1) of each unbroken run of True."""
    edges = np.diff(np.concatenate(([False], above, [False])).astype(np.int8))
    return list(
        zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)
    )
