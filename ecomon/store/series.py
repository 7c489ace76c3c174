"""Series: the part of an observation's key that many observations share, as one integer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, Select, Table, insert, select

from ecomon.errors import ContractError, UnitMismatch
from ecomon.store.columns import fetch_tuples
from ecomon.store.schema import determinand, series, site, source

_KEY = (
    "site", "determinand", "statistic", "duration_s", "programme", "source", "replicate", "unit",
)  # fmt: skip
_NAMED = ("site", "determinand", "source")


class SeriesKey(NamedTuple):
    """What tells one series from another."""

    site: str
    determinand: str
    statistic: str
    duration_s: int
    programme: str
    source: str
    replicate: int


def select_series(
    *, sites: Iterable[str] | None = None, determinands: Iterable[str] | None = None
) -> Select[*tuple[Any, ...]]:
    """The series with their names in the place of ids, those of some sites and determinands only."""
    query = select(
        series.c.series_id, site.c.site, determinand.c.determinand, series.c.statistic,
        series.c.duration_s, series.c.programme, source.c.source, series.c.replicate,
        determinand.c.unit,
    ).select_from(
        series.join(site).join(determinand).join(source)
    )  # fmt: skip
    if sites is not None:
        query = query.where(site.c.site.in_(list(sites)))
    if determinands is not None:
        query = query.where(determinand.c.determinand.in_(list(determinands)))
    return query


class SeriesBook:
    """The dictionaries as one transaction sees them; it enters new names as they come.

    It lives no longer than its transaction: ids of one that is rolled back must not be remembered.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        rows = fetch_tuples(conn, select_series())
        # A plain tuple is found by its SeriesKey: the two are equal.
        self._ids: dict[tuple[Any, ...], int] = {row[1:-1]: row[0] for row in rows}
        self._units: dict[str, str] = {row[2]: row[-1] for row in rows}
        self._names: dict[str, dict[str, int]] = {}

    def ids_of(self, observations: pd.DataFrame) -> npt.NDArray[np.int64]:
        """The series of each row, entered where new.

        Parameters
        ----------
        observations : table OBSERVATIONS, n rows

        Returns
        -------
        ndarray of int64, shape (n,)

        Raises
        ------
        ContractError
            if a part of the key is missing.
        UnitMismatch
            if a determinand comes in another unit than the store keeps it in.
        """
        combined = np.zeros(len(observations), dtype=np.int64)
        coded: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]] = []
        for column in _KEY:
            codes, names = pd.factorize(observations[column])
            if (codes < 0).any():
                raise ContractError(f"observations: a row has no {column!r}")
            combined = combined * len(names) + codes
            coded.append((codes, np.asarray(names, dtype=object)))
        _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
        *parts, units = (names[codes[first]].tolist() for codes, names in coded)
        keys = list(zip(*parts, strict=True))
        self._check_units(dict(zip(zip(parts[1], units, strict=True), parts[0], strict=True)))
        self._enter([SeriesKey(*key) for key in keys if key not in self._ids])
        return np.array([self._ids[key] for key in keys], dtype=np.int64)[inverse]

    def _check_units(self, given: dict[tuple[str, str], str]) -> None:
        """Of determinand and unit, to a site that sends them."""
        for (name, unit), place in given.items():
            known = self._units.setdefault(name, unit)
            if known != unit:
                raise UnitMismatch(
                    f"{name} at {place} comes in {unit}; the store keeps it in {known}"
                )

    def _enter(self, keys: list[SeriesKey]) -> None:
        """Enter series that are not there, all in one statement."""
        if not keys:
            return
        rows = [
            {
                **{name: part for name, part in key._asdict().items() if name not in _NAMED},
                "site_id": self._name_id(site, key.site),
                "determinand_id": self._name_id(
                    determinand, key.determinand, unit=self._units[key.determinand]
                ),
                "source_id": self._name_id(source, key.source),
            }
            for key in keys
        ]
        entered = insert(series).returning(series.c.series_id, sort_by_parameter_order=True)
        ids = self._conn.execute(entered, rows).scalars()
        self._ids.update(zip(keys, ids, strict=True))

    def _name_id(self, table: Table, name: str, **others: str) -> int:
        if table.name not in self._names:
            known = fetch_tuples(self._conn, select(table.c[1], table.c[0]))
            self._names[table.name] = dict(known)
        names = self._names[table.name]
        if name not in names:
            names[name] = _inserted_id(self._conn, table, {table.name: name, **others})
        return names[name]


def _inserted_id(conn: Connection, table: Table, values: dict[str, Any]) -> int:
    key = conn.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return key[0]
