"""Readings of the automatic water stations in the layout of the national feed's archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.example.faults import DECIMALS
from ecomon.example.files import CNEMC_HEADER, MAINTAINED, NORMAL, cells_of
from ecomon.example.whole.sensors import Sensed
from ecomon.example.whole.written import Written, truth_table, write_lines
from ecomon.model.place import Alias

ABSENT = "不具备运行条件"
Mask = npt.NDArray[np.bool_]


def key_on(aliases: Sequence[Alias], feed: str, day: date) -> str | None:
    """What a feed calls a place on a day; None where it has no name for it then."""
    return next((one.key for one in aliases if one.feed == feed and one.holds_on(day)), None)


def water_archive(
    sensed: Sensed, key_of: Callable[[str, date], str | None], is_wanted: Mask, is_absent: Mask, *,
    name: str, is_final: bool = False,
) -> Written:  # fmt: skip
    """One month of the stations: section by section in the order of time.

    Parameters
    ----------
    key_of : callable
        (site, day) -> province/name as the feed prints it on that day, None where it does not
    is_wanted, is_absent : ndarray of bool (site, time)
        which rows are written; where there was no water to measure (dry, frozen)
    is_final : bool
        values that were provisional stand corrected

    Returns
    -------
    Written
        UTF-8, CRLF; times carry no year. ``--`` is missing, ``*`` not measured, ``<0.025`` below
        detection; the class is left empty.

    Source: layout of ``water_quality_by_name`` in github jikin001/water_quality (stations.md 6.1).
    """
    values = corrected(sensed) if is_final else sensed.reported
    days = sensed.times.astype("datetime64[D]")
    keys = {day: np.datetime64(day, "D").astype(object) for day in np.unique(days)}
    stamps = [
        f"{text[5:10]} {text[11:16]}"
        for text in np.datetime_as_string(sensed.times.astype("datetime64[us]"), "m").tolist()
    ]
    lines: list[str] = []
    sites: list[int] = []
    times: list[int] = []
    for row, site in enumerate(sensed.sites):
        named = {day: key_of(site, one) for day, one in keys.items()}
        columns = [
            cells_of(values[key][row], DECIMALS[key], sensed.is_censored[key][row])
            for key in sensed.medium.determinands
        ]
        cells = list(map(",".join, zip(*columns, strict=True)))
        for at in np.flatnonzero(is_wanted[row] & sensed.is_sent[row]).tolist():
            key = named[days[at]]
            if key is None:
                continue
            province, _, title = key.partition("/")
            state = ABSENT if is_absent[row, at] else MAINTAINED if sensed.is_maintained[row, at] else NORMAL  # fmt: skip
            lines.append(f"{province},长江流域,{title},{stamps[at]},,{cells[at]},*,*,{state}")
            sites.append(row)
            times.append(at)
    where = (np.array(sites, dtype=np.intp), np.array(times, dtype=np.intp))
    truth = _truth(sensed, values, where, name, is_final=is_final)
    return Written(
        name, "cnemc-water", write_lines(CNEMC_HEADER, lines, newline="\r\n"), len(lines), truth
    )


def corrected(sensed: Sensed) -> dict[str, npt.NDArray[np.float64]]:
    """What is reported once the provisional values are replaced."""
    if "provisional" not in sensed.kind_names:
        return sensed.reported
    number = sensed.kind_names.index("provisional")
    return {
        key: np.where(sensed.kinds[key] == number, sensed.sound[key], sensed.reported[key])
        for key in sensed.medium.determinands
    }


def rows_to_correct(sensed: Sensed) -> Mask:
    """Rows that come again, corrected."""
    mask = np.zeros(sensed.is_sent.shape, dtype=bool)
    if "provisional" in sensed.kind_names:
        number = sensed.kind_names.index("provisional")
        for kinds in sensed.kinds.values():
            mask |= kinds == number
    return mask


def _truth(
    sensed: Sensed, values: Mapping[str, npt.NDArray[np.float64]],
    where: tuple[npt.NDArray[np.intp], ...], name: str, *, is_final: bool,
) -> pd.DataFrame:  # fmt: skip
    names = np.array(sensed.kind_names, dtype=object)
    if is_final:
        names = np.where(names == "provisional", "", names)
    return pd.concat(
        [
            truth_table(
                key, sensed.true[key], sensed.sound[key], values[key], name=name,
                sites=sensed.sites, times=sensed.times, where=where,
                fault=names[sensed.kinds[key][where]], is_censored=sensed.is_censored[key],
            )
            for key in sensed.medium.determinands
        ],
        ignore_index=True,
    )  # fmt: skip
