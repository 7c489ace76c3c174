"""What emergency samples say of themselves: 疑似, 确认, and which earlier report one takes the place of.

A positive of one method is 疑似 until it is confirmed (HJ 589-2021). Of one sample (place,
determinand, time) the last report holds: an alert that rests on an earlier one follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pandas as pd

from ecomon.alert.model import Alert
from ecomon.model.sample import CONFIRMED, PROGRAMME, STATUSES, SUSPECTED, Status

Moment = tuple[str, str, datetime]
"""Section, determinand, time."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The emergency samples among the readings, by revision.

    ``status`` holds those that say 疑似 or 确认; ``replaced`` earlier reports that alerts rest on,
    each with the revisions that stand in its place now; ``methods`` how they were measured, where
    that is told.
    """

    status: Mapping[int, Status] = field(default_factory=dict[int, Status])
    replaced: Mapping[int, frozenset[int]] = field(default_factory=dict[int, frozenset[int]])
    methods: Mapping[int, str] = field(default_factory=dict[int, str])

    def is_suspected(self, revision: int) -> bool:
        return self.status.get(revision) == SUSPECTED

    def refuted(self, exceeding: frozenset[int]) -> frozenset[int]:
        """Replaced revisions in whose place nothing is among those that exceed a limit now."""
        return frozenset(old for old, new in self.replaced.items() if not new & exceeding)

    def without_replaced(self, alert: Alert) -> tuple[Alert, bool]:
        """The alert with only the last report of each sample; whether one of these confirms another."""
        gone = {
            old for old in alert.revisions if self.replaced.get(old, frozenset()) & alert.revisions
        }
        if not gone:
            return alert, False
        left = tuple(one for one in alert.sightings if one.revision not in gone)
        new = frozenset[int]().union(*(self.replaced[old] for old in gone)) & alert.revisions
        is_confirmed = any(self.status.get(revision) == CONFIRMED for revision in new)
        return replace(alert, sightings=left), is_confirmed


def find_samples(
    observations: pd.DataFrame, alerts: Iterable[Alert], methods: Mapping[int, str] | None = None
) -> Samples:
    """The emergency samples of a table of readings (FLAGGED), and what they replaced in alerts.

    ``methods`` says by revision how a sample was measured, as the laboratory wrote it (HJ 589-2021).
    """
    own = observations[observations["programme"] == PROGRAMME]
    if own.empty:
        return Samples()
    revisions: list[int] = own["revision"].tolist()
    status: dict[int, Status] = {}
    for word in STATUSES:
        status |= dict.fromkeys(own["revision"][own["source_flag"] == word].tolist(), word)
    standing: dict[Moment, set[int]] = {}
    columns = (own[name].tolist() for name in ("site", "determinand", "start"))
    for revision, site, determinand, start in zip(revisions, *columns, strict=True):
        standing.setdefault((site, determinand, start.to_pydatetime()), set()).add(revision)
    current = set(observations["revision"].tolist())
    replaced = {
        one.revision: frozenset(standing[place])
        for alert in alerts
        for one in alert.sightings
        for place in [(alert.section, alert.determinand, one.start)]
        if place in standing and one.revision not in current
    }
    return Samples(status, replaced, methods or {})
