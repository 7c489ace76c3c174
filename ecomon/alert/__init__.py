"""Exceedances → alerts that open, fire and resolve, and the notices and reviews they call for.

The words are Alertmanager's; one event is one alert is one notice to each office.
"""

from ecomon.alert.advance import AlertOutcome, Decision, advance_alerts
from ecomon.alert.model import Alert, AlertPlace, Notice, Review, Sighting
from ecomon.alert.rules import AlertRules, Condition

__all__ = [
    "Alert",
    "AlertOutcome",
    "AlertPlace",
    "AlertRules",
    "Condition",
    "Decision",
    "Notice",
    "Review",
    "Sighting",
    "advance_alerts",
]
