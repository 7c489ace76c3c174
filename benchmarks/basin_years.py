"""Readings of an example basin, month by month, for benchmarks of the store: 示例, no real data.

Sixty-nine sections that report twelve determinands every four hours, and take ten more by hand
once a month: 1,518 series, 1.8 million observations a year. Made by numpy from a seed, so that
forty million of them take no longer to make than to write; a batch is as large as a decoder's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

from ecomon.model.observation import Batch
from ecomon.model.period import Period
from ecomon.model.tables import OBSERVATIONS

SECTIONS = [f"section-{number:02d}" for number in range(69)]
BATCH_ROWS = 50_000
STEP = np.timedelta64(4 * 3600, "s")

# Unit, level, daily swing, noise and decimals of what stations report.
AUTOMATIC: dict[str, tuple[str, float, float, float, int]] = {
    "WT": ("degC", 16.0, 0.8, 0.15, 1), "PH": ("1", 7.9, 0.1, 0.03, 2),
    "DO": ("mg/L", 9.0, 0.6, 0.15, 2), "EC": ("uS/cm", 380.0, 4.0, 4.0, 1),
    "TURB": ("NTU", 40.0, 2.0, 3.0, 1), "CODMN": ("mg/L", 2.0, 0.1, 0.08, 2),
    "NH3N": ("mg/L", 0.12, 0.01, 0.012, 3), "TP": ("mg/L", 0.06, 0.004, 0.004, 3),
    "TN": ("mg/L", 1.6, 0.05, 0.05, 2), "CHLA": ("mg/L", 0.004, 0.001, 0.0004, 4),
    "ALGAE": ("cells/L", 900_000.0, 90_000.0, 40_000.0, 0), "SB": ("mg/L", 0.002, 0.0, 0.0001, 5),
}  # fmt: skip
BY_HAND = ("COD", "BOD5", "F", "CU", "ZN", "SE", "AS", "HG", "CD", "PB")


def year_of(year: int, *, seed: int) -> Iterator[tuple[Period, list[Batch]]]:
    """The twelve months of a year, each in the batches that a decoder would give."""
    for month in Period.year(year).split("month"):
        rng = np.random.default_rng([seed, year, month.start.month])
        automatic = month_of_stations(month, rng)
        manual = month_by_hand(month, rng)
        parts = [
            automatic.iloc[at : at + BATCH_ROWS] for at in range(0, len(automatic), BATCH_ROWS)
        ]
        yield month, [Batch(part.reset_index(drop=True)) for part in (*parts, manual)]


def month_of_stations(month: Period, rng: np.random.Generator) -> pd.DataFrame:
    """Table OBSERVATIONS of the stations, by time, section and determinand as archives are."""
    start = np.arange(month.start, month.end, STEP, dtype="datetime64[us]")
    return _readings(start, list(AUTOMATIC), _values(len(start), rng), rng)


def month_by_hand(month: Period, rng: np.random.Generator) -> pd.DataFrame:
    """Table OBSERVATIONS of the month's samples, one a section and determinand."""
    values = np.round(rng.uniform(0.001, 0.01, (1, len(SECTIONS), len(BY_HAND))), 4)
    start = np.array([month.start], dtype="datetime64[us]")
    table = _readings(start, list(BY_HAND), values, rng)
    return table.assign(programme="local", source="laboratory", unit="mg/L")


def moment_of_stations(start: np.datetime64, *, seed: int) -> Batch:
    """One reading of every series, as a poll of the whole basin brings them."""
    rng = np.random.default_rng(seed)
    one = np.array([start], dtype="datetime64[us]")
    automatic = _readings(one, list(AUTOMATIC), _values(1, rng), rng)
    by_hand = np.round(rng.uniform(0.001, 0.01, (1, len(SECTIONS), len(BY_HAND))), 4)
    manual = _readings(one, list(BY_HAND), by_hand, rng)
    manual = manual.assign(programme="local", source="laboratory", unit="mg/L")
    return Batch(pd.concat([automatic, manual], ignore_index=True))


def revised(batch: Batch, share: float, rng: np.random.Generator) -> Batch:
    """The same batch with a share of its values a little higher."""
    table = batch.observations
    value = table["value"].to_numpy(copy=True)
    value[rng.random(len(value)) < share] *= 1.01
    return Batch(table.assign(value=value))


def _values(n_times: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Values by time, section and determinand: a daily wave, AR(1) noise, faults and gaps."""
    shape = (n_times, len(SECTIONS), len(AUTOMATIC))
    _, level, swing, noise, _ = zip(*AUTOMATIC.values(), strict=True)
    wave = np.sin(2 * np.pi * np.arange(n_times) / 6)[:, None, None]
    rough = lfilter([1.0], [1.0, -0.8], rng.normal(0, 1, shape), axis=0)
    values = np.array(level) + np.array(swing) * wave + 0.5 * np.array(noise) * rough
    values *= rng.uniform(0.9, 1.1, shape[1])[:, None]
    values = np.maximum(values, 0.1 * np.array(level))
    values[rng.random(shape) < 0.003] *= 4  # spikes that quality finds
    values[rng.random(shape) < 0.01] = np.nan
    for place, (*_, decimals) in enumerate(AUTOMATIC.values()):
        values[..., place] = np.round(values[..., place], decimals)
    return values


def _readings(
    start: npt.NDArray[np.datetime64],
    determinands: Sequence[str],
    values: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> pd.DataFrame:
    n_times, n_sections, n_determinands = values.shape
    n, n_rows = values.size, n_times * n_sections
    units = [AUTOMATIC.get(name, ("mg/L",))[0] for name in determinands]
    maintained = np.repeat(rng.random(n_rows) < 0.002, n_determinands)
    return OBSERVATIONS.frame(
        {
            "site": _texts(SECTIONS, np.tile(np.repeat(np.arange(n_sections), n_determinands), n_times)),
            "determinand": _texts(determinands, np.tile(np.arange(n_determinands), n_rows)),
            "statistic": _texts(["value"], np.zeros(n, np.intp)),
            "start": np.repeat(start, n_sections * n_determinands),
            "duration_s": np.zeros(n, dtype=np.int64),
            "programme": _texts(["automatic"], np.zeros(n, np.intp)),
            "source": _texts(["cnemc-water"], np.zeros(n, np.intp)),
            "replicate": np.zeros(n, dtype=np.int64),
            "value": values.ravel(),
            "unit": _texts(units, np.tile(np.arange(n_determinands), n_rows)),
            "censor": _texts(["none"], np.zeros(n, np.intp)),
            "source_flag": _texts(["正常", "维护"], maintained.astype(np.intp)),
            "row": np.repeat(np.arange(1, n_rows + 1), n_determinands),
        }
    )  # fmt: skip


def _texts(names: Sequence[str], codes: npt.NDArray[np.intp]) -> Any:
    return pd.array(np.array(names, dtype=object), dtype="str").take(codes)
