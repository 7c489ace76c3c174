"""Readings of a hydrological database (SL 323-2011): river, reservoir and rainfall tables.

Columns, units and traps: formats.md §5 of the reference notes and its list of SL 323 columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ecomon.decode.batches import emit
from ecomon.decode.hydrology_intervals import IntervalForm, set_inflow_intervals, set_rain_intervals
from ecomon.decode.hydrology_table import (
    TableColumn,
    TableForm,
    TableRows,
    drop_columns_never_filled,
    read_table,
)
from ecomon.decode.readings import Feed
from ecomon.model.determinand import Determinand
from ecomon.model.observation import Batch, Rejected

RIVER = TableForm(
    feed="st-river-r",
    readings=(TableColumn("Z", "STAGE", "m"), TableColumn("Q", "DISCHARGE", "m3/s")),
    # The flow state is misspelt in one deployment.
    remarks={
        "FLWCHRCD": "FLWCHRCD", "FLWCHRSCD": "FLWCHRCD", "WPTN": "WPTN", "MSQMT": "MSQMT",
        "MSAMT": "MSAMT", "MSVMT": "MSVMT",
    },
    not_read=frozenset({"XSA", "XSAVV", "XSMXV", "MODITIME"}),
)  # fmt: skip
RESERVOIR = TableForm(
    feed="st-rsvr-r",
    readings=(
        TableColumn("RZ", "RESERVOIR_STAGE", "m"),
        TableColumn("INQ", "INFLOW", "m3/s", statistic="mean"),
        TableColumn("W", "STORAGE", "hm3"),
        TableColumn("BLRZ", "TAILWATER_STAGE", "m"),
        TableColumn("OTQ", "OUTFLOW", "m3/s"),
    ),
    remarks={"RWCHRCD": "RWCHRCD", "RWPTN": "RWPTN", "MSQMT": "MSQMT"},
    not_read=frozenset({"MODITIME"}),
    interval="INQDR",
)
RAIN = TableForm(
    feed="st-pptn-r",
    readings=(
        TableColumn("DRP", "RAINFALL", "mm", statistic="total"),
        TableColumn("DYP", "RAINFALL", "mm", statistic="total"),
    ),
    remarks={"WTH": "WTH"},
    not_read=frozenset({"PDR", "MODITIME"}),
    interval="INTV",
)


def decode_st_river_r(
    chunks: Iterable[bytes], determinands: Mapping[str, Determinand]
) -> Iterator[Batch | Rejected]:
    """Decode an export of ``ST_RIVER_R`` as CSV with the columns' SL 323 names as header.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere.
    determinands : mapping of key to Determinand
        Must hold ``STAGE`` (column Z, m above the station's datum) and ``DISCHARGE`` (Q, m3/s).

    Yields
    ------
    Batch
        ``tables.OBSERVATIONS``; the site is the text of STCD without outer space, the time the
        instant TM in Beijing time. The sentinel -9999 is a missing reading (value NaN). An empty
        cell is one too, except in a column the station never fills in this file (a stage-only
        station): there is no observation. Reverse flow stays negative. Codes of state, trend and
        method are the source's flag, letter for letter (``FLWCHRCD=<;WPTN=4``).
    Rejected
        Each row without an observation, once; each unreadable cell, with its column.

    Raises
    ------
    SourceRefused
        if the file is empty or lacks STCD, TM and one of Z, Q.
    ContractError
        if ``determinands`` lacks the one a column needs.
    """
    yield from _emit(read_table(chunks, RIVER, determinands), RIVER)


def decode_st_rsvr_r(
    chunks: Iterable[bytes], determinands: Mapping[str, Determinand]
) -> Iterator[Batch | Rejected]:
    """Decode an export of ``ST_RSVR_R``: level, inflow, storage and outflow of reservoirs.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere.
    determinands : mapping of key to Determinand
        Must hold ``RESERVOIR_STAGE`` (column RZ, m), ``INFLOW`` (INQ, m3/s), ``STORAGE`` (W, which
        the table holds in 10^6 m3), ``TAILWATER_STAGE`` (BLRZ, m) and ``OUTFLOW`` (OTQ, m3/s).

    Yields
    ------
    Batch
        As :func:`decode_st_river_r`. Readings are instants, but for an inflow whose period (INQDR,
        hours) is given: that is the mean of the hours that end at TM.
    Rejected
        As :func:`decode_st_river_r`; an inflow whose INQDR is no whole number of hours too, for
        whether 0.30 is 18 or 30 minutes is not written down.

    Raises
    ------
    SourceRefused, ContractError
        as :func:`decode_st_river_r`.
    """
    rows = read_table(chunks, RESERVOIR, determinands)
    set_inflow_intervals(rows)
    yield from _emit(rows, RESERVOIR)


def decode_st_pptn_r(
    chunks: Iterable[bytes],
    determinands: Mapping[str, Determinand],
    *,
    interval_form: IntervalForm = "hh.mm",
) -> Iterator[Batch | Rejected]:
    """Decode an export of ``ST_PPTN_R``: rain of intervals, and of hydrological days.

    Parameters
    ----------
    chunks : iterable of bytes
        The octets, cut anywhere.
    determinands : mapping of key to Determinand
        Must hold ``RAINFALL`` (columns DRP and DYP, mm).
    interval_form : {"hh.mm", "hours"}
        Whether an INTV of 0.30 is 30 minutes or three tenths of an hour.

    Yields
    ------
    Batch
        Totals of intervals. DRP is of the INTV that ends at TM, DYP of the day that ends at TM,
        08:00. An empty DYP is no missing reading.
    Rejected
        As :func:`decode_st_river_r`; also a DRP without its INTV, an INTV that cannot be read or
        that contradicts the row before, a DYP at another time than 08:00 (its day is not known),
        and one that differs from the 24 hours DRP gives of the same day.

    Raises
    ------
    SourceRefused, ContractError
        as :func:`decode_st_river_r`.
    """
    rows = read_table(chunks, RAIN, determinands)
    set_rain_intervals(rows, interval_form)
    yield from _emit(rows, RAIN)


def _emit(rows: TableRows, form: TableForm) -> Iterator[Batch | Rejected]:
    drop_columns_never_filled(rows.readings)
    yield from emit(rows.readings, Feed(source=form.feed))
