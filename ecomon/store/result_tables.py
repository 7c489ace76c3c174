"""The tables of results, each with the scope its run answers for.

Every ``write_*`` supersedes what it does not find again inside its scope: the period, and the
sites and determinands named (all, where none are). Every ``read_*`` gives the contract's table.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd
from sqlalchemy import Connection

from ecomon.model.period import Period
from ecomon.store.knowledge import Commit
from ecomon.store.results import Choice, Scope, WriteReport, read_results, write_results
from ecomon.store.schema import (
    exceedance,
    result_class,
    result_grade,
    result_load,
    result_load_estimate,
    result_mean,
    result_receipt,
)

Of = Literal["reading", "day", "month"]
_DURATIONS_S: dict[Of, tuple[int, int]] = {
    "reading": (0, 86_400 - 1), "day": (86_400, 86_400), "month": (28 * 86_400, 31 * 86_400),
}  # fmt: skip


def _means_scope(period: Period, kind: str, sites: Choice, determinands: Choice) -> Scope:
    return Scope(period, {"period_kind": kind, "site": sites, "determinand": determinands})


def write_means(
    commit: Commit,
    run_id: int,
    means: pd.DataFrame,
    period: Period,
    period_kind: str,
    *,
    sites: Choice = None,
    determinands: Choice = None,
) -> WriteReport:
    """Write means (contract MEANS) of one ``period_kind`` that start in ``period``."""
    scope = _means_scope(period, period_kind, sites, determinands)
    return write_results(commit, result_mean, run_id, means, scope)


def read_means(
    conn: Connection,
    period: Period,
    period_kind: str,
    *,
    sites: Choice = None,
    determinands: Choice = None,
    as_known_at: int | None = None,
) -> pd.DataFrame:
    """Means (contract MEANS; ``exact`` as Fraction or None) of one ``period_kind``."""
    scope = _means_scope(period, period_kind, sites, determinands)
    return read_results(conn, result_mean, scope, as_known_at=as_known_at)


def write_classes(
    commit: Commit, run_id: int, classes: pd.DataFrame, period: Period, *, sites: Choice = None
) -> WriteReport:
    """Write the classes of readings (contract READING_CLASSES)."""
    return write_results(commit, result_class, run_id, classes, Scope(period, {"site": sites}))


def read_classes(
    conn: Connection, period: Period, *, sites: Choice = None, as_known_at: int | None = None
) -> pd.DataFrame:
    """Classes of readings (contract READING_CLASSES)."""
    scope = Scope(period, {"site": sites})
    return read_results(conn, result_class, scope, as_known_at=as_known_at)


def write_grades(
    commit: Commit,
    run_id: int,
    grades: pd.DataFrame,
    period: Period,
    period_kind: str = "month",
    *,
    sites: Choice = None,
) -> WriteReport:
    """Write grades (contract GRADES) of one ``period_kind``."""
    scope = Scope(period, {"period_kind": period_kind, "site": sites})
    return write_results(commit, result_grade, run_id, grades, scope)


def read_grades(
    conn: Connection,
    period: Period,
    period_kind: str = "month",
    *,
    sites: Choice = None,
    as_known_at: int | None = None,
) -> pd.DataFrame:
    """Grades (contract GRADES) of one ``period_kind``."""
    scope = Scope(period, {"period_kind": period_kind, "site": sites})
    return read_results(conn, result_grade, scope, as_known_at=as_known_at)


def _exceedances_scope(period: Period, sites: Choice, basis: Choice, of: Of | None) -> Scope:
    bounds = {} if of is None else {"duration_s": _DURATIONS_S[of]}
    return Scope(period, {"site": sites, "basis": basis}, bounds)


def write_exceedances(
    commit: Commit,
    run_id: int,
    exceedances: pd.DataFrame,
    period: Period,
    *,
    sites: Choice = None,
    basis: Choice = None,
    of: Of | None = None,
) -> WriteReport:
    """Write exceedances (contract EXCEEDANCES) of readings, of daily or of monthly means (``of``;
    all three by default), by one ``basis`` or all."""
    scope = _exceedances_scope(period, sites, basis, of)
    return write_results(commit, exceedance, run_id, exceedances, scope)


def read_exceedances(
    conn: Connection,
    period: Period,
    *,
    sites: Choice = None,
    basis: Choice = None,
    of: Of | None = None,
    as_known_at: int | None = None,
) -> pd.DataFrame:
    """Exceedances (contract EXCEEDANCES), chosen as :func:`write_exceedances` does."""
    scope = _exceedances_scope(period, sites, basis, of)
    return read_results(conn, exceedance, scope, as_known_at=as_known_at)


def write_loads(
    commit: Commit,
    run_id: int,
    loads: pd.DataFrame,
    period: Period,
    *,
    sections: Choice = None,
    determinands: Choice = None,
) -> WriteReport:
    """Write loads (contract LOADS) of the months that start in ``period``."""
    scope = Scope(period, {"section": sections, "determinand": determinands})
    return write_results(commit, result_load, run_id, loads, scope)


def read_loads(
    conn: Connection,
    period: Period,
    *,
    sections: Choice = None,
    determinands: Choice = None,
    as_known_at: int | None = None,
) -> pd.DataFrame:
    """Loads (contract LOADS; exact columns as Fraction or None)."""
    scope = Scope(period, {"section": sections, "determinand": determinands})
    return read_results(conn, result_load, scope, as_known_at=as_known_at)


def write_load_estimates(
    commit: Commit,
    run_id: int,
    estimates: pd.DataFrame,
    period: Period,
    *,
    sections: Choice = None,
    determinands: Choice = None,
) -> WriteReport:
    """Write estimates of loads (contract LOAD_ESTIMATES) of the months that start in ``period``.

    Every row that starts there is answered for, whatever its end, method and role.
    """
    scope = Scope(period, {"section": sections, "determinand": determinands})
    return write_results(commit, result_load_estimate, run_id, estimates, scope)


def read_load_estimates(
    conn: Connection,
    period: Period,
    *,
    sections: Choice = None,
    determinands: Choice = None,
    roles: Choice = None,
    as_known_at: int | None = None,
) -> pd.DataFrame:
    """Estimates of loads (contract LOAD_ESTIMATES), of all roles or of those named."""
    chosen = {"section": sections, "determinand": determinands, "role": roles}
    return read_results(conn, result_load_estimate, Scope(period, chosen), as_known_at=as_known_at)


def write_receipts(
    commit: Commit, run_id: int, receipts: pd.DataFrame, period: Period, *, sources: Choice = None
) -> WriteReport:
    """Write receipts (contract RECEIPTS) of the days that start in ``period``."""
    scope = Scope(period, {"source": sources})
    return write_results(commit, result_receipt, run_id, receipts, scope)


def read_receipts(
    conn: Connection,
    period: Period,
    *,
    sources: Choice = None,
    sites: Choice = None,
    as_known_at: int | None = None,
) -> pd.DataFrame:
    """Receipts (contract RECEIPTS; ``last_at`` NaT where a site never sent)."""
    scope = Scope(period, {"source": sources, "site": sites})
    return read_results(conn, result_receipt, scope, as_known_at=as_known_at)
