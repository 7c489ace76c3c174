"""Ingest: files of a feed -> decoded, resolved, stored, flagged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from ecomon.errors import SourceRefused, SourceUnavailable
from ecomon.journey.flag_readings import flag_readings, sites_by_reach, span_to_flag
from ecomon.journey.read_readings import FEEDS, Feed, feed_named, names_digest, read_readings
from ecomon.model.observation import isoformat
from ecomon.model.period import Period, to_beijing
from ecomon.store import IngestReport
from flows.installation import Run, recorded_run

CHUNK_BYTES = 1 << 20
FETCHED = ".fetched"
"""Ending of the file that states when the file it stands beside was fetched."""


def is_worth_retrying(_task: object, _run: object, state: Any) -> bool:
    """Only an unavailable source is tried again; what is refused fails the same way every time."""
    return isinstance(state.result(raise_on_failure=False), SourceUnavailable)


@task(
    retries=3,
    retry_delay_seconds=[5, 30, 120],
    retry_condition_fn=is_worth_retrying,
    timeout_seconds=3600,
    cache_policy=NO_CACHE,
)
def ingest_file(run: Run, feed: Feed, path: Path, year: int | None) -> IngestReport:
    """Read one file, decode it and store it in one transaction."""
    try:
        octets = path.read_bytes()
        received_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        fetched_at = stated_fetch(path)
    except OSError as error:
        raise SourceUnavailable(f"{path}: {error}") from error
    kind = feed.kind_of([octets])
    if kind is not None and kind != run.store.kind:
        raise SourceRefused(f"{kind} data do not go into a store of {run.store.kind} data")
    chunks = (octets[at : at + CHUNK_BYTES] for at in range(0, len(octets), CHUNK_BYTES))
    return run.store.ingest(
        read_readings(feed, chunks, run.registry, year=year, fetched_at=fetched_at),
        blob=octets,
        file_name=path.name,
        source=feed.name,
        decoder=feed.decoder,
        decoder_version=feed.version,
        # What else decides how the octets are read: with other names registered, or another year,
        # the same file is read anew and mends what it made before.
        options={
            "year": year,
            "fetched_at": fetched_at and isoformat(fetched_at),
            "names": names_digest(feed, run.registry),
        },
        received_at=to_beijing(received_at),
        kind=kind,
    )


def stated_fetch(path: Path) -> datetime | None:
    """When a file was fetched, as ``FILE.fetched`` beside it states (ISO 8601); None without one.

    A file's own date is not asked: copying changes it, and it would silently become a year.
    """
    beside = path.with_name(path.name + FETCHED)
    if not beside.is_file():
        return None
    text = beside.read_text("utf-8").strip()
    try:
        return to_beijing(datetime.fromisoformat(text))
    except ValueError:
        raise SourceRefused(f"{beside.name}: not a time: {text!r}") from None


@task(timeout_seconds=6 * 3600, cache_policy=NO_CACHE)
def flag_changes(run: Run, since_seq: int) -> int:
    """Judge what the readings after a sequence number can change; how many flags changed."""
    return sum(
        flag_month(run, month, sites) for month, sites in months_to_flag(run, since_seq).items()
    )


def flag_month(run: Run, month: Period, sites: set[str]) -> int:
    """Judge the readings that new ones of one month, at these sites, can change."""
    n_flags = 0
    for reach_h, group in sites_by_reach(run.registry, sites).items():
        span = span_to_flag(month, reach_h)
        observations = run.store.read_observations(span, sites=group, with_flags=False)
        flags = flag_readings(observations, run.registry, month, reach_h)
        n_flags += run.store.write_flags(flags, ruleset=run.registry.hash)
    return n_flags


@flow(name="ingest", timeout_seconds=6 * 3600)
def ingest(
    home: str, feed: str = "cnemc-water", files: list[str] | None = None, year: int | None = None
) -> dict[str, Any]:
    """Ingest files of one feed; without ``files``, what stands in ``inbox/<feed>/``.

    Each file is one transaction and idempotent: the same octets again change nothing. A file that
    is refused as a whole is reported (and moved to ``failed/`` when it came from the inbox), one
    that cannot be read is reported and stays; the other files go on. Afterwards the readings of
    the months touched are flagged.
    """
    arguments = {"feed": feed, "files": files, "year": year}
    with recorded_run(home, "ingest", arguments) as run:
        source = feed_named(feed)
        inbox = run.settings.inbox(feed)
        paths = [Path(file) for file in files] if files else files_in(inbox)
        since_seq = flagged_to(run)
        done: list[IngestReport] = []
        refused: dict[str, str] = {}
        unavailable: dict[str, str] = {}
        for path in paths:
            try:
                done.append(ingest_file(run, source, path, year))
                settle_file(path, inbox, "done")
            except SourceRefused as error:
                refused[path.name] = str(error)
                settle_file(path, inbox, "failed", str(error))
            except SourceUnavailable as error:
                unavailable[path.name] = str(error)
        to_seq = run.store.now_seq()
        n_flags = flag_changes(run, since_seq)
        counts = {"files": len(done), "flags": n_flags, "flagged_to": to_seq}
        left = {"refused": refused, "unavailable": unavailable}
        run.counts = totals(done) | counts | {name: files for name, files in left.items() if files}
        return run.counts


def flagged_to(run: Run) -> int:
    """The sequence number up to which a run that ended well has flagged; 0 where none has.

    An interrupted run leaves its files in the store and this number where it was, so the next run
    flags them.
    """
    for past in run.store.read_runs(flow="ingest", limit=1000):
        if past["is_success"]:
            return int(past["counts"]["flagged_to"])
    return 0


def months_to_flag(run: Run, since_seq: int) -> dict[Period, set[str]]:
    """The calendar months of the readings that came after a sequence number, and their sites."""
    work: dict[Period, set[str]] = {}
    for change in run.store.read_changes(since_seq=since_seq):
        for month in change.period.split("month"):
            work.setdefault(month, set()).update(change.sites)
    return dict(sorted(work.items()))


def files_in(inbox: Path) -> list[Path]:
    """Files waiting in an inbox, oldest name first; ``.part`` files are still being written."""
    if not inbox.is_dir():
        return []
    return sorted(
        path for path in inbox.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.suffix not in (".part", FETCHED)
    )  # fmt: skip


def settle_file(path: Path, inbox: Path, where: str, reason: str | None = None) -> None:
    """Move a file that came from the inbox to ``done/`` or ``failed/`` (with its reason beside it)."""
    if path.parent != inbox:
        return
    folder = inbox / where
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    if target.exists() and target.read_bytes() != path.read_bytes():
        target = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{path.name}"
    # The file goes first: without its date beside it, it would be read anew as another thing.
    path.replace(target)
    beside = path.with_name(path.name + FETCHED)
    if beside.exists():
        beside.replace(target.with_name(target.name + FETCHED))
    if reason:
        target.with_name(target.name + ".reason.txt").write_text(reason + "\n", "utf-8")


def totals(done: list[IngestReport]) -> dict[str, int]:
    """Sums of what became of the files."""
    columns = ("n_new", "n_revised", "n_unchanged", "n_rejected")
    return {name: sum(getattr(one, name) for one in done) for name in columns}


def feeds_waiting(home: Path) -> list[str]:
    """Feeds whose inbox holds files."""
    return [name for name in FEEDS if files_in(home / "inbox" / name)]
