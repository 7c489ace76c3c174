"""arrivals -> receipts -> how sources, stations, polls and flows stand -> operations alerts, notices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from ecomon.alert import (
    Listening,
    NewQuirk,
    OperationsAlert,
    OperationsOutcome,
    Standing,
    WatchedInstrument,
    advance_operations,
    resumption_of,
    stand_of_feed,
    stand_of_flows,
    stand_of_instruments,
    stand_of_new_quirks,
    stand_of_polls,
    write_operations_notices,
)
from ecomon.alert.instruments import SILENT_GATEWAY
from ecomon.alert.standing import Words
from ecomon.decode.hj212.station import DEFAULT_INTERVALS_S, Station
from ecomon.model.instrument import InstrumentCount
from ecomon.model.observation import DataKind
from ecomon.model.period import Period, from_epoch_s
from ecomon.model.poll import PollState
from ecomon.model.tables import RECEIPTS
from ecomon.quality import count_receipts

if TYPE_CHECKING:
    from ecomon.registry import Registry

GATEWAY_FEED = "hj212"
"""The feed of what instruments send to a gateway."""

LastStarts = Mapping[tuple[str, str], datetime]
"""Start of the last reading of each (source, site) that ever sent."""


def span_of_arrivals(registry: Registry, day: Period) -> Period:
    """The day, begun half a cadence earlier: a reading belongs to the expected time nearest to it."""
    cadence_s = max((one.cadence_s or 0 for one in registry.feeds.values()), default=0)
    return Period(day.start - timedelta(seconds=cadence_s / 2), day.end)


def receipts_of_day(
    arrivals: pd.DataFrame,
    last_before: LastStarts,
    registry: Registry,
    day: Period,
    *,
    as_of: datetime,
) -> pd.DataFrame:
    """Receipts of every feed of the registry on one day (table RECEIPTS).

    Parameters
    ----------
    arrivals : DataFrame
        ``source``, ``site``, ``start`` of ``span_of_arrivals(registry, day)``.
    last_before : mapping of (source, site) to naive Beijing datetime
        As known before the day.
    as_of : naive Beijing datetime
        What cannot have arrived by then is not expected yet.
    """
    tables = [
        count_receipts(
            arrivals,
            expectation,
            registry.sites_of_feed(feed, day.start.date()),
            day,
            as_of=as_of,
            last_before={site: at for (source, site), at in last_before.items() if source == feed},
        )
        for feed, expectation in sorted(registry.feeds.items())
    ]
    filled = [table for table in tables if not table.empty]
    return pd.concat(filled, ignore_index=True) if filled else RECEIPTS.empty()


@dataclass(frozen=True, slots=True)
class Watched:
    """What the state of an installation is judged by.

    ``receipts`` are those of the running day; ``polls``, ``runs``, ``instruments`` and
    ``new_quirks`` (since :func:`quirks_are_new_since`) as the store keeps them.
    """

    receipts: pd.DataFrame
    polls: Sequence[PollState]
    runs: Sequence[Mapping[str, Any]]
    instruments: Sequence[InstrumentCount] = ()
    new_quirks: Sequence[NewQuirk] = ()


def advance_watch(
    known: Iterable[Mapping[str, Any]],
    watched: Watched,
    registry: Registry,
    *,
    as_of: datetime,
    kind: DataKind,
) -> tuple[OperationsOutcome, list[dict[str, Any]]]:
    """Operations alerts after a look at everything that must work, and the notices of it.

    Parameters
    ----------
    known : iterable of mapping
        Documents of all operations alerts.
    as_of : naive Beijing datetime
    """
    alerts = [OperationsAlert.from_document(one) for one in known]
    sources = [*registry.polls.values(), *registry.pulls.values()]
    on = {one.id: (one.name_zh, one.name_en) for one in sources if one.is_enabled}
    polls = stand_of_polls(watched.polls, on)
    feeds = [
        standing
        for listening in _listen(alerts, watched, polls, registry, as_of)
        for standing in stand_of_feed(listening)
    ]
    standings = [
        *feeds,
        *polls,
        *stand_of_flows(watched.runs, as_of),
        *_stand_of_gateway(alerts, watched, registry, as_of),
    ]
    outcome = advance_operations(alerts, standings, as_of=as_of)
    return outcome, write_operations_notices(outcome, as_of=as_of, kind=kind)


def quirks_are_new_since(registry: Registry, as_of: datetime) -> datetime:
    """What began to show before then is not new any more."""
    return as_of - timedelta(hours=registry.alerts.instruments.quirk_is_new_h)


def instruments_to_watch(registry: Registry, day: date) -> dict[str, WatchedInstrument]:
    """By MN, the registered instruments of which something is expected on a day.

    A suspension of the feed ``hj212`` (of a site, or of all) holds for the instruments there.
    """
    feed = registry.feeds.get(GATEWAY_FEED)
    if feed is not None and feed.is_watched is False:
        return {}
    names = _names(registry)
    found: dict[str, WatchedInstrument] = {}
    for mn, station in registry.instruments.items():
        if feed is None or not feed.is_suspended(station.site, day):
            zh, en = names.get(station.site, (station.site, station.site))
            name = (f"仪器 {zh} {mn}", f"instrument {en} {mn}")
            found[mn] = WatchedInstrument(timedelta(seconds=cadence_s(station)), name)
    return found


def cadence_s(station: Station) -> int:
    """How often a station sends: as stated, else its shortest interval, else every hour."""
    if station.cadence_s is not None:
        return station.cadence_s
    return min(station.intervals_s.values(), default=DEFAULT_INTERVALS_S["2061"])


def _stand_of_gateway(
    alerts: Sequence[OperationsAlert], watched: Watched, registry: Registry, as_of: datetime
) -> list[Standing]:
    expected = instruments_to_watch(registry, as_of.date())
    resumed_at = resumption_of(alerts, GATEWAY_FEED, as_of, kind=SILENT_GATEWAY)
    return [
        *stand_of_instruments(
            watched.instruments, expected, registry.alerts.instruments, GATEWAY_FEED,
            as_of=as_of, resumed_at=resumed_at,
        ),
        *stand_of_new_quirks(watched.new_quirks, expected, GATEWAY_FEED),
    ]  # fmt: skip


def _listen(
    alerts: Sequence[OperationsAlert],
    watched: Watched,
    polls: Sequence[Standing],
    registry: Registry,
    as_of: datetime,
) -> list[Listening]:
    ill = {one.fingerprint.partition("/")[2] for one in polls if one.health == "ill"}
    asked = _last_asked(watched.polls, registry)
    listenings: list[Listening] = []
    for feed, expectation in sorted(registry.feeds.items()):
        mine = [one for one in registry.polls.values() if one.is_enabled and one.feed == feed]
        listenings.append(
            Listening(
                expectation,
                watched.receipts[watched.receipts["source"] == feed],
                heard_until=min(as_of, asked.get(feed, as_of)),
                resumed_at=resumption_of(alerts, feed, as_of),
                is_poll_failing=bool(mine) and all(one.id in ill for one in mine),
                names=_names(registry),
            )
        )
    return listenings


def _last_asked(states: Iterable[PollState], registry: Registry) -> dict[str, datetime]:
    """When each polled feed was last asked: nothing could be heard after that."""
    asked: dict[str, datetime] = {}
    for state in states:
        poll = registry.polls.get(state.source)
        if poll is not None and poll.is_enabled and state.checked_at_s is not None:
            at = from_epoch_s(state.checked_at_s)
            asked[poll.feed] = max(at, asked.get(poll.feed, at))
    return asked


def _names(registry: Registry) -> dict[str, Words]:
    return {site.id: (site.name_zh, site.name_en) for site in registry.sites.values()}
