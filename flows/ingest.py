"""Ingest: files of a feed -> decoded, resolved, stored, flagged."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from ecomon.errors import SourceRefused, StoreUnavailable
from ecomon.journey.flag_readings import (
    flag_readings,
    sites_by_reach,
    span_to_flag,
    stretches_to_flag,
)
from ecomon.journey.read_readings import Feed, feed_named, feed_names
from ecomon.model.period import Period
from ecomon.settings import read_settings
from ecomon.sources.checksums import MANIFEST, sha256_of
from ecomon.sources.folder import (
    DONE,
    FAILED,
    FETCHED,
    Patience,
    find_arrivals,
    list_inbox,
)
from ecomon.sources.names import shown_name
from ecomon.sources.settle import repair, settle_file, settle_manifest
from ecomon.store import IngestReport
from flows.deliveries import Outcome, clear_work_folder, ingest_delivery, ingest_file
from flows.installation import Run, read_site_registry, recorded_run
from flows.turns import flag_turns

PORTIONS = 20
"""Into how many task runs the files of one ingest are cut at most."""


def is_store_away(_task: object, _run: object, state: Any) -> bool:
    """Only a database that is away is worth another try."""
    return isinstance(state.result(raise_on_failure=False), StoreUnavailable)


@task(timeout_seconds=6 * 3600, cache_policy=NO_CACHE)
def ingest_portion(
    run: Run, feed: Feed, paths: list[Path], year: int | None, inbox: Path | None
) -> Outcome:
    """Store some files one after another; those of the inbox are moved where they belong.

    What is already stored when this ends early is a repeat for the next run.
    """
    outcome = Outcome()
    for path in paths:
        found = ingest_delivery(run, feed, path, year, is_checked=inbox is not None)
        if path.parent == inbox and not found.unavailable:
            found.unavailable.update(put_away(path, found))
        outcome.add(found)
    return outcome


def put_away(path: Path, found: Outcome) -> dict[str, str]:
    """Move a file of the inbox to ``done/``, or to ``failed/`` with reasons; why it could not be."""
    name = shown_name(path.name)
    reasons = [
        why if one == name else f"{one.removeprefix(f'{name}!')}: {why}"
        for one, why in found.refused.items()
    ]
    counts = {key: count for key, count in totals(found.done).items() if count}
    batches = [one.batch_id for one in found.done]
    try:
        facts: dict[str, Any] = {"size": path.stat().st_size, "batches": batches, "counts": counts}
        if not reasons:
            facts["sha256"] = sha256_of(path)
        settle_file(
            path,
            FAILED if reasons else DONE,
            datetime.now(UTC),
            reason="\n".join(reasons) or None,
            facts=facts,
        )
    except OSError as error:
        return {name: f"dealt with, but could not be moved out of the inbox: {error}"}
    return {}


@task(
    retries=4,
    retry_delay_seconds=[2, 10, 30, 60],
    retry_condition_fn=is_store_away,
    timeout_seconds=6 * 3600,
    cache_policy=NO_CACHE,
)
def flag_changes(run: Run, since_seq: int) -> int:
    """Judge what the readings after a sequence number can change; how many flags changed."""
    stretches = stretches_to_flag(months_to_flag(run, since_seq))
    return sum(flag_period(run, period, sites) for period, sites in stretches)


def flag_period(run: Run, period: Period, sites: Iterable[str]) -> int:
    """Judge the readings that new ones of a period, at these sites, can change."""
    n_flags = 0
    for reach_h, group in sites_by_reach(run.registry, sites).items():
        # Read in turn: flags judged without the readings of another ingest would undo its own.
        with run.store.turn(flag_turns(period, reach_h)):
            span = span_to_flag(period, reach_h)
            observations = run.store.read_observations(span, sites=group, with_flags=False)
            flags = flag_readings(observations, run.registry, period, reach_h)
            n_flags += run.store.write_flags(flags, ruleset=run.registry.hash)
    return n_flags


@flow(name="ingest", timeout_seconds=6 * 3600)
def ingest(
    home: str,
    feed: str = "cnemc-water",
    files: list[str] | None = None,
    year: int | None = None,
    again: bool = False,
) -> dict[str, Any]:
    """Ingest files of one feed; without ``files``, what has arrived in ``inbox/<feed>/``.

    Each file, and each file of an archive, is one transaction and idempotent: the same octets
    again change nothing, unless ``again`` says that somebody sends them once more because their
    values were withdrawn or replaced since. A file that is refused as a whole is reported (and moved to ``failed/``
    when it came from the inbox), one that cannot be read is reported and stays; the other files go
    on. Afterwards the readings of the months touched are flagged.
    """
    arguments = {"feed": feed, "files": files, "year": year} | ({"again": True} if again else {})
    with recorded_run(home, "ingest", arguments) as run:
        source = feed_named(feed, run.registry)
        run.is_again = again
        since_seq = flagged_to(run)
        clear_work_folder(run, feed)
        outcome, notes = Outcome(), dict[str, dict[str, str]]()
        inbox = None if files else run.settings.inbox(feed)
        paths = [Path(file) for file in files or ()]
        if inbox is not None:
            paths, notes = look_into(inbox, run, outcome)
        for portion in portions_of(paths):
            outcome.add(ingest_portion(run, source, portion, year, inbox))
        if inbox is not None:
            notes["missing"] = missing_files(inbox, run, outcome)
        outcome.log_left()
        to_seq = run.store.now_seq()
        n_flags = flag_changes(run, since_seq)
        counts = {"files": len(outcome.done), "flags": n_flags, "flagged_to": to_seq}
        notes |= {"refused": outcome.refused, "unavailable": outcome.unavailable}
        told = {name: files for name, files in notes.items() if files}
        run.counts = totals(outcome.done) | counts | told
        return run.counts


def look_into(
    inbox: Path, run: Run, outcome: Outcome
) -> tuple[list[Path], dict[str, dict[str, str]]]:
    """The files of an inbox to take now; those that wait, and what is no file, with their reasons.

    What a killed run left half moved is set right first. A file that differs from its checksum for
    too long is refused here.
    """
    listing = list_inbox(inbox)
    patience = Patience(run.settings.inbox_settle_s, run.settings.inbox_patience_s)
    now_s = time.time()
    waiting: dict[str, str] = {}
    for sidecar in repair(listing, inbox):
        waiting[shown_name(sidecar.name)] = "stands beside no file; its file may still come"
    found = find_arrivals(listing, patience, now_s=now_s, wait=time.sleep)
    for path, why in found.refused.items():
        refused = Outcome(refused={shown_name(path.name): why})
        refused.unavailable.update(put_away(path, refused))
        outcome.add(refused)
    return found.arrived, {"waiting": waiting | found.waiting, "left": listing.left}


def missing_files(inbox: Path, run: Run, outcome: Outcome) -> dict[str, str]:
    """Files that the delivery's manifest names and that did not come; an old manifest is put away."""
    listing = list_inbox(inbox)
    if listing.manifest is None:
        return {}
    age_s = time.time() - listing.manifest.changed_s
    is_old = age_s >= run.settings.inbox_patience_s
    try:
        return settle_manifest(listing, inbox, datetime.now(UTC), is_old=is_old)
    except SourceRefused as error:
        outcome.refused[MANIFEST] = str(error)
    except OSError as error:
        outcome.unavailable[MANIFEST] = str(error)
    return {}


def portions_of(paths: list[Path]) -> Iterator[list[Path]]:
    """The files in order, in at most ``PORTIONS`` portions."""
    size = -(-len(paths) // PORTIONS)
    for at in range(0, len(paths), size or 1):
        yield paths[at : at + size]


def flagged_to(run: Run) -> int:
    """The sequence number up to which a run that ended well has flagged; 0 where none has.

    An interrupted run leaves its files in the store and this number where it was, so the next run
    flags them. Whatever flags, flags the readings of every feed.
    """
    marks = [0]
    for flow_name in ("ingest", "gateway"):
        runs = run.store.read_runs(flow=flow_name, limit=1000)
        past = next((one for one in runs if one["is_success"]), None)
        marks += [int(past["counts"]["flagged_to"])] if past else []
    return max(marks)


def months_to_flag(run: Run, since_seq: int) -> dict[Period, set[str]]:
    """The calendar months of the readings that came after a sequence number, and their sites."""
    work: dict[Period, set[str]] = {}
    for change in run.store.read_changes(since_seq=since_seq):
        for month in change.period.split("month"):
            work.setdefault(month, set()).update(change.sites)
    return dict(sorted(work.items()))


def files_in(inbox: Path) -> list[Path]:
    """Files that stand in an inbox in the order of names, whether or not they have arrived whole."""
    return list(list_inbox(inbox).files)


def totals(done: list[IngestReport]) -> dict[str, int]:
    """Sums of what became of the files."""
    columns = ("n_new", "n_revised", "n_unchanged", "n_rejected")
    return {name: sum(getattr(one, name) for one in done) for name in columns}


def feeds_waiting(home: Path) -> list[str]:
    """Feeds whose inbox holds files, or a manifest of files that are still to come."""
    names = feed_names(read_site_registry(read_settings(home)))
    listings = {name: list_inbox(home / "inbox" / name) for name in names}
    return [name for name, one in listings.items() if one.files or one.manifest]


__all__ = ["FETCHED", "feeds_waiting", "files_in", "flag_changes", "ingest", "ingest_file"]
