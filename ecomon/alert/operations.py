"""Operations alerts: when something stopped working, when it works again, and who is told.

Few and correct: one alert a thing and outage, one notice when it opens, one when it is over, and a
reminder from time to time; what opens or ends together in one feed is told together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from ecomon.alert.standing import Standing
from ecomon.model.observation import isoformat
from ecomon.model.period import to_beijing

OperationsState = Literal["open", "over"]
OperationsTurn = Literal["opened", "over", "dropped", "reminder"]
"""*dropped*: over because nobody watches it any more, and not because it works."""
_TIMES = ("opened_at", "over_at")
_DAILY_UNTIL = 3
_TOLD_TOGETHER = ("silent_station", "silent_instrument", "new_quirk")


@dataclass(frozen=True, slots=True)
class OperationsAlert:
    """One thing that stopped working, from then until it worked again.

    ``fingerprint`` and ``opened_at`` name it. ``evidence`` is the last sign of life before it (see
    :class:`ecomon.alert.standing.Standing`), ``reminded_day`` the day (since it opened) of the
    last reminder.
    """

    fingerprint: str
    state: OperationsState
    opened_at: datetime
    over_at: datetime | None
    evidence: int
    what_zh: str
    what_en: str
    why_zh: str
    why_en: str
    reminded_day: int = 0

    @property
    def id(self) -> str:
        return f"{self.fingerprint}@{self.opened_at:%Y-%m-%dT%H:%M:%S}"

    @property
    def kind(self) -> str:
        return self.fingerprint.partition("/")[0]

    @property
    def group(self) -> str:
        """Alerts of one group that turn together are told together: the stations of a feed."""
        if self.kind not in _TOLD_TOGETHER:
            return self.fingerprint
        return "/".join(self.fingerprint.split("/")[:2])

    def as_document(self) -> dict[str, Any]:
        """JSON-able; :meth:`from_document` reads it back."""
        times = {name: getattr(self, name) for name in _TIMES}
        return asdict(self) | {
            name: None if at is None else isoformat(at) for name, at in times.items()
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> OperationsAlert:
        """The alert a document was made from; what else stands in it is left aside."""
        given = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        for name in _TIMES:
            if given.get(name) is not None:
                given[name] = to_beijing(datetime.fromisoformat(given[name]))
        return cls(**given)


@dataclass(frozen=True, slots=True)
class OperationsOutcome:
    """The alerts that are new or changed, each with its turn; ``n_open`` are open after it."""

    turns: tuple[tuple[OperationsAlert, OperationsTurn], ...]
    n_open: int

    @property
    def alerts(self) -> tuple[OperationsAlert, ...]:
        return tuple(alert for alert, _ in self.turns)

    def count(self, turn: OperationsTurn) -> int:
        """How many alerts took that turn."""
        return sum(one == turn for _, one in self.turns)


def advance_operations(
    known: Iterable[OperationsAlert],
    standings: Sequence[Standing],
    *,
    as_of: datetime,
) -> OperationsOutcome:
    """Open, keep and end operations alerts by how things stand now.

    Parameters
    ----------
    known : iterable of OperationsAlert
        All alerts as they stand; those that are over are left as they are.
    standings : sequence of Standing
        Of everything that is watched. An open alert of which nothing stands here is dropped: its
        site is suspended, its poll switched off, its source not connected any more.
    as_of : datetime, naive Beijing time

    Returns
    -------
    OperationsOutcome
        In the order of fingerprints. Reminders come a day, two, three and then every seven days
        after the opening.

    Source
    ------
    Lifecycle and inhibition after Prometheus Alertmanager; that an alert ends by a sign of life
    and never by a clock is a project rule.
    """
    book = {one.fingerprint: one for one in known if one.state == "open"}
    turns: list[tuple[OperationsAlert, OperationsTurn]] = []
    seen: set[str] = set()
    for standing in standings:
        seen.add(standing.fingerprint)
        turn = _turn_of(book.get(standing.fingerprint), standing, as_of)
        if turn is not None:
            turns.append(turn)
    unseen = [alert for fingerprint, alert in book.items() if fingerprint not in seen]
    turns.extend((_ended(alert, as_of), "dropped") for alert in unseen)
    changed = {alert.fingerprint: alert for alert, _ in turns}
    return OperationsOutcome(
        turns=tuple(sorted(turns, key=lambda one: one[0].id)),
        n_open=sum(one.state == "open" for one in (book | changed).values()),
    )


def resumption_of(
    alerts: Iterable[OperationsAlert], feed: str, as_of: datetime, *, kind: str = "silent_source"
) -> datetime | None:
    """When the last outage of a feed was over: from then its stations have their whole patience.

    While the outage is open that is ``as_of``, for it may end just now; None where there was none
    (project rule: a source that comes back must not raise an alert for each of its stations).

    Parameters
    ----------
    alerts : iterable of OperationsAlert
    as_of : datetime, naive Beijing time
    kind : str
        The kind of alert that stands for all of the feed.
    """
    mine = [one for one in alerts if one.fingerprint == f"{kind}/{feed}"]
    return max((one.over_at or as_of for one in mine), default=None)


def _turn_of(
    alert: OperationsAlert | None, standing: Standing, as_of: datetime
) -> tuple[OperationsAlert, OperationsTurn] | None:
    """What one standing makes of an open alert, or of none; None where nothing changes."""
    if alert is None:
        if standing.health != "ill" or standing.is_old or standing.began_at is None:
            return None
        opened = OperationsAlert(
            standing.fingerprint, "open", standing.began_at, None, standing.evidence,
            *standing.what, *standing.why,
            reminded_day=_reminder_day(standing.began_at, as_of),
        )  # fmt: skip
        return opened, "opened"
    if standing.health == "well" and standing.evidence > alert.evidence:
        zh, en = standing.why
        return replace(_ended(alert, as_of), why_zh=zh, why_en=en), "over"
    day = _reminder_day(alert.opened_at, as_of)
    if standing.health == "ill" and day > alert.reminded_day:
        return replace(alert, reminded_day=day), "reminder"
    return None


def _ended(alert: OperationsAlert, as_of: datetime) -> OperationsAlert:
    return replace(alert, state="over", over_at=max(as_of, alert.opened_at))


def _reminder_day(opened_at: datetime, as_of: datetime) -> int:
    """The day since the opening on which the last reminder up to now was due; 0 before the first."""
    days = (as_of - opened_at) // timedelta(days=1)
    return max(days, 0) if days <= _DAILY_UNTIL else max(_DAILY_UNTIL, days // 7 * 7)
