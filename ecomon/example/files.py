"""The example basin written as the files that offices receive: bytes out, nothing is opened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ecomon.errors import ContractError
from ecomon.example.basin import Basin
from ecomon.example.course import Array, Times
from ecomon.example.profile import (
    AIR_DETERMINANDS,
    BEHAVIOURS,
    DETERMINANDS,
    GAUGE_PROFILES,
    SECTION_PROFILES,
    unit_of,
)
from ecomon.model.period import Period

CNEMC_HEADER = (
    "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),电导率(μS/cm),浊度(NTU),"
    "高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L),总氮(mg/L),叶绿素α(mg/L),藻密度(cells/L),站点情况"
)
NORMAL, MAINTAINED, MISSING = "正常", "维护", "--"
NH3N_COLUMN = 11  # of a row split at its commas
AIR_DECIMALS = dict.fromkeys(AIR_DETERMINANDS, 0) | {"CO_AIR": 1}


def cnemc_archive_csv(basin: Basin, period: Period) -> bytes:
    """Readings of the stations in the layout of the national feed's CSV archive.

    Parameters
    ----------
    basin : Basin
    period : Period
        inside the basin's; times carry no year, so whoever stores the file says it

    Returns
    -------
    bytes
        UTF-8 without BOM, CRLF; section by section in the order of time. ``--`` is missing,
        ``*`` not measured, ``<0.025`` below detection; the class is left empty. Some rows stand
        more than once, some first as 维护 with a gap and then complete.

    Raises
    ------
    ContractError
        where the period reaches outside the basin's, or spans more than one year.

    Source: layout of ``water_quality_by_name`` in github jikin001/water_quality (stations.md 6.1).
    """
    if (period.end - pd.Timedelta(1, "us")).year != period.start.year:
        raise ContractError(f"an archive file has no year in it and holds one year, not {period}")
    part = _inside(basin, basin.readings, period)
    lines = [CNEMC_HEADER]
    for section in part["section"].to_numpy():
        lines += _section_lines(str(section), part.sel(section=section))
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def st_river_r_csv(basin: Basin, period: Period) -> bytes:
    """Hourly stage and discharge of the gauges as an export of table ST_RIVER_R.

    Parameters
    ----------
    basin : Basin
    period : Period
        inside the basin's

    Returns
    -------
    bytes
        UTF-8, LF; columns STCD, TM (``2025-01-01 08:00:00``), Z (m), Q (m3/s); gauge by gauge.
        Hours without a report have no row. The codes begin with EX: they are no real station's.

    Raises
    ------
    ContractError
        where the period reaches outside the basin's.

    Source: SL 323-2011 table ST_RIVER_R (formats.md, hydrology).
    """
    part = _inside(basin, basin.gauges, period)
    stamps = [text.replace("T", " ") for text in _stamps(part, "s")]
    lines = ["STCD,TM,Z,Q"]
    for gauge in part["gauge"].to_numpy():
        one = part.sel(gauge=gauge)
        head = f"{GAUGE_PROFILES[str(gauge)].stcd},"
        discharge = one["DISCHARGE"].to_numpy()
        rows = zip(
            stamps, one["STAGE"].to_numpy().tolist(), discharge.tolist(),
            np.isfinite(discharge).tolist(), strict=True,
        )  # fmt: skip
        lines += [
            f"{head}{stamp},{stage:.2f},{value:.1f}" for stamp, stage, value, told in rows if told
        ]
    return ("\n".join(lines) + "\n").encode("utf-8")


def air_csv(basin: Basin, period: Period) -> bytes:
    """Hourly means of the air stations in the project's tabulated layout.

    Parameters
    ----------
    basin : Basin
    period : Period
        inside the basin's

    Returns
    -------
    bytes
        UTF-8, LF; comment lines, then site, start of the hour, source_flag (empty) and one column
        per determinand with its unit. ``--`` where the station was silent.

    Raises
    ------
    ContractError
        where the period reaches outside the basin's.

    Source: our own layout (docs of ``ecomon.decode.tabulated``).
    """
    part = _inside(basin, basin.air, period)
    stamps = _stamps(part, "m")
    rows: list[str] = []
    for site in part["site"].to_numpy():
        one = part.sel(site=site)
        cells = [cells_of(one[name].to_numpy(), AIR_DECIMALS[name]) for name in AIR_DETERMINANDS]
        rows += [
            f"{site},{stamp},,{','.join(row)}" for stamp, *row in zip(stamps, *cells, strict=True)
        ]
    head = _head(basin, "Air of the example city, hourly means", "automatic", "mean", 3600)
    columns = ["site", "start", "source_flag", *(titled(name) for name in AIR_DETERMINANDS)]
    return "\n".join([*head, ",".join(columns), *rows, ""]).encode("utf-8")


def emergency_csv(basin: Basin, period: Period | None = None) -> bytes:
    """Emergency samples of thallium in the project's tabulated layout.

    Parameters
    ----------
    basin : Basin
    period : Period, optional
        inside the basin's; all samples by default

    Returns
    -------
    bytes
        UTF-8, LF; as :func:`air_csv`, programme ``emergency``; ``<0.00002`` is below detection.
        No data rows where the basin's period does not hold the release.

    Raises
    ------
    ContractError
        where the period reaches outside the basin's.

    Source: our own layout (docs of ``ecomon.decode.tabulated``).
    """
    samples = basin.emergency
    if period is not None:
        _check_inside(basin, period)
        samples = samples[(samples["start"] >= period.start) & (samples["start"] < period.end)]
    stamps = np.datetime_as_string(samples["start"].to_numpy().astype("datetime64[us]"), "m")
    rows = [
        f"{site},{stamp},,{'<' if below else ''}{value:.{5 if below else 6}f}"
        for site, stamp, value, below in zip(
            samples["site"], stamps, samples["value"], samples["is_censored"], strict=True
        )
    ]
    head = _head(basin, "Thallium, emergency samples of the example", "emergency", "value", 0)
    columns = ["site", "start", "source_flag", titled("TL")]
    return "\n".join([*head, ",".join(columns), *rows, ""]).encode("utf-8")


def _check_inside(basin: Basin, period: Period) -> None:
    if period.start < basin.period.start or period.end > basin.period.end:
        raise ContractError(f"the example basin was simulated for {basin.period}, not {period}")


def _inside(basin: Basin, dataset: xr.Dataset, period: Period) -> xr.Dataset:
    _check_inside(basin, period)
    bounds = np.array([period.start, period.end], dtype="datetime64[us]")
    first, last = np.searchsorted(dataset["time"].to_numpy(), bounds)
    return dataset.isel(time=slice(int(first), int(last)))


def _stamps(dataset: xr.Dataset, unit: str) -> list[str]:
    times: Times = dataset["time"].to_numpy()
    return np.datetime_as_string(times, unit).tolist()  # pyright: ignore[reportArgumentType, reportCallIssue]


def cells_of(
    values: Array, decimals: int, is_censored: npt.NDArray[np.bool_] | None = None
) -> list[str]:
    """Values as text: fixed decimals, ``--`` for NaN, ``<`` before a detection limit."""
    cells = [f"{value:.{decimals}f}" for value in values.tolist()]
    for index in np.flatnonzero(np.isnan(values)).tolist():
        cells[index] = MISSING
    if is_censored is not None:
        for index in np.flatnonzero(is_censored).tolist():
            cells[index] = "<" + cells[index]
    return cells


def _section_lines(section: str, one: xr.Dataset) -> list[str]:
    """Rows of one section: each as often as it repeats, after its copy with a gap where it has one."""
    profile = SECTION_PROFILES[section]
    columns = [
        cells_of(
            one[name].to_numpy(),
            BEHAVIOURS[name].decimals,
            one[f"is_censored_{name}"].to_numpy() if f"is_censored_{name}" in one else None,
        )
        for name in DETERMINANDS
    ]
    head = f"{profile.province_zh},长江流域,{profile.name_zh},"
    stamps = [f"{stamp[5:10]} {stamp[11:16]}," for stamp in _stamps(one, "m")]
    status = np.where(one["is_maintained"].to_numpy(), MAINTAINED, NORMAL).tolist()
    rows = [
        f"{head}{stamp},{','.join(cells)},*,*,{state}"
        for stamp, state, *cells in zip(stamps, status, *columns, strict=True)
    ]
    copies = np.where(one["is_reported"].to_numpy(), 1 + one["repeats"].to_numpy(), 0).tolist()
    is_first_gap = one["has_gap_copy"].to_numpy().tolist()
    lines: list[str] = []
    for row, count, has_gap in zip(rows, copies, is_first_gap, strict=True):
        if has_gap:
            lines.append(_with_gap(row))
        lines += [row] * count
    return lines


def _with_gap(row: str) -> str:
    """The row as it came while the station was still in maintenance: without ammonia."""
    cells = row.split(",")
    cells[NH3N_COLUMN] = MISSING
    cells[-1] = MAINTAINED
    return ",".join(cells)


def titled(determinand: str) -> str:
    return f"{determinand}[{unit_of(determinand)}]"


def _head(basin: Basin, title: str, programme: str, statistic: str, duration_s: int) -> list[str]:
    return [
        f"# title: {title}",
        f"# source: the seeded example basin of ecomon, seed {basin.seed}, {basin.period}; invented, not measured",
        "# kind: example",
        "# feed: tabulated",
        f"# programme: {programme}",
        f"# statistic: {statistic}",
        f"# duration_s: {duration_s}",
    ]
