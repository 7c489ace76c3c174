"""Days on which the gauge gives its stage alone: the load rests on the rating table, and says so.

The rating of 碧口 puts 100 m3/s at 500 m and 140 at 502 m, so 501 m are 120 m3/s by hand.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from io import StringIO
from typing import Any

import pandas as pd
import pytest

from ecomon.errors import UnitMismatch
from ecomon.journey.compute_loads import (
    LoadRule,
    compute_loads,
    count_derived,
    determinands_needed,
)
from ecomon.journey.trace_statement import trace_month
from ecomon.journey.verify_statement import verify_statement
from ecomon.load.rating import derive_discharges
from ecomon.model.agreement import Agreement
from ecomon.model.period import Period
from ecomon.model.rating import RatingCurve
from ecomon.registry import Registry

MONTH = Period.month(2025, 2)
DAY_S = 86_400
Rows = list[dict[str, Any]]


def rating(**fields: Any) -> RatingCurve:
    return RatingCurve.model_validate(
        {
            "id": "bikou-2025", "gauge": "bikou", "version": "1", "datum": "test",
            "begins_at": datetime(2025, 1, 1), "points": [(500, 100), (502, 140)],
            "source": "test", "confidence": "verified", **fields,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def rated(registry: Registry) -> Registry:
    """The registry with a rating table; its hash and snapshot hold it."""
    from ecomon.registry.layout import KINDS
    from ecomon.registry.snapshot import registry_of

    facts = {
        name: {name: getattr(registry, name)} if kind.form == "single" else getattr(registry, name)
        for name, kind in KINDS.items()
    }
    return registry_of({**facts, "ratings": {"bikou-2025": rating()}})


def stage(day: datetime, metres: float, **others: Any) -> Rows:
    """A day of hourly stages."""
    common = {
        "site": "bikou", "determinand": "STAGE", "statistic": "value", "duration_s": 0,
        "programme": "automatic", "source": "st-river-r", "replicate": 0, "unit": "m",
        "censor": "none", "source_flag": None, "flag": 1, "decision": None,
        "approval": "provisional", "value": metres, **others,
    }  # fmt: skip
    return [{**common, "start": day + timedelta(hours=hour)} for hour in range(24)]


@pytest.fixture(scope="module")
def readings(flagged: pd.DataFrame) -> Callable[..., pd.DataFrame]:
    """February with the discharge of the 10th replaced by what is given (its water passes on the 11th)."""

    def make(*rows: Rows) -> pd.DataFrame:
        is_tenth = (flagged["determinand"] == "DISCHARGE") & (
            flagged["start"] == datetime(2025, 2, 10)
        )
        kept = flagged[~is_tenth]
        more = pd.DataFrame([one for part in rows for one in part])
        first = int(flagged["revision"].max()) + 1
        more = more.assign(
            revision=range(first, first + len(more)), row=range(1, len(more) + 1),
            file_name="river.csv", sha256="cd" * 32, batch_id=8, decoder="tests", decoder_version="1",
        )  # fmt: skip
        return pd.concat([kept, more.astype(kept.dtypes.to_dict())], ignore_index=True)

    return make


def volume(table: pd.DataFrame, registry: Registry, agreement: Agreement) -> Fraction | None:
    loads = compute_loads(table, registry, "yaodu", LoadRule.of(agreement), MONTH)
    return loads["volume_exact"].iloc[0]


def test_a_day_of_stages_is_a_day_of_discharge(readings, rated, registry, agreement) -> None:
    table = readings(stage(datetime(2025, 2, 10), 501.0))
    # 2828 m3/s-days by hand (see conftest), 100 of them on the 10th.
    assert volume(table, rated, agreement) == (2828 - 100 + 120) * DAY_S
    assert volume(table, registry, agreement) == Fraction(2728, 27) * 28 * DAY_S  # no rating: a gap
    rule = LoadRule.of(agreement)
    assert count_derived(table, rated, "yaodu", rule, MONTH) == {"derived": 24, "unrated": 0}
    assert determinands_needed(rated, ["yaodu"], rule, MONTH)[-1] == "STAGE"
    assert "STAGE" not in determinands_needed(registry, ["yaodu"], rule, MONTH)


def test_a_discharge_that_is_given_wins_even_where_it_is_doubted(
    readings, rated, agreement
) -> None:
    given = stage(datetime(2025, 2, 10), 100.0, determinand="DISCHARGE", unit="m3/s")
    table = readings(given, stage(datetime(2025, 2, 10), 501.0))
    assert volume(table, rated, agreement) == 2828 * DAY_S
    doubted = [{**one, "flag": 3} for one in given]
    table = readings(doubted, stage(datetime(2025, 2, 10), 501.0))
    assert volume(table, rated, agreement) == Fraction(2728, 27) * 28 * DAY_S


def test_a_missing_discharge_is_derived(readings, rated, agreement) -> None:
    missing = stage(
        datetime(2025, 2, 10), float("nan"), determinand="DISCHARGE", unit="m3/s", flag=9
    )
    table = readings(missing, stage(datetime(2025, 2, 10), 501.0))
    assert volume(table, rated, agreement) == (2828 - 100 + 120) * DAY_S


def test_nothing_is_extrapolated_and_a_doubted_stage_counts_for_nothing(
    readings, rated, agreement
) -> None:
    beyond = readings(stage(datetime(2025, 2, 10), 502.5))
    assert volume(beyond, rated, agreement) == Fraction(2728, 27) * 28 * DAY_S
    rule = LoadRule.of(agreement)
    assert count_derived(beyond, rated, "yaodu", rule, MONTH) == {"derived": 0, "unrated": 24}
    doubted = readings(stage(datetime(2025, 2, 10), 501.0, flag=3))
    assert volume(doubted, rated, agreement) == Fraction(2728, 27) * 28 * DAY_S
    derived = trace_month(beyond, rated, agreement, MONTH).readings.dropna(subset="rating")
    assert set(derived["rating"]) == {"bikou-2025@1 高于率定范围 above the rating table"}
    assert not derived["is_used"].any()


def test_an_unverified_rating_makes_the_discharge_unverified(readings, rated, agreement) -> None:
    doubtful = replace(rated, ratings={"bikou-2025": rating(confidence="unverified")})
    table = readings(stage(datetime(2025, 2, 10), 501.0))
    rule = LoadRule.of(agreement)
    assert "待核实" in compute_loads(table, doubtful, "yaodu", rule, MONTH)["reason"].iloc[0]
    assert "待核实" not in compute_loads(table, rated, "yaodu", rule, MONTH)["reason"].iloc[0]


def test_the_statement_leads_to_the_stage_and_its_rating_and_is_verified(
    readings, rated, agreement
) -> None:
    table = readings(stage(datetime(2025, 2, 10), 501.0))
    files = statement(table, rated, agreement)
    (name,) = [one for one in files if one.endswith("-readings.csv")]
    lines = list(csv.reader(StringIO(files[name].decode("utf-8-sig"), newline="")))
    rows = [line for line in lines if not line[0].startswith("#")]
    cells = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    derived = [one for one in cells if one["rating"]]
    assert len(derived) == 24
    first = derived[0]
    assert (first["determinand"], first["value"], first["unit"]) == ("STAGE", "501", "m")
    assert (first["role"], first["counted"], first["rating"]) == (
        "discharge", "120", "bikou-2025@1",
    )  # fmt: skip
    assert first["file"] == "river.csv"
    (manifest,) = [octets for one, octets in files.items() if one.endswith("-manifest.json")]
    assert verify_statement(manifest, files).differences == ()
    snapshot = json.loads(rated.snapshot)
    assert snapshot["ratings"]["bikou-2025"]["points"] == [[500, 100], [502, 140]]


def test_a_statement_without_derived_discharge_has_no_such_column(bundle: dict[str, bytes]) -> None:
    (octets,) = [one for name, one in bundle.items() if name.endswith("-readings.csv")]
    assert b"rating" not in octets


def test_a_stage_in_another_unit_is_refused(readings) -> None:
    table = readings(stage(datetime(2025, 2, 10), 501.0, unit="cm"))
    with pytest.raises(UnitMismatch, match="bikou"):
        derive_discharges(table, {"bikou": [rating()]})


def statement(table: pd.DataFrame, registry: Registry, agreement: Agreement) -> dict[str, bytes]:
    from ecomon.journey.compute_loads import approvals_used
    from ecomon.journey.make_statement import statement_files
    from ecomon.model.approval import least_approval
    from ecomon.model.provenance import Provenance
    from ecomon.settle import settle_period

    given = (table, registry, "yaodu", LoadRule.of(agreement), MONTH)
    provenance = Provenance(kind="golden", known_at=3, ruleset=registry.hash, code_version="0.1.0")
    document = settle_period(
        agreement,
        compute_loads(*given),
        MONTH,
        provenance=provenance,
        approval=least_approval(approvals_used(*given)),
    ).as_document()
    trace = trace_month(table, registry, agreement, MONTH)
    return statement_files(
        document, registry, compared=None, trace=trace, ruleset=registry.snapshot
    )
