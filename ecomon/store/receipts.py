"""For which times a source sent anything, and when it was last heard: no values, so little to read."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, func, select

from ecomon.model.period import Period, from_epoch_s, to_epoch_s
from ecomon.store.columns import beijing_times, fetch_columns, ints, texts
from ecomon.store.schema import observation, series, site, source


def read_arrivals(conn: Connection, period: Period) -> pd.DataFrame:
    """The times of a period for which each source sent anything of each site, each once.

    Returns
    -------
    DataFrame
        ``source``, ``site`` (text) and ``start`` (naive Beijing time), sorted.
    """
    columns = [source.c.source, site.c.site, observation.c.start_s]
    query = (
        select(*columns)
        .select_from(series.join(site).join(source))
        .join(observation, observation.c.series_id == series.c.series_id)
        .where(
            observation.c.start_s >= to_epoch_s(period.start),
            observation.c.start_s < to_epoch_s(period.end),
        )
        .distinct()
        .order_by(*columns)
    )
    sources, sites, starts_s = fetch_columns(conn, query, {2: ints})
    return pd.DataFrame(
        {"source": texts(sources), "site": texts(sites), "start": beijing_times(starts_s)}
    )


def read_last_starts(conn: Connection, before: datetime) -> dict[tuple[str, str], datetime]:
    """The start of the last observation of each (source, site) that starts before a time.

    Parameters
    ----------
    before : naive Beijing time

    Returns
    -------
    dict
        (source, site) to naive Beijing time; pairs that never sent are not in it.
    """
    # The last start of each series is one seek in the key; a maximum over all rows would read them.
    last_s = (
        select(func.max(observation.c.start_s))
        .where(
            observation.c.series_id == series.c.series_id,
            observation.c.start_s < to_epoch_s(before),
        )
        .correlate(series)
        .scalar_subquery()
    )
    query = select(source.c.source, site.c.site, last_s).select_from(series.join(site).join(source))
    last: dict[tuple[str, str], int] = {}
    for feed, place, start_s in conn.execute(query):
        if start_s is not None:
            last[feed, place] = max(start_s, last.get((feed, place), start_s))
    return {pair: from_epoch_s(start_s) for pair, start_s in last.items()}
