"""One fingerprint's alerts along its series: the events that are new, go on, or came late.

One event is one alert (after Alertmanager); late exceedances are never lost (project rule).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ecomon.alert.lifecycle import Change, absorb, lapse, open_alert, part_from
from ecomon.alert.model import Alert
from ecomon.alert.rules import AlertRules, Condition
from ecomon.alert.series import Series


@dataclass(frozen=True, slots=True)
class Turn:
    """An alert at the moment it changed; ``value_after`` is the reading that ended a lone value."""

    alert: Alert
    change: Change
    value_after: float | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """What stays the same along one series."""

    site: str
    determinand: str
    condition: Condition
    rules: AlertRules
    series: Series


def follow(track: Track, known: Sequence[Alert], as_of: datetime) -> tuple[list[Alert], list[Turn]]:
    """The alerts of one fingerprint after all readings of its series, and their turns.

    Readings later than the last one any known alert has looked at are new and are absorbed in
    order. An exceedance at or before it that no known alert holds came late (a laboratory result, a
    gap filled): it joins the event in whose time it falls, or becomes an event of its own.
    """
    if not known:
        return _replay(track, 0, len(track.series), None, as_of)
    watermark = max(alert.last_read_at for alert in known)
    cut = track.series.count_until(watermark)
    book = {alert.key: alert for alert in known}
    turns: list[Turn] = []
    for event, its_turns in _late_events(track, known, cut, watermark):
        turns += _enter(book, event, its_turns)
    still_open = [alert for alert in book.values() if alert.is_open]
    current = max(still_open, key=lambda alert: alert.opened_at, default=None)
    later, its_turns = _replay(track, cut, len(track.series), current, as_of)
    book |= {alert.key: alert for alert in later}
    return list(book.values()), turns + its_turns


def _replay(
    track: Track, begin: int, end: int, alert: Alert | None, as_of: datetime
) -> tuple[list[Alert], list[Turn]]:
    """Events over moments ``begin`` to ``end``, going on from an open alert if there is one."""
    series, condition, rules = track.series, track.condition, track.rules
    events: list[Alert] = []
    turns: list[Turn] = []
    index = begin
    while True:
        if alert is None:
            index = series.next_exceeding(index)
            if index >= end:
                return events, turns
            reading = series.reading(index)
            before, _ = series.neighbours(reading.start, rules.max_gap_h)
            alert = open_alert(reading, condition, (track.site, track.determinand), before)
        now = series.start(index) if index < end else as_of
        alert, change = lapse(alert, now, rules)
        value_after = None
        if change is None and index < end:
            reading = series.reading(index)
            if parted := part_from(alert, reading, condition, rules):
                events.append(parted)
                alert = None
                continue
            alert, change = absorb(alert, reading, condition, rules)
            value_after = reading.value
            index += 1
        elif change is None:
            return [*events, alert], turns
        if change is not None:
            turns.append(Turn(alert, change, value_after))
        if not alert.is_open:
            events.append(alert)
            alert = None


def _late_events(
    track: Track, known: Sequence[Alert], cut: int, watermark: datetime
) -> list[tuple[Alert, list[Turn]]]:
    """Events among the moments already looked at that hold an exceedance no known alert holds."""
    revisions = {revision for alert in known for revision in alert.revisions}
    late = frozenset(
        one.revision
        for one in track.series.sightings
        if one.start <= watermark and one.revision not in revisions
    )
    if not late:
        return []
    events, turns = _replay(track, 0, cut, None, watermark)
    return [
        (event, [turn for turn in turns if turn.alert.key == event.key])
        for event in events
        if event.revisions & late
    ]


def _enter(book: dict[tuple[str, datetime], Alert], event: Alert, turns: list[Turn]) -> list[Turn]:
    """Put a late event into the book; the turns that are news.

    An event that has been told of only gains the exceedances. One that had not fired, and does now,
    keeps the name it is known by.
    """
    beside = [
        alert
        for alert in book.values()
        if alert.opened_at <= event.last_seen_at
        and event.opened_at <= (alert.resolved_at or alert.last_read_at)
    ]
    told = [alert for alert in beside if alert.fired_at is not None]
    if told or (beside and event.fired_at is None):
        into = (told or beside)[0]
        book[into.key] = into.joined_by(event.sightings)
        return [turn for turn in turns if turn.change == "lone" and not told]
    opened_at = max(beside, key=lambda one: one.is_open).opened_at if beside else event.opened_at
    event = replace(event, opened_at=opened_at)
    book[event.key] = event
    return [replace(turn, alert=replace(turn.alert, opened_at=opened_at)) for turn in turns]
