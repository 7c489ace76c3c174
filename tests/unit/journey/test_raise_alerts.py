"""Alerts by the shipped facts: metals upstream of an intake, and what is too old to be told."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pandas as pd
import pytest

from ecomon.alert import AlertOutcome
from ecomon.example import emergency_csv, simulate_basin
from ecomon.journey.assess_period import yardsticks_on
from ecomon.journey.raise_alerts import raise_alerts, told_and_withheld
from ecomon.model.period import Period
from ecomon.model.tables import FLAGGED
from ecomon.registry import Registry, read_registry

RELEASE = Period.parse("2025-01")
ABOVE_THE_INTAKE = {"bamiaogou", "datan", "qingfengxia", "shahe", "qianfoya"}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry()


@pytest.fixture(scope="module")
def samples() -> pd.DataFrame:
    """The emergency samples of the example's release, as its file holds them, all good."""
    text = emergency_csv(simulate_basin(RELEASE, seed=2025)).decode("utf-8-sig")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    count = len(rows)
    printed = [row["TL[mg/L]"] for row in rows]
    return FLAGGED.frame(
        {
            "site": [row["site"] for row in rows], "determinand": ["TL"] * count,
            "statistic": ["value"] * count,
            "start": [datetime.fromisoformat(row["start"]) for row in rows],
            "duration_s": [0] * count, "programme": ["emergency"] * count,
            "source": ["tabulated"] * count, "replicate": [0] * count,
            "value": [float(text.lstrip("<")) for text in printed], "unit": ["mg/L"] * count,
            "censor": ["left" if text.startswith("<") else "none" for text in printed],
            "source_flag": [""] * count,
            "row": list(range(count)), "revision": list(range(1, count + 1)), "flag": [1] * count,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def outcome(registry: Registry, samples: pd.DataFrame) -> AlertOutcome:
    return raise_alerts(
        [], samples, registry, RELEASE, as_of=RELEASE.end, decisions={}, kind="example"
    )


def test_the_metals_of_table_3_hold_as_reference_above_an_intake(registry: Registry) -> None:
    of = yardsticks_on(registry, date(2025, 1, 18)).intake_standards
    assert set(of) == ABOVE_THE_INTAKE | {"xiwan-intake"}
    whole = registry.standard("GB 3838", "3", "intake", date(2025, 1, 18))
    assert of["xiwan-intake"] is whole
    for section in ABOVE_THE_INTAKE:
        keys = {limit.determinand for limit in of[section].single_limits}
        assert {"TL", "SB"} <= keys
        assert all(registry.determinands[key].is_toxic_metal for key in keys)


def test_thallium_is_told_at_the_border_before_it_reaches_the_intake(outcome: AlertOutcome) -> None:
    """The example's release: its first reading over the limit at each place, 20 h apart."""
    plant = [one for one in outcome.notices if one.office == "xiwan-waterworks"]
    firing = [one for one in plant if one.kind == "firing"]
    assert [(one.fingerprint.split("/")[0], one.at) for one in firing] == [
        ("bamiaogou", datetime(2025, 1, 18, 6)),
        ("xiwan-intake", datetime(2025, 1, 19, 2)),
    ]
    assert {one.severity for one in firing} == {"critical"}
    assert "本断面非取水口，仅作参照" in firing[0].body_zh
    assert "仅作参照" not in firing[1].body_zh


def test_the_end_is_told_after_two_days_of_compliance(outcome: AlertOutcome) -> None:
    for alert in outcome.alerts:
        assert alert.state == "resolved"
        assert alert.calm_h >= 48


def test_old_events_are_known_and_not_told(registry: Registry, outcome: AlertOutcome) -> None:
    """max_notice_age_h is 168: seven days after the first notice it may still go out."""
    first = min(one.at for one in outcome.notices)
    whole = len(outcome.notices)
    told, withheld = told_and_withheld(outcome.notices, registry.alerts, datetime(2025, 1, 25, 6))
    assert first == datetime(2025, 1, 18, 6)
    assert (len(told), len(withheld)) == (whole, 0)
    told, withheld = told_and_withheld(outcome.notices, registry.alerts, datetime(2025, 1, 25, 7))
    assert {one.at for one in withheld} == {first}
    told, withheld = told_and_withheld(outcome.notices, registry.alerts, datetime(2026, 1, 1))
    assert (told, len(withheld)) == ([], whole)
