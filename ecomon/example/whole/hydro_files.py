"""Gauges, reservoirs, rain and rating curves as exports of the tables of SL 323."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ecomon.example.course import Array, Times
from ecomon.example.whole.gauging import CURVE_POINTS, Curve, Gauged, Reservoirs
from ecomon.example.whole.written import Written, stamps_of, truth_table, write_lines

Codes = Sequence[str]


def river_table(gauged: Gauged, codes: Codes, is_wanted: np.ndarray, *, name: str, is_final: bool) -> Written:  # fmt: skip
    """ST_RIVER_R: STCD, TM, Z (m), Q (m3/s); gauge by gauge, no row where the gauge was silent.

    ``is_wanted`` (gauge, hour) says which rows are written; ``is_final`` whether discharge is by
    the curve that was in force.
    Source: SL 323-2011 table ST_RIVER_R (formats.md, hydrology).
    """
    sensed = gauged.stage
    stage = sensed.reported["STAGE"]
    discharge = gauged.final if is_final else gauged.discharge
    rows = np.argwhere(is_wanted & sensed.is_sent & np.isfinite(stage))
    stamps = stamps_of(sensed.times)
    lines = [
        f"{codes[site]},{stamps[at]},{stage[site, at]:.2f},{discharge[site, at]:.3f}"
        for site, at in rows.tolist()
    ]
    where = tuple(rows.T)
    kinds = np.array(sensed.kind_names, dtype=object)[sensed.kinds["STAGE"][where]]
    shared = {"name": name, "sites": sensed.sites, "times": sensed.times, "where": where}
    late = np.where(gauged.is_provisional[where] & (not is_final), "provisional", "")
    table = pd.concat(
        [
            truth_table(
                "STAGE", sensed.true["STAGE"], sensed.sound["STAGE"], stage, fault=kinds, **shared
            ),
            truth_table(
                "DISCHARGE", gauged.true, None, discharge,
                fault=np.where(kinds == "", late, kinds), **shared,
            ),
        ],
        ignore_index=True,
    )  # fmt: skip
    return Written(name, "st-river-r", write_lines("STCD,TM,Z,Q", lines), len(lines), table)


def reservoir_table(reservoirs: Reservoirs, codes: Codes, *, name: str) -> Written:
    """ST_RSVR_R: STCD, TM, RZ (m), INQ, W (10^6 m3), OTQ (m3/s); W empty without capacity curve.

    Source: SL 323-2011 table ST_RSVR_R (formats.md, hydrology).
    """
    stamps = stamps_of(reservoirs.times)
    reported = {
        "RESERVOIR_STAGE": (np.round(reservoirs.stage, 2), reservoirs.stage),
        "INFLOW": (np.round(reservoirs.inflow, 1), reservoirs.inflow),
        "STORAGE": (np.round(reservoirs.storage, 3), reservoirs.storage),
        "OUTFLOW": (np.round(reservoirs.outflow, 1), reservoirs.outflow),
    }
    stage, inflow, storage, outflow = (pair[0] for pair in reported.values())
    rows = np.argwhere(np.isfinite(stage))
    lines = [
        f"{codes[site]},{stamps[at]},{stage[site, at]:.2f},{inflow[site, at]:.1f},"
        + ("" if np.isnan(storage[site, at]) else f"{storage[site, at]:.3f}")
        + f",{outflow[site, at]:.1f}"
        for site, at in rows.tolist()
    ]
    where = tuple(rows.T)
    tables = [
        truth_table(
            key, true, None, printed, name=name, sites=reservoirs.names, times=reservoirs.times,
            where=where, fault=None,
        )
        for key, (printed, true) in reported.items()
    ]  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    table = table[table["true_value"].notna()].reset_index(drop=True)
    return Written(name, "st-rsvr-r", write_lines("STCD,TM,RZ,INQ,W,OTQ", lines), len(lines), table)


def rain_table(rain: Array, times: Times, sites: tuple[str, ...], codes: Codes, *, name: str) -> Written:  # fmt: skip
    """ST_PPTN_R: STCD, TM (end of the hour), DRP (mm), INTV (``1.00`` = an hour); wet hours alone.

    Source: SL 323-2011 table ST_PPTN_R (formats.md, hydrology).
    """
    printed = np.round(rain, 1)
    ends = stamps_of(times + np.timedelta64(1, "h"))
    rows = np.argwhere(printed >= 0.1)
    lines = [f"{codes[site]},{ends[at]},{printed[site, at]:.1f},1.00" for site, at in rows.tolist()]
    table = truth_table(
        "RAINFALL", rain, None, printed, name=name, sites=sites, times=times, where=tuple(rows.T),
        fault=None,
    )  # fmt: skip
    return Written(name, "st-pptn-r", write_lines("STCD,TM,DRP,INTV", lines), len(lines), table)


def rating_table(curves: Sequence[Curve], codes: dict[str, str], highest_m: float = 9.0) -> bytes:
    """ST_ZQRL_B: points of rating curves, for ``ecomon rating import``.

    Source: SL 323-2011 table ST_ZQRL_B (formats.md, hydrology).
    """
    lines: list[str] = []
    for curve in curves:
        depth = np.linspace(0.0, highest_m, CURVE_POINTS)
        discharge = curve.discharge_m3_s(curve.zero_m + depth)
        lines += [
            f"{codes[curve.gauge]},{curve.number},{curve.begins_at:%Y-%m-%d %H:%M:%S},{number},"
            f"{curve.zero_m + one:.3f},{rated:.3f}"
            for number, (one, rated) in enumerate(zip(depth, discharge, strict=True), start=1)
        ]
    return write_lines("STCD,LNNM,BGTM,PTNO,Z,Q", lines)
