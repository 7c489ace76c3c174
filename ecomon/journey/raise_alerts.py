"""flagged readings -> exceedances -> alerts, notices and review cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from ecomon.alert import (
    Alert,
    AlertOutcome,
    AlertPlace,
    AlertRules,
    Decision,
    Notice,
    advance_alerts,
)
from ecomon.assess import find_exceedances
from ecomon.journey.assess_period import yardsticks_on
from ecomon.model.observation import DataKind
from ecomon.model.period import Period

if TYPE_CHECKING:
    from ecomon.registry import Registry


def span_to_watch(registry: Registry, period: Period) -> Period:
    """The period, begun earlier: the first readings are judged with the ones before them."""
    return Period(period.before(2 * registry.alerts.max_gap_h).start, period.end)


def alert_places(registry: Registry, day: date) -> dict[str, AlertPlace]:
    """Every section with its target on that day and the offices that are told of it."""
    return {
        section.id: AlertPlace(
            section, registry.target(section.id, day), registry.offices_to_tell(section.id)
        )
        for section in registry.sections.values()
    }


def exceedances_of_readings(
    flagged: pd.DataFrame, registry: Registry, period: Period
) -> pd.DataFrame:
    """Exceedances of single readings; the yardsticks are those of the period's last day."""
    day = (pd.Timestamp(period.end) - pd.Timedelta(seconds=1)).date()
    yardsticks = yardsticks_on(registry, day)
    return find_exceedances(
        flagged[flagged["site"].isin(list(registry.sections))],
        yardsticks.standards,
        yardsticks.targets,
        registry.determinands,
        intake_standards=yardsticks.intake_standards,
    )


def told_and_withheld(
    notices: Iterable[Notice], rules: AlertRules, now: datetime
) -> tuple[list[Notice], list[Notice]]:
    """Notices of what is recent, and those older than ``max_notice_age_h``.

    Files of past months, read today, must not wake an office over an event long past. Withheld
    notices are of alerts that the store then knows, so no later run tells them either.

    Parameters
    ----------
    now : naive Beijing datetime
    """
    oldest = now - timedelta(hours=rules.max_notice_age_h)
    told: list[Notice] = []
    withheld: list[Notice] = []
    for notice in notices:
        (told if notice.at >= oldest else withheld).append(notice)
    return told, withheld


def raise_alerts(
    known: Iterable[Mapping[str, Any]],
    flagged: pd.DataFrame,
    registry: Registry,
    period: Period,
    *,
    as_of: datetime,
    decisions: Mapping[int, str],
    kind: DataKind,
    methods: Mapping[int, str] | None = None,
) -> AlertOutcome:
    """Advance every alert through the readings of a period.

    Parameters
    ----------
    known : iterable of mapping
        Documents of the alerts known before.
    flagged : table FLAGGED
        Readings of ``span_to_watch(period)``.
    as_of : naive Beijing datetime
        Nothing later is looked at.
    decisions : mapping of revision to verdict
    methods : mapping of revision to how an emergency sample was measured, optional
    """
    return advance_alerts(
        [Alert.from_document(document) for document in known],
        exceedances_of_readings(flagged, registry, period),
        flagged,
        registry.alerts,
        places=alert_places(registry, period.start.date()),
        determinands=registry.determinands,
        as_of=as_of,
        decisions=cast("Mapping[int, Decision]", decisions),
        kind=kind,
        methods=methods,
    )
