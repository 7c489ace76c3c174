"""The nouns of alerting: alert, notice, review, and what a notice needs to know of a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

from ecomon.alert.rules import Severity
from ecomon.errors import ContractError
from ecomon.model.observation import isoformat
from ecomon.model.period import to_beijing
from ecomon.model.place import Office, Section, Target

State = Literal["pending", "firing", "resolved"]
NoticeKind = Literal["firing", "resolved", "correction", "confirmation"]
ReviewReason = Literal["lone", "suspect", "unconfirmed"]

_TIMES = ("opened_at", "last_read_at", "calm_since", "fired_at", "resolved_at")
_ADDED_LATER = {"calm_since": None}
"""Fields that the documents of an earlier version lack, and what they then are."""


@dataclass(frozen=True, slots=True)
class AlertPlace:
    """A section with its target (None: 目标未配置) and the offices that are told of it."""

    section: Section
    target: Target | None = None
    offices: tuple[Office, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """One exceeding observation; ``factor`` is None where there is none (pH, DO)."""

    revision: int
    start: datetime
    value: float
    factor: float | None
    flag: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One moment of one series: the worst value that stands at it.

    ``sightings`` are the exceeding observations of the moment; limit, unit and standard are only
    known where there are any.
    """

    start: datetime
    value: float
    sightings: tuple[Sighting, ...] = ()
    limit: float = float("nan")
    unit: str = ""
    standard: str = ""
    is_confirmed: bool = False

    @property
    def is_exceeding(self) -> bool:
        return bool(self.sightings)


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert (告警) as it stands after the last reading it has seen.

    Attributes
    ----------
    fingerprint : str
        ``section/determinand/basis/condition``; with ``opened_at`` it names the event.
    state : {"pending", "firing", "resolved"}
        A pending alert that resolves has never fired and tells nobody; ``fired_at`` says which.
    opened_at, last_read_at : datetime
        The first exceedance, and the last reading looked at (naive Beijing time).
    limit, is_upper, standard
        What the last exceedance was judged by.
    last_value : float
        The last reading looked at.
    streak, n_calm : int
        Exceeding and calm readings in a row up to ``last_read_at``.
    calm_since : datetime or None
        The first of those calm readings.
    value_before : float or None
        The reading before the first exceedance, None where it is not known.
    sightings : tuple of Sighting
        The exceedances of the event, by time.
    is_confirmed : bool
        A person has accepted one of them.
    is_corrected : bool
        The exceedances that made it fire were rejected, and a correction was sent.
    """

    fingerprint: str
    section: str
    determinand: str
    basis: str
    condition: str
    severity: Severity
    state: State
    opened_at: datetime
    last_read_at: datetime
    last_value: float
    limit: float
    is_upper: bool
    unit: str
    standard: str
    streak: int = 0
    n_calm: int = 0
    calm_since: datetime | None = None
    value_before: float | None = None
    sightings: tuple[Sighting, ...] = ()
    is_confirmed: bool = False
    is_corrected: bool = False
    fired_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def key(self) -> tuple[str, datetime]:
        return self.fingerprint, self.opened_at

    @property
    def is_open(self) -> bool:
        return self.state != "resolved"

    @property
    def revisions(self) -> frozenset[int]:
        return frozenset(one.revision for one in self.sightings)

    @property
    def count(self) -> int:
        """Moments at which the limit was exceeded."""
        return len({one.start for one in self.sightings})

    @property
    def last_seen_at(self) -> datetime:
        return self.sightings[-1].start if self.sightings else self.opened_at

    @property
    def calm_h(self) -> float:
        """Hours from the first to the last calm reading of a resolved alert; 0 where there is none."""
        if self.calm_since is None or self.resolved_at is None:
            return 0.0
        return (self.resolved_at - self.calm_since).total_seconds() / 3600

    @property
    def peak(self) -> Sighting:
        """The worst exceedance, the first of equals."""
        sign = 1 if self.is_upper else -1
        return max(self.sightings, key=lambda one: sign * one.value)

    @property
    def latest(self) -> Sighting:
        """The worst exceedance of the last moment that had one."""
        sign = 1 if self.is_upper else -1
        return max(self.sightings, key=lambda one: (one.start, sign * one.value))

    def joined_by(self, sightings: Iterable[Sighting]) -> Alert:
        """The same alert with more exceedances in it; those it holds already are not doubled."""
        known = self.revisions
        new = [one for one in sightings if one.revision not in known]
        ordered = sorted((*self.sightings, *new), key=lambda one: (one.start, one.revision))
        return replace(self, sightings=tuple(ordered))

    def as_document(self) -> dict[str, Any]:
        """JSON-able; :meth:`from_document` reads it back.

        ``last_seen_at``, ``count``, ``peak_value``, ``peak_factor`` and ``revisions`` stand in it
        for readers and are derived again.
        """
        document = asdict(self)
        for name in _TIMES:
            document[name] = None if document[name] is None else isoformat(document[name])
        document["sightings"] = [
            asdict(one) | {"start": isoformat(one.start)} for one in self.sightings
        ]
        return document | {
            "last_seen_at": isoformat(self.last_seen_at),
            "count": self.count,
            "peak_value": self.peak.value,
            "peak_factor": self.peak.factor,
            "revisions": sorted(self.revisions),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Alert:
        """The alert a document was made from.

        Raises
        ------
        ContractError
            where the document lacks a field of an alert.
        """
        document = _ADDED_LATER | dict(document)
        names = [field.name for field in fields(cls)]
        if lacking := [name for name in names if name not in document]:
            raise ContractError(f"not the document of an alert: no {', '.join(lacking)}")
        given: dict[str, Any] = {name: document[name] for name in names}
        for name in _TIMES:
            given[name] = None if given[name] is None else _moment(given[name])
        sightings = [one | {"start": _moment(one["start"])} for one in given["sightings"]]
        given["sightings"] = tuple(Sighting(**one) for one in sightings)
        return cls(**given)


def _moment(text: str) -> datetime:
    return to_beijing(datetime.fromisoformat(text))


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one office (告警通知); the same key is never sent twice.

    ``at`` is the time of the data that brought it about. ``subject_*`` and ``body_*`` are plain text.
    """

    idempotency_key: str
    fingerprint: str
    office: str
    kind: NoticeKind
    severity: Severity
    at: datetime
    subject_zh: str
    subject_en: str
    body_zh: str
    body_en: str

    def as_document(self) -> dict[str, Any]:
        return asdict(self) | {"at": isoformat(self.at)}


@dataclass(frozen=True, slots=True)
class Review:
    """An observation that a person should look at (人工复核), named by its revision.

    ``reason`` is ``lone`` (an exceedance that was not repeated), ``suspect`` (one that a quality
    test doubts) or ``unconfirmed`` (an emergency sample that was reported as 疑似).
    ``value_before`` and ``value_after`` are its neighbours, None where not known.
    """

    revision: int
    site: str
    determinand: str
    start: datetime
    value: float
    value_before: float | None
    value_after: float | None
    reason: ReviewReason
    reason_zh: str
    reason_en: str

    def as_document(self) -> dict[str, Any]:
        return asdict(self) | {"start": isoformat(self.start)}
