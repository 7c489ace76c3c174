"""octets -> decode -> observations of registered places."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd

from ecomon.decode import cnemc_air, cnemc_water, hydrology, tabulated
from ecomon.errors import SourceRefused
from ecomon.model.observation import Batch, DataKind, Rejected

if TYPE_CHECKING:
    from ecomon.registry import Registry

Decoded = Iterator[Batch | Rejected]
ELSEWHERE = "reading of a place outside the registry"
"""Quirk of a feed of the whole country."""

OWN_FEED = "tabulated"
"""The feed whose files name places by our own ids."""


def _unsaid(_chunks: Iterable[bytes]) -> DataKind | None:
    """A file that does not say what kind of data it holds is taken for the store's own."""
    return None


def _kind_of_tabulated(chunks: Iterable[bytes]) -> DataKind | None:
    """The kind our own layout states in its head; SourceRefused for an unknown one."""
    stated = tabulated.read_preamble(chunks).get("kind")
    kinds: dict[str | None, DataKind | None] = {
        None: None,
        **{kind: kind for kind in get_args(DataKind)},
    }
    if stated not in kinds:
        raise SourceRefused(f"kind {stated!r} is none of {', '.join(get_args(DataKind))}")
    return kinds[stated]


@dataclass(frozen=True, slots=True)
class Feed:
    """A kind of source: its name, the decoder that reads it and that decoder's version.

    The version is stored with each batch; raise it whenever the same octets would decode
    differently, so that a file can be decoded again. ``is_nationwide``: most of its places are none
    of ours. Where ``takes_label``, the registry says which end of its interval a time names
    (``interval_label`` of the feed's polls). ``kind_of`` says what kind of data a file states it
    holds (real, example, golden), None where its layout has no place for it.
    """

    name: str
    decoder: str
    version: str
    decode: Callable[..., Decoded]
    takes_year: bool = False
    is_nationwide: bool = False
    takes_label: bool = False
    kind_of: Callable[[Iterable[bytes]], DataKind | None] = _unsaid


FEEDS: dict[str, Feed] = {
    feed.name: feed
    for feed in (
        Feed(
            "cnemc-water",
            "ecomon.decode.cnemc_water",
            "1",
            cnemc_water.decode,
            takes_year=True,
            is_nationwide=True,
        ),
        Feed(
            "cnemc-air",
            "ecomon.decode.cnemc_air",
            "1",
            cnemc_air.decode,
            is_nationwide=True,
            takes_label=True,
        ),
        Feed("st-river-r", "ecomon.decode.hydrology", "1", hydrology.decode_st_river_r),
        Feed(
            "tabulated",
            "ecomon.decode.tabulated",
            "1",
            tabulated.decode,
            kind_of=_kind_of_tabulated,
        ),
    )
}


def feed_named(name: str) -> Feed:
    """The feed of that name; SourceRefused lists the known ones."""
    try:
        return FEEDS[name]
    except KeyError:
        raise SourceRefused(f"unknown feed {name!r}; one of {', '.join(FEEDS)}") from None


def read_readings(
    feed: Feed,
    chunks: Iterable[bytes],
    registry: Registry,
    *,
    year: int | None = None,
    fetched_at: datetime | None = None,
) -> Decoded:
    """Decode one file and resolve its sites; what names no registered place is Rejected.

    Parameters
    ----------
    chunks : iterable of bytes
        The file, cut anywhere.
    year, fetched_at : int, naive Beijing datetime
        How to complete times without a year, for feeds that need it.

    Yields
    ------
    Batch
        Observations whose ``site`` is an id of the registry.
    Rejected
        Rows and cells that are none, and rows of places the registry does not know (of a
        nationwide feed these are a quirk with their number).
    """
    options: dict[str, Any] = {}
    if feed.takes_year:
        options = {"year": year, "fetched_at": fetched_at}
    if feed.takes_label and (label := registry.interval_label(feed.name)):
        options["label"] = label
    for item in feed.decode(chunks, registry.determinands, **options):
        if isinstance(item, Rejected):
            yield item
        else:
            yield from resolve_sites(item, registry, feed)


def resolve_sites(batch: Batch, registry: Registry, feed: Feed) -> Decoded:
    """Put registry ids in the place of the source's own keys (names drift, so by date).

    Of a feed of the whole country, readings of places that are none of ours are counted as a quirk.
    A place of ours that changes its name falls silent then, and the receipts tell that.
    """
    table = batch.observations
    key_codes, keys = pd.factorize(table["site"])
    day_codes, days = pd.factorize(table["start"].dt.normalize())
    lookup = np.array(
        [[registry.resolve(feed.name, key, day.date()) for day in days] for key in keys],
        dtype=object,
    ).reshape(len(keys), len(days))
    resolved = lookup[key_codes, day_codes]
    is_known = resolved != np.array(None)
    quirks = batch.quirks
    if not is_known.all() and feed.is_nationwide:
        quirks = {**quirks, ELSEWHERE: int((~is_known).sum())}
    elif not is_known.all():
        strangers = table[~is_known].drop_duplicates("row")
        for row, key, start in zip(
            strangers["row"], strangers["site"], strangers["start"], strict=True
        ):
            reason = f"place not in the registry: {key} (feed {feed.name})"
            yield Rejected(row=int(row), reason=reason, raw=f"{key} {start:%Y-%m-%d %H:%M}")
    kept = table[is_known].assign(site=pd.array(resolved[is_known], dtype="str"))
    yield replace(batch, observations=kept, quirks=quirks)


def names_digest(feed: Feed, registry: Registry) -> str:
    """A digest of what the registry says of how a feed's files are read: names, and labels of time.

    Equal digests read the same octets to the same observations.
    """
    places = [
        (alias.key, str(alias.valid_from), str(alias.valid_to), site.id)
        for site in registry.sites.values()
        for alias in site.aliases
        if alias.feed == feed.name
    ]
    determinands = [(one.key, one.unit, *one.aliases) for one in registry.determinands.values()]
    own = sorted(registry.sites) if feed.name == OWN_FEED else []
    label = [registry.interval_label(feed.name)] if feed.takes_label else []
    text = repr((sorted(places), own, sorted(determinands), *label))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
