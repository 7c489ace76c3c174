"""Evidence out of a store: of real readings (no amount), of the example basin, and as known then.

The steps of the flows are called without a server; what is tested is what they read and hand on.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ecomon.example import cnemc_archive_csv, readings, simulate_basin, st_river_r_csv
from ecomon.journey.make_statement import agreed_statements
from ecomon.journey.read_readings import feed_named
from ecomon.journey.verify_statement import Verification, verify_statement
from ecomon.model.observation import Batch, DataKind
from ecomon.model.period import Period
from ecomon.settings import read_settings
from ecomon.store import Store
from flows.evidence import files_with_evidence
from flows.ingest import flag_changes, ingest_file
from flows.installation import Run, recorded_run
from flows.settle import settle

Files = dict[str, bytes]


def make_home(home: Path, kind: DataKind, files: dict[str, tuple[str, bytes]]) -> Path:
    """An installation with these files (name to feed and octets) ingested and flagged."""
    settings = read_settings(home)
    Store.create(settings.store_url, kind=kind).close()
    with recorded_run(str(home), "ingest", {}) as run:
        for name, (feed, octets) in files.items():
            path = home / name
            path.write_bytes(octets)
            ingest_file(run, feed_named(feed, run.registry), path, 2025)
        flag_changes.fn(run, 0)
    return home


def published(home: Path, period: str) -> list[Files]:
    """The files of each statement of a period, as the publish flow makes them."""
    with recorded_run(str(home), "publish", {}) as run:
        stored = [one.document for one in run.store.read_statements(period)]
        return [files_with_evidence(run, *pair) for pair in agreed_statements(stored)]


def verified(files: Files) -> Verification:
    (manifest,) = [octets for name, octets in files.items() if name.endswith("-manifest.json")]
    return verify_statement(manifest, files)


@pytest.fixture(scope="module")
def example_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    month = Period.month(2025, 2)
    basin = simulate_basin(month, seed=2025)
    home = make_home(
        tmp_path_factory.mktemp("example"),
        "example",
        {
            "water.csv": ("cnemc-water", cnemc_archive_csv(basin, month)),
            "river.csv": ("st-river-r", st_river_r_csv(basin, month)),
        },
    )
    settle.fn(str(home), "2025-02")
    return home


def test_real_readings_without_discharge(tmp_path: Path) -> None:
    files = {name: ("tabulated", octets) for name, octets in readings().items()}
    home = make_home(tmp_path, "real", files)
    settle.fn(str(home), "2021-04")
    for bundle in published(home, "2021-04"):
        found = verified(bundle)
        assert found.differences == ()
        assert found.n_readings > 0
        (statement,) = [one for name, one in bundle.items() if name.endswith("2021-04.json")]
        assert json.loads(statement)["amount_cny"] is None


def test_the_example_basin(example_home: Path) -> None:
    bundles = published(example_home, "2025-02")
    assert len(bundles) == 2
    for bundle in bundles:
        found = verified(bundle)
        assert found.differences == ()
        assert (found.n_days, found.n_lines) == (4 * 28, 3)
        assert bundle in published(example_home, "2025-02")


def test_a_reading_leads_to_its_row_in_the_file(example_home: Path) -> None:
    (bundle, _) = published(example_home, "2025-02")
    (octets,) = [one for name, one in bundle.items() if name.endswith("-readings.csv")]
    lines = [line for line in octets.decode("utf-8-sig").splitlines() if line[0] not in '#"']
    first = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    with Store.open(read_settings(example_home).store_url) as store:
        file = store.read_blob(first["sha256"]).decode("utf-8-sig").splitlines()
    assert first["value"] in file[int(first["row"])].split(",")


def test_the_evidence_is_that_of_the_moment_of_the_statement(example_home: Path) -> None:
    before = published(example_home, "2025-02")
    with recorded_run(str(example_home), "ingest", {}) as run:
        revise_all(run, "yaodu", "TP", Period.day(2025, 2, 3))
        assert run.store.input_seq() > run.known_at
        flag_changes.fn(run, run.known_at)
    assert published(example_home, "2025-02") == before


def revise_all(run: Run, site: str, determinand: str, period: Period) -> None:
    """A later file that gives a tenth of each value."""
    known = run.store.read_observations(period, sites=[site], determinands=[determinand])
    revised = known.assign(value=known["value"] / 10).drop(columns=["revision", "flag", "decision"])
    run.store.ingest(
        [Batch(pd.DataFrame(revised))], blob=b"later", file_name="later.csv", source="cnemc-water",
        decoder="tests", decoder_version="1",
    )  # fmt: skip


def test_a_statement_of_approved_readings_says_so(example_home: Path) -> None:
    before = published(example_home, "2025-02")
    approve_all(example_home, Period.parse("2025-01-01/2025-03-31"))
    settle.fn(str(example_home), "2025-02")
    bundles = published(example_home, "2025-02")
    for bundle in bundles:
        assert verified(bundle).differences == ()
        (octets,) = [one for name, one in bundle.items() if name.endswith("2025-02.json")]
        document = json.loads(octets)
        assert (document["approval"], document["is_payable"]) == ("approved", False)
        assert "数据未经审核" not in {label["zh"] for label in document["labels"]}
    assert len(bundles) == len(before)
    settle.fn(str(example_home), "2025-02")
    assert published(example_home, "2025-02") == bundles


def approve_all(home: Path, period: Period) -> None:
    with Store.open(read_settings(home).store_url) as store:
        founder = store.authenticate(store.add_actor("admin", "administrator", by=None).text)
        for state, role in (("reviewed", "reviewer"), ("approved", "approver")):
            who = store.authenticate(store.add_actor(role, role, by=founder).text)
            for case in store.read_cases():  # whoever stands for a month has judged its doubts
                store.decide_case(case["case"], "reject", actor=who, reason="月审")
            for site in store.read_observations(period)["site"].unique():
                store.record_approval(site, period, state, actor=who, reason="月审")
