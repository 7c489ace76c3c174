"""Old data read today: the alerts are kept, and offices hear of them only where it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecomon.errors import ContractError
from ecomon.example import emergency_csv, simulate_basin
from ecomon.journey.read_readings import feed_named
from ecomon.model.period import Period
from ecomon.notify import CHANNEL
from ecomon.settings import read_settings
from ecomon.store import Store
from flows.alert import judge
from flows.ingest import flag_changes, ingest_file
from flows.installation import recorded_run
from flows.run import run_flow

RELEASE = Period.parse("2025-01")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation that holds the emergency samples of the example's release, long past."""
    Store.create(read_settings(tmp_path).store_url, kind="example").close()
    path = tmp_path / "thallium.csv"
    path.write_bytes(emergency_csv(simulate_basin(RELEASE, seed=2025)))
    with recorded_run(str(tmp_path), "ingest", {}) as run:
        ingest_file(run, feed_named("tabulated", run.registry), path, None)
        flag_changes.fn(run, 0)
    return tmp_path


def test_a_backfill_wakes_nobody(home: Path) -> None:
    with recorded_run(str(home), "alert", {}) as run:
        counts = judge(run, RELEASE, "recent")
        assert (counts["alerts"], counts["notices"]) == (2, 0)
        assert counts["notices_withheld"] > 4
        assert run.store.pending_notices(CHANNEL) == []
        assert len(run.store.read_alerts()) == 2
        again = judge(run, RELEASE, "recent")
        assert (again["alerts"], again["notices"], again["notices_withheld"]) == (0, 0, 0)


def test_all_of_it_is_told_where_asked_for(home: Path) -> None:
    with recorded_run(str(home), "alert", {}) as run:
        counts = judge(run, RELEASE, "all")
        assert counts["notices_withheld"] == 0
        assert counts["notices"] == len(run.store.pending_notices(CHANNEL)) > 4


def test_another_word_is_refused_before_anything_runs(home: Path) -> None:
    options = {"home": home, "period": "2025-01", "feed": "tabulated", "files": None, "year": None}
    with pytest.raises(ContractError, match="--tell 'none' is not one of recent, all"):
        run_flow("alert", **options, tell="none")  # pyright: ignore[reportArgumentType]
