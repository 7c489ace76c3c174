"""Observations out of the store as arrays: an ``xarray.Dataset`` of a period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from ecomon.model.observation import isoformat
from ecomon.model.period import Period
from ecomon.store.knowledge import read_meta, read_seq
from ecomon.store.observations import read_observations

if TYPE_CHECKING:
    import xarray as xr

    from ecomon.model.dataset import SeriesChoice


def read_dataset(
    conn: Connection,
    period: Period,
    *,
    sites: Iterable[str] | None = None,
    determinands: Iterable[str] | None = None,
    as_known_at: int | None = None,
    choice: SeriesChoice | None = None,
    long_names: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Observations that start in a period, with their flags, over (site, time).

    Parameters
    ----------
    sites, determinands, as_known_at
        As of :func:`ecomon.store.observations.read_observations`: flags are those of machines,
        outranked by people's decisions.
    choice, long_names
        As of :func:`ecomon.model.dataset.to_dataset`, which says what the arrays hold.

    Returns
    -------
    Dataset with dims (site, time)
        Its attributes say the period, the kind of data and the sequence number it was known at.

    Raises
    ------
    ContractError
        naming the series, if more than one claims a cell and ``choice`` does not say which.
    """
    # xarray takes half a second to import, and most of what the store does needs none of it.
    from ecomon.model.dataset import EVERYTHING, to_dataset

    flagged = read_observations(
        conn, period, sites=sites, determinands=determinands, as_known_at=as_known_at
    )
    known_at = read_seq(conn) if as_known_at is None else as_known_at
    dataset = to_dataset(flagged, choice=choice or EVERYTHING, long_names=long_names)
    return dataset.assign_attrs(
        period_start=isoformat(period.start),
        period_end=isoformat(period.end),
        kind=read_meta(conn, "kind"),
        known_at=known_at,
    )
