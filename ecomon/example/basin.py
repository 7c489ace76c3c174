"""The example basin (示例): a seeded, invented course of the rivers whose truth is known.

Everything that shows it is watermarked by the kind of the store that holds it; it never stands
beside real readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import xarray as xr

from ecomon.errors import ContractError
from ecomon.example.air import simulate_air
from ecomon.example.concentrations import simulate_concentrations
from ecomon.example.course import LEAD_H, Array, Times, hours_of, stream
from ecomon.example.emergency import sample_release, true_release
from ecomon.example.faults import StationReadings, report_readings
from ecomon.example.hydrology import gauge_gaps, section_discharge, simulate_discharges, stage_of
from ecomon.example.profile import (
    AIR_RELATIVE,
    DETERMINANDS,
    GAUGES,
    SECTION_PROFILES,
    unit_of,
)
from ecomon.model.period import Period

DEFAULT_PERIOD = Period(datetime(2023, 1, 1), datetime(2026, 1, 1))
READING_STEP_H = 4


@dataclass(frozen=True, slots=True)
class Basin:
    """The example basin over one period.

    Attributes
    ----------
    truth : xarray.Dataset, dims (section, time)
        hourly true values of DETERMINANDS and DISCHARGE at the sections; never NaN
    readings : xarray.Dataset, dims (section, time)
        what the stations report every four hours: the same determinands (NaN where nothing was
        reported, the detection limit where ``is_censored_*``), ``is_reported``,
        ``is_maintained``, ``repeats``, ``has_gap_copy``
    gauges : xarray.Dataset, dims (gauge, time)
        hourly DISCHARGE and STAGE as reported; NaN where the gauge was silent
    air : xarray.Dataset, dims (site, time)
        hourly means as reported; NaN where the station was silent
    release : xarray.Dataset, dims (section, time)
        true hourly TL where the period holds the thallium release (no times otherwise)
    emergency : pandas.DataFrame
        emergency samples of it: site, start, determinand, value (the detection limit where
        censored), is_censored
    faults : pandas.DataFrame
        one row per injected fault: site, determinand ("" = the whole station), start, end, kind
        (spike, flat_line, drift, negative, maintenance, outage), n_readings; censored values and
        repeated rows are no faults and stand in ``readings``

    Every variable carries ``units``. Times are naive Beijing time.
    """

    period: Period
    seed: int
    truth: xr.Dataset
    readings: xr.Dataset
    gauges: xr.Dataset
    air: xr.Dataset
    release: xr.Dataset
    emergency: pd.DataFrame
    faults: pd.DataFrame


def simulate_basin(
    period: Period = DEFAULT_PERIOD, *, seed: int, sites: Sequence[str] | None = None
) -> Basin:
    """Simulate the basin with known truth.

    Parameters
    ----------
    period : Period
        from midnight to midnight; the same seed over another period is another basin
    seed : int
        not negative; the same seed and period give the same bytes
    sites : sequence of str, optional
        sections to keep, in the order of the water whatever the order given; all ten by default.
        What happens at a section does not depend on which others are kept.

    Raises
    ------
    ContractError
        for a period that does not run by whole days, a negative seed, an unknown section.

    Notes
    -----
    Assumptions, not facts: mean discharges (新店子 180, 碧口 275, 三磊坝 335 m3/s), the regime of
    rain, concentrations near the public readings of April 2021 (stations.md 6.1), and the events
    of ``ecomon.example.scenario``. Source of the form of the model: C-Q power law with season and
    AR(1) departure (loads.md 7).
    """
    if seed < 0:
        raise ContractError(f"a seed is not negative, got {seed}")
    unknown = sorted(set(sites or ()) - set(SECTION_PROFILES))
    if unknown:
        raise ContractError(
            f"not sections of the example: {', '.join(unknown)}; one of {', '.join(SECTION_PROFILES)}"
        )
    kept = [name for name in SECTION_PROFILES if sites is None or name in sites]
    hours = hours_of(period)
    truth, gauge_discharge = _simulate_truth(period, seed)
    sampled = {name: truth[name][:, ::READING_STEP_H] for name in DETERMINANDS}
    readings = report_readings(hours[::READING_STEP_H], sampled, seed)
    release = true_release(hours)
    at_hours = {"section": list(SECTION_PROFILES), "time": hours}
    return Basin(
        period=period,
        seed=seed,
        truth=_dataset(truth, at_hours).sel(section=kept),
        readings=_readings_dataset(readings).sel(section=kept),
        gauges=_gauges_dataset(hours, gauge_discharge, seed),
        air=_dataset(simulate_air(hours, seed), {"site": list(AIR_RELATIVE), "time": hours}),
        release=release,
        emergency=sample_release(release, stream(seed, "emergency samples")),
        faults=readings.faults[readings.faults["site"].isin(kept)].reset_index(drop=True),
    )


def _simulate_truth(period: Period, seed: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Hourly truth by determinand (section, time) and discharge by gauge (time,), lead-in cut off."""
    hours = hours_of(period, lead_h=LEAD_H)
    gauges = simulate_discharges(hours, seed)
    discharge = {name: section_discharge(name, gauges) for name in SECTION_PROFILES}
    values = simulate_concentrations(hours, discharge, seed)
    values["DISCHARGE"] = np.stack(list(discharge.values()))
    return (
        {name: course[:, LEAD_H:].copy() for name, course in values.items()},
        {name: course[LEAD_H:] for name, course in gauges.items()},
    )


def _dataset(values: dict[str, Array], coordinates: dict[str, object]) -> xr.Dataset:
    dims = tuple(coordinates)
    variables = {name: (dims, course, {"units": unit_of(name)}) for name, course in values.items()}
    return xr.Dataset(variables, coords=coordinates)


def _readings_dataset(readings: StationReadings) -> xr.Dataset:
    dataset = _dataset(readings.values, {"section": list(SECTION_PROFILES), "time": readings.times})
    extra: dict[str, object] = {
        f"is_censored_{name}": mask for name, mask in readings.is_censored.items()
    }
    extra |= {
        "is_reported": readings.is_reported,
        "is_maintained": readings.is_maintained,
        "repeats": readings.repeats,
        "has_gap_copy": readings.has_gap_copy,
    }
    return dataset.assign({name: (("section", "time"), mask) for name, mask in extra.items()})


def _gauges_dataset(hours: Times, discharge: dict[str, Array], seed: int) -> xr.Dataset:
    reported = np.stack([np.round(discharge[gauge], 1) for gauge in GAUGES])
    stage = np.stack([np.round(stage_of(gauge, discharge[gauge]), 2) for gauge in GAUGES])
    gaps = gauge_gaps(hours, seed)
    for row, gauge in enumerate(GAUGES):
        for first, last in gaps[gauge]:
            reported[row, first:last] = np.nan
            stage[row, first:last] = np.nan
    return _dataset({"DISCHARGE": reported, "STAGE": stage}, {"gauge": list(GAUGES), "time": hours})
