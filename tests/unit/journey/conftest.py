"""A border of two factors in February 2025, small enough to reckon by hand.

CODMN reads 4.2, 4.3, 4.4, 4.5 mg/L each day: mean 4.35, assessed 4.4 (half to even), 0.4 above the
target. NH3N reads 0.4, 0.4, below 0.025 (counts zero) and 0.8: mean 0.40, 0.1 below. The water takes
a day from the gauge: 128 m3/s on 31 January and 27 days of 100 make 2828 x 86 400 m3, and the 500
of 28 February belong to March.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from ecomon.journey.compute_loads import LoadRule, approvals_used, compute_loads
from ecomon.journey.make_statement import statement_files
from ecomon.journey.trace_statement import trace_month
from ecomon.model.agreement import Agreement, Factor, Party
from ecomon.model.approval import least_approval
from ecomon.model.period import Period
from ecomon.model.place import DischargeLink
from ecomon.model.provenance import Provenance
from ecomon.model.tables import FLAGGED
from ecomon.registry import Registry, read_registry
from ecomon.registry.layout import KINDS
from ecomon.registry.snapshot import registry_of
from ecomon.settle import settle_period

FACT: dict[str, Any] = {"source": "test", "confidence": "verified"}
MONTH = Period.month(2025, 2)
UP, DOWN = "620000", "510000"
Bundle = dict[str, bytes]


@pytest.fixture(scope="session")
def agreement() -> Agreement:
    def factor(key: str, target: str, price: str, decimals: int) -> Factor:
        return Factor(
            determinand=key, target_mg_l=Decimal(target), price_cny_per_t=Decimal(price),
            decimals_concentration=decimals, **FACT,
        )  # fmt: skip

    return Agreement(
        id="pair", version="2025", name_zh="协议", name_en="agreement", is_shadow=False,
        legal_basis="-", section="yaodu", family="F2", mode="two_sided",
        upstream=Party(jurisdiction=UP, name_zh="甘肃省", name_en="Gansu"),
        downstream=Party(jurisdiction=DOWN, name_zh="四川省", name_en="Sichuan"),
        factors=(factor("CODMN", "4", "15000", 1), factor("NH3N", "0.5", "100000", 2)),
        min_days_per_month=20, min_coverage_discharge=0.8, decimals_load_t=3, decimals_money=2,
        **FACT,
    )  # fmt: skip


@pytest.fixture(scope="session")
def registry(agreement: Agreement) -> Registry:
    """The shipped facts with this agreement alone and a day of travel from the gauge."""
    shipped = read_registry()
    facts = {
        name: {name: getattr(shipped, name)} if kind.form == "single" else getattr(shipped, name)
        for name, kind in KINDS.items()
    }
    link = DischargeLink(gauge="bikou", method="same_site", travel_time_h=25, **FACT)
    yaodu = shipped.sections["yaodu"].model_copy(update={"discharge": (link,)})
    sections = {**shipped.sections, "yaodu": yaodu}
    return registry_of({**facts, "sections": sections, "agreements": {"pair": agreement}})


def reading(
    site: str, determinand: str, start: datetime, value: float, **others: Any
) -> dict[str, Any]:
    return {
        "site": site, "determinand": determinand, "statistic": "value", "start": start,
        "duration_s": 0, "programme": "automatic", "source": "cnemc-water", "replicate": 0,
        "value": value, "unit": "mg/L", "censor": "none", "source_flag": None, "flag": 1,
        "decision": None, "approval": "provisional", **others,
    }  # fmt: skip


def water(day: datetime) -> list[dict[str, Any]]:
    hours = [day + timedelta(hours=hour) for hour in (0, 4, 8, 12)]
    codmn = zip(hours, (4.2, 4.3, 4.4, 4.5), strict=True)
    nh3n = zip(hours, (0.4, 0.4, 0.025, 0.8), strict=True)
    return [
        *(reading("yaodu", "CODMN", hour, value) for hour, value in codmn),
        *(
            reading("yaodu", "NH3N", hour, value, censor="left" if value == 0.025 else "none")
            for hour, value in nh3n
        ),
    ]


def discharge(day: datetime, value: float) -> dict[str, Any]:
    mean = {"statistic": "mean", "duration_s": 86_400, "source": "st-river-r", "unit": "m3/s"}
    return reading("bikou", "DISCHARGE", day, value, **mean)


def table_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Table FLAGGED with origins, revisions from 1 on in the order of the rows."""
    table = pd.DataFrame(rows)
    numbers = range(1, len(rows) + 1)
    table = table.assign(
        revision=numbers, row=numbers, file_name="water,2025.csv", sha256="ab" * 32, batch_id=7,
        decoder="tests", decoder_version="1",
    ).astype({"decision": "str", "approval": "str", "file_name": "str", "sha256": "str", "decoder": "str",
              "decoder_version": "str"})  # fmt: skip
    return FLAGGED.frame(table.to_dict("series"))


def february() -> list[dict[str, Any]]:
    days = [MONTH.start + timedelta(days=at) for at in range(28)]
    rows = [row for day in days for row in water(day)]
    rows += [discharge(datetime(2025, 1, 30), 900.0), discharge(datetime(2025, 1, 31), 128.0)]
    rows += [discharge(day, 500.0 if day.day == 28 else 100.0) for day in days]
    # Not used: flagged out, outranked by the feed that goes before, in a day with too few.
    rows.append(reading("yaodu", "CODMN", datetime(2025, 2, 3, 16), 99.0, flag=4))
    rows.append(reading("yaodu", "CODMN", datetime(2025, 2, 2), 9.0, source="tabulated"))
    is_short = {datetime(2025, 2, 5, 12)}
    rows = [row for row in rows if row["determinand"] != "CODMN" or row["start"] not in is_short]
    # Neither a factor of the agreement nor at its section.
    return [*rows, reading("yaodu", "TP", days[0], 0.1), reading("bamiaogou", "CODMN", days[0], 3)]


@pytest.fixture(scope="session")
def flagged() -> pd.DataFrame:
    return table_of(february())


@pytest.fixture(scope="session")
def publish(registry: Registry, agreement: Agreement) -> Callable[[pd.DataFrame], Bundle]:
    """Settles and publishes a table of readings: all files by name."""

    def make(table: pd.DataFrame) -> Bundle:
        given = (table, registry, "yaodu", LoadRule.of(agreement), MONTH)
        loads, approval = compute_loads(*given), least_approval(approvals_used(*given))
        provenance = Provenance(
            kind="golden", known_at=3, ruleset=registry.hash, code_version="0.1.0"
        )
        document = settle_period(
            agreement, loads, MONTH, provenance=provenance, approval=approval
        ).as_document()
        return statement_files(
            document,
            registry,
            compared=None,
            trace=trace_month(table, registry, agreement, MONTH),
            ruleset=registry.snapshot,
        )

    return make


@pytest.fixture(scope="session")
def bundle(publish: Callable[[pd.DataFrame], Bundle], flagged: pd.DataFrame) -> Bundle:
    return publish(flagged)
