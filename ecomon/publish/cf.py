"""Readings as a discrete-sampling-geometry dataset of the CF Conventions: time series at places.

An instance (dim ``series``) is one site, length of interval, programme, source and replicate; a
data variable is one determinand and statistic (``NH3N``, ``RAINFALL_total``). The layout follows the
density of the slice: where at least half of all (series, time) have a reading, and all intervals are
of one length, ``(series, time)`` with one time axis (orthogonal multidimensional array); otherwise
one row of samples ``(obs)``, those of a series together (contiguous ragged array).

What stands beside a value ``X``, as its ancillary variables: ``X_flag``, ``X_revision``, ``X_row``,
``X_approval``, and where anything is to be said ``X_censor``, ``X_detection_minimum``,
``X_source_flag``, ``X_decision``. Nothing is averaged, filled or left out: :mod:`cf_table` gives the
readings back. A cell that has a flag is an observation, whose value may be missing; one without is none.

The dataset is *encoded*: as it stands in a file, times as UTC seconds, missing numbers as their
``_FillValue``, so that netCDF and Zarr hold the same.

Source
------
CF Conventions 1.11: chapter 9 and appendix H.2 (time series), 3.4 (ancillary variables), 3.5 (flags),
7.1, 7.3, appendix C (``detection_minimum``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.approval import APPROVAL_STATES
from ecomon.model.cf import (
    CELL_METHODS,
    CENSORS,
    CONVENTIONS,
    TIME_ATTRS,
    censor_attrs,
    flag_attrs,
    unit_attrs,
    utc_seconds,
)
from ecomon.model.codes import encode
from ecomon.model.tables import FLAGGED
from ecomon.publish.export_facts import ExportFacts

DENSE: Final = 0.5
SERIES: Final = ("site", "duration_s", "programme", "source", "replicate")
DECISIONS: Final = ("none", "accept", "reject", "correct")
NO_CODE: Final = -1
"""The ``_FillValue`` of whole numbers: there is no observation."""

Variable = tuple[tuple[str, ...], npt.NDArray[Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each row of the table stands in the arrays, and the variables of time and sampling."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    position: npt.NDArray[np.intp]
    variables: dict[str, Variable]
    coordinates: str

    def scatter(self, rows: npt.NDArray[np.intp], values: npt.NDArray[Any], empty: Any) -> Any:
        array = np.full(int(np.prod(self.shape)), empty, dtype=values.dtype)
        array[self.position[rows]] = values
        return array.reshape(self.shape)


def cf_dataset(flagged: pd.DataFrame, facts: ExportFacts) -> xr.Dataset:
    """The readings of a table as an encoded dataset, to be written as it is.

    Parameters
    ----------
    flagged : table FLAGGED
        With ``decision`` and ``approval`` where it has them; at least one row.

    Returns
    -------
    Dataset with dims (series, time) or (series, obs)
        Values in their ``units`` (UDUNITS; ``unit_symbol`` is ours), NaN where there is none.

    Raises
    ------
    ContractError
        for an empty table, two rows of one key, a name that is none of netCDF's, an unknown code.
    UnitMismatch
        if a determinand comes in two units.
    """
    if FLAGGED.check(flagged).empty:
        raise ContractError("no readings: a dataset of nothing has no series")
    groups = flagged.groupby(list(SERIES), sort=True, observed=True)
    series = np.asarray(groups.ngroup(), dtype=np.intp)
    keys = flagged[list(SERIES)].assign(series=series).drop_duplicates("series")
    keys = keys.sort_values("series", ignore_index=True)
    layout = _lay_out(flagged, series, keys)
    variables = {**_series_variables(keys, facts), **layout.variables}
    for name, variable in _data_variables(flagged, layout, facts):
        if name in variables:
            raise ContractError(f"two variables would be called {name}")
        variables[name] = variable
    return xr.Dataset(variables, attrs=_global_attrs(flagged, facts))


def _lay_out(flagged: pd.DataFrame, series: npt.NDArray[np.intp], keys: pd.DataFrame) -> _Layout:
    seconds = utc_seconds(flagged["start"].to_numpy())
    times, time = np.unique(seconds, return_inverse=True)
    cell = series * len(times) + time
    cells = np.unique(cell)
    durations = keys["duration_s"].to_numpy(np.int64)
    is_dense = len(cells) >= DENSE * len(keys) * len(times)
    if is_dense and (durations == durations[0]).all():
        ends = times + durations[0]
        variables = _time_variables("time", times, ends, is_axis=True)
        shape = (len(keys), len(times))
        return _Layout(("series", "time"), shape, cell, variables, "lat lon series_id site")
    starts = times[cells % len(times)]
    ends = starts + durations[cells // len(times)]
    variables = _time_variables("obs", starts, ends, is_axis=False)
    sizes = np.bincount(cells // len(times), minlength=len(keys)).astype(np.int32)
    row_size = {"long_name": "samples of this series", "sample_dimension": "obs"}
    variables["row_size"] = (("series",), sizes, row_size)
    position = np.searchsorted(cells, cell)
    return _Layout(("obs",), (len(cells),), position, variables, "time lat lon series_id site")


def _time_variables(
    dim: str, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], *, is_axis: bool
) -> dict[str, Variable]:
    attrs = dict(TIME_ATTRS)
    if not is_axis:
        del attrs["axis"]
    variables: dict[str, Variable] = {"time": ((dim,), starts, attrs)}
    if (ends > starts).any():
        attrs["bounds"] = "time_bounds"
        variables["time_bounds"] = ((dim, "bound"), np.stack([starts, ends], axis=1), {})
    return variables


def _series_variables(keys: pd.DataFrame, facts: ExportFacts) -> dict[str, Variable]:
    sites: list[str] = [str(one) for one in keys["site"]]
    places = [facts.sites.get(one) for one in sites]

    def numbers(name: str) -> npt.NDArray[np.float64]:
        found = [getattr(place, name, None) for place in places]
        return np.array([np.nan if one is None else one for one in found], dtype=np.float64)

    def texts(values: list[str], **attrs: str) -> Variable:
        return ("series",), np.array(values, dtype=object), attrs

    names = [facts.site(one) for one in sites]
    ids = [f"{site}/{s}s/{how}/{feed}/{n}" for site, s, how, feed, n in keys[list(SERIES)].itertuples(index=False)]  # fmt: skip
    none = {"_FillValue": np.float64("nan")}
    east = {"standard_name": "longitude", "long_name": "经度 longitude", "units": "degrees_east"}
    north = {"standard_name": "latitude", "long_name": "纬度 latitude", "units": "degrees_north"}
    doubt = {"long_name": "位置误差 how far the true place may be", "units": "km"}
    length = {
        "long_name": "时段长度，0 为瞬时 length of the interval, 0 is an instant",
        "units": "s",
    }
    replicate = {"long_name": "平行样序号 replicate", "units": "1"}
    found: dict[str, Variable] = {
        "series_id": texts(ids, cf_role="timeseries_id", long_name="序列 site, interval, programme, source, replicate"),
        "site": texts(sites, standard_name="platform_id", long_name="站点编号 site"),
        "site_name": texts([one.zh for one in names], standard_name="platform_name", long_name="站点名称 name of the site"),
        "site_name_en": texts([one.en for one in names], long_name="站点英文名 name of the site in English"),
        "lon": (("series",), numbers("longitude"), {**east, **none}),
        "lat": (("series",), numbers("latitude"), {**north, **none}),
        "duration_s": (("series",), keys["duration_s"].to_numpy(np.int64), length),
        "programme": texts([str(one) for one in keys["programme"]], long_name="监测方式 programme"),
        "source": texts([str(one) for one in keys["source"]], long_name="数据来源 feed that brought it"),
        "replicate": (("series",), keys["replicate"].to_numpy(np.int64), replicate),
    }  # fmt: skip
    if not np.isnan(error_km := numbers("position_error_km")).all():
        found["position_error"] = (("series",), error_km, {**doubt, **none})
    return found


def _data_variables(
    flagged: pd.DataFrame, layout: _Layout, facts: ExportFacts
) -> Iterator[tuple[str, Variable]]:
    determinand, keys = encode(flagged["determinand"])
    statistic, statistics = encode(flagged["statistic"])
    pair = determinand * len(statistics) + statistic
    order = np.argsort(pair, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(pair[order])) + 1)
    names = [(keys[determinand[rows[0]]], statistics[statistic[rows[0]]]) for rows in groups]
    for (key, how), rows in sorted(zip(names, groups, strict=True), key=lambda one: one[0]):
        if len(np.unique(layout.position[rows])) < len(rows):
            raise ContractError(f"two rows of {key} {how} are one observation: they have one key")
        yield from _of_quantity(flagged.iloc[rows], rows, layout, facts)


def _of_quantity(
    table: pd.DataFrame, rows: npt.NDArray[np.intp], layout: _Layout, facts: ExportFacts
) -> Iterator[tuple[str, Variable]]:
    """A determinand's values of one statistic, and what stands beside them."""
    key, statistic = str(table["determinand"].iloc[0]), str(table["statistic"].iloc[0])
    units = sorted(str(one) for one in table["unit"].unique())
    if len(units) > 1:
        raise UnitMismatch(f"{key} comes in {' and in '.join(units)}")
    if not (key.isascii() and key.isidentifier()) or statistic not in CELL_METHODS:
        raise ContractError(f"{key} {statistic} cannot be the name of a variable")
    name = key if statistic == "value" else f"{key}_{statistic}"
    title, known = str(facts.determinand(key)), facts.determinands.get(key)
    attrs: dict[str, Any] = {
        "long_name": title, **unit_attrs(units[0]), "determinand": key, "statistic": statistic,
        "cell_methods": f"time: {CELL_METHODS[statistic]}",
    }  # fmt: skip
    if known is not None and known.standard_name is not None:
        attrs["standard_name"] = known.standard_name
    if known is not None and known.code is not None:
        attrs["code"] = known.code
    beside = dict(_beside(table, title, attrs))
    attrs["ancillary_variables"] = " ".join(f"{name}_{one}" for one in beside)
    value = table["value"].to_numpy(np.float64)
    for suffix, (values, more) in {"": (value, attrs), **beside}.items():
        empty: Any = "" if values.dtype == object else np.nan
        fill: dict[str, Any] = {"_FillValue": np.float64("nan")}
        if np.issubdtype(values.dtype, np.integer):
            empty, fill = NO_CODE, {"_FillValue": values.dtype.type(NO_CODE)}
        stated = {**more, "coordinates": layout.coordinates, **({} if empty == "" else fill)}
        array = layout.scatter(rows, values, empty)
        yield f"{name}_{suffix}" if suffix else name, (layout.dims, array, stated)


def _beside(
    table: pd.DataFrame, title: str, of: dict[str, Any]
) -> Iterator[tuple[str, tuple[npt.NDArray[Any], dict[str, Any]]]]:
    """Each ancillary variable by its suffix: the values of these rows, and its attributes."""
    yield "flag", (table["flag"].to_numpy(np.int8), flag_attrs(title))
    censor = _codes(table["censor"], CENSORS)
    if censor.any():
        yield "censor", (censor, censor_attrs(title))
    if (censor == CENSORS.index("left")).any():
        limits = np.where(censor == CENSORS.index("left"), table["value"], np.nan)
        yield "detection_minimum", (limits, _detection_attrs(title, of))
    if table["source_flag"].notna().any():
        texts = np.array([one if isinstance(one, str) else "" for one in table["source_flag"]], dtype=object)  # fmt: skip
        yield "source_flag", (texts, {"long_name": f"{title}: 来源标记 what the source said"})
    for suffix, words in (("revision", "版本号 revision in the store"), ("row", "行号 row of its file, 0 for none")):  # fmt: skip
        yield suffix, (table[suffix].to_numpy(np.int64), {"long_name": f"{title}: {words}", "units": "1"})  # fmt: skip
    if "decision" in table and table["decision"].notna().any():
        codes = _codes(table["decision"].fillna("none"), DECISIONS)
        words = f"{title}: 审核决定 what a person decided"
        yield "decision", (codes, _code_attrs(words, DECISIONS))
    if "approval" in table:
        codes = _codes(table["approval"], APPROVAL_STATES)
        yield "approval", (codes, _code_attrs(f"{title}: 审核状态 approval", APPROVAL_STATES))


def _detection_attrs(title: str, of: dict[str, Any]) -> dict[str, Any]:
    attrs = {name: of[name] for name in ("units", "unit_symbol")}
    if "standard_name" in of:
        attrs["standard_name"] = f"{of['standard_name']} detection_minimum"
    return {
        "long_name": f"{title}: 检出限 limit of detection, where the value is below it",
        **attrs,
    }


def _code_attrs(long_name: str, meanings: tuple[str, ...]) -> dict[str, Any]:
    return {
        "long_name": long_name,
        "flag_values": np.arange(len(meanings), dtype=np.int8),
        "flag_meanings": " ".join(meanings),
    }


def _codes(column: pd.Series, meanings: tuple[str, ...]) -> npt.NDArray[np.int8]:
    codes, names = encode(column)
    strangers = sorted(set(names) - set(meanings))
    if strangers or (codes < 0).any():
        raise ContractError(f"{column.name} is one of {', '.join(meanings)}, not {strangers or 'missing'}")  # fmt: skip
    return np.array([meanings.index(name) for name in names], dtype=np.int8)[codes]


def _global_attrs(flagged: pd.DataFrame, facts: ExportFacts) -> dict[str, Any]:
    told = facts.stated(flagged)
    license_ = {"license": told.pop("licence")} if "licence" in told else {}
    comment = (
        f"{told.pop('kind_of_data')}; flags: QARTOD; a time is UTC, civil time of China is UTC+8"
    )
    return {
        "Conventions": CONVENTIONS, "featureType": "timeSeries", **told, **license_,
        "history": f"ecomon {told['code_version']}: readings as known at sequence {told['known_at']}",
        "references": f"规则集 rule set, sha256 {told['ruleset']}",
        "comment": comment,
    }  # fmt: skip
