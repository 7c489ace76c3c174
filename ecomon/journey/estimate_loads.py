"""samples + discharge -> loads by the method the data bear, with reasons, daily series and figures.

Flow, command and auditor call the same function: from flagged readings of the store, or from plain
tables of a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ecomon.journey.compute_loads import link_in_force
from ecomon.journey.load_inputs import (
    SampleInput,
    as_discharges,
    as_samples,
    section_discharge_of,
)
from ecomon.load.choice.rules import EstimationRules
from ecomon.load.estimate import LoadCase, SeriesLoads, estimate_section, with_common_error
from ecomon.load.estimate.daily_series import DAY_MEANINGS, DAY_MISSING
from ecomon.load.estimate.rows import rows_as_table
from ecomon.load.flux import LoadEstimate, no_load
from ecomon.load.flux_series import DischargeSeries, SampleSeries
from ecomon.load.gauge_shares import write_shares
from ecomon.model.period import Period
from ecomon.model.tables import LOAD_ERRORS, LOADS
from ecomon.publish.load_series import (
    LOAD_DAYS,
    LOAD_FIT,
    LOAD_SAMPLES,
    LOAD_TREND,
    SectionLoad,
)

if TYPE_CHECKING:
    import xarray as xr

    from ecomon.model.place import DischargeLink
    from ecomon.registry import Registry

NO_TREND = "WRTDS 未作为方法（序列不足8年或样品不足100个），无流量归一化趋势 / no flow-normalised trend without WRTDS"


@dataclass(frozen=True, slots=True)
class EstimatedLoads:
    """What was estimated.

    Attributes
    ----------
    table : LOAD_ERRORS (LOAD_ESTIMATES with the parts of the errors)
    daily : Dataset with dims (section, determinand, time)
        ``concentration_mg_l``, ``load_t_d``, ``lower``, ``upper`` (t/d, 95 %) and
        ``load_status`` (CF flags), and ``discharge_m3_s`` over (section, time). NaN: not known.
    cases, found : mapping of (section, determinand)
        What each series was made of, and what came out.
    """

    table: pd.DataFrame
    daily: xr.Dataset
    cases: Mapping[tuple[str, str], LoadCase]
    found: Mapping[tuple[str, str], SeriesLoads]

    @property
    def series(self) -> tuple[SectionLoad, ...]:
        """One per section and determinand, ready to be drawn; made when asked for."""
        return tuple(self.series_of(*key) for key in self.cases)

    def series_of(self, section: str, determinand: str) -> SectionLoad:
        """That of one section and determinand; KeyError where there is none."""
        key = section, determinand
        return _section_load(self.cases[key], self.found[key])


def estimate_loads(
    samples: pd.DataFrame,
    discharge: pd.DataFrame | Mapping[str, DischargeSeries],
    period: Period,
    *,
    rules: EstimationRules,
    links: Mapping[str, DischargeLink | None] | None = None,
    sections: Sequence[str] | None = None,
    determinands: Sequence[str] | None = None,
    settlements: pd.DataFrame | None = None,
    sources: Sequence[str] = (),
) -> EstimatedLoads:
    """Loads of every section and determinand in one period.

    Parameters
    ----------
    samples : FLAGGED, or plain (section, determinand, time, concentration_mg_l, is_censored)
        Of the period and of as much before and after it as is at hand: models are fitted to all of
        it, the load is of the period alone.
    discharge : FLAGGED, plain (section, time, discharge_m3_s), or mapping of section to record
        With a mapping the records are those of the sections themselves.
    period : Period
        Any half-open Beijing period.
    rules : EstimationRules
    links : mapping of section to DischargeLink or None, optional
        Which gauges a section's discharge comes by; a section without an entry has its own record.
    sections, determinands : sequence of str, optional
        In that order; those of the samples by default. One without any sample has its rows, and
        they say so.
    settlements : LOADS, optional
        What settlements take: for its sections and determinands these are the rows of role
        ``settlement``, summed over the period's months.
    sources : sequence of str
        Precedence where several sources give a value for one time.

    Returns
    -------
    EstimatedLoads

    Raises
    ------
    ContractError, UnitMismatch
        as :func:`ecomon.journey.load_inputs.as_samples` and ``as_discharges``.
    """
    inputs = as_samples(samples, sources=sources)
    records = discharge if isinstance(discharge, Mapping) else as_discharges(discharge)
    wanted = list(sections) if sections is not None else sorted({key[0] for key in inputs})
    named = list(determinands) if determinands is not None else sorted({key[1] for key in inputs})
    no_samples = SampleInput(SampleSeries.of(np.empty(0, "datetime64[us]"), np.empty(0)), ())
    found: dict[tuple[str, str], SeriesLoads] = {}
    cases: dict[tuple[str, str], LoadCase] = {}
    for section in wanted:
        link = (links or {}).get(section)
        record = with_common_error(section_discharge_of(records, section, link, rules), rules)
        gauge = write_shares(record.shares) or ("+".join(link.gauges) if link else section)
        mine = [
            LoadCase(section, one, given.series, record, period, rules, gauge, given.notes)
            for one in named
            for given in [inputs.get((section, one), no_samples)]
        ]
        agreed = _agreed(settlements, section, period)
        for case, one in zip(
            mine, estimate_section(mine, settlements=agreed).values(), strict=True
        ):
            cases[section, case.determinand], found[section, case.determinand] = case, one
    rows = [row for one in found.values() for row in one.rows]
    table = rows_as_table(rows) if rows else LOAD_ERRORS.empty()
    return EstimatedLoads(table, _dataset(found, wanted, named), cases, found)


def estimate_registry_loads(
    flagged: pd.DataFrame,
    registry: Registry,
    sections: Sequence[str],
    determinands: Sequence[str],
    period: Period,
    *,
    settlements: pd.DataFrame | None = None,
) -> EstimatedLoads:
    """Loads of sections of the registry, by its rules, links and precedence of sources.

    Parameters
    ----------
    flagged : FLAGGED
        Readings of the sections and of the gauges of their links, with history where there is any.
    settlements : LOADS, optional
        Of :func:`ecomon.journey.compute_loads.compute_loads`.
    """
    return estimate_loads(
        flagged,
        flagged,
        period,
        rules=registry.estimation,
        links={section: link_in_force(registry, section, period) for section in sections},
        sections=sections,
        determinands=determinands,
        settlements=settlements,
        sources=registry.aggregation.source_precedence,
    )


def _agreed(loads: pd.DataFrame | None, section: str, period: Period) -> dict[str, LoadEstimate]:
    """What settlements take of a section in the period, by determinand; months add up."""
    if loads is None:
        return {}
    LOADS.check(loads)
    inside = (loads["start"] >= period.start) & (loads["start"] < period.end)
    mine = loads[(loads["section"] == section) & inside]
    return {
        str(determinand): _sum_of_months(group.sort_values("start"))
        for determinand, group in mine.groupby("determinand", sort=True, observed=True)
    }


def _sum_of_months(months: pd.DataFrame) -> LoadEstimate:
    reason = "；".join(dict.fromkeys(one for one in months["reason"] if one))
    if months["load_t"].isna().any():
        return no_load("B", reason or "缺月 / a month is missing")
    error = float(np.sqrt((months["standard_error_t"] ** 2).sum(skipna=False)))
    load = float(months["load_t"].sum())
    weight = months["volume_m3"] / months["volume_m3"].sum()
    return LoadEstimate(
        "B",
        load,
        error,
        float(max(1, int(months["n_days"].sum()) - len(months))),
        coverage_time=float(months["coverage_time"].mean()),
        coverage_volume=float((months["coverage_volume"] * weight).sum()),
        share_estimated=float((months["share_estimated"] * weight).sum()),
        censored_share=float(months["censored_share"].mean()),
        n_samples=int(months["n_days"].sum()),
        parts_t={"sampling": error},
        reason="；".join(one for one in ("结算采用值 / as settled", reason) if one),
    )


def _dataset(
    found: Mapping[tuple[str, str], SeriesLoads],
    sections: Sequence[str],
    determinands: Sequence[str],
) -> xr.Dataset:
    import xarray as xr

    days = next((one.days.day for one in found.values()), np.empty(0, "datetime64[us]"))
    shape = (len(sections), len(determinands), len(days))
    names = ("concentration_mg_l", "load_t_d", "lower", "upper")
    values = {name: np.full(shape, np.nan) for name in names}
    status = np.full(shape, DAY_MISSING, dtype=np.int8)
    discharge = np.full((shape[0], shape[2]), np.nan)
    for (section, determinand), one in found.items():
        place = sections.index(section), determinands.index(determinand)
        for name in names:
            values[name][place] = getattr(one.days, name)
        status[place], discharge[place[0]] = one.days.status, one.days.discharge_m3_s
    dims = ("section", "determinand", "time")
    beside = {"ancillary_variables": "load_status"}
    attrs = {
        "concentration_mg_l": {"units": "mg/L", "long_name": "concentration 浓度", **beside},
        "load_t_d": {"units": "t/d", "long_name": "daily load 日通量", **beside},
        "lower": {"units": "t/d", "long_name": "lower bound, 95 % 下限"},
        "upper": {"units": "t/d", "long_name": "upper bound, 95 % 上限"},
    }
    flags = {
        "long_name": "what a day rests on",
        "standard_name": "status_flag",
        "flag_values": np.arange(len(DAY_MEANINGS), dtype=np.int8),
        "flag_meanings": " ".join(DAY_MEANINGS),
    }
    variables: dict[str, Any] = {name: (dims, values[name], attrs[name]) for name in names}
    variables["load_status"] = (dims, status, flags)
    variables["discharge_m3_s"] = (
        ("section", "time"), discharge, {"units": "m3/s", "long_name": "discharge 流量"},
    )  # fmt: skip
    coords = {"section": list(sections), "determinand": list(determinands), "time": days}
    return xr.Dataset(variables, coords=coords, attrs={"Conventions": "CF-1.11"})


def _section_load(case: LoadCase, found: SeriesLoads) -> SectionLoad:
    days, model = found.days, found.model
    trend = LOAD_TREND.empty()
    if model is not None and len(model.trend):
        trend = LOAD_TREND.frame({name: model.trend[name] for name in LOAD_TREND.columns})
    curve = LOAD_FIT.empty()
    if model is not None and len(model.curve_m3_s):
        columns = {"discharge_m3_s": model.curve_m3_s, "concentration_mg_l": model.curve_mg_l}
        curve = LOAD_FIT.frame(columns)
    return SectionLoad(
        case.section,
        case.determinand,
        case.period.label,
        found.table,
        samples=_samples_drawn(case, found),
        fit=curve,
        days=LOAD_DAYS.frame(
            {
                "start": days.day,
                "load_t": days.load_t_d,
                "lower_t": days.lower,
                "upper_t": days.upper,
                "is_estimated": days.status != 0,
            }
        ),
        trend=trend,
        trend_reason="" if len(trend) else NO_TREND,
    ).check()


def _samples_drawn(case: LoadCase, found: SeriesLoads) -> pd.DataFrame:
    record, model = case.record, found.model
    n = len(record.time)
    fitted, residual = np.full(n, np.nan), np.full(n, np.nan)
    if model is not None and len(model.sample_time):
        # A model by days knows the day of a sample, the regression its time.
        unit = "datetime64[D]" if model.method == "wrtds_k" else "datetime64[us]"
        known, place = np.unique(model.sample_time.astype(unit), return_index=True)
        at = np.minimum(np.searchsorted(known, record.time.astype(unit)), len(known) - 1)
        same = known[at] == record.time.astype(unit)
        fitted[same] = model.fitted_mg_l[place[at[same]]]
        residual[same] = model.residual[place[at[same]]]
    return LOAD_SAMPLES.frame(
        {
            "start": record.time,
            "discharge_m3_s": case.discharge.at(record.time),
            "concentration_mg_l": record.concentration_mg_l,
            "is_censored": record.is_censored,
            "fitted_mg_l": fitted,
            "residual": residual,
        }
    )
