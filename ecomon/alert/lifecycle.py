"""The life of one alert: pending, firing, resolved; and the pure step from one reading to the next.

One alert is one event: an unbroken run of exceedances of one determinand at one section by one
condition, with hysteresis at its end. The states are Alertmanager's, deadband and repetition are
those of ISA-18.2-2016. Nothing here knows the time of day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from ecomon.alert.model import Alert, Reading
from ecomon.alert.rules import AlertRules, Condition

Change = Literal["firing", "resolved", "correction", "confirmation", "lone"]
"""What a step brings about: a notice of that kind, or (``lone``) a review."""


def fingerprint_of(section: str, determinand: str, condition: Condition) -> str:
    """What an alert is told apart by, in words that stay the same from run to run."""
    return f"{section}/{determinand}/{condition.basis}/{condition.id}"


def open_alert(
    reading: Reading, condition: Condition, series: tuple[str, str], value_before: float | None
) -> Alert:
    """A pending alert at its first exceedance, which :func:`absorb` has yet to count."""
    section, determinand = series
    return Alert(
        fingerprint=fingerprint_of(section, determinand, condition),
        section=section, determinand=determinand, basis=condition.basis, condition=condition.id,
        severity=condition.severity, state="pending", opened_at=reading.start,
        last_read_at=reading.start, last_value=reading.value, limit=reading.limit,
        is_upper=reading.value > reading.limit, unit=reading.unit, standard=reading.standard,
        value_before=value_before,
    )  # fmt: skip


def absorb(
    alert: Alert, reading: Reading, condition: Condition, rules: AlertRules
) -> tuple[Alert, Change | None]:
    """The open alert after one more reading, and what that brings about.

    An exceedance fires a pending alert when it is the ``min_repeats``-th in a row, or confirmed by
    a person. A calm reading ends a pending alert as ``lone``; ``calm_repeats`` of them in a row
    over ``calm_h`` hours resolve a firing one. A reading between calm and limit breaks both rows,
    a gap longer than ``max_gap_h`` the calm one: nobody knows what passed in it.
    """
    seen = replace(alert, last_read_at=reading.start, last_value=reading.value)
    if reading.is_exceeding:
        seen = replace(
            seen, sightings=(*alert.sightings, *reading.sightings), streak=alert.streak + 1, n_calm=0,
            calm_since=None, is_confirmed=alert.is_confirmed or reading.is_confirmed, limit=reading.limit,
            is_upper=reading.value > reading.limit, standard=reading.standard,
        )  # fmt: skip
        is_sure = seen.streak >= condition.min_repeats or seen.is_confirmed
        if alert.state == "pending" and is_sure:
            return replace(seen, state="firing", fired_at=reading.start), "firing"
        return seen, None
    is_calm = rules.is_calm(
        reading.value, alert.limit, condition=condition,
        determinand=alert.determinand, is_upper=alert.is_upper,
    )  # fmt: skip
    seen = replace(seen, streak=0, **_calm_row(alert, reading, rules, is_calm=is_calm))
    if is_calm and alert.state == "pending":
        return replace(seen, state="resolved", resolved_at=reading.start), "lone"
    if seen.n_calm >= condition.calm_repeats:
        over = replace(seen, state="resolved", resolved_at=reading.start)
        if over.calm_h >= condition.calm_h:
            return over, "resolved"
    return seen, None


def _calm_row(
    alert: Alert, reading: Reading, rules: AlertRules, *, is_calm: bool
) -> dict[str, Any]:
    """``n_calm`` and ``calm_since`` after a reading that does not exceed."""
    if not is_calm:
        return {"n_calm": 0, "calm_since": None}
    if alert.calm_since is None or _is_gap(alert, reading.start, rules):
        return {"n_calm": 1, "calm_since": reading.start}
    return {"n_calm": alert.n_calm + 1, "calm_since": alert.calm_since}


def _is_gap(alert: Alert, moment: datetime, rules: AlertRules) -> bool:
    return moment - alert.last_read_at > timedelta(hours=rules.max_gap_h)


def part_from(
    alert: Alert, reading: Reading, condition: Condition, rules: AlertRules
) -> Alert | None:
    """The firing alert closed without a word where an exceedance belongs to a new event; or None.

    So it is when the reading before was calm, a gap longer than ``max_gap_h`` lies between, and the
    last exceedance is more than ``calm_h`` past. Compliance was not seen for long enough to tell of
    an end; but what is found then must not pass in silence as part of an event that was told of
    long ago (monthly samples, a dead station).
    """
    is_parted = reading.start - alert.last_seen_at > timedelta(hours=condition.calm_h)
    if alert.state != "firing" or not reading.is_exceeding or alert.n_calm == 0:
        return None
    if not (is_parted and _is_gap(alert, reading.start, rules)):
        return None
    return replace(alert, state="resolved", resolved_at=alert.last_read_at)


def lapse(alert: Alert, now: datetime, rules: AlertRules) -> tuple[Alert, Change | None]:
    """A pending alert without a further exceedance for ``max_gap_h`` ends as ``lone``."""
    end = alert.last_seen_at + timedelta(hours=rules.max_gap_h)
    if alert.state != "pending" or now <= end:
        return alert, None
    return replace(alert, state="resolved", resolved_at=end), "lone"


def judge(
    alert: Alert, condition: Condition, accepted: frozenset[int], rejected: frozenset[int]
) -> tuple[Alert, list[Change]]:
    """The alert after people have judged its observations, and the notices that follow.

    An accepted exceedance fires an alert that has never fired, be it pending or already over. When
    the exceedances left after rejection would not have made it fire, a fired alert is corrected and
    a pending one ends without a word. Otherwise the rejected ones are taken out of it.
    """
    if alert.is_corrected or not alert.revisions & (accepted | rejected):
        return alert, []
    left = tuple(one for one in alert.sightings if one.revision not in rejected)
    is_confirmed = any(one.revision in accepted for one in left)
    n_needed = condition.min_repeats if alert.fired_at else 1
    if not is_confirmed and len({one.start for one in left}) < n_needed:
        over = replace(
            alert, state="resolved", resolved_at=alert.resolved_at or alert.last_read_at
        )  # fmt: skip
        if alert.fired_at is None:
            return over, []
        return replace(over, is_corrected=True), ["correction"]
    streak = min(alert.streak, len(left))
    alert = replace(alert, sightings=left, is_confirmed=is_confirmed, streak=streak)
    if alert.fired_at is not None or not is_confirmed:
        return alert, []
    alert = replace(alert, fired_at=alert.last_seen_at)
    if alert.is_open:
        return replace(alert, state="firing"), ["firing"]
    return alert, ["firing", "resolved"]
