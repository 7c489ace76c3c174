"""Exceedances → alerts that open, fire and resolve, and the notices and reviews they call for.

The words are Alertmanager's; one event is one alert is one notice to each office.
"""

from ecomon.alert.advance import AlertOutcome, Decision, advance_alerts
from ecomon.alert.instruments import (
    NewQuirk,
    WatchedInstrument,
    stand_of_instruments,
    stand_of_new_quirks,
)
from ecomon.alert.model import Alert, AlertPlace, Notice, Review, Sighting
from ecomon.alert.operations import (
    OperationsAlert,
    OperationsOutcome,
    advance_operations,
    resumption_of,
)
from ecomon.alert.operations_words import OPERATIONS_OFFICE, write_operations_notices
from ecomon.alert.rules import AlertRules, Condition, InstrumentRules
from ecomon.alert.standing import (
    Listening,
    Standing,
    stand_of_feed,
    stand_of_flows,
    stand_of_polls,
)

__all__ = [
    "OPERATIONS_OFFICE",
    "Alert",
    "AlertOutcome",
    "AlertPlace",
    "AlertRules",
    "Condition",
    "Decision",
    "InstrumentRules",
    "Listening",
    "NewQuirk",
    "Notice",
    "OperationsAlert",
    "OperationsOutcome",
    "Review",
    "Sighting",
    "Standing",
    "WatchedInstrument",
    "advance_alerts",
    "advance_operations",
    "resumption_of",
    "stand_of_feed",
    "stand_of_flows",
    "stand_of_instruments",
    "stand_of_new_quirks",
    "stand_of_polls",
    "write_operations_notices",
]
