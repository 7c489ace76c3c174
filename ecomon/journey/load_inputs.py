"""Tables of readings -> the series a load is estimated from; what is left out on the way is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ecomon.errors import ContractError, UnitMismatch
from ecomon.load.choice.rules import EstimationRules
from ecomon.load.estimate import with_common_error
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.load.gaps import GapRules, complete_steps, fill_discharge
from ecomon.load.rating import DISCHARGE
from ecomon.load.section_discharge import move_discharge, transfer_discharge
from ecomon.model.codes import Codes, encode
from ecomon.model.quantity import conversion_factor
from ecomon.model.tables import FLAGGED

if TYPE_CHECKING:
    from ecomon.model.place import DischargeLink

USED_FLAGS = (1, 2)
"""QARTOD flags of values that enter a load, as they enter a mean."""
PLAIN_SAMPLES = ("section", "determinand", "time", "concentration_mg_l")
PLAIN_DISCHARGE = ("section", "time", "discharge_m3_s")
_DAY_S = 86_400.0
_MIN_SEASON_S = 365 * _DAY_S


@dataclass(frozen=True, slots=True)
class SampleInput:
    """Samples of one determinand and what was found while they were read, in words."""

    series: SampleSeries
    notes: tuple[str, ...]


def as_samples(
    table: pd.DataFrame, *, sources: Sequence[str] = ()
) -> dict[tuple[str, str], SampleInput]:
    """Samples by section and determinand.

    Parameters
    ----------
    table : FLAGGED, or a table with ``PLAIN_SAMPLES`` (and ``is_censored``)
        Of FLAGGED: values whose flag is good or not evaluated, ``DISCHARGE`` left aside; an interval
        stands at its middle. A value below detection is its limit.
    sources : sequence of str
        Which source counts where several give a value for one time; best first.

    Returns
    -------
    dict of (section, determinand) to SampleInput
        Doubtful, negative and repeated values are left out and counted in ``notes``; a value over
        the range of the instrument counts as its upper end, and the notes say so.

    Raises
    ------
    ContractError
        if two different values stand for one time and no precedence decides, or the table has
        neither form.
    UnitMismatch
        if a unit is no mass concentration.
    """
    rows = _sample_rows(table)
    if rows.empty:
        return {}
    (section, sections), (determinand, determinands) = map(
        encode, (rows["section"], rows["determinand"])
    )
    pair = section * max(len(determinands), 1) + determinand
    order = np.lexsort((rows["time"].to_numpy(), pair))
    unit, units = encode(rows["unit"])
    source, names = encode(rows["source"])
    rank = {name: place for place, name in enumerate(sources)}
    columns = _Columns(
        rows["time"].to_numpy()[order],
        rows["value"].to_numpy(np.float64)[order],
        unit[order],
        units,
        encode(rows["censor"]),
        np.array([rank.get(name, len(rank)) for name in [*names, ""]], dtype=np.int64)[source][
            order
        ],
        rows["is_used"].to_numpy(bool)[order],
        order,
    )
    keys, starts = np.unique(pair[order], return_index=True)
    found: dict[tuple[str, str], SampleInput] = {}
    for key, first, last in zip(keys.tolist(), starts, [*starts[1:], len(order)], strict=True):
        place = divmod(key, max(len(determinands), 1))
        name = sections[place[0]], determinands[place[1]]
        found[name] = _one_series(columns, slice(first, last), " ".join(name))
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Samples as arrays, sorted by series and time; ``censor`` in the order of the table."""

    time: npt.NDArray[np.datetime64]
    value: npt.NDArray[np.float64]
    unit: Codes
    units: list[str]
    censor: tuple[Codes, list[str]]
    rank: npt.NDArray[np.int64]
    is_used: npt.NDArray[np.bool_]
    order: npt.NDArray[np.int64]

    def is_censored(self, kind: str) -> npt.NDArray[np.bool_]:
        codes, names = self.censor
        if kind not in names:
            return np.zeros(len(self.order), dtype=bool)
        return codes[self.order] == names.index(kind)


def _sample_rows(table: pd.DataFrame) -> pd.DataFrame:
    if "flag" in table.columns:
        FLAGGED.check(table)
        rows = table[(table["determinand"] != DISCHARGE).to_numpy()]
        time = rows["start"].to_numpy().astype("datetime64[us]")
        middle = (rows["duration_s"].to_numpy(np.int64) * 500_000).astype("timedelta64[us]")
        return pd.DataFrame(
            {
                "section": rows["site"].to_numpy(),
                "determinand": rows["determinand"].to_numpy(),
                "time": time + middle,
                "value": rows["value"].to_numpy(np.float64),
                "unit": rows["unit"].to_numpy(),
                "censor": rows["censor"].to_numpy(),
                "is_used": np.isin(rows["flag"].to_numpy(np.int64), USED_FLAGS),
                "source": rows["source"].to_numpy(),
            }
        )
    lacking = [name for name in PLAIN_SAMPLES if name not in table.columns]
    if lacking:
        raise ContractError(f"samples: no column {', '.join(lacking)}; found {list(table.columns)}")
    below = table["is_censored"].to_numpy(bool) if "is_censored" in table.columns else np.zeros(len(table), bool)  # fmt: skip
    return pd.DataFrame(
        {
            "section": table["section"].to_numpy(),
            "determinand": table["determinand"].to_numpy(),
            "time": table["time"].to_numpy().astype("datetime64[us]"),
            "value": table["concentration_mg_l"].to_numpy(np.float64),
            "unit": "mg/L",
            "censor": np.where(below, "left", "none"),
            "is_used": True,
            "source": "",
        }
    )


def _one_series(columns: _Columns, mine: slice, label: str) -> SampleInput:
    notes: list[str] = []
    unit = columns.unit[mine]
    factors = np.full(len(columns.units), np.nan)
    for code in np.unique(unit).tolist():
        factors[code] = _factor(columns.units[code], label)
    value, was_used = columns.value[mine] * factors[unit], columns.is_used[mine]
    left, right = (columns.is_censored(kind)[mine] for kind in ("left", "right"))
    is_used = was_used & np.isfinite(value)
    _count(notes, ~was_used, "个值存疑或无效，未用 values doubtful or failed, left out")
    is_negative = is_used & (value < 0)
    _count(notes, is_negative, "个负值，未用 negative values, left out")
    is_used &= ~is_negative
    _count(notes, is_used & right, "个值超量程，按上限计 values over range, taken at its end")
    time, rank = columns.time[mine], columns.rank[mine]
    kept = np.flatnonzero(is_used)
    kept = kept[np.lexsort((rank[kept], time[kept]))]
    time, value, below = time[kept], value[kept], left[kept]
    first = np.append(True, time[1:] != time[:-1]) if len(time) else np.empty(0, bool)
    _refuse_conflicts(label, time, value, below=below, rank=rank[kept], first=first)
    _count(notes, ~first, "个重复时刻的值，取其一 values of a time that has one already, left out")
    series = SampleSeries(time[first], value[first], below[first])
    return SampleInput(series, tuple(notes))


def _refuse_conflicts(
    label: str,
    time: npt.NDArray[np.datetime64],
    value: npt.NDArray[np.float64],
    *,
    below: npt.NDArray[np.bool_],
    rank: npt.NDArray[np.int64],
    first: npt.NDArray[np.bool_],
) -> None:
    """ContractError where two values of one time and rank differ."""
    again = np.flatnonzero(~first)
    differs = (value[again] != value[again - 1]) | (below[again] != below[again - 1])
    clash = again[differs & (rank[again] == rank[again - 1])]
    if clash.size:
        at = clash[0]
        raise ContractError(
            f"{label}: {time[at]} 有两个值 has two values, {value[at - 1]:g} and {value[at]:g} mg/L; "
            "say which source counts, or withdraw one"
        )


def _count(notes: list[str], mask: npt.NDArray[np.bool_], words: str) -> None:
    n = int(mask.sum())
    if n:
        notes.append(f"{n} {words}")


def _factor(unit: str, label: str) -> float:
    try:
        return conversion_factor(unit, "mg/L")
    except UnitMismatch as wrong:
        raise UnitMismatch(f"{label}: {wrong}") from None


def as_discharges(table: pd.DataFrame) -> dict[str, DischargeSeries]:
    """Records of discharge by gauge (or section), on steps of one length each.

    Parameters
    ----------
    table : FLAGGED, or a table with ``PLAIN_DISCHARGE``
        Of FLAGGED the ``DISCHARGE`` rows that are good or not evaluated.

    Returns
    -------
    dict of site to DischargeSeries
        The step is the duration of a mean, else the commonest time between readings. Readings off
        its clock count in the step that holds them, by their mean.

    Raises
    ------
    UnitMismatch
        if a unit is no discharge.
    ContractError
        if the table has neither form.
    """
    if "flag" in table.columns:
        FLAGGED.check(table)
        used = (table["determinand"] == DISCHARGE) & table["flag"].isin(USED_FLAGS)
        rows = table[used & table["value"].notna()]
        names, site = ("start", "value", "duration_s"), rows["site"]
        for unit in rows["unit"].unique():
            conversion_factor(str(unit), "m3/s")
        to_m3_s = rows["unit"].map(lambda unit: conversion_factor(str(unit), "m3/s"))
        value = rows["value"].to_numpy(np.float64) * to_m3_s.to_numpy(np.float64)
        plain = pd.DataFrame(
            {"site": site.to_numpy(), "time": rows[names[0]].to_numpy(), "q": value,
             "duration_s": rows["duration_s"].to_numpy()}
        )  # fmt: skip
    else:
        lacking = [name for name in PLAIN_DISCHARGE if name not in table.columns]
        if lacking:
            raise ContractError(f"discharge: no column {', '.join(lacking)}")
        plain = pd.DataFrame(
            {"site": table["section"].to_numpy(), "time": table["time"].to_numpy(),
             "q": table["discharge_m3_s"].to_numpy(np.float64), "duration_s": 0}
        ).dropna(subset=["q"])  # fmt: skip
    return {
        str(site): _one_discharge(group) for site, group in plain.groupby("site", sort=True, observed=True)
    }  # fmt: skip


def _one_discharge(group: pd.DataFrame) -> DischargeSeries:
    rows = group.sort_values("time", kind="stable")
    time = rows["time"].to_numpy().astype("datetime64[us]")
    value = rows["q"].to_numpy(np.float64)
    durations = rows["duration_s"].to_numpy(np.int64)
    step_s = int(np.bincount(durations[durations > 0]).argmax()) if (durations > 0).any() else 0
    if not step_s:
        apart = np.diff(time).astype(np.int64) // 1_000_000
        apart = apart[apart > 0]
        seconds, counts = np.unique(apart, return_counts=True)
        step_s = int(seconds[counts.argmax()]) if len(seconds) else int(_DAY_S)
    step_us = step_s * 1_000_000
    place = time.astype(np.int64) // step_us
    # The clock of the step is that of most readings: hours may be stamped at the half.
    offset = int(np.bincount((time.astype(np.int64) % step_us) // 1_000_000).argmax()) * 1_000_000
    place = (time.astype(np.int64) - offset) // step_us
    steps, inverse = np.unique(place, return_inverse=True)
    mean = np.bincount(inverse, weights=value) / np.bincount(inverse)
    at = (steps * step_us + offset).astype("datetime64[us]")
    return DischargeSeries.of(at, mean, step_s=float(step_s))


def section_discharge_of(
    records: Mapping[str, DischargeSeries],
    section: str,
    link: DischargeLink | None,
    rules: EstimationRules,
) -> DischargeSeries:
    """Discharge at a section: its gauges' records, gaps filled by the rules, by way of its link.

    Without a link the section's own record counts; where there is none either, the record is empty
    and every load says so. A gap may follow the gauge that the rules name as a neighbour, where its
    record is among those given. A gauge that states no error of its rating has that of the rules,
    unless the link states the error of the whole.
    """

    def filled(gauge: str) -> DischargeSeries:
        own = records[gauge]
        beside = records.get(rules.neighbours.get(gauge, ""))
        if beside is not None:
            beside = move_discharge(beside, 0.0, complete_steps(own).time, own.step_s)
        return fill_discharge(own, gap_rules, neighbour=beside)

    gap_rules = GapRules(
        max_log_linear_s=rules.model.max_discharge_line_gap_h * 3600,
        max_neighbour_s=rules.model.max_discharge_neighbour_gap_h * 3600,
        max_structural_s=rules.model.max_discharge_gap_h * 3600,
        min_season_s=_MIN_SEASON_S,
    )
    if link is None:
        return filled(section) if section in records else _none()
    if any(gauge not in records for gauge in link.gauges):
        return replace(_none(), link=link.key)
    whole = {gauge: filled(gauge) for gauge in link.gauges}
    if link.relative_error is None:
        whole = {gauge: with_common_error(one, rules) for gauge, one in whole.items()}
    return transfer_discharge(whole, link)


def _none() -> DischargeSeries:
    return DischargeSeries.of(np.empty(0, "datetime64[us]"), np.empty(0), step_s=3600.0)
