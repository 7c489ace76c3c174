"""Days of the air in the wide layout of the national archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.example.course import Array
from ecomon.example.faults import DECIMALS
from ecomon.example.whole.air import running_maximum, running_mean
from ecomon.example.whole.sensors import Sensed
from ecomon.example.whole.written import Written, truth_table, write_lines

TITLES = {
    "PM25": "PM2.5", "PM10": "PM10", "SO2": "SO2", "NO2": "NO2", "O3": "O3", "CO_AIR": "CO",
}  # fmt: skip
_WHOLE = np.array([str(number) for number in range(3001)] + [""], dtype=object)
_TENTHS = np.array([f"{number / 10:.1f}" for number in range(3001)] + [""], dtype=object)


def air_days(
    sensed: Sensed, earlier: dict[str, Array], headings: Sequence[str], days: Sequence[np.datetime64],
    *, prefix: str,
) -> Iterator[Written]:  # fmt: skip
    """The files of some days: ``date, hour, type`` and a column a station.

    Parameters
    ----------
    sensed : Sensed
        hours whose first ends at hour 0 of the first day: an hour names its end
    earlier : dict of ndarray (site, 24)
        the hours before, as reported, for running means of the first day
    headings : sequence of str
        what the feed calls the stations
    days : sequence of datetime64[D]

    Yields
    ------
    Written
        six hourly means, and derived from them the means of 24 hours, the means of eight hours and
        the maxima of ozone. Empty where a station was silent.

    Source: ``china_sites_YYYYMMDD.csv`` (formats.md 3, stations.md 6.2).
    """
    texts = {title: _texts(course, tenths=title.startswith("CO")) for title, course in _courses(sensed, earlier).items()}  # fmt: skip
    header = ",".join(["date", "hour", "type", *headings])
    labels = sensed.times.astype("datetime64[h]") + np.timedelta64(1, "h")
    of_day = labels.astype("datetime64[D]")
    order = list(texts)
    for day in days:
        places = np.flatnonzero(of_day == day)
        compact = str(day).replace("-", "")
        lines = [
            f"{compact},{place - places[0]},{title},{','.join(texts[title][place])}"
            for place in places.tolist()
            for title in order
        ]
        name = f"{prefix}{compact}.csv"
        truth = _truth(sensed, places, order, name)
        yield Written(name, "china-sites", write_lines(header, lines), len(lines), truth)


def _courses(sensed: Sensed, earlier: dict[str, Array]) -> dict[str, Array]:
    """Every type of the layout, shape (site, time), in the order of its lines."""
    found: dict[str, Array] = {}
    for key, title in TITLES.items():
        hours = np.concatenate([earlier[key], sensed.reported[key]], axis=1)
        back = earlier[key].shape[1]
        found[title] = sensed.reported[key]
        if key == "O3":
            eight = running_mean(hours, 8)
            found["O3_24h"] = running_maximum(hours, 24)[:, back:]
            found["O3_8h"] = eight[:, back:]
            found["O3_8h_24h"] = running_maximum(eight, 24)[:, back:]
        else:
            found[f"{title}_24h"] = running_mean(hours, 24)[:, back:]
    return found


def _texts(course: Array, *, tenths: bool) -> list[list[str]]:
    """Cells by time and station; integers, or tenths."""
    scaled = np.round(course * 10.0 if tenths else course)
    codes = np.where(np.isnan(scaled), 3001, np.clip(np.nan_to_num(scaled), 0, 3000)).astype(
        np.intp
    )
    cells = (_TENTHS if tenths else _WHOLE)[codes]
    for site, at in np.argwhere(scaled > 3000).tolist():
        cells[site, at] = f"{course[site, at]:.{1 if tenths else 0}f}"
    return cells.T.tolist()


def _truth(
    sensed: Sensed, places: npt.NDArray[np.intp], order: list[str], name: str
) -> pd.DataFrame:
    n_sites = len(sensed.sites)
    where = (np.tile(np.arange(n_sites), places.size), np.repeat(places, n_sites))
    names = np.array(sensed.kind_names, dtype=object)
    tables: list[pd.DataFrame] = []
    for key, title in TITLES.items():
        lines = 1 + np.arange(places.size) * len(order) + order.index(title)
        tables.append(
            truth_table(
                key, sensed.true[key], sensed.sound[key], sensed.reported[key], name=name,
                sites=sensed.sites, times=sensed.times, where=where,
                fault=names[sensed.kinds[key][where]], rows=np.repeat(lines, n_sites),
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def measure_air(determinand: str, truth: Array, noise: Array) -> Array:
    """What a sound analyser prints: three per cent of noise, whole micrograms (CO tenths of mg)."""
    decimals = DECIMALS[determinand]
    spread = np.hypot(0.03 * truth, 0.6 * 10.0**-decimals)
    printed = np.round(np.maximum(truth + spread * noise, 0.0), decimals)
    return np.maximum(printed, 10.0**-decimals)
