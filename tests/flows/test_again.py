"""Again: a second run changes nothing, a revised value gives a new statement, an old one comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ecomon.journey.compute_loads import LoadRule, compute_loads, sites_needed, span_for_loads
from ecomon.journey.make_statement import names_of
from ecomon.model.period import Period
from ecomon.model.provenance import Provenance
from ecomon.publish.assets import packaged_fonts
from ecomon.publish.statement_pdf import statement_pdf
from ecomon.publish.statement_workbook import statement_workbook
from ecomon.registry import read_registry
from ecomon.settings import read_settings
from ecomon.settle import document_bytes, settle_period
from flows.demo import write_real_files

JANUARY = Period.parse("2025-01")
STATEMENT = "statement-shadow-yaodu-2025-01"


@pytest.mark.parametrize("kind", [pytest.param("example", marks=pytest.mark.long), "real"])
def test_every_flow_twice_changes_nothing_but_the_runs(
    kind: str, request: pytest.FixtureRequest, steps: dict[str, Any], basin_files: list[Any]
) -> None:
    home = request.getfixturevalue(kind)
    before = home.contents(), home.files("documents"), home.files("outbox")
    n_runs = home.outcomes().total()
    if kind == "example":
        home.put(*basin_files)
    else:
        write_real_files(read_settings(home.home))
    ingested = home.ingest()
    assert all((one["n_new"], one["n_revised"], one["flags"]) == (0, 0, 0) for one in ingested)
    for flow, arguments in steps[kind]:
        home.run(flow, **arguments)
    after = home.contents(), home.files("documents"), home.files("outbox")
    assert after == before
    assert home.outcomes().total() == n_runs + len(ingested) + len(steps[kind])


@pytest.fixture(scope="module")
def revised(make_installation: Callable[..., Any], basin_files: list[Any], api: str) -> Any:
    """A statement published, then a file with other values of 姚渡, then settled and published again.

    Returns the installation, the first files and the second files.
    """
    home = make_installation("example")
    home.ingest(*basin_files)
    publish_january(home)
    first = home.files("documents")
    name = "water-2025-01.csv"
    feed, _, octets, fetched_s = next(one for one in basin_files if one[1] == name)
    lines = octets.decode().split("\r\n")
    changed = "\r\n".join(double_ammonia(line) if "姚渡,01-1" in line else line for line in lines)
    (report,) = home.ingest((feed, "later.csv", changed.encode(), fetched_s))
    assert report["n_revised"] > 50
    publish_january(home)
    return home, first, home.files("documents")


def publish_january(home: Any) -> None:
    home.run("settle", period="2025-01")
    home.run("publish", period="2025-01")


def double_ammonia(line: str) -> str:
    cells = line.split(",")
    if cells[11].replace(".", "").isdigit():
        cells[11] = f"{2 * float(cells[11]):.3f}"
    return ",".join(cells)


def test_a_revised_value_gives_a_new_statement(revised: Any) -> None:
    _, first, second = revised
    old, new = (json.loads(files[f"{STATEMENT}.json"]) for files in (first, second))
    assert new["provenance"]["known_at"] > old["provenance"]["known_at"]
    changed = [
        line["determinand"]
        for line, other in zip(new["lines"], old["lines"], strict=True)
        if line != other
    ]
    assert changed == ["NH3N"]
    assert float(new["amount_cny"]) < float(old["amount_cny"])


def test_a_statement_whose_data_did_not_change_stays_as_it_was(revised: Any) -> None:
    _, first, second = revised
    for suffix in ("json", "pdf", "xlsx"):
        name = f"statement-shadow-bamiaogou-2025-01.{suffix}"
        assert first[name] == second[name]


def test_the_former_statement_is_superseded_and_not_deleted(revised: Any) -> None:
    home, first, _ = revised
    old = json.loads(first[f"{STATEMENT}.json"])
    with home.store() as store:
        found = [
            one.document
            for one in store.read_statements("2025-01", as_known_at=store.now_seq())
            if one.document["agreement"]["id"] == "shadow-yaodu"
        ]
        settled = [run["run_id"] for run in store.read_runs(flow="settle")]
        kept = [
            one
            for seq in range(1, store.now_seq() + 1)
            for one in store.read_statements("2025-01", as_known_at=seq)
            if one.document == old
        ]
    assert old not in found
    assert kept
    assert kept[-1].superseded_seq is not None
    assert kept[-1].run_id == min(settled)


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_statement_can_be_made_again_octet_for_octet(revised: Any, which: str) -> None:
    """From the store as known at what its provenance names, by the journey alone."""
    home, *published = revised
    files = published[("first", "second").index(which)]
    document = json.loads(files[f"{STATEMENT}.json"])
    made = [statement_again(home, document, mode) for mode in ("two_sided", "one_sided")]
    assert document_bytes(made[0]) == files[f"{STATEMENT}.json"]
    names = names_of(read_registry())
    agreed, compared = (one.as_document() for one in made)
    printed = statement_pdf(agreed, packaged_fonts(), names=names, compared=compared)
    workbook = statement_workbook(agreed, names=names, compared=compared)
    assert printed == files[f"{STATEMENT}.pdf"]
    assert workbook == files[f"{STATEMENT}.xlsx"]


def statement_again(home: Any, document: dict[str, Any], mode: Any) -> Any:
    provenance = Provenance(**document["provenance"])
    registry = read_registry()
    assert registry.hash == provenance.ruleset
    agreement = registry.agreements[document["agreement"]["id"]]
    period = Period.parse(document["period"])
    months: list[pd.DataFrame] = []
    with home.store() as store:
        for month in period.split("month"):
            flagged = store.read_observations(
                span_for_loads(registry, [agreement.section], month),
                sites=sites_needed(registry, [agreement.section], month),
                as_known_at=provenance.known_at,
            )
            rule = LoadRule.of(agreement)
            months.append(compute_loads(flagged, registry, agreement.section, rule, month))
    loads = pd.concat(months, ignore_index=True)
    return settle_period(agreement, loads, period, mode=mode, provenance=provenance)
