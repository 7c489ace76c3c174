"""octets -> decode -> observations of registered places."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd

from ecomon.decode import (
    air_forecast,
    air_wide,
    cnemc_air,
    cnemc_water,
    hydrology,
    hydrology_rating,
    samples,
    tabulated,
    workbook,
)
from ecomon.errors import SourceRefused
from ecomon.journey.name_places import name_places
from ecomon.model.determinand import Determinand
from ecomon.model.mapping import WorkbookMapping
from ecomon.model.observation import Batch, DataKind, Rejected

if TYPE_CHECKING:
    from ecomon.registry import Registry

Decoded = Iterator[Batch | Rejected]
ELSEWHERE = "reading of a place outside the registry"
"""Quirk of a file of the whole country."""

STRANGERS_NAMED = 200
"""A file of a nationwide feed that speaks of more places than these that are none of ours."""

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
    (``interval_label`` of the feed's polls); where ``takes_interval_form``, how it writes the length
    of one (``interval_form`` of the feed). ``named_as`` is the feed whose names its places bear,
    where that is another one: an archive of it. ``is_written_by_hand``: places are what a person
    calls a section. ``kind_of`` says what kind of data a file states it
    holds (real, example, golden), None where its layout has no place for it.
    """

    name: str
    decoder: str
    version: str
    decode: Callable[..., Iterator[Any]]
    takes_year: bool = False
    is_nationwide: bool = False
    takes_label: bool = False
    takes_interval_form: bool = False
    named_as: str = ""
    is_written_by_hand: bool = False
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
        Feed(
            air_wide.SOURCE,
            "ecomon.decode.air_wide",
            "1",
            air_wide.decode,
            is_nationwide=True,
            takes_label=True,
            named_as=cnemc_air.SOURCE,
        ),
        Feed(samples.FEED, "ecomon.decode.samples", "1", samples.decode, is_written_by_hand=True),
        Feed("st-river-r", "ecomon.decode.hydrology", "2", hydrology.decode_st_river_r),
        Feed("st-rsvr-r", "ecomon.decode.hydrology", "1", hydrology.decode_st_rsvr_r),
        Feed(
            "st-pptn-r",
            "ecomon.decode.hydrology",
            "1",
            hydrology.decode_st_pptn_r,
            takes_interval_form=True,
        ),
        Feed(
            "tabulated",
            "ecomon.decode.tabulated",
            "1",
            tabulated.decode,
            kind_of=_kind_of_tabulated,
        ),
    )
}


RATINGS = Feed(
    hydrology_rating.FEED, "ecomon.decode.hydrology_rating", "1", hydrology_rating.decode_st_zqrl_b
)
"""Rating tables: facts a person imports (``ecomon rating import``), no readings of the store."""

FORECASTS = Feed(air_forecast.NAME, "ecomon.decode.air_forecast", "1", air_forecast.decode)
"""Forecasts of the air: expectations, which no store keeps yet."""

NO_READINGS = {feed.name: feed for feed in (RATINGS, FORECASTS)}
"""What a file can be decoded as, and nothing ingests."""


def feed_to_decode(name: str, registry: Registry) -> Feed:
    """As :func:`feed_named`, what holds no readings too: what a file can be decoded as."""
    return NO_READINGS[name] if name in NO_READINGS else feed_named(name, registry)


def feed_names(registry: Registry) -> list[str]:
    """Every feed there is: the decoders' own, and one for each mapping of a spreadsheet."""
    return [*FEEDS, *sorted({mapping.feed for mapping in registry.mappings.values()})]


def feed_named(name: str, registry: Registry) -> Feed:
    """The feed of that name; SourceRefused lists the known ones.

    A mapping that nobody has reviewed is refused too: what its columns mean would be a guess.
    """
    if name in FEEDS:
        return FEEDS[name]
    for mapping in registry.mappings.values():
        if mapping.feed == name:
            if not mapping.is_reviewed:
                raise SourceRefused(
                    f"the mapping {mapping.id} of feed {name} has not been reviewed:"
                    " see ecomon map check, then state reviewed_by and reviewed_on in it"
                )
            return feed_of_mapping(mapping)
    raise SourceRefused(f"unknown feed {name!r}; one of {', '.join(feed_names(registry))}")


def feed_of_mapping(mapping: WorkbookMapping) -> Feed:
    """The feed whose files are spreadsheets of one layout."""

    def decode(
        chunks: Iterable[bytes],
        determinands: Mapping[str, Determinand],
        *,
        year: int | None = None,
        fetched_at: datetime | None = None,  # noqa: ARG001 - the title of a sheet names its year
    ) -> Decoded:
        return workbook.decode(chunks, determinands, mapping=mapping, year=year)

    return Feed(mapping.feed, "ecomon.decode.workbook", "1", decode, takes_year=True)


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
        Rows and cells that are none, and rows of places the registry does not know (in a file of
        the whole country these are a quirk with their number).
    """
    options: dict[str, Any] = {}
    if feed.takes_year:
        options = {"year": year, "fetched_at": fetched_at}
    if feed.takes_label and (label := _interval_label(feed, registry)):
        options["label"] = label
    if feed.takes_interval_form and (form := _interval_form(feed, registry)):
        options["interval_form"] = form
    for item in feed.decode(chunks, registry.determinands, **options):
        if isinstance(item, Rejected):
            yield item
        elif feed.is_written_by_hand:
            yield from name_places(item, registry)
        else:
            yield from resolve_sites(item, registry, feed)


def _interval_label(feed: Feed, registry: Registry) -> str | None:
    """Which end of its interval a time names, as the feed's poll says, or that of its names."""
    return registry.interval_label(feed.name) or registry.interval_label(feed.named_as)


def _interval_form(feed: Feed, registry: Registry) -> str | None:
    """How the feed writes the length of an interval; None where the registry does not speak of it."""
    expectation = registry.feeds.get(feed.name)
    return expectation.interval_form if expectation else None


def resolve_sites(batch: Batch, registry: Registry, feed: Feed) -> Decoded:
    """Put registry ids in the place of the source's own keys (names drift, so by date).

    A row of a place that is none of ours is Rejected; in a file of the whole country, whose some
    thousand places would fill the dead letters six times a day, these are counted as a quirk. A
    place of ours that changes its name falls silent then, and the receipts tell that.
    """
    table = batch.observations
    key_codes, keys = pd.factorize(table["site"])
    day_codes, days = pd.factorize(table["start"].dt.normalize())
    lookup = np.array(
        [
            [registry.resolve(feed.named_as or feed.name, key, day.date()) for day in days]
            for key in keys
        ],
        dtype=object,
    ).reshape(len(keys), len(days))
    resolved = lookup[key_codes, day_codes]
    is_known = resolved != np.array(None)
    quirks = batch.quirks
    strangers = table[~is_known]
    if feed.is_nationwide and strangers["site"].nunique() > STRANGERS_NAMED:
        quirks = {**quirks, ELSEWHERE: len(strangers)}
    else:
        strangers = strangers.drop_duplicates("row")
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
        if feed.is_written_by_hand or alias.feed == (feed.named_as or feed.name)
    ]
    determinands = [(one.key, one.unit, *one.aliases) for one in registry.determinands.values()]
    own = sorted(registry.sites) if feed.name == OWN_FEED else []
    if feed.is_written_by_hand:
        sections = registry.sections.values()
        own = [repr((one.id, one.name_zh, one.name_en, one.national_code)) for one in sections]
    mappings = [
        one.model_dump_json() for one in registry.mappings.values() if one.feed == feed.name
    ]
    label = [_interval_label(feed, registry)] if feed.takes_label else []
    form = [_interval_form(feed, registry)] if feed.takes_interval_form else []
    text = repr((sorted(places), own, sorted(determinands), *label, *form, *mappings))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
