"""How each instrument that speaks to the gateway stands: heard in its own time, and as it used to be.

An instrument is silent only beside somebody who was heard after it should have been: where nobody
is, the gateway is silent, and that is told once. Heartbeats without data are silence too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecomon.alert.rules import InstrumentRules
from ecomon.alert.standing import Health, Standing, Words
from ecomon.model.instrument import InstrumentCount
from ecomon.model.period import to_epoch_s

SILENT_GATEWAY = "silent_gateway"
NewQuirk = tuple[str, str, datetime]
"""MN, name of the quirk, and when it was first seen."""


@dataclass(frozen=True, slots=True)
class WatchedInstrument:
    """A registered instrument of which something is expected now: how often it sends, its name."""

    cadence: timedelta
    name: Words

    def patience(self, rules: InstrumentRules) -> timedelta:
        """So long nothing may come of it."""
        return rules.silent_cadences * self.cadence + timedelta(seconds=rules.grace_s)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A watched instrument and when it was heard, with data and at all."""

    count: InstrumentCount
    watched: WatchedInstrument
    patience: timedelta

    @property
    def with_data_at(self) -> datetime:
        """When it last sent data; the end of their interval, where that is before the reception."""
        seen, data = self.count.last_seen, self.count.last_data
        return seen if data is None else min(seen, data + self.watched.cadence)


def stand_of_instruments(
    counts: Sequence[InstrumentCount],
    watched: Mapping[str, WatchedInstrument],
    rules: InstrumentRules,
    feed: str,
    *,
    as_of: datetime,
    resumed_at: datetime | None = None,
) -> list[Standing]:
    """The gateway, then every watched instrument that ever spoke.

    Parameters
    ----------
    counts : sequence of InstrumentCount
        Of every sender; those of unregistered ones (MN empty) show that the gateway hears.
    watched : mapping of MN to WatchedInstrument
    feed : str
        Its part of the fingerprints: ``silent_gateway/FEED``, ``silent_instrument/FEED/MN``.
    as_of : datetime, naive Beijing time
    resumed_at : datetime or None
        When the gateway's last silence was over: its instruments have their patience from then.

    Source
    ------
    Three missing cycles as for automatic stations, project rule R13; that one notice stands for
    many alerts, after Prometheus Alertmanager (inhibition).
    """
    heard = [
        _Heard(one, watched[one.mn], watched[one.mn].patience(rules))
        for one in sorted(counts, key=lambda one: one.mn)
        if one.mn in watched
    ]
    if not heard:
        return []
    last_word = max(one.last_seen for one in counts)
    old = as_of - timedelta(hours=rules.forget_after_h)
    gateway = _stand_of_gateway(heard, last_word, rules, feed, as_of=as_of, old=old)
    is_gateway_ill = gateway.health == "ill"
    instruments: list[Standing] = []
    for one in heard:
        began_at = max(one.with_data_at, resumed_at or one.with_data_at) + one.patience
        health: Health = "well"
        if is_gateway_ill:
            health = "unclear"
        elif as_of >= began_at:
            health = "ill" if last_word >= began_at else "unclear"
        instruments.append(
            Standing(
                f"silent_instrument/{feed}/{one.count.mn}",
                health,
                began_at,
                to_epoch_s(one.with_data_at),
                one.watched.name,
                _last_heard(one.count),
                is_old=began_at < old,
            )
        )
    return [gateway, *instruments]


def _stand_of_gateway(
    heard: Sequence[_Heard],
    last_word: datetime,
    rules: InstrumentRules,
    feed: str,
    *,
    as_of: datetime,
    old: datetime,
) -> Standing:
    """Silent where, since somebody was last heard, more than half of those that spoke are overdue.

    Those that were silent already when the last word came say nothing of the gateway.
    """
    alive = [one for one in heard if one.count.last_seen + one.patience > last_word]
    grace = timedelta(seconds=rules.grace_s)
    began_at = min((one.count.last_seen + one.patience for one in alive), default=None)
    n_overdue = sum(as_of >= one.count.last_seen + one.watched.cadence + grace for one in alive)
    health: Health = "unclear"
    if began_at is not None and as_of < began_at:
        health = "well"
    elif began_at is not None and 2 * n_overdue > len(alive):
        health = "ill"
    return Standing(
        f"{SILENT_GATEWAY}/{feed}",
        health,
        began_at,
        to_epoch_s(last_word),
        (f"网关 {feed}（{len(alive)} 台仪器）", f"gateway {feed} ({len(alive)} instruments)"),
        (f"最近来报 {last_word:%Y-%m-%d %H:%M}", f"last heard {last_word:%Y-%m-%d %H:%M}"),
        is_old=began_at is not None and began_at < old,
    )


def _last_heard(count: InstrumentCount) -> Words:
    seen = f"{count.last_seen:%Y-%m-%d %H:%M}"
    if count.last_data is None:
        return f"最近来报 {seen}，从无数据", f"last heard {seen}, never any data"
    data = f"{count.last_data:%Y-%m-%d %H:%M}"
    return f"最近来报 {seen}，数据时间 {data}", f"last heard {seen}, data of {data}"


def stand_of_new_quirks(
    found: Iterable[NewQuirk], watched: Mapping[str, WatchedInstrument], feed: str
) -> list[Standing]:
    """Accepted deviations that instruments known before began to show: something changed there.

    Each is told once (:func:`ecomon.alert.write_operations_notices`) and is over when ``found``
    does not hold it any more, for then it is not new.

    Source
    ------
    Project rule.
    """
    return [
        Standing(
            f"new_quirk/{feed}/{mn}/{quirk}",
            "ill",
            at,
            to_epoch_s(at),
            watched[mn].name,
            (f"报文出现新的偏差 {quirk}", f"its frames began to show {quirk}"),
        )
        for mn, quirk, at in found
        if mn in watched
    ]
