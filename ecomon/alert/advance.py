"""Exceedances and people's decisions → the alerts as they stand, notices and reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from ecomon.alert.follow import Track, Turn, follow
from ecomon.alert.lifecycle import fingerprint_of, judge
from ecomon.alert.model import Alert, AlertPlace, Notice, NoticeKind, Review
from ecomon.alert.rules import AlertRules, Condition
from ecomon.alert.samples import Samples, find_samples
from ecomon.alert.series import make_series, readings_until, sightings_of
from ecomon.alert.words import write_notices, write_review
from ecomon.errors import ContractError
from ecomon.model.determinand import Determinand
from ecomon.model.flag import Flag
from ecomon.model.observation import DataKind
from ecomon.model.sample import CONFIRMED, Status
from ecomon.model.tables import EXCEEDANCES, FLAGGED

Decision = Literal["accept", "reject", "correct"]


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    """All alerts given and new, as they stand; the notices and reviews of this advance."""

    alerts: tuple[Alert, ...]
    notices: tuple[Notice, ...]
    reviews: tuple[Review, ...]


@dataclass(frozen=True, slots=True)
class _Context:
    rules: AlertRules
    places: Mapping[str, AlertPlace]
    determinands: Mapping[str, Determinand]
    accepted: frozenset[int]
    rejected: frozenset[int]
    as_of: datetime
    samples: Samples


def advance_alerts(
    alerts: Sequence[Alert],
    exceedances: pd.DataFrame,
    observations: pd.DataFrame,
    rules: AlertRules,
    *,
    places: Mapping[str, AlertPlace],
    determinands: Mapping[str, Determinand],
    as_of: datetime,
    decisions: Mapping[int, Decision] | None = None,
    kind: DataKind = "real",
    methods: Mapping[int, str] | None = None,
) -> AlertOutcome:
    """Follow every alert through the readings, open the new ones, say what is to be told.

    Parameters
    ----------
    alerts : sequence of Alert
        The known alerts: all that are open, and the resolved ones whose exceedances may stand in
        the tables again. Without the latter the same events are found again, under the same keys.
    exceedances : DataFrame, contract EXCEEDANCES
        Of readings; rows with revision 0 (means) are left aside.
    observations : DataFrame, contract FLAGGED
        The readings around them. Good and not evaluated ones can be calm; suspect and failed ones
        neither raise nor resolve an alert, except that no machine's flag silences a toxic metal.
    rules : AlertRules
    places : mapping of site to AlertPlace
        Names, target and offices of every section with an exceedance or an alert.
    determinands : mapping of key to Determinand
    as_of : datetime, naive Beijing time
        Rows that start later are not looked at; a value that pends longer than ``max_gap_h`` by
        then goes to a person.
    decisions : mapping of revision to {"accept", "reject", "correct"}, optional
        What people have decided. ``correct`` counts as accepted where the corrected value still
        stands among the exceedances.
    kind : {"real", "example", "golden"}
        Kind of the data: example data are marked 【示例】 in subject and body.
    methods : mapping of revision to str, optional
        How emergency samples were measured; a notice of one says it.

    Returns
    -------
    AlertOutcome
        Sorted, and the same for rows in any order; the same alerts and readings give the same
        notice keys, so that nothing is told twice. One notice per event, office and kind.

    Raises
    ------
    ContractError
        where a section or determinand is not known.

    The end of an event is told where its condition ``tells_resolved``. A notice of an emergency
    sample says whether it was reported as 疑似 or 确认; where a later report takes the place of a
    sample that was told of, its confirmation is told, or the alert corrected.

    Source
    ------
    Lifecycle and words after Prometheus Alertmanager; hysteresis after ISA-18.2-2016. "A positive
    from one method is 疑似": HJ 589-2021.
    """
    EXCEEDANCES.check(exceedances)
    FLAGGED.check(observations)
    given = decisions or {}
    samples = find_samples(observations, alerts, methods)
    context = _Context(
        rules, places, determinands,
        accepted=frozenset(key for key, decision in given.items() if decision != "reject"),
        rejected=frozenset(key for key, decision in given.items() if decision == "reject"),
        as_of=as_of, samples=samples,
    )  # fmt: skip
    over = exceedances[(exceedances["revision"] > 0) & (exceedances["start"] <= as_of)]
    judged, turns = _judge_all(alerts, over, context)
    rows_of = over.groupby(["site", "determinand", "basis"], observed=True).indices
    wanted = _tracks(judged, over, context)
    readings = readings_until(observations, {name[:2] for name in wanted}, as_of)
    book = {alert.key: alert for alert in judged}
    known: dict[str, list[Alert]] = {}
    for alert in judged:
        known.setdefault(alert.fingerprint, []).append(alert)
    reviews: list[Review] = []
    for name, condition in sorted(wanted.items(), key=lambda item: item[0]):
        rows = over.iloc[rows_of.get(name, _NO_ROWS)]
        track = _track(name, condition, rows, readings[name[:2]], context)
        fingerprint = fingerprint_of(track.site, track.determinand, condition)
        followed, its_turns = follow(track, known.get(fingerprint, []), as_of)
        turns += its_turns
        for alert in followed:
            alert, is_confirmed = samples.without_replaced(alert)
            book[alert.key] = alert
            if is_confirmed and alert.fired_at is not None:
                turns.append(Turn(alert, "confirmation"))
        reviews += _unconfirmed_reviews(rows, track, context)
        reviews += _suspect_reviews(rows, track, context)
    return _outcome(book, turns, reviews, context, kind)


_Name = tuple[str, str, str]
"""Site, determinand, basis: one series of exceedances."""
_NO_ROWS = np.array([], dtype=np.int64)


def _judge_all(
    alerts: Sequence[Alert], over: pd.DataFrame, context: _Context
) -> tuple[list[Alert], list[Turn]]:
    """The known alerts after people's decisions and later reports of their samples.

    One of a condition that is gone stays as it is.
    """
    by_basis = over.groupby("basis", observed=True)["revision"]
    exceeding = {str(basis): frozenset(revisions) for basis, revisions in by_basis}
    judged: list[Alert] = []
    turns: list[Turn] = []
    for alert in sorted(alerts, key=lambda one: one.key):
        condition = context.rules.of(alert.condition)
        if condition is not None:
            refuted = context.samples.refuted(exceeding.get(alert.basis, frozenset()))
            rejected = context.rejected | refuted
            alert, changes = judge(alert, condition, context.accepted, rejected)
            turns += [Turn(alert, change) for change in changes]
        judged.append(alert)
    return judged, turns


def _tracks(
    alerts: Sequence[Alert], over: pd.DataFrame, context: _Context
) -> dict[_Name, Condition]:
    """The condition of each series that exceeds or has an open alert, which keeps its own."""
    wanted: dict[_Name, Condition] = {}
    names = over[["site", "determinand", "basis"]].drop_duplicates()
    for site, determinand, basis in names.itertuples(index=False, name=None):
        known, place = context.determinands.get(determinand), context.places.get(site)
        if known is None or place is None:
            what = f"determinand {determinand!r}" if known is None else f"section {site!r}"
            raise ContractError(f"an exceedance of an unknown {what}")
        condition = context.rules.find(
            basis, is_toxic_metal=known.is_toxic_metal, has_target=place.target is not None
        )
        if condition is not None:
            wanted[site, determinand, basis] = condition
    for alert in alerts:
        condition = context.rules.of(alert.condition)
        if alert.is_open and condition is not None:
            wanted[alert.section, alert.determinand, alert.basis] = condition
    return wanted


def _track(
    name: _Name,
    condition: Condition,
    rows: pd.DataFrame,
    readings: pd.DataFrame,
    context: _Context,
) -> Track:
    site, determinand, _ = name
    series = make_series(
        rows, readings, accepted=context.accepted, rejected=context.rejected,
        is_toxic_metal=_known(context.determinands, determinand).is_toxic_metal,
    )  # fmt: skip
    return Track(site, determinand, condition, context.rules, series)


def _suspect_reviews(rows: pd.DataFrame, track: Track, context: _Context) -> list[Review]:
    """One review for each run of doubtful exceedances that no good reading interrupts: its first.

    A failed reading is no exceedance, unless it is of a toxic metal: then a person looks at it too.
    """
    doubted = {int(Flag.SUSPECT)}
    if _known(context.determinands, track.determinand).is_toxic_metal:
        doubted.add(int(Flag.FAIL))
    is_open = ~rows["revision"].isin(context.accepted | context.rejected)
    doubtful = rows[rows["flag"].isin(doubted) & is_open].sort_values(["start", "revision"])
    series = track.series
    good = series.starts[~np.isin(series.starts, doubtful["start"].to_numpy("datetime64[us]"))]
    run = np.searchsorted(good, doubtful["start"].to_numpy("datetime64[us]"))
    first = doubtful[~pd.Series(run, index=doubtful.index).duplicated()]
    return [
        write_review(
            one, (track.site, track.determinand), "suspect",
            series.neighbours(one.start, context.rules.max_gap_h),
        )
        for one in sightings_of(first)
    ]  # fmt: skip


def _unconfirmed_reviews(rows: pd.DataFrame, track: Track, context: _Context) -> list[Review]:
    """One review for each exceeding sample that was reported as 疑似: somebody has it confirmed."""
    judged = context.accepted | context.rejected
    return [
        write_review(
            one, (track.site, track.determinand), "unconfirmed",
            track.series.neighbours(one.start, context.rules.max_gap_h),
        )
        for one in sightings_of(rows.sort_values(["start", "revision"]))
        if context.samples.is_suspected(one.revision) and one.revision not in judged
    ]  # fmt: skip


def _outcome(
    book: Mapping[tuple[str, datetime], Alert],
    turns: Sequence[Turn],
    reviews: Sequence[Review],
    context: _Context,
    kind: DataKind,
) -> AlertOutcome:
    """Everything sorted; a revision is reviewed once, whichever basis it exceeds."""
    notices: dict[str, Notice] = {}
    by_revision: dict[int, Review] = {}
    for turn in turns:
        alert = turn.alert
        if turn.change == "lone":
            series, around = (
                (alert.section, alert.determinand),
                (alert.value_before, turn.value_after),
            )
            review = write_review(alert.peak, series, "lone", around)
            by_revision.setdefault(review.revision, review)
            continue
        if alert.section not in context.places:
            raise ContractError(f"an alert of an unknown section {alert.section!r}")
        condition = context.rules.of(alert.condition)
        determinand = _known(context.determinands, alert.determinand)
        is_told = turn.change != "resolved" or (condition and condition.tells_resolved)
        if condition is not None and is_told:
            place = context.places[alert.section]
            written = write_notices(
                alert, turn.change, place, determinand, condition, data=kind,
                said=_said_of(alert, turn.change, context.samples),
                method=context.samples.methods.get(alert.latest.revision),
            )  # fmt: skip
            notices |= {notice.idempotency_key: notice for notice in written}
    for review in reviews:
        by_revision.setdefault(review.revision, review)
    return AlertOutcome(
        alerts=tuple(book[key] for key in sorted(book)),
        notices=tuple(sorted(notices.values(), key=lambda one: (one.at, one.idempotency_key))),
        reviews=tuple(by_revision[revision] for revision in sorted(by_revision)),
    )


def _said_of(alert: Alert, change: NoticeKind, samples: Samples) -> Status | None:
    """What the sample that a notice speaks of says of itself; of a correction, that one refuted it."""
    if change == "correction":
        return CONFIRMED if alert.revisions & samples.replaced.keys() else None
    return samples.status.get(alert.latest.revision)


def _known(determinands: Mapping[str, Determinand], key: str) -> Determinand:
    if key not in determinands:
        raise ContractError(f"unknown determinand {key!r}")
    return determinands[key]
