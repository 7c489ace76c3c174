"""Pull: read the tables an installation has turned on, and lay what is new into the inbox."""

from __future__ import annotations

import time
from typing import Any

import structlog
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.model.poll import PollState
from ecomon.model.pull import Pull
from flows.databases import LEASE_S, Pulled, pull_rows
from flows.installation import Run, recorded_run

_log = structlog.get_logger()


@flow(name="pull", timeout_seconds=6 * 3600)
def pull(home: str) -> dict[str, Any]:
    """Read every pull that is turned on and due; its rows wait in ``inbox/<feed>/`` then.

    Nothing is read where no pull is turned on, as shipped. A database that refuses or is not there
    is remembered with the reason (``ecomon pull status``), and the others are read all the same.
    """
    with recorded_run(home, "pull", {}) as run:
        enabled = [one for one in run.registry.pulls.values() if one.is_enabled]
        if enabled and run.store.kind != "real":
            raise SourceRefused(f"pulls bring real data; this store holds {run.store.kind} data")
        counts: dict[str, Any] = {"pulls": len(enabled), "not_due": 0, "rows": 0, "files": 0}
        refused: dict[str, str] = {}
        unavailable: dict[str, str] = {}
        for one in enabled:
            state = run.store.begin_poll(one.key, source=one.id, lease_s=LEASE_S)
            if state is None:
                counts["not_due"] += 1
                continue
            try:
                pulled = read_table(run, one, state)
            except SourceRefused as wrong:
                refused[one.id] = str(wrong)
                _remember_failure(run, one, str(wrong))
                continue
            except (SourceUnavailable, TimeoutError) as missing:
                unavailable[one.id] = str(missing)
                _remember_failure(run, one, str(missing))
                continue
            counts["rows"] += pulled.n_rows
            counts["files"] += len(pulled.files)
            _log.info("database_read", pull=one.id, rows=pulled.n_rows, files=pulled.files)
        told = {"refused": refused, "unavailable": unavailable}
        run.counts = counts | {name: texts for name, texts in told.items() if texts}
        return run.counts


@task(timeout_seconds=6 * 3600, cache_policy=NO_CACHE)
def read_table(run: Run, one: Pull, state: PollState) -> Pulled:
    """Read one pull to its end and remember how far it came; see :func:`pull_rows`."""
    pulled = pull_rows(run, one, state)
    run.store.record_poll(pulled.state.answered(int(time.time()), one.interval_s))
    return pulled


def _remember_failure(run: Run, one: Pull, reason: str) -> None:
    """The watermark stays where the last file left it."""
    states = {state.key: state for state in run.store.read_polls(source=one.id)}
    _log.warning("database_not_read", pull=one.id, reason=reason)
    run.store.record_poll(states[one.key].failed(int(time.time()), reason, one.interval_s))
