"""Readings as an ``xarray.Dataset``: one array per determinand over sites and times, by CF.

Long tables are what passes between stages; numerical work wants arrays. Nothing is filled,
averaged or judged on the way: a cell is one reading, and what the store thinks of it stands beside
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ecomon.errors import ContractError, UnitMismatch
from ecomon.model.cf import CELL_METHODS, CENSORS, CONVENTIONS, censor_attrs, flag_attrs
from ecomon.model.codes import Codes, encode
from ecomon.model.flag import Flag
from ecomon.model.tables import FLAGGED

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SeriesChoice:
    """Which series stand in a dataset, where a table holds more than one for a cell.

    Attributes
    ----------
    statistic, duration_s, replicate : optional
        Only readings of this one.
    programmes, sources : tuple of str
        Only readings of these; of several for one cell the first named wins (programmes before
        sources).
    """

    statistic: str | None = None
    duration_s: int | None = None
    programmes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    replicate: int | None = None


EVERYTHING = SeriesChoice()
Coded = tuple[Codes, list[str]]
"""A text column as codes and the texts they stand for."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The readings as columns of numbers, shape (row,), sorted by determinand."""

    sites: list[str]
    times: npt.NDArray[np.datetime64]
    keys: list[str]
    bounds: list[int]  # the rows of keys[i] are bounds[i] .. bounds[i + 1]
    cell: Codes  # site * len(times) + time
    value: npt.NDArray[np.float64]
    flag: npt.NDArray[np.int8]
    censor: npt.NDArray[np.int8]
    unit: list[str]


def to_dataset(
    flagged: pd.DataFrame,
    *,
    choice: SeriesChoice = EVERYTHING,
    long_names: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Arrays over (site, time) of the readings of a table.

    Parameters
    ----------
    flagged : table FLAGGED
        One statistic and duration, and one programme, source and replicate for each site and
        determinand, unless ``choice`` says which.
    choice : SeriesChoice
    long_names : mapping of str, optional
        Names of determinands; their keys by default.

    Returns
    -------
    Dataset with dims (site, time)
        ``site`` (ids) and ``time`` (starts that any reading has, naive Beijing, UTC+8), sorted.
        For each determinand ``<KEY>``, float64, in its ``units``, NaN where there is no reading or
        its source gave no value; values that are flagged or censored stand there as they are.
        ``<KEY>_flag``, int8: QARTOD, 9 where there is no reading. ``<KEY>_censor``, int8, place in
        ``cf.CENSORS``; only where something is censored, 0 where there is no reading.
        :func:`ecomon.model.cf.encode_dataset` makes it fit for a file.

    Raises
    ------
    ContractError
        naming the series, if more than one claims a cell and ``choice`` does not say which.
    UnitMismatch
        if a determinand comes in two units.

    Source
    ------
    CF Conventions 1.11: sections 3.5 (flags), 7.1 (bounds), 9 and H.2.1 (time series).
    """
    kept, rank = _chosen(FLAGGED.check(flagged), choice)
    texts = {name: encode(kept[name]) for name in ("statistic", "programme", "source")}
    rows = _read_rows(kept, rank, texts, choice)
    shape = (len(rows.sites), len(rows.times))
    variables: dict[str, Any] = {}
    facts = _common(kept, texts)
    for number, key in enumerate(rows.keys):
        mine = slice(rows.bounds[number], rows.bounds[number + 1])
        cell = rows.cell[mine]
        beside = [f"{key}_flag"]
        flag = _scatter(cell, rows.flag[mine], shape, int(Flag.MISSING))
        name = (long_names or {}).get(key, key)
        attrs = {"units": rows.unit[number], "long_name": name}
        if "statistic" in facts:
            attrs["cell_methods"] = f"time: {CELL_METHODS.get(facts['statistic'], 'point')}"
        variables[key] = (
            ("site", "time"), _scatter(cell, rows.value[mine], shape, np.nan), attrs
        )  # fmt: skip
        variables[beside[0]] = (("site", "time"), flag, flag_attrs(name))
        if rows.censor[mine].any():
            beside.append(f"{key}_censor")
            censor = _scatter(cell, rows.censor[mine], shape, 0)
            variables[beside[1]] = (("site", "time"), censor, censor_attrs(name))
        attrs["ancillary_variables"] = " ".join(beside)
    return xr.Dataset(
        variables,
        coords=_coordinates(rows, facts.get("duration_s", 0)),
        attrs={"Conventions": CONVENTIONS, "featureType": "timeSeries", **facts},
    )


def _scatter(
    cell: Codes, values: npt.NDArray[Any], shape: tuple[int, int], empty: float
) -> npt.NDArray[Any]:
    array = np.full(shape[0] * shape[1], empty, dtype=values.dtype)
    array[cell] = values  # of two readings of a cell the later, which is the preferred one
    return array.reshape(shape)


def _coordinates(rows: _Rows, duration_s: int) -> dict[str, Any]:
    time_attrs = {
        "standard_name": "time",
        "long_name": "start of the interval, civil time of China",
        "time_zone": "UTC+08:00",
        "axis": "T",
    }
    coords: dict[str, Any] = {
        "site": ("site", np.array(rows.sites, dtype=object), {"cf_role": "timeseries_id"}),
        "time": ("time", rows.times, time_attrs),
    }
    if duration_s:
        time_attrs["bounds"] = "time_bounds"
        ends = rows.times + np.timedelta64(duration_s, "s")
        coords["time_bounds"] = (("time", "bound"), np.stack([rows.times, ends], axis=1))
    return coords


def _common(kept: pd.DataFrame, texts: Mapping[str, Coded]) -> dict[str, Any]:
    """What all cells share: statistic and duration; and the programmes and sources they are of."""
    if not len(kept):
        return {}
    facts: dict[str, Any] = {"duration_s": int(kept["duration_s"].iloc[0])}
    for column, (codes, names) in texts.items():
        found = np.flatnonzero(np.bincount(codes, minlength=len(names)))
        facts[column] = ", ".join(sorted(names[code] for code in found.tolist()))
    return facts


def _read_rows(
    flagged: pd.DataFrame, rank: Codes | None, texts: Mapping[str, Coded], choice: SeriesChoice
) -> _Rows:
    site, sites = _axis(flagged, "site")
    key, keys = _axis(flagged, "determinand")
    pair = site * max(len(keys), 1) + key
    columns = {name: flagged[name].to_numpy(np.int64) for name in ("duration_s", "replicate")}
    columns |= {name: codes for name, (codes, _) in texts.items()}
    for name, chosen in (("programme", choice.programmes), ("source", choice.sources)):
        if chosen:
            del columns[name]
    _refuse_doubles(flagged, columns, pair)
    time, times = _times(flagged["start"].to_numpy())
    cell = site * max(len(times), 1) + time
    # The preferred reading of a cell is laid down last.
    order = np.argsort(key, kind="stable") if rank is None else np.lexsort((-rank, key))
    unit, units = encode(flagged["unit"])
    bounds = np.searchsorted(key[order], np.arange(len(keys) + 1)).tolist()
    return _Rows(
        sites, times, keys, bounds, cell[order],
        flagged["value"].to_numpy(np.float64)[order],
        flagged["flag"].to_numpy().astype(np.int8)[order],
        _censor_codes(flagged)[order],
        _units(keys, bounds, unit[order], units),
    )  # fmt: skip


def _chosen(flagged: pd.DataFrame, choice: SeriesChoice) -> tuple[pd.DataFrame, Codes | None]:
    """The rows that are wanted, and the rank of each by precedence (None where there is none)."""
    is_wanted, rank = np.ones(len(flagged), dtype=bool), np.zeros(len(flagged), dtype=np.intp)
    if choice.statistic is not None:
        is_wanted &= (flagged["statistic"] == choice.statistic).to_numpy(bool)
    for name, wanted in (("duration_s", choice.duration_s), ("replicate", choice.replicate)):
        if wanted is not None:
            is_wanted &= flagged[name].to_numpy() == wanted
    for name, ordered in (("programme", choice.programmes), ("source", choice.sources)):
        if ordered:
            codes, names = encode(flagged[name])
            places = [ordered.index(one) if one in ordered else -1 for one in names]
            place = np.array([*places, -1], dtype=np.intp)[codes]
            is_wanted &= place >= 0
            rank = rank * len(ordered) + place
    if not is_wanted.all():
        flagged, rank = flagged[is_wanted], rank[is_wanted]
    return flagged, rank if choice.programmes or choice.sources else None


def _axis(flagged: pd.DataFrame, column: str) -> tuple[Codes, list[str]]:
    """Codes of a text column into its names in their order, those alone that a row has."""
    codes, names = encode(flagged[column])
    if (codes < 0).any():
        raise ContractError(f"a reading without {column}")
    found = np.flatnonzero(np.bincount(codes, minlength=len(names)))
    ordered = sorted(found.tolist(), key=names.__getitem__)
    rank = np.zeros(len(names), dtype=np.intp)
    rank[ordered] = np.arange(len(ordered))
    return rank[codes], [names[code] for code in ordered]


def _times(starts: npt.NDArray[np.datetime64]) -> tuple[Codes, npt.NDArray[np.datetime64]]:
    found: tuple[Codes, npt.NDArray[np.datetime64]] = pd.factorize(starts, sort=True)  # pyright: ignore[reportUnknownMemberType]
    return found


def _refuse_doubles(
    flagged: pd.DataFrame, columns: Mapping[str, npt.NDArray[Any]], pair: Codes
) -> None:
    """ContractError where more than one series claims the cells of a site and determinand.

    Statistic and duration are one for the whole dataset, so that its cells can be compared.
    """
    for name, column in columns.items():
        if np.all(column == column[:1]):
            continue
        group = np.zeros_like(pair) if name in ("statistic", "duration_s") else pair
        first = np.zeros(int(group.max()) + 1, dtype=column.dtype)
        first[group] = column
        is_other = first[group] != column
        if is_other.any():
            raise ContractError(_several(flagged[np.isin(group, group[is_other])], name))


def _several(doubled: pd.DataFrame, name: str) -> str:
    parts = ["site", "determinand", "statistic", "duration_s", "programme", "source", "replicate"]
    found = doubled[parts].drop_duplicates().sort_values(parts)
    shown = "; ".join(" ".join(map(str, row)) for row in found.head(_SHOWN).to_numpy().tolist())
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"a dataset holds one {name} for a cell; choose among these series: {shown}{more}"


def _censor_codes(flagged: pd.DataFrame) -> npt.NDArray[np.int8]:
    codes, names = encode(flagged["censor"])
    strangers = sorted(set(names) - set(CENSORS))
    if strangers or (codes < 0).any():
        raise ContractError(f"censor is none, left or right, not {strangers or 'missing'}")
    return np.array([*map(CENSORS.index, names), 0], dtype=np.int8)[codes]


def _units(keys: list[str], bounds: list[int], unit: Codes, names: list[str]) -> list[str]:
    found: list[str] = []
    for number, key in enumerate(keys):
        mine = unit[bounds[number] : bounds[number + 1]]
        if (mine != mine[0]).any():
            other = int(mine[np.argmax(mine != mine[0])])
            raise UnitMismatch(f"{key} comes in {names[int(mine[0])]} and in {names[other]}")
        found.append(names[int(mine[0])])
    return found
