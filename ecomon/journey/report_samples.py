"""a sheet of emergency samples -> what it holds, for the person who is about to hand it in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ecomon.journey.read_readings import FEEDS, read_readings
from ecomon.model.observation import Rejected
from ecomon.model.sample import FEED
from ecomon.model.tables import OBSERVATIONS

if TYPE_CHECKING:
    from ecomon.registry import Registry

AHEAD = timedelta(minutes=15)
"""How far a sampling time may lie before the clock of this machine: clocks differ."""


@dataclass(frozen=True, slots=True)
class SampleReport:
    """The samples of a file (OBSERVATIONS, sites resolved), what is none, and rows of the future."""

    table: pd.DataFrame
    rejected: tuple[Rejected, ...]
    ahead: tuple[int, ...]


def report_samples(octets: bytes, registry: Registry, now: datetime) -> SampleReport:
    """Read a file of samples as its ingest will; nothing is stored.

    Parameters
    ----------
    now : naive Beijing datetime
        A sampling time more than 15 minutes later is a slip of the pen: its row is in ``ahead``.

    Raises
    ------
    SourceRefused
        if the file is none of samples.
    """
    rejected: list[Rejected] = []
    tables: list[pd.DataFrame] = []
    for item in read_readings(FEEDS[FEED], [octets], registry):
        if isinstance(item, Rejected):
            rejected.append(item)
        elif len(item):
            tables.append(item.observations)
    table = pd.concat(tables, ignore_index=True) if tables else OBSERVATIONS.empty()
    is_ahead = table["start"] > now + AHEAD
    return SampleReport(table, tuple(rejected), tuple(table["row"][is_ahead].tolist()))
