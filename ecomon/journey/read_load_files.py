"""files of any feed -> decode -> quality: flagged readings for loads, with no store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ecomon.errors import SourceRefused
from ecomon.journey.read_readings import OWN_FEED, feed_named, read_readings
from ecomon.model.observation import Batch, DataKind, Rejected
from ecomon.model.tables import FLAGGED, OBSERVATIONS, STORED
from ecomon.quality import evaluate

if TYPE_CHECKING:
    from ecomon.registry import Registry

_KEY = [
    "site", "determinand", "statistic", "start", "duration_s", "programme", "source", "replicate",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file of one feed, whole. ``site``: of which place its rows are, where no column says so."""

    name: str
    octets: bytes
    feed: str = OWN_FEED
    site: str | None = None


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What the files hold.

    Attributes
    ----------
    flagged : table FLAGGED
        Where two files speak of one reading, the later file counts.
    kind : {"real", "example", "golden"}
        What the files state; a file that does not say is taken for the others' kind, real
        where none says.
    rejected : tuple of (file name, Rejected)
        Rows and cells that are no reading.
    """

    flagged: pd.DataFrame
    kind: DataKind
    rejected: tuple[tuple[str, Rejected], ...]


def read_load_files(
    files: Sequence[GivenFile],
    registry: Registry,
    *,
    year: int | None = None,
    fetched_at: datetime | None = None,
) -> ReadFiles:
    """Readings of several files, judged as the store's are.

    Parameters
    ----------
    files : sequence of GivenFile
        In the order in which they came.
    year, fetched_at : int, naive Beijing datetime
        How to complete times without a year.

    Returns
    -------
    ReadFiles

    Raises
    ------
    SourceRefused
        naming the file: it is none of its feed, or files of different kinds stand side by side.
    """
    tables: list[pd.DataFrame] = []
    rejected: list[tuple[str, Rejected]] = []
    kinds: dict[DataKind, str] = {}
    for file in files:
        octets = with_site(file.octets, file.site) if file.site else file.octets
        feed = feed_named(file.feed, registry)
        try:
            stated = feed.kind_of([octets])
            for item in read_readings(feed, [octets], registry, year=year, fetched_at=fetched_at):
                if isinstance(item, Batch):
                    tables.append(item.observations)
                else:
                    rejected.append((file.name, item))
        except SourceRefused as wrong:
            raise SourceRefused(f"{file.name}: {wrong}") from None
        if stated:
            kinds.setdefault(stated, file.name)
    if len(kinds) > 1:
        told = "，".join(f"{name} {kind}" for kind, name in kinds.items())
        raise SourceRefused(f"数据类别不可混用 kinds of data are never mixed: {told}")
    table = pd.concat(tables, ignore_index=True) if tables else OBSERVATIONS.empty()
    kind: DataKind = next(iter(kinds)) if kinds else "real"
    return ReadFiles(_flagged(table, registry), kind, tuple(rejected))


def _flagged(observations: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    kept = observations.drop_duplicates(_KEY, keep="last")
    kept = kept.sort_values(["site", "determinand", "start"], kind="stable", ignore_index=True)
    stored = STORED.check(kept.assign(revision=np.arange(1, len(kept) + 1)))
    if stored.empty:
        return FLAGGED.empty()
    flags = evaluate(stored, registry.quality_rules, ratings=registry.ratings.values())
    return FLAGGED.check(stored.assign(flag=flags["flag"].to_numpy()))


def with_site(octets: bytes, site: str) -> bytes:
    """A file of our own layout whose rows are all of one place, with the column that says so.

    A file that has the column ``site`` already, or no header at all, is given back as it is.
    """
    lines = octets.decode("utf-8-sig", errors="surrogateescape").splitlines()
    at = next((n for n, line in enumerate(lines) if line.strip() and line[:1] != "#"), None)
    if at is None or "site" in [cell.strip().strip('"') for cell in lines[at].split(",")]:
        return octets
    placed = [*lines[:at], f"site,{lines[at]}"]
    placed += [f"{site},{line}" if line.strip() else line for line in lines[at + 1 :]]
    return ("\n".join(placed) + "\n").encode("utf-8", errors="surrogateescape")
